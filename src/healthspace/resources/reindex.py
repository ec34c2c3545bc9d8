"""Indexing anew what was indexed by other search parameters than today's: one walk over the store, resumable, while it is served.

Every row knows which definitions its index values were made by (`indexed`). The walk goes by owner, type and id; where it is, is kept in
the transaction that moves it on. What is written meanwhile is indexed by today's definitions already, and passed over.
"""

import zlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from healthspace.access.permit import Door
from healthspace.base import clock
from healthspace.database.database import Tx
from healthspace.database.seal import Cipher
from healthspace.fhir.resource_types import NAMES, NUMBER
from healthspace.fhir.searching.parameters import fingerprint_of
from healthspace.resources.store import FORGET_OLD, REINDEX, Version, prepare_again, reindex_values, write_pointers
from healthspace.resources.stored import open_row

STALE_TYPES = """
    SELECT r.type, count(*) AS resources FROM resource r
      JOIN unnest($1::smallint[], $2::integer[]) AS today (type, fingerprint) ON today.type = r.type
     WHERE r.indexed <> today.fingerprint AND r.updated >= $3 GROUP BY r.type
"""
FINISHED = "SELECT finished FROM reindexing WHERE fingerprint = $1"
NOTHING_STALE = """
    INSERT INTO reindexing (fingerprint, owner, type, id, done, finished) VALUES ($1, -1, 0, $2, 0, $3)
    ON CONFLICT (fingerprint) DO UPDATE SET finished = excluded.finished
"""
BEGIN = """
    INSERT INTO reindexing (fingerprint, owner, type, id, done) VALUES ($1, -1, 0, $2, 0) ON CONFLICT (fingerprint) DO NOTHING
"""
WHERE_IT_IS = "SELECT owner, type, id, done, finished FROM reindexing WHERE fingerprint = $1 FOR UPDATE"
NEXT = """
    SELECT r.owner, r.type, r.id FROM resource r
      JOIN unnest($4::smallint[], $5::integer[]) AS today (type, fingerprint) ON today.type = r.type
     WHERE (r.owner, r.type, r.id) > ($1, $2, $3) AND r.indexed <> today.fingerprint
     ORDER BY r.owner, r.type, r.id LIMIT $6
"""
LOCK = """
    SELECT type, id, version, updated, body FROM resource WHERE owner = $1 AND type = $2 AND id = ANY ($3::uuid[])
     ORDER BY id FOR NO KEY UPDATE
"""
MOVE = "UPDATE reindexing SET owner = $2, type = $3, id = $4, done = $5 WHERE fingerprint = $1"
FINISH = "UPDATE reindexing SET finished = $2 WHERE fingerprint = $1"
WRAPPED = "SELECT wrapped_key FROM owner WHERE owner = $1"
NOWHERE = UUID(int=0)
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
OVERLAP = timedelta(hours=1)
"""How far back each look reaches beyond the one before: a transaction may commit long after its moment, and clocks differ."""
BATCH = 200

Key = tuple[int, int, UUID]


@dataclass(frozen=True, slots=True)
class Progress:
    """How many resources have been indexed anew so far, in this run and those before it."""

    done: int
    finished: bool


async def count_stale(door: Door) -> dict[str, int]:
    """How many resources of each type wait to be indexed anew. Reads the whole store."""
    async with door.database.reading() as tx:
        rows = await tx.fetch(STALE_TYPES, *_today(), BEGINNING)
    return {NAMES[row["type"] - 1]: row["resources"] for row in rows}


async def find_stale(door: Door) -> dict[str, int]:
    """As `count_stale`, but only of what was written since nothing was stale: by processes of an older version, beside ours.

    Every process asks this again and again, and must not read the whole store each time.
    """
    now, run = clock.now(), _fingerprint_of_all()
    async with door.database.reading() as tx:
        finished: datetime | None = await tx.fetchval(FINISHED, run)
        rows = await tx.fetch(STALE_TYPES, *_today(), finished - OVERLAP if finished is not None else BEGINNING)
        if not rows:
            await tx.execute(NOTHING_STALE, run, NOWHERE, now)
    return {NAMES[row["type"] - 1]: row["resources"] for row in rows}


async def reindex(door: Door) -> AsyncIterator[Progress]:
    """Indexes everything anew that needs it, a batch at a time; goes on where an earlier run stopped."""
    run = _fingerprint_of_all()
    async with door.database.transaction() as tx:
        await tx.execute(BEGIN, run, NOWHERE)
    while True:
        async with door.database.transaction() as tx:
            progress = await _go_on(door, tx, run)
        yield progress
        if progress.finished:
            return


async def _go_on(door: Door, tx: Tx, run: int) -> Progress:
    at = await tx.fetchrow(WHERE_IT_IS, run)
    assert at is not None  # noqa: S101 - begun above
    start: Key = (at["owner"], at["type"], at["id"]) if at["finished"] is None else (-1, 0, NOWHERE)
    rows = await tx.fetch(NEXT, *start, *_today(), BATCH)
    if not rows:
        await tx.execute(FINISH, run, clock.now())
        return Progress(at["done"], finished=True)
    slices: dict[tuple[int, int], list[UUID]] = {}
    for row in rows:
        slices.setdefault((row["owner"], row["type"]), []).append(row["id"])
    for (owner, type_), ids in slices.items():
        await _index_slice(door, tx, owner, type_, ids)
    done, last = at["done"] + len(rows), rows[-1]
    await tx.execute(MOVE, run, last["owner"], last["type"], last["id"], done)
    return Progress(done, finished=False)


async def _index_slice(door: Door, tx: Tx, owner: int, type_: int, ids: list[UUID]) -> None:
    """Some resources of one owner and type: their old rows go, their new ones come."""
    cipher: Cipher = door.ciphers.open(owner, await tx.fetchval(WRAPPED, owner))
    rows = await tx.fetch(LOCK, owner, type_, ids)
    versions: list[Version] = [prepare_again(door.keys, cipher, open_row(cipher, row)) for row in rows]
    await tx.execute(FORGET_OLD, owner, type_, ids)
    await tx.execute(REINDEX, *reindex_values(owner, versions))
    await write_pointers(tx, owner, versions)


def _today() -> tuple[list[int], list[int]]:
    return [NUMBER[name] for name in NAMES], [fingerprint_of(name) for name in NAMES]


def _fingerprint_of_all() -> int:
    told = ",".join(str(fingerprint_of(name)) for name in NAMES)
    return int.from_bytes(zlib.crc32(told.encode()).to_bytes(4, "big"), "big", signed=True)
