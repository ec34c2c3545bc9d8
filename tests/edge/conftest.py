"""The service and its HTTP client, in process."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from uuid import UUID

import asyncpg
import httpx
import pytest

from healthspace.access.opening import Service
from healthspace.app import create_app
from healthspace.identity.personas import Role
from tests.documents import a_reference
from tests.edge.bench import Bench
from tests.edge.conversation import Desk
from tests.harness import a_citizen, as_caller, client_of, open_test_service


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


@pytest.fixture
async def patient(service: Service) -> UUID:
    """A citizen with an empty record."""
    return await a_citizen(service)


@pytest.fixture
def bench(desk: Desk) -> Bench:
    return Bench(desk)


@pytest.fixture
def deposit(service: Service, client: httpx.AsyncClient) -> Callable[..., Awaitable[str]]:
    """Deposits a document through the FHIR edge; the id of its DocumentReference."""

    async def act(content: bytes | None = None, *, who: Role = Role.LABORATORY, media_type: str = "text/xml", **changes: object) -> str:
        body = a_reference(content, media_type=media_type, **changes)
        answer = await client.post("/fhir/DocumentReference", json=body, headers=as_caller(service, who))
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    return act
