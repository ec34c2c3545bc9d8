"""Opening a record in an emergency (L1111-17 I): a page that says what follows, a reason, and half an hour.

The mode travels in a token of its own, in a cookie that the browser sends for this record alone; everything else that the professional
opens stays in the ordinary mode.
"""

from datetime import timedelta

from starlette.responses import Response

from healthspace.access.rules import Action
from healthspace.base import clock
from healthspace.base.errors import NotFound, Refused
from healthspace.edge.portal.language import mark
from healthspace.edge.portal.pages import go_to
from healthspace.edge.portal.patients import show_find
from healthspace.edge.portal.session import EMERGENCY, forget, remember
from healthspace.edge.portal.visit import Visit, read_form
from healthspace.identity.caller import Kind, Purpose
from healthspace.record.spaces import patient_of

LASTS = timedelta(minutes=30)
TWICE = timedelta(minutes=5)
"""How long a form that is sent twice is one emergency: later, whoever sends it again declares another, which is told again."""
SHORTEST = 10
"""Characters of a written reason: "urgence" says nothing."""
LONGEST = 400
"""Characters of a written reason: with its motive it fits into a token."""

MOTIVES = {
    "unconscious": mark("The person is unconscious"),
    "speechless": mark("The person cannot say what they want"),
    "immediate": mark("Their life is at immediate risk"),
}


async def show_emergency(visit: Visit) -> Response:
    """GET /patients/{patient}/emergency. Nothing of the record is shown: not even whose it is."""
    await _require_record(visit)
    return _render(visit)


async def open_in_emergency(visit: Visit) -> Response:
    """POST /patients/{patient}/emergency: the rules decide with the mode and the reason; a refusal is told as an absence."""
    await _require_record(visit)
    form = await read_form(visit.request)
    purpose = Purpose.ETREAT if visit.caller.regulation and form.get("motive") == "regulation" else Purpose.BTG
    wrong = _check(visit, form, purpose)
    if len(form.get("reason", "")) > LONGEST:
        wrong["reason"] = visit.language.say("Shorten your reason")
    if wrong:
        return _render(visit, form=form, wrong=wrong)
    # One emergency is one token, so that this look and those that follow it are told as one; a second click begins no other.
    token = _declare(visit, form, purpose)
    try:
        async with visit.service.door.permit(visit.service.tokens.read(token, clock.now()), Action.READ_RECORD, visit.owner) as p:
            await patient_of(p)
    except Refused:
        return show_find(visit, status=404, nothing=True)
    return remember(go_to(visit.prefix), token, visit.request, name=EMERGENCY, path=visit.prefix, lasts=LASTS)


async def leave_emergency(visit: Visit) -> Response:
    """POST /patients/{patient}/emergency/end"""
    return forget(go_to("/patients"), name=EMERGENCY, path=visit.prefix)


async def _require_record(visit: Visit) -> None:
    """Any professional may ask whether there is a record (TD02); NotFound when there is none, or it is closed."""
    if visit.caller.kind is not Kind.PROFESSIONAL:
        raise NotFound
    async with visit.service.door.permit(visit.caller, Action.FIND_PATIENT, visit.owner):
        pass


def _declare(visit: Visit, form: dict[str, str], purpose: Purpose) -> str:
    """The token of an emergency, with its mode and its reason."""
    caller, now = visit.caller, clock.now()
    assert caller.role is not None  # noqa: S101 - a professional has one
    # Written in French, whatever the language of the page: the citizen and the auditors read it.
    motive = MOTIVES.get(form.get("motive", ""), "")
    reason = ". ".join(part for part in (motive and visit.pages.languages["fr"].say(motive), form.get("reason", "")) if part)
    emergency = visit.id_of(form, lasts=TWICE)
    return visit.service.tokens.issue(
        caller.role, now, purpose=purpose, reason=reason, lifetime=LASTS, session=caller.session, prolongs=emergency
    )


def _check(visit: Visit, form: dict[str, str], purpose: Purpose) -> dict[str, str]:
    wrong = {}
    if purpose is Purpose.BTG and form.get("motive") not in MOTIVES:
        wrong["motive"] = visit.language.say("Say which emergency it is")
    if purpose is Purpose.BTG and len(form.get("reason", "")) < SHORTEST:
        wrong["reason"] = visit.language.say("Write in a few words why you must open this record now")
    return wrong


def _render(visit: Visit, *, form: dict[str, str] | None = None, wrong: dict[str, str] | None = None) -> Response:
    say = visit.language.say
    motives = [(code, say(name), "") for code, name in MOTIVES.items()]
    if visit.caller.regulation:
        motives.insert(0, ("regulation", say("I regulate an emergency call (15)"), say("No further reason is asked for.")))
    form = form or {}
    return visit.render(
        "emergency.html",
        status=422 if wrong else 200,
        current="/",
        here=False,
        motives=motives,
        motive=form.get("motive", ""),
        reason=form.get("reason", ""),
        wrong=wrong or {},
        longest=LONGEST,
        minutes=int(LASTS.total_seconds() // 60),
    )
