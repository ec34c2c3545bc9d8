"""Versions of a document: what a new one replaces, what already replaced it.

The `relatesTo` of a document names what it replaces by unique id; where it does not, the same set id with a lower version is
the same document (`../rules/cda.md`, trap 8). A replaced document that we do not know is no fault.
"""

import re
from urllib.parse import unquote_plus

from healthspace.access.depositor import depositor_of
from healthspace.access.labels import HIDDEN_FROM_REPRESENTATIVES, codes_of, with_labels
from healthspace.access.permit import Permit
from healthspace.base.errors import NotFound
from healthspace.base.fhirjson import SET_ID, VERSION_NUMBER
from healthspace.base.ids import parse_id
from healthspace.record.clinical.follow import follow
from healthspace.record.relabel import relabel_around
from healthspace.resources.hashing import hash_code, hash_reference_identifier_value, hash_set
from healthspace.resources.query import Hashed, Selects
from healthspace.resources.search import find_hashed
from healthspace.resources.store import find, update
from healthspace.resources.stored import Resource, Stored

NAMED = re.compile(
    r"(?:.*/)?DocumentReference(?:/(?P<id>[0-9A-Fa-f-]{36})(?:/_history/\d{1,9})?|\?identifier=(?P<identifier>[^&]{1,500}))", re.DOTALL
)
"""A document named by our id, in one version or not, or by one identifier (R4: conditional reference)."""
LARGEST_VERSION = 18
"""Digits of a version number; a longer one orders nothing."""


async def find_replaced(p: Permit, reference: Resource) -> list[Stored]:
    """The current documents that `reference`, just stored, takes the place of."""
    found = [one for identifier in replaced_identifiers(reference) for one in await find_identified(p, identifier["value"])]
    found += [await read_named(p, target, "DocumentReference.relatesTo") for target in replaced_references(reference)]
    mine, version = set_id_of(reference), version_of(reference)
    if mine and version is not None:
        same_set = await _find_same_set(p, mine)
        found += [old for old in same_set if (other := version_of(old.json())) is not None and other < version]
    unique = {old.id: old for old in found if old.json()["status"] == "current" and may_replace(p, old.json())}
    return [old for old in unique.values() if old.json().get("masterIdentifier") != reference["masterIdentifier"]]


async def is_replaced_already(p: Permit, reference: Resource) -> bool:
    """Whether a later version of `reference` came before it: another names it, or the same set has a higher version."""
    identifier = reference["masterIdentifier"]
    named = hash_reference_identifier_value(p.keys, "DocumentReference", "relatesTo.target", identifier["value"])
    referring = await find_hashed(p, "DocumentReference", Hashed((named,)))
    newer = [one for one in referring if identifier["value"] in {i["value"] for i in replaced_identifiers(one.json())}]
    mine, version = set_id_of(reference), version_of(reference)
    if mine and version is not None:
        same_set = await _find_same_set(p, mine)
        newer += [one for one in same_set if (other := version_of(one.json())) is not None and other > version]
    return any(may_replace(p, one.json()) for one in newer)


async def supersede(p: Permit, old: Stored, *, secret: bool = False) -> Stored:
    """A new version of `old` that says it was replaced; what came from it is there no more.

    `secret`: what replaces it is hidden from representatives. So is then what would tell them that it was replaced.
    """
    reference: Resource = {**old.json(), "status": "superseded"}
    if secret:
        reference["securityLabel"] = with_labels(reference.get("securityLabel", []), codes_of(reference) | {HIDDEN_FROM_REPRESENTATIVES})
    p.note(f"DocumentReference/{old.id}")
    replaced = await update(p.tx, p.cipher, p.keys, old, reference, p.now)
    await follow(p, replaced)
    if secret:
        await relabel_around(p, replaced)
    return replaced


def may_replace(p: Permit, old: Resource) -> bool:
    """Only who brought a document may put another in its place (PDSm: the author's own software)."""
    return depositor_of(old) == p.caller.depositor_key


def replaced_identifiers(reference: Resource) -> list[dict[str, str]]:
    return [
        relation["target"]["identifier"]
        for relation in reference.get("relatesTo", [])
        if relation.get("code") == "replaces" and relation.get("target", {}).get("identifier", {}).get("value")
    ]


def replaced_references(reference: Resource) -> list[str]:
    """Documents of this record that a sender names as replaced by their id here, or by a conditional reference."""
    return [
        relation["target"]["reference"]
        for relation in reference.get("relatesTo", [])
        if relation.get("code") == "replaces" and NAMED.fullmatch(relation.get("target", {}).get("reference", ""))
    ]


async def read_named(p: Permit, target: str, place: str) -> Stored:
    """The caller's own document that a reference or the address of a request names.

    NotFound when it is not there or not theirs: who names a document by our id must have got that id from us.
    """
    match = NAMED.fullmatch(target)
    identifier = parse_id(match["id"]) if match and match["id"] else None
    found: list[Stored] = []
    if identifier is not None:
        one = await find(p.tx, p.cipher, "DocumentReference", identifier)
        found = [one] if one is not None else []
    elif match and match["identifier"]:
        found = await find_identified(p, unquote_plus(match["identifier"]).rpartition("|")[2])
    own = [one for one in found if may_replace(p, one.json())]
    if len(own) != 1:
        raise NotFound(place=place)
    return own[0]


def set_id_of(reference: Resource) -> str | None:
    value = _extension(reference, SET_ID)
    return f"{value.get('system', '')}|{value['value']}" if isinstance(value, dict) and "value" in value else None


def version_of(reference: Resource) -> int | None:
    value = _extension(reference, VERSION_NUMBER)
    return int(value) if isinstance(value, str) and value.isdecimal() and len(value) <= LARGEST_VERSION else None


def _extension(reference: Resource, url: str) -> object:
    for extension in reference.get("extension", []):
        if extension.get("url") == url:
            return next((value for name, value in extension.items() if name.startswith("value")), None)
    return None


async def find_identified(p: Permit, value: str) -> list[Stored]:
    """The documents of this record that carry an identifier of this value."""
    hashes = tuple(hash_code(p.keys, "DocumentReference", path, value) for path in ("masterIdentifier", "identifier"))
    return await find_hashed(p, "DocumentReference", Hashed(hashes))


async def _find_same_set(p: Permit, set_id: str) -> list[Stored]:
    return await find_hashed(p, "DocumentReference", Hashed((hash_set(p.keys, set_id),), Selects.EVERYWHERE))
