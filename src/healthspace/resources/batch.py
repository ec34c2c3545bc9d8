"""Many resources of one owner at once: locked, deleted, or created where they were before, by a few statements."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from healthspace.access.origin import KEPT_OF_DOCUMENTS
from healthspace.base.errors import Contended
from healthspace.database.database import Tx
from healthspace.database.keys import KeyRing
from healthspace.database.seal import Cipher
from healthspace.fhir.resource_types import NAMES, NUMBER
from healthspace.resources.hashing import hash_uri
from healthspace.resources.rows import Rows
from healthspace.resources.store import FORGET, Current, point_no_more, rows_before
from healthspace.resources.stored import DELETED, open_row

LOCK_SOURCED = """
    SELECT r.type, r.id, r.version, r.updated, r.body, r.date, r.indexed
      FROM unnest($2::smallint[], $3::bigint[]) AS asked (type, h)
      JOIN ix_token i ON i.owner = $1 AND i.h = asked.h
      JOIN resource r ON r.owner = $1 AND r.type = asked.type AND r.id = i.id
       FOR NO KEY UPDATE OF r
"""
REMOVE_SEVERAL = """
    WITH gone AS (
        DELETE FROM resource r
         USING unnest($2::smallint[], $3::uuid[], $4::integer[], $5::bytea[]) AS old (type, id, version, sealed)
         WHERE r.owner = $1 AND r.type = old.type AND r.id = old.id AND r.version = old.version
        RETURNING r.owner, r.type, r.id, r.version, r.updated, r.body, old.sealed
    ), earlier AS (
        INSERT INTO resource_history (owner, type, id, version, updated, body)
        SELECT owner, type, id, version, updated, body FROM gone
        UNION ALL SELECT owner, type, id, version + 1, $6, sealed FROM gone
    )
    SELECT count(*) FROM gone
"""
LAST_VERSIONS = """
    SELECT h.type, h.id, max(h.version) AS version
      FROM unnest($2::smallint[], $3::uuid[]) AS asked (type, id)
      JOIN resource_history h ON h.owner = $1 AND h.type = asked.type AND h.id = asked.id
     GROUP BY h.type, h.id
"""
Place = tuple[str, UUID]
"""Type and id of a resource of the owner who is meant."""


async def lock_sourced(tx: Tx, cipher: Cipher, keys: KeyRing, source: str) -> list[Current]:
    """Of the types that documents give, the resources of one owner whose `meta.source` is `source`, locked until the transaction ends."""
    types = sorted(KEPT_OF_DOCUMENTS)
    hashes = [hash_uri(keys, type_, "meta.source", source) for type_ in types]
    rows = await tx.fetch(LOCK_SOURCED, cipher.owner, [NUMBER[type_] for type_ in types], hashes)
    return [Current(open_row(cipher, row), row["date"], row["indexed"]) for row in rows]


async def delete_several(tx: Tx, cipher: Cipher, keys: KeyRing, currents: Sequence[Current], now: datetime) -> None:
    """Deletes locked resources: their versions stay in the history, with the deletion as the last one."""
    owner, rows = cipher.owner, Rows()
    for current in currents:
        rows += await rows_before(tx, keys, owner, current)
    if rows:
        await tx.execute(FORGET, owner, *rows.columns())
    stored = [current.stored for current in currents]
    places = _columns((one.type, one.id) for one in stored)
    sealed = [cipher.seal(DELETED + one.name.encode(), one.type, one.id, one.version + 1) for one in stored]
    if await tx.fetchval(REMOVE_SEVERAL, owner, *places, [one.version for one in stored], sealed, now) != len(stored):
        raise Contended
    await point_no_more(tx, keys, owner, [(one, set[int]()) for one in stored])


async def last_versions(tx: Tx, owner: int, asked: Iterable[Place]) -> dict[Place, int]:
    """The number of the last version in the history, of those of the asked resources that have a history."""
    rows = await tx.fetch(LAST_VERSIONS, owner, *_columns(asked))
    return {(NAMES[row["type"] - 1], row["id"]): row["version"] for row in rows}


def _columns(places: Iterable[Place]) -> tuple[list[int], list[UUID]]:
    pairs = list(places)
    return [NUMBER[type_] for type_, _ in pairs], [identifier for _, identifier in pairs]
