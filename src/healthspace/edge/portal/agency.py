"""What the agency sees: figures of the service, and the directory of professionals and structures. Never a record."""

from collections.abc import Mapping
from dataclasses import dataclass

from babel.numbers import format_decimal
from starlette.responses import Response

from healthspace.access.rules import Action
from healthspace.audit.line import Outcome
from healthspace.base.ids import REGISTRY
from healthspace.edge.portal.language import Language, mark, read_moment
from healthspace.edge.portal.readers import PROFESSIONS
from healthspace.edge.portal.visit import Visit
from healthspace.identity.personas import HOSPITAL_DOCTORS, PROFESSIONALS, STRUCTURES
from healthspace.record.statistics import FLOOR, count_service

STATES = {
    "open": mark("Open records"),
    "announced": mark("Announced"),
    "refused": mark("Refused by their holder"),
    "suspended": mark("Suspended"),
    "closed": mark("Closed"),
    "erased": mark("Erased"),
}
OUTCOMES = {
    Outcome.DONE: mark("Acts that were done"),
    Outcome.REFUSED: mark("Acts that were refused"),
    Outcome.REJECTED: mark("Acts that were not accepted"),
    Outcome.FAILED: mark("Acts that failed"),
}


@dataclass(frozen=True, slots=True)
class Figure:
    """One count: its name, the number in words, and its length beside the largest, of 100."""

    name: str
    said: str
    length: int


@dataclass(frozen=True, slots=True)
class Figures:
    """One group of counts, drawn as bars in a table."""

    title: str
    rows: tuple[Figure, ...]


async def show_statistics(visit: Visit) -> Response:
    """GET /statistics"""
    async with visit.service.door.permit(visit.caller, Action.READ_STATISTICS, REGISTRY) as p:
        counted = await count_service(p)
    language = visit.language
    months = {_name_month(month, language): number for month, number in counted.documents.items()}
    records = {language.say(STATES.get(name, name)): number for name, number in counted.records.items()}
    acts = {language.say(OUTCOMES[Outcome(name)]): number for name, number in counted.acts.items()}
    groups = (
        show_figures(language.say("Records by state"), records, language),
        show_figures(language.say("Documents received by month"), months, language),
        show_figures(language.say("Acts on records in the last 30 days"), acts, language),
    )
    return visit.render("statistics.html", current="/statistics", groups=groups, floor=FLOOR)


async def show_directory(visit: Visit) -> Response:
    """GET /directory"""
    async with visit.service.door.permit(visit.caller, Action.READ_STATISTICS, REGISTRY):
        pass
    people = sorted((*PROFESSIONALS.values(), *HOSPITAL_DOCTORS), key=lambda one: one.family)
    language = visit.language
    professionals = [
        (f"{one.family} {one.given}", language.say(PROFESSIONS.get(one.profession, one.profession)), one.rpps, one.structure.name)
        for one in people
    ]
    structures = [(one.name, one.city, one.finess) for one in sorted(STRUCTURES, key=lambda one: one.name)]
    return visit.render("directory.html", current="/directory", professionals=professionals, structures=structures)


def show_figures(title: str, counts: Mapping[str, int | None], language: Language) -> Figures:
    """Counts in words and as bars; a count under the floor is neither told nor drawn."""
    most = max((number or 0 for number in counts.values()), default=0) or 1
    rows = (Figure(name, write_count(number, language), round(100 * (number or 0) / most)) for name, number in counts.items())
    return Figures(title, tuple(rows))


def write_count(number: int | None, language: Language) -> str:
    """A number as the language writes it; "fewer than 10" for a small one."""
    if number is None:
        return language.say("fewer than %(floor)s", floor=FLOOR)
    return format_decimal(number, locale=language.locale)


def _name_month(month: str, language: Language) -> str:
    moment = read_moment(month)
    return language.month(moment) if moment else month
