"""A professional enters a vaccination: a note by their hand, whose dose is on the card; nothing typed is lost to a mistake."""

import re

import asyncpg
import httpx
import pytest

from healthspace.access.opening import Service
from healthspace.identity.personas import Role
from tests.edge.pages import HERE, count, signed_in, since, words
from tests.harness import a_citizen, as_caller, authorised, treated

DOSE = {
    "vaccine": "J07CA01",
    "name": "REVAXIS",
    "date": "2024-03-12",
    "lot": "x4821",
    "rank": "4",
    "site": "left-arm",
}


async def enter(client: httpx.AsyncClient, patient: object, **typed: str) -> httpx.Response:
    return await client.post(f"/patients/{patient}/vaccination/add", data={**DOSE, **typed}, headers=HERE)


async def test_a_dose_becomes_a_note_of_the_professional_and_stands_on_the_card(
    service: Service, client: httpx.AsyncClient, connection: asyncpg.Connection
) -> None:
    patient = await a_citizen(service)
    await treated(service, patient)
    signed_in(service, client, Role.TREATING_DOCTOR)
    assert f'href="/patients/{patient}/vaccination/add"' in (await client.get(f"/patients/{patient}/vaccination")).text
    before = await count(connection)
    answer = await enter(client, patient)
    assert answer.headers["location"] == f"/patients/{patient}/vaccination?done=vaccinated"
    assert [line[:2] for line in await since(connection, before)] == [("document:deposit", "done")]
    assert "La dose est dans le carnet" in (await client.get(answer.headers["location"])).text
    card = words(await client.get(f"/patients/{patient}/vaccination"))
    for told in ("Diphtérie", "Tétanos", "Poliomyélite", "12 mars 2024", "REVAXIS", "Dose 4", "X4821", "Hélène MOREL"):
        assert told in card
    signed_in(service, client, patient)
    assert "REVAXIS" in words(await client.get("/vaccination"))
    asked = {"patient": f"Patient/{patient}"}
    found = (await client.get("/fhir/Immunization", params=asked, headers=as_caller(service, patient))).json()
    (dose,) = [entry["resource"] for entry in found["entry"]]
    assert dose["lotNumber"] == "X4821"
    assert dose["site"]["coding"][0]["code"] == "16217701000119102"
    assert "route" not in dose, "nobody said how it was injected"
    listed = (await client.get("/fhir/DocumentReference", params=asked | {"status": "current"}, headers=as_caller(service, patient))).json()
    (note,) = [entry["resource"] for entry in listed["entry"] if entry["resource"]["resourceType"] == "DocumentReference"]
    assert note["type"]["coding"][0]["code"] == "87273-9"
    assert "81000000011" in str(note["contained"]), "its author is the doctor"


async def test_a_vaccine_outside_the_list_has_its_name_alone(service: Service, client: httpx.AsyncClient) -> None:
    patient = await a_citizen(service)
    await authorised(service, patient, Role.NURSE)
    signed_in(service, client, Role.NURSE)
    assert (await enter(client, patient, vaccine="other", name="Vaccin <d’es\x07sai>", site="")).status_code == 303
    card = words(await client.get(f"/patients/{patient}/vaccination"))
    assert "Autres vaccins" in card
    assert "Vaccin <d’essai>" in card


async def test_a_vaccine_without_its_own_name_is_named_by_what_it_protects_from(service: Service, client: httpx.AsyncClient) -> None:
    patient = await a_citizen(service)
    await treated(service, patient)
    signed_in(service, client, Role.TREATING_DOCTOR)
    assert (await enter(client, patient, vaccine="J07BB", name="")).status_code == 303
    assert "Grippe" in words(await client.get(f"/patients/{patient}/vaccination"))


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ({"vaccine": ""}, "Choisissez contre quoi"),
        ({"vaccine": "J07ZZ"}, "Choisissez contre quoi"),
        ({"vaccine": "other", "name": ""}, "Saisissez le nom du vaccin"),
        ({"date": "2999-01-01"}, "Donnez une date"),
        ({"date": "hier"}, "Donnez une date"),
        ({"lot": ""}, "Saisissez le numéro de lot"),
        ({"rank": "0"}, "Choisissez de quelle dose"),
        ({"site": "head"}, "Choisissez où"),
    ],
    ids=str,
)
async def test_a_mistake_is_told_beside_its_field_and_the_rest_is_kept(
    service: Service, client: httpx.AsyncClient, typed: dict[str, str], told: str
) -> None:
    patient = await a_citizen(service)
    signed_in(service, client, Role.TREATING_DOCTOR)
    page = await enter(client, patient, **{"name": "BOOSTRIX", **typed})
    assert page.status_code == 422
    assert told in page.text
    if "name" not in typed:
        assert 'value="BOOSTRIX"' in page.text
    if "lot" not in typed:
        assert 'value="X4821"' in page.text


async def test_who_may_deposit_and_not_read_enters_a_dose_and_sees_no_trait(service: Service, client: httpx.AsyncClient) -> None:
    patient = await a_citizen(service)
    signed_in(service, client, Role.PHARMACIST)
    page = await client.get(f"/patients/{patient}/add")
    assert f'href="/patients/{patient}/vaccination/add"' in page.text
    page = await client.get(f"/patients/{patient}/vaccination/add")
    assert page.status_code == 200
    assert "DUPRÉ" not in page.text
    answer = await enter(client, patient)
    assert (await client.get(answer.headers["location"])).status_code == 200
    assert (await client.get(f"/patients/{patient}/vaccination")).status_code == 404


async def test_citizens_and_structures_have_no_such_page_and_never_see_the_button(service: Service, client: httpx.AsyncClient) -> None:
    patient = await a_citizen(service)
    for who in (patient, Role.LABORATORY, Role.AGENCY):
        signed_in(service, client, who)
        assert (await client.get(f"/patients/{patient}/vaccination/add")).status_code == 404
        assert (await enter(client, patient)).status_code == 404
    signed_in(service, client, patient)
    assert "/vaccination/add" not in (await client.get("/vaccination")).text


@pytest.mark.parametrize("form", ["add", "vaccination/add"])
async def test_a_form_names_whose_record_it_adds_to_for_who_may_read_it_and_to_nobody_else(
    service: Service, client: httpx.AsyncClient, connection: asyncpg.Connection, form: str
) -> None:
    patient = await a_citizen(service)
    await treated(service, patient)
    for role, named, act in ((Role.TREATING_DOCTOR, True, "patient:read"), (Role.NURSE, False, "patient:find")):
        before = await count(connection)
        page = words(await signed_in(service, client, role).get(f"/patients/{patient}/{form}"))
        assert ("DUPRÉ" in page, "28 mars 1979" in page) == (named, named), role
        assert "2 79 03 51 100 001" in re.sub(r"\s", " ", page)
        assert [line[:2] for line in await since(connection, before)] == [(act, "done")]
