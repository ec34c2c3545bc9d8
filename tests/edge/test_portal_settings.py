"""Settings and rights: taking everything away, closing the record, opening it again."""

import base64
import re

import asyncpg
import httpx
import pytest

from healthspace.access.opening import Service
from healthspace.edge.portal import printing
from healthspace.fhir.resource_types import NUMBER
from healthspace.identity.personas import Role
from tests.documents import JPEG, a_cda, a_root, labelled
from tests.edge.pages import HERE, Deposit, signed_in, words
from tests.edge.test_portal_adding import send
from tests.edge.test_portal_health import CLINICAL, keep
from tests.harness import a_citizen, authorised, lines_of
from tests.pure.facts import a_fact, concept


async def test_an_export_holds_every_resource_and_every_file_that_the_citizen_sees(
    service: Service, client: httpx.AsyncClient, connection: asyncpg.Connection, deposit: Deposit
) -> None:
    patient, content = await a_citizen(service), a_cda(title="Bilan")
    await deposit(content)
    await deposit(a_cda(title="Pas encore"), securityLabel=labelled("INVISIBLE_PATIENT"))
    signed_in(service, client, patient)
    await send(client, "/documents/add", JPEG)
    before = len(await lines_of(connection))
    answer = await client.get("/settings/export")
    assert answer.headers["content-disposition"] == 'attachment; filename="health-record.json"'
    assert answer.headers["content-type"].startswith("application/fhir+json")
    bundle = answer.json()
    resources = [entry["resource"] for entry in bundle["entry"]]
    assert (bundle["resourceType"], bundle["type"]) == ("Bundle", "collection")
    assert {one["resourceType"] for one in resources} <= set(NUMBER)
    assert [one["id"] for one in resources if one["resourceType"] == "Patient"] == [str(patient)]
    files = {base64.b64decode(one["data"]) for one in resources if one["resourceType"] == "Binary"}
    assert files == {content, JPEG}
    assert "Pas encore" not in answer.text
    assert (await lines_of(connection))[before:] == [("resource:search", "done", "own-record")]


async def test_an_export_is_the_citizens_own(service: Service, client: httpx.AsyncClient) -> None:
    await a_citizen(service)
    assert (await signed_in(service, client, Role.TREATING_DOCTOR).get("/settings/export")).status_code == 404
    assert (await client.get("/settings")).status_code == 404


async def test_the_pages_to_print_hold_what_is_past_and_every_document_once(
    service: Service, client: httpx.AsyncClient, deposit: Deposit, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient = await a_citizen(service)
    over = concept((CLINICAL, "resolved"))
    await keep(service, patient, a_fact("Condition", "", code={"text": "Pyélonéphrite"}, clinicalStatus=over))
    for number in range(4):
        await keep(service, patient, a_fact("AllergyIntolerance", "", code={"text": f"Allergène {number}"}))
    titles = {f"Bilan numéro {number}" for number in range(5)}
    for title in titles:
        await deposit(a_cda(title=title, root=a_root()))
    signed_in(service, client, patient)
    whole = words(await client.get("/settings/print"))
    assert all(title in whole for title in (*titles, "Passé Pyélonéphrite", *(f"Allergène {number}" for number in range(4))))
    monkeypatch.setattr(printing, "A_PART", 3)
    monkeypatch.setattr(printing, "BESIDE", 4)
    summary = [words(await client.get(f"/settings/print?page={number}")) for number in (1, 2)]
    documents = [words(await client.get(f"/settings/print?documents={number}")) for number in (1, 2)]
    told = [re.findall(r"Allergène \d|Pyélonéphrite", page) for page in summary]
    assert [len(one) for one in told] == [3, 2]
    assert len({*told[0], *told[1]}) == 5
    assert "Passé Pyélonéphrite" in summary[1]
    assert sorted(re.findall(r"Bilan numéro \d", " ".join(documents))) == sorted(titles)
    assert not re.findall("Bilan numéro", " ".join(summary))
    assert [f"Page {number} sur 2" in page for number, page in ((1, summary[0]), (2, summary[1]), (2, documents[1]))] == [True] * 3
    assert words(await client.get("/settings/print?page=99")) == summary[1]
    assert words(await client.get("/settings/print?documents=99")) == documents[1]


async def test_a_record_is_closed_after_a_question_and_comes_back_whole(
    service: Service, client: httpx.AsyncClient, deposit: Deposit
) -> None:
    patient = await a_citizen(service)
    await authorised(service, patient, Role.SPECIALIST)
    document = await deposit(a_cda(title="Un bilan"))
    signed_in(service, client, patient)
    assert "Plus aucun professionnel ne le lit" in (await client.get("/settings/close")).text
    hasty = await client.post("/settings/close", data={"reason": "Je déménage"}, headers=HERE)
    assert hasty.status_code == 422
    assert "Je déménage" in hasty.text
    done = await client.post("/settings/close", data={"sure": "yes", "reason": "Je déménage"}, headers=HERE)
    assert done.headers["location"] == "/settings?done=closed"
    assert (await client.get("/")).headers["location"] == "/settings"
    assert "Ce dossier est fermé" in (await client.get("/settings")).text
    assert (await client.get(f"/documents/{document}")).status_code == 404
    signed_in(service, client, Role.SPECIALIST)
    assert (await client.get(f"/patients/{patient}")).status_code == 404
    signed_in(service, client, patient)
    assert (await client.post("/settings/reopen", headers=HERE)).headers["location"] == "/settings?done=reopened"
    assert "Un bilan" in (await client.get("/documents")).text
