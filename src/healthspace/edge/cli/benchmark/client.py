"""A client that costs little, so that what is measured is the server: one kept connection, HTTP/1.1, no redirects."""

import asyncio
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
CHUNKED = re.compile(rb"\r\ntransfer-encoding: *chunked", re.IGNORECASE)
LARGEST_HEAD = 1 << 20


@dataclass(frozen=True, slots=True)
class Request:
    """One request; `path` begins after the base; `body` is JSON when there is one."""

    method: str
    path: str
    body: bytes = b""


class Client:
    """One connection that is used by one task."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, headers: bytes, prefix: str) -> None:
        self._reader, self._writer, self._headers, self._prefix = reader, writer, headers, prefix

    @classmethod
    async def connect(cls, base: str, token: str | None) -> "Client":
        """A connection to the server of `base` (http only: what is measured runs on this machine or beside it)."""
        parts = urlsplit(base)
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port or 80, limit=LARGEST_HEAD)
        authorization = f"Authorization: Bearer {token}\r\n" if token else ""
        headers = f"Host: {parts.netloc}\r\n{authorization}Accept: application/fhir+json\r\n"
        return cls(reader, writer, headers.encode(), parts.path.rstrip("/"))

    async def send(self, request: Request) -> tuple[int, bytes]:
        """Status and body of the answer."""
        head = f"{request.method} {self._prefix}{request.path} HTTP/1.1\r\n".encode() + self._headers
        if request.body:
            head += b"Content-Type: application/fhir+json\r\nContent-Length: %d\r\n" % len(request.body)
        self._writer.write(head + b"\r\n" + request.body)
        answered = await self._reader.readuntil(b"\r\n\r\n")
        if CHUNKED.search(answered):
            return int(answered[9:12]), await self._read_chunks()
        length = LENGTH.search(answered)
        body = await self._reader.readexactly(int(length[1])) if length else b""
        return int(answered[9:12]), body

    async def _read_chunks(self) -> bytes:
        body = b""
        while size := int((await self._reader.readline()).split(b";")[0], 16):
            body += await self._reader.readexactly(size)
            await self._reader.readline()
        await self._reader.readline()
        return body

    def close(self) -> None:
        self._writer.close()
