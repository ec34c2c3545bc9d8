"""Adding a document with a browser: what is stored, what is refused, and that nothing typed is lost."""

import re
from datetime import date

import asyncpg
import httpx
import pytest

from healthspace.access.opening import Service
from healthspace.edge.portal.adding import LIMIT
from healthspace.identity.personas import Role
from tests.documents import JPEG, labelled, of_type
from tests.edge.pages import HERE, Deposit, a_pdf, signed_in
from tests.harness import a_citizen, authorised, lines_of, some_traits, treated

TYPED = {"type": "DOCPAT05", "title": "Bilan <de> mai", "date": "2026-05-14", "writer": "Laboratoire des Halles"}
RTF, TIFF = b"{\\rtf1\\ansi Bonjour}", b"II*\x00" + bytes(60)


async def send(client: httpx.AsyncClient, path: str, content: bytes = b"", **changes: str) -> httpx.Response:
    return await client.post(path, data={**TYPED, **changes}, files={"file": ("secret-name.bin", content)}, headers=HERE)


@pytest.mark.parametrize("content", [a_pdf(), JPEG, RTF, TIFF, "Tension : 12/8, prise à la maison".encode()])
async def test_a_citizen_adds_a_document_and_finds_it_again(service: Service, client: httpx.AsyncClient, content: bytes) -> None:
    signed_in(service, client, await a_citizen(service))
    answer = await send(client, "/documents/add", content)
    assert answer.status_code == 303
    page = await client.get(answer.headers["location"])
    for told in ("C’est fait. Le document est dans votre dossier.", "Bilan &lt;de&gt; mai", "Laboratoire des Halles", "14 mai 2026"):
        assert told in page.text
    assert "secret-name" not in page.text
    address = answer.headers["location"].partition("?")[0]
    assert (await client.get(f"{address}/original")).content == content
    assert address in (await client.get("/documents?q=halles&type=laboratory")).text


@pytest.mark.parametrize(
    ("content", "changes", "field"),
    [
        (b"", {}, "file"),
        (b"MZ\x90\x00" * 10, {}, "file"),
        (b"<html>", {}, "file"),
        (b"%PDF-" + bytes(LIMIT), {}, "file"),
        (JPEG, {"type": "60591-5"}, "type"),
        (JPEG, {"type": ""}, "type"),
        (JPEG, {"title": " "}, "title"),
        (JPEG, {"date": "2199-01-01"}, "date"),
        (JPEG, {"date": "14/05/2026"}, "date"),
    ],
)
async def test_a_mistake_keeps_what_was_typed_and_says_how_to_mend_it(
    service: Service, client: httpx.AsyncClient, connection: asyncpg.Connection, content: bytes, changes: dict[str, str], field: str
) -> None:
    signed_in(service, client, await a_citizen(service))
    before = len(await lines_of(connection))
    answer = await send(client, "/documents/add", content, **changes)
    assert answer.status_code == 422
    assert f'<a href="#{field}">' in answer.text
    assert f'id="{field}-wrong"' in answer.text
    assert ("document:deposit", "rejected", "invalid") in (await lines_of(connection))[before:]
    kept = {**TYPED, **changes}
    for typed in (kept["title"].replace("<", "&lt;").replace(">", "&gt;").strip(), kept["writer"]):
        assert typed in answer.text


async def test_the_same_file_twice_is_one_document(service: Service, client: httpx.AsyncClient) -> None:
    signed_in(service, client, await a_citizen(service))
    first = await send(client, "/documents/add", JPEG)
    again = await send(client, "/documents/add", JPEG)
    assert first.headers["location"] == again.headers["location"]


async def test_a_document_that_is_hidden_when_added_is_hidden_from_the_authorised_only(service: Service, client: httpx.AsyncClient) -> None:
    patient = await a_citizen(service)
    await authorised(service, patient, Role.SPECIALIST)
    await treated(service, patient)
    signed_in(service, client, patient)
    await send(client, "/documents/add", JPEG, masked="yes", type="EXPPAT_2")
    assert "Bilan &lt;de&gt; mai" not in (await signed_in(service, client, Role.SPECIALIST).get(f"/patients/{patient}")).text
    assert "Bilan &lt;de&gt; mai" in (await signed_in(service, client, Role.TREATING_DOCTOR).get(f"/patients/{patient}")).text


async def test_a_laboratory_adds_a_result_that_its_patient_sees_later(service: Service, client: httpx.AsyncClient) -> None:
    patient = await a_citizen(service)
    signed_in(service, client, Role.LABORATORY)
    found = await client.post("/patients", data={"ins": some_traits().ins.value, "to": "add"}, headers=HERE)
    assert found.headers["location"] == f"/patients/{patient}/add"
    form = await client.get(found.headers["location"])
    assert some_traits().family not in form.text
    assert re.search(r'<option value="11502-2">', form.text)
    for announced, title in (("later", "Premier"), ("now", "Second")):
        sent = await send(client, f"/patients/{patient}/add", title.encode(), type="11502-2", title=title, announced=announced)
        assert sent.headers["location"] == f"/patients/{patient}/add?done=added-for-patient"
    listed = (await signed_in(service, client, patient).get("/documents")).text
    assert "Second" in listed
    assert "Premier" not in listed


async def test_a_specialist_without_a_right_may_add_and_still_reads_nothing(service: Service, client: httpx.AsyncClient) -> None:
    patient = await a_citizen(service)
    signed_in(service, client, Role.SPECIALIST)
    assert (await send(client, f"/patients/{patient}/add", JPEG, type="11488-4")).status_code == 303
    assert (await client.get(f"/patients/{patient}")).status_code == 404


async def test_nobody_adds_to_a_record_that_is_not_there_or_from_elsewhere(service: Service, client: httpx.AsyncClient) -> None:
    patient, other = await a_citizen(service), await a_citizen(service, 2)
    signed_in(service, client, other)
    assert (await client.get(f"/patients/{patient}/add")).status_code == 404
    assert (await send(client, f"/patients/{patient}/add", JPEG)).status_code in {404, 422}
    signed_in(service, client, patient)
    answer = await client.post("/documents/add", data=TYPED, files={"file": ("x", JPEG)})
    assert answer.status_code == 400


@pytest.mark.parametrize("body", [b"", b"--x\r\n", b"--x\r\nContent-Disposition: form-data; name=a\r\n\r\n", b"junk"])
async def test_a_broken_form_is_refused(service: Service, client: httpx.AsyncClient, body: bytes) -> None:
    signed_in(service, client, await a_citizen(service))
    headers = {**HERE, "content-type": "multipart/form-data; boundary=x"}
    assert (await client.post("/documents/add", content=body, headers=headers)).status_code in {400, 422}


async def test_the_date_starts_at_today(service: Service, client: httpx.AsyncClient) -> None:
    signed_in(service, client, await a_citizen(service))
    page = (await client.get("/documents/add")).text
    assert re.search(r'name="date" value="20\d\d-\d\d-\d\d" max="20', page)
    assert date.fromisoformat(re.findall(r'name="date" value="([^"]+)"', page)[0])


# Searching inside the text


async def test_a_search_finds_words_of_the_text_whatever_the_accents(
    service: Service, client: httpx.AsyncClient, connection: asyncpg.Connection
) -> None:
    signed_in(service, client, await a_citizen(service))
    await send(client, "/documents/add", "Consultation pour une épicondylite du coude".encode(), title="Courrier")
    await send(client, "/documents/add", a_pdf(), title="Scan")
    assert "Courrier" in (await client.get("/documents?q=EPICONDYL+coude")).text
    assert "Courrier" not in (await client.get("/documents?q=epicondylite+genou")).text
    assert "Scan" in (await client.get("/documents?q=page+courrier")).text
    kept = await connection.fetch("SELECT words FROM blob")
    assert kept
    assert not any(b"epicondylite" in row["words"] for row in kept)


async def test_a_search_in_the_text_finds_nothing_that_is_masked(service: Service, client: httpx.AsyncClient) -> None:
    patient = await a_citizen(service)
    await authorised(service, patient, Role.SPECIALIST)
    signed_in(service, client, patient)
    await send(client, "/documents/add", b"Une phrase avec hippocampe", title="Secret", masked="yes", type="EXPPAT_2")
    assert "Secret" in (await client.get("/documents?q=hippocampe")).text
    signed_in(service, client, Role.SPECIALIST)
    asked, absent = [(await client.get(f"/patients/{patient}?q={word}")).text for word in ("hippocampe", "hippocampa")]
    assert asked.replace("hippocampe", "") == absent.replace("hippocampa", "")


async def test_a_pdf_that_software_deposits_is_found_by_its_text_by_whoever_sees_it(
    service: Service, client: httpx.AsyncClient, deposit: Deposit
) -> None:
    patient = await a_citizen(service)
    await authorised(service, patient, Role.SPECIALIST)
    shown = await deposit(a_pdf(), media_type="application/pdf", type=of_type("11502-2"), description="Visible")
    hidden = await deposit(a_pdf(2), media_type="application/pdf", type=of_type("11502-2"), securityLabel=labelled("MASQUE_PS"))
    await deposit(b"%PDF-1.4 broken", media_type="application/pdf", type=of_type("11502-2"))
    page = (await signed_in(service, client, patient).get("/documents?q=page+courrier")).text
    assert (shown in page, hidden in page) == (True, True)
    page = (await signed_in(service, client, Role.SPECIALIST).get(f"/patients/{patient}?q=page+courrier")).text
    assert (shown in page, hidden in page) == (True, False)
