"""TD02: is there a health space for this INS, and is it open?"""

from uuid import UUID

import pytest

from healthspace.access.rules import Action
from healthspace.identity.caller import caller_of_citizen
from healthspace.identity.personas import Role
from healthspace.record.life import close_space
from healthspace.record.spaces import CLOSURE, owner_of_patient
from tests.documents import query_by_ins
from tests.edge.conversation import Desk, fault_of
from tests.harness import a_citizen, some_traits

TRAITS = ("DUPR", "LÉA", "ROSE", "1979", "51215", "female")


async def close(desk: Desk, patient: UUID) -> None:
    async with desk.service.door.permit(caller_of_citizen(patient), Action.CLOSE_SPACE, owner_of_patient(patient)) as p:
        await close_space(p, "1")


@pytest.mark.parametrize("who", [Role.LABORATORY, Role.SPECIALIST, Role.HOSPITAL, Role.PHARMACIST])
async def test_an_open_space_is_found_without_any_trait(desk: Desk, who: Role) -> None:
    patient = await a_citizen(desk.service)
    answer = await desk.get(f"Patient?identifier={query_by_ins()}", who)
    [entry] = answer.json()["entry"]
    assert answer.json()["total"] == 1
    assert set(entry["resource"]) == {"resourceType", "id", "meta", "identifier", "active"}
    assert (entry["resource"]["id"], entry["resource"]["active"]) == (str(patient), True)
    [identifier] = entry["resource"]["identifier"]
    assert (identifier["value"], identifier["type"]["coding"][0]["code"]) == (some_traits().ins.value, "INS-NIR-TEST")
    assert not any(trait in answer.text for trait in TRAITS)


async def test_a_closed_space_says_when_and_why(desk: Desk) -> None:
    patient = await a_citizen(desk.service)
    await close(desk, patient)
    answer = await desk.get(f"Patient?identifier={query_by_ins()}", Role.SPECIALIST)
    [entry] = answer.json()["entry"]
    assert entry["resource"]["active"] is False
    [closure] = entry["resource"]["extension"]
    assert closure["url"] == CLOSURE
    assert {part["url"] for part in closure["extension"]} == {"dateFermeture", "motifFermeture"}
    assert not any(trait in answer.text for trait in TRAITS)


async def test_nobody_is_found_when_there_is_none(desk: Desk) -> None:
    answer = await desk.get(f"Patient?identifier={query_by_ins(7)}", Role.SPECIALIST)
    assert (answer.status_code, answer.json()["total"], answer.json().get("entry")) == (200, 0, None)


@pytest.mark.parametrize("who", [Role.AGENCY, "another citizen"])
async def test_who_may_not_ask_is_answered_as_if_there_were_none(desk: Desk, who: Role | str) -> None:
    await a_citizen(desk.service)
    asking = await a_citizen(desk.service, 2) if isinstance(who, str) else who
    known, unknown = [await desk.get(f"Patient?identifier={query_by_ins(number)}", asking) for number in (1, 7)]
    assert (known.status_code, known.content) == (unknown.status_code, unknown.content)
    assert {line[1] for line in (await desk.lines())[-2:]} == {"refused"}


async def test_the_system_may_be_written_with_or_without_its_prefix_and_posted(desk: Desk) -> None:
    await a_citizen(desk.service)
    plain = query_by_ins().removeprefix("urn:oid:")
    assert (await desk.get(f"Patient?identifier={plain}", Role.NURSE)).json()["total"] == 1
    form = {"content-type": "application/x-www-form-urlencoded"}
    posted = await desk.post("Patient/_search", Role.NURSE, f"identifier={plain}".encode(), **form)
    assert posted.json()["total"] == 1


@pytest.mark.parametrize(
    ("query", "place"),
    [
        ("", "http.identifier"),
        ("?identifier=x", "http.identifier"),
        ("?identifier=1.2.3|279035110000115", "http.identifier"),
        (f"?identifier={query_by_ins()}&identifier={query_by_ins()}", "http.identifier"),
        ("?family=DUPRE", "http.family"),
        (f"?identifier={query_by_ins()}&birthdate=1979", "http.birthdate"),
    ],
)
async def test_any_other_search_of_people_is_refused(desk: Desk, query: str, place: str) -> None:
    answer = await desk.get(f"Patient{query}", Role.SPECIALIST)
    assert (answer.status_code, fault_of(answer)) == (422, place)
    assert "DUPRE" not in answer.text
