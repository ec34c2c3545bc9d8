"""Settings and rights: taking everything away, closing the record, opening it again."""

import base64

import asyncpg
import httpx

from healthspace.access.opening import Service
from healthspace.fhir.resource_types import NUMBER
from healthspace.identity.personas import Role
from tests.documents import JPEG, a_cda, labelled
from tests.edge.pages import HERE, Deposit, signed_in
from tests.edge.test_portal_adding import send
from tests.harness import a_citizen, authorised, lines_of


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


async def test_the_page_to_print_lists_every_document(service: Service, client: httpx.AsyncClient, deposit: Deposit) -> None:
    patient = await a_citizen(service)
    await deposit(a_cda(title="Un bilan"))
    page = await signed_in(service, client, patient).get("/settings/print")
    assert page.status_code == 200
    assert "Un bilan" in page.text


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
    assert "Votre dossier est fermé" in (await client.get("/settings")).text
    assert (await client.get(f"/documents/{document}")).status_code == 404
    signed_in(service, client, Role.SPECIALIST)
    assert (await client.get(f"/patients/{patient}")).status_code == 404
    signed_in(service, client, patient)
    assert (await client.post("/settings/reopen", headers=HERE)).headers["location"] == "/settings?done=reopened"
    assert "Un bilan" in (await client.get("/documents")).text
