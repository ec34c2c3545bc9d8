"""Resources of some types that a permit shows, for what a record tells: all current ones, or the latest days of them."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta, tzinfo
from uuid import UUID
from zoneinfo import ZoneInfo

from healthspace.access.permit import Permit
from healthspace.fhir.resource_types import NAMES, NUMBER
from healthspace.profile.timeline import Dated
from healthspace.resources.compile import BY_DATE, compile_ids, compile_page, compile_together, compile_years
from healthspace.resources.query import Hashed, Named, Not, Query, Scope
from healthspace.resources.reach import Reach, hashes_of, said_by_documents
from healthspace.resources.reading import all_shown_resources
from healthspace.resources.store import read_several
from healthspace.resources.stored import Resource, open_row

MOST = 20_000
"""Resources that are gathered at most: the latest."""
LOWEST = UUID(int=0)

OF_TYPES = """
    SELECT type, id, version, updated, body FROM resource
     WHERE owner = $1 AND type = ANY ($2::smallint[]) AND (type <> $4 OR $5::bigint[] IS NULL OR tokens && $5)
     ORDER BY date DESC, id DESC LIMIT $3
"""
OBSERVATION = "Observation"
Codes = Mapping[str, frozenset[str]]
"""Codes of any system, by where they stand (`code`, `category`): what tells the Observations that are wanted, most of which are results."""


async def gather(p: Permit, types: Iterable[str], *, observed: Codes | None = None, most: int = MOST) -> list[Resource]:
    """The resources of `types`, the latest first; never one that a label, or its depositor, keeps from the caller.

    Of Observations, only those with one of the codes `observed`, when they are said: the others stay unread.
    """
    shown = [NUMBER[type_] for type_ in types if p.owner in (Reach(p).scope(type_).owners or ())]
    hashes = None if observed is None else [h for path, codes in observed.items() for h in hashes_of(p.keys, OBSERVATION, (path,), codes)]
    rows = await p.tx.fetch(OF_TYPES, p.owner, shown, most, NUMBER[OBSERVATION], hashes) if shown else []
    return list(all_shown_resources(p, (open_row(p.cipher, row) for row in rows)))


async def gather_entered(p: Permit, type_: str) -> list[Resource]:
    """The resources of one type that no document says, the latest first, as far as the permit shows them."""
    scope = Reach(p).scope(type_)
    if p.owner not in (scope.owners or ()):
        return []
    query = Query(type_, conditions=[Not(Hashed(said_by_documents(p.keys, type_)))])
    statement, values = compile_page(query, scope, BY_DATE[True], None, MOST)
    return list(all_shown_resources(p, (open_row(p.cipher, row) for row in await p.tx.fetch(statement, *values))))


async def which_shown(p: Permit, type_: str, ids: Sequence[UUID]) -> set[UUID]:
    """Of the resources of one type with these ids, those that the permit shows: found by the index, nothing is opened."""
    scope = Reach(p).scope(type_)
    if not ids or p.owner not in (scope.owners or ()):
        return set()
    statement, values = compile_ids(Query(type_, conditions=[Named(tuple(ids))]), scope)
    return {row["id"] for row in await p.tx.fetch(statement, *values)}


async def gather_named(p: Permit, type_: str, ids: Iterable[UUID]) -> list[Resource]:
    """Of the resources of one type with these ids, those that the permit shows."""
    wanted = [(type_, identifier) for identifier in ids]
    if not wanted or p.owner not in (Reach(p).scope(type_).owners or ()):
        return []
    found = await read_several(p.tx, p.cipher, wanted)
    return list(all_shown_resources(p, found))


async def gather_days(p: Permit, queries: Iterable[Query], until: date | None, zone: tzinfo, limit: int) -> AsyncIterator[list[Dated]]:
    """What the permit shows of the answers to `queries`, the latest first from the day `until` on, in batches of whole days of `zone`.

    The day of each is that of its clinical date, or of its creation where none is said (`store`): the index knows it. `limit` resources
    are read at a time, or more where one day holds as many.
    """
    asked, last = _within_scope(p, queries), list[Dated]()
    before = (datetime.combine(until + timedelta(days=1), time(), zone), LOWEST) if until is not None and until < date.max else None
    while asked:
        statement, values = compile_together(asked, before, limit)
        rows = await p.tx.fetch(statement, *values)
        read = [*last, *(Dated(_day_of(row["date"], zone), open_row(p.cipher, row).json()) for row in rows)]
        # The last day may go on in the next batch.
        last = [one for one in read if one.day == read[-1].day] if len(rows) == limit else []
        if whole := read[: len(read) - len(last)]:
            yield whole
        if len(rows) < limit:
            return
        before, limit = (rows[-1]["date"], rows[-1]["id"]), limit if whole else 2 * limit


async def find_years(p: Permit, queries: Iterable[Query], zone: ZoneInfo) -> dict[str, list[int]]:
    """The years in which the permit shows an answer to each of `queries`, the latest first, by their type; no entry where it shows none."""
    asked, found = _within_scope(p, queries), dict[str, list[int]]()
    if asked:
        statement, values = compile_years(asked, zone.key)
        for row in await p.tx.fetch(statement, *values):
            found.setdefault(NAMES[row["type"] - 1], []).append(row["year"])
    return found


def _within_scope(p: Permit, queries: Iterable[Query]) -> Sequence[tuple[Query, Scope]]:
    """Each query with what the permit shows of the record that it is about; without those of which it shows nothing."""
    scopes = ((query, Reach(p).scope(query.type).within({p.owner})) for query in queries)
    return [(query, scope) for query, scope in scopes if scope.owners]


def _day_of(moment: datetime, zone: tzinfo) -> date:
    try:
        return moment.astimezone(zone).date()
    except (OverflowError, ValueError):  # at the ends of the calendar
        return moment.date()
