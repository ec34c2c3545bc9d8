"""The service on one connection that is rolled back."""

from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from healthspace.access.opening import Service
from tests.harness import open_test_service


@pytest.fixture
async def service(connection: asyncpg.Connection, tmp_path: Path) -> AsyncIterator[Service]:
    opened = await open_test_service(connection, tmp_path)
    yield opened
    await opened.door.trail.close()
