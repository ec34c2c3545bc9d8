"""Who opened my record: every act on it, newest first, with its reason; taken away as a file; and a question about one of them."""

import csv
import io
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

import orjson
from starlette.responses import Response

from healthspace.access.permit import Permit
from healthspace.access.rules import Action, Reason, Scope
from healthspace.audit.line import Outcome
from healthspace.audit.reading import TraceLine
from healthspace.base.errors import Invalid, NotFound
from healthspace.base.ids import REGISTRY, parse_id
from healthspace.edge.portal.language import Language, mark
from healthspace.edge.portal.pages import HEADERS, go_to
from healthspace.edge.portal.patients import show_banner
from healthspace.edge.portal.trail_filter import ONLY_NAMES, OTHERS, WHAT_NAMES, Asked, read_asked
from healthspace.edge.portal.trail_view import TrailEntry, document_of, group_by_day, show_line
from healthspace.edge.portal.views import read_type
from healthspace.edge.portal.visit import Visit, read_form
from healthspace.fhir.document_reference import read_title
from healthspace.record.audit_event import audit_event
from healthspace.record.find import list_documents
from healthspace.record.spaces import patient_of
from healthspace.record.trail import patients_of, read_own_acts, read_trace, read_trail
from healthspace.resources.stored import instant
from healthspace.reviews.operations import LONGEST_TEXT, list_reports, report_access

PAGE = 50
BATCH = 250
FARTHEST = 2000
"""Lines read for one page when most of them are filtered out; the next page goes on from there."""
MOST_EXPORTED = 20_000
WITHOUT_READING = frozenset({Reason.FEEDING, Reason.DIRECTORY})
"""Why somebody came who may add to a record, or ask whether it exists, and does not read it."""
COLUMNS = (
    mark("When"),
    mark("Who"),
    mark("Role"),
    mark("Place"),
    mark("What"),
    mark("Outcome"),
    mark("Why"),
    mark("Reason of the emergency"),
    mark("Network"),
    mark("Software"),
)


async def show_access(visit: Visit) -> Response:
    """GET /access: one's own record; GET /patients/{patient}/access: a patient's, for their treating doctor and who represents them."""
    asked, language, path = read_asked(visit), visit.language, f"{visit.prefix}/access"
    async with visit.service.door.permit(visit.caller, Action.READ_TRAIL, visit.owner) as p:
        if p.scope is Scope.OWN_ACTS:
            return go_to("/my-accesses")  # only a treating doctor reads the whole trail; nothing of the record is shown here
        lines, older = await gather(p, asked, language)
        named = {document for line in lines if (document := parse_id(document_of(line)))}
        documents = [one.json() for one in await list_documents(p, only=named)]
        questions = p.allows(Action.REPORT_ACCESS)
        reports = await list_reports(p) if questions else {}
        holder = (await patient_of(p)).json()
    titles = {str(one.get("id")): read_title(one) or read_type(one, language.code)[1] for one in documents}
    questioned = {line: report.status for line, report in reports.items()}
    return visit.render(
        "access.html",
        current="/access",
        here=not asked.document,
        patient=None if visit.own else show_banner(holder, p, language),
        tab="/access",
        holder=holder,
        heading=_heading(visit, asked),
        path=path,
        asked=asked,
        days=group_by_day([show_line(line, language, titles, questioned, own=visit.own, reader=asked.reader) for line in lines], language),
        older=asked.link(path, before=(older.at, older.id)) if older else "",
        **_choices(asked, path, language),
        questions=questions,
    )


async def show_own_acts(visit: Visit) -> Response:
    """GET /my-accesses: what a professional did, in every record (R1111-43)."""
    asked, language, path = read_asked(visit), visit.language, "/my-accesses"
    async with visit.service.door.permit(visit.caller, Action.READ_TRAIL, REGISTRY) as p:
        lines, older = await gather(p, asked, language)
        patients = await patients_of(p, {line.owner for line in lines})
    entries = [show_own_act(line, language, patients) for line in lines]
    return visit.render(
        "access.html",
        current="/my-accesses",
        heading=language.say("My accesses"),
        path=path,
        asked=asked,
        days=group_by_day(entries, language),
        older=asked.link(path, before=(older.at, older.id)) if older else "",
        **_choices(asked, path, language, own=True),
        questions=False,
    )


def show_own_act(line: TraceLine, language: Language, patients: dict[int, UUID]) -> TrailEntry:
    """A line as the one who acted reads it: whose record is a link, and no name."""
    patient, entry = patients.get(line.owner), show_line(line, language, own=False)
    if patient is None or line.outcome != Outcome.DONE or line.reason in WITHOUT_READING:
        return replace(entry, document="", id="")  # a link would lead to nothing that they may open
    return replace(entry, record=f"/patients/{patient}", id="")


async def export_access(visit: Visit) -> Response:
    """GET …/access/export.csv and export.json: what the filter leaves, as a table or as a FHIR Bundle of AuditEvents."""
    asked, language = replace(read_asked(visit), before=None), visit.language
    async with visit.service.door.permit(visit.caller, Action.READ_TRAIL, visit.owner) as p:
        _require_holder(p)
        lines = [line async for line in _all_lines(p, asked, language)]
        patient = (await patient_of(p)).id
    if visit.request.url.path.endswith(".csv"):
        return _file(write_csv(lines, language).encode("utf-8-sig"), "text/csv; charset=utf-8", "history.csv")
    events = [audit_event(line, patient) for line in lines]
    bundle = {
        "resourceType": "Bundle",
        "type": "collection",
        "timestamp": instant(p.now),
        "entry": [{"fullUrl": f"urn:uuid:{event['id']}", "resource": event} for event in events],
    }
    return _file(orjson.dumps(bundle), "application/fhir+json", "history.json")


async def ask_about(visit: Visit, wrong: dict[str, str] | None = None, question: str = "") -> Response:
    """GET …/access/{id}/question: one access in words, and the form that questions it."""
    async with visit.service.door.permit(visit.caller, Action.READ_TRAIL, visit.owner) as p:
        _require_holder(p)
        line = await read_trace(p, visit.identifier())
        report, blocks = (await list_reports(p)).get(str(line.id)), p.allows(Action.GRANT_ACCESS)
        holder = (await patient_of(p)).json()
        banner = None if visit.own else show_banner(holder, p, visit.language)
    return visit.render(
        "question.html",
        status=422 if wrong else 200,
        current="/access",
        here=False,
        patient=banner,
        tab="/access",
        holder=holder,
        entry=show_line(line, visit.language, own=visit.own, reader=str(visit.caller.patient or "")),
        blocks=blocks,
        own=visit.own,
        report=report,
        question=question,
        longest=LONGEST_TEXT,
        wrong=wrong or {},
    )


async def question(visit: Visit) -> Response:
    """POST …/access/{id}/question"""
    form = await read_form(visit.request)
    text = form.get("question", "")
    try:
        async with visit.service.door.permit(visit.caller, Action.REPORT_ACCESS, visit.owner) as p:
            if identifier := await visit.new_id(p, "Task", form):
                await report_access(p, visit.identifier(), text, identifier=identifier)
    except Invalid:
        return await ask_about(visit, {"question": visit.language.say("Say in a sentence what surprises you.")}, text)
    return go_to(f"{visit.prefix}/access?done=questioned")


def _require_holder(p: Permit) -> None:
    """NotFound for whoever reads a trail and does not decide for the record: a treating doctor questions and takes away nothing."""
    if not p.allows(Action.REPORT_ACCESS):
        raise NotFound


async def gather(p: Permit, asked: Asked, language: Language) -> tuple[Sequence[TraceLine], TraceLine | None]:
    """A page of the lines that are wanted, and the line after which the next page begins (None: there is no older one)."""
    found: list[TraceLine] = []
    wanted, read = asked.wanted(language, BATCH if asked.sifts else PAGE + 1), 0
    while True:
        batch = await (read_own_acts if p.owner == REGISTRY else read_trail)(p, wanted)
        read += len(batch)
        for line in batch:
            if asked.wants(line):
                if len(found) == PAGE:
                    return found, found[-1]
                found.append(line)
        if len(batch) < wanted.limit:
            return found, None
        if read >= FARTHEST:
            return found, batch[-1]
        wanted = replace(wanted, before=(batch[-1].at, batch[-1].id))


async def _all_lines(p: Permit, asked: Asked, language: Language) -> AsyncIterator[TraceLine]:
    """Every line that is wanted, up to MOST_EXPORTED."""
    wanted, sent = asked.wanted(language, 1000), 0
    while sent < MOST_EXPORTED:
        batch = await read_trail(p, wanted)
        for line in batch:
            if asked.wants(line):
                sent += 1
                yield line
        if len(batch) < wanted.limit:
            return
        wanted = replace(wanted, before=(batch[-1].at, batch[-1].id))


def write_csv(lines: Iterable[TraceLine], language: Language) -> str:
    """The lines as a table for a spreadsheet: semicolons, and no cell that a spreadsheet would run as a formula."""
    written = io.StringIO()
    table = csv.writer(written, delimiter=";")
    table.writerow([language.say(column) for column in COLUMNS])
    for line in lines:
        entry = show_line(line, language)
        cells = (entry.who, entry.role, entry.place, entry.what, entry.outcome, entry.why, entry.motive, line.network, line.software)
        table.writerow([entry.at.isoformat(), *(_cell(cell) for cell in cells)])
    return written.getvalue()


def _cell(text: str) -> str:
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t"} else text


def _file(body: bytes, media_type: str, name: str) -> Response:
    return Response(body, headers={**HEADERS, "content-type": media_type, "content-disposition": f'attachment; filename="{name}"'})


def _heading(visit: Visit, asked: Asked) -> str:
    say = visit.language.say
    if not visit.own:
        return say("Who opened this record")
    return say("Who opened this document") if asked.document else say("Who opened my record")


def _choices(asked: Asked, path: str, language: Language, *, own: bool = False) -> dict[str, Any]:
    """What the filter of the page offers; `own` when every line is the reader's own act."""
    names = {code: name for code, name in ONLY_NAMES.items() if not (own and code == OTHERS)}
    return {
        "only": [(language.say(name), asked.link(path, only=code), None, asked.only == code) for code, name in names.items()],
        "whats": [("", language.say("Everything")), *((code, language.say(name)) for code, name in WHAT_NAMES.items())],
        "only_name": language.say(ONLY_NAMES[asked.only]),
        "newest": asked.link(path),
        "export": asked.link(f"{path}/export.csv"),
        "export_fhir": asked.link(f"{path}/export.json"),
    }
