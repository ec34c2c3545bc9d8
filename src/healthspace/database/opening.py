"""From settings to a database that is ready: embedded or not, migrated, with a pool."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from healthspace.base import clock
from healthspace.base.errors import Misconfigured
from healthspace.database.audit_partitions import ensure_audit_partitions
from healthspace.database.database import LOST, Database, connect, open_pool
from healthspace.database.distribute import distribute
from healthspace.database.embedded import EmbeddedPostgres
from healthspace.database.migrate import migrate
from healthspace.settings import Settings

MODE = "SELECT value FROM installation WHERE name = 'mode'"
REMEMBER_MODE = "INSERT INTO installation (name, value) VALUES ('mode', $1) ON CONFLICT DO NOTHING"


@dataclass(frozen=True, slots=True)
class OpenDatabase:
    """A database ready for use. `where` says on which server, for people; `demo` whether this is a demonstration."""

    database: Database
    where: str
    demo: bool


@asynccontextmanager
async def open_database(settings: Settings) -> AsyncIterator[OpenDatabase]:
    """Attaches to the server, or starts the embedded one, for the time of the block.

    An embedded server that goes away, or that belonged to a command that ended, is started again. Misconfigured when it cannot
    be opened as set up.
    """
    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    async with _server(settings) as (parameters, where):
        await _prepare(parameters)
        pool = await open_pool(parameters, size=settings.pool_size)
        try:
            database = Database(pool)
            yield OpenDatabase(database, where, await _settle_mode(database, settings))
        finally:
            with contextlib.suppress(*LOST):
                await asyncio.wait_for(pool.close(), timeout=10)


async def migrate_database(settings: Settings, *, distributed: bool = False) -> tuple[str, list[str]]:
    """Applies the migrations that are missing, and spreads the tables over a cluster if asked; on which server, and what was done."""
    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    async with _server(settings) as (parameters, where):
        applied = await _prepare(parameters)
        if distributed:
            connection = await connect(parameters)
            try:
                applied += await distribute(connection)
            finally:
                await connection.close()
        return where, applied


@asynccontextmanager
async def _server(settings: Settings) -> AsyncIterator[tuple[dict[str, Any], str]]:
    if settings.database_url:
        parts = urlsplit(settings.database_url)
        yield {"dsn": settings.database_url}, f"PostgreSQL at {parts.hostname or 'a local socket'}{parts.path}"
        return
    embedded = EmbeddedPostgres(settings.data)
    watching: asyncio.Task[None] | None = None
    try:
        await asyncio.to_thread(embedded.attach_or_start)
        watching = asyncio.create_task(embedded.supervise())
        how = "started" if embedded.owned else "already running"
        yield embedded.connection(), f"embedded PostgreSQL {embedded.version} in {settings.data} ({how})"
    finally:
        if watching is not None:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
        await asyncio.to_thread(embedded.stop)


async def _prepare(parameters: dict[str, Any]) -> list[str]:
    try:
        connection = await connect(parameters)
    except (OSError, *LOST) as error:
        raise Misconfigured("the database does not answer: check DATABASE_URL") from error
    try:
        applied = await migrate(connection)
        await ensure_audit_partitions(connection, now=clock.now())
        return applied
    finally:
        await connection.close()


async def _settle_mode(database: Database, settings: Settings) -> bool:
    """A folder is a demonstration from its first start or never: a real record cannot be opened to personas by a setting."""
    async with database.transaction() as tx:
        await tx.execute(REMEMBER_MODE, b"demo" if settings.demo else b"real")
        demo: bool = await tx.fetchval(MODE) == b"demo"
    if settings.demo and not demo:
        raise Misconfigured("this data folder was not made for demonstration, and never becomes one. Use another folder")
    return demo
