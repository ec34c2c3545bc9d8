"""The monthly partitions of the trail, made ahead of time."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import asyncpg

from healthspace.database.database import Tx

AHEAD = 12
"""Months after the present one. A line of a month that has no partition goes to `audit_other`, and stays there."""

PARTITION = re.compile(r"audit_(\d{4})_(\d{2})", re.ASCII)
PARTITIONS = "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'audit'::regclass"
EXISTS = "SELECT to_regclass($1) IS NOT NULL"


async def ensure_audit_partitions(connection: asyncpg.Connection, *, now: datetime) -> list[str]:
    """Makes the partitions of this month and the next `AHEAD` that do not exist; returns their names. Moves nothing.

    A month that already has lines in the default partition is left there. Writers of other months are not held up:
    attaching a partition locks neither the trail nor its other partitions.
    """
    return [name for name, start, end in _months(now) if await _ensure(connection, name, start, end)]


@dataclass(frozen=True, slots=True)
class Partition:
    """A month of the trail: its table, and its first and last instants."""

    name: str
    first: datetime
    last: datetime


async def expired_partitions(connection: asyncpg.Connection, *, now: datetime, months: int) -> list[Partition]:
    """The months that ended `months` months ago or earlier, oldest first. What stands in the default partition stays."""
    instant = now.astimezone(UTC)
    oldest_kept = instant.year * 12 + instant.month - 1 - months
    found = []
    for row in await connection.fetch(PARTITIONS):
        match = PARTITION.fullmatch(row["relname"])
        month = int(match[1]) * 12 + int(match[2]) - 1 if match else oldest_kept
        if month < oldest_kept:
            found.append(Partition(row["relname"], _first_of(month), _first_of(month + 1) - timedelta(microseconds=1)))
    return sorted(found, key=lambda partition: partition.first)


async def drop_partition(tx: Tx, name: str) -> None:
    """Drops one month of the trail, within `tx`."""
    if PARTITION.fullmatch(name) is None:
        raise ValueError(name)
    # DDL takes no parameters: the name is made of a year and a month, as was just seen.
    await tx.execute(f"DROP TABLE {name}")


def _first_of(month: int) -> datetime:
    return datetime(month // 12, month % 12 + 1, 1, tzinfo=UTC)


async def _ensure(connection: asyncpg.Connection, name: str, start: str, end: str) -> bool:
    if await connection.fetchval(EXISTS, name):
        return False
    # DDL takes no parameters. All three words are made of a year and a month, below.
    create = f"CREATE TABLE {name} (LIKE audit INCLUDING ALL)"
    attach = f"ALTER TABLE audit ATTACH PARTITION {name} FOR VALUES FROM ('{start}') TO ('{end}')"
    try:
        async with connection.transaction():
            await connection.execute(create)
            await connection.execute(attach)
    except asyncpg.CheckViolationError:
        return False  # the default partition has lines of this month
    except (asyncpg.DuplicateTableError, asyncpg.DuplicateObjectError, asyncpg.UniqueViolationError):
        return False  # another process has just made it
    return True


def _months(now: datetime) -> Iterator[tuple[str, str, str]]:
    """Name, first instant and first instant after, of each month; in UTC, whatever the server's time zone."""
    instant = now.astimezone(UTC)
    first = instant.year * 12 + instant.month - 1
    for month in range(first, first + AHEAD + 1):
        yield (
            f"audit_{_year_month(month, '_')}",
            f"{_year_month(month, '-')}-01 00:00:00+00",
            f"{_year_month(month + 1, '-')}-01 00:00:00+00",
        )


def _year_month(month: int, separator: str) -> str:
    return f"{month // 12:04}{separator}{month % 12 + 1:02}"
