"""A request within a request: an entry of a batch goes through the same door, and leaves the same trace, as one that came alone."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.types import Message

from healthspace.edge.fhir.formats import FHIR_JSON


@dataclass(frozen=True, slots=True)
class Answered:
    """What an inner request was answered."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def is_fhir(self) -> bool:
        return self.headers.get("content-type") == FHIR_JSON and bool(self.body)


async def send_inner(request: Request, method: str, address: str, headers: dict[str, str], body: bytes = b"") -> Answered:
    """Sends `address` (relative to the base) through this application, by the caller of `request`."""
    path, _, query = address.partition("?")
    kept = {"authorization": request.headers.get("authorization", ""), "host": request.headers.get("host", ""), **headers}
    scope = {
        **{
            name: request.scope[name]
            for name in ("type", "asgi", "http_version", "scheme", "server", "client", "app", "front")
            if name in request.scope
        },
        "root_path": "",
        "method": method,
        "path": f"/fhir/{path}",
        "raw_path": f"/fhir/{path}".encode(),
        "query_string": query.encode(),
        "headers": [(name.lower().encode(), value.encode("latin-1", "replace")) for name, value in kept.items()],
        "state": {},
    }
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    await request.scope["front"](scope, receive, send)
    start = next(message for message in sent if message["type"] == "http.response.start")
    told = {name.decode().lower(): value.decode("latin-1") for name, value in start["headers"]}
    return Answered(
        start["status"], told, b"".join(message.get("body", b"") for message in sent if message["type"] == "http.response.body")
    )
