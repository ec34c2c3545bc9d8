"""Looking into the database and the files of an installation from outside, as a thief would."""

import asyncio
import re
from collections.abc import Callable, Coroutine
from io import BytesIO
from pathlib import Path
from typing import Any, TypeVar

import asyncpg

from healthspace.database.embedded import EmbeddedPostgres

TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"
UNCOUNTED = re.compile(r"audit.*|installation|schema_migration")
HEXADECIMAL = re.compile(rb"\\\\x((?:[0-9a-f]{2})+)")

T = TypeVar("T")


def counts_in(data: Path) -> dict[str, int]:
    """How many rows each table has, and how many files the blob store; the trail is counted by `audit verify`."""

    async def count(connection: asyncpg.Connection) -> dict[str, int]:
        return {name: await connection.fetchval(f'SELECT count(*) FROM "{name}"') for name in await _tables(connection)}

    counts = {name: number for name, number in _inside(data, count).items() if not UNCOUNTED.fullmatch(name)}
    return counts | {"files": len(blobs_of(data))}


def dump_of(data: Path) -> dict[str, bytes]:
    """Every table as COPY writes it, its bytea columns both as they are and decoded."""

    async def dump(connection: asyncpg.Connection) -> dict[str, bytes]:
        dumps = {}
        for name in await _tables(connection):
            written = BytesIO()
            await connection.copy_from_query(f'SELECT * FROM "{name}"', output=written)
            text = written.getvalue()
            decoded = b"\n".join(bytes.fromhex(found.decode()) for found in HEXADECIMAL.findall(text))
            dumps[name] = text + b"\n" + decoded
        return dumps

    return _inside(data, dump)


def change(data: Path, sql: str) -> None:
    """Runs one statement, as somebody with access to the database could."""
    _inside(data, lambda connection: connection.execute(sql))


def blobs_of(data: Path) -> list[Path]:
    return [path for path in (data / "blobs").rglob("*") if path.is_file()]


async def _tables(connection: asyncpg.Connection) -> list[str]:
    return [row["tablename"] for row in await connection.fetch(TABLES)]


def _inside(data: Path, look: Callable[[asyncpg.Connection], Coroutine[Any, Any, T]]) -> T:
    server = EmbeddedPostgres(data)
    server.attach_or_start()

    async def connected() -> T:
        connection = await asyncpg.connect(**server.connection())
        try:
            return await look(connection)
        finally:
            await connection.close()

    try:
        return asyncio.run(connected())
    finally:
        server.stop()
