"""The FHIR store: versions of resources, sealed, with what they are found by."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson

from healthspace.base.errors import NotFound
from healthspace.database.database import Row, Tx
from healthspace.database.keys import KeyRing
from healthspace.database.seal import Cipher
from healthspace.fhir.dates import instants_of
from healthspace.fhir.resource_types import NAMES, NUMBER
from healthspace.resources.indexing import Index, Resource, index

INSERT = """
    WITH kept AS (
        INSERT INTO resource (owner, type, id, version, updated, date, tokens, body) VALUES ($1, $2, $3, $14, $4, $5, $6, $7)
    ), selective AS (
        INSERT INTO ix_token (owner, h, date, id) SELECT $1, h, $5, $3 FROM unnest($8::bigint[]) AS h
    ), ranges AS (
        INSERT INTO ix_range (owner, type, param, lo, hi, id)
        SELECT $1, $2, param, lo, hi, $3 FROM unnest($9::integer[], $10::float8[], $11::float8[]) AS r (param, lo, hi)
    ), strings AS (
        INSERT INTO ix_string (owner, type, param, folded, id)
        SELECT $1, $2, param, folded, $3 FROM unnest($12::integer[], $13::bytea[]) AS s (param, folded)
    )
    SELECT 1
"""
KEEP_EARLIER = """
    INSERT INTO resource_history (owner, type, id, version, updated, body)
    SELECT owner, type, id, version, updated, body FROM resource WHERE owner = $1 AND type = $2 AND id = $3 AND version = $4
"""
FORGET_TOKENS = "DELETE FROM ix_token WHERE owner = $1 AND id = $2"
FORGET_RANGES = "DELETE FROM ix_range WHERE owner = $1 AND id = $2"
FORGET_STRINGS = "DELETE FROM ix_string WHERE owner = $1 AND id = $2"
FORGET_CURRENT = "DELETE FROM resource WHERE owner = $1 AND type = $2 AND id = $3 AND version = $4"
READ = "SELECT type, id, version, updated, body FROM resource WHERE owner = $1 AND type = $2 AND id = $3"
READ_VERSION = """
    SELECT type, id, version, updated, body FROM resource WHERE owner = $1 AND type = $2 AND id = $3 AND version = $4
    UNION ALL
    SELECT type, id, version, updated, body FROM resource_history WHERE owner = $1 AND type = $2 AND id = $3 AND version = $4
"""
READ_ALL = """
    SELECT type, id, version, updated, body FROM resource WHERE owner = $1 AND type = $2 ORDER BY date DESC, id DESC
"""
POINT_TO = "INSERT INTO xref (h, owner, id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"
CLAIM = "INSERT INTO claim (h, owner) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING h"
POINTED_TO = "SELECT owner, id FROM xref WHERE h = $1 ORDER BY owner, id"


@dataclass(frozen=True, slots=True)
class Stored:
    """One version as it is kept: `body` is the resource's JSON, id and meta included."""

    type: str
    id: UUID
    version: int
    updated: datetime
    body: bytes

    def json(self) -> Resource:
        resource: Resource = orjson.loads(self.body)
        return resource


async def insert(
    tx: Tx, cipher: Cipher, keys: KeyRing, identifier: UUID, resource: Resource, now: datetime, *, extra_hashes: tuple[int, ...] = ()
) -> Stored:
    """Stores version 1 of `resource` under `identifier`. `extra_hashes` are selective tokens that the body does not hold."""
    return await _write(tx, cipher, keys, identifier, resource, now, 1, extra_hashes)


async def update(
    tx: Tx, cipher: Cipher, keys: KeyRing, current: Stored, resource: Resource, now: datetime, *, extra_hashes: tuple[int, ...] = ()
) -> Stored:
    """Stores the version after `current`, which goes to the history. The owner's row is locked by the permit."""
    owner, number = cipher.owner, NUMBER[current.type]
    await tx.execute(KEEP_EARLIER, owner, number, current.id, current.version)
    await tx.execute(FORGET_TOKENS, owner, current.id)
    await tx.execute(FORGET_RANGES, owner, current.id)
    await tx.execute(FORGET_STRINGS, owner, current.id)
    await tx.execute(FORGET_CURRENT, owner, number, current.id, current.version)
    return await _write(tx, cipher, keys, current.id, resource, now, current.version + 1, extra_hashes)


async def read(tx: Tx, cipher: Cipher, type_: str, identifier: UUID) -> Stored:
    """The current version; NotFound when there is none."""
    found = await find(tx, cipher, type_, identifier)
    if found is None:
        raise NotFound
    return found


async def find(tx: Tx, cipher: Cipher, type_: str, identifier: UUID) -> Stored | None:
    """The current version, or None."""
    row = await tx.fetchrow(READ, cipher.owner, NUMBER[type_], identifier)
    return open_row(cipher, row) if row is not None else None


async def read_version(tx: Tx, cipher: Cipher, type_: str, identifier: UUID, version: int) -> Stored:
    """One version, current or earlier; NotFound when it never was."""
    row = await tx.fetchrow(READ_VERSION, cipher.owner, NUMBER[type_], identifier, version)
    if row is None:
        raise NotFound
    return open_row(cipher, row)


async def read_all(tx: Tx, cipher: Cipher, type_: str) -> list[Stored]:
    """Every current resource of one type of one owner, latest first: for types of which an owner has few."""
    return [open_row(cipher, row) for row in await tx.fetch(READ_ALL, cipher.owner, NUMBER[type_])]


async def point_to(tx: Tx, keys: KeyRing, kind: str, system: str, value: str, owner: int, identifier: UUID) -> None:
    """Makes the resource findable by an identifier without knowing its owner."""
    await tx.execute(POINT_TO, keys.hash64("xref", kind, system, value), owner, identifier)


async def claim(tx: Tx, keys: KeyRing, kind: str, system: str, value: str, owner: int) -> bool:
    """Takes an identifier that may name one thing only; False when another transaction has it."""
    return await tx.fetchval(CLAIM, keys.hash64("claim", kind, system, value), owner) is not None


async def pointed_to(tx: Tx, keys: KeyRing, kind: str, system: str, value: str) -> list[tuple[int, UUID]]:
    """(owner, id) of the resources that carry an identifier."""
    return [(row["owner"], row["id"]) for row in await tx.fetch(POINTED_TO, keys.hash64("xref", kind, system, value))]


def open_row(cipher: Cipher, row: Row) -> Stored:
    type_ = NAMES[row["type"] - 1]
    body = cipher.open(row["body"], type_, row["id"], row["version"])
    return Stored(type_, row["id"], row["version"], row["updated"], body)


def instant(moment: datetime) -> str:
    """A FHIR instant at the millisecond, in UTC."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


async def _write(
    tx: Tx, cipher: Cipher, keys: KeyRing, identifier: UUID, resource: Resource, now: datetime, version: int, extra: tuple[int, ...]
) -> Stored:
    type_ = resource["resourceType"]
    stamped = _stamp(resource, identifier, version, now)
    body = orjson.dumps(stamped)
    found_by = index(stamped, keys)
    await tx.execute(
        INSERT,
        cipher.owner,
        NUMBER[type_],
        identifier,
        now,
        _clinical_date(stamped, now),
        list(found_by.tokens),
        cipher.seal(body, type_, identifier, version),
        *_columns(found_by, extra),
        version,
    )
    return Stored(type_, identifier, version, now, body)


def _columns(found_by: Index, extra: tuple[int, ...]) -> tuple[list[Any], ...]:
    ranges, strings = sorted(found_by.ranges), sorted(found_by.strings)
    return (
        sorted(found_by.hashes | set(extra)),
        [number for number, _, _ in ranges],
        [first for _, first, _ in ranges],
        [last for _, _, last in ranges],
        [number for number, _ in strings],
        [coded for _, coded in strings],
    )


def _stamp(resource: Resource, identifier: UUID, version: int, now: datetime) -> Resource:
    """`resource` with the id and the meta that only the store may give (R4 resource.html#Meta); the rest as received."""
    meta = {**resource.get("meta", {}), "versionId": str(version), "lastUpdated": instant(now)}
    rest = {name: value for name, value in resource.items() if name not in {"resourceType", "id", "meta"}}
    return {"resourceType": resource["resourceType"], "id": str(identifier), "meta": meta, **rest}


def _clinical_date(resource: Resource, now: datetime) -> datetime:
    span = instants_of(str(resource.get("date", "")))
    return datetime.fromtimestamp(span[0], UTC) if span else now
