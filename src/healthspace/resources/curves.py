"""Results of laboratories by the hash of their curve: the latest of them, the last of each curve, or all of one.

Rows that other definitions than today's have indexed carry no such hash yet: they are read too, and told apart by who reads them.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from healthspace.access.permit import Permit
from healthspace.database.database import Row
from healthspace.profile.measures import result_key
from healthspace.resources.compile import BY_DATE, Compiled, compile_latest, compile_page
from healthspace.resources.hashing import hash_curve
from healthspace.resources.query import Condition, Either, Hashed, Not, Query, Scope, Stale
from healthspace.resources.reach import Reach
from healthspace.resources.stored import Resource, open_row

OBSERVATION = "Observation"
MOST = 20_000
"""Results of one curve that are read at most: the latest."""


class Found(NamedTuple):
    """An Observation that the permit shows, its place in the order of the index, and its curve (empty: it is no result)."""

    date: datetime
    id: UUID
    key: str
    resource: Resource


async def find_others(p: Permit, known: Iterable[str], after: Found | None, most: int) -> list[Found]:
    """The latest results that are of none of the curves `known`, from the place `after` on."""
    query = Query(OBSERVATION, [_of(p, [""]), Not(Hashed(_hashes(p, known)))])
    return await _read(p, compile_page(query, _scope(p), BY_DATE[True], (after.date, after.id) if after else None, most))


async def find_last(p: Permit, keys: Iterable[str], most: int) -> list[Found]:
    """The latest `most` results of each of the curves `keys`; those of one time stay together."""
    hashes = _hashes(p, keys)
    return await _read(p, compile_latest(Query(OBSERVATION, [Hashed(hashes)]), _scope(p), hashes, most))


async def find_all(p: Permit, keys: Iterable[str]) -> list[Found]:
    """Every result of the curves `keys`, the latest first."""
    return await _read(p, compile_page(Query(OBSERVATION, [_of(p, keys)]), _scope(p), BY_DATE[True], None, MOST))


def _of(p: Permit, keys: Iterable[str]) -> Condition:
    return Either((Hashed(_hashes(p, keys)), Stale()))


def _hashes(p: Permit, keys: Iterable[str]) -> tuple[int, ...]:
    return tuple(hash_curve(p.keys, key) for key in keys)


def _scope(p: Permit) -> Scope:
    return Reach(p).scope(OBSERVATION)


async def _read(p: Permit, compiled: Compiled) -> list[Found]:
    statement, values = compiled
    return [_open(p, row) for row in await p.tx.fetch(statement, *values)]


def _open(p: Permit, row: Row) -> Found:
    resource = open_row(p.cipher, row).json()
    return Found(row["date"], row["id"], result_key(resource), resource)
