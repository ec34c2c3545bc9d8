"""The monthly partitions of the trail, made ahead of time."""

from collections.abc import Iterator
from datetime import UTC, datetime

import asyncpg

AHEAD = 12
"""Months after the present one. A line of a month that has no partition goes to `audit_other`, and stays there."""

EXISTS = "SELECT to_regclass($1) IS NOT NULL"


async def ensure_audit_partitions(connection: asyncpg.Connection, *, now: datetime) -> list[str]:
    """Makes the partitions of this month and the next `AHEAD` that do not exist; returns their names. Moves nothing.

    A month that already has lines in the default partition is left there. Writers of other months are not held up:
    attaching a partition locks neither the trail nor its other partitions.
    """
    return [name for name, start, end in _months(now) if await _ensure(connection, name, start, end)]


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
