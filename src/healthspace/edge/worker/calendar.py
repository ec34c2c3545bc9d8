"""What comes on its date: documents are released, the help of carers ends, spaces open, close, and are erased (R1111-36, R1111-53,
L1111-13-1)."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial

import structlog

from healthspace.access.permit import Door, Permit
from healthspace.access.rules import Action
from healthspace.access.states import State
from healthspace.base import clock
from healthspace.base.errors import HealthspaceError, Refused
from healthspace.database.owners import find_owners_due
from healthspace.database.waiting import find_waiting
from healthspace.identity.caller import SERVICE
from healthspace.record.attributes import put_off_release, release_document
from healthspace.record.carers import end_on_date
from healthspace.record.life import close_space, come_of_age, confirm_space, erase_space

BATCH = 200
UNCLAIMED = "sans-opposition"
"""Motive of a closure that nobody objected to."""

log = structlog.get_logger(__name__)


async def _close(p: Permit) -> None:
    await close_space(p, UNCLAIMED)


async def _open(p: Permit) -> None:
    await confirm_space(p)


STEPS: dict[str, tuple[Action, Callable[[Permit], Awaitable[None]]]] = {
    State.ANNOUNCED: (Action.CONFIRM_SPACE, _open),
    State.OPEN: (Action.SUSPEND_SPACE, come_of_age),
    State.SUSPENDED: (Action.CLOSE_SPACE, _close),
    State.CLOSED: (Action.ERASE_SPACE, erase_space),
    State.REFUSED: (Action.ERASE_SPACE, erase_space),
}
"""What comes by itself in each state of a record, when its date has come."""
WAITED_FOR: dict[str, tuple[Action, Callable[..., Awaitable[object]]]] = {
    "notice": (Action.RELEASE_DOCUMENT, put_off_release),
    "release": (Action.RELEASE_DOCUMENT, release_document),
    "care-end": (Action.END_CARE, end_on_date),
}
"""What a record waits for, by the step that the calendar keeps."""


async def keep_calendar(door: Door, now: datetime | None = None) -> int:
    """Does everything whose date has come; how many steps were done. One that fails waits for the next turn."""
    moment, done = now or clock.now(), 0
    for row in await find_waiting(door.database, moment, BATCH):
        waited_for, operation = WAITED_FOR[row["step"]]
        done += await _try(door, row["owner"], waited_for, partial(operation, identifier=row["id"]))
    for owner, state in await find_owners_due(door.database, moment, BATCH):
        if state in STEPS:
            action, step = STEPS[state]
            done += await _try(door, owner, action, step)
    return done


async def _try(door: Door, owner: int, action: Action, step: Callable[[Permit], Awaitable[object]]) -> bool:
    try:
        async with door.permit(SERVICE, action, owner) as p:
            await step(p)
    except Refused:
        return False  # closed meanwhile; traced
    except HealthspaceError as error:
        log.warning("calendar_failed", action=action.value, error=type(error).__name__)
        return False
    return True
