"""Search within one owner: conditions as arrays, one prepared statement whatever is asked, paged by key.

Every condition is a group of alternatives; a resource must meet each group. The caller's rights are groups like the others,
so that totals and pages say nothing about what may not be seen.
"""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from healthspace.database.database import Tx
from healthspace.database.seal import Cipher
from healthspace.fhir.resource_types import NUMBER
from healthspace.resources.store import Stored, open_row

MATCHING = """
      FROM resource r
     WHERE r.owner = $1 AND r.type = $2
       AND ($5 = 0 OR (SELECT count(DISTINCT q.g) FROM unnest($3::int[], $4::int[]) AS q (g, t) WHERE q.t = ANY (r.tokens)) = $5)
       AND ($8 = 0 OR (SELECT count(DISTINCT q.g) FROM unnest($6::int[], $7::bigint[]) AS q (g, h)
              JOIN ix_token i ON i.owner = $1 AND i.h = q.h AND i.date = r.date AND i.id = r.id) = $8)
       AND ($15 = 0 OR (SELECT count(DISTINCT q.g)
              FROM unnest($9::int[], $10::int[], $11::float8[], $12::float8[], $13::float8[], $14::float8[])
                AS q (g, param, lo_from, lo_to, hi_from, hi_to)
              JOIN ix_range i ON i.owner = $1 AND i.type = $2 AND i.param = q.param AND i.id = r.id
                             AND i.lo BETWEEN q.lo_from AND q.lo_to AND i.hi BETWEEN q.hi_from AND q.hi_to) = $15)
       AND ($20 = 0 OR (SELECT count(DISTINCT q.g)
              FROM unnest($16::int[], $17::int[], $18::bytea[], $19::bytea[]) AS q (g, param, low, high)
              JOIN ix_string i ON i.owner = $1 AND i.type = $2 AND i.param = q.param AND i.id = r.id
                              AND i.folded >= q.low AND i.folded < q.high) = $20)
       AND (NOT r.tokens && $21::int[]
            OR EXISTS (SELECT 1 FROM ix_token i WHERE i.owner = $1 AND i.h = $22 AND i.date = r.date AND i.id = r.id))
"""
COLUMNS = "SELECT r.type, r.id, r.version, r.updated, r.date, r.body"
NEWEST_FIRST = (
    COLUMNS + MATCHING + " AND ($23::timestamptz IS NULL OR (r.date, r.id) < ($23, $24)) ORDER BY r.date DESC, r.id DESC LIMIT $25"
)
OLDEST_FIRST = COLUMNS + MATCHING + " AND ($23::timestamptz IS NULL OR (r.date, r.id) > ($23, $24)) ORDER BY r.date, r.id LIMIT $25"
LAST_UPDATED_FIRST = (
    COLUMNS + MATCHING + " AND ($23::timestamptz IS NULL OR (r.updated, r.id) < ($23, $24)) ORDER BY r.updated DESC, r.id DESC LIMIT $25"
)
FIRST_UPDATED_FIRST = (
    COLUMNS + MATCHING + " AND ($23::timestamptz IS NULL OR (r.updated, r.id) > ($23, $24)) ORDER BY r.updated, r.id LIMIT $25"
)
COUNT = "SELECT count(*)" + MATCHING
WITH_HASH = """
    SELECT r.type, r.id, r.version, r.updated, r.body
      FROM ix_token i JOIN resource r ON r.owner = $1 AND r.type = $2 AND r.id = i.id
     WHERE i.owner = $1 AND i.h = ANY ($3::bigint[]) ORDER BY r.id
"""

SORTS = {"-date": NEWEST_FIRST, "date": OLDEST_FIRST, "-_lastUpdated": LAST_UPDATED_FIRST, "_lastUpdated": FIRST_UPDATED_FIRST}


@dataclass(frozen=True, slots=True)
class Box:
    """A range condition: first instant within `lo`, last instant within `hi` (seconds, both ends included)."""

    param: int
    lo: tuple[float, float]
    hi: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Prefix:
    """A string condition: the coded prefix that a folded value must begin with."""

    param: int
    coded: bytes


@dataclass(slots=True)
class Query:
    """What is asked. Each list holds groups; a group is met by any of its alternatives."""

    type: str
    tokens: list[list[int]] = field(default_factory=list)
    hashes: list[list[int]] = field(default_factory=list)
    ranges: list[list[Box]] = field(default_factory=list)
    strings: list[list[Prefix]] = field(default_factory=list)
    hidden: list[int] = field(default_factory=list)
    """Tokens that keep a resource from the caller, unless it carries `unless`."""
    unless: int = 0
    sort: str = "-date"
    after: tuple[datetime, UUID] | None = None
    count: int = 50


@dataclass(frozen=True, slots=True)
class Page:
    """One page: its entries, how many match in all, and the key to go on from (None on the last page)."""

    entries: tuple[Stored, ...]
    total: int
    next: tuple[datetime, UUID] | None


async def search(tx: Tx, cipher: Cipher, query: Query) -> Page:
    """A page of the owner's resources that meet every group of `query`."""
    conditions = _arguments(cipher.owner, query)
    total: int = await tx.fetchval(COUNT, *conditions)
    if query.count == 0:
        return Page((), total, None)
    at, identifier = query.after or (None, None)
    rows = await tx.fetch(SORTS[query.sort], *conditions, at, identifier, query.count + 1)
    more, rows = len(rows) > query.count, rows[: query.count]
    column = "updated" if query.sort.endswith("_lastUpdated") else "date"
    return Page(tuple(open_row(cipher, row) for row in rows), total, (rows[-1][column], rows[-1]["id"]) if more else None)


async def find_by_hash(tx: Tx, cipher: Cipher, type_: str, hashes: list[int]) -> list[Stored]:
    """The owner's resources of one type that carry any of these selective tokens: an index look-up, for the store's own use."""
    unique = {row["id"]: row for row in await tx.fetch(WITH_HASH, cipher.owner, NUMBER[type_], hashes)}
    return [open_row(cipher, row) for row in unique.values()]


def _arguments(owner: int, query: Query) -> list[object]:
    tokens = [(group, token) for group, members in enumerate(query.tokens) for token in members]
    hashes = [(group, h) for group, members in enumerate(query.hashes) for h in members]
    boxes = [(group, box) for group, members in enumerate(query.ranges) for box in members]
    prefixes = [(group, prefix) for group, members in enumerate(query.strings) for prefix in members]
    return [
        owner,
        NUMBER[query.type],
        [group for group, _ in tokens],
        [token for _, token in tokens],
        len(query.tokens),
        [group for group, _ in hashes],
        [h for _, h in hashes],
        len(query.hashes),
        [group for group, _ in boxes],
        [box.param for _, box in boxes],
        [box.lo[0] for _, box in boxes],
        [box.lo[1] for _, box in boxes],
        [box.hi[0] for _, box in boxes],
        [box.hi[1] for _, box in boxes],
        len(query.ranges),
        [group for group, _ in prefixes],
        [prefix.param for _, prefix in prefixes],
        [prefix.coded for _, prefix in prefixes],
        [_after_all(prefix.coded) for _, prefix in prefixes],
        len(query.strings),
        query.hidden,
        query.unless,
    ]


def _after_all(prefix: bytes) -> bytes:
    """The least bytes above everything that begins with `prefix`."""
    trimmed = prefix.rstrip(b"\xff")
    return trimmed[:-1] + bytes((trimmed[-1] + 1,)) if trimmed else b"\xff" * 64
