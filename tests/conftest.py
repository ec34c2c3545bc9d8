"""One real PostgreSQL per test process, and for each test a transaction that is rolled back, or a schema of its own with a real pool."""

import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from hypothesis import settings

from healthspace.access.opening import Service
from healthspace.database.database import open_pool
from healthspace.database.embedded import EmbeddedPostgres
from healthspace.database.migrate import migrate
from tests.harness import open_test_service

# A busy machine makes an example slow, not wrong: what is fast is measured by the benches.
settings.register_profile("healthspace", deadline=None)
settings.load_profile("healthspace")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The journeys first: each of their files takes minutes, and at the end one process would go through the last alone."""
    items.sort(key=lambda item: "journeys" not in item.path.parts)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """A running server with an empty database, forgetful for speed."""
    data = tmp_path_factory.mktemp("data")
    embedded = EmbeddedPostgres(data, durable=False)
    embedded.attach_or_start()
    yield embedded
    embedded.stop()
    shutil.rmtree(data)  # pytest would keep 40 MB of each of the last runs


@pytest.fixture(scope="session")
async def migrated(server: EmbeddedPostgres) -> dict[str, object]:
    """Arguments of `asyncpg.connect` for the database with its schema: what a test commits there, the next ones see."""
    connection = await asyncpg.connect(**server.connection())
    try:
        await migrate(connection)
    finally:
        await connection.close()
    return server.connection()


@pytest.fixture
async def connection(migrated: dict[str, object]) -> AsyncIterator[asyncpg.Connection]:
    """A connection inside a transaction that is rolled back when the test ends."""
    connection = await asyncpg.connect(**migrated)
    transaction = connection.transaction()
    await transaction.start()
    try:
        yield connection
        # A constraint that would only fail at the commit, which never comes, fails here.
        await connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
    finally:
        if not connection.is_closed():
            await transaction.rollback()
            await connection.close()


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
