"""What tells of a document is hidden as the document is: the Lists that brought it, and messages about it."""

from collections.abc import Collection

from healthspace.access import labels
from healthspace.access.permit import Permit
from healthspace.base.ids import parse_id
from healthspace.resources.hashing import hash_reference
from healthspace.resources.query import Hashed
from healthspace.resources.search import find_hashed
from healthspace.resources.store import read_all, read_several, update
from healthspace.resources.stored import Resource, Stored

DOCUMENT = "DocumentReference/"
WITHDRAWN = "entered-in-error"
"""Status of a document that its author took back, and of a List that brought nothing else."""


async def relabel_around(p: Permit, document: Stored) -> None:
    """Brings the labels of what tells of `document` into line with those that it has now."""
    for brought in await _lists_with(p, document):
        await _relabel(p, brought, await _labels_of_list(p, brought))
    # R4 has no search parameter for what a Communication is about: they are looked through, and labels change seldom.
    for told in await read_all(p.tx, p.cipher, "Communication"):
        message = told.json()
        if {"reference": f"{DOCUMENT}{document.id}"} in message.get("about", []):
            # Its own stay: what was done in secret is told in secret, whatever it was about.
            visibility = labels.codes_of(document.json()) & {*labels.VISIBILITY}
            await _relabel(p, told, labels.codes_of(message) | visibility)


async def withdraw_around(p: Permit, document: Stored) -> None:
    """Takes back, with `document`, the Lists that brought nothing else: nobody is told that something was there (TD3.3c)."""
    for brought in await _lists_with(p, document):
        if all(one.get("status") == WITHDRAWN for one in await _documents_of_list(p, brought)):
            await update(p.tx, p.cipher, p.keys, brought, {**brought.exact(), "status": WITHDRAWN}, p.now)


async def _lists_with(p: Permit, document: Stored) -> list[Stored]:
    """The submission sets that a document came with."""
    return await find_hashed(p, "List", Hashed((hash_reference(p.keys, "List", "entry.item", f"{DOCUMENT}{document.id}"),)))


async def _labels_of_list(p: Permit, brought: Stored) -> set[str]:
    return {code for each in await _documents_of_list(p, brought) for code in labels.codes_of(each)}


async def _documents_of_list(p: Permit, brought: Stored) -> list[Resource]:
    references = [str(entry.get("item", {}).get("reference", "")) for entry in brought.json().get("entry", [])]
    named = [parse_id(one.removeprefix(DOCUMENT)) for one in references if one.startswith(DOCUMENT)]
    documents = await read_several(p.tx, p.cipher, [("DocumentReference", name) for name in named if name])
    return [each.json() for each in documents]


async def _relabel(p: Permit, one: Stored, codes: Collection[str]) -> None:
    resource: Resource = one.exact()
    if labels.codes_of(resource) != set(codes):
        meta = {name: value for name, value in resource.get("meta", {}).items() if name != "security"}
        security = {"security": [{"code": code} for code in sorted(codes)]} if codes else {}
        await update(p.tx, p.cipher, p.keys, one, {**resource, "meta": {**meta, **security}}, p.now)
