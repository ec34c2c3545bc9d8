"""Who opened my record: every act on it, newest first, with its reason."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode
from uuid import UUID

from starlette.responses import Response

from healthspace.access.permit import Permit
from healthspace.access.rules import Action
from healthspace.audit.reading import TraceLine, Wanted
from healthspace.base.errors import NotFound
from healthspace.base.ids import parse_id
from healthspace.edge.portal.trail_view import group_by_day, is_own, show_line
from healthspace.edge.portal.views import show_rows
from healthspace.edge.portal.visit import Visit
from healthspace.record.find import list_documents
from healthspace.record.spaces import patient_of
from healthspace.record.trail import read_trail

PAGE = 50
BATCH = 250
FARTHEST = 2000
"""Lines read for one page when most of them are filtered out; the next page goes on from there."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Which lines are wanted: of other people only, about one document only, before one line."""

    others: bool
    document: str
    before: tuple[datetime, UUID] | None

    def wants(self, line: TraceLine) -> bool:
        if self.document and f"DocumentReference/{self.document}" not in line.targets:
            return False
        return not (self.others and is_own(line))


async def show_access(visit: Visit) -> Response:
    """GET /access"""
    asked = read_asked(visit)
    async with visit.service.door.permit(visit.caller, Action.READ_TRAIL, visit.owner) as p:
        lines, older = await gather(p, asked)
        documents = await list_documents(p)
        holder = (await patient_of(p)).json()
    language = visit.language
    titles = {row.id: row.title for row in show_rows(documents, language, p.now)}
    entries = [show_line(line, language, titles) for line in lines]
    return visit.render(
        "access.html",
        current="/access",
        here=not asked.document,
        holder=holder,
        heading=language.say("Who opened this document") if asked.document else language.say("Who opened my record"),
        path="/access",
        document=asked.document,
        others=asked.others,
        before=asked.before[0] if asked.before else None,
        days=group_by_day(entries, language),
        older=link(asked, older) if older else "",
        newest=link(asked, None),
    )


async def gather(p: Permit, asked: Asked) -> tuple[Sequence[TraceLine], TraceLine | None]:
    """A page of the lines that are wanted, and the line after which the next page begins (None: there is no older one)."""
    wanted: list[TraceLine] = []
    before, read = asked.before, 0
    while read < FARTHEST:
        batch = await read_trail(p, Wanted(before=before, limit=BATCH))
        read += len(batch)
        for line in batch:
            if asked.wants(line):
                if len(wanted) == PAGE:
                    return wanted, wanted[-1]
                wanted.append(line)
        if len(batch) < BATCH:
            return wanted, None
        before = (batch[-1].at, batch[-1].id)
    return wanted, batch[-1]


def read_asked(visit: Visit) -> Asked:
    """What the address asks for; NotFound when it names a document or a line in a way that is none of ours."""
    document, before = visit.asked("document"), visit.asked("before")
    if document and parse_id(document) is None:
        raise NotFound
    return Asked(visit.asked("who") == "others", document, read_place(before) if before else None)


def read_place(text: str) -> tuple[datetime, UUID]:
    """A line's place, written as its time and id; NotFound when it is not written so."""
    at, _, name = text.partition("~")
    identifier = parse_id(name)
    try:
        instant = datetime.fromisoformat(at)
    except ValueError:
        raise NotFound from None
    if identifier is None or instant.tzinfo is None:
        raise NotFound
    return instant, identifier


def link(asked: Asked, older: TraceLine | None) -> str:
    """The address of the same question before `older`, or from the newest line on."""
    said = {
        "who": "others" if asked.others else "",
        "document": asked.document,
        "before": f"{older.at.isoformat()}~{older.id}" if older else "",
    }
    query = urlencode({name: value for name, value in said.items() if value})
    return f"/access?{query}" if query else "/access"
