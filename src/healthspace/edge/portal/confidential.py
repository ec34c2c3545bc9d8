"""A secret connection (R1111-50): what is done in one record is hidden from who represents the minor.

The mode travels in a token of its own, in a cookie that the browser sends for this record alone, as that of an emergency does. It lasts as
long as a session may: if it ran out in the middle of a visit, what is done next would be told to those it is kept from.
"""

from dataclasses import replace

from starlette.responses import Response

from healthspace.access.rules import Action
from healthspace.base import clock
from healthspace.base.errors import NotFound
from healthspace.edge.portal.pages import go_to
from healthspace.edge.portal.session import CONFIDENTIAL, forget, remember
from healthspace.edge.portal.visit import Visit
from healthspace.identity.caller import GIVE_CARE


async def show_confidential(visit: Visit) -> Response:
    """GET /patients/{patient}/confidential: what follows from it. Nothing of the record is shown: not even whose it is."""
    await _find(visit)
    return visit.render("confidential.html", current="/", here=False)


async def begin(visit: Visit) -> Response:
    """POST /patients/{patient}/confidential: to the record where it may be read so, else to the form that adds to it."""
    reads = await _find(visit)
    caller, now = visit.caller, clock.now()
    assert caller.role is not None  # noqa: S101 - who gives care has one
    token = visit.service.tokens.issue(caller.role, now, secret=True, session=caller.session)
    response = go_to(visit.prefix if reads else f"{visit.prefix}/add")
    return remember(response, token, visit.request, name=CONFIDENTIAL, path=visit.prefix)


async def leave(visit: Visit) -> Response:
    """POST /patients/{patient}/confidential/end"""
    return forget(go_to("/patients"), name=CONFIDENTIAL, path=visit.prefix)


async def _find(visit: Visit) -> bool:
    """Whether the record may be read in a secret connection; NotFound when there is none, or it is closed (TD02)."""
    if visit.caller.kind not in GIVE_CARE:
        raise NotFound
    async with visit.service.door.permit(replace(visit.caller, secret=True), Action.FIND_PATIENT, visit.owner) as p:
        return p.allows(Action.READ_RECORD)
