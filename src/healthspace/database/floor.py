"""The floor of the benchmarks: what PostgreSQL alone does with the same rows, without this program around it."""

import os
import time
from uuid import uuid4

from healthspace.database.database import Database

CREATE = "CREATE TABLE IF NOT EXISTS bench_floor (id uuid NOT NULL PRIMARY KEY, body bytea NOT NULL)"
EXTERNAL = "ALTER TABLE bench_floor ALTER COLUMN body SET STORAGE EXTERNAL"
INSERT = "INSERT INTO bench_floor (id, body) VALUES ($1, $2)"


async def time_reads(database: Database, statement: str, *values: object, seconds: float) -> list[float]:
    """Runs one prepared statement again and again on one connection; the seconds that each took."""
    taken = []
    async with database.connection() as connection:
        end = time.perf_counter() + seconds
        while (began := time.perf_counter()) < end:
            await connection.fetchrow(statement, *values)
            taken.append(time.perf_counter() - began)
    return taken


async def time_inserts(database: Database, size: int, *, seconds: float) -> list[float]:
    """Inserts and commits one row of `size` random bytes again and again on one connection; the seconds that each took."""
    taken, body = [], os.urandom(size)
    async with database.connection() as connection:
        await connection.execute(CREATE)
        await connection.execute(EXTERNAL)
        end = time.perf_counter() + seconds
        while (began := time.perf_counter()) < end:
            await connection.execute(INSERT, uuid4(), body)
            taken.append(time.perf_counter() - began)
    return taken
