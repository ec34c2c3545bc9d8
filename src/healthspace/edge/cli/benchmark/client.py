"""A client that costs little, so that what is measured is the service: one kept connection, HTTP/1.1, no redirects."""

import asyncio
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Request:
    """One request; `body` is JSON when there is one."""

    method: str
    path: str
    body: bytes = b""


class Client:
    """One connection that is used by one task."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, headers: bytes) -> None:
        self._reader, self._writer, self._headers = reader, writer, headers

    @classmethod
    async def connect(cls, address: str, token: str) -> "Client":
        parts = urlsplit(address)
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        headers = f"Host: {parts.netloc}\r\nAuthorization: Bearer {token}\r\nAccept: application/fhir+json\r\n"
        return cls(reader, writer, headers.encode())

    async def send(self, request: Request) -> tuple[int, bytes]:
        """Status and body of the answer."""
        head = f"{request.method} {request.path} HTTP/1.1\r\n".encode() + self._headers
        if request.body:
            head += b"Content-Type: application/fhir+json\r\nContent-Length: %d\r\n" % len(request.body)
        self._writer.write(head + b"\r\n" + request.body)
        answered = await self._reader.readuntil(b"\r\n\r\n")
        length = LENGTH.search(answered)
        body = await self._reader.readexactly(int(length[1])) if length else b""
        return int(answered[9:12]), body

    def close(self) -> None:
        self._writer.close()
