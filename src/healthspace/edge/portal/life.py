"""The life of a record on the pages: closed, opened again, wanted or objected to, erased; by its holder, or by who represents them.

Each page stands below `/settings`: of one's own record, or of that of a person whom the visitor represents.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from healthspace.access.changes import HOLDERS
from healthspace.access.rules import Action
from healthspace.access.states import State
from healthspace.base import clock
from healthspace.base.errors import Invalid, NotFound
from healthspace.edge.portal.frame import PatientBanner
from healthspace.edge.portal.language import mark
from healthspace.edge.portal.pages import go_to
from healthspace.edge.portal.patients import show_banner
from healthspace.edge.portal.session import forget
from healthspace.edge.portal.visit import Handler, Visit, read_form
from healthspace.record import life
from healthspace.record.spaces import patient_of

AT_THE_HOLDERS_WISH = "patient-demande"
"""Code of the French list of closure motives."""
MOTIVES = {
    AT_THE_HOLDERS_WISH: mark("At the request of the person, or of who represents them"),
    "sans-opposition": mark("It was suspended, and nobody objected in time"),
}
LONGEST = 500
"""Characters of a reason."""
YEAR = 365.25


@dataclass(frozen=True, slots=True)
class Standing:
    """Whose record it is, where its life stands, and which steps the visitor may take now."""

    holder: dict[str, Any]
    banner: PatientBanner | None
    life: life.Life
    steps: frozenset[Action]

    @property
    def around(self) -> dict[str, Any]:
        """What every page of the settings shows around itself."""
        return {"current": "/settings", "tab": "/settings", "holder": self.holder, "patient": self.banner, "own": self.banner is None}


async def read_standing(visit: Visit) -> Standing:
    """Whatever the state of the record. NotFound for whoever does not decide for it."""
    async with visit.service.door.permit(visit.caller, Action.READ_PATIENT, visit.owner) as p:
        if p.reason not in HOLDERS:
            raise NotFound
        holder, now = (await patient_of(p)).json(), await life.read_life(p)
        banner = None if visit.own else show_banner(holder, p, visit.language)
        return Standing(holder, banner, now, frozenset(step for step in now.steps if p.allows(step)))


async def ask_to_close(visit: Visit) -> Response:
    """GET …/settings/close: what it changes, before it is done."""
    return await _ask(visit, "close.html", Action.CLOSE_SPACE)


async def close(visit: Visit) -> Response:
    """POST …/settings/close"""
    form = await read_form(visit.request)
    reason = form.get("reason", "")[:LONGEST]
    if not form.get("sure"):
        return await _ask_again(visit, "close.html", Action.CLOSE_SPACE, reason)
    if (await read_standing(visit)).life.state is not State.CLOSED:  # else the form was sent twice
        async with visit.service.door.permit(visit.caller, Action.CLOSE_SPACE, visit.owner) as p:
            await life.close_space(p, AT_THE_HOLDERS_WISH, reason)
    return go_to(f"{visit.prefix}/settings?done=closed")


async def ask_to_erase(visit: Visit) -> Response:
    """GET …/settings/erase: what is destroyed, before it is."""
    return await _ask(visit, "erase.html", Action.ERASE_SPACE)


async def erase(visit: Visit) -> Response:
    """POST …/settings/erase: whose own record it was is signed out, since there is nobody any more whom the session was of."""
    if not (await read_form(visit.request)).get("sure"):
        return await _ask_again(visit, "erase.html", Action.ERASE_SPACE)
    async with visit.service.door.permit(visit.caller, Action.ERASE_SPACE, visit.owner) as p:
        await life.erase_space(p)
    if not visit.own:
        return go_to("/relatives?done=erased")
    if (session := visit.caller.session) is not None:
        for others in (True, False):
            await visit.service.sessions.end(visit.caller, session, clock.now(), others=others)
    return forget(go_to("/sign-in?done=erased"))


def taking(action: Action, act: Callable[..., Awaitable[object]], reached: State, done: str) -> Handler:
    """The handler of a step that asks nothing more. Where it leads already, the form was sent twice."""

    async def handler(visit: Visit) -> Response:
        standing = await read_standing(visit)
        if standing.life.state is not reached or action in standing.steps:
            async with visit.service.door.permit(visit.caller, action, visit.owner) as p:
                await act(p)
        return go_to(f"{visit.prefix}/settings?done={done}")

    return handler


reopen = taking(Action.REOPEN_SPACE, life.reopen_space, State.OPEN, "reopened")
confirm = taking(Action.CONFIRM_SPACE, life.confirm_space, State.OPEN, "confirmed")
object_to = taking(Action.OBJECT_TO_SPACE, life.object_to_space, State.REFUSED, "objected")


async def _ask(visit: Visit, template: str, step: Action, *, status: int = 200, **shown: Any) -> Response:
    """The page of a question. NotFound when the step leads nowhere from here."""
    standing = await read_standing(visit)
    if step not in standing.steps:
        raise NotFound
    years = round(visit.service.door.policy.archive.days / YEAR)
    page: dict[str, Any] = {
        "here": False,
        "years": years,
        "open": standing.life.state is State.OPEN,
        "reason": "",
        "longest": LONGEST,
        **shown,
    }
    return visit.render(template, status=status, **standing.around, **page)


async def _ask_again(visit: Visit, template: str, step: Action, reason: str = "") -> Response:
    wrong = {"sure": visit.language.say("Tick the box to say that you understood")}
    await visit.service.door.trace_failure(visit.caller, step, visit.owner, Invalid("form"))
    return await _ask(visit, template, step, status=422, reason=reason, wrong=wrong)
