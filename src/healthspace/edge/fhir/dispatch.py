"""From a request under /fhir to its interaction: a plain ASGI callable ahead of the router of pages, because most requests come here."""

from collections.abc import Iterable
from dataclasses import dataclass

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from healthspace.base.errors import HealthspaceError, NotAllowed, NotFound
from healthspace.edge.fhir.act import Endpoint
from healthspace.edge.fhir.answer import answer_error

PREFIX = "/fhir"

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Target:
    """A path with the endpoint of each of its methods: steps that begin with { take any one step."""

    steps: tuple[str, ...]
    endpoints: dict[str, Endpoint]

    def match(self, steps: list[str]) -> dict[str, str] | None:
        """The steps that the path leaves open, by name; None when `steps` are another path."""
        found = {}
        for wanted, step in zip(self.steps, steps, strict=True):
            if wanted[0] == "{":
                found[wanted[1:-1]] = step
            elif wanted != step:
                return None
        return found


class Dispatch:
    """The FHIR edge as an ASGI callable. Paths that say more come before those that leave more open."""

    def __init__(self, routes: Iterable[tuple[str, str, Endpoint]]) -> None:
        by_path: dict[str, dict[str, Endpoint]] = {}
        for method, path, endpoint in routes:
            by_path.setdefault(path, {})[method] = endpoint
        targets = [Target(tuple(step for step in path.split("/") if step), endpoints) for path, endpoints in by_path.items()]
        self._open = _by_length(target for target in targets if not target.steps or target.steps[0][0] == "{")
        """The targets whose first step may be anything, by the number of steps."""
        self._named = {
            first: _by_length(target for target in targets if not target.steps or target.steps[0] == first or target.steps[0][0] == "{")
            for first in {target.steps[0] for target in targets if target.steps and target.steps[0][0] != "{"}
        }
        """The targets that a first step of their own may lead to, by that step, then by the number of steps."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        method = "GET" if scope["method"] == "HEAD" else scope["method"]
        steps = [step for step in scope["path"][len(PREFIX) :].split("/") if step]
        endpoint, scope["path_params"] = self._find(steps, method)
        response = await self._answer(endpoint, Request(scope, receive, send))
        await response(scope, receive, send)

    def _find(self, steps: list[str], method: str) -> tuple[Endpoint | HealthspaceError, dict[str, str]]:
        known = set[str]()
        for target in self._named.get(steps[0] if steps else "", self._open).get(len(steps), ()):
            found = target.match(steps)
            if found is None:
                continue
            if method in target.endpoints:
                return target.endpoints[method], found
            known |= target.endpoints.keys()
            if not found:
                break
        if not known:
            return NotFound(), {}
        refused = NotAllowed(place="method")
        refused.allow = ", ".join(sorted(known | ({"HEAD"} if "GET" in known else set())))
        return refused, {}

    async def _answer(self, endpoint: Endpoint | HealthspaceError, request: Request) -> Response:
        if isinstance(endpoint, HealthspaceError):
            return answer_error(endpoint)
        try:
            return await endpoint(request)
        except HealthspaceError as error:
            return answer_error(error)
        except Exception as error:
            log.error("request_failed", error=type(error).__name__)
            return answer_error(HealthspaceError("the service failed; nothing was stored"))


def _by_length(targets: Iterable[Target]) -> dict[int, list[Target]]:
    found: dict[int, list[Target]] = {}
    for target in targets:
        found.setdefault(len(target.steps), []).append(target)
    return found
