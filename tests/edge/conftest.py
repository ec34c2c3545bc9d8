"""The service and its HTTP client, in process."""

from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import httpx
import pytest

from healthspace.access.opening import Service
from healthspace.app import create_app
from tests.edge.conversation import Desk
from tests.harness import client_of, open_test_service


@pytest.fixture
async def service(connection: asyncpg.Connection, tmp_path: Path) -> AsyncIterator[Service]:
    opened = await open_test_service(connection, tmp_path)
    yield opened
    await opened.door.trail.close()


@pytest.fixture
async def client(service: Service) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(create_app(service)) as opened:
        yield opened


@pytest.fixture
def desk(client: httpx.AsyncClient, service: Service, connection: asyncpg.Connection) -> Desk:
    return Desk(client, service, connection)
