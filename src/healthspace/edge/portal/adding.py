"""Adding a document: a citizen to their record, a professional to a patient's. What was typed is never lost to a mistake."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from typing import Any

from starlette.responses import Response

from healthspace.access.changes import HOLDERS
from healthspace.access.labels import MASKED, NOT_ANNOUNCED, codes_of
from healthspace.access.permit import Permit
from healthspace.access.rules import Action, Reason
from healthspace.base.errors import Conflict, Invalid, Malformed, Refused, UnsupportedMedia
from healthspace.base.media import sniff
from healthspace.edge.portal.language import Language, mark
from healthspace.edge.portal.pages import go_to
from healthspace.edge.portal.patients import open_form
from healthspace.edge.portal.upload import Upload, read_upload
from healthspace.edge.portal.visit import Visit
from healthspace.fhir.document_reference import read_title
from healthspace.identity.caller import Kind
from healthspace.identity.ins import Ins, read_ins
from healthspace.record.deposit import Deposited, Submission, deposit
from healthspace.record.draft import Reading, read_draft
from healthspace.record.metadata import Described
from healthspace.record.pdf_pages import pdf_viewer
from healthspace.record.spaces import patient_of
from healthspace.record.words import Text, text_of, words_in
from healthspace.terminology.labels import label_of_type

LIMIT = 5_000_000
"""Octets of a document that a person adds with a browser (the limit of the French portal)."""
KINDS = frozenset({"pdf", "jpeg", "tiff", "text", "rtf"})
ACCEPT = ".pdf,.jpg,.jpeg,.tif,.tiff,.txt,.rtf,application/pdf,image/jpeg,image/tiff,text/plain,application/rtf"
OLDEST = date(1900, 1, 1)

CITIZEN_TYPES = {
    "DOCPAT05": mark("Laboratory results"),
    "DOCPAT02": mark("Prescription or care"),
    "DOCPAT04": mark("Imaging"),
    "DOCPAT03": mark("Letter or report of a doctor or a hospital"),
    "11369-6": mark("Vaccination record"),
    "DOCPAT07": mark("Certificate"),
    "DOCPAT06": mark("Prevention and screening"),
    "DOCPAT01": mark("Summary"),
    "EXPPAT_3": mark("Advance directives"),
    "74465-6": mark("Questionnaire"),
    "DOCPAT09": mark("Administrative document"),
    "EXPPAT_2": mark("Another document"),
}
"""What a citizen adds, by its type in JDV_J07."""
PROFESSIONAL_TYPES = (
    "11488-4 11502-2 18748-4 34112-3 11490-0 34874-8 15507-7 57833-6 PRESC-BIO PRESC-INF PRESC-KINE 55115-0 60593-1 89601-9 11369-6 "
    "60591-5 34133-9 74207-2 18776-5 96349-6 11526-1 75492-9 51851-4"
).split()


@dataclass(frozen=True, slots=True)
class Form:
    """What was typed; `written` is the date of the document."""

    type: str = ""
    title: str = ""
    written: str = ""
    writer: str = ""
    announced: str = "now"
    """Whether the citizen sees a professional's document "now" or "later"."""
    masked: str = ""

    @property
    def day(self) -> date | None:
        """The date, when it is one."""
        try:
            return date.fromisoformat(self.written)
        except ValueError:
            return None


def types_of(visit: Visit) -> list[tuple[str, str]]:
    """The types that this visitor chooses among: code and name."""
    if visit.caller.kind is Kind.CITIZEN:
        return [(code, visit.language.say(name)) for code, name in CITIZEN_TYPES.items()]
    named = [(code, label_of_type(code, visit.language.code)) for code in PROFESSIONAL_TYPES]
    return sorted(named, key=lambda pair: pair[1])


async def show_form(visit: Visit) -> Response:
    """GET /documents/add and /patients/{patient}/add"""
    today = visit.today.isoformat()
    return await _show(visit, Form(written=today), {})


async def add_document(visit: Visit) -> Response:
    """POST of the form: stored through the same door and by the same operation as every other deposit."""
    upload = await read_upload(visit.request, name="file", limit=LIMIT)
    form = read_form_of(upload)
    wrong = find_wrong(form, upload, types_of(visit), visit.language, visit.today)
    if wrong:
        await visit.service.door.trace_failure(visit.caller, Action.DEPOSIT_DOCUMENT, visit.owner, Invalid("form"))
        return await _show(visit, form, wrong, status=422)
    try:
        document = await _deposit(visit, form, upload.content, await _read_text(upload.content))
    except (Invalid, UnsupportedMedia, Malformed):
        return await _show(visit, form, {"file": visit.language.say("This file cannot be read: open it and save it again")}, status=422)
    except Conflict:
        return await _show(
            visit,
            form,
            {"file": visit.language.say("This file is in the record already: find it there to see, hide or delete it")},
            status=409,
        )
    if visit.own:
        return go_to(f"/documents/{document.reference.id}?done=added" if document.shown else "/documents?done=added")
    return go_to(f"{visit.prefix}/add?done={'added-for-relative' if visit.caller.kind is Kind.CITIZEN else 'added-for-patient'}")


def read_form_of(upload: Upload) -> Form:
    """The fields that are ours, no longer than the record takes."""
    said = upload.fields
    return Form(
        type=said.get("type", "")[:20],
        title=said.get("title", "")[:120],
        written=said.get("date", "")[:20],
        writer=said.get("writer", "")[:100],
        announced="later" if said.get("announced") == "later" else "now",
        masked="yes" if said.get("masked") else "",
    )


def find_wrong(form: Form, upload: Upload, types: list[tuple[str, str]], language: Language, today: date) -> dict[str, str]:
    """What to correct, by field, in the order of the form."""
    wrong = {}
    if upload.too_large:
        wrong["file"] = language.say("This file is over 5 MB: choose a smaller one, or scan it again in grey")
    elif not upload.content:
        wrong["file"] = language.say("Choose the file to add")
    elif sniff(upload.content) not in KINDS:
        wrong["file"] = language.say("This kind of file is not accepted: save it as PDF, JPEG, TIFF, text or RTF")
    if form.type not in dict(types):
        wrong["type"] = language.say("Choose what kind of document it is")
    if not form.title:
        wrong["title"] = language.say("Give the document a title, for example: Blood test of May")
    if form.day is None or not OLDEST <= form.day <= today:
        wrong["date"] = language.say("Give a date that is not in the future, for example: %(date)s", date=language.on(today))
    return wrong


async def _deposit(visit: Visit, form: Form, content: bytes, text: Text) -> Deposited:
    """The document as it is now in the record. Conflict when this file is there already under another title, kind or visibility."""
    service = visit.service
    day = form.day or visit.today
    citizen = visit.caller.kind is Kind.CITIZEN
    labels = {NOT_ANNOUNCED} if form.announced == "later" and not citizen else set()
    async with service.door.permit(visit.caller, Action.DEPOSIT_DOCUMENT, visit.owner) as p:
        if form.masked and (p.reason in HOLDERS or not citizen):
            labels.add(MASKED)
        written = datetime.combine(day, time(12), tzinfo=UTC) if day != visit.today else p.now
        described = Described(
            form.type, await _ins_of(p), form.title, written, visit.caller, written_by=form.writer, labels=frozenset(labels)
        )
        reading = Reading(limit=LIMIT, lenient=service.door.demo)
        (document,) = (await deposit(p, Submission((replace(read_draft(content, reading, described), text=text),)))).documents
        if not document.created and not _is_as_asked(document.reference.json(), described):
            raise Conflict("this file is in the record already, described otherwise")
    return document


def _is_as_asked(known: dict[str, Any], asked: Described) -> bool:
    """Whether a document that was there already is what a form asks for: the form was sent twice, or nothing of it is lost."""
    same = read_title(known) == asked.title and any(coding.get("code") == asked.type_code for coding in known["type"]["coding"])
    return same and asked.labels <= codes_of(known)


async def _read_text(content: bytes) -> Text:
    """What a search finds in it. Invalid when it is a PDF that cannot be opened: whoever adds it is there to choose another file."""
    return Text(words_in(await pdf_viewer().read_text(content))) if sniff(content) == "pdf" else text_of(content)


async def _ins_of(p: Permit) -> Ins:
    """The INS of the record's holder: whoever adds a document by this page types none."""
    identifiers: list[dict[str, Any]] = (await patient_of(p)).json().get("identifier", [])
    official = next((one for one in identifiers if one.get("use") == "official"), None)
    if official is None:
        raise Invalid("the holder of this record has no INS")
    return read_ins(official["system"], official["value"])


async def _show(visit: Visit, form: Form, wrong: dict[str, str], *, status: int = 200) -> Response:
    """The form."""
    citizen = visit.caller.kind is Kind.CITIZEN
    async with visit.service.door.permit(visit.caller, Action.READ_PATIENT if citizen else Action.FIND_PATIENT, visit.owner) as p:
        if not p.allows(Action.DEPOSIT_DOCUMENT):
            raise Refused(Reason.NO_RIGHT)
        holder, banner = await open_form(p, visit.language)
        masks = not citizen or p.reason in HOLDERS
    return visit.render(
        "add.html",
        status=status,
        current="/documents" if visit.own else "/",
        here=False,
        patient=None if visit.own else banner,
        tab="/add",
        holder=holder,
        form=form,
        wrong=wrong,
        types=types_of(visit),
        accept=ACCEPT,
        latest=visit.today.isoformat(),
        own=visit.own,
        citizen=citizen,
        masks=masks,
        vaccinates=visit.caller.kind is Kind.PROFESSIONAL,
        confidential=not citizen and not visit.caller.secret,
        action="/documents/add" if visit.own else f"{visit.prefix}/add",
    )
