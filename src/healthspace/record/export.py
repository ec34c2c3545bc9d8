"""Everything in a record, to take away (GDPR, article 20): the resources and the files of the documents, as one FHIR Bundle.

What is exported is decided, read and traced first; its bytes leave afterwards, file by file, so that a large record needs little memory.
"""

import asyncio
import base64
from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID

import orjson

from healthspace.access.permit import Permit
from healthspace.access.rules import Action
from healthspace.database.blobs import BlobStore, Missing
from healthspace.database.seal import Cipher
from healthspace.record.read import binary_of
from healthspace.resources.everything import Wanted, read_everything
from healthspace.resources.store import find
from healthspace.resources.stored import Stored, instant

PAGE = 500
HEADER = '{"resourceType":"Bundle","type":"collection","timestamp":"%s","entry":['


@dataclass(frozen=True, slots=True)
class File:
    """The file of a document: its Binary, and its bytes when they stand in the resource itself."""

    binary: UUID
    media_type: str
    data: str | None


@dataclass(frozen=True, slots=True)
class Export:
    """A record as its permit shows it, and what opens its files."""

    resources: tuple[Stored, ...]
    files: tuple[File, ...]
    cipher: Cipher
    blobs: BlobStore
    at: str


async def gather_export(p: Permit, patient: UUID) -> Export:
    """All resources that the permit shows, with the professionals and places they name, and the files of the documents among them."""
    p.must_be_for(Action.SEARCH_RESOURCES)
    resources: dict[str, Stored] = {}
    cursor: str | None = None
    while True:
        page = await read_everything(p, patient, Wanted((), None, None, None, PAGE, cursor))
        resources |= {f"{one.type}/{one.name}": one for one in (*page.entries, *page.included)}
        cursor = page.next
        if cursor is None:
            break
    documents = [one.json() for one in resources.values() if one.type == "DocumentReference"]
    files = [await _describe(p, binary_of(one)) for one in documents if _has_file(one)]
    p.note(*(name for name in resources if name.startswith("DocumentReference/")))
    return Export(tuple(resources.values()), tuple(file for file in files if file), p.cipher, p.blobs, instant(p.now))


async def write_bundle(export: Export) -> AsyncIterator[bytes]:
    """The Bundle, a piece at a time. A file that is missing from its folder is left out: its DocumentReference says that there is one."""
    yield (HEADER % export.at).encode()
    first = True
    for one in export.resources:
        yield (b"" if first else b",") + b'{"fullUrl":"urn:healthspace:%s/%s","resource":' % (one.type.encode(), one.name.encode())
        yield one.body + b"}"
        first = False
    for file in export.files:
        data = file.data or await _open(export, file)
        if data is not None:
            binary = {"resourceType": "Binary", "id": str(file.binary), "contentType": file.media_type, "data": data}
            entry = orjson.dumps({"fullUrl": f"urn:healthspace:Binary/{file.binary}", "resource": binary})
            yield (b"" if first else b",") + entry
            first = False
    yield b"]}"


def _has_file(reference: dict[str, object]) -> bool:
    content = reference.get("content")
    attachment = content[0].get("attachment", {}) if isinstance(content, list) and content else {}
    return str(attachment.get("url", "")).startswith("Binary/")


async def _describe(p: Permit, binary: UUID) -> File | None:
    stored = await find(p.tx, p.cipher, "Binary", binary)
    if stored is None:
        return None
    description = stored.json()
    return File(binary, description.get("contentType", ""), description.get("data"))


async def _open(export: Export, file: File) -> str | None:
    try:
        sealed = await asyncio.to_thread(export.blobs.read, file.binary)
    except Missing:
        return None
    content = await asyncio.to_thread(export.cipher.open, sealed, "Binary", file.binary, 1)
    return base64.b64encode(content).decode()
