"""`Observation/$lastn`: the last ones of each code, within what the caller may see."""

from typing import Any
from uuid import UUID

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from healthspace.identity.personas import Role
from healthspace.resources.lastn import keys_of
from tests.edge.bench import Bench, an_observation
from tests.edge.conversation import Desk, fault_of
from tests.edge.test_fhir_resource_access import MASKED
from tests.harness import a_citizen, authorised

LOINC = "http://loinc.org"
LABORATORY = [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "laboratory"}]}]


def coded(*codes: str) -> dict[str, Any]:
    return {"coding": [{"system": LOINC if code[0].isdigit() else "urn:local", "code": code} for code in codes]}


class Results:
    """A citizen with glucose three times (once masked, once under a local code too), sodium once, and a pulse of another category."""

    def __init__(self, desk: Desk, patient: UUID) -> None:
        self.desk, self.patient = desk, patient

    async def asks(self, query: str, who: Role | UUID | None = None) -> httpx.Response:
        return await self.desk.get(f"Observation/$lastn?patient={self.patient}&{query}", who or self.patient)

    async def values(self, query: str, who: Role | UUID | None = None) -> list[float]:
        answer = await self.asks(query, who)
        assert answer.status_code == 200, answer.text
        found = [entry["resource"]["valueQuantity"]["value"] for entry in answer.json().get("entry", [])]
        assert answer.json()["total"] == len(found)
        return found


@pytest.fixture
async def results(desk: Desk) -> Results:
    patient, bench = await a_citizen(desk.service), Bench(desk)
    mine = {"id": str(patient)}
    lab = {"category": LABORATORY}
    await bench.create(an_observation(mine, 1, code=coded("2345-7"), effectiveDateTime="2020-01-01", **lab))
    await bench.create(an_observation(mine, 2, code=coded("2345-7", "GLU"), effectiveDateTime="2022-01-01", **lab))
    await bench.create(an_observation(mine, 3, code=coded("2345-7"), effectiveDateTime="2024-01-01", **lab, **MASKED))
    await bench.create(an_observation(mine, 4, code=coded("GLU"), effectiveDateTime="2021-01-01", **lab))
    await bench.create(an_observation(mine, 5, code=coded("2951-2"), effectiveDateTime="2023-01-01", **lab))
    await bench.create(an_observation(mine, 6, effectiveDateTime="2023-01-01"))
    return Results(desk, patient)


async def test_the_last_of_each_code_is_given_and_translations_are_one_code(results: Results) -> None:
    assert await results.values("category=laboratory") == [3, 5]
    assert await results.values("category=laboratory&max=2") == [3, 2, 5]
    assert await results.values("category=laboratory&max=9") == [3, 2, 4, 1, 5]


async def test_codes_that_are_named_are_each_answered_from_the_index(results: Results) -> None:
    assert await results.values(f"code={LOINC}|2345-7") == [3]
    assert await results.values(f"code={LOINC}|2345-7,{LOINC}|2951-2&max=2") == [3, 2, 5]
    assert await results.values(f"code={LOINC}|2345-7&date=lt2024") == [2]
    assert await results.values("code=2345-7,GLU") == [3, 2]
    assert await results.values("code=none") == []


async def test_what_is_hidden_from_the_caller_is_not_the_last(results: Results) -> None:
    await authorised(results.desk.service, results.patient, Role.SPECIALIST)
    assert await results.values("category=laboratory&max=2", Role.SPECIALIST) == [5, 2, 4]
    assert await results.values(f"code={LOINC}|2345-7", Role.SPECIALIST) == [2]
    assert await results.values("category=laboratory", Role.PHARMACIST) == []
    assert await results.values("category=laboratory", Role.SYSTEM) == [3, 5]


async def test_parameters_may_come_in_a_body(results: Results) -> None:
    sent = {
        "resourceType": "Parameters",
        "parameter": [
            {"name": "patient", "valueString": str(results.patient)},
            {"name": "category", "valueString": "laboratory"},
            {"name": "max", "valuePositiveInt": 1},
        ],
    }
    answer = await results.desk.post("Observation/$lastn", results.patient, sent)
    assert [entry["resource"]["valueQuantity"]["value"] for entry in answer.json()["entry"]] == [3, 5]


@pytest.mark.parametrize(
    ("query", "status", "place"),
    [
        ("max=1", 422, "http.code"),
        ("code=1&max=0", 422, "http.max"),
        ("code=1&max=x", 422, "http.max"),
        ("code=1&_sort=date", 422, "http._sort"),
        ("code=1&colour=red", 400, "http.colour"),
    ],
)
async def test_what_cannot_be_answered_is_refused_with_its_parameter(results: Results, query: str, status: int, place: str) -> None:
    answer = await results.asks(query)
    assert (answer.status_code, fault_of(answer)) == (status, place)


async def test_one_line_of_the_trail_tells_of_it(results: Results) -> None:
    before = len(await results.desk.lines())
    await results.asks("category=laboratory")
    assert (await results.desk.lines())[before:] == [("resource:search", "done", "own-record")]


@given(st.lists(st.tuples(st.sampled_from(["", "urn:a", "urn:b"]), st.text(min_size=1, max_size=3)), max_size=4), st.text(max_size=3))
def test_every_observation_is_of_some_kind(codings: list[tuple[str, str]], text: str) -> None:
    listed = [{"system": system, "code": code} if system else {"code": code} for system, code in codings]
    assert list(keys_of({"id": "1", "code": {"coding": listed, "text": text}}))
