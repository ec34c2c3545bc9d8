"""Searching inside the text of documents (decision 25): the words of each are kept folded and sealed beside its file.

The database cannot read them, so that no index of words exists: a search opens those of the documents that its reader may see, about ten
microseconds each. What a document says of itself (title, authors, places) is kept in the same way beside its description.
"""

import asyncio
import contextlib
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from html import unescape
from itertools import islice
from uuid import UUID

import structlog

from healthspace.access.permit import Permit
from healthspace.access.rules import Action
from healthspace.base.errors import Invalid
from healthspace.base.ids import parse_id
from healthspace.base.media import MEDIA_TYPES, sniff
from healthspace.base.media import text_of as read_text
from healthspace.base.text import fold
from healthspace.cda.media import decode_value
from healthspace.cda.parse import HL7, parse_cda
from healthspace.cda.render import narrative_text
from healthspace.cda.values import Element, attribute, child
from healthspace.database.database import Tx
from healthspace.database.seal import Cipher
from healthspace.fhir.bundle import dicts
from healthspace.fhir.document import read_files
from healthspace.fhir.exact_json import read_json
from healthspace.fhir.resource_types import NUMBER
from healthspace.fhir.searching.parameters import fingerprint_of
from healthspace.record.pdf_pages import pdf_viewer
from healthspace.resources.stored import SEARCHED_AS, Resource

# What other definitions than today's have indexed has no words, or those of an earlier version: it is indexed anew soon (`reindex`).
OF_DOCUMENTS = "SELECT id, version, words FROM resource WHERE owner = $1 AND type = $2 AND id = ANY ($3::uuid[]) AND indexed = $4"
OF_FILES = "SELECT id, words FROM blob WHERE owner = $1 AND id = ANY ($2::uuid[]) AND words IS NOT NULL"
KEEP = "UPDATE blob SET words = $3 WHERE owner = $1 AND id = $2"
LONGEST = 100_000
"""Characters kept of one document."""
MOST_FILES = 20
"""Files of one document that are looked into."""
PATIENCE = 8.0
"""Seconds that the PDFs of one document may take, with their wait for a turn."""
TEXTS = frozenset({"text/plain", "text/html"})
UNSHOWN = re.compile(r"(?is)<(script|style)\b.*?</\1\s*>|<!--.*?-->")
TAG = re.compile(r"<[^>]*>")
RTF_CHARACTER = re.compile(r"\\'([0-9a-fA-F]{2})")
RTF_CONTROL = re.compile(r"\\[a-z]+-?\d* ?|\\[^a-z]|[{}\r\n]", re.IGNORECASE)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Text:
    """The words that were found in a document, and the PDFs in it, whose words a process apart reads (`read_words`)."""

    words: str = ""
    pdfs: tuple[bytes, ...] = ()


def words_in(texts: Iterable[str]) -> str:
    """Each different word of `texts` once, folded, in the order of the alphabet: their order would only tell more than a search needs."""
    return " ".join(sorted({word for text in texts for word in fold(text).split()}))[:LONGEST]


def text_of_cda(root: Element) -> Text:
    """The sections of a ClinicalDocument, and the files in it."""
    return _gather(narrative_text(root), _files_of_cda(root))


def text_of_bundle(bundle: Resource) -> Text:
    """The sections of a FHIR document, and the files in it."""
    compositions = [entry.get("resource", {}) for entry in dicts(bundle.get("entry"))[:1]]
    narratives = [text for composition in compositions for text in _narratives(composition)]
    return _gather(narratives, ((file.media_type, file.data) for _, file in read_files(bundle, [])))


def text_of(content: bytes) -> Text:
    """What a document says, as it was received; nothing when it is a picture."""
    kind = sniff(content)
    if kind == "cda":
        return text_of_cda(parse_cda(content, limit=len(content)))
    if kind == "fhir":
        return text_of_bundle(read_json(content))
    return _gather((), [(MEDIA_TYPES[kind], content)]) if kind else Text()


async def read_words(text: Text) -> str:
    """All the words of a document. A PDF that cannot be read, or not in time, gives none: no deposit fails for it."""
    if not text.pdfs:
        return text.words
    said = [text.words]
    try:
        async with asyncio.timeout(PATIENCE):
            for pdf in text.pdfs:
                with contextlib.suppress(Invalid, OSError):
                    said += await pdf_viewer().read_text(pdf)
    except TimeoutError:
        log.info("pdf_words_left_out")
    return await asyncio.to_thread(words_in, said)


def _gather(texts: Iterable[str], files: Iterable[tuple[str, bytes]]) -> Text:
    """The words of texts and of files with their media types; of the first `MOST_FILES`, since a document may hold thousands."""
    said, pdfs = [*texts], list[bytes]()
    for media_type, data in islice(files, MOST_FILES):
        if data.startswith(b"%PDF-"):
            pdfs.append(data)
        elif data.startswith(b"{\\rtf"):
            said.append(strip_rtf(data.decode("latin-1")))
        elif media_type in TEXTS:
            text = read_text(data) or ""
            said.append(strip_html(text) if media_type == "text/html" else text)
    return Text(words_in(said), tuple(pdfs))


def _files_of_cda(root: Element) -> Iterator[tuple[str, bytes]]:
    """The file that is the body of a document (level 1), and those beside its sections; pictures are not even decoded."""
    media = (child(one, "value") for one in root.iter(f"{{{HL7}}}observationMedia"))
    for value in (child(root, "component", "nonXMLBody", "text"), *media):
        media_type = attribute(value, "mediaType") or "text/plain"
        if value is not None and not media_type.startswith("image/") and (data := decode_value(value, [])) is not None:
            yield media_type, data


def strip_html(text: str) -> str:
    """What a page of HTML says: neither its tags nor what is not shown."""
    return unescape(TAG.sub(" ", UNSHOWN.sub(" ", text)))


def strip_rtf(text: str) -> str:
    """What an RTF file says, without its control words (RTF 1.9.1); names of its fonts may remain."""
    written = RTF_CHARACTER.sub(lambda found: bytes.fromhex(found[1]).decode("windows-1252", "replace"), text)
    return RTF_CONTROL.sub(" ", written)


def seal_words(cipher: Cipher, binary: UUID, words: str) -> bytes | None:
    """The words of the file `binary` as its row holds them; None when there are none."""
    return cipher.seal(words.encode(), SEARCHED_AS, binary, 1) if words else None


async def keep_words(tx: Tx, cipher: Cipher, binary: UUID, words: str) -> None:
    """Keeps the words of a file that was stored before."""
    await tx.execute(KEEP, cipher.owner, binary, seal_words(cipher, binary, words))


async def find_words(p: Permit, asked: str, documents: Collection[UUID]) -> dict[UUID, frozenset[str]]:
    """The words of `asked` that each of `documents`, which the permit shows, says of itself or holds in its text.

    What it says of itself is searched anywhere; in its text, a word finds those that begin with it.
    """
    p.must_be_for(Action.READ_RECORD)
    wanted = fold(asked).split()
    if not wanted:
        return {}
    rows = await p.tx.fetch(OF_DOCUMENTS, p.owner, NUMBER["DocumentReference"], [*documents], fingerprint_of("DocumentReference"))
    said = {row["id"]: p.cipher.open(row["words"], SEARCHED_AS, row["id"], row["version"]).decode().partition("\n") for row in rows}
    files = {document: parse_id(address.removeprefix("Binary/")) for document, (address, _, _) in said.items()}
    rows = await p.tx.fetch(OF_FILES, p.owner, [file for file in files.values() if file is not None])
    inside = {row["id"]: " " + p.cipher.open(row["words"], SEARCHED_AS, row["id"], 1).decode() for row in rows}
    return {
        document: frozenset(word for word in wanted if word in words or f" {word}" in inside.get(files[document], ""))
        for document, (_, _, words) in said.items()
    }


def _narratives(part: Resource) -> list[str]:
    """Titles and narratives of a Composition, or of a section and those inside it."""
    own = [str(part.get("title", "")), TAG.sub(" ", str((part.get("text") or {}).get("div", "")))]
    return [*own, *(text for section in dicts(part.get("section")) for text in _narratives(section))]
