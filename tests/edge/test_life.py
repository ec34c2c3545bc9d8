"""The life of a record through /fhir and through the calendar of the service: each state, what it leaves possible, what TD02 tells."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from healthspace.access.announce import Event
from healthspace.base import clock
from healthspace.edge.worker.calendar import keep_calendar
from healthspace.identity.personas import Role
from healthspace.record.spaces import CLOSURE
from tests.documents import a_cda, a_reference, labelled, query_by_ins
from tests.edge.conversation import Desk, ids_of
from tests.edge.test_controls import Person, a_consent, professional
from tests.edge.test_notifications import told
from tests.harness import a_citizen, some_traits

LEFT = """
    SELECT (SELECT count(*) FROM resource WHERE owner > 0), (SELECT count(*) FROM access_fact), (SELECT count(*) FROM xref)
"""
MONTH, WEEK = timedelta(days=31), timedelta(weeks=1)


async def step(desk: Desk, patient: UUID | str, name: str, who: Any, **parameters: Any) -> httpx.Response:
    body = {"resourceType": "Parameters", "parameter": [{"name": key, **value} for key, value in parameters.items()]} if parameters else b""
    return await desk.post(f"Patient/{patient}/${name}", who, body)


async def td02(desk: Desk, number: int = 1) -> dict[str, Any] | None:
    found = (await desk.get(f"Patient?identifier={query_by_ins(number)}", Role.NURSE)).json()
    return found["entry"][0]["resource"] if found["total"] else None


async def opened(desk: Desk, number: int = 1, **told: Any) -> str:
    traits = some_traits(number, **({"birth_date": told.pop("born")} if "born" in told else {}))
    patient = {
        "resourceType": "Patient",
        "identifier": [{"system": f"urn:oid:{traits.ins.system}", "value": traits.ins.value}],
        "name": [{"family": traits.family, "given": list(traits.given)}],
        "gender": traits.gender,
        "birthDate": traits.birth_date,
    }
    parameters = [{"name": "patient", "resource": patient}, *({"name": name, **value} for name, value in told.items())]
    answer = await desk.post("Patient/$open", Role.SYSTEM, {"resourceType": "Parameters", "parameter": parameters})
    assert answer.status_code == 201, answer.text
    return answer.headers["location"].rpartition("/")[2]


async def later(desk: Desk, span: timedelta) -> int:
    return await keep_calendar(desk.service.door, clock.now() + span)


async def test_a_space_opens_after_the_information_period_when_nobody_objects(desk: Desk) -> None:
    await opened(desk, announce={"valueBoolean": True})
    assert await td02(desk) is None
    assert (await desk.post("DocumentReference", Role.LABORATORY, a_reference(a_cda()))).status_code == 404
    assert await later(desk, 5 * WEEK) == 0
    assert await later(desk, 6 * WEEK) == 1
    assert (await td02(desk) or {})["active"] is True
    await desk.deposit()


async def test_an_objection_keeps_it_closed_and_can_be_taken_back(desk: Desk) -> None:
    patient = await opened(desk, announce={"valueBoolean": True})
    holder = UUID(patient)
    assert (await step(desk, patient, "object", Role.NURSE)).status_code == 404
    assert (await step(desk, patient, "object", holder)).status_code == 200
    assert await later(desk, 10 * WEEK) == 0
    assert await td02(desk) is None
    assert (await step(desk, patient, "reopen", holder)).json()["active"] is True


async def test_closing_and_reopening_restores(desk: Desk) -> None:
    patient = await a_citizen(desk.service)
    person = Person(desk, patient, (await desk.deposit())["id"])
    await person.chooses(a_consent("permit", professional(Role.SPECIALIST)))
    closed = await step(desk, patient, "close", patient, motive={"valueCode": "patient-demande"}, reason={"valueString": "Je préfère"})
    assert closed.status_code == 200, closed.text
    told = await td02(desk) or {}
    assert told["active"] is False
    parts = {one["url"]: one for one in next(one for one in told["extension"] if one["url"] == CLOSURE)["extension"]}
    assert set(parts) == {"dateFermeture", "motifFermeture", "raisonFermeture"}
    for who in (patient, Role.SPECIALIST, Role.LABORATORY):
        assert not await person.is_read_by(who)
    assert (await step(desk, patient, "close", patient)).status_code == 404
    assert (await step(desk, patient, "reopen", Role.SPECIALIST)).status_code == 404
    assert (await step(desk, patient, "reopen", patient)).status_code == 200
    assert "extension" not in (await td02(desk) or {})
    for who in (patient, Role.SPECIALIST, Role.LABORATORY):
        assert await person.is_read_by(who)


@pytest.mark.parametrize("closed", [True, False])
async def test_erasing_leaves_the_proof_and_nothing_else(desk: Desk, closed: bool) -> None:
    patient = await a_citizen(desk.service)
    document = (await desk.deposit())["id"]
    if closed:
        await step(desk, patient, "close", patient)
    assert (await step(desk, patient, "erase", patient, confirm={"valueBoolean": False})).status_code == 422
    assert (await step(desk, patient, "erase", patient, confirm={"valueBoolean": True})).status_code == 204
    assert await td02(desk) is None
    for path in (f"Patient/{patient}", f"DocumentReference/{document}", f"DocumentReference?patient={patient}"):
        answer = await desk.get(path, patient)
        assert answer.status_code == 404 or answer.json()["total"] == 0
    rows = await desk.connection.fetchrow(LEFT)
    assert tuple(rows) == (0, 0, 0)
    assert [line for line in await desk.lines() if line[0] == "space:erase" and line[1] == "done"]
    await a_citizen(desk.service)


async def test_what_is_closed_is_erased_after_ten_years(desk: Desk) -> None:
    patient = await a_citizen(desk.service)
    await step(desk, patient, "close", patient)
    assert await later(desk, timedelta(days=3650)) == 0
    assert await later(desk, timedelta(days=3654)) == 1
    assert await td02(desk) is None


async def test_a_suspension_is_the_insurances_and_ends_by_it_or_by_a_closure(desk: Desk) -> None:
    patient = await a_citizen(desk.service)
    for who in (patient, Role.NURSE, Role.HOSPITAL):
        assert (await step(desk, patient, "suspend", who)).status_code == 404
    assert (await step(desk, patient, "suspend", Role.AGENCY)).status_code == 200
    assert (await td02(desk) or {})["active"] is False
    assert (await desk.get(f"DocumentReference?patient={patient}", patient)).json()["total"] == 0
    for name in ("resume", "confirm", "reopen"):
        assert (await step(desk, patient, name, patient)).status_code == 404
    assert (await step(desk, patient, "resume", Role.AGENCY)).json()["active"] is True
    await step(desk, patient, "suspend", Role.AGENCY)
    assert await later(desk, 6 * WEEK) == 1
    assert (await td02(desk) or {})["extension"][0]["url"] == CLOSURE
    again = await a_citizen(desk.service, 2)
    await step(desk, again, "suspend", Role.AGENCY)
    assert (await step(desk, again, "object", again)).status_code == 200
    assert await later(desk, 6 * WEEK) == 0


async def test_a_death_closes_the_record_to_heirs_and_a_mistake_is_undone(desk: Desk) -> None:
    patient, death = await a_citizen(desk.service), {"motive": {"valueCode": "patient-deces"}}
    person = Person(desk, patient, (await desk.deposit())["id"])
    assert (await step(desk, patient, "close", patient, **death)).status_code == 422
    assert (await step(desk, patient, "close", Role.AGENCY, **death)).status_code == 200
    told = next(one for one in (await td02(desk) or {})["extension"] if one["url"] == CLOSURE)["extension"]
    assert [one["valueCoding"]["code"] for one in told if one["url"] == "motifFermeture"] == ["patient-deces"]
    assert (await step(desk, patient, "reopen", patient)).status_code == 404
    assert (await step(desk, patient, "erase", patient, confirm={"valueBoolean": True})).status_code == 404
    assert (await desk.get(f"Patient/{patient}", patient)).status_code == 404
    assert (await step(desk, patient, "resume", Role.AGENCY)).status_code == 200
    assert await person.is_read_by(patient)
    assert (await step(desk, patient, "close", patient)).status_code == 200
    assert (await step(desk, patient, "reopen", patient)).status_code == 200


async def test_a_minors_space_is_opened_by_who_represents_them_until_they_are_of_age(desk: Desk) -> None:
    parent = await a_citizen(desk.service, 2)
    child = await opened(desk, born="2014-03-05", representative={"valueReference": {"reference": f"Patient/{parent}"}})
    assert (await desk.get(f"Patient/{child}", parent)).status_code == 200
    years = timedelta(days=365 * 6)
    assert await later(desk, years) == 1
    assert (await step(desk, child, "confirm", UUID(child))).status_code == 200
    assert await later(desk, years) == 1


async def test_who_comes_of_age_confirms_or_is_suspended(desk: Desk) -> None:
    parent = await a_citizen(desk.service, 2)
    child = await opened(desk, born="2014-03-05", representative={"valueReference": {"reference": f"Patient/{parent}"}})
    years = timedelta(days=365 * 6)
    assert await later(desk, years) == 1
    assert [line[0] for line in await desk.lines()][-1] == "space:ask", "nothing is suspended yet"
    assert [one.event for one in await told(desk, UUID(child))] == [Event.CONFIRMATION_ASKED]
    assert await later(desk, timedelta(days=91)) == 1
    assert (await td02(desk) or {})["active"] is False
    assert (await step(desk, child, "confirm", UUID(child))).json()["active"] is True


@pytest.mark.parametrize("told", [{"born": "2014-03-05"}, {"representative": {"valueReference": {"reference": "Patient/x"}}}])
async def test_a_minor_needs_a_representative_and_an_adult_none(desk: Desk, told: dict[str, Any]) -> None:
    with pytest.raises(AssertionError, match="OperationOutcome"):
        await opened(desk, **told)


async def test_what_awaits_its_announcement_is_released_after_a_month(desk: Desk) -> None:
    patient = await a_citizen(desk.service)
    document = (await desk.deposit(securityLabel=labelled("INVISIBLE_PATIENT")))["id"]
    search = f"DocumentReference?patient={patient}"
    assert await later(desk, 2 * WEEK - timedelta(hours=1)) == 0
    assert ids_of(await desk.get(search, patient)) == []
    assert await later(desk, 2 * WEEK) == 1
    assert [one.event for one in await told(desk, patient)] == [Event.CONSULTATION_ADVISED]
    assert ids_of(await desk.get(search, patient)) == []
    assert await later(desk, MONTH) == 1
    assert ids_of(await desk.get(search, patient)) == [document]
    assert {one.event for one in await told(desk, patient)} == {Event.CONSULTATION_ADVISED, Event.DOCUMENT_RELEASED}
    assert await later(desk, MONTH) == 0
