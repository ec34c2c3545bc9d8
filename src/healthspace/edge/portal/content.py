"""How the bytes of a document become something to read; every way ends in a page, with the original to download."""

import asyncio
import base64
import re
from dataclasses import dataclass, replace

from healthspace.base.documents import Attachment, Rendered
from healthspace.base.errors import HealthspaceError
from healthspace.base.html import safe_language
from healthspace.base.media import text_of
from healthspace.cda.parse import parse_cda
from healthspace.cda.render import render as render_clinical_document
from healthspace.edge.portal.document_view import Content, ShownPage
from healthspace.edge.portal.language import Language
from healthspace.fhir.bundle import read_document_bundle
from healthspace.fhir.document import render as render_bundle
from healthspace.fhir.document_reference import attachment_of
from healthspace.record.pdf_pages import PAGES_A_VIEW, pdf_viewer
from healthspace.record.read import Document

XML = frozenset({"text/xml", "application/xml", "application/xslt+xml"})
WRITTEN = XML | {"application/fhir+json", "application/json"}
PDF = "application/pdf"
LARGEST_IMAGE = 5_000_000
"""Octets of an image that a page may carry."""
LARGEST_TEXT = 500_000
"""Characters of a text that a page may carry."""
EMPTY_HEADING = re.compile(r'<th((?: [a-z]+="[^"]*")*?)(?: scope="(?:col|row)")?></th>')
TABLE = '<div class="narrative-table">'


@dataclass(frozen=True, slots=True)
class Opened:
    """A document opened to be read: what to show, and the files inside it."""

    content: Content
    attachments: tuple[Attachment, ...] = ()


async def open_content(document: Document, language: Language, *, first: int) -> Opened:
    """What to show of `document`; of a PDF, the pages from `first` on."""
    media_type = media_type_of(document)
    if media_type in WRITTEN:
        return await _open_written(document, language, first)
    if media_type == PDF:
        return Opened(await _open_pdf(document.content, language, first))
    return Opened(_open_plain(document.content, media_type, language))


def media_type_of(document: Document) -> str:
    """The media type without its parameters."""
    return document.media_type.partition(";")[0].strip().lower()


def read_attachments(document: Document) -> tuple[Attachment, ...]:
    """The files inside a document, in the order of its page; none when it is of a kind that holds none."""
    return render_document(document, "fr").attachments if media_type_of(document) in WRITTEN else ()


def render_document(document: Document, language: str) -> Rendered:
    """A clinical document, or a FHIR document Bundle, in our own markup."""
    if media_type_of(document) in XML:
        return render_clinical_document(parse_cda(document.content), language=language)
    return render_bundle(read_document_bundle(document.content), language=language)


async def _open_written(document: Document, language: Language, first: int) -> Opened:
    try:
        rendered = await asyncio.to_thread(render_document, document, language.code)
    except HealthspaceError:
        return Opened(_explain(language.say("Its text cannot be read.")))
    if rendered.sections_html:
        spoken = safe_language(str(attachment_of(document.reference).get("language", ""))) or ""
        html = make_reachable(rendered.sections_html, language)
        return Opened(Content("narrative", html=html, language=spoken), rendered.attachments)
    body = next((file for file in rendered.attachments if file.media_type == PDF), None)
    if body is None:
        return Opened(_explain(language.say("It is a file that a browser cannot show.")), rendered.attachments)
    return Opened(await _open_pdf(body.data, language, first), rendered.attachments)


async def _open_pdf(content: bytes, language: Language, first: int) -> Content:
    try:
        view = await pdf_viewer().open(content, first=first)
    except HealthspaceError:
        return _explain(language.say("This PDF is damaged, locked or too heavy."))
    if not view.pages and first > 1:
        return await _open_pdf(content, language, 1)
    pages = tuple(ShownPage(page.number, page.width, page.height, _embed(page.png, "image/png"), page.text) for page in view.pages)
    return Content("pages", pages=pages, last=view.total, earlier=max(1, first - PAGES_A_VIEW))


def _open_plain(content: bytes, media_type: str, language: Language) -> Content:
    if media_type == "image/jpeg" and content.startswith(b"\xff\xd8\xff"):
        if len(content) > LARGEST_IMAGE:
            return _explain(language.say("This image is too heavy for a page."))
        return Content("image", image=_embed(content, media_type))
    text = text_of(content) if media_type == "text/plain" else None
    if text is None:
        return _explain(language.say("It is a file that a browser cannot show."))
    if len(text) > LARGEST_TEXT:
        return _explain(language.say("This text is too long for a page."))
    return Content("text", text=text)


def make_reachable(html: str, language: Language) -> str:
    """Wide tables scroll by themselves, and a keyboard must reach what scrolls (WCAG 2.1.1): each gets a place in the order, and a name.

    A heading without words is no heading to a screen reader: it becomes an ordinary cell.
    """
    first, *others = EMPTY_HEADING.sub(r"<td\1></td>", html).split(TABLE)
    names = (language.say("Table %(number)s", number=number) for number in range(1, len(others) + 1))
    opened = (
        f'<div class="narrative-table" tabindex="0" role="group" aria-label="{name}">{rest}'
        for name, rest in zip(names, others, strict=True)
    )
    return first + "".join(opened)


def _explain(why: str) -> Content:
    return replace(Content("nothing"), text=why)


def _embed(content: bytes, media_type: str) -> str:
    return f"data:{media_type};base64,{base64.b64encode(content).decode()}"
