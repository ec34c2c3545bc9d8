"""All current resources of some types that a permit shows: for the picture of one record, where nearly all of them are needed."""

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from healthspace.access.permit import Permit
from healthspace.fhir.resource_types import NUMBER
from healthspace.resources.compile import BY_DATE, compile_ids, compile_page
from healthspace.resources.query import Hashed, Named, Not, Query
from healthspace.resources.reach import Reach, hashes_of, said_by_documents
from healthspace.resources.reading import all_shown_resources
from healthspace.resources.store import read_several
from healthspace.resources.stored import Resource, open_row

MOST = 20_000
"""Resources that are gathered at most: the latest."""

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
