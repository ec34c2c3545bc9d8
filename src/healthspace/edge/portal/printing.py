"""The record on paper: the health summary with what is past, then every document by its title; in parts of a few sheets.

The first part is the summary, with the documents of a short list; a longer list has parts of its own, so that each stays a light page.
"""

from collections.abc import Sequence
from dataclasses import dataclass
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

BESIDE = 50
"""Documents that stand in the same part as the summary, at most."""
A_PART = 150
"""Documents of one part: four sheets, and a page that loads at once."""
MOST = 100
"""Facts of one kind on paper: the latest; the pages show the others."""


@dataclass(frozen=True, slots=True)
class PrintedSection:
    """A section of the summary on paper: what holds now, what is past, what was ruled out; `empty` when it says that there is none."""

    name: str
    current: tuple[FactRow, ...]
    past: tuple[FactRow, ...]
    refused: tuple[FactRow, ...]
    empty: str


async def print_record(visit: Visit) -> Response:
    """GET …/settings/print; ?page= the further documents. NotFound for whoever reads and takes nothing away."""
    asked = visit.number("page")
    async with look(visit, PROFILE_TYPES if asked == 1 else (), observed=OBSERVED) as sight:
        if not sight.enters:
            raise NotFound
        outlines = await outline_documents(sight.permit, {})
        parts = divide([one.id for one in outlines])
        number = min(asked, len(parts))
        part = parts[number - 1]
        known = {one.id: one for one in await list_documents(sight.permit, only=part)}
    made = make_sections(sight.picture.facts, sight.today.isoformat()) if number == 1 else []
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
        sections=[show_printed(section, sight, visit) for section in made if section.state is not State.EMPTY],
        rows=show_rows((known[one].json() for one in part if one in known), visit.language, sight.now),
        total=len(outlines),
        number=number,
        last=len(parts),
        now=sight.now,
    )


def divide(documents: Sequence[UUID]) -> list[Sequence[UUID]]:
    """The documents of each part. The first one is beside the summary: all of them when they are few, else none."""
    if len(documents) <= BESIDE:
        return [documents]
    return [(), *(documents[start : start + A_PART] for start in range(0, len(documents), A_PART))]


def show_printed(section: Section, sight: Sight, visit: Visit) -> PrintedSection:
    """A section in words."""
    told = section.state is State.TOLD

    def write(items: tuple[Item, ...]) -> tuple[FactRow, ...]:
        return tuple(show_item_row(item, sight, visit) for item in items[:MOST]) if told else ()

    name, _ = SECTIONS[section.key]
    empty = "" if told else explain_empty(section, visit.language)
    return PrintedSection(visit.language.say(name), write(section.current), write(section.past), write(section.refused), empty)
