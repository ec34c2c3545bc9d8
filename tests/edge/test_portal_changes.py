"""Hiding, showing, releasing and deleting a document with a browser."""

import httpx
import pytest

from healthspace.access.opening import Service
from healthspace.identity.personas import Role
from tests.documents import JPEG, a_cda, labelled
from tests.edge.pages import HERE, Deposit, signed_in, words
from tests.edge.test_portal_adding import send
from tests.edge.test_portal_representatives import of_a_minor
from tests.harness import a_citizen, authorised, treated


async def test_a_hidden_document_disappears_for_the_authorised_and_comes_back(
    service: Service,
    client: httpx.AsyncClient,
    deposit: Deposit,
) -> None:
    patient = await a_citizen(service)
    await authorised(service, patient, Role.SPECIALIST)
    document = await deposit(a_cda(title="Confidence"))
    for change, seen in (("hide", False), ("show", True)):
        signed_in(service, client, patient)
        page = (await client.get(f"/documents/{document}")).text
        assert f"/documents/{document}/change/{change}" in page
        assert "Ce que cela change" in (await client.get(f"/documents/{document}/change/{change}")).text
        done = await client.post(f"/documents/{document}/change/{change}", headers=HERE)
        assert done.headers["location"] == f"/documents/{document}?done={change}"
        assert "C’est fait." in (await client.get(done.headers["location"])).text
        signed_in(service, client, Role.SPECIALIST)
        assert ("Confidence" in (await client.get(f"/patients/{patient}")).text) == seen


async def test_while_everything_is_hidden_one_document_is_shown_and_hidden_again(
    service: Service, client: httpx.AsyncClient, deposit: Deposit
) -> None:
    patient = await a_citizen(service)
    await authorised(service, patient, Role.SPECIALIST)
    document = await deposit(a_cda(title="Confidence"))
    signed_in(service, client, patient)
    everything = {"ETREAT": "yes", "BTG": "yes", "MASQUE_PS": "yes"}
    await client.post("/privacy/choices", data=everything, headers=HERE)
    for change, seen in (("show", True), ("hide", False)):
        signed_in(service, client, patient)
        page = await client.get(f"/documents/{document}")
        assert f"/documents/{document}/change/{change}" in page.text
        assert ("Vous, son auteur et votre médecin traitant." in words(page)) == seen
        await client.post(f"/documents/{document}/change/{change}", headers=HERE)
        signed_in(service, client, Role.SPECIALIST)
        assert ("Confidence" in (await client.get(f"/patients/{patient}")).text) == seen


@pytest.mark.parametrize("represented", [False, True])
async def test_a_document_is_archived_and_taken_out_of_the_archive(
    service: Service, client: httpx.AsyncClient, deposit: Deposit, *, represented: bool
) -> None:
    child, parent = await of_a_minor(service)
    document = await deposit(a_cda(title="Ancien", birth="20140305", given="ZOÉ"))
    await authorised(service, child, Role.SPECIALIST)
    prefix, who = (f"/patients/{child}", parent) if represented else ("", child)
    for change, listed in (("archive", False), ("unarchive", True)):
        signed_in(service, client, who)
        assert f"/change/{change}" in (await client.get(f"{prefix}/documents/{document}")).text
        assert (await client.get(f"{prefix}/documents/{document}/change/{change}")).status_code == 200
        done = await client.post(f"{prefix}/documents/{document}/change/{change}", headers=HERE)
        page = await client.get(done.headers["location"])
        assert ("Archivé" in words(page)) != listed
        assert "Ancien" in (await client.get(prefix or "/documents")).text
        signed_in(service, client, Role.SPECIALIST)
        assert ("Ancien" in (await client.get(f"/patients/{child}")).text) == listed


async def test_a_citizen_deletes_what_they_added_and_nothing_else(
    service: Service,
    client: httpx.AsyncClient,
    deposit: Deposit,
) -> None:
    patient = await a_citizen(service)
    theirs = await deposit()
    signed_in(service, client, patient)
    mine = (await send(client, "/documents/add", JPEG)).headers["location"].partition("?")[0]
    assert (await client.get(f"/documents/{theirs}/change/delete")).status_code == 404
    assert (await client.post(f"/documents/{theirs}/change/delete", headers=HERE)).status_code in {403, 404}
    assert (await client.get(f"/documents/{theirs}")).status_code == 200
    assert (await client.get(f"{mine}/change/delete")).status_code == 200
    assert (await client.post(f"{mine}/change/delete", headers=HERE)).headers["location"] == "/documents?done=deleted"
    assert (await client.get(mine)).status_code == 404
    assert mine not in (await client.get("/documents")).text


async def test_a_treating_doctor_releases_what_was_to_be_announced(
    service: Service,
    client: httpx.AsyncClient,
    deposit: Deposit,
) -> None:
    patient = await a_citizen(service)
    await treated(service, patient)
    document = await deposit(a_cda(title="Annonce"), securityLabel=labelled("INVISIBLE_PATIENT"))
    signed_in(service, client, patient)
    assert (await client.get(f"/documents/{document}")).status_code == 404
    signed_in(service, client, Role.TREATING_DOCTOR)
    address = f"/patients/{patient}/documents/{document}"
    assert f"{address}/change/release" in (await client.get(address)).text
    assert (await client.get(f"{address}/change/release")).status_code == 200
    assert (await client.post(f"{address}/change/release", headers=HERE)).status_code == 303
    assert "Annonce" in (await signed_in(service, client, patient).get("/documents")).text


@pytest.mark.parametrize("change", ["burn", "release"])
async def test_a_change_that_is_not_theirs_does_not_exist(
    service: Service,
    client: httpx.AsyncClient,
    deposit: Deposit,
    change: str,
) -> None:
    patient = await a_citizen(service)
    document = await deposit()
    signed_in(service, client, patient)
    assert (await client.get(f"/documents/{document}/change/{change}")).status_code == 404
    assert (await client.post(f"/documents/{document}/change/burn", headers=HERE)).status_code == 404
