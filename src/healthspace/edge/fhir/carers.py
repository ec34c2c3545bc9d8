"""Carers over HTTP: RelatedPerson is created by the citizen, answered by who is invited, ended by either."""

import orjson
from starlette.requests import Request
from starlette.responses import Response

from healthspace.access.opening import Service
from healthspace.access.rules import Action
from healthspace.base.ids import owner_of
from healthspace.edge.fhir.act import base_url
from healthspace.edge.fhir.answer import PRIVATE, Entries, answer, entries_of, etag_of, searchset
from healthspace.edge.fhir.conditions import preferred_return
from healthspace.edge.fhir.controls import named_in, owner_named_in, read_typed
from healthspace.edge.fhir.write import answer_written
from healthspace.identity.caller import Caller
from healthspace.record.carers import answer as answer_invitation
from healthspace.record.carers import change_carer, end_care, invite
from healthspace.record.relatives import list_tied


async def create(request: Request, service: Service, caller: Caller) -> Response:
    """`POST /RelatedPerson`: an invitation."""
    related = await read_typed(request, service, "RelatedPerson")
    owner = await owner_named_in(service, caller, related)
    async with service.door.permit(caller, Action.INVITE_CARER, owner) as p:
        stored = await invite(p, related)
    return answer_written(base_url(request), stored, 201, preferred_return(request))


async def update(request: Request, service: Service, caller: Caller) -> Response:
    """`PUT /RelatedPerson/id`: another period or scope."""
    identifier = named_in(request)
    related = await read_typed(request, service, "RelatedPerson")
    async with service.door.permit(caller, Action.INVITE_CARER, owner_of(identifier)) as p:
        stored = await change_carer(p, identifier, related)
    return answer_written(base_url(request), stored, 200, preferred_return(request))


async def delete(request: Request, service: Service, caller: Caller) -> Response:
    """`DELETE /RelatedPerson/id`: ends it, by the citizen or by the carer."""
    identifier = named_in(request)
    own = caller.patient is not None and owner_of(caller.patient) == owner_of(identifier)
    action = Action.INVITE_CARER if own else Action.ANSWER_INVITATION
    async with service.door.permit(caller, action, owner_of(identifier)) as p:
        stored = await end_care(p, identifier)
    return Response(status_code=204, headers={"etag": etag_of(stored), **PRIVATE})


async def accept(request: Request, service: Service, caller: Caller) -> Response:
    """`POST /RelatedPerson/id/$accept`."""
    return await _answer(request, service, caller, accepts=True)


async def refuse(request: Request, service: Service, caller: Caller) -> Response:
    """`POST /RelatedPerson/id/$refuse`."""
    return await _answer(request, service, caller, accepts=False)


async def _answer(request: Request, service: Service, caller: Caller, *, accepts: bool) -> Response:
    identifier = named_in(request)
    async with service.door.permit(caller, Action.ANSWER_INVITATION, owner_of(identifier)) as p:
        stored = await answer_invitation(p, identifier, accepts=accepts)
    return answer_written(base_url(request), stored, 200, preferred_return(request))


async def mine(request: Request, service: Service, caller: Caller) -> Response:
    """`GET /RelatedPerson/$mine`: the invitations for the caller, whoever sent them, with those that were accepted."""
    found = [one.related for one in await list_tied(service.door, caller)]
    base = base_url(request)
    links = {"self": f"{base}/RelatedPerson/$mine"}
    return answer(searchset(base, Entries(entries_of(found)), len(found), links)) if found else answer(orjson.dumps(_none(links)))


def _none(links: dict[str, str]) -> dict[str, object]:
    return {"resourceType": "Bundle", "type": "searchset", "total": 0, "link": [{"relation": "self", "url": links["self"]}]}
