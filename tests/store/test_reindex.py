"""Indexing anew: what another version of the definitions indexed is found by today's; it goes on where it stopped, while others write."""

import asyncpg
import pytest

from healthspace.access.opening import Service
from healthspace.access.rules import Action
from healthspace.access.wide import permit_wide
from healthspace.fhir.resource_types import NUMBER
from healthspace.identity.caller import TECHNICAL
from healthspace.resources import reindex as module
from healthspace.resources.grammar import read_search
from healthspace.resources.planning import plan
from healthspace.resources.reach import Reach
from healthspace.resources.reindex import count_stale, find_stale, reindex
from healthspace.resources.search import search
from healthspace.resources.work import Work

FORGET = """
    UPDATE resource SET indexed = 1, tokens = '{}'; DELETE FROM ix_range; DELETE FROM ix_string; DELETE FROM ix_token; DELETE FROM xref
"""
ROWS = (
    "SELECT (SELECT count(*) FROM ix_token), (SELECT count(*) FROM ix_range), (SELECT count(*) FROM ix_string), (SELECT count(*) FROM xref)"
)


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BATCH", 4)


async def fill(service: Service, count: int = 6) -> None:
    async with permit_wide(service.door, TECHNICAL, Action.WRITE_RESOURCES) as p:
        work = Work(p)
        for number in range(count):
            patient = await work.create(
                {"resourceType": "Patient", "name": [{"family": f"Dupont{number}"}], "identifier": [{"value": str(number)}]}
            )
            await work.flush()
            subject = {"reference": f"Patient/{patient.stored.name}"}
            coded = {"coding": [{"system": "urn:s", "code": "c"}]}
            await work.create(
                {"resourceType": "Observation", "status": "final", "code": coded, "subject": subject, "effectiveDateTime": "2024"}
            )
        await work.update("Organization", "o", {"resourceType": "Organization", "id": "o", "name": "CH"})
        await work.flush()


async def found(service: Service, type_: str, *terms: tuple[str, str]) -> int:
    async with permit_wide(service.door, TECHNICAL, Action.SEARCH_RESOURCES) as p:
        page = await search(Reach(p), *await plan(Reach(p), read_search(type_, terms)))
    assert page.total is not None
    return page.total


async def found_all(service: Service) -> list[int]:
    return [
        await found(service, "Patient", ("family", "dupont")),
        await found(service, "Patient", ("identifier", "3")),
        await found(service, "Observation", ("code", "urn:s|c"), ("date", "2024")),
        await found(service, "Organization", ("name", "ch")),
    ]


async def test_what_was_indexed_by_other_definitions_is_found_again(service: Service, connection: asyncpg.Connection) -> None:
    await fill(service)
    before = tuple(await connection.fetchrow(ROWS))
    assert await found_all(service) == [6, 1, 6, 1]
    await connection.execute(FORGET)
    assert await found_all(service) == [0, 0, 0, 0]
    assert await count_stale(service.door) == {"Patient": 6, "Observation": 6, "Organization": 1}
    progress = [step async for step in reindex(service.door)]
    assert [step.done for step in progress] == [4, 8, 12, 13, 13]
    assert [step.finished for step in progress] == [False] * 4 + [True]
    assert await found_all(service) == [6, 1, 6, 1]
    assert tuple(await connection.fetchrow(ROWS)) == before
    assert await count_stale(service.door) == {}


async def test_it_goes_on_where_it_stopped(service: Service, connection: asyncpg.Connection) -> None:
    await fill(service)
    await connection.execute(FORGET)
    async for step in reindex(service.door):
        if step.done >= 8:
            break
    assert sum((await count_stale(service.door)).values()) == 5
    assert [step.done async for step in reindex(service.door)] == [12, 13, 13]
    assert await found_all(service) == [6, 1, 6, 1]


async def test_what_nothing_was_stale_in_is_not_looked_through_again(service: Service, connection: asyncpg.Connection) -> None:
    await fill(service, 2)
    assert await find_stale(service.door) == {}
    await connection.execute("UPDATE resource SET indexed = 1, updated = updated - interval '2 hours' WHERE type = $1", NUMBER["Patient"])
    assert (await find_stale(service.door), await count_stale(service.door)) == ({}, {"Patient": 2})
    # What an older process writes beside ours is found.
    await connection.execute("UPDATE resource SET indexed = 1 WHERE type = $1", NUMBER["Observation"])
    assert await find_stale(service.door) == {"Observation": 2}
    async for _ in reindex(service.door):
        pass
    assert (await find_stale(service.door), await count_stale(service.door)) == ({}, {})


async def test_what_is_changed_before_its_turn_is_indexed_once(service: Service, connection: asyncpg.Connection) -> None:
    await fill(service, 2)
    await connection.execute("UPDATE resource SET indexed = 1")
    rows = tuple(await connection.fetchrow(ROWS))
    async with permit_wide(service.door, TECHNICAL, Action.WRITE_RESOURCES) as p:
        work = Work(p)
        await work.update("Organization", "o", {"resourceType": "Organization", "id": "o", "name": "CH"})
        await work.flush()
    assert tuple(await connection.fetchrow(ROWS)) == rows
    assert await count_stale(service.door) == {"Patient": 2, "Observation": 2}
    async for _ in reindex(service.door):
        pass
    assert tuple(await connection.fetchrow(ROWS)) == rows
    assert await found_all(service) == [2, 0, 2, 1]
