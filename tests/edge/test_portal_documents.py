"""Reading a document on its page, whatever it is made of, and its original."""

import re
from uuid import UUID

import asyncpg
import httpx
import orjson
import pytest

from healthspace.access.opening import Service
from healthspace.access.rules import Action
from healthspace.access.wide import permit_wide
from healthspace.base.fhirjson import ARCHIVED
from healthspace.identity.caller import TECHNICAL, caller_of_citizen
from healthspace.identity.personas import Role
from healthspace.record.attributes import change_document
from healthspace.record.find import list_documents
from healthspace.record.spaces import owner_of_patient
from healthspace.resources.reindex import reindex
from healthspace.resources.stored import Resource
from healthspace.resources.work import Work
from tests.documents import JPEG, TEXT, a_cda, a_fhir_document, a_root, labelled, of_type
from tests.edge.pages import Deposit, a_pdf, signed_in, words
from tests.harness import a_citizen, authorised


async def test_a_citizen_reads_a_clinical_document_with_its_header(service: Service, client: httpx.AsyncClient, deposit: Deposit) -> None:
    patient = await a_citizen(service)
    document = await deposit(a_cda(title="Bilan &amp; suite", words="Glycémie &lt;normale&gt;"))
    page = words(await signed_in(service, client, patient).get(f"/documents/{document}"))
    for told in ("Bilan & suite", "LÉA DUPRÉ", "5 mars 2024 à 10 h 30", "Julie ROBIN", "Glycémie <normale>", "Compte rendu d’examens"):
        assert told in page


async def test_the_original_comes_back_byte_for_byte_and_can_do_nothing(
    service: Service, client: httpx.AsyncClient, deposit: Deposit
) -> None:
    patient, content = await a_citizen(service), a_cda(encoding="ISO-8859-1")
    document = await deposit(content)
    answer = await signed_in(service, client, patient).get(f"/documents/{document}/original")
    assert answer.content == content
    assert answer.headers["content-disposition"] == f'attachment; filename="document-{document}.xml"'
    assert answer.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"


async def test_a_pdf_is_shown_as_pictures_and_text(service: Service, client: httpx.AsyncClient, deposit: Deposit) -> None:
    patient = await a_citizen(service)
    document = await deposit(a_pdf(12), media_type="application/pdf", type=of_type("11488-4"))
    page = await signed_in(service, client, patient).get(f"/documents/{document}")
    assert page.text.count("data:image/png;base64,") == 10
    assert "Page 10 du courrier" in page.text
    assert 'href="?page=11"' in page.text
    page = await client.get(f"/documents/{document}?page=11")
    assert page.text.count("data:image/png;base64,") == 2
    assert 'href="?page=1"' in page.text


async def test_a_pdf_is_read_as_text_by_whoever_prefers_that(service: Service, client: httpx.AsyncClient, deposit: Deposit) -> None:
    patient = await a_citizen(service)
    document = await deposit(a_pdf(12), media_type="application/pdf", type=of_type("11488-4"))
    assert 'href="?page=1&amp;view=text"' in (await signed_in(service, client, patient).get(f"/documents/{document}")).text
    page = (await client.get(f"/documents/{document}?view=text")).text
    assert "data:image" not in page
    assert re.search(r"<h2[^>]*>Page 10 sur 12</h2><pre[^>]*>Page 10 du courrier</pre>", page)
    assert 'href="?page=11&amp;view=text"' in page


@pytest.mark.parametrize(
    ("content", "media_type", "shown"),
    [
        (TEXT, "text/plain", "Compte rendu inventé : tout va bien"),
        (JPEG, "image/jpeg", "data:image/jpeg;base64,"),
        (b"%PDF-1.4\nbroken", "application/pdf", "Ce document ne peut pas être affiché ici"),
    ],
)
async def test_other_documents_are_shown_or_said_not_to_be(
    service: Service, client: httpx.AsyncClient, deposit: Deposit, content: bytes, media_type: str, shown: str
) -> None:
    patient = await a_citizen(service)
    document = await deposit(content, media_type=media_type, type=of_type("11488-4"))
    page = await signed_in(service, client, patient).get(f"/documents/{document}")
    assert (page.status_code, shown in page.text.replace("\N{NO-BREAK SPACE}", " ")) == (200, True)
    assert f"/documents/{document}/original" in page.text


async def test_a_fhir_document_is_shown(service: Service, client: httpx.AsyncClient, deposit: Deposit) -> None:
    patient = await a_citizen(service)
    document = await deposit(orjson.dumps(a_fhir_document()), media_type="application/fhir+json")
    assert "Une section" in (await signed_in(service, client, patient).get(f"/documents/{document}")).text


async def test_a_replaced_document_says_so_and_leads_to_the_newest(service: Service, client: httpx.AsyncClient, deposit: Deposit) -> None:
    patient, root = await a_citizen(service), a_root()
    old = await deposit(a_cda(root=root))
    new = await deposit(a_cda(replaces=root, title="Corrigé"))
    signed_in(service, client, patient)
    page = await client.get(f"/documents/{old}")
    assert "Une version plus récente remplace ce document" in page.text
    assert (await client.get(f"/documents/{old}/newest")).headers["location"] == f"/documents/{new}"
    listed = (await client.get("/documents")).text
    assert old not in listed
    assert "Nouvelle version" in listed


async def test_what_a_document_says_never_becomes_markup(service: Service, client: httpx.AsyncClient, deposit: Deposit) -> None:
    patient = await a_citizen(service)
    hostile = "&lt;script&gt;alert(1)&lt;/script&gt;&lt;img src=x onerror=alert(2)&gt;"
    document = await deposit(a_cda(title=hostile, words=hostile))
    signed_in(service, client, patient)
    for path in ("/", "/documents", f"/documents/{document}", "/documents?q=%3Cscript%3Ealert(3)"):
        page = (await client.get(path)).text
        assert "<script>alert" not in page
        assert "<img src=x" not in page


async def test_a_masked_document_is_hidden_from_the_authorised_and_marked_for_its_holder(
    service: Service, client: httpx.AsyncClient, deposit: Deposit
) -> None:
    patient = await a_citizen(service)
    await authorised(service, patient, Role.SPECIALIST)
    document = await deposit(securityLabel=labelled("MASQUE_PS"))
    assert document not in (await signed_in(service, client, Role.SPECIALIST).get(f"/patients/{patient}")).text
    assert "Masqué aux soignants" in (await signed_in(service, client, patient).get("/documents")).text


def put_into_archive(document: Resource) -> Resource:
    others = [one for one in document["extension"] if one["url"] != ARCHIVED]
    return {**document, "extension": [*others, {"url": ARCHIVED, "valueBoolean": True}]}


async def test_the_list_holds_what_is_in_force_and_for_a_doctor_what_is_not_archived(
    service: Service, client: httpx.AsyncClient, deposit: Deposit
) -> None:
    patient, root = await a_citizen(service), a_root()
    await authorised(service, patient, Role.SPECIALIST)
    await deposit(a_cda(root=root, title="Avant correction"))
    await deposit(a_cda(replaces=root, title="En vigueur"))
    archived = await deposit(a_cda(title="Rangé", type_code="11490-0"))
    async with service.door.permit(caller_of_citizen(patient), Action.CHANGE_DOCUMENT, owner_of_patient(patient)) as p:
        await change_document(p, UUID(archived), put_into_archive)
    own = words(await signed_in(service, client, patient).get("/documents"))
    assert ("Avant correction" in own, "En vigueur" in own, "Rangé" in own) == (False, True, True)
    assert ("Analyses 1" in own, "Hôpital 1" in own) == (True, True)
    for question in ("", "?q=tout va bien"):
        theirs = words(await signed_in(service, client, Role.SPECIALIST).get(f"/patients/{patient}{question}"))
        assert ("Avant correction" in theirs, "En vigueur" in theirs, "Rangé" in theirs) == (False, True, False), question
        assert "Hôpital" not in theirs, "a filter of what is not listed"


async def test_a_search_finds_what_the_latest_version_says_of_a_document_and_opens_no_other(
    service: Service, client: httpx.AsyncClient, connection: asyncpg.Connection, deposit: Deposit
) -> None:
    patient = await a_citizen(service)
    document = str(await deposit(a_cda(title="Épreuve d’effort")))
    signed_in(service, client, patient)

    async def finds(asked: str) -> bool:
        return f"/documents/{document}" in (await client.get("/documents", params={"q": asked})).text

    said = ("epreuve", "effort robin", "biologiques", "analyses")
    assert [one for one in (*said, "holter", "effort holter") if await finds(one)] == [*said]
    async with service.door.permit(caller_of_citizen(patient), Action.READ_RECORD, owner_of_patient(patient)) as permit:
        (stored,) = await list_documents(permit)
    async with permit_wide(service.door, TECHNICAL, Action.WRITE_RESOURCES) as p:
        reference = stored.exact()
        reference["content"][0]["attachment"]["title"] = "Holter"
        work = Work(p)
        await work.update("DocumentReference", document, reference)
        await work.flush()
    assert [one for one in ("epreuve", "holter") if await finds(one)] == ["holter"]
    await connection.execute("UPDATE resource SET version = version + 1, indexed = 1")  # as an earlier program changes it
    assert not await finds("holter")
    await connection.execute("UPDATE resource SET version = version - 1, words = NULL")  # as it kept it
    assert not await finds("holter")
    service.door.stale.add("DocumentReference")
    assert "se prépare de nouveau" in (await client.get("/documents")).text
    service.door.stale.clear()
    assert "se prépare de nouveau" not in (await client.get("/documents")).text
    assert [progress.finished async for progress in reindex(service.door)][-1]
    assert await finds("holter")


async def test_a_document_says_to_who_is_not_its_holder_why_they_see_it(
    service: Service, client: httpx.AsyncClient, deposit: Deposit
) -> None:
    patient = await a_citizen(service)
    document = await deposit()
    await authorised(service, patient, Role.SPECIALIST)
    page = words(await signed_in(service, client, Role.SPECIALIST).get(f"/patients/{patient}/documents/{document}"))
    assert "Pourquoi vous voyez ce dossier" in page
    assert "autorisé" in page
    assert "Pourquoi vous voyez" not in words(await signed_in(service, client, patient).get(f"/documents/{document}"))
