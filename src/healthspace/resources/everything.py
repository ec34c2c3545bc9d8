"""All of one citizen's record, in the order of types and ids, a page at a time."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from healthspace.access.permit import Permit
from healthspace.access.rules import Action
from healthspace.base.errors import NotFound
from healthspace.fhir.resource_types import NAMES, NUMBER
from healthspace.fhir.searching.extract import extract
from healthspace.resources.cursor import open_place, seal_place
from healthspace.resources.including import fetch_named
from healthspace.resources.query import Scope
from healthspace.resources.reach import Reach, belongs_to_citizens
from healthspace.resources.reading import is_shown
from healthspace.resources.store import find
from healthspace.resources.stored import Stored, open_row

# What is hidden is left out by the statement: how many rows are read, and how often, says nothing of it.
PAGE = """
    SELECT type, id, version, updated, body FROM resource
     WHERE owner = $1 AND type = ANY ($2::smallint[]) AND (type, id) > ($3, $4)
       AND ($5::timestamptz IS NULL OR updated >= $5) AND ($6::timestamptz IS NULL OR date >= $6)
       AND ($7::timestamptz IS NULL OR date <= $7)
       AND (NOT tokens && $9::bigint[] OR tokens && ARRAY[$10::bigint]) AND NOT tokens && $11::bigint[]
       AND (type <> ALL ($12::smallint[]) OR tokens && $13::bigint[])
       AND (type <> ALL ($14::smallint[]) OR tokens && ARRAY[$10] OR tokens && $15::bigint[]
            OR (tokens && $16::bigint[] AND NOT tokens && $17::bigint[]) OR (type = ANY ($18::smallint[]) AND NOT tokens && $19::bigint[]))
     ORDER BY type, id LIMIT $8
"""
NOWHERE = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which part of a record: types (none named: all), written since, of the care between two dates."""

    types: tuple[str, ...]
    since: datetime | None
    start: datetime | None
    end: datetime | None
    count: int
    cursor: str | None


@dataclass(frozen=True, slots=True)
class Everything:
    """A page: resources of the record, and what they refer to outside of it."""

    entries: tuple[Stored, ...]
    included: tuple[Stored, ...]
    total: int | None
    next: str | None


async def read_everything(p: Permit, patient: UUID, wanted: Wanted) -> Everything:
    """A page of the record of `patient`; NotFound when the permit is not about them."""
    p.must_be_for(Action.SEARCH_RESOURCES)
    if await find(p.tx, p.cipher, "Patient", patient) is None:
        raise NotFound
    reach = Reach(p)
    scopes = {type_: reach.scope(type_) for type_ in NAMES if _is_wanted(reach, type_, wanted)}
    types, bounds = [NUMBER[type_] for type_ in scopes], _bounds_of(scopes, p.depositor)
    after: tuple[int, UUID] = (0, NOWHERE)
    if wanted.cursor is not None:
        number, identifier = open_place(p.keys, f"everything|{patient}", wanted.cursor)
        after = number, UUID(identifier)
    entries: list[Stored] = []
    while True:
        rows = await p.tx.fetch(PAGE, p.owner, types, *after, wanted.since, wanted.start, wanted.end, wanted.count + 1, *bounds)
        shown = [stored for stored in (open_row(p.cipher, row) for row in rows) if is_shown(p, stored.json())]
        entries += shown
        more = len(rows) > wanted.count
        if not more or len(entries) > wanted.count:
            break
        after = rows[-1]["type"], rows[-1]["id"]
    page = entries[: wanted.count]
    going_on = len(entries) > wanted.count
    following = seal_place(p.keys, f"everything|{patient}", [NUMBER[page[-1].type], str(page[-1].id)]) if going_on else None
    total = len(page) if following is None and wanted.cursor is None else None
    return Everything(tuple(page), tuple(await _referred_to(reach, page)), total, following)


def _is_wanted(reach: Reach, type_: str, wanted: Wanted) -> bool:
    if wanted.types and type_ not in wanted.types:
        return False
    return belongs_to_citizens(type_) and type_ != "Binary" and reach.scope(type_).owners == reach.permit.owners


def _bounds_of(scopes: Mapping[str, Scope], depositor: int) -> tuple[object, ...]:
    """What the scopes of several types leave out, as values of PAGE. A hash is of one type: those of all types stand together."""
    demanding = {type_: scope.required for type_, scope in scopes.items() if scope.required}
    admitted = {type_: scope.admitted for type_, scope in scopes.items() if scope.admitted is not None}
    apart = {type_: one.apart for type_, one in admitted.items() if one.apart}
    return (
        [h for scope in scopes.values() for h in scope.hidden.hashes],
        depositor,
        [h for scope in scopes.values() for h in scope.gone],
        [NUMBER[type_] for type_ in demanding],
        [h for hashes in demanding.values() for h in hashes],
        [NUMBER[type_] for type_ in admitted],
        [h for one in admitted.values() for h in one.types],
        [h for one in admitted.values() for h in one.classes],
        [h for one in admitted.values() for h in one.but],
        [NUMBER[type_] for type_ in apart],
        [h for hashes in apart.values() for h in hashes],
    )


async def _referred_to(reach: Reach, page: list[Stored]) -> list[Stored]:
    """The professionals, places and other things of the registry that the page refers to, as far as the caller may see them."""
    wanted: dict[str, set[str]] = {}
    for stored in page:
        for _, text, _ in extract(stored.json()).references:
            type_, _, name = text.rpartition("/")
            if type_ in NUMBER and not belongs_to_citizens(type_):
                wanted.setdefault(type_, set()).add(name)
    return [found for type_, names in wanted.items() for found in await fetch_named(reach, type_, names)]
