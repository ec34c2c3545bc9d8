"""Finding a citizen by the five strict traits: exactly one is opened; nobody, closed and refused look alike; several ask for the INS."""

import asyncpg
import httpx
import pytest

from healthspace.access.opening import Service
from healthspace.access.rules import Action
from healthspace.access.wide import permit_wide
from healthspace.identity.caller import TECHNICAL, caller_of_citizen
from healthspace.identity.personas import Role
from healthspace.record.life import close_space
from healthspace.record.spaces import owner_of_patient, patient_resource
from healthspace.resources.reindex import reindex
from healthspace.resources.work import Work
from tests.edge.pages import HERE, Deposit, count, signed_in, since
from tests.harness import a_citizen, authorised, some_traits, treated

LEA = {"by": "traits", "family": "DUPRÉ", "given": "LÉA", "birth": "1979-03-28", "sex": "female", "place": "51215"}


async def look_for(client: httpx.AsyncClient, **typed: str) -> httpx.Response:
    return await client.post("/patients", data={**LEA, **typed}, headers=HERE)


@pytest.mark.parametrize(
    "typed", [{}, {"family": "dupre", "given": "lea"}, {"family": "Dupré", "given": " Léa "}, {"place": "51 215"}], ids=str
)
async def test_the_five_traits_open_the_record_of_the_one_who_has_them(
    service: Service, client: httpx.AsyncClient, typed: dict[str, str]
) -> None:
    patient = await a_citizen(service)
    await treated(service, patient)
    signed_in(service, client, Role.TREATING_DOCTOR)
    answer = await look_for(client, **typed)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/patients/{patient}")


@pytest.mark.parametrize(
    "typed",
    [
        {"family": "DUPR"},
        {"family": "DUPRES"},
        {"given": "LÉA ROSE"},
        {"given": "ROSE"},
        {"birth": "1979-03-29"},
        {"sex": "male"},
        {"place": "51216"},
    ],
    ids=str,
)
async def test_one_trait_that_differs_finds_nobody(service: Service, client: httpx.AsyncClient, typed: dict[str, str]) -> None:
    await treated(service, await a_citizen(service))
    signed_in(service, client, Role.TREATING_DOCTOR)
    page = await look_for(client, **typed)
    assert page.status_code == 404
    assert "Aucun dossier ne peut être montré pour ces traits" in page.text


async def test_refused_closed_and_absent_are_one_and_the_same_page(
    service: Service, client: httpx.AsyncClient, connection: asyncpg.Connection
) -> None:
    signed_in(service, client, Role.SPECIALIST)
    before = await count(connection)
    absent = await look_for(client)
    assert [line[:2] for line in await since(connection, before)] == [("patient:find", "refused")]
    patient = await a_citizen(service)
    before = await count(connection)
    refused = await look_for(client)
    assert [line[:2] for line in await since(connection, before)] == [("patient:find", "done"), ("record:read", "refused")]
    await authorised(service, patient, Role.SPECIALIST)
    assert (await look_for(client)).status_code == 303
    async with service.door.permit(caller_of_citizen(patient), Action.CLOSE_SPACE, owner_of_patient(patient)) as p:
        await close_space(p, "patient-demande")
    closed = await look_for(client)
    assert absent.status_code == refused.status_code == closed.status_code == 404
    assert absent.text == refused.text == closed.text
    assert (await look_for(client, to="add")).text == absent.text


async def test_several_people_with_the_same_traits_ask_for_the_number_and_show_nothing(
    service: Service, client: httpx.AsyncClient, connection: asyncpg.Connection
) -> None:
    patients = [await a_citizen(service), await a_citizen(service, 2)]
    for patient in patients:
        await treated(service, patient)
    signed_in(service, client, Role.TREATING_DOCTOR)
    before = await count(connection)
    page = await look_for(client)
    assert page.status_code == 409
    assert "Demandez le matricule INS" in page.text
    assert not [patient for patient in patients if str(patient) in page.text]
    assert [line[:2] for line in await since(connection, before)] == [("patient:find", "done")] * 2
    async with service.door.permit(caller_of_citizen(patients[0]), Action.CLOSE_SPACE, owner_of_patient(patients[0])) as p:
        await close_space(p, "patient-demande")
    assert (await look_for(client)).headers["location"] == f"/patients/{patients[1]}", "a closed record is as none"


async def test_what_was_typed_is_kept_and_each_mistake_is_told(service: Service, client: httpx.AsyncClient) -> None:
    signed_in(service, client, Role.SPECIALIST)
    page = await look_for(client, family="Dupré-Martin", given="", birth="2999-01-01", sex="", place="5121")
    assert page.status_code == 422
    assert 'value="Dupré-Martin"' in page.text
    assert 'value="5121"' in page.text
    for told in ("premier des prénoms", "date de naissance, par exemple", "sexe inscrit", "5 caractères du code"):
        assert told in page.text
    signed_in(service, client, Role.SPECIALIST, "en")
    assert "Type the 5 characters of the code" in (await look_for(client, place="5121")).text


async def test_the_other_ways_lead_from_the_traits_too(service: Service, client: httpx.AsyncClient) -> None:
    patient = await a_citizen(service)
    signed_in(service, client, Role.SPECIALIST)
    for way in ("add", "emergency"):
        assert (await look_for(client, to=way)).headers["location"] == f"/patients/{patient}/{way}"


async def test_a_patient_whose_traits_change_is_found_by_the_new_ones(service: Service, client: httpx.AsyncClient) -> None:
    patient = await a_citizen(service)
    signed_in(service, client, Role.SPECIALIST)
    async with permit_wide(service.door, TECHNICAL, Action.WRITE_RESOURCES) as p:
        work = Work(p)
        await work.update("Patient", str(patient), {**patient_resource(some_traits(birth_date="1979-03-27")), "id": str(patient)})
        await work.flush()
    assert (await look_for(client, to="add")).status_code == 404
    assert (await look_for(client, to="add", birth="1979-03-27")).status_code == 303


async def test_patients_stored_before_are_found_once_they_are_indexed_anew(
    service: Service, client: httpx.AsyncClient, connection: asyncpg.Connection
) -> None:
    await a_citizen(service)
    await connection.execute("UPDATE resource SET indexed = 1; DELETE FROM xref")
    signed_in(service, client, Role.SPECIALIST)
    assert (await look_for(client, to="add")).status_code == 404
    assert [step async for step in reindex(service.door)][-1].finished
    assert (await look_for(client, to="add")).status_code == 303


async def test_a_citizen_finds_nobody_by_traits(service: Service, client: httpx.AsyncClient) -> None:
    await a_citizen(service)
    signed_in(service, client, await a_citizen(service, 2, family="AUTRE"))
    assert (await look_for(client, to="add")).status_code == 404


async def test_a_treating_doctor_finds_a_citizen_and_is_told_why_the_record_is_open(
    service: Service, client: httpx.AsyncClient, connection: asyncpg.Connection, deposit: Deposit
) -> None:
    patient = await a_citizen(service)
    await treated(service, patient)
    document = await deposit()
    signed_in(service, client, Role.TREATING_DOCTOR)
    before = await count(connection)
    value = some_traits().ins.value
    answer = await client.post("/patients", data={"ins": f"{value[:1]} {value[1:]}"}, headers=HERE)
    assert answer.headers["location"] == f"/patients/{patient}"
    page = await client.get(f"/patients/{patient}")
    for told in ("LÉA ROSE DUPRÉ", "28 mars 1979", "Ce patient vous a choisi comme médecin traitant.", "Résultats d’analyses"):
        assert told in page.text
    assert "LÉA ROSE DUPRÉ" in (await client.get(f"/patients/{patient}/documents/{document}")).text
    assert [line[0] for line in await since(connection, before)] == ["record:read", "record:read", "document:read"]


async def test_none_refused_and_closed_are_one_answer(service: Service, client: httpx.AsyncClient, connection: asyncpg.Connection) -> None:
    await a_citizen(service, 1)
    closed = await a_citizen(service, 2)
    await treated(service, closed, Role.SPECIALIST)
    async with service.door.permit(caller_of_citizen(closed), Action.CLOSE_SPACE, owner_of_patient(closed)) as p:
        await close_space(p, "patient-demande")
    signed_in(service, client, Role.SPECIALIST)
    answers, before = [], await count(connection)
    for number in (1, 2, 3):
        value = some_traits(number).ins.value
        answer = await client.post("/patients", data={"ins": value}, headers=HERE)
        answers.append((answer.status_code, answer.text.replace(value, "…")))
    assert answers[0] == answers[1] == answers[2]
    assert answers[0][0] == 404
    assert [line[1:] for line in await since(connection, before)] == [
        ("refused", "no-right"),
        ("refused", "record-closed"),
        ("refused", "no-space"),
    ]


async def test_what_is_no_number_is_said_and_leaves_one_line(
    service: Service, client: httpx.AsyncClient, connection: asyncpg.Connection
) -> None:
    signed_in(service, client, Role.NURSE)
    before = await count(connection)
    answer = await client.post("/patients", data={"ins": "2 55 08"}, headers=HERE)
    assert (answer.status_code, "Saisissez les 15 caractères" in answer.text) == (422, True)
    assert 'value="2 55 08"' in answer.text
    assert await since(connection, before) == [("record:read", "rejected", "invalid")]
