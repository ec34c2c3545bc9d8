"""Searching inside the text of documents (decision 25): the words of each are kept folded and sealed beside its file.

The database cannot read them, so that no index of words exists: a search opens those of one citizen, about ten microseconds each.
"""

import re
from collections.abc import Collection, Iterable
from uuid import UUID

from healthspace.access.permit import Permit
from healthspace.access.rules import Action
from healthspace.base.media import sniff, text_of
from healthspace.base.text import fold
from healthspace.cda.parse import parse_cda
from healthspace.cda.render import narrative_text
from healthspace.cda.values import Element
from healthspace.database.database import Tx
from healthspace.database.seal import Cipher
from healthspace.fhir.bundle import dicts
from healthspace.fhir.exact_json import read_json
from healthspace.resources.stored import Resource

WORDS = "SELECT id, words FROM blob WHERE owner = $1 AND words IS NOT NULL"
KEEP = "UPDATE blob SET words = $3 WHERE owner = $1 AND id = $2"
SEALED_AS = "words"
LONGEST = 100_000
"""Characters kept of one document."""
TAG = re.compile(r"<[^>]*>")
RTF_CHARACTER = re.compile(r"\\'([0-9a-fA-F]{2})")
RTF_CONTROL = re.compile(r"\\[a-z]+-?\d* ?|\\[^a-z]|[{}\r\n]", re.IGNORECASE)


def words_in(texts: Iterable[str]) -> str:
    """Each different word of `texts` once, folded, in the order of the alphabet: their order would only tell more than a search needs."""
    return " ".join(sorted({word for text in texts for word in fold(text).split()}))[:LONGEST]


def words_of_cda(root: Element) -> str:
    """The words of the sections of a ClinicalDocument."""
    return words_in(narrative_text(root))


def words_of_bundle(bundle: Resource) -> str:
    """The words of the sections of a FHIR document."""
    compositions = [entry.get("resource", {}) for entry in dicts(bundle.get("entry"))[:1]]
    return words_in(text for composition in compositions for text in _narratives(composition))


def words_of(content: bytes) -> str:
    """The words of a document as it was received; empty when it is a picture or a PDF."""
    kind = sniff(content)
    if kind == "cda":
        return words_of_cda(parse_cda(content, limit=len(content)))
    if kind == "fhir":
        return words_of_bundle(read_json(content))
    text = text_of(content) if kind == "text" else content.decode("latin-1") if kind == "rtf" else None
    return words_in([strip_rtf(text) if kind == "rtf" else text]) if text else ""


def strip_rtf(text: str) -> str:
    """What an RTF file says, without its control words (RTF 1.9.1); names of its fonts may remain."""
    written = RTF_CHARACTER.sub(lambda found: bytes.fromhex(found[1]).decode("windows-1252", "replace"), text)
    return RTF_CONTROL.sub(" ", written)


def seal_words(cipher: Cipher, binary: UUID, words: str) -> bytes | None:
    """The words of the file `binary` as its row holds them; None when there are none."""
    return cipher.seal(words.encode(), SEALED_AS, binary, 1) if words else None


async def keep_words(tx: Tx, cipher: Cipher, binary: UUID, words: str) -> None:
    """Keeps the words of a file that was stored before."""
    await tx.execute(KEEP, cipher.owner, binary, seal_words(cipher, binary, words))


async def find_words(p: Permit, asked: str) -> Collection[str]:
    """The addresses (Binary/{id}) of the files of this record that hold every word of `asked`, or the beginning of one.

    It says nothing about who may see a document: the caller keeps those that the permit shows.
    """
    p.must_be_for(Action.READ_RECORD)
    wanted = [f" {word}" for word in fold(asked).split()]
    if not wanted:
        return ()
    found = []
    for row in await p.tx.fetch(WORDS, p.owner):
        kept = f" {p.cipher.open(row['words'], SEALED_AS, row['id'], 1).decode()}"
        if all(word in kept for word in wanted):
            found.append(f"Binary/{row['id']}")
    return found


def _narratives(part: Resource) -> list[str]:
    """Titles and narratives of a Composition, or of a section and those inside it."""
    own = [str(part.get("title", "")), TAG.sub(" ", str((part.get("text") or {}).get("div", "")))]
    return [*own, *(text for section in dicts(part.get("section")) for text in _narratives(section))]
