"""Who may read my record: those whom I authorised or chose, those whom I blocked, what holds in an emergency; each changed here.

Under `/patients/{patient}` they are the choices of a person whom the visitor represents; a carer has none to make.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from healthspace.access.facts import TREATING_DOCTOR
from healthspace.access.rules import Action
from healthspace.base.errors import Invalid, NotFound
from healthspace.edge.portal.frame import ROLE_NAMES, PatientBanner
from healthspace.edge.portal.language import Language, Moment, mark, read_moment
from healthspace.edge.portal.pages import go_to
from healthspace.edge.portal.patients import read_ins_of, show_banner
from healthspace.edge.portal.visit import Visit, read_form
from healthspace.identity.directory import RPPS, is_rpps, professional_of
from healthspace.identity.personas import PROFESSIONALS
from healthspace.record.authorise import authorise, list_access
from healthspace.record.consents import Choice, Choices, Switch, read_choices
from healthspace.record.controls import end_control
from healthspace.record.spaces import patient_of

PROFESSIONS = {
    "10": mark("Doctor"),
    "21": mark("Pharmacist"),
    "40": mark("Dentist"),
    "50": mark("Midwife"),
    "60": mark("Nurse"),
    "70": mark("Physiotherapist"),
}
"""Professions of TRE_G15 that the directory holds."""


@dataclass(frozen=True, slots=True)
class Reader:
    """A professional who may, or might, read a record. `consent` is the id of the authorisation; a treating doctor has none.

    `number` is their RPPS number.
    """

    name: str
    role: str
    place: str
    treating: bool = False
    consent: str = ""
    since: Moment | None = None
    until: Moment | None = None
    number: str = ""


@dataclass(frozen=True, slots=True)
class Privacy:
    """All that the page shows: who reads now, whose access has ended, who is blocked, and what holds for everybody."""

    readers: tuple[Reader, ...]
    past: tuple[Reader, ...]
    blocked: tuple[Reader, ...]
    switches: frozenset[Switch]
    holder: dict[str, Any]
    banner: PatientBanner | None
    """Whose record it is, when it is that of someone whom the visitor represents."""

    @property
    def around(self) -> dict[str, Any]:
        """What every page of these choices shows around itself."""
        return around(self.holder, self.banner)


@dataclass(frozen=True, slots=True)
class SwitchShown:
    """A choice for everybody in words: ticked means that it is allowed."""

    switch: Switch
    label: str
    hint: str
    inverted: bool
    """Ticked when the switch is off: people are asked what they allow, not what they oppose."""


SWITCHES = (
    SwitchShown(
        Switch.NO_REGULATION,
        mark("The emergency call doctor (15) may open the record"),
        mark("Only in an emergency. The history says so, and it is told at once."),
        True,
    ),
    SwitchShown(
        Switch.NO_EMERGENCY,
        mark("In an emergency, any other professional may open it"),
        mark("If life is at risk and the person cannot speak. They write why; the person and their treating doctor are told."),
        True,
    ),
    SwitchShown(
        Switch.MASKED_IN_EMERGENCY,
        mark("In an emergency, they also read what is hidden"),
        mark("Without it, hidden documents stay hidden even then."),
        False,
    ),
    SwitchShown(
        Switch.MASK_ALL,
        mark("Hide all documents, those to come too"),
        mark("Professionals then see only what is shown to them one by one. This can affect care. The treating doctor still sees all."),
        False,
    ),
)


def around(holder: dict[str, Any], banner: PatientBanner | None) -> dict[str, Any]:
    """Whose record a page of choices is about: the visitor's, or that of someone whom they represent."""
    return {"current": "/privacy", "tab": "/privacy", "holder": holder, "patient": banner, "own": banner is None}


async def show_privacy(visit: Visit) -> Response:
    """GET /privacy; with ?rpps= or ?block= after a number that was not accepted, which is told beside the field."""
    privacy = await read_privacy(visit)
    typed, blocking = visit.asked("rpps", 20), visit.asked("block", 20)
    wrong = {
        name: said
        for name, said in (("rpps", _explain(typed, visit.language)), ("block", _explain_block(blocking, visit.language)))
        if said
    }
    return visit.render(
        "privacy.html",
        status=422 if wrong else 200,
        **privacy.around,
        readers=privacy.readers,
        past=privacy.past,
        blocked=privacy.blocked,
        choices=[(one, (one.switch in privacy.switches) != one.inverted) for one in SWITCHES],
        rpps=typed,
        block=blocking,
        wrong=wrong,
        number=read_ins_of(privacy.holder),
    )


async def authorise_professional(visit: Visit) -> Response:
    """POST /privacy"""
    typed = (await read_form(visit.request)).get("rpps", "")
    try:
        async with visit.service.door.permit(visit.caller, Action.GRANT_ACCESS, visit.owner) as p:
            await authorise(p, typed.replace(" ", ""))
    except Invalid:
        return go_to(f"{visit.prefix}/privacy?{urlencode({'rpps': typed[:20] or '?'})}")
    return go_to(f"{visit.prefix}/privacy?done=authorised")


async def ask_to_end(visit: Visit) -> Response:
    """GET /privacy/end/{id}: what ending it changes, before it is done."""
    identifier = str(visit.identifier())
    privacy = await read_privacy(visit)
    reader = next((reader for reader in privacy.readers if reader.consent == identifier), None)
    if reader is None:
        raise NotFound
    return visit.render("end_access.html", **privacy.around, here=False, reader=reader)


async def end_access(visit: Visit) -> Response:
    """POST /privacy/end/{id}"""
    async with visit.service.door.permit(visit.caller, Action.END_ACCESS, visit.owner) as p:
        await end_control(p, "Consent", visit.identifier())
    return go_to(f"{visit.prefix}/privacy?done=ended")


async def read_privacy(visit: Visit) -> Privacy:
    """What the page shows. NotFound for whoever does not decide who reads this record."""
    async with visit.service.door.permit(visit.caller, Action.READ_ACCESS, visit.owner) as p:
        if not p.allows(Action.GRANT_ACCESS):
            raise NotFound
        consents, teams = await list_access(p)
        holder, now = (await patient_of(p)).json(), p.now
        banner = None if visit.own else show_banner(holder, p, visit.language)
    return show_choices(read_choices(consents, now), teams, visit.language, holder, banner)


def show_choices(
    choices: Choices, teams: list[dict[str, Any]], language: Language, holder: dict[str, Any], banner: PatientBanner | None = None
) -> Privacy:
    """Who may read now, treating doctors first and then the latest authorised; whose authorisation has ended; who is blocked.

    Who is blocked, or works in a blocked place, reads nothing, whatever they are to the person.
    """
    barred = {str(choice.actor.get("identifier", {}).get("value", "")) for choice in choices.blocked}
    readers = (*show_treating(teams, language), *(_show_choice(choice, language) for choice in choices.authorised))
    return Privacy(
        tuple(reader for reader in readers if not barred & set(_numbers_of(reader))),
        tuple(_show_choice(choice, language) for choice in choices.ended),
        tuple(_show_choice(choice, language) for choice in choices.blocked),
        frozenset(choices.switches),
        holder,
        banner,
    )


def show_treating(teams: Sequence[dict[str, Any]], language: Language) -> list[Reader]:
    """The treating doctors that the care teams of the record name."""
    return [
        show_reader(member["member"], language, treating=True)
        for team in teams
        if team.get("status") == "active"
        for member in team.get("participant", [])
        if "member" in member and _treats(member)
    ]


def show_reader(
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
    return Reader(name, role, place, treating, consent, since, until, person.rpps if person else "")


def _numbers_of(reader: Reader) -> tuple[str, ...]:
    """The numbers by which a reader can be blocked: their own, and that of the place where they work."""
    person = professional_of(reader.number) if reader.number else None
    return (person.rpps, person.structure.finess) if person is not None else ()


def _show_choice(choice: Choice, language: Language) -> Reader:
    return show_reader(choice.actor, language, consent=choice.id, period=choice.period)


def _treats(member: dict[str, Any]) -> bool:
    return any(coding.get("code") == TREATING_DOCTOR for role in member.get("role", []) for coding in role.get("coding", []))


def _explain(typed: str, language: Language) -> str:
    """What is wrong with an RPPS number; empty when nothing was typed, or the directory knows it."""
    rpps = typed.replace(" ", "")
    if not typed:
        return ""
    if not is_rpps(rpps):
        return language.say("Type the 11 digits of the RPPS number")
    return "" if professional_of(rpps) else language.say("No professional has this RPPS number: check it")


def _explain_block(typed: str, language: Language) -> str:
    if not typed:
        return ""
    return language.say("Nobody in the directory has this number: type the 11 digits of a professional, or the 9 digits of a place")
