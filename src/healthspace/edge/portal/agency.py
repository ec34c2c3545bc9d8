"""What the agency sees: figures of the service, and the directory of professionals and structures. Never a record."""

from collections.abc import Mapping
from dataclasses import dataclass

from babel.numbers import format_decimal
from markupsafe import Markup, escape
from starlette.responses import Response

from healthspace.access.rules import Action
from healthspace.audit.line import Outcome
from healthspace.base.ids import REGISTRY
from healthspace.edge.portal.language import Language, mark, read_moment
from healthspace.edge.portal.privacy import PROFESSIONS
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
    Outcome.DONE: mark("Done"),
    Outcome.REFUSED: mark("Refused"),
    Outcome.REJECTED: mark("Not accepted"),
    Outcome.FAILED: mark("Failed"),
}
BAR, GAP, LABELS = 22, 10, 150
WIDTH = 520


@dataclass(frozen=True, slots=True)
class Figures:
    """One group of counts: a drawing, and the same in a table."""

    title: str
    chart: Markup
    rows: tuple[tuple[str, str], ...]


async def show_statistics(visit: Visit) -> Response:
    """GET /statistics"""
    async with visit.service.door.permit(visit.caller, Action.READ_STATISTICS, REGISTRY) as p:
        counted = await count_service(p)
    language = visit.language
    months = {_name_month(month, language): number for month, number in counted.documents.items()}
    records = {language.say(STATES.get(name, name)): number for name, number in counted.records.items()}
    acts = {language.say(OUTCOMES.get(Outcome(name), mark("Done"))): number for name, number in counted.acts.items()}
    groups = (
        show_figures("records", language.say("Records by state"), records, language),
        show_figures("documents", language.say("Documents received by month"), months, language),
        show_figures("acts", language.say("Acts on records in the last 30 days"), acts, language),
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


def show_figures(uid: str, title: str, counts: Mapping[str, int | None], language: Language) -> Figures:
    """Counts in words and as bars; a count under the floor is neither told nor drawn."""
    rows = tuple((name, write_count(number, language)) for name, number in counts.items())
    return Figures(title, draw_bars(uid, title, [(name, said, counts[name] or 0) for name, said in rows]), rows)


def write_count(number: int | None, language: Language) -> str:
    """A number as the language writes it; "fewer than 10" for a small one."""
    if number is None:
        return language.say("fewer than %(floor)s", floor=FLOOR)
    return format_decimal(number, locale=language.locale)


def draw_bars(uid: str, title: str, bars: list[tuple[str, str, int]]) -> Markup:
    """A bar for each (name, number in words, number), one under the other. The table beside it says the same."""
    most = max((number for _, _, number in bars), default=0) or 1
    height = len(bars) * (BAR + GAP)
    drawn = []
    for place, (name, said, number) in enumerate(bars):
        top = place * (BAR + GAP)
        length = round((WIDTH - LABELS - 110) * number / most)
        drawn.append(
            f'<text class="c-tx" x="{LABELS - 8}" y="{top + 16}" text-anchor="end">{escape(name)}</text>'
            f'<rect class="c-bar" x="{LABELS}" y="{top}" width="{length}" height="{BAR}" rx="3"/>'
            f'<text class="c-tx" x="{LABELS + length + 8}" y="{top + 16}">{escape(said)}</text>'
        )
    head = f'<svg class="chart" viewBox="0 0 {WIDTH} {height}" role="img" aria-labelledby="{uid}-title"><title id="{uid}-title">'
    return Markup(f"{head}{escape(title)}</title>{''.join(drawn)}</svg>")  # noqa: S704 – every text is escaped above


def _name_month(month: str, language: Language) -> str:
    moment = read_moment(month)
    return language.month(moment) if moment else month
