"""The first page after signing in: a citizen's latest news, a professional's search, or what others can do here."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

import structlog
from starlette.responses import Response

from healthspace.access.permit import Permit
from healthspace.access.rules import WRITES, Action, Reason, Tie
from healthspace.audit.line import Outcome
from healthspace.audit.reading import TraceLine, Wanted
from healthspace.base.errors import HealthspaceError, Refused
from healthspace.edge.portal.essentials import TYPES, read_trend, show_essentials
from healthspace.edge.portal.frame import name_role
from healthspace.edge.portal.language import Language, mark
from healthspace.edge.portal.pages import go_to
from healthspace.edge.portal.patients import show_find
from healthspace.edge.portal.trail_view import TrailEntry, document_of, is_own, show_line, tell_repeats_once
from healthspace.edge.portal.views import DocumentRow, read_given_name, show_rows
from healthspace.edge.portal.visit import Visit
from healthspace.identity.caller import Kind
from healthspace.notifications.operations import count_unread
from healthspace.record.find import list_documents
from healthspace.record.picture import read_picture
from healthspace.record.spaces import patient_of
from healthspace.record.trail import read_trail
from healthspace.resources.gathering import gather_entered
from healthspace.resources.stored import Resource

T = TypeVar("T")

log = structlog.get_logger(__name__)

NEWEST = 30
"""Documents among which the page looks for what is new."""
LATEST = 5
"""Documents and looks shown."""
LOOKS = 60
"""Looks among which the latest stand, repeats told once."""
LOOKED_AT = 150
"""Lines of the trail that the page reads: enough for what is new, whatever the age of the record."""
VISIT = timedelta(minutes=30)
"""Acts closer to each other than this belong to one visit."""
RECENT = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Task:
    """Something for the citizen to do."""

    title: str
    detail: str
    href: str
    icon: str
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that a caller can, or cannot, do here."""

    title: str
    detail: str
    icon: str
    denied: bool = False
    href: str = ""


AGENCY_RULES = (
    Rule(
        mark("Records of citizens"),
        mark("The agency never opens one: no screen and no rule gives it a way in."),
        "lock",
        denied=True,
    ),
    Rule(
        mark("Reviews of accesses"),
        mark("Emergencies and questions of citizens, and how far each review is."),
        "shield",
        href="/reviews",
    ),
    Rule(mark("Statistics"), mark("Records, documents and acts, in numbers that tell of nobody."), "chart", href="/statistics"),
    Rule(mark("Directory"), mark("Professionals and structures."), "building", href="/directory"),
    Rule(
        mark("Proof that nothing was erased"),
        mark("The operator runs “healthspace audit verify”: it finds a changed, missing or moved line."),
        "shield",
    ),
)
"""What the agency, and each person of it, can do now."""


async def show_home(visit: Visit) -> Response:
    """GET /"""
    if visit.caller.kind is Kind.CITIZEN:
        try:
            return await _show_citizen_home(visit)
        except Refused as error:
            if error.message in {Reason.RECORD_CLOSED, Reason.RECORD_NOT_OPEN}:
                return go_to("/settings")
            raise
    if visit.caller.kind is not Kind.AGENCY:
        return show_find(visit)
    about = ", ".join(dict.fromkeys(part for part in (visit.caller.name, visit.caller.structure) if part))
    return visit.render("plain.html", current="/", heading=name_role(visit.caller.role, visit.language), about=about, rules=AGENCY_RULES)


async def _show_citizen_home(visit: Visit) -> Response:
    """Each part stands by itself: one that fails is told in its place, and the rest of the page is complete."""
    async with visit.service.door.permit(visit.caller, Action.READ_RECORD, visit.owner) as p:
        documents = await or_none(list_documents(p, most=NEWEST))
        known = await or_none(_read_essentials(p))
        trend = await or_none(read_trend(p, visit))
        lines = await or_none(read_trail(p, Wanted(limit=LOOKED_AT)))
        now, unread, holder = p.now, await count_unread(p), (await patient_of(p)).json()
        of_age = Tie.OF_AGE in p.relations
    language = visit.language
    shown = none_if_wrong(lambda: show_rows((one.json() for one in documents or ()), language, now)) if documents is not None else None
    rows = [row for row in shown or () if not row.superseded]
    return visit.render(
        "home.html",
        current="/",
        holder=holder,
        name=read_given_name(holder.get("name")),
        essentials=none_if_wrong(lambda: show_essentials(*known, language, visit.today)) if known else None,
        trend=trend,
        last_visit=find_last_visit(lines or (), now),
        tasks=[*ask_to_keep(language, of_age=of_age), *find_tasks(rows, lines or (), now, language), *show_unread(unread, language)],
        unread=unread,
        latest=rows[:LATEST] if shown is not None else None,
        looks=none_if_wrong(lambda: show_looks(lines, rows, language)) if lines is not None else None,
    )


async def _read_essentials(p: Permit) -> tuple[Sequence[Resource], Sequence[Resource]]:
    """Facts, and the care teams that the citizen has made: none that a document tells of."""
    return (await read_picture(p, TYPES)).facts, await gather_entered(p, "CareTeam")


async def or_none(part: Awaitable[T]) -> T | None:
    """What one part of a page needs; None, with a line in the log, when reading it fails. What refuses the whole page still does."""
    try:
        return await part
    except HealthspaceError:
        raise
    except Exception as error:
        log.error("part_of_page_failed", error=type(error).__name__)  # its message may hold health data
        return None


def none_if_wrong(make: Callable[[], T]) -> T | None:
    """One part of a page; None, with a line in the log, when what it is made of is not as it should be."""
    try:
        return make()
    except Exception as error:
        log.error("part_of_page_failed", error=type(error).__name__)  # its message may hold health data
        return None


def find_last_visit(lines: Sequence[TraceLine], now: datetime) -> datetime | None:
    """When the holder was last here before this visit; None on a first one. `lines` are newest first."""
    latest = now
    for line in lines:
        if is_own(line):
            if latest - line.at > VISIT:
                return line.at
            latest = line.at
    return None


def ask_to_keep(language: Language, *, of_age: bool) -> list[Task]:
    """That who has come of age says whether they keep their record; nothing of anybody else."""
    detail = language.say("Without a word from you, it is suspended.")
    return [Task(language.say("You are of age: say that you keep this record"), detail, "/settings", "alert", "warn")] if of_age else []


def find_tasks(rows: Sequence[DocumentRow], lines: Sequence[TraceLine], now: datetime, language: Language) -> list[Task]:
    """At most three things that are really to be done: documents not yet read, professionals who found the door closed."""
    read = {document_of(line) for line in lines if is_own(line) and line.action == Action.READ_DOCUMENT}
    unread = [row for row in rows if row.new and row.id not in read]
    tasks = []
    if unread:
        title = language.count("Read your new document", "Read your %(num)s new documents", len(unread))
        only = unread[0] if len(unread) == 1 else None
        detail = ", ".join(row.title for row in unread[:3])
        tasks.append(Task(title, detail, f"/documents/{only.id}" if only else "/documents", only.family.icon if only else "folder"))
    for line in _refused_professionals(lines, now):
        detail = language.say("%(date)s. Authorise them if you wish.", date=language.at(line.at))
        tasks.append(Task(language.say("%(name)s could not open your record", name=line.name), detail, "/privacy", "lock", "warn"))
    return tasks[:3]


def show_unread(unread: int, language: Language) -> list[Task]:
    """That notifications wait to be read; nothing when none does."""
    title = language.count("%(num)s unread notification", "%(num)s unread notifications", unread)
    return [Task(title, "", "/notifications", "bell")] if unread else []


def show_looks(lines: Sequence[TraceLine], rows: Sequence[DocumentRow], language: Language) -> list[TrailEntry]:
    """The latest looks of other people, refused ones too; what they added shows among the documents, and who asked whether there is a
    record has opened none."""
    looks = [line for line in lines if not is_own(line) and line.action not in {*WRITES, Action.FIND_PATIENT}][:LOOKS]
    titles = {row.id: row.title for row in rows}
    return tell_repeats_once([show_line(line, language, titles) for line in looks])[:LATEST]


def _refused_professionals(lines: Sequence[TraceLine], now: datetime) -> list[TraceLine]:
    """The latest refusal of each professional, unless they were let in since."""
    latest: dict[str, TraceLine] = {}
    for line in lines:
        if line.kind == Kind.PROFESSIONAL and line.name and line.action != Action.FIND_PATIENT and now - line.at < RECENT:
            latest.setdefault(line.name, line)
    return [line for line in latest.values() if line.outcome == Outcome.REFUSED]
