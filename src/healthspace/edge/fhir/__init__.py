"""The FHIR REST edge, mounted under /fhir: which interaction answers which request (R4 http.html#summary)."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from healthspace.access.opening import Service
from healthspace.access.rules import Action
from healthspace.base.errors import NotAllowed, NotFound
from healthspace.edge.fhir import attributes, carers, centre, controls, history, life, operations, search, terminology, write
from healthspace.edge.fhir.act import Endpoint, Handler, act
from healthspace.edge.fhir.audit_event import read_audit, search_audit
from healthspace.edge.fhir.bundle import process
from healthspace.edge.fhir.deposit import publish
from healthspace.edge.fhir.dispatch import Dispatch
from healthspace.edge.fhir.everything import everything
from healthspace.edge.fhir.lastn import lastn
from healthspace.edge.fhir.metadata import metadata
from healthspace.edge.fhir.patient import search_patient
from healthspace.edge.fhir.preview import preview
from healthspace.edge.fhir.read import read, read_binary
from healthspace.edge.fhir.search_types import search_system
from healthspace.edge.fhir.summary import summary
from healthspace.fhir.resource_types import NUMBER
from healthspace.identity.caller import Caller, Kind


@dataclass(frozen=True, slots=True)
class Interaction:
    """One interaction: where, how, what is traced, and what does it."""

    method: str
    path: str
    action: Action
    handler: Handler
    raw: bool = False


def interactions() -> list[Interaction]:
    """Every interaction of this server, the most particular paths first."""
    return [
        Interaction("POST", "/", Action.DEPOSIT_DOCUMENT, process),
        Interaction("GET", "/", Action.SEARCH_RESOURCES, search_system),
        Interaction("POST", "/_search", Action.SEARCH_RESOURCES, search_system),
        Interaction("GET", "/_history", Action.READ_HISTORY, _technical(history.history_of_system)),
        Interaction("POST", "/$convert", Action.READ_RESOURCE, operations.convert),
        *(Interaction(method, path, Action.READ_RESOURCE, handler) for method, path, handler in terminology.OPERATIONS),
        *_of_two_methods("Patient", "/{id}/$everything", everything),
        *_of_two_methods("Patient", "/{id}/$summary", summary),
        *_of_two_methods("Patient", "/$summary", summary),
        *_of_two_methods("Observation", "/$lastn", lastn),
        *_of_one_type("Binary", "GET", "/{id}", Action.READ_CONTENT, read_binary, raw=True),
        *_of_one_type("Binary", "GET", "/{id}/_history/{version}", Action.READ_CONTENT, read_binary, raw=True),
        *_of_one_type("AuditEvent", "GET", "/{id}", Action.READ_TRAIL, read_audit),
        *_of_one_type("AuditEvent", "GET", "/{id}/_history/{version}", Action.READ_TRAIL, read_audit),
        *_of_the_citizen(),
        Interaction("POST", "/{type}/$validate", Action.READ_RESOURCE, _typed(operations.validate)),
        Interaction("POST", "/{type}/{id}/$validate", Action.READ_RESOURCE, _typed(operations.validate)),
        Interaction("GET", "/{type}/{id}/$validate", Action.READ_RESOURCE, _typed(operations.validate)),
        Interaction("GET", "/{type}/{id}/$meta", Action.READ_RESOURCE, _typed(operations.meta)),
        Interaction("POST", "/{type}/_search", Action.SEARCH_RESOURCES, _typed(_search)),
        Interaction("GET", "/{type}/_history", Action.READ_HISTORY, _typed(_technical(history.history_of_type))),
        Interaction("GET", "/{type}/{id}/_history", Action.READ_HISTORY, _typed(history.history_of_one)),
        Interaction("GET", "/{type}/{id}/_history/{version}", Action.READ_RESOURCE, _typed(read)),
        Interaction("POST", "/{type}/{id}/{inner}/_search", Action.SEARCH_RESOURCES, _typed(search.search_compartment)),
        Interaction("GET", "/{type}/{id}/{inner}", Action.SEARCH_RESOURCES, _typed(search.search_compartment)),
        Interaction("GET", "/{type}/{id}", Action.READ_RESOURCE, _typed(read)),
        Interaction("PUT", "/{type}/{id}", Action.WRITE_RESOURCES, _typed(_for(UPDATES, write.update))),
        Interaction("PATCH", "/{type}/{id}", Action.WRITE_RESOURCES, _typed(_for(PATCHES, write.patch))),
        Interaction("DELETE", "/{type}/{id}", Action.WRITE_RESOURCES, _typed(_for(DELETIONS, write.delete))),
        Interaction("GET", "/{type}", Action.SEARCH_RESOURCES, _typed(_search)),
        Interaction("POST", "/{type}", Action.WRITE_RESOURCES, _typed(_for(CREATIONS, write.create))),
        Interaction("PUT", "/{type}", Action.WRITE_RESOURCES, _typed(_technical(write.update_matching))),
        Interaction("PATCH", "/{type}", Action.WRITE_RESOURCES, _typed(_for(CONDITIONAL_PATCHES, write.patch_matching))),
        Interaction("DELETE", "/{type}", Action.WRITE_RESOURCES, _typed(_for(CONDITIONAL_DELETIONS, write.delete_matching))),
    ]


def _of_the_citizen() -> list[Interaction]:
    """The operations of the life of a record, of its holder's choices and of carers."""
    return [
        *(
            one
            for name, (action, _) in life.STEPS.items()
            for one in _of_one_type("Patient", "POST", f"/{{id}}/{name}", action, life.step(name))
        ),
        *_of_one_type("Patient", "POST", "/{id}/$close", Action.CLOSE_SPACE, life.close),
        *_of_one_type("Patient", "POST", "/{id}/$erase", Action.ERASE_SPACE, life.erase),
        *_of_one_type("Patient", "POST", "/$open", Action.OPEN_SPACE, life.open_record),
        *_of_one_type("RelatedPerson", "GET", "/$mine", Action.READ_ACCESS, carers.mine),
        *_of_one_type("RelatedPerson", "POST", "/{id}/$accept", Action.ANSWER_INVITATION, carers.accept),
        *_of_one_type("RelatedPerson", "POST", "/{id}/$refuse", Action.ANSWER_INVITATION, carers.refuse),
        *_of_one_type("Patient", "GET", "/{id}/$preview-access", Action.PREVIEW_ACCESS, preview),
    ]


def fhir_edge() -> Dispatch:
    """The whole edge: every interaction with its endpoint. Any other path under /fhir is answered with an OperationOutcome."""
    found: list[tuple[str, str, Endpoint]] = [("GET", "/metadata", metadata)]
    found += [(one.method, one.path, act(one.action, one.handler, raw=one.raw)) for one in interactions()]
    return Dispatch(found)


def _of_two_methods(type_: str, rest: str, handler: Handler) -> list[Interaction]:
    """An operation of one type that reads: asked for by GET, or by POST with its parameters in the body."""
    return [one for method in ("GET", "POST") for one in _of_one_type(type_, method, rest, Action.SEARCH_RESOURCES, handler)]


def _of_one_type(type_: str, method: str, rest: str, action: Action, handler: Handler, *, raw: bool = False) -> list[Interaction]:
    """An interaction that only one type has."""

    async def for_type(request: Request, service: Service, caller: Caller) -> Response:
        request.path_params["type"] = type_
        return await handler(request, service, caller)

    return [Interaction(method, f"/{type_}{rest}", action, for_type, raw)]


def _typed(handler: Handler) -> Handler:
    """`handler`, for paths that begin with a resource type."""

    async def for_known(request: Request, service: Service, caller: Caller) -> Response:
        if request.path_params["type"] not in NUMBER:
            raise NotFound
        return await handler(request, service, caller)

    return for_known


def _technical(handler: Handler) -> Handler:
    """`handler`, for the technical caller: others write through the shared record, whose rules say what they may change."""

    async def for_technical(request: Request, service: Service, caller: Caller) -> Response:
        if caller.kind is not Kind.TECHNICAL:
            raise NotAllowed(place="method")
        return await handler(request, service, caller)

    return for_technical


async def _search(request: Request, service: Service, caller: Caller) -> Response:
    """TD02 for those who ask whether a citizen has a record; the trail; a search for everything else."""
    if request.path_params["type"] == "AuditEvent":
        return await search_audit(request, service, caller)
    if request.path_params["type"] == "Patient" and caller.kind is not Kind.TECHNICAL:
        return await search_patient(request, service, caller)
    return await search.search_type(request, service, caller)


CREATIONS: dict[str, Handler] = {
    "DocumentReference": publish,
    "Consent": controls.create,
    "CareTeam": controls.create,
    "RelatedPerson": carers.create,
    "Task": centre.ask,
}
UPDATES: dict[str, Handler] = {
    "Consent": controls.update,
    "CareTeam": controls.update,
    "RelatedPerson": carers.update,
    "Communication": centre.change_notification,
}
PATCHES: dict[str, Handler] = {"DocumentReference": attributes.patch}
CONDITIONAL_PATCHES: dict[str, Handler] = {"DocumentReference": attributes.patch_matching}
DELETIONS: dict[str, Handler] = {
    "DocumentReference": attributes.delete,
    "Consent": controls.delete,
    "CareTeam": controls.delete,
    "RelatedPerson": carers.delete,
    "Communication": centre.remove_notification,
}
CONDITIONAL_DELETIONS: dict[str, Handler] = {"DocumentReference": attributes.delete_matching}
"""What citizens, professionals and structures write, by type: documents by ITI-105, and the controls of the citizen."""


def _for(others: dict[str, Handler], technical: Handler) -> Handler:
    """`technical` for the technical caller; for all others the handler of the type, where there is one."""

    async def for_caller(request: Request, service: Service, caller: Caller) -> Response:
        if caller.kind is Kind.TECHNICAL:
            return await technical(request, service, caller)
        handler = others.get(request.path_params["type"])
        if handler is None:
            raise NotAllowed(place="method")
        return await handler(request, service, caller)

    return for_caller
