"""Reporting an error in a record, and answering for what one has written."""

from dataclasses import dataclass

from starlette.responses import Response

from healthspace.access.depositor import depositor_of, is_by_citizen
from healthspace.access.rules import Action
from healthspace.base.errors import NotFound
from healthspace.base.ids import parse_id
from healthspace.edge.portal.health import Sight, open_sight, render
from healthspace.edge.portal.language import Language, Moment, mark, read_moment
from healthspace.edge.portal.pages import go_to
from healthspace.edge.portal.views import read_type
from healthspace.edge.portal.visit import Visit, read_form
from healthspace.fhir.document_reference import first_of, read_title
from healthspace.profile.elements import Resource, is_from_citizen
from healthspace.profile.sections import SECTIONS, name_item
from healthspace.record.corrections import ACCEPTED, LONGEST, REFUSED, WAITING, answer_correction, ask_correction, is_correction

STATES = {
    WAITING: (mark("Waiting for an answer"), "info"),
    ACCEPTED: (mark("Accepted: a corrected document follows"), "ok"),
    REFUSED: (mark("Not changed"), "warn"),
}
ABOUT = (
    "DocumentReference",
    "Observation",
    *(type_ for types in SECTIONS.values() for type_ in types),
    "MedicationRequest",
    "MedicationDispense",
)


@dataclass(frozen=True, slots=True)
class CorrectionRow:
    """A request with its answer. `mine` when the reader is the one to answer."""

    id: str
    subject: str
    words: str
    when: Moment | None
    state: str
    tone: str
    answers: tuple[tuple[str, str, Moment | None], ...]
    mine: bool


async def show_new(visit: Visit) -> Response:
    """GET /corrections/new?about=Type/id"""
    type_, name = _about(visit, visit.asked("about", 80))
    sight = await open_sight(visit, (type_,))
    return _render_new(visit, sight, _find(sight, type_, name), f"{type_}/{name}")


async def ask(visit: Visit) -> Response:
    """POST /corrections/new"""
    form = await read_form(visit.request)
    type_, name = _about(visit, form.get("about", ""))
    words = form.get("words", "")
    if not 0 < len(words) <= LONGEST:
        sight = await open_sight(visit, (type_,))
        wrong = {"words": visit.language.say("Say in a few words what is wrong")}
        return _render_new(visit, sight, _find(sight, type_, name), f"{type_}/{name}", words=words[:LONGEST], wrong=wrong, status=422)
    identifier = parse_id(name)
    assert identifier is not None  # noqa: S101 - read by `_about`
    async with visit.service.door.permit(visit.caller, Action.WRITE_OWN_ENTRY, visit.owner) as p:
        if request_id := await visit.new_id(p, "Communication", form):
            await ask_correction(p, type_, identifier, words, request_id)
    return go_to(f"{visit.prefix}/corrections?done=asked")


async def show_corrections(visit: Visit) -> Response:
    """GET /corrections and /patients/{patient}/corrections"""
    sight = await open_sight(visit, ("Communication", *dict.fromkeys(ABOUT)))
    facts = {f"{one['resourceType']}/{one['id']}": one for one in sight.picture.facts}
    asked = [one for one in sight.picture.facts if one["resourceType"] == "Communication" and is_correction(one)]
    rows = [_show(one, facts, visit) for one in asked]
    return render(visit, sight, "corrections.html", "/summary", here=False, rows=rows)


async def answer(visit: Visit) -> Response:
    """POST /patients/{patient}/corrections/{id}"""
    form = await read_form(visit.request)
    async with visit.service.door.permit(visit.caller, Action.ANSWER_CORRECTION, visit.owner) as p:
        await answer_correction(p, visit.identifier(), form.get("words", ""), accepted=form.get("accepted") == "yes")
    return go_to(f"{visit.prefix}/corrections?done=answered")


def _show(request: Resource, facts: dict[str, Resource], visit: Visit) -> CorrectionRow:
    language = visit.language
    about = facts.get(str(first_of(request.get("about")).get("reference", "")))
    state, tone = STATES.get(str(request.get("status")), STATES[WAITING])
    notes = request.get("note") or ()
    return CorrectionRow(
        id=str(request["id"]),
        subject=_name(about, language) if about else language.say("Something that is no longer in the record"),
        words=str(first_of(request.get("payload")).get("contentString", "")),
        when=read_moment(request.get("sent")),
        state=language.say(state),
        tone=tone,
        answers=tuple((str(note.get("authorString", "")), str(note.get("text", "")), read_moment(note.get("time"))) for note in notes),
        mine=request.get("status") == WAITING and depositor_of(request) == visit.caller.depositor_key,
    )


def _name(about: Resource, language: Language) -> str:
    if about["resourceType"] == "DocumentReference":
        return read_title(about) or read_type(about, language.code)[1]
    return name_item(about) or language.say("Without a name in its source")


def _about(visit: Visit, text: str) -> tuple[str, str]:
    type_, _, name = text.partition("/")
    if type_ not in ABOUT or parse_id(name) is None:
        raise NotFound
    return type_, name


def _find(sight: Sight, type_: str, name: str) -> Resource:
    if not sight.enters:
        raise NotFound
    found = next((one for one in sight.picture.facts if one["resourceType"] == type_ and one["id"] == name), None)
    if found is None or is_from_citizen(found) or is_by_citizen(found):
        raise NotFound
    return found


def _render_new(
    visit: Visit,
    sight: Sight,
    about: Resource,
    name: str,
    *,
    words: str = "",
    wrong: dict[str, str] | None = None,
    status: int = 200,
) -> Response:
    return render(
        visit,
        sight,
        "correction.html",
        "/summary",
        here=False,
        status=status,
        subject=_name(about, visit.language),
        about=name,
        words=words,
        wrong=wrong or {},
    )
