"""Many writers at once: no lost update, no second one of what may be once, no deadlock that is not tried again."""

import asyncio
import random
from collections import Counter
from typing import Any

import httpx
import pytest

from healthspace.access.opening import Service
from healthspace.app import create_app
from healthspace.identity.personas import Role
from tests.harness import as_caller, client_of

WRITERS = 16


@pytest.fixture
async def client(busy: Service) -> Any:
    async with client_of(create_app(busy)) as opened:
        opened.headers.update({**as_caller(busy, Role.SYSTEM), "content-type": "application/fhir+json"})
        yield opened


async def total(client: httpx.AsyncClient, query: str) -> int:
    return int((await client.get(f"/fhir/{query}")).json()["total"])


async def test_a_condition_creates_once(client: httpx.AsyncClient) -> None:
    async def create(number: int) -> int:
        patient = {"resourceType": "Patient", "identifier": [{"system": "urn:c", "value": str(number % 3)}]}
        answer = await client.post("/fhir/Patient", json=patient, headers={"if-none-exist": f"identifier=urn:c|{number % 3}"})
        return answer.status_code

    statuses = Counter(await asyncio.gather(*(create(number) for number in range(3 * WRITERS))))
    assert statuses == {201: 3, 200: 3 * WRITERS - 3}
    assert [await total(client, f"Patient?identifier=urn:c|{number}") for number in range(3)] == [1, 1, 1]


async def test_an_id_is_given_once_and_every_version_counts(client: httpx.AsyncClient) -> None:
    async def put(number: int) -> int:
        answer = await client.put("/fhir/Organization/o", json={"resourceType": "Organization", "id": "o", "name": f"n{number}"})
        return answer.status_code

    statuses = Counter(await asyncio.gather(*(put(number) for number in range(2 * WRITERS))))
    assert statuses == {201: 1, 200: 2 * WRITERS - 1}
    assert await total(client, "Organization/o/_history") == 2 * WRITERS


async def test_no_update_is_lost_when_each_names_the_version_it_saw(client: httpx.AsyncClient) -> None:
    await client.put("/fhir/Basic/counter", json={"resourceType": "Basic", "id": "counter", "code": {"text": "0"}})

    async def count_up() -> None:
        while True:
            seen = await client.get("/fhir/Basic/counter")
            resource = seen.json()
            resource["code"]["text"] = str(int(resource["code"]["text"]) + 1)
            answer = await client.put("/fhir/Basic/counter", json=resource, headers={"if-match": seen.headers["etag"]})
            if answer.status_code == 200:
                return
            assert answer.status_code == 412

    await asyncio.gather(*(count_up() for _ in range(WRITERS)))
    assert (await client.get("/fhir/Basic/counter")).json()["code"]["text"] == str(WRITERS)


async def test_transactions_that_cross_all_come_through(client: httpx.AsyncClient) -> None:
    patients = [(await client.post("/fhir/Patient", json={"resourceType": "Patient"})).json()["id"] for _ in range(3)]
    draw = random.Random(1)

    async def cross(one: str, other: str) -> int:
        results = [
            {"resourceType": "Observation", "status": "final", "code": {"text": "x"}, "subject": {"reference": f"Patient/{each}"}}
            for each in (one, other)
        ]
        entries = [{"resource": result, "request": {"method": "POST", "url": "Observation"}} for result in results]
        entries += [
            {"resource": {"resourceType": "Patient", "id": each, "active": True}, "request": {"method": "PUT", "url": f"Patient/{each}"}}
            for each in (other, one)
        ]
        bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
        return (await client.post("/fhir", json=bundle)).status_code

    statuses = await asyncio.gather(*(cross(*draw.sample(patients, 2)) for _ in range(2 * WRITERS)))
    assert set(statuses) == {200}
    assert await total(client, "Observation?_summary=count") == 4 * WRITERS
    versions = [int((await client.get(f"/fhir/Patient/{each}")).json()["meta"]["versionId"]) for each in patients]
    assert sum(versions) == 3 + 4 * WRITERS


async def test_pages_neither_lose_nor_repeat_while_others_write(client: httpx.AsyncClient) -> None:
    def result(number: int) -> dict[str, Any]:
        return {"resourceType": "Observation", "status": "final", "code": {"coding": [{"code": "page"}]}, "valueInteger": number}

    made = [(await client.post("/fhir/Observation", json=result(number))).json() for number in range(40)]
    done = asyncio.Event()

    async def write() -> None:
        while not done.is_set():
            changed = random.choice(made)
            await client.put(f"/fhir/Observation/{changed['id']}", json={**changed, "valueInteger": random.randrange(1000)})
            await client.post("/fhir/Observation", json=result(0))

    writers = [asyncio.create_task(write()) for _ in range(4)]
    found: list[str] = []
    address: str | None = "/fhir/Observation?code=page&_count=3"
    while address:
        page = (await client.get(address)).json()
        found += [entry["resource"]["id"] for entry in page.get("entry", [])]
        address = next((link["url"] for link in page["link"] if link["relation"] == "next"), None)
    done.set()
    await asyncio.gather(*writers)
    assert {resource["id"] for resource in made} <= set(found)
    assert len(found) == len(set(found))
