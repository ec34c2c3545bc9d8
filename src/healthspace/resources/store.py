"""The FHIR store: versions of resources, sealed, with what they are found by.

Whatever is written is written by one statement for each owner, be it one resource or a hundred: the rows travel as arrays.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from healthspace.base.errors import Contended, Gone, NotFound
from healthspace.base.ids import made_at
from healthspace.database.database import Tx
from healthspace.database.keys import KeyRing
from healthspace.database.seal import Cipher
from healthspace.fhir.exact_json import write_json
from healthspace.fhir.resource_types import NUMBER
from healthspace.fhir.searching.parameters import fingerprint_of
from healthspace.resources.indexing import Index, index
from healthspace.resources.rows import Rows, index_rows
from healthspace.resources.stored import DELETED, SEARCHED_AS, Resource, Stored, instant, open_row

INSERT = """
    WITH kept AS (
        INSERT INTO resource (owner, type, id, version, updated, date, tokens, body, indexed, words)
        SELECT $1, type, id, version, $2, date, tokens::bigint[], body, indexed, words
          FROM unnest($3::smallint[], $4::uuid[], $5::integer[], $6::timestamptz[], $7::text[], $8::bytea[], $9::integer[],
                      $10::bytea[]) AS new (type, id, version, date, tokens, body, indexed, words)
    ), selective AS (
        INSERT INTO ix_token (owner, h, date, id)
        SELECT $1, h, date, id FROM unnest($11::bigint[], $12::timestamptz[], $13::uuid[]) AS new (h, date, id)
    ), ranges AS (
        INSERT INTO ix_range (owner, type, param, lo, hi, id)
        SELECT $1, type, param, lo, hi, id
          FROM unnest($14::smallint[], $15::integer[], $16::float8[], $17::float8[], $18::uuid[]) AS new (type, param, lo, hi, id)
    ), strings AS (
        INSERT INTO ix_string (owner, type, param, folded, id)
        SELECT $1, type, param, folded, id
          FROM unnest($19::smallint[], $20::integer[], $21::bytea[], $22::uuid[]) AS new (type, param, folded, id)
    )
    SELECT 1
"""
REPLACE = """
    WITH earlier AS (
        INSERT INTO resource_history (owner, type, id, version, updated, body)
        SELECT r.owner, r.type, r.id, r.version, r.updated, r.body
          FROM unnest($3::smallint[], $4::uuid[], $5::integer[]) AS new (type, id, version)
          JOIN resource r ON r.owner = $1 AND r.type = new.type AND r.id = new.id AND r.version = new.version - 1
    ), kept AS (
        UPDATE resource r
           SET version = new.version, updated = $2, date = new.date, tokens = new.tokens::bigint[], body = new.body,
               indexed = new.indexed, words = new.words
          FROM unnest($3::smallint[], $4::uuid[], $5::integer[], $6::timestamptz[], $7::text[], $8::bytea[], $9::integer[],
                      $10::bytea[]) AS new (type, id, version, date, tokens, body, indexed, words)
         WHERE r.owner = $1 AND r.type = new.type AND r.id = new.id AND r.version = new.version - 1
        RETURNING r.id
    ), selective AS (
        INSERT INTO ix_token (owner, h, date, id)
        SELECT $1, h, date, id FROM unnest($11::bigint[], $12::timestamptz[], $13::uuid[]) AS new (h, date, id)
    ), ranges AS (
        INSERT INTO ix_range (owner, type, param, lo, hi, id)
        SELECT $1, type, param, lo, hi, id
          FROM unnest($14::smallint[], $15::integer[], $16::float8[], $17::float8[], $18::uuid[]) AS new (type, param, lo, hi, id)
    ), strings AS (
        INSERT INTO ix_string (owner, type, param, folded, id)
        SELECT $1, type, param, folded, id
          FROM unnest($19::smallint[], $20::integer[], $21::bytea[], $22::uuid[]) AS new (type, param, folded, id)
    )
    SELECT count(*) FROM kept
"""
FORGET = """
    WITH selective AS (
        DELETE FROM ix_token i USING unnest($2::bigint[], $3::timestamptz[], $4::uuid[]) AS old (h, date, id)
         WHERE i.owner = $1 AND i.h = old.h AND i.date = old.date AND i.id = old.id
    ), ranges AS (
        DELETE FROM ix_range i
         USING unnest($5::smallint[], $6::integer[], $7::float8[], $8::float8[], $9::uuid[]) AS old (type, param, lo, hi, id)
         WHERE i.owner = $1 AND i.type = old.type AND i.param = old.param AND i.lo = old.lo AND i.hi = old.hi AND i.id = old.id
    ), strings AS (
        DELETE FROM ix_string i USING unnest($10::smallint[], $11::integer[], $12::bytea[], $13::uuid[]) AS old (type, param, folded, id)
         WHERE i.owner = $1 AND i.type = old.type AND i.param = old.param AND i.folded = old.folded AND i.id = old.id
    )
    SELECT 1
"""
# For rows whose index values were made by other definitions than today's: their hashes are in the resource's own row; their ranges and
# strings are found among those of the type.
FORGET_OLD = """
    WITH selective AS (
        DELETE FROM ix_token i USING resource r CROSS JOIN unnest(r.tokens) AS old (h)
         WHERE r.owner = $1 AND r.type = $2 AND r.id = ANY ($3::uuid[])
           AND i.owner = $1 AND i.h = old.h AND i.date = r.date AND i.id = r.id
    ), ranges AS (
        DELETE FROM ix_range WHERE owner = $1 AND type = $2 AND id = ANY ($3::uuid[])
    ), strings AS (
        DELETE FROM ix_string WHERE owner = $1 AND type = $2 AND id = ANY ($3::uuid[])
    )
    SELECT 1
"""
REINDEX = """
    WITH kept AS (
        UPDATE resource r SET date = new.date, tokens = new.tokens::bigint[], indexed = new.indexed, words = new.words
          FROM unnest($2::smallint[], $3::uuid[], $4::timestamptz[], $5::text[], $6::integer[], $7::bytea[])
            AS new (type, id, date, tokens, indexed, words)
         WHERE r.owner = $1 AND r.type = new.type AND r.id = new.id
    ), selective AS (
        INSERT INTO ix_token (owner, h, date, id)
        SELECT $1, h, date, id FROM unnest($8::bigint[], $9::timestamptz[], $10::uuid[]) AS new (h, date, id)
    ), ranges AS (
        INSERT INTO ix_range (owner, type, param, lo, hi, id)
        SELECT $1, type, param, lo, hi, id
          FROM unnest($11::smallint[], $12::integer[], $13::float8[], $14::float8[], $15::uuid[]) AS new (type, param, lo, hi, id)
    ), strings AS (
        INSERT INTO ix_string (owner, type, param, folded, id)
        SELECT $1, type, param, folded, id
          FROM unnest($16::smallint[], $17::integer[], $18::bytea[], $19::uuid[]) AS new (type, param, folded, id)
    )
    SELECT 1
"""
REMOVE = """
    WITH gone AS (
        DELETE FROM resource WHERE owner = $1 AND type = $2 AND id = $3 AND version = $4
        RETURNING owner, type, id, version, updated, body
    ), earlier AS (
        INSERT INTO resource_history (owner, type, id, version, updated, body)
        SELECT owner, type, id, version, updated, body FROM gone
        UNION ALL SELECT owner, type, id, version + 1, $5, $6 FROM gone
    )
    SELECT count(*) FROM gone
"""
READ = "SELECT type, id, version, updated, body FROM resource WHERE owner = $1 AND type = $2 AND id = $3"
READ_TO_CHANGE = """
    SELECT type, id, version, updated, body, date, indexed FROM resource WHERE owner = $1 AND type = $2 AND id = $3 FOR NO KEY UPDATE
"""
READ_VERSION = """
    SELECT type, id, version, updated, body FROM resource WHERE owner = $1 AND type = $2 AND id = $3 AND version = $4
    UNION ALL
    SELECT type, id, version, updated, body FROM resource_history WHERE owner = $1 AND type = $2 AND id = $3 AND version = $4
"""
LAST_VERSION = """
    SELECT type, id, version, updated, body FROM resource_history WHERE owner = $1 AND type = $2 AND id = $3
     ORDER BY version DESC LIMIT 1
"""
READ_ALL = """
    SELECT type, id, version, updated, body FROM resource WHERE owner = $1 AND type = $2 ORDER BY date DESC, id DESC
"""
READ_SEVERAL = """
    SELECT r.type, r.id, r.version, r.updated, r.body FROM unnest($2::smallint[], $3::uuid[]) AS asked (type, id)
      JOIN resource r ON r.owner = $1 AND r.type = asked.type AND r.id = asked.id
"""
POINT_TO = """
    INSERT INTO xref (h, owner, id) SELECT h, $1, id FROM unnest($2::bigint[], $3::uuid[]) AS new (h, id) ON CONFLICT DO NOTHING
"""
POINT_NO_MORE = """
    DELETE FROM xref x USING unnest($2::bigint[], $3::uuid[]) AS old (h, id) WHERE x.h = old.h AND x.owner = $1 AND x.id = old.id
"""


@dataclass(frozen=True, slots=True)
class Version:
    """A version that is about to be written: what is stored, and the row and index rows that it becomes."""

    stored: Stored
    sealed: bytes
    date: datetime
    found_by: Index
    words: bytes | None = None
    """Sealed: what a search by words looks into; None where it looks into nothing."""


@dataclass(frozen=True, slots=True)
class Current:
    """A resource that is locked in order to be changed."""

    stored: Stored
    date: datetime
    indexed: int


def prepare(
    cipher: Cipher, keys: KeyRing, identifier: UUID, resource: Resource, now: datetime, *, version: int = 1, name: str | None = None
) -> Version:
    """The version of `resource` to be written under `identifier`; `name` is the id that a client chose, if one did."""
    type_ = resource["resourceType"]
    stamped = _stamp(resource, name or str(identifier), version, now)
    body = write_json(stamped)
    found_by = index(stamped, keys, cipher.owner)
    return Version(
        Stored(type_, identifier, version, now, body),
        cipher.seal(body, type_, identifier, version),
        _date_of(found_by, identifier, now),
        found_by,
        _seal_words(cipher, found_by, identifier, version),
    )


async def write_new(tx: Tx, keys: KeyRing, owner: int, now: datetime, versions: Sequence[Version]) -> None:
    """Stores first versions (or ones that follow a deletion) of one owner, in one statement."""
    await tx.execute(INSERT, *insert_values(owner, now, versions))
    await _point(tx, owner, versions)


def insert_values(owner: int, now: datetime, versions: Sequence[Version]) -> tuple[object, ...]:
    """The values of INSERT for some versions of one owner."""
    return (owner, now, *_columns(versions), *index_rows(versions).columns())


def prepare_again(keys: KeyRing, cipher: Cipher, stored: Stored) -> Version:
    """A stored version with the index values of today's definitions; its body is not sealed anew."""
    found_by = index(stored.json(), keys, cipher.owner)
    words = _seal_words(cipher, found_by, stored.id, stored.version)
    return Version(stored, b"", _date_of(found_by, stored.id, stored.updated), found_by, words)


def reindex_values(owner: int, versions: Sequence[Version]) -> tuple[object, ...]:
    """The values of REINDEX for some versions of one owner."""
    types, ids, _, dates, tokens, _, fingerprints, words = _columns(versions)
    return (owner, types, ids, dates, tokens, fingerprints, words, *index_rows(versions).columns())


async def write_pointers(tx: Tx, owner: int, versions: Sequence[Version]) -> None:
    """Makes Patients findable without knowing whose record it is."""
    await _point(tx, owner, versions)


async def write_changed(tx: Tx, keys: KeyRing, owner: int, now: datetime, changes: Sequence[tuple[Current, Version]]) -> None:
    """Stores the versions after those that are locked, which go to the history. Contended when one is no longer the latest."""
    old, new = Rows(), Rows()
    for current, version in changes:
        before = await rows_before(tx, keys, owner, current)
        after = index_rows([version])
        old += before - after
        new += after - before
    if old:
        await tx.execute(FORGET, owner, *old.columns())
    versions = [version for _, version in changes]
    if await tx.fetchval(REPLACE, owner, now, *_columns(versions), *new.columns()) != len(changes):
        raise Contended
    await point_no_more(tx, keys, owner, [(current.stored, version.found_by.across) for current, version in changes])
    await _point(tx, owner, versions)


async def insert(tx: Tx, cipher: Cipher, keys: KeyRing, identifier: UUID, resource: Resource, now: datetime) -> Stored:
    """Stores version 1 of `resource` under `identifier`."""
    version = prepare(cipher, keys, identifier, resource, now)
    await write_new(tx, keys, cipher.owner, now, [version])
    return version.stored


async def update(tx: Tx, cipher: Cipher, keys: KeyRing, current: Stored, resource: Resource, now: datetime) -> Stored:
    """Stores the version after `current`. Contended when it is no longer the latest."""
    locked = await lock(tx, cipher, current.type, current.id)
    if locked is None or locked.stored.version != current.version:
        raise Contended
    version = prepare(cipher, keys, current.id, resource, now, version=current.version + 1, name=current.name)
    await write_changed(tx, keys, cipher.owner, now, [(locked, version)])
    return version.stored


async def delete(tx: Tx, cipher: Cipher, keys: KeyRing, current: Current, now: datetime) -> Stored:
    """Deletes a locked resource: its versions stay in the history, with the deletion as the last one."""
    stored, owner = current.stored, cipher.owner
    gone = Stored(stored.type, stored.id, stored.version + 1, now, DELETED + stored.name.encode())
    sealed = cipher.seal(gone.body, gone.type, gone.id, gone.version)
    await tx.execute(FORGET, owner, *(await rows_before(tx, keys, owner, current)).columns())
    if await tx.fetchval(REMOVE, owner, NUMBER[stored.type], stored.id, stored.version, now, sealed) != 1:
        raise Contended
    await point_no_more(tx, keys, owner, [(stored, set())])
    return gone


async def lock(tx: Tx, cipher: Cipher, type_: str, identifier: UUID) -> Current | None:
    """The current version, locked until the transaction ends; None when there is none."""
    row = await tx.fetchrow(READ_TO_CHANGE, cipher.owner, NUMBER[type_], identifier)
    return Current(open_row(cipher, row), row["date"], row["indexed"]) if row is not None else None


async def read(tx: Tx, cipher: Cipher, type_: str, identifier: UUID) -> Stored:
    """The current version; NotFound when there is none, Gone when it was deleted."""
    found = await find(tx, cipher, type_, identifier)
    if found is None:
        raise Gone if await last_version(tx, cipher, type_, identifier) is not None else NotFound
    return found


async def find(tx: Tx, cipher: Cipher, type_: str, identifier: UUID) -> Stored | None:
    """The current version, or None."""
    row = await tx.fetchrow(READ, cipher.owner, NUMBER[type_], identifier)
    return open_row(cipher, row) if row is not None else None


async def last_version(tx: Tx, cipher: Cipher, type_: str, identifier: UUID) -> Stored | None:
    """The last version in the history: of a resource that is not there now, its deletion."""
    row = await tx.fetchrow(LAST_VERSION, cipher.owner, NUMBER[type_], identifier)
    return open_row(cipher, row) if row is not None else None


async def read_version(tx: Tx, cipher: Cipher, type_: str, identifier: UUID, version: int) -> Stored:
    """One version, current or earlier; NotFound when it never was, Gone when it is a deletion."""
    row = await tx.fetchrow(READ_VERSION, cipher.owner, NUMBER[type_], identifier, version)
    if row is None:
        raise NotFound
    found = open_row(cipher, row)
    if found.deleted:
        raise Gone
    return found


async def read_all(tx: Tx, cipher: Cipher, type_: str) -> list[Stored]:
    """Every current resource of one type of one owner, latest first: for types of which an owner has few."""
    return [open_row(cipher, row) for row in await tx.fetch(READ_ALL, cipher.owner, NUMBER[type_])]


async def read_several(tx: Tx, cipher: Cipher, asked: Iterable[tuple[str, UUID]]) -> list[Stored]:
    """Those of the asked resources of one owner that are there now."""
    pairs = list(asked)
    numbers, ids = [NUMBER[type_] for type_, _ in pairs], [identifier for _, identifier in pairs]
    return [open_row(cipher, row) for row in await tx.fetch(READ_SEVERAL, cipher.owner, numbers, ids)]


async def rows_before(tx: Tx, keys: KeyRing, owner: int, current: Current) -> Rows:
    """The index rows that the current version has."""
    stored = current.stored
    if current.indexed == fingerprint_of(stored.type):
        found_by = index(stored.json(), keys, owner)
        return index_rows([Version(stored, b"", current.date, found_by)])
    await tx.execute(FORGET_OLD, owner, NUMBER[stored.type], [stored.id])
    return Rows()


async def _point(tx: Tx, owner: int, versions: Sequence[Version]) -> None:
    """Makes resources findable without knowing whose they are."""
    pointers = sorted((h, version.stored.id) for version in versions for h in version.found_by.across)
    if pointers:
        await tx.execute(POINT_TO, owner, [h for h, _ in pointers], [identifier for _, identifier in pointers])


async def point_no_more(tx: Tx, keys: KeyRing, owner: int, kept: Sequence[tuple[Stored, set[int]]]) -> None:
    """Takes back the pointers of earlier versions that the later ones do not keep."""
    gone = sorted((h, stored.id) for stored, after in kept for h in index(stored.json(), keys, owner).across - after)
    if gone:
        await tx.execute(POINT_NO_MORE, owner, [h for h, _ in gone], [identifier for _, identifier in gone])


def _columns(versions: Sequence[Version]) -> tuple[list[object], ...]:
    return (
        [NUMBER[version.stored.type] for version in versions],
        [version.stored.id for version in versions],
        [version.stored.version for version in versions],
        [version.date for version in versions],
        ["{" + ",".join(map(str, version.found_by.tokens)) + "}" for version in versions],
        [version.sealed for version in versions],
        [fingerprint_of(version.stored.type) for version in versions],
        [version.words for version in versions],
    )


def _seal_words(cipher: Cipher, found_by: Index, identifier: UUID, version: int) -> bytes | None:
    return cipher.seal(found_by.words.encode(), SEARCHED_AS, identifier, version) if found_by.words else None


def draw_up(identifier: UUID, resource: Resource, now: datetime) -> Stored:
    """A first version as it would be answered; nothing is written."""
    return Stored(resource["resourceType"], identifier, 1, now, write_json(_stamp(resource, str(identifier), 1, now)))


def _stamp(resource: Resource, name: str, version: int, now: datetime) -> Resource:
    """`resource` with the id and the meta that only the store may give (R4 resource.html#Meta); the rest as received."""
    meta = {**resource.get("meta", {}), "versionId": str(version), "lastUpdated": instant(now)}
    rest = {key: value for key, value in resource.items() if key not in {"resourceType", "id", "meta"}}
    return {"resourceType": resource["resourceType"], "id": name, "meta": meta, **rest}


def _date_of(found_by: Index, identifier: UUID, now: datetime) -> datetime:
    """The clinical date or, where none is said, that of the creation: it never changes by an update of something else."""
    if found_by.clinical_date is not None:
        return datetime.fromtimestamp(found_by.clinical_date, UTC)
    return made_at(identifier) or now
