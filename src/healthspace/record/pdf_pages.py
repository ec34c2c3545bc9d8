"""Pages of a PDF as pictures and text, made by `pdf_worker` in a process apart.

Browsers show no PDF in a sandboxed frame, and a PDF is a program of a kind: it is opened where it can do no harm, and what
reaches the citizen's browser is pixels.
"""

import asyncio
import json
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from dataclasses import dataclass
from functools import cache

from healthspace.base.errors import Invalid

PAGES_A_VIEW = 10
PAGES_READ = 50
"""Pages of which the text is read."""
SECONDS = 15.0
LARGEST_ANSWER = 48 << 20
"""Octets of pictures of one view: ten pages of photographs."""
WORKERS = 2
"""PDFs opened at the same time by one process; the others wait."""


@dataclass(frozen=True, slots=True)
class PdfPage:
    """One page: its number (1 is the first), its picture (PNG) with the size in pixels, its text (empty for a scan)."""

    number: int
    width: int
    height: int
    png: bytes
    text: str


@dataclass(frozen=True, slots=True)
class PdfView:
    """Some pages of a PDF, and how many it has."""

    pages: tuple[PdfPage, ...]
    total: int


class PdfViewer:
    """Opens PDFs, `WORKERS` at a time."""

    def __init__(self, *, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self._turns = asyncio.Semaphore(WORKERS)

    async def open(self, content: bytes, *, first: int = 1, count: int = PAGES_A_VIEW) -> PdfView:
        """Up to `count` pages from page `first`. Invalid when the PDF cannot be read, or not within the limits."""
        return _read_view(await self._ask(content, str(first), str(min(count, PAGES_A_VIEW))))

    async def read_text(self, content: bytes) -> list[str]:
        """The text of the first pages, which takes no drawing. Invalid when the PDF cannot be read, or not within the limits."""
        _, *texts = _read_frames(await self._ask(content, "1", str(PAGES_READ), "text"))
        return [text.decode("utf-8", "replace") for text in texts]

    async def _ask(self, content: bytes, *arguments: str) -> bytes:
        async with self._turns:
            worker = await asyncio.create_subprocess_exec(
                sys.executable,
                "-I",
                "-m",
                "healthspace.record.pdf_worker",
                *arguments,
                stdin=PIPE,
                stdout=PIPE,
                stderr=DEVNULL,
                env={},
                cwd="/",
            )
            try:
                return await asyncio.wait_for(_talk(worker, content), self._seconds)
            except TimeoutError:
                raise Invalid("this PDF takes too long to open") from None
            finally:
                await _end(worker)


@cache
def pdf_viewer() -> PdfViewer:
    """The viewer that everything in this process shares."""
    return PdfViewer()


async def _talk(worker: Process, content: bytes) -> bytes:
    if worker.stdin is None or worker.stdout is None:
        raise RuntimeError("a process without pipes")
    sending = asyncio.create_task(_send(worker.stdin, content))
    try:
        answer = bytearray()
        while chunk := await worker.stdout.read(1 << 16):
            answer += chunk
            if len(answer) > LARGEST_ANSWER:
                raise Invalid("the pages of this PDF are too large to be shown")
        if await worker.wait():
            raise Invalid("this PDF cannot be read")
        return bytes(answer)
    finally:
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)


async def _send(entrance: asyncio.StreamWriter, content: bytes) -> None:
    entrance.write(content)
    await entrance.drain()
    entrance.close()


async def _end(worker: Process) -> None:
    """Leaves no process behind, whatever happened."""
    if worker.returncode is None:
        worker.kill()
    await worker.wait()


def _read_frames(answer: bytes) -> list[bytes]:
    """The worker has read a hostile file: its answer is checked like any other input."""
    frames: list[bytes] = []
    place = 0
    while place < len(answer):
        length = int.from_bytes(answer[place : place + 4], "big")
        frames.append(answer[place + 4 : place + 4 + length])
        place += 4 + length
    if place != len(answer) or not frames:
        raise Invalid("this PDF cannot be read")
    return frames


def _read_view(answer: bytes) -> PdfView:
    frames = _read_frames(answer)
    if len(frames) % 3 != 1:
        raise Invalid("this PDF cannot be read")
    try:
        total = int(json.loads(frames[0])["pages"])
        pages = tuple(_read_page(*frames[index : index + 3]) for index in range(1, len(frames), 3))
    except (ValueError, KeyError, TypeError):
        raise Invalid("this PDF cannot be read") from None
    return PdfView(pages, total)


def _read_page(facts: bytes, png: bytes, text: bytes) -> PdfPage:
    told = json.loads(facts)
    if not png.startswith(b"\x89PNG\r\n\x1a\n"):
        raise ValueError("not a picture")
    return PdfPage(int(told["number"]), int(told["width"]), int(told["height"]), png, text.decode("utf-8", "replace"))
