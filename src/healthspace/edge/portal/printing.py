"""The record on paper, whole: the health summary with what is past, then every document by its title; in parts of a few sheets.

A short list of documents stands below the last part of the summary. A longer one has parts of its own: each stays a light page.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from starlette.responses import Response

from healthspace.base.errors import NotFound
from healthspace.edge.portal.health import FactRow, Sight, look, show_item_row
from healthspace.edge.portal.health_words import SECTIONS
from healthspace.edge.portal.patients import read_ins_of
from healthspace.edge.portal.summary import PROFILE_TYPES, explain_empty
from healthspace.edge.portal.views import show_rows
from healthspace.edge.portal.visit import Visit
from healthspace.fhir.document_reference import read_name
from healthspace.profile.sections import OBSERVED, Item, Section, State, make_sections
from healthspace.record.find import list_documents, outline_documents

A_PART = 150
"""Lines of one part, facts or documents: four sheets, and a page that loads at once."""
BESIDE = 50
"""Documents that stand below the summary, at most."""


@dataclass(frozen=True, slots=True)
class PrintedSection:
    """A section of the summary on paper: what holds now, what is past, what was ruled out; `empty` when it says that there is none."""

    name: str
    current: tuple[FactRow, ...]
    past: tuple[FactRow, ...]
    refused: tuple[FactRow, ...]
    empty: str


@dataclass(frozen=True, slots=True)
class Part:
    """What one page prints: sections, documents; its `number` among `summaries` parts of the summary, or among `lists` of documents."""

    number: int
    sections: Sequence[Section]
    documents: Sequence[UUID]
    total: int
    """Documents of the record."""
    summaries: int
    lists: int
    of_documents: bool = False


async def print_record(visit: Visit) -> Response:
    """GET …/settings/print; ?page= a part of the summary, ?documents= one of the documents. NotFound for who takes nothing away."""
    only_documents = bool(visit.asked("documents", 6))
    async with look(visit, () if only_documents else PROFILE_TYPES, observed=OBSERVED) as sight:
        if not sight.enters:
            raise NotFound
        ids = [one.id for one in await outline_documents(sight.permit, {})]
        part = print_documents(ids, visit.number("documents")) if only_documents else print_summary(sight, ids, visit.number("page"))
        known = {one.id: one for one in await list_documents(sight.permit, only=part.documents)}
    return visit.render(
        "print.html",
        current="/settings",
        tab="/settings",
        here=False,
        holder=sight.picture.patient,
        patient=sight.banner,
        own=visit.own,
        name=read_name(sight.picture.patient.get("name")),
        ins=read_ins_of(sight.picture.patient),
        part=part,
        sections=[show_printed(section, sight, visit) for section in part.sections],
        rows=show_rows((known[one].json() for one in part.documents if one in known), visit.language, sight.now),
        now=sight.now,
    )


def print_summary(sight: Sight, documents: Sequence[UUID], number: int) -> Part:
    """A part of the summary, the last one when there are fewer."""
    made = make_sections(sight.picture.facts, sight.today.isoformat())
    parts = divide(section for section in made if section.state is not State.EMPTY)
    number = min(number, len(parts))
    beside = documents if number == len(parts) and len(documents) <= BESIDE else ()
    return Part(number, parts[number - 1], beside, len(documents), len(parts), _lists_of(documents))


def print_documents(documents: Sequence[UUID], number: int) -> Part:
    """A part of the documents, the last one when there are fewer."""
    lists = max(1, _lists_of(documents))
    number = min(number, lists)
    return Part(number, (), documents[(number - 1) * A_PART :][:A_PART], len(documents), 1, lists, of_documents=True)


def divide(sections: Iterable[Section]) -> list[list[Section]]:
    """The sections of each part, of `A_PART` facts at most: one that is longer goes on in the next."""
    parts: list[list[Section]] = [[]]
    room = A_PART
    for section in sections:
        left = (*section.current, *section.past, *section.refused)
        while True:
            if room == 0:
                parts.append([])
                room = A_PART
            taken, left = left[:room], left[room:]
            parts[-1].append(replace(section, items=taken))
            room -= len(taken)
            if not left:
                break
    return parts


def _lists_of(documents: Sequence[UUID]) -> int:
    """How many parts the documents have for themselves."""
    return -(-len(documents) // A_PART) if len(documents) > BESIDE else 0


def show_printed(section: Section, sight: Sight, visit: Visit) -> PrintedSection:
    """A section in words."""
    told = section.state is State.TOLD

    def write(items: tuple[Item, ...]) -> tuple[FactRow, ...]:
        return tuple(show_item_row(item, sight, visit, named=0) for item in items) if told else ()

    name, _ = SECTIONS[section.key]
    empty = "" if told else explain_empty(section, visit.language)
    return PrintedSection(visit.language.say(name), write(section.current), write(section.past), write(section.refused), empty)
