"""Who may read my record: the treating doctor, the professionals I authorised; authorising one, and ending it."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from healthspace.access.facts import RPPS, TREATING_DOCTOR
from healthspace.access.rules import Action
from healthspace.base.errors import Invalid, NotFound
from healthspace.edge.portal.frame import ROLE_NAMES
from healthspace.edge.portal.language import Language, Moment, mark, read_moment
from healthspace.edge.portal.pages import go_to
from healthspace.edge.portal.patients import read_ins_of
from healthspace.edge.portal.views import first_of
from healthspace.edge.portal.visit import Visit, read_form
from healthspace.identity.directory import is_rpps, professional_of
from healthspace.identity.personas import PROFESSIONALS
from healthspace.record.authorise import authorise, end_authorisation, list_access
from healthspace.record.spaces import patient_of

PROFESSIONS = {"10": mark("Doctor"), "21": mark("Pharmacist"), "60": mark("Nurse")}
"""Professions of TRE_G15 that the directory holds."""


@dataclass(frozen=True, slots=True)
class Reader:
    """A professional who may, or might, read a record. `consent` is the id of the authorisation; a treating doctor has none."""

    name: str
    role: str
    place: str
    treating: bool = False
    consent: str = ""
    since: Moment | None = None
    until: Moment | None = None


async def show_privacy(visit: Visit) -> Response:
    """GET /privacy; with ?rpps= after a number that was not accepted, which is told beside the field."""
    readers, past, holder = await _read(visit)
    typed = visit.asked("rpps", 20)
    wrong = _explain(typed, visit.language) if typed else ""
    errors = {"rpps": wrong} if wrong else {}
    status = 422 if wrong else 200
    return visit.render(
        "privacy.html",
        status=status,
        current="/privacy",
        holder=holder,
        readers=readers,
        past=past,
        rpps=typed,
        wrong=errors,
        number=read_ins_of(holder),
    )


async def authorise_professional(visit: Visit) -> Response:
    """POST /privacy"""
    typed = (await read_form(visit.request)).get("rpps", "")
    try:
        async with visit.service.door.permit(visit.caller, Action.GRANT_ACCESS, visit.owner) as p:
            await authorise(p, typed.replace(" ", ""))
    except Invalid:
        return go_to(f"/privacy?{urlencode({'rpps': typed[:20] or '?'})}")
    return go_to("/privacy?done=authorised")


async def ask_to_end(visit: Visit) -> Response:
    """GET /privacy/end/{id}: what ending it changes, before it is done."""
    identifier = str(visit.identifier())
    readers, _, holder = await _read(visit)
    reader = next((reader for reader in readers if reader.consent == identifier), None)
    if reader is None:
        raise NotFound
    return visit.render("end_access.html", current="/privacy", here=False, holder=holder, reader=reader)


async def end_access(visit: Visit) -> Response:
    """POST /privacy/end/{id}"""
    async with visit.service.door.permit(visit.caller, Action.END_ACCESS, visit.owner) as p:
        await end_authorisation(p, visit.identifier())
    return go_to("/privacy?done=ended")


def _explain(typed: str, language: Language) -> str:
    """What is wrong with an RPPS number; empty when the directory knows it."""
    rpps = typed.replace(" ", "")
    if not is_rpps(rpps):
        return language.say("Type the 11 digits of the RPPS number")
    return "" if professional_of(rpps) else language.say("No professional has this RPPS number: check it")


async def _read(visit: Visit) -> tuple[list[Reader], list[Reader], dict[str, Any]]:
    async with visit.service.door.permit(visit.caller, Action.READ_ACCESS, visit.owner) as p:
        consents, teams = await list_access(p)
        holder = (await patient_of(p)).json()
    return *show_readers(consents, teams, visit.language), holder


def _treats(member: dict[str, Any]) -> bool:
    return any(coding.get("code") == TREATING_DOCTOR for role in member.get("role", []) for coding in role.get("coding", []))


def show_readers(consents: list[dict[str, Any]], teams: list[dict[str, Any]], language: Language) -> tuple[list[Reader], list[Reader]]:
    """Who may read now, treating doctors first and then the latest authorised; and whose authorisation has ended."""
    treating = [
        _show_reader(member["member"], language, treating=True)
        for team in teams
        if team.get("status") == "active"
        for member in team.get("participant", [])
        if "member" in member
        and any(coding.get("code") == TREATING_DOCTOR for role in member.get("role", []) for coding in role.get("coding", []))
    ]
    listed = sorted(consents, key=lambda consent: str(consent.get("dateTime", "")), reverse=True)
    active = [consent for consent in listed if consent.get("status") == "active"]
    ended = [consent for consent in listed if consent.get("status") == "inactive"]
    return [*treating, *(_show_consent(consent, language) for consent in active)], [_show_consent(consent, language) for consent in ended]


def _show_consent(consent: dict[str, Any], language: Language) -> Reader:
    provision = consent.get("provision", {})
    actor = first_of(provision.get("actor")).get("reference", {})
    return _show_reader(actor, language, consent=str(consent["id"]), period=provision.get("period", {}))


def _show_reader(
    actor: dict[str, Any], language: Language, *, treating: bool = False, consent: str = "", period: dict[str, str] | None = None
) -> Reader:
    """A professional as the directory knows them today; as the authorisation named them when it does not."""
    identifier = actor.get("identifier", {})
    person = professional_of(str(identifier.get("value", ""))) if identifier.get("system") == RPPS else None
    name, role, place = str(actor.get("display", "")), "", ""
    if person is not None:
        persona = next((role for role, one in PROFESSIONALS.items() if one is person and not treating), None)
        named = ROLE_NAMES[persona] if persona else PROFESSIONS.get(person.profession, "")
        name, role, place = f"{person.given} {person.family}", language.say(named) if named else "", person.structure.name
    since, until = read_moment((period or {}).get("start")), read_moment((period or {}).get("end"))
    return Reader(name, role, place, treating, consent, since, until)
