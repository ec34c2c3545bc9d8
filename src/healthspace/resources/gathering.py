"""All current resources of some types that a permit shows: for the picture of one record, where nearly all of them are needed."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from healthspace.access.permit import Permit
from healthspace.fhir.resource_types import NUMBER
from healthspace.resources.compile import compile_ids
from healthspace.resources.query import Named, Query
from healthspace.resources.reach import Reach, hashes_of
from healthspace.resources.reading import all_shown
from healthspace.resources.store import read_several
from healthspace.resources.stored import Resource, open_row

MOST = 20_000
"""Resources that are gathered at most: the latest."""

OF_TYPES = """
    SELECT type, id, version, updated, body FROM resource
     WHERE owner = $1 AND type = ANY ($2::smallint[]) AND NOT tokens && $4::bigint[]
     ORDER BY date DESC, id DESC LIMIT $3
"""


LABORATORY = ("Observation", ("category",), frozenset({"laboratory"}))
"""What most Observations of a record are."""


async def gather(p: Permit, types: Iterable[str], *, results: bool = True) -> list[Resource]:
    """The resources of `types`, the latest first; never one that a label, or its depositor, keeps from the caller.

    `results` is False where results of laboratories are not needed: they stay unread.
    """
    shown = [NUMBER[type_] for type_ in types if p.owner in (Reach(p).scope(type_).owners or ())]
    without = () if results else hashes_of(p.keys, *LABORATORY)
    rows = await p.tx.fetch(OF_TYPES, p.owner, shown, MOST, without) if shown else []
    return [one.json() for one in all_shown(p, (open_row(p.cipher, row) for row in rows))]


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
    return [one.json() for one in all_shown(p, found)]
