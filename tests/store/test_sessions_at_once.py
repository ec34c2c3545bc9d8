"""Sessions that were ended, as several processes learn of them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest

from healthspace.app import create_app
from healthspace.base import clock
from healthspace.base.errors import Unavailable
from healthspace.identity.personas import Role
from healthspace.identity.sessions import Sessions
from tests.edge.test_sessions import OPEN, OVER, asks
from tests.harness import a_citizen, client_of, open_test_service


async def test_another_process_knows_before_the_holder_is_told_and_a_new_one_from_its_start(pool: asyncpg.Pool, tmp_path: Path) -> None:
    here, there = [await open_test_service(pool, tmp_path, lease=0.2) for _ in range(2)]
    async with client_of(create_app(here)), client_of(create_app(there)) as other:
        await a_citizen(here)
        proof = here.tokens.prove(token := here.tokens.issue(Role.SPECIALIST, clock.now()), clock.now())
        assert await asks(other, token) == OPEN
        await here.sessions.end(proof.caller, proof.ids[0], clock.now())
        await here.sessions.settle()
        assert await asks(other, token) == OVER
    restarted = Sessions(here.door.database, here.door.keys, here.door.ciphers)
    await restarted.renew()
    assert restarted.is_over(proof)
    for service in (here, there):
        await service.door.trail.close()


async def test_a_process_asks_once_for_all_who_wait_and_not_again_within_its_lease(pool: asyncpg.Pool, tmp_path: Path) -> None:
    service = await open_test_service(pool, tmp_path)
    asked = Counted(service.door.database)
    sessions = Sessions(asked, service.door.keys, service.door.ciphers, lease=5)  # type: ignore[arg-type]
    await asyncio.gather(*(sessions.renew() for _ in range(50)))
    assert asked.times == 1
    assert sessions.known
    await service.door.trail.close()


async def test_a_process_that_cannot_ask_takes_no_token_and_says_so(
    pool: asyncpg.Pool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = await open_test_service(pool, tmp_path, lease=0.1)
    token = service.tokens.issue(Role.SPECIALIST, clock.now())
    async with client_of(create_app(service)) as client:
        await a_citizen(service)
        assert await asks(client, token) == OPEN
        monkeypatch.setattr(service.sessions, "_database", Away())
        await asyncio.sleep(0.15)
        assert (await asks(client, token))[:2] == (503, 503)
        assert (await client.get("/help")).status_code == 200
    await service.door.trail.close()


class Counted:
    """The database, counting what is read."""

    def __init__(self, database: object) -> None:
        self._database, self.times = database, 0

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[object]:
        self.times += 1
        async with self._database.reading() as tx:  # type: ignore[attr-defined]
            yield tx


class Away:
    """A database that does not answer."""

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[object]:
        raise Unavailable
        yield
