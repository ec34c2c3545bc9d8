"""A professional or a structure finds a citizen by INS or by the strict traits, and sees what they may, with the reason."""

from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise
from typing import Any
from uuid import UUID

from starlette.responses import Response

from healthspace.access.permit import Door, Permit
from healthspace.access.rules import Action, Scope
from healthspace.base.errors import Invalid, Refused
from healthspace.base.ids import owner_of
from healthspace.edge.portal.frame import RECORD_TABS, PatientBanner
from healthspace.edge.portal.language import Language, mark, read_moment
from healthspace.edge.portal.pages import go_to
from healthspace.edge.portal.traits_form import TypedTraits, find_wrong_traits, read_traits
from healthspace.edge.portal.visit import Visit, read_form
from healthspace.fhir.document_reference import read_name
from healthspace.identity.caller import GIVE_CARE, Kind
from healthspace.identity.ins import DEMO, NIA, NIR, TEST, read_ins
from healthspace.record.carers import is_minor
from healthspace.record.spaces import find_by_traits, find_patient, locate, patient_of

GENDERS = {"male": mark("Man"), "female": mark("Woman")}
CHILDREN = {"male": mark("Boy"), "female": mark("Girl")}


@dataclass(frozen=True, slots=True)
class Sight:
    """One thing that a professional or a structure can see here."""

    title: str
    detail: str
    icon: str


PROFESSIONAL_SIGHTS = (
    Sight(mark("The citizens who chose you"), mark("Their treating doctor reads the whole record."), "stethoscope"),
    Sight(mark("The citizens who authorised you"), mark("You read their documents, except those they masked."), "lock"),
    Sight(mark("Nobody else"), mark("Ask the citizen: they authorise you in their health space in a minute."), "user"),
)
STRUCTURE_SIGHTS = (
    Sight(mark("What you added"), mark("You see the documents that your structure added to a record, and no others."), "folder"),
    Sight(mark("Adding a document"), mark("Type the number, then “Add a document”. Your software can add it too, by FHIR."), "plus"),
)
LOGGED = Sight(mark("Every look is written down"), mark("Your name, the reason and the time: the citizen reads them."), "eye")


def show_find(
    visit: Visit,
    *,
    status: int = 200,
    ins: str = "",
    typed: TypedTraits | None = None,
    wrong: dict[str, str] | None = None,
    nothing: bool = False,
    several: bool = False,
) -> Response:
    """The two search forms; `wrong` says what to correct, `nothing` that no record can be shown, `several` that traits are not enough."""
    sights = STRUCTURE_SIGHTS if visit.caller.kind is Kind.STRUCTURE else PROFESSIONAL_SIGHTS
    about = ", ".join(dict.fromkeys(part for part in (visit.caller.name, visit.caller.structure) if part))
    return visit.render(
        "find.html",
        status=status,
        current="/",
        about=about,
        rules=(*sights, LOGGED),
        ins=ins,
        wrong=wrong or {},
        nothing=nothing,
        several=several,
        typed=typed or TypedTraits(),
        by_traits=typed is not None,
        sexes=[(code, visit.language.say(name), "") for code, name in GENDERS.items()],
        latest=visit.today.isoformat(),
        urgent=visit.caller.kind is Kind.PROFESSIONAL,
    )


async def show_search(visit: Visit) -> Response:
    """GET /patients"""
    return show_find(visit) if visit.caller.kind in {Kind.PROFESSIONAL, Kind.STRUCTURE} else go_to("/")


CONFIDENTIAL = "confidential"
ELSEWHERE = {"add": "/add", "emergency": "/emergency", CONFIDENTIAL: "/confidential"}
"""Where a number may lead without opening the record."""


async def open_patient(visit: Visit) -> Response:
    """POST /patients: the number never appears in an address. None, closed and refused are one and the same answer."""
    form = await read_form(visit.request)
    if form.get("to") == CONFIDENTIAL and visit.caller.kind in GIVE_CARE:
        # Looking for the record is told to nobody who represents its holder, either.
        visit = replace(visit, caller=replace(visit.caller, secret=True))
    if form.get("by") == "traits":
        return await _open_by_traits(visit, form)
    typed, wanted = form.get("ins", ""), form.get("to", "")
    value = typed.replace(" ", "").upper()
    try:
        read_ins(TEST, value)
    except Invalid as error:
        await visit.service.door.trace_failure(visit.caller, Action.READ_RECORD, None, error)
        message = visit.language.say("Type the 15 characters of the number, key included")
        return show_find(visit, status=422, ins=typed, wrong={"ins": message})
    patient = await _locate(visit.service.door, value)
    try:
        action = Action.FIND_PATIENT if wanted in ELSEWHERE else Action.READ_RECORD
        async with visit.service.door.permit(visit.caller, action, owner_of(patient) if patient else None):
            pass
    except Refused:
        return show_find(visit, status=404, ins=typed, nothing=True)
    return go_to(f"/patients/{patient}{ELSEWHERE.get(wanted, '')}")


async def _open_by_traits(visit: Visit, form: dict[str, str]) -> Response:
    """Exactly one person is opened. Nobody, closed and refused are one answer; several is another: the number decides between them."""
    typed, wanted = read_traits(form), form.get("to", "")
    door = visit.service.door
    if wrong := find_wrong_traits(typed, visit.language, visit.today):
        await door.trace_failure(visit.caller, Action.FIND_PATIENT, None, Invalid("form"))
        return show_find(visit, status=422, typed=typed, wrong=wrong)
    found = await find_by_traits(door, visit.caller, typed.traits)
    if len(found) > 1:
        return show_find(visit, status=409, typed=typed, several=True)
    if not found:
        return show_find(visit, status=404, typed=typed, nothing=True)
    if wanted not in ELSEWHERE:
        try:
            async with door.permit(visit.caller, Action.READ_RECORD, owner_of(found[0])):
                pass
        except Refused:
            return show_find(visit, status=404, typed=typed, nothing=True)
    return go_to(f"/patients/{found[0]}{ELSEWHERE.get(wanted, '')}")


async def _locate(door: Door, value: str) -> UUID | None:
    """The Patient with this number, under any kind of INS."""
    for system in (TEST, DEMO, NIR, NIA) if door.demo else (NIR, NIA, TEST, DEMO):
        patient = await locate(door, read_ins(system, value))
        if patient is not None:
            return patient
    return None


def show_banner(patient: dict[str, Any], p: Permit, language: Language) -> PatientBanner:
    """Whose record is open, with the parts of it that are not refused. Who sees only its own deposits sees no trait, but the number."""
    parts = tuple(tab for tab in RECORD_TABS if any(p.allows(action, whole=tab.whole) for action in (tab.action, *tab.also)))
    return replace(name_patient(patient, p.scope, language, language.day(p.now)), parts=parts)


async def open_form(p: Permit, language: Language) -> tuple[dict[str, Any], PatientBanner]:
    """Whose record a form adds to, and how its page says so.

    Who may read it sees whose it is, and that is a look. Who only adds sees what TD02 tells: the number, and no trait (RG_0320).
    """
    if p.allows(Action.READ_PATIENT):
        p.action = Action.READ_PATIENT
        patient = (await patient_of(p)).json()
        p.note(f"Patient/{patient['id']}")
        return patient, show_banner(patient, p, language)
    patient = await find_patient(p)
    number = language.say("INS number %(number)s", number=read_ins_of(patient))
    return patient, replace(show_banner(patient, p, language), name=number, facts=())


def name_patient(patient: dict[str, Any], scope: Scope, language: Language, today: date) -> PatientBanner:
    """Whose record it is, in words."""
    number = read_ins_of(patient)
    if scope is Scope.OWN_DEPOSITS:
        return PatientBanner(language.say("INS number %(number)s", number=number), ())
    birth = read_moment(patient.get("birthDate"))
    gender = (CHILDREN if is_minor(patient, today) else GENDERS).get(str(patient.get("gender", "")))
    facts = (
        ", ".join(part for part in (language.say(gender) if gender else "", language.age(birth, today) if birth else "") if part),
        language.say("born on %(date)s", date=language.on(birth)) if birth else "",
        language.say("INS %(number)s", number=number),
    )
    return PatientBanner(read_name(patient.get("name")), tuple(fact for fact in facts if fact))


def read_ins_of(patient: dict[str, Any]) -> str:
    """The INS of a Patient, as people read it; empty when there is none."""
    return write_ins(next((str(one["value"]) for one in patient.get("identifier", []) if one.get("use") == "official"), ""))


def write_ins(value: str) -> str:
    """An INS in the groups in which people read it: "2 55 08 14 168 025 38"."""
    groups = [value[start:end] for start, end in pairwise((0, 1, 3, 5, 7, 10, 13, 15))]
    return "\N{NO-BREAK SPACE}".join(groups) if len(value) == 15 else value
