"""Visiting the pages in tests: who is signed in, what a page says, what it left in the trail."""

import re
from collections.abc import Awaitable, Callable
from html import unescape
from io import BytesIO
from uuid import UUID

import asyncpg
import httpx
from reportlab.pdfgen.canvas import Canvas

from healthspace.access.opening import Service
from healthspace.edge.portal.pages import LANGUAGE
from healthspace.edge.portal.session import SESSION
from healthspace.identity.personas import Role
from tests.harness import lines_of, token_of

HERE = {"sec-fetch-site": "same-origin"}

Deposit = Callable[..., Awaitable[str]]


def a_pdf(pages: int = 1) -> bytes:
    written = BytesIO()
    canvas = Canvas(written, invariant=True)
    for number in range(1, pages + 1):
        canvas.drawString(72, 700, f"Page {number} du courrier")
        canvas.showPage()
    canvas.save()
    return written.getvalue()


def signed_in(service: Service, client: httpx.AsyncClient, who: Role | UUID, language: str = "fr") -> httpx.AsyncClient:
    client.cookies.clear()
    client.cookies.set(SESSION, token_of(service, who))
    client.cookies.set(LANGUAGE, language)
    return client


async def since(connection: asyncpg.Connection, before: int) -> list[tuple[str, str, str]]:
    return (await lines_of(connection))[before:]


async def count(connection: asyncpg.Connection) -> int:
    return len(await lines_of(connection))


def words(answer: httpx.Response) -> str:
    """What a person reads of a page."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", re.sub(r"(?s)<head>.*?</head>", " ", answer.text))).split())
