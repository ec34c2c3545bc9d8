"""Who sees what beside documents: a refusal looks like an absence, and nothing comes along that a search would not show."""

from typing import Any
from uuid import UUID

import httpx
import pytest

from healthspace.base.ids import new_id, new_owner
from healthspace.identity.personas import Role
from tests.edge.bench import Bench, an_observation
from tests.edge.conversation import Desk, ids_of
from tests.harness import a_citizen, authorised, treated

MASKED = {"meta": {"security": [{"code": "MASQUE_PS"}]}}
NOT_YET = {"meta": {"security": [{"code": "INVISIBLE_PATIENT"}]}}


class Record:
    """A citizen with results: a plain one, a masked one, one that is not announced yet; and what belongs to nobody."""

    def __init__(self, desk: Desk, patient: UUID, ids: dict[str, str]) -> None:
        self.desk, self.patient, self.ids = desk, patient, ids

    async def reads(self, name: str, who: Role | UUID, type_: str = "Observation") -> bool:
        answer = await self.desk.get(f"{type_}/{self.ids[name]}", who)
        assert answer.status_code in {200, 404}
        history = await self.desk.get(f"{type_}/{self.ids[name]}/_history", who)
        version = await self.desk.get(f"{type_}/{self.ids[name]}/_history/1", who)
        assert history.status_code == version.status_code == answer.status_code
        return answer.status_code == 200

    async def finds(self, who: Role | UUID, query: str = "") -> set[str]:
        answer = await self.desk.get(f"Observation?patient={self.patient}{query}", who)
        assert answer.json()["total"] == len(set(ids_of(answer)) & set(self.ids.values()))
        names = {identifier: name for name, identifier in self.ids.items()}
        return {names.get(identifier, identifier) for identifier in ids_of(answer)}


@pytest.fixture
async def record(desk: Desk) -> Record:
    patient, bench = await a_citizen(desk.service), Bench(desk)
    mine = {"id": str(patient)}
    practitioner = await bench.create({"resourceType": "Practitioner", "name": [{"family": "House"}]})
    made = {
        "plain": await bench.create(an_observation(mine, performer=[{"reference": f"Practitioner/{practitioner['id']}"}])),
        "masked": await bench.create(an_observation(mine, **MASKED)),
        "not yet": await bench.create(an_observation(mine, **NOT_YET)),
        "practitioner": practitioner,
        "substance": await bench.create({"resourceType": "Substance", "code": {"text": "x"}}),
        "nobody's": await bench.create({"resourceType": "Observation", "status": "final", "code": {"text": "x"}}),
        "consent": await bench.create(
            {
                "resourceType": "Consent",
                "status": "inactive",
                "scope": {"text": "x"},
                "category": [{"text": "x"}],
                "patient": {"reference": f"Patient/{patient}"},
                "policyRule": {"text": "x"},
            }
        ),
    }
    return Record(desk, patient, {name: resource["id"] for name, resource in made.items()})


async def test_the_holder_sees_their_own_but_what_is_not_announced(record: Record) -> None:
    assert await record.finds(record.patient) == {"plain", "masked"}
    assert [await record.reads(name, record.patient) for name in ("plain", "masked", "not yet")] == [True, True, False]
    assert await record.reads("consent", record.patient, "Consent")


async def test_an_authorised_professional_sees_all_but_what_is_masked(record: Record) -> None:
    await authorised(record.desk.service, record.patient, Role.SPECIALIST)
    assert await record.finds(Role.SPECIALIST) == {"plain", "not yet"}
    assert [await record.reads(name, Role.SPECIALIST) for name in ("plain", "masked", "not yet")] == [True, False, True]
    assert not await record.reads("consent", Role.SPECIALIST, "Consent")


async def test_the_treating_doctor_sees_all_but_whom_the_citizen_trusts(record: Record) -> None:
    await treated(record.desk.service, record.patient)
    assert await record.finds(Role.TREATING_DOCTOR) == {"plain", "masked", "not yet"}
    assert not await record.reads("consent", Role.TREATING_DOCTOR, "Consent")


@pytest.mark.parametrize("who", [Role.SPECIALIST, Role.LABORATORY, Role.AGENCY, Role.NURSE, "another"])
async def test_a_stranger_sees_what_is_not_there(record: Record, who: Role | str) -> None:
    caller: Any = await a_citizen(record.desk.service, 2) if who == "another" else who
    nowhere = new_id(new_owner())
    there, absent = [
        [
            await record.desk.get(f"Observation/{one}", caller),
            await record.desk.get(f"Observation/{one}/_history", caller),
            await record.desk.get(f"Observation?patient={patient}&code=8867-4", caller),
            await record.desk.get(f"Patient/{patient}/Observation", caller),
        ]
        for one, patient in ((record.ids["plain"], record.patient), (nowhere, nowhere))
    ]
    for answer, none in zip(there, absent, strict=True):
        assert (answer.status_code, stripped(answer, record.patient)) == (none.status_code, stripped(none, nowhere))


def stripped(answer: httpx.Response, *names: UUID) -> str:
    text = answer.text
    for name in names:
        text = text.replace(str(name), "…")
    return text


async def test_what_comes_along_is_what_a_search_would_show(record: Record) -> None:
    await authorised(record.desk.service, record.patient, Role.SPECIALIST)
    answer = await record.desk.get(f"Observation?patient={record.patient}&_include=*&_revinclude=Consent:patient", Role.SPECIALIST)
    types = sorted(entry["resource"]["resourceType"] for entry in answer.json()["entry"])
    assert types == ["Observation", "Observation", "Patient", "Practitioner"]
    everything = await record.desk.get(f"Patient/{record.patient}/$everything", Role.SPECIALIST)
    shown = {entry["resource"]["id"] for entry in everything.json()["entry"]}
    assert record.ids["masked"] not in shown
    assert record.ids["consent"] not in shown
    assert {record.ids["plain"], record.ids["not yet"], record.ids["practitioner"]} <= shown


async def test_chains_lead_no_further_than_the_caller_may_go(record: Record) -> None:
    other = await a_citizen(record.desk.service, 2)
    assert await record.finds(record.patient, "&subject:Patient.family=dupre") == {"plain", "masked"}
    assert await record.finds(record.patient, f"&subject=Patient/{other}") == set()
    answer = await record.desk.get("Practitioner?_has:Observation:performer:code=8867-4", other)
    assert ids_of(answer) == []


async def test_everyone_known_reads_the_directory_and_nobody_else_the_rest_of_the_registry(record: Record) -> None:
    for who in (record.patient, Role.NURSE, Role.LABORATORY, Role.AGENCY):
        assert ids_of(await record.desk.get("Practitioner?family=house", who)) == [record.ids["practitioner"]]
        assert await record.reads("practitioner", who, "Practitioner")
        assert not await record.reads("substance", who, "Substance")
        assert not await record.reads("nobody's", who)
        assert ids_of(await record.desk.get("Substance", who)) == []
    assert (await record.desk.get("Practitioner", None)).status_code == 401


async def test_outside_a_demonstration_there_is_no_technical_caller(record: Record) -> None:
    record.desk.service.door.demo = False
    answer = await record.desk.get(f"Observation/{record.ids['plain']}", Role.SYSTEM)
    assert answer.status_code == 404
    assert (await record.desk.get("Observation", Role.SYSTEM)).status_code == 404
    made = await Bench(record.desk).send("POST", "Patient", {"resourceType": "Patient"})
    assert made.status_code == 404
