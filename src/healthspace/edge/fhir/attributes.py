"""TD3.3a to d over HTTP: `PATCH /DocumentReference/id`, `PATCH /DocumentReference?identifier=…`, and `DELETE` as taking back."""

from collections.abc import Awaitable, Callable
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from healthspace.access.opening import Service
from healthspace.access.permit import Permit
from healthspace.access.rules import Action
from healthspace.base.errors import Invalid
from healthspace.base.ids import new_id, new_owner, owner_of
from healthspace.edge.fhir.act import base_url, read_body
from healthspace.edge.fhir.answer import PRIVATE, etag_of
from healthspace.edge.fhir.conditions import if_match, preferred_return
from healthspace.edge.fhir.controls import named_in
from healthspace.edge.fhir.search import BY_ID, BY_INS, owner_of_term
from healthspace.edge.fhir.write import answer_written, read_edit
from healthspace.fhir.resource_types import NUMBER
from healthspace.identity.caller import Caller
from healthspace.record.attributes import change_document, withdraw_document
from healthspace.resources.names import find_identified
from healthspace.resources.stored import Stored
from healthspace.terminology.uris import URIS

Change = Callable[[Permit, UUID], Awaitable[Stored]]


async def patch(request: Request, service: Service, caller: Caller) -> Response:
    """`PATCH /DocumentReference/id`."""
    return await _patch(request, service, caller, named_in(request))


async def patch_matching(request: Request, service: Service, caller: Caller) -> Response:
    """`PATCH /DocumentReference?identifier=…`, with or without the patient."""
    return await _patch(request, service, caller, await _identified(request, service))


async def delete(request: Request, service: Service, caller: Caller) -> Response:
    """`DELETE /DocumentReference/id`: taken back by its author (TD3.3c)."""
    return await _delete(request, service, caller, named_in(request))


async def delete_matching(request: Request, service: Service, caller: Caller) -> Response:
    """`DELETE /DocumentReference?identifier=…`."""
    return await _delete(request, service, caller, await _identified(request, service))


async def _patch(request: Request, service: Service, caller: Caller, identifier: UUID) -> Response:
    body = await read_body(request, service.settings.body_limit)
    edit, expected = read_edit(body, request.headers.get("content-type", ""), "DocumentReference"), if_match(request)
    about = (NUMBER["DocumentReference"], identifier)
    async with service.door.permit(caller, Action.CHANGE_DOCUMENT, owner_of(identifier) or None, about=about) as p:
        stored = await change_document(p, identifier, edit, expected)
    return answer_written(base_url(request), stored, 200, preferred_return(request))


async def _delete(request: Request, service: Service, caller: Caller, identifier: UUID) -> Response:
    about = (NUMBER["DocumentReference"], identifier)
    async with service.door.permit(caller, Action.WITHDRAW_DOCUMENT, owner_of(identifier) or None, about=about) as p:
        stored = await withdraw_document(p, identifier, if_match(request))
    return Response(status_code=204, headers={"etag": etag_of(stored), **PRIVATE})


async def _identified(request: Request, service: Service) -> UUID:
    """The one document that the conditions name; where there is none, or it takes the patient to tell which, one that is not there.

    Whoever asks is then refused by the door, as for a document that they may not see, and after as much work.
    """
    asked = dict(request.query_params)
    identifier = asked.pop("identifier", "")
    patient = [(name, asked.pop(name)) for name in list(asked) if name in BY_ID | BY_INS]
    unknown = next((name for name in asked if name not in {"_format", "_pretty", "status"}), None)
    if unknown is not None or not identifier:
        raise Invalid("a document is named by its identifier, and the patient", place=unknown or "identifier")
    system, separator, value = identifier.rpartition("|")
    async with service.door.database.reading() as tx:
        places = await find_identified(tx, service.door.keys, "DocumentReference", system if separator else URIS, value)
    owners: set[int | None] = set()
    if patient:
        owners = {await owner_of_term(service, name, said) for name, said in patient}
        places = [place for place in places if {place[0]} == owners]
    if len({identifier for _, identifier in places}) != 1:
        return new_id(next(iter(owners)) or new_owner()) if owners else new_id(new_owner())
    return places[0][1]
