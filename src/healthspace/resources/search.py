"""Search: a page of what is asked for, in the asked order, paged by key.

An order that the index gives is read from it. Any other is made by reading what matches, up to a limit: a broader question must be
narrowed. The caller's rights are part of every statement, so that totals and pages say nothing about what may not be seen.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from healthspace.access.permit import Permit
from healthspace.base.errors import Malformed
from healthspace.database.database import Row
from healthspace.fhir.dates import EPOCH
from healthspace.fhir.searching.extract import clinical_date_parameter
from healthspace.resources.compile import BY_DATE, BY_ID, BY_UPDATE, Place, compile_bodies, compile_count, compile_page
from healthspace.resources.cursor import open_place, seal_place
from healthspace.resources.order import Key, compare, key_of, sort_keys
from healthspace.resources.query import Hashed, Named, Query, Scope
from healthspace.resources.reach import Reach
from healthspace.resources.stored import Stored, open_row

MOST_READ = 20_000
"""Resources that one search reads to put them in order or to check them."""
BATCH = 200


@dataclass(frozen=True, slots=True)
class Page:
    """One page: its resources, how many match in all (None: not asked), and the sealed place to go on from (None on the last)."""

    entries: tuple[Stored, ...]
    total: int | None
    next: str | None


async def search(reach: Reach, query: Query, scope: Scope) -> Page:
    """A page of the resources that meet `query`. Malformed when it would take reading too many."""
    if query.count == 0:
        return Page((), await _count(reach, query, scope), None)
    order = _index_order(query)
    if order is None:
        return await _search_in_memory(reach, query, scope)
    after = _read_place(open_place(reach.keys, _about(query), query.after)) if query.after is not None else None
    entries, place = await _read_page(reach, query, scope, order, after)
    following = seal_place(reach.keys, _about(query), place) if place is not None else None
    if not query.total:
        return Page(entries, None, following)
    whole = after is None and place is None
    return Page(entries, len(entries) if whole else await _count(reach, query, scope), following)


async def find_hashed(p: Permit, type_: str, hashed: Hashed) -> list[Stored]:
    """The resources of one type of the permit's owner that carry a hash: a look-up for the record's own use, whatever is shown."""
    statement, values = compile_bodies(Query(type_, conditions=[hashed]), Scope((p.owner,)), MOST_READ)
    return [open_row(p.cipher, row) for row in await p.tx.fetch(statement, *values)]


def compile_first_page(query: Query, scope: Scope) -> tuple[str, list[object]]:
    """The statement of the first page of a search whose order an index gives: what the benchmarks compare with."""
    order = _index_order(query)
    if order is None:
        raise Malformed("no index gives this order", place="_sort")
    return compile_page(query, scope, order, None, query.count + 1)


async def _read_page(
    reach: Reach, query: Query, scope: Scope, order: tuple[str, str], after: Place | None
) -> tuple[tuple[Stored, ...], list[Any] | None]:
    """The resources of a page, and the place of the last one when there are more. What must be checked is read in batches."""
    found: list[Stored] = []
    places: dict[UUID, list[Any]] = {}
    since: Any = after[2] if after is not None and len(after) > 2 else reach.permit.now
    read, limit = 0, query.count + 1 if not query.checks else max(BATCH, query.count + 1)
    while True:
        statement, values = compile_page(query, scope, order, after, limit)
        rows = await reach.tx.fetch(statement, *values)
        if after is None:
            since = max((since, *(row["updated"] for row in rows)))
        # The row after the page only tells that there is more.
        opened = await reach.open_rows(rows if query.checks else rows[: query.count])
        found += [one for one in opened if all(check(one.json()) for check in query.checks)] if query.checks else opened
        more = len(found) > query.count or (len(rows) > query.count and not query.checks)
        if more or len(rows) == limit:
            places |= {row["id"]: _place_of(query, row, since) for row in rows}
        if more:
            return tuple(found[: query.count]), places[found[query.count - 1].id]
        if len(rows) < limit:
            return tuple(found), None
        read += len(rows)
        _refuse_many(read)
        after = _read_place(places[rows[-1]["id"]])


async def _search_in_memory(reach: Reach, query: Query, scope: Scope) -> Page:
    """Everything that matches, put in order; then a page of it."""
    keys: list[Key] = [key_of(stored, query.sort) async for stored in _read_all(reach, query, scope)]
    ordered = sort_keys(keys, query.sort)
    if query.after is not None:
        place = tuple(open_place(reach.keys, _about(query), query.after))
        ordered = [key for key in ordered if compare(key, place, query.sort) > 0]
    page = ordered[: query.count]
    more = len(ordered) > len(page)
    ids = [UUID(key[-1]) for key in page]
    shown = Query(query.type, conditions=[Named(tuple(ids))])
    statement, values = compile_bodies(shown, scope, len(ids))
    rows = await reach.tx.fetch(statement, *values)
    by_id = {stored.id: stored for stored in await reach.open_rows(rows)}
    following = seal_place(reach.keys, _about(query), list(page[-1])) if more else None
    return Page(tuple(by_id[one] for one in ids if one in by_id), len(keys) if query.total else None, following)


async def _count(reach: Reach, query: Query, scope: Scope) -> int:
    if not query.checks:
        statement, values = compile_count(query, scope)
        total: int = await reach.tx.fetchval(statement, *values)
        return total
    total = 0
    async for _ in _read_all(reach, query, scope):
        total += 1
    return total


async def _read_all(reach: Reach, query: Query, scope: Scope) -> AsyncIterator[Stored]:
    """Every resource that meets `query`, in batches, so that memory stays flat. Malformed when there are too many to read."""
    after: Place | None = None
    read = 0
    while True:
        statement, values = compile_page(query, scope, BY_ID[True], after, BATCH)
        rows = await reach.tx.fetch(statement, *values)
        for stored in await reach.open_rows(rows):
            if all(check(stored.json()) for check in query.checks):
                yield stored
        if len(rows) < BATCH:
            return
        read += len(rows)
        _refuse_many(read)
        after = (rows[-1]["id"],)


def _refuse_many(read: int) -> None:
    if read >= MOST_READ:
        raise Malformed("answering this would take reading too many resources; say more of what is looked for", place="query")


def _index_order(query: Query) -> tuple[str, str] | None:
    """The order that an index gives, or None."""
    first, *rest = query.sort
    if rest:
        return None
    if first.parameter == "_id":
        return BY_ID[first.descending]
    if first.parameter == "_lastUpdated":
        return BY_UPDATE[first.descending]
    return BY_DATE[first.descending] if first.parameter == clinical_date_parameter(query.type) else None


def _about(query: Query) -> str:
    """What a place is sealed for: the type and the order."""
    return query.type + "".join(f"|{'-' if sort.descending else ''}{sort.parameter}" for sort in query.sort)


def _place_of(query: Query, row: Row, since: datetime) -> list[Any]:
    """Where a row is in the order; in that of updates with when the search began, so that what is written meanwhile keeps its place."""
    sort, identifier = query.sort[0].parameter, str(row["id"])
    if sort == "_id":
        return [identifier]
    if sort == "_lastUpdated":
        written = row.get("written") or row["updated"]
        return [_microseconds(written), identifier, _microseconds(since)]
    return [_microseconds(row["date"]), identifier]


def _microseconds(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1)


def _read_place(place: list[Any]) -> Place:
    """A place as the values of the statement that goes on from it."""
    if len(place) == 1:
        return (UUID(place[0]),)
    moment, identifier, *since = place
    return (EPOCH + timedelta(microseconds=moment), UUID(identifier), *(EPOCH + timedelta(microseconds=one) for one in since))
