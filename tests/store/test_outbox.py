"""The outbox: a letter is there when its act is, is worked on once, and is never lost."""

import asyncio
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
import pytest
from prometheus_client import CollectorRegistry

from healthspace.access.opening import Service
from healthspace.access.permit import Door
from healthspace.base import clock
from healthspace.base.errors import Contended
from healthspace.base.ids import new_id, owner_of
from healthspace.database.outbox import (
    LEASE,
    LONGEST_WAIT,
    MOST_ATTEMPTS,
    Claimed,
    claim,
    count_letters,
    enqueue,
    find_due,
    revive,
    wait_after,
)
from healthspace.edge.worker.deliver import OutboxGauges, deliver_due
from tests.harness import a_citizen

BODY = b'{"event":"DUPRE"}'


async def post_one(service: Service, patient: UUID, *, due: datetime | None = None, identifier: UUID | None = None) -> None:
    door, owner = service.door, owner_of(patient)
    async with door.database.transaction() as tx:
        cipher = await door.ciphers.of(tx, owner)
        await enqueue(tx, cipher, "test", BODY, clock.now(), identifier=identifier, due=due)


class Handled:
    """A handler that remembers what it was given, and fails or dies as it is told."""

    def __init__(self, *, fails: int = 0) -> None:
        self.bodies: list[bytes] = []
        self.fails = fails

    async def __call__(self, door: Door, letter: Claimed) -> None:
        if self.fails:
            self.fails -= 1
            raise RuntimeError("DUPRE")
        self.bodies.append(letter.body)


@pytest.fixture
async def patient(busy: Service) -> UUID:
    return await a_citizen(busy)


async def test_a_letter_is_handled_once_and_gone(busy: Service, patient: UUID) -> None:
    await post_one(busy, patient)
    handled = Handled()
    assert await deliver_due(busy.door, {"test": handled}) == 1
    assert await deliver_due(busy.door, {"test": handled}) == 0
    assert handled.bodies == [BODY]
    assert await count_letters(busy.door.database) == (0, 0)


async def test_a_letter_of_an_act_that_was_undone_never_was(busy: Service, patient: UUID) -> None:
    with pytest.raises(RuntimeError):
        async with busy.door.database.transaction() as tx:
            await enqueue(tx, await busy.door.ciphers.of(tx, owner_of(patient)), "test", BODY, clock.now())
            raise RuntimeError
    assert await count_letters(busy.door.database) == (0, 0)


async def test_the_same_letter_posted_twice_is_one(busy: Service, patient: UUID) -> None:
    identifier = new_id(owner_of(patient))
    await post_one(busy, patient, identifier=identifier)
    await post_one(busy, patient, identifier=identifier)
    assert await count_letters(busy.door.database) == (1, 0)


async def test_what_is_stored_says_nothing(busy: Service, patient: UUID, pool: asyncpg.Pool) -> None:
    await post_one(busy, patient)
    assert "DUPRE" not in str(dict(await pool.fetchrow("SELECT * FROM outbox")))


async def test_a_letter_for_later_waits(busy: Service, patient: UUID) -> None:
    await post_one(busy, patient, due=clock.now() + timedelta(hours=1))
    assert await deliver_due(busy.door, {"test": Handled()}) == 0
    assert await count_letters(busy.door.database) == (1, 0)


async def test_workers_at_the_same_moment_share_the_letters(busy: Service, patient: UUID) -> None:
    for _ in range(30):
        await post_one(busy, patient)
    handled = Handled()
    done = await asyncio.gather(*(deliver_due(busy.door, {"test": handled}) for _ in range(4)))
    assert sum(done) == len(handled.bodies) == 30


async def test_a_worker_that_dies_leaves_the_letter_to_another(busy: Service, patient: UUID) -> None:
    await post_one(busy, patient)
    now = clock.now()
    [place] = await find_due(busy.door.database, now, 10)
    held = await claim(busy.door.database, busy.door.ciphers, place, now)
    assert held is not None
    assert await find_due(busy.door.database, now + LEASE / 2, 10) == []
    [again] = await find_due(busy.door.database, now + LEASE * 2, 10)
    other = await claim(busy.door.database, busy.door.ciphers, again, now + LEASE * 2)
    assert other is not None
    assert other.body == BODY
    with pytest.raises(Contended):
        async with busy.door.database.transaction() as tx:
            await held.settle(tx)
    async with busy.door.database.transaction() as tx:
        await other.settle(tx)
    assert await count_letters(busy.door.database) == (0, 0)


async def test_work_that_fails_is_tried_again_later_and_the_next_letter_does_not_wait(
    busy: Service, patient: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    await post_one(busy, patient)
    await post_one(busy, patient)
    handled = Handled(fails=1)
    assert await deliver_due(busy.door, {"test": handled}) == 2
    assert (len(handled.bodies), await count_letters(busy.door.database)) == (1, (1, 0))
    later = clock.now() + timedelta(minutes=1)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert await deliver_due(busy.door, {"test": handled}) == 1
    assert await count_letters(busy.door.database) == (0, 0)


async def test_what_keeps_failing_becomes_a_dead_letter_that_operators_see_and_revive(
    busy: Service, patient: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    await post_one(busy, patient)
    now = clock.now()
    for attempt in range(MOST_ATTEMPTS):
        later = now + LONGEST_WAIT * (attempt + 1)
        monkeypatch.setattr(clock, "now", lambda later=later: later)
        assert await deliver_due(busy.door, {"test": Handled(fails=1)}) == 1
    assert await count_letters(busy.door.database) == (0, 1)
    registry = CollectorRegistry()
    await OutboxGauges(registry).refresh(busy.door)
    assert registry.get_sample_value("healthspace_outbox_dead") == 1
    assert await revive(busy.door.database, clock.now()) == 1
    assert await deliver_due(busy.door, {"test": Handled()}) == 1


async def test_the_letters_of_an_erased_owner_go_with_it(busy: Service, patient: UUID, pool: asyncpg.Pool) -> None:
    await post_one(busy, patient)
    await pool.execute("UPDATE owner SET wrapped_key = NULL, state = 'erased' WHERE owner = $1", owner_of(patient))
    handled = Handled()
    assert await deliver_due(busy.door, {"test": handled}) == 0
    assert (handled.bodies, await count_letters(busy.door.database)) == ([], (0, 0))


def test_waits_grow_to_a_limit() -> None:
    waits = [wait_after(attempts) for attempts in range(1, 20)]
    assert waits == sorted(waits)
    assert (waits[0], waits[-1]) == (timedelta(seconds=5), LONGEST_WAIT)
