"""Owners and the opening of spaces: one INS, one space, one key."""

import asyncio

import asyncpg
import pytest

from healthspace.access.opening import Service
from healthspace.base import clock
from healthspace.base.errors import Conflict
from healthspace.database import owners
from healthspace.database.keys import KeyRing
from healthspace.database.owners import Ciphers, create_owner
from healthspace.record.spaces import locate
from tests.harness import a_citizen, lines_of, some_traits


async def test_of_many_openings_of_one_ins_at_once_one_wins(busy: Service, pool: asyncpg.Pool) -> None:
    outcomes = await asyncio.gather(*(a_citizen(busy) for _ in range(8)), return_exceptions=True)
    opened = [outcome for outcome in outcomes if not isinstance(outcome, BaseException)]
    assert len(opened) == 1
    assert sum(isinstance(outcome, Conflict) for outcome in outcomes) == 7
    assert await locate(busy.door, some_traits().ins) == opened[0]
    assert await pool.fetchval("SELECT count(*) FROM owner WHERE kind = 'citizen'") == 1
    assert sorted(line[1] for line in await lines_of(pool)) == ["done"] + ["rejected"] * 7


async def test_openings_of_different_citizens_do_not_wait_for_each_other(busy: Service, pool: asyncpg.Pool) -> None:
    assert len(set(await asyncio.gather(*(a_citizen(busy, number) for number in range(12))))) == 12


async def test_a_space_that_failed_to_open_can_be_opened(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as broken:
        broken.setattr("healthspace.record.spaces.insert", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            await a_citizen(service)
    assert await locate(service.door, some_traits().ins) is None
    assert await a_citizen(service) is not None


async def test_a_number_that_is_taken_is_drawn_again(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = iter([77, 77, 78])
    monkeypatch.setattr(owners, "new_owner", lambda: next(drawn))
    keys = KeyRing(b"k" * 32)
    async with service.door.database.transaction() as tx:
        made = [await create_owner(tx, Ciphers(keys), keys, "citizen", clock.now()) for _ in range(2)]
    assert [cipher.owner for cipher in made] == [77, 78]


async def test_each_owner_has_a_key_of_its_own(service: Service, connection: asyncpg.Connection) -> None:
    for number in range(3):
        await a_citizen(service, number)
    wrapped = [row["wrapped_key"] for row in await connection.fetch("SELECT wrapped_key FROM owner")]
    assert len({service.door.keys.unwrap(key) for key in wrapped}) == len(wrapped) == 4


async def test_only_the_latest_keys_stay_in_memory(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(owners, "REMEMBERED", 2)
    keys = KeyRing(b"k" * 32)
    ciphers, wrapped = Ciphers(keys), keys.wrap(keys.new_data_key())
    for owner in (1, 2, 1, 3):
        ciphers.open(owner, wrapped)
    assert list(ciphers._opened) == [1, 3]


async def test_a_key_wrapped_anew_is_opened_anew() -> None:
    keys = KeyRing(b"k" * 32)
    ciphers = Ciphers(keys)
    one, other = (ciphers.open(1, keys.wrap(keys.new_data_key())) for _ in range(2))
    assert one is not other
