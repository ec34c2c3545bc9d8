"""Reading one document: its reference, or its bytes as they were received (ITI-68; TD3.2)."""

import asyncio
import base64
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from healthspace.access.permit import Permit
from healthspace.access.rules import Action
from healthspace.base.errors import Gone, NotFound, Refused
from healthspace.base.ids import parse_id
from healthspace.database.blobs import BlobStore
from healthspace.database.database import Tx
from healthspace.database.keys import KeyRing
from healthspace.database.seal import Cipher
from healthspace.resources.reading import find_about, why_hidden
from healthspace.resources.store import last_version, read, read_version
from healthspace.resources.stored import Resource, Stored


@dataclass(frozen=True, slots=True)
class Document:
    """A document whole: its DocumentReference, its bytes, their media type."""

    reference: Resource
    content: bytes
    media_type: str


class Held(Protocol):
    """What a permit on one record, or a part of one that is about several, gives to those who keep its documents."""

    @property
    def tx(self) -> Tx: ...
    @property
    def cipher(self) -> Cipher: ...
    @property
    def keys(self) -> KeyRing: ...
    @property
    def blobs(self) -> BlobStore: ...
    @property
    def now(self) -> datetime: ...


async def read_reference(p: Permit, identifier: UUID, version: int | None = None) -> Stored:
    """A DocumentReference, or one version of it; NotFound when there is none that the permit shows."""
    p.must_be_for(Action.READ_DOCUMENT)
    return await _read_visible(p, "DocumentReference", identifier, version)


async def read_submission(p: Permit, identifier: UUID, version: int | None = None) -> Stored:
    """A List (SubmissionSet), as `read_reference`."""
    p.must_be_for(Action.READ_DOCUMENT)
    return await _read_visible(p, "List", identifier, version)


async def read_document(p: Permit, identifier: UUID) -> Document:
    """The document of a DocumentReference, with its bytes."""
    p.must_be_for(Action.READ_DOCUMENT, Action.READ_CONTENT)
    reference = (await _read_visible(p, "DocumentReference", identifier, None)).json()
    content, media_type = await open_content(p, binary_of(reference))
    return Document(reference, content, reference["content"][0]["attachment"].get("contentType", media_type))


async def read_content(p: Permit, binary: UUID) -> Document:
    """The document whose bytes are the Binary `binary`."""
    p.must_be_for(Action.READ_CONTENT)
    description = (await read(p.tx, p.cipher, "Binary", binary)).json()
    identifier = parse_id(description.get("securityContext", {}).get("reference", "").removeprefix("DocumentReference/"))
    if identifier is None:
        raise NotFound
    reference = (await _read_visible(p, "DocumentReference", identifier, None)).json()
    content, media_type = await open_content(p, binary)
    return Document(reference, content, media_type)


def is_kept_here(reference: Resource) -> bool:
    """Whether the bytes of a document are a Binary of ours."""
    return any(content.get("attachment", {}).get("url", "").startswith("Binary/") for content in reference.get("content", [])[:1])


def binary_of(reference: Resource) -> UUID:
    """The Binary with the bytes of a document; NotFound when they are not kept here."""
    url = reference["content"][0]["attachment"].get("url", "")
    identifier = parse_id(url.removeprefix("Binary/")) if url.startswith("Binary/") else None
    if identifier is None:
        raise NotFound
    return identifier


async def _read_visible(p: Permit, type_: str, identifier: UUID, version: int | None) -> Stored:
    current = await find_about(p, type_, identifier)
    if current is None:
        # Nobody from whom something may be hidden is told of what was deleted.
        deleted = None if p.bounded else await last_version(p.tx, p.cipher, type_, identifier)
        raise NotFound if deleted is None else Gone
    # An earlier version is shown by the labels of today: hiding a document hides its past.
    if (reason := why_hidden(p, current.json())) is not None:
        raise Refused(reason, about=f"{type_}/{identifier}")
    p.note(f"{type_}/{identifier}")
    if version is None or version == current.version:
        return current
    return await read_version(p.tx, p.cipher, type_, identifier, version)


async def open_content(p: Held, binary: UUID) -> tuple[bytes, str]:
    """The bytes of a Binary and their media type: of its file, or of the resource itself when it came whole by the API."""
    description = (await read(p.tx, p.cipher, "Binary", binary)).json()
    if "data" in description:
        return base64.b64decode(description["data"]), description["contentType"]
    sealed = await asyncio.to_thread(p.blobs.read, binary)
    return await asyncio.to_thread(p.cipher.open, sealed, "Binary", binary, 1), description["contentType"]
