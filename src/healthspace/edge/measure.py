"""Counts and times requests for operators: by route, method and status, never by path, which may hold an id."""

import time

from prometheus_client import CollectorRegistry, Counter, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from healthspace.fhir.resource_types import NUMBER


class Measure:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp, registry: CollectorRegistry) -> None:
        self._app = app
        self._requests = Counter("healthspace_requests", "Requests answered", ["route", "method", "status"], registry=registry)
        self._seconds = Histogram("healthspace_request_seconds", "Time to answer", ["route"], registry=registry)
        self._known = dict[tuple[str, str, int], tuple[Counter, Histogram]]()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status, began = 500, time.perf_counter()

        async def note_status(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, note_status)
        finally:
            counted, timed = self._labelled(_family(scope["path"], status), scope["method"], status)
            counted.inc()
            timed.observe(time.perf_counter() - began)

    def _labelled(self, family: str, method: str, status: int) -> tuple[Counter, Histogram]:
        """The two of one kind of request, remembered: there are few kinds, and looking labels up is dear."""
        known = self._known.get((family, method, status))
        if known is None:
            known = self._requests.labels(family, method, str(status)), self._seconds.labels(family)
            self._known[family, method, status] = known
        return known


def _family(path: str, status: int) -> str:
    """The kind of place a path leads to: "/fhir/DocumentReference", "/documents"; never an id, and nothing a stranger made up."""
    first, second = (*path.split("/")[1:3], "", "")[:2]
    if first == "fhir":
        return f"/fhir/{second}" if second in NUMBER or second == "metadata" else "/fhir"
    return f"/{first}" if status not in {404, 405} else "other"
