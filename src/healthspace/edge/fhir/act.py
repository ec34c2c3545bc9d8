"""What every FHIR request goes through: identify the caller, act, and leave exactly one line of the trail."""

import re
from collections.abc import Awaitable, Callable
from urllib.parse import parse_qsl

import structlog
from starlette.requests import Request
from starlette.responses import Response

from healthspace.access.opening import Service
from healthspace.access.permit import is_told, trace_stranger
from healthspace.access.rules import Action
from healthspace.audit.origin import asked_in_body
from healthspace.base import clock
from healthspace.base.errors import HealthspaceError, InvalidResource, Malformed, NotAcceptable, TooLarge, Unauthenticated, UnsupportedMedia
from healthspace.edge.fhir.answer import answer_error
from healthspace.edge.fhir.formats import PLAIN, parse_body, rewrite, wanted_form
from healthspace.fhir.validate import validate
from healthspace.identity.caller import Caller
from healthspace.resources.indexing import Resource

Handler = Callable[[Request, Service, Caller], Awaitable[Response]]
Endpoint = Callable[[Request], Awaitable[Response]]

FORM = "application/x-www-form-urlencoded"
LONGEST_QUERY = 1 << 15
LONGEST_FORM = 1 << 17
MOST_TERMS = 200
CONTROL = re.compile(rb"%(?:0[0-8BCEF]|1[0-9A-F]|7F)", re.IGNORECASE)
"""Characters that no text of FHIR has (R4 datatypes.html#string), as an address says them."""

RECORD_ACTIONS = {
    (Action.READ_RESOURCE, "DocumentReference"): Action.READ_DOCUMENT,
    (Action.READ_RESOURCE, "AuditEvent"): Action.READ_TRAIL,
    (Action.SEARCH_RESOURCES, "AuditEvent"): Action.READ_TRAIL,
    (Action.WRITE_RESOURCES, "Communication"): Action.CHANGE_NOTIFICATIONS,
    (Action.WRITE_RESOURCES, "Task"): Action.REPORT_ACCESS,
    (Action.READ_RESOURCE, "List"): Action.READ_DOCUMENT,
    (Action.READ_RESOURCE, "Patient"): Action.READ_PATIENT,
    (Action.SEARCH_RESOURCES, "DocumentReference"): Action.SEARCH_DOCUMENTS,
    (Action.SEARCH_RESOURCES, "List"): Action.SEARCH_SUBMISSIONS,
    (Action.SEARCH_RESOURCES, "Patient"): Action.FIND_PATIENT,
    (Action.READ_RESOURCE, "Consent"): Action.READ_ACCESS,
    (Action.SEARCH_RESOURCES, "Consent"): Action.READ_ACCESS,
    (Action.READ_RESOURCE, "RelatedPerson"): Action.READ_ACCESS,
    (Action.SEARCH_RESOURCES, "RelatedPerson"): Action.READ_ACCESS,
    (Action.WRITE_RESOURCES, "DocumentReference"): Action.DEPOSIT_DOCUMENT,
}
"""What the shared record calls an interaction on one of its own types."""

MOST_BASES = 256
_bases = dict[tuple[str, str | None, str | None], str]()
"""Addresses by which we were asked, by scheme, host and root: nearly always one."""

log = structlog.get_logger(__name__)


def act(general: Action, handler: Handler, *, raw: bool = False) -> Endpoint:
    """An endpoint that does `handler` for an identified caller. Whatever goes wrong before a permit is traced here.

    `general` is what is traced, by the name that the shared record has for it where it has one.
    `raw`: it may also answer in another form than FHIR, as it is asked to (Binary).
    """

    async def endpoint(request: Request) -> Response:
        service: Service = request.app.state.service
        action = RECORD_ACTIONS.get((general, request.path_params.get("type", "")), general)
        try:
            caller = identify(request, service)
        except Unauthenticated as error:
            return await _answer_stranger(service, action, error)
        try:
            form, doing = wanted_form(request), handler
        except NotAcceptable as error:
            # Nothing is done for nothing; the refusal itself is JSON.
            form, doing = PLAIN, handler if raw else _refuse(error)
        return rewrite(await _try(request, service, caller, action, doing), form)

    return endpoint


def _refuse(error: HealthspaceError) -> Handler:
    async def refused(request: Request, service: Service, caller: Caller) -> Response:
        raise error

    return refused


async def _try(request: Request, service: Service, caller: Caller, action: Action, handler: Handler) -> Response:
    try:
        return await handler(request, service, caller)
    except HealthspaceError as error:
        if not is_told(error):
            await service.door.trace_failure(caller, action, None, error)
        return answer_error(error)
    except Exception as error:
        log.error("act_failed", action=action.value, error=type(error).__name__)
        await service.door.trace_failure(caller, action, None, error)
        return answer_error(HealthspaceError("the service failed; nothing was stored"))


def identify(request: Request, service: Service) -> Caller:
    """The caller of the bearer token (RFC 6750)."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated("a bearer token is needed", place="Authorization")
    return service.tokens.read(token.strip(), clock.now())


def base_url(request: Request) -> str:
    """The address of this API as the client knows it."""
    asked = request.scope["scheme"], request.headers.get("host"), request.scope.get("root_path")
    known = _bases.get(asked)
    if known is None:
        if len(_bases) >= MOST_BASES:
            _bases.clear()
        known = _bases[asked] = f"{str(request.base_url).rstrip('/')}/fhir"
    return known


async def read_body(request: Request, limit: int) -> bytes:
    """The body; TooLarge as soon as it passes `limit` bytes, without keeping what follows. No content coding is undone (RFC 9110 8.4)."""
    if request.headers.get("content-encoding", "identity") != "identity":
        raise UnsupportedMedia("send the body as it is", place="Content-Encoding")
    said = request.headers.get("content-length", "0")
    if said.isdecimal() and len(said) < 20 and int(said) > limit:
        raise TooLarge(f"a request may have {limit // 1024:,} KiB at most", place="Content-Length")
    received = bytearray()
    async for chunk in request.stream():
        received += chunk
        if len(received) > limit:
            raise TooLarge(f"a request may have {limit // 1024:,} KiB at most", place="Content-Length")
    return bytes(received)


async def read_resource(request: Request, limit: int) -> Resource:
    """The resource in the body, valid by FHIR R4; InvalidResource tells every fault."""
    resource = await read_unchecked(request, limit)
    check(resource)
    return resource


async def read_unchecked(request: Request, limit: int) -> Resource:
    """The resource in the body, whatever it says."""
    resource: Resource = parse_body(await read_body(request, limit), request.headers.get("content-type", ""))
    return resource


def check(resource: Resource) -> None:
    """InvalidResource, with every fault, when `resource` is not valid by FHIR R4."""
    if faults := validate(resource):
        raise InvalidResource([(fault.code, fault.message, fault.expression) for fault in faults])


async def read_terms(request: Request) -> list[tuple[str, str]]:
    """The parameters of a search, from the query and, for POST _search, from the form."""
    terms = _read_form(request.scope["query_string"])
    if request.method == "POST":
        body = await read_body(request, LONGEST_FORM)
        media_type = request.headers.get("content-type", FORM).partition(";")[0].strip().lower()
        if body and media_type != FORM:
            raise UnsupportedMedia(f"send {FORM}", place="Content-Type")
        terms += _read_form(body, LONGEST_FORM)
        asked_in_body(body.decode("latin-1"))
    return terms


def _read_form(text: bytes, longest: int = LONGEST_QUERY) -> list[tuple[str, str]]:
    if len(text) > longest:
        raise TooLarge(f"a search may have {longest // 1024} KiB at most", place="query")
    if CONTROL.search(text) is not None:
        raise Malformed("a search holds no control characters", place="query")
    try:
        return parse_qsl(text.decode("latin-1"), keep_blank_values=True, max_num_fields=MOST_TERMS)
    except ValueError:
        raise TooLarge(f"a search may have {MOST_TERMS} parameters at most", place="query") from None


async def _answer_stranger(service: Service, action: Action, error: Unauthenticated) -> Response:
    try:
        await trace_stranger(service.door, action, error)
    except HealthspaceError as failure:
        return answer_error(failure)
    return answer_error(error)
