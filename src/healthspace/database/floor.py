"""The floor of the benchmarks: what PostgreSQL alone does with the same rows, and what they take on the disk."""

import time
from collections.abc import Sequence

from healthspace.database.database import Database

SIZES = """
    WITH sized AS (
        SELECT c.relname AS name, pg_total_relation_size(c.oid) AS size
          FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE n.nspname = current_schema() AND c.relkind = 'r'
    )
    SELECT (SELECT count(*) FROM resource) AS resources, sum(size) AS everything,
           sum(size) FILTER (WHERE name IN ('resource', 'ix_token', 'ix_range', 'ix_string', 'xref', 'claim')) AS stored
      FROM sized
"""


async def time_statement(database: Database, statement: str, values: Sequence[Sequence[object]], *, seconds: float) -> list[float]:
    """Runs one prepared statement with each of `values`, or for that long; the seconds that each took."""
    taken = []
    async with database.connection() as connection:
        prepared, end = await connection.prepare(statement), time.perf_counter() + seconds
        for one in values:
            began = time.perf_counter()
            if began > end:
                break
            await prepared.fetchval(*one)
            taken.append(time.perf_counter() - began)
    return taken


async def measure_size(database: Database) -> dict[str, float]:
    """Bytes on the disk for each resource: `stored` with all indexes, `everything` with trail and history too."""
    async with database.reading() as tx:
        row = await tx.fetchrow(SIZES)
    if row is None or not row["resources"]:
        return {"resources": 0, "stored": 0.0, "everything": 0.0}
    return {name: float(row[name]) / (1 if name == "resources" else row["resources"]) for name in ("resources", "stored", "everything")}
