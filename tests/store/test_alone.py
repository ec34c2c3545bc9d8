"""Creations by one statement: they leave what a transaction leaves, and nothing at all where the record is not open."""

import asyncio
from typing import Any
from uuid import UUID

import httpx
import pytest

from healthspace.access.opening import Service
from healthspace.app import create_app
from healthspace.audit.verify import verify_trail
from healthspace.base import clock
from healthspace.base.ids import owner_of
from healthspace.database.owners import change_state
from healthspace.identity.personas import Role
from tests.harness import as_caller, client_of

LINES = "SELECT action, outcome, reason FROM audit WHERE owner = $1 ORDER BY at, id"
ROWS = "SELECT count(*) FROM resource WHERE owner = $1"


@pytest.fixture
async def client(busy: Service) -> Any:
    async with client_of(create_app(busy)) as opened:
        opened.headers.update({**as_caller(busy, Role.SYSTEM), "content-type": "application/fhir+json"})
        yield opened


async def open_space(client: httpx.AsyncClient) -> str:
    return str((await client.post("/fhir/Patient", json={"resourceType": "Patient"})).json()["id"])


def weight(patient: str) -> dict[str, Any]:
    code = {"coding": [{"system": "http://loinc.org", "code": "29463-7"}]}
    return {"resourceType": "Observation", "status": "final", "code": code, "subject": {"reference": f"Patient/{patient}"}}


async def lines(busy: Service, patient: str) -> list[tuple[str, str, str]]:
    async with busy.door.database.reading() as tx:
        return [tuple(row) for row in await tx.fetch(LINES, owner_of(UUID(patient)))]


async def test_a_creation_is_found_and_told_once_and_the_chain_holds(busy: Service, client: httpx.AsyncClient) -> None:
    patient = await open_space(client)
    before = len(await lines(busy, patient))
    created = [await client.post("/fhir/Observation", json=weight(patient)) for _ in range(3)]
    assert [answer.status_code for answer in created] == [201, 201, 201]
    assert (await lines(busy, patient))[before:] == [("resource:write", "done", "technical")] * 3
    found = (await client.get(f"/fhir/Observation?patient={patient}&code=http://loinc.org|29463-7&_total=accurate")).json()
    assert found["total"] == 3
    assert (await client.get(f"/fhir/Observation/{created[0].json()['id']}")).json() == created[0].json()
    assert (await verify_trail(busy.door.database, busy.door.keys)).faults == ()


async def test_nothing_is_created_in_a_closed_record_and_the_refusal_is_told(busy: Service, client: httpx.AsyncClient) -> None:
    patient = await open_space(client)
    assert (await client.post("/fhir/Observation", json=weight(patient))).status_code == 201
    async with busy.door.database.transaction() as tx:
        await change_state(tx, owner_of(UUID(patient)), "closed", clock.now())
        rows, told = await tx.fetchval(ROWS, owner_of(UUID(patient))), len(await lines(busy, patient))
    answer = await client.post("/fhir/Observation", json=weight(patient))
    assert answer.status_code >= 400
    async with busy.door.database.reading() as tx:
        assert await tx.fetchval(ROWS, owner_of(UUID(patient))) == rows
    assert all(outcome != "done" for _, outcome, _ in (await lines(busy, patient))[told:])
    assert (await verify_trail(busy.door.database, busy.door.keys)).faults == ()


async def test_many_creations_at_once_are_all_there(busy: Service, client: httpx.AsyncClient) -> None:
    patient = await open_space(client)
    answers = await asyncio.gather(*(client.post("/fhir/Observation", json=weight(patient)) for _ in range(48)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 48
    assert (await client.get(f"/fhir/Observation?patient={patient}&_summary=count")).json()["total"] == 48
    assert (await verify_trail(busy.door.database, busy.door.keys)).faults == ()
