"""Who may read my record: those whom I authorised or chose, those whom I blocked, what holds in an emergency; each changed here.

Under `/patients/{patient}` they are the choices of a person whom the visitor represents; a carer has none to make.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from healthspace.access.facts import key_of
from healthspace.access.policy import Policy
from healthspace.access.rules import Action
from healthspace.base.errors import Invalid, NotFound
from healthspace.edge.portal.language import Language, mark
from healthspace.edge.portal.pages import go_to
from healthspace.edge.portal.patients import read_ins_of, show_banner
from healthspace.edge.portal.readers import IN_TEAM, Privacy, show_choices, switches_for
from healthspace.edge.portal.visit import Visit, read_form
from healthspace.identity.directory import FINESS_DIGITS, is_rpps, professional_of, structure_of
from healthspace.record.authorise import authorise, list_access
from healthspace.record.controls import end_for
from healthspace.record.spaces import patient_of

SHORTER = (7, 90)
"""Days that an authorisation may last, beside the days of the policy, which are the longest here; it can be ended before."""
NAMED = {7: mark("One week"), 90: mark("3 months"), 365: mark("One year")}


async def show_privacy(visit: Visit) -> Response:
    """GET /privacy; with ?rpps= or ?block= after a number that was not accepted, which is told beside the field."""
    privacy = await read_privacy(visit)
    typed, blocking = visit.asked("rpps", 20), visit.asked("block", 20)
    wrong = {
        name: said
        for name, said in (("rpps", _explain(typed, visit.language)), ("block", _explain_block(blocking, visit.language)))
        if said
    }
    return render_privacy(visit, privacy, wrong, rpps=typed, block=blocking)


def render_privacy(
    visit: Visit, privacy: Privacy, wrong: dict[str, str], form: Mapping[str, str] | None = None, *, rpps: str = "", block: str = ""
) -> Response:
    """The page, with what was typed that is `wrong`; the choices for everybody as a `form` leaves them, where one was sent."""
    choices = []
    for one in switches_for(privacy.team):
        on = one.switch.value in form if form is not None else (one.switch in privacy.switches) != one.inverted
        choices.append((one, on, privacy.ends.get(one.switch)))
    return visit.render(
        "privacy.html",
        status=422 if wrong else 200,
        **privacy.around,
        readers=privacy.readers,
        past=privacy.past,
        blocked=privacy.blocked,
        opposed=privacy.opposed,
        choices=choices,
        team=privacy.team,
        in_team=IN_TEAM,
        durations=show_durations(visit),
        wrong=wrong,
        number=read_ins_of(privacy.holder),
        rpps=rpps,
        block=block,
        end=form.get("end", "") if form else "",
    )


async def authorise_professional(visit: Visit) -> Response:
    """POST /privacy"""
    form = await read_form(visit.request)
    typed = form.get("rpps", "")
    try:
        async with visit.service.door.permit(visit.caller, Action.GRANT_ACCESS, visit.owner) as p:
            await authorise(p, typed.replace(" ", ""), lasting_of(form, p.policy))
    except Invalid:
        return go_to(f"{visit.prefix}/privacy?{urlencode({'rpps': typed[:20] or '?'})}")
    return go_to(f"{visit.prefix}/privacy?done=authorised")


def lasting_of(form: Mapping[str, str], policy: Policy) -> timedelta:
    """How long an authorisation is to last: as long as the policy says, or shorter."""
    shorter = (timedelta(days=days) for days in SHORTER if form.get("days") == str(days))
    return min((*shorter, policy.authorisation))


def show_durations(visit: Visit) -> list[tuple[str, str, str]]:
    """The durations as choices of a form, the longest last."""
    longest, language = visit.service.door.policy.authorisation.days, visit.language
    offered = [*(days for days in SHORTER if days < longest), longest]
    names = (language.say(NAMED[days]) if days in NAMED else language.count("%(num)s day", "%(num)s days", days) for days in offered)
    return [(str(days), name, "") for days, name in zip(offered, names, strict=True)]


async def ask_to_end(visit: Visit) -> Response:
    """GET /privacy/end/{id}: what ending it changes, before it is done; ?of= which of those whom it names, where they are several."""
    identifier, of = str(visit.identifier()), visit.number("of")
    privacy = await read_privacy(visit)
    named = [reader for reader in (*privacy.readers, *privacy.opposed) if reader.choice == identifier]
    if len(named) < of:
        raise NotFound
    return visit.render("end_access.html", **privacy.around, here=False, reader=named[of - 1])


async def end_access(visit: Visit) -> Response:
    """POST /privacy/end/{id}: for the professional or the place that the form names, and nobody beside them."""
    form, identifier = await read_form(visit.request), visit.identifier()
    source = "CareTeam" if form.get("source") == "CareTeam" else "Consent"
    async with visit.service.door.permit(visit.caller, Action.END_ACCESS, visit.owner) as p:
        await end_for(p, source, identifier, naming(form.get("number", "")))
    return go_to(f"{visit.prefix}/privacy?done=ended")


def naming(number: str) -> Callable[[dict[str, Any]], bool]:
    """Whether a reference is to the professional or the place with this number."""
    return lambda reference: (key_of(reference) or "").partition("|")[2] == number


async def read_privacy(visit: Visit) -> Privacy:
    """What the page shows. NotFound for whoever does not decide who reads this record."""
    async with visit.service.door.permit(visit.caller, Action.READ_ACCESS, visit.owner) as p:
        if not p.allows(Action.GRANT_ACCESS):
            raise NotFound
        consents, teams = await list_access(p)
        holder, now = (await patient_of(p)).json(), p.now
        banner = None if visit.own else show_banner(holder, p, visit.language)
    return show_choices(consents, teams, now, visit.language, holder, banner)


def _explain(typed: str, language: Language) -> str:
    """What is wrong with the number of who is to be authorised; empty when nothing was typed, or the directory knows it."""
    number = typed.replace(" ", "")
    if not typed or (len(number) == FINESS_DIGITS and structure_of(number)):
        return ""
    if not is_rpps(number):
        return language.say("Type the 11 digits of the RPPS number, or the 9 digits of a place")
    return "" if professional_of(number) else language.say("No professional has this RPPS number: check it")


def _explain_block(typed: str, language: Language) -> str:
    if not typed:
        return ""
    return language.say("Nobody in the directory has this number: type the 11 digits of a professional, or the 9 digits of a place")
