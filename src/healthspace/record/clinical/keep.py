"""Keeping what was read out of a document, in the transaction that stores the document."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from healthspace.access.origin import is_from_document
from healthspace.base.fhirjson import ARCHIVED, UNREAD
from healthspace.cda.clinical import Extraction, Unread
from healthspace.database.blobs import BlobStore
from healthspace.database.database import Tx
from healthspace.database.keys import KeyRing
from healthspace.database.seal import Cipher
from healthspace.fhir.exact_json import write_json
from healthspace.record.clinical.form import Formed, form_facts
from healthspace.record.clinical.metrics import count_unread
from healthspace.record.read import Held
from healthspace.resources.batch import Place, delete_several, last_versions, lock_sourced
from healthspace.resources.store import Current, Version, prepare, write_changed, write_new
from healthspace.resources.stored import Resource, Stored

ERROR = "entered-in-error"
GIVEN_BY_STORE = frozenset({"versionId", "lastUpdated"})


@dataclass(frozen=True, slots=True)
class Hold:
    """One record, held by a permit that is about several."""

    tx: Tx
    cipher: Cipher
    keys: KeyRing
    blobs: BlobStore
    now: datetime


def gives_facts(document: Resource) -> bool:
    """Whether what a DocumentReference says of its citizen holds now: it is current, neither withdrawn nor put away."""
    about = document.get("subject", {}).get("reference", "").startswith("Patient/")
    return about and document.get("status") == "current" and document.get("docStatus") != ERROR and not is_archived(document)


def is_archived(document: Resource) -> bool:
    """Whether a DocumentReference was put into the archive (TD3.3d)."""
    return any(one.get("url") == ARCHIVED and one.get("valueBoolean") is True for one in document.get("extension", []))


def unread_of(reference: Resource) -> int:
    """How many entries of a document could not be read, as its DocumentReference says."""
    return next((int(one.get("valueInteger", 0)) for one in reference.get("extension", []) if one.get("url") == UNREAD), 0)


def tell_unread(reference: Resource, unread: Sequence[Unread]) -> Resource:
    """The DocumentReference, saying how many of its entries could not be read."""
    others = [one for one in reference.get("extension", []) if one.get("url") != UNREAD]
    told = [*others, *([{"url": UNREAD, "valueInteger": len(unread)}] if unread else [])]
    rest = {name: value for name, value in reference.items() if name != "extension"}
    return {**rest, "extension": told} if told else rest


async def keep_facts(p: Held, document: Stored, extraction: Extraction) -> Formed:
    """Brings what the record holds of a document into line with `extraction`, which was read out of it; unchanged facts stay as they are.

    What was said and is not said any more is deleted, and its history remains.
    """
    reference = document.json()
    formed = await asyncio.to_thread(form_facts, p.keys, document.id, reference, extraction)
    await settle(p, await lock_kept(p, document), formed.resources if gives_facts(reference) else ())
    return formed


async def keep_new(p: Held, document: Stored, formed: Formed) -> None:
    """Stores the facts of a document that has just been stored, for the first time, when what it says holds."""
    if gives_facts(document.json()):
        await _write_new(p, formed.resources, {})
    count_unread(formed.unread)


async def lock_kept(p: Held, document: Stored) -> list[Current]:
    """The facts of a document and their Provenance, locked: those that are there."""
    sourced = await lock_sourced(p.tx, p.cipher, p.keys, f"DocumentReference/{document.id}")
    return [current for current in sourced if is_from_document(current.stored.json())]


async def settle(p: Held, present: Sequence[Current], wanted: Iterable[Resource]) -> None:
    """Writes the difference between what is there and what is to be there."""
    known = {(current.stored.type, current.stored.id): current for current in present}
    asked = {(one["resourceType"], UUID(one["id"])): one for one in wanted}
    gone = [current for place, current in known.items() if place not in asked]
    changed = [(known[place], one) for place, one in asked.items() if place in known and not _says(known[place].stored, one)]
    fresh = {place: one for place, one in asked.items() if place not in known}
    if gone:
        await delete_several(p.tx, p.cipher, p.keys, gone, p.now)
    if changed:
        await _write_changed(p, changed)
    if fresh:
        await _write_new(p, list(fresh.values()), await last_versions(p.tx, p.cipher.owner, fresh))


async def _write_new(p: Held, resources: Sequence[Resource], before: dict[Place, int]) -> None:
    if not resources:
        return
    # Hundreds of facts are a second of work: the service answers others meanwhile.
    versions = await asyncio.to_thread(_prepare, p, resources, before)
    await write_new(p.tx, p.keys, p.cipher.owner, p.now, versions)


def _prepare(p: Held, resources: Sequence[Resource], before: dict[Place, int]) -> list[Version]:
    versions = []
    for resource in resources:
        identifier = UUID(resource["id"])
        version = before.get((resource["resourceType"], identifier), 0) + 1
        versions.append(prepare(p.cipher, p.keys, identifier, resource, p.now, version=version))
    return versions


async def _write_changed(p: Held, changed: Iterable[tuple[Current, Resource]]) -> None:
    changes: list[tuple[Current, Version]] = []
    for current, resource in changed:
        stored = current.stored
        changes.append((current, prepare(p.cipher, p.keys, stored.id, resource, p.now, version=stored.version + 1)))
    await write_changed(p.tx, p.keys, p.cipher.owner, p.now, changes)


def _says(stored: Stored, wanted: Resource) -> bool:
    """Whether a stored resource is, but for what the store gives, the wanted one."""
    kept = stored.exact()
    meta = {name: value for name, value in kept["meta"].items() if name not in GIVEN_BY_STORE}
    return write_json({**kept, "meta": meta}) == write_json(wanted)
