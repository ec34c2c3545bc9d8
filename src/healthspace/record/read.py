"""Reading one document: its reference, or its bytes as they were received (ITI-68; TD3.2)."""

import asyncio
from dataclasses import dataclass
from uuid import UUID

from healthspace.access.permit import Permit
from healthspace.access.rules import Action
from healthspace.base.errors import NotFound
from healthspace.resources.reading import is_shown
from healthspace.resources.store import read, read_version
from healthspace.resources.stored import Resource, Stored


@dataclass(frozen=True, slots=True)
class Document:
    """A document whole: its DocumentReference, its bytes, their media type."""

    reference: Resource
    content: bytes
    media_type: str


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
    binary = UUID(reference["content"][0]["attachment"]["url"].removeprefix("Binary/"))
    return Document(reference, await _open_content(p, binary), reference["content"][0]["attachment"]["contentType"])


async def read_content(p: Permit, binary: UUID) -> Document:
    """The document whose bytes are the Binary `binary`."""
    p.must_be_for(Action.READ_CONTENT)
    description = (await read(p.tx, p.cipher, "Binary", binary)).json()
    identifier = UUID(description["securityContext"]["reference"].removeprefix("DocumentReference/"))
    reference = (await _read_visible(p, "DocumentReference", identifier, None)).json()
    return Document(reference, await _open_content(p, binary), description["contentType"])


async def _read_visible(p: Permit, type_: str, identifier: UUID, version: int | None) -> Stored:
    current = await read(p.tx, p.cipher, type_, identifier)
    # An earlier version is shown by the labels of today: hiding a document hides its past.
    if not is_shown(p, current.json()):
        raise NotFound
    p.note(f"{type_}/{identifier}")
    if version is None or version == current.version:
        return current
    return await read_version(p.tx, p.cipher, type_, identifier, version)


async def _open_content(p: Permit, binary: UUID) -> bytes:
    sealed = await asyncio.to_thread(p.blobs.read, binary)
    return await asyncio.to_thread(p.cipher.open, sealed, "Binary", binary, 1)
