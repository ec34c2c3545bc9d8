"""The FHIR REST edge, mounted under /fhir: which interaction answers which request (R4 http.html#summary)."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from healthspace.access.opening import Service
from healthspace.access.rules import Action
from healthspace.base.errors import NotAllowed, NotFound
from healthspace.edge.fhir import history, operations, search, terminology, write
from healthspace.edge.fhir.act import Endpoint, Handler, act
from healthspace.edge.fhir.answer import answer_error
from healthspace.edge.fhir.bundle import process
from healthspace.edge.fhir.deposit import publish
from healthspace.edge.fhir.everything import everything
from healthspace.edge.fhir.metadata import metadata
from healthspace.edge.fhir.patient import search_patient
from healthspace.edge.fhir.read import read, read_binary
from healthspace.fhir.resource_types import NUMBER
from healthspace.identity.caller import Caller, Kind

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


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
        Interaction("GET", "/", Action.SEARCH_RESOURCES, search.search_system),
        Interaction("POST", "/_search", Action.SEARCH_RESOURCES, search.search_system),
        Interaction("GET", "/_history", Action.READ_HISTORY, _technical(history.history_of_system)),
        Interaction("POST", "/$convert", Action.READ_RESOURCE, operations.convert),
        *(Interaction(method, path, Action.READ_RESOURCE, handler) for method, path, handler in terminology.OPERATIONS),
        *_of_one_type("Patient", "GET", "/{id}/$everything", Action.SEARCH_RESOURCES, everything),
        *_of_one_type("Binary", "GET", "/{id}", Action.READ_CONTENT, read_binary, raw=True),
        *_of_one_type("Binary", "GET", "/{id}/_history/{version}", Action.READ_CONTENT, read_binary, raw=True),
        Interaction("POST", "/{type}/$validate", Action.READ_RESOURCE, _typed(operations.validate)),
        Interaction("POST", "/{type}/{id}/$validate", Action.READ_RESOURCE, _typed(operations.validate)),
        Interaction("GET", "/{type}/{id}/$meta", Action.READ_RESOURCE, _typed(operations.meta)),
        Interaction("POST", "/{type}/_search", Action.SEARCH_RESOURCES, _typed(_search)),
        Interaction("GET", "/{type}/_history", Action.READ_HISTORY, _typed(_technical(history.history_of_type))),
        Interaction("GET", "/{type}/{id}/_history", Action.READ_HISTORY, _typed(history.history_of_one)),
        Interaction("GET", "/{type}/{id}/_history/{version}", Action.READ_RESOURCE, _typed(read)),
        Interaction("POST", "/{type}/{id}/{inner}/_search", Action.SEARCH_RESOURCES, _typed(search.search_compartment)),
        Interaction("GET", "/{type}/{id}/{inner}", Action.SEARCH_RESOURCES, _typed(search.search_compartment)),
        Interaction("GET", "/{type}/{id}", Action.READ_RESOURCE, _typed(read)),
        Interaction("PUT", "/{type}/{id}", Action.WRITE_RESOURCES, _typed(_technical(write.update))),
        Interaction("PATCH", "/{type}/{id}", Action.WRITE_RESOURCES, _typed(_technical(write.patch))),
        Interaction("DELETE", "/{type}/{id}", Action.WRITE_RESOURCES, _typed(_technical(write.delete))),
        Interaction("GET", "/{type}", Action.SEARCH_RESOURCES, _typed(_search)),
        Interaction("POST", "/{type}", Action.WRITE_RESOURCES, _typed(_create)),
        Interaction("PUT", "/{type}", Action.WRITE_RESOURCES, _typed(_technical(write.update_matching))),
        Interaction("PATCH", "/{type}", Action.WRITE_RESOURCES, _typed(_technical(write.patch_matching))),
        Interaction("DELETE", "/{type}", Action.WRITE_RESOURCES, _typed(_technical(write.delete_matching))),
    ]


def routes() -> list[BaseRoute]:
    """The routes of this server; any other path under /fhir is answered with an OperationOutcome."""
    by_path: dict[str, dict[str, Endpoint]] = {}
    for one in interactions():
        by_path.setdefault(one.path, {})[one.method] = act(one.action, one.handler, raw=one.raw)
    found: list[BaseRoute] = [Route("/metadata", metadata, methods=["GET"]), Route("/metadata", _not_allowed, methods=list(METHODS))]
    for path, endpoints in by_path.items():
        found += [Route(path, endpoint, methods=[method]) for method, endpoint in endpoints.items()]
        if "{" not in path:
            found.append(_others(path, endpoints))
    found += [_others(path, endpoints) for path, endpoints in by_path.items() if "{" in path]
    return [*found, Route("/{rest:path}", _not_here, methods=list(METHODS))]


def _others(path: str, endpoints: dict[str, Endpoint]) -> Route:
    """The methods that a path does not have."""
    return Route(path, _not_allowed, methods=[method for method in METHODS if method not in endpoints])


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
    """TD02 for those who ask whether a citizen has a record; a search for everything else."""
    if request.path_params["type"] == "Patient" and caller.kind is not Kind.TECHNICAL:
        return await search_patient(request, service, caller)
    return await search.search_type(request, service, caller)


async def _create(request: Request, service: Service, caller: Caller) -> Response:
    """ITI-105 for those who feed the shared record; a creation for the technical caller."""
    if caller.kind is Kind.TECHNICAL:
        return await write.create(request, service, caller)
    if request.path_params["type"] != "DocumentReference":
        raise NotAllowed(place="method")
    return await publish(request, service, caller)


async def _not_here(request: Request) -> Response:
    return answer_error(NotFound())


async def _not_allowed(request: Request) -> Response:
    return answer_error(NotAllowed(place="method"))


async def at_base(request: Request) -> Response:
    """`/fhir` without a final slash is the same base."""
    action, handler = {"POST": (Action.DEPOSIT_DOCUMENT, process), "GET": (Action.SEARCH_RESOURCES, search.search_system)}[request.method]
    return await act(action, handler)(request)
