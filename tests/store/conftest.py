"""The service on one connection that is rolled back, or in a schema of its own with a real pool."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from healthspace.access.opening import Service
from healthspace.database.database import open_pool
from healthspace.database.embedded import EmbeddedPostgres
from healthspace.database.migrate import migrate
from tests.harness import open_test_service


@pytest.fixture
async def service(connection: asyncpg.Connection, tmp_path: Path) -> AsyncIterator[Service]:
    opened = await open_test_service(connection, tmp_path)
    yield opened
    await opened.door.trail.close()


@pytest.fixture
async def pool(server: EmbeddedPostgres) -> AsyncIterator[asyncpg.Pool]:
    """Several connections to a schema of this test's own: what is committed there goes away with it."""
    name = f"own_{uuid4().hex}"
    opened = await open_pool({**server.connection(), "server_settings": {"search_path": name}}, size=6)
    try:
        async with opened.acquire() as connection:
            await connection.execute(f"CREATE SCHEMA {name}")
            await migrate(connection)
        yield opened
        await opened.execute(f"DROP SCHEMA {name} CASCADE")
    finally:
        await opened.close()


@pytest.fixture
async def busy(pool: asyncpg.Pool, tmp_path: Path) -> AsyncIterator[Service]:
    """The service as it really runs: several connections, and what it writes is committed."""
    opened = await open_test_service(pool, tmp_path)
    yield opened
    await opened.door.trail.close()
