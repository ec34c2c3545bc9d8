"""The body of a document: sections, each with words for people and entries for software, or one embedded file."""

import base64
from collections.abc import Iterator
from dataclasses import dataclass, field
from uuid import NAMESPACE_OID, uuid5

from healthspace.cda.write.codes import Code, coded, templates
from healthspace.cda.write.xml import Node, e, serialise


@dataclass(frozen=True, slots=True)
class Marked:
    """Words that entries point at by their #id."""

    text: str
    mark: str


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under column titles, which may be absent."""

    rows: tuple[tuple[Marked | str, ...], ...]
    head: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Items:
    """A list without order."""

    items: tuple[Marked | str, ...]


@dataclass(frozen=True, slots=True)
class Paragraph:
    text: Marked | str


Block = Table | Items | Paragraph


@dataclass(frozen=True, slots=True)
class Section:
    """A section: its templates, its code, its title, what people read, what software reads, its inner sections."""

    templates: tuple[str, ...]
    code: Code
    title: str
    narrative: tuple[Block, ...] = ()
    entries: tuple[Node, ...] = ()
    sections: tuple["Section", ...] = ()


@dataclass(slots=True)
class Numbering:
    """Entry identifiers of one document: UUIDs drawn from its unique id, so that the same document has the same ones."""

    unique_id: str
    _count: Iterator[int] = field(default_factory=lambda: iter(range(1, 1_000_000)))

    def next(self) -> str:
        return str(uuid5(NAMESPACE_OID, f"{self.unique_id}/{next(self._count)}")).upper()


def write_document(header: tuple[Node, ...], sections: tuple[Section, ...], numbering: Numbering) -> bytes:
    """A structured document: level 3 where its sections have entries."""
    body = e("structuredBody", *(e("component", _section(section, numbering)) for section in sections))
    return serialise(e("ClinicalDocument", *header, e("component", body)))


def write_embedded(header: tuple[Node, ...], content: bytes, media_type: str) -> bytes:
    """A level-1 document: a header around one file."""
    text = e("text", base64.b64encode(content).decode(), mediaType=media_type, representation="B64")
    return serialise(e("ClinicalDocument", *header, e("component", e("nonXMLBody", text))))


def _section(section: Section, numbering: Numbering) -> Node:
    return e(
        "section",
        *templates(*section.templates),
        e("id", root=numbering.next()),
        coded("code", section.code),
        e("title", section.title),
        e("text", *(_block(block) for block in section.narrative)) if section.narrative else None,
        *(e("entry", entry) for entry in section.entries),
        *(e("component", _section(inner, numbering)) for inner in section.sections),
    )


def _block(block: Block) -> Node:
    match block:
        case Table():
            head = e("thead", e("tr", *(e("th", title) for title in block.head))) if block.head else None
            rows = (e("tr", *(e("td", _words(cell)) for cell in row)) for row in block.rows)
            return e("table", head, e("tbody", *rows), border="0")
        case Items():
            return e("list", *(e("item", _words(item)) for item in block.items))
        case Paragraph():
            return e("paragraph", _words(block.text))


def _words(words: Marked | str) -> Node | str:
    return e("content", words.text, ID=words.mark) if isinstance(words, Marked) else words
