"""The consumer of the outbox: claims what is due and hands it to whoever handles its kind."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import structlog
from prometheus_client import CollectorRegistry, Gauge

from healthspace.access.permit import Door
from healthspace.base import clock
from healthspace.base.errors import Contended, HealthspaceError, Unavailable
from healthspace.database.outbox import Claimed, claim, count_letters, find_due, put_off

Handler = Callable[[Door, Claimed], Awaitable[None]]
"""Does the work of one letter. Where its effect is in the database, it settles the letter in the same transaction."""

TURN = 0.5
"""Seconds between two looks at an outbox that was empty."""
BATCH = 50

log = structlog.get_logger(__name__)


async def keep_delivering(door: Door, handlers: Mapping[str, Handler]) -> None:
    """For ever: works on what is due. While the database is away, it waits."""
    while True:
        try:
            worked = await deliver_due(door, handlers)
        except (Unavailable, OSError):
            log.warning("outbox_unavailable")
            worked = 0
        if not worked:
            await asyncio.sleep(TURN)


async def deliver_due(door: Door, handlers: Mapping[str, Handler]) -> int:
    """Works on the letters that are due now; how many were claimed."""
    claimed = 0
    for place in await find_due(door.database, clock.now(), BATCH):
        letter = await claim(door.database, door.ciphers, place, clock.now())
        if letter is not None:
            claimed += 1
            await _deliver(door, handlers, letter)
    return claimed


async def _deliver(door: Door, handlers: Mapping[str, Handler], letter: Claimed) -> None:
    try:
        handler = handlers.get(letter.kind)
        if handler is None:
            raise HealthspaceError("nobody handles this kind of letter")
        await handler(door, letter)
        if not letter.settled:
            async with door.database.transaction() as tx:
                await letter.settle(tx)
    except Contended:
        # Another worker has it now, or the owner's rows were changed at the same moment: the lease runs out and it is due again.
        log.info("letter_contended", kind=letter.kind)
    except Exception as error:
        # Whatever it is, the next letter must not wait for it. What the letter says is never logged.
        letter.settled = False
        dead = await put_off(door.database, letter, clock.now())
        log.warning("letter_failed", kind=letter.kind, attempts=letter.attempts, dead=dead, error=type(error).__name__)


class OutboxGauges:
    """What operators watch: letters that wait, and letters that nobody could deliver."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._waiting = Gauge("healthspace_outbox_waiting", "Letters of the outbox that wait to be delivered", registry=registry)
        self._dead = Gauge("healthspace_outbox_dead", "Letters of the outbox that were given up after many attempts", registry=registry)

    async def refresh(self, door: Door) -> None:
        waiting, dead = await count_letters(door.database)
        self._waiting.set(waiting)
        self._dead.set(dead)
