"""Wiring: settings, service, routes. With `settings.py`, the only module that knows everything."""

import time
from collections.abc import Awaitable, Callable

import structlog
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from healthspace.access.opening import Service
from healthspace.audit.origin import arrive
from healthspace.base.errors import HealthspaceError, NotAllowed, NotFound, Unavailable
from healthspace.edge import fhir, portal
from healthspace.edge.fhir.answer import answer_error
from healthspace.edge.measure import Measure
from healthspace.edge.worker.deliver import OutboxGauges
from healthspace.identity.sessions import Sessions
from healthspace.record.clinical.metrics import UNREAD

READY = "SELECT 1"

log = structlog.get_logger(__name__)


def create_app(service: Service) -> ASGIApp:
    """The whole service as one ASGI application, on a service that is open."""
    registry = CollectorRegistry()
    registry.register(UNREAD)
    pages = Starlette(
        routes=[
            Route("/healthz", _healthz),
            Route("/readyz", _readyz),
            Route("/metrics", _metrics(registry)),
            *portal.routes(),
        ],
        exception_handlers={HealthspaceError: _answer_error, HTTPException: _answer_http, Exception: _answer_crash},
    )
    pages.state.service = service
    return Measure(Front(pages, fhir.fhir_edge(), service.sessions), registry)


class Front:
    """FHIR requests go straight to their edge; the router of pages has the rest."""

    def __init__(self, pages: Starlette, edge: ASGIApp, sessions: Sessions) -> None:
        self._pages, self._edge, self._sessions = pages, edge, sessions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            _note_origin(scope)
            if time.monotonic() >= self._sessions.due:
                await _renew(self._sessions)
        if scope["type"] == "http" and (scope["path"].startswith("/fhir/") or scope["path"] == "/fhir"):
            scope["app"] = self._pages
            scope["front"] = self
            await self._edge(scope, receive, send)
        else:
            await self._pages(scope, receive, send)


async def _renew(sessions: Sessions) -> None:
    """While the database does not answer no token is read, and what needs none is answered."""
    try:
        await sessions.renew()
    except Unavailable:
        log.warning("sessions_unknown")


def _note_origin(scope: Scope) -> None:
    """Where the request comes from, for its line of the trail. What a page is asked for is told by its action."""
    address = scope["client"][0] if scope.get("client") else ""
    if scope["path"].startswith("/fhir"):
        agent = next((value for name, value in scope["headers"] if name == b"user-agent"), b"")
        arrive(address, agent.decode("latin-1"), scope["query_string"].decode("latin-1"))
    else:
        arrive(address, "portal", "")


async def _healthz(request: Request) -> Response:
    return PlainTextResponse("ok")


async def _readyz(request: Request) -> Response:
    service: Service = request.app.state.service
    try:
        async with service.door.database.reading() as tx:
            await tx.fetchval(READY)
    except HealthspaceError:
        return PlainTextResponse("the database does not answer", 503)
    return PlainTextResponse("ok")


def _metrics(registry: CollectorRegistry) -> Callable[[Request], Awaitable[Response]]:
    gauges = OutboxGauges(registry)

    async def metrics(request: Request) -> Response:
        service: Service = request.app.state.service
        await gauges.refresh(service.door)
        return Response(generate_latest(registry), headers={"content-type": CONTENT_TYPE_LATEST})

    return metrics


async def _answer_error(request: Request, error: Exception) -> Response:
    known = error if isinstance(error, HealthspaceError) else HealthspaceError("the service failed; nothing was stored")
    return answer_error(known) if request.scope["path"].startswith("/fhir") else portal.error_page(request, known)


async def _answer_http(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    return await _answer_error(
        request, {404: NotFound(), 405: NotAllowed(), 503: Unavailable()}.get(status, HealthspaceError("the request failed"))
    )


async def _answer_crash(request: Request, error: Exception) -> Response:
    log.error("request_failed", error=type(error).__name__)
    return await _answer_error(request, HealthspaceError("the service failed; nothing was stored"))
