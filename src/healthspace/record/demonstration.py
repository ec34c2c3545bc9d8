"""How far the synthetic population of a demonstration is, so that a second start goes on where the first one stopped."""

from dataclasses import dataclass
from datetime import date

import orjson

from healthspace.access.permit import Door

REMEMBER = "INSERT INTO installation (name, value) VALUES ('population', $1) ON CONFLICT (name) DO UPDATE SET value = excluded.value"
RECALL = "SELECT value FROM installation WHERE name = 'population'"


@dataclass(frozen=True, slots=True)
class Plan:
    """Which population this is: its seed and its "today" give the same people and documents again.

    The first `complete` citizens have their spaces, their rights and all their documents.
    """

    seed: int
    today: date
    complete: int = 0


async def remember_plan(door: Door, plan: Plan) -> None:
    async with door.database.transaction() as tx:
        await tx.execute(REMEMBER, orjson.dumps(plan))


async def recall_plan(door: Door) -> Plan | None:
    """The plan of this installation; None before a population was begun."""
    async with door.database.reading() as tx:
        value: bytes | None = await tx.fetchval(RECALL)
    if value is None:
        return None
    told = orjson.loads(value)
    return Plan(told["seed"], date.fromisoformat(told["today"]), told["complete"])
