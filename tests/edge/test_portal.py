"""The portal in process: who sees which page, what each page leaves in the trail, and what no page ever says."""

import re
from collections.abc import Awaitable, Callable
from html import unescape
from io import BytesIO
from pathlib import Path
from uuid import UUID

import asyncpg
import httpx
import orjson
import pytest
from reportlab.pdfgen.canvas import Canvas

from healthspace.access.opening import Service
from healthspace.access.rules import Action
from healthspace.app import create_app
from healthspace.edge.portal.language import load_languages
from healthspace.edge.portal.pages import LANGUAGE
from healthspace.edge.portal.session import SESSION
from healthspace.identity.caller import caller_of_citizen
from healthspace.identity.personas import Role
from healthspace.record.life import close_space
from healthspace.record.personas import persona_patient, remember_persona
from healthspace.record.spaces import owner_of_patient
from tests.documents import JPEG, TEXT, a_cda, a_fhir_document, a_root, labelled, of_type
from tests.harness import a_citizen, as_caller, authorised, client_of, lines_of, open_test_service, some_traits, token_of, treated

HERE = {"sec-fetch-site": "same-origin"}
READ = ("record:read", "done")

Deposit = Callable[..., Awaitable[str]]


def a_pdf(pages: int = 1) -> bytes:
    written = BytesIO()
    canvas = Canvas(written, invariant=True)
    for number in range(1, pages + 1):
        canvas.drawString(72, 700, f"Page {number} du courrier")
        canvas.showPage()
    canvas.save()
    return written.getvalue()


def signed_in(service: Service, client: httpx.AsyncClient, who: Role | UUID, language: str = "fr") -> httpx.AsyncClient:
    client.cookies.clear()
    client.cookies.set(SESSION, token_of(service, who))
    client.cookies.set(LANGUAGE, language)
    return client


async def since(connection: asyncpg.Connection, before: int) -> list[tuple[str, str, str]]:
    return (await lines_of(connection))[before:]


async def count(connection: asyncpg.Connection) -> int:
    return len(await lines_of(connection))


def words(answer: httpx.Response) -> str:
    """What a person reads of a page."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", re.sub(r"(?s)<head>.*?</head>", " ", answer.text))).split())


# Coming in


async def test_who_is_not_signed_in_is_led_to_the_sign_in(client: httpx.AsyncClient, connection: asyncpg.Connection) -> None:
    before = await count(connection)
    answer = await client.get("/")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
    assert await since(connection, before) == []


async def test_a_stranger_at_a_page_of_a_record_leaves_one_line(client: httpx.AsyncClient, connection: asyncpg.Connection) -> None:
    before = await count(connection)
    assert (await client.get("/documents")).headers["location"] == "/sign-in"
    client.cookies.set(SESSION, "forged")
    assert (await client.get("/documents")).headers["location"] == "/sign-in"
    assert await since(connection, before) == [("record:read", "rejected", "unauthenticated")] * 2


async def test_a_persona_signs_in_by_a_form_and_out_again(service: Service, client: httpx.AsyncClient) -> None:
    await remember_persona(service.door, Role.CITIZEN, await a_citizen(service))
    assert 'value="citizen"' in (await client.get("/sign-in")).text
    answer = await client.post("/sign-in", data={"persona": "citizen"}, headers=HERE)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "Bonjour Léa" in (await client.get("/")).text
    answer = await client.post("/sign-out", headers=HERE)
    assert answer.headers["location"] == "/sign-in?done=signed-out"
    assert (await client.get("/")).headers["location"] == "/sign-in"
    assert "Vous êtes déconnecté." in (await client.get("/sign-in?done=signed-out")).text


async def test_a_link_signs_nobody_in_but_shows_that_persona_first(client: httpx.AsyncClient) -> None:
    answer = await client.get("/sign-in?persona=specialist")
    assert SESSION not in answer.cookies
    assert answer.text.index("Karim BENALI") < answer.text.index("Hélène MOREL")


async def test_without_a_population_no_citizen_can_sign_in(client: httpx.AsyncClient) -> None:
    assert 'value="citizen"' not in (await client.get("/sign-in")).text
    assert (await client.post("/sign-in", data={"persona": "citizen"}, headers=HERE)).status_code == 404
    assert (await client.post("/sign-in", data={"persona": "king"}, headers=HERE)).status_code == 404


async def test_outside_demo_mode_nobody_signs_in(connection: asyncpg.Connection, tmp_path: Path) -> None:
    service = await open_test_service(connection, tmp_path, demo=False)
    async with client_of(create_app(service)) as client:
        page = await client.get("/sign-in", headers={"accept-language": "en"})
        assert "Sign-in is not available yet" in page.text
        assert "<form" not in page.text
        answer = await client.post("/sign-in", data={"persona": "specialist"}, headers=HERE)
        assert (answer.headers["location"], SESSION in answer.cookies) == ("/sign-in", False)
    await service.door.trail.close()


@pytest.mark.parametrize(
    "headers",
    [{}, {"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}, {"origin": "https://elsewhere.test"}, {"origin": "null"}],
)
async def test_a_form_sent_from_elsewhere_does_nothing(
    service: Service, client: httpx.AsyncClient, connection: asyncpg.Connection, headers: dict[str, str]
) -> None:
    signed_in(service, client, await a_citizen(service))
    before = await count(connection)
    assert (await client.post("/privacy", data={"rpps": "81000000029"}, headers=headers)).status_code == 400
    assert await since(connection, before) == [("access:grant", "rejected", "malformed")]
    assert (await client.post("/sign-in", data={"persona": "specialist"}, headers=headers)).status_code == 400
    assert (await client.post("/sign-out", headers=headers)).status_code == 400


async def test_an_older_browser_proves_the_origin_of_a_form(client: httpx.AsyncClient) -> None:
    answer = await client.post("/sign-in", data={"persona": "specialist"}, headers={"origin": "http://space.test"})
    assert answer.status_code == 303


@pytest.mark.parametrize(
    ("content", "media_type"),
    [(b"x" * 20_000, "application/x-www-form-urlencoded"), (b"{}", "application/json"), (b"\xff=1", "application/x-www-form-urlencoded")],
)
async def test_what_is_no_form_is_refused_and_traced(
    service: Service, client: httpx.AsyncClient, connection: asyncpg.Connection, content: bytes, media_type: str
) -> None:
    signed_in(service, client, Role.SPECIALIST)
    before = await count(connection)
    answer = await client.post("/patients", content=content, headers={**HERE, "content-type": media_type})
    assert answer.status_code in {400, 404, 413, 422}
    assert len(await since(connection, before)) == 1


# Languages


async def test_the_language_is_the_browsers_then_the_visitors(client: httpx.AsyncClient) -> None:
    assert '<html lang="fr">' in (await client.get("/sign-in")).text
    assert '<html lang="en">' in (await client.get("/sign-in", headers={"accept-language": "en-GB"})).text
    answer = await client.get("/language?to=en&back=/sign-in%3Fpersona%3Dnurse")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?persona=nurse")
    assert '<html lang="en">' in (await client.get("/sign-in", headers={"accept-language": "fr"})).text
    await client.post("/language?to=fr&back=/sign-in", headers=HERE)
    assert '<html lang="fr">' in (await client.get("/sign-in", headers={"accept-language": "en"})).text


@pytest.mark.parametrize(
    "back", ["https://elsewhere.test/", "//elsewhere.test", "/\\elsewhere.test", "javascript:alert(1)", "", "/\n/elsewhere.test"]
)
async def test_changing_the_language_never_leads_elsewhere(client: httpx.AsyncClient, back: str) -> None:
    answer = await client.get("/language", params={"to": "en", "back": back})
    assert answer.headers["location"] == "/"


# A citizen


async def test_each_page_of_a_record_leaves_exactly_one_line(
    service: Service, client: httpx.AsyncClient, connection: asyncpg.Connection, deposit: Deposit
) -> None:
    patient = await a_citizen(service)
    document = await deposit()
    signed_in(service, client, patient)
    expected = {
        "/": "record:read",
        "/documents": "record:read",
        "/documents?q=r%C3%A9sultats&type=laboratory": "record:read",
        f"/documents/{document}": "document:read",
        f"/documents/{document}/original": "document:open",
        f"/documents/{document}/newest": "record:read",
        "/access": "trail:read",
        f"/access?document={document}": "trail:read",
        "/privacy": "access:read",
        f"/patients/{patient}": "record:read",
    }
    for path, action in expected.items():
        before = await count(connection)
        assert (await client.get(path)).status_code < 400, path
        assert await since(connection, before) == [(action, "done", "own-record")], path


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


async def test_the_citizen_authorises_a_professional_who_reads_until_it_ends(
    service: Service, client: httpx.AsyncClient, deposit: Deposit
) -> None:
    patient = await a_citizen(service)
    await deposit()
    signed_in(service, client, patient)
    answer = await client.post("/privacy", data={"rpps": "810 000 000 29"}, headers=HERE)
    assert answer.headers["location"] == "/privacy?done=authorised"
    page = await client.get("/privacy?done=authorised")
    assert "C’est fait. Ce professionnel peut maintenant lire le dossier." in page.text
    consent = re.findall(r"/privacy/end/([0-9a-f-]+)", page.text)[0]
    signed_in(service, client, Role.SPECIALIST)
    seen = await client.get(f"/patients/{patient}")
    assert "Ce patient vous a autorisé à lire son dossier." in seen.text
    signed_in(service, client, patient)
    assert "ne pourra plus lire le dossier" in (await client.get(f"/privacy/end/{consent}")).text
    answer = await client.post(f"/privacy/end/{consent}", headers=HERE)
    assert answer.headers["location"] == "/privacy?done=ended"
    ended = (await client.get(f"/fhir/Consent/{consent}", headers=as_caller(service, patient))).text
    assert (await client.post(f"/privacy/end/{consent}", headers=HERE)).headers["location"] == "/privacy?done=ended"
    assert (await client.get(f"/fhir/Consent/{consent}", headers=as_caller(service, patient))).text == ended, "ending twice changes nothing"
    signed_in(service, client, Role.SPECIALIST)
    assert (await client.get(f"/patients/{patient}")).status_code == 404


@pytest.mark.parametrize(
    ("typed", "told"),
    [("81000000999", "Aucun professionnel n’a ce numéro RPPS"), ("12", "Saisissez les 11 chiffres"), ("", "Saisissez les 11 chiffres")],
)
async def test_a_number_that_is_not_right_is_told_beside_the_field(
    service: Service, client: httpx.AsyncClient, connection: asyncpg.Connection, typed: str, told: str
) -> None:
    signed_in(service, client, await a_citizen(service))
    before = await count(connection)
    answer = await client.post("/privacy", data={"rpps": typed}, headers=HERE)
    assert await since(connection, before) == [("access:grant", "rejected", "invalid")]
    page = await client.get(answer.headers["location"])
    assert (page.status_code, told in page.text) == (422, True)
    assert 'aria-invalid="true"' in page.text or "aria-invalid=true" in page.text


async def test_the_history_tells_looks_and_refusals_and_pages_by_date(
    service: Service, client: httpx.AsyncClient, deposit: Deposit
) -> None:
    patient = await a_citizen(service)
    await treated(service, patient)
    document = await deposit()
    signed_in(service, client, Role.SPECIALIST)
    await client.get(f"/patients/{patient}")
    signed_in(service, client, Role.TREATING_DOCTOR)
    for _ in range(60):
        await client.get(f"/patients/{patient}/documents/{document}")
        await client.get(f"/patients/{patient}/documents/{document}/original")
    signed_in(service, client, patient)
    page = await client.get("/access?who=others")
    assert "C’est votre médecin traitant." in page.text
    older = unescape(re.findall(r'href="(/access\?[^"]*before[^"]*)"', page.text)[0])
    seen = 1
    while "before=" in older:
        page = await client.get(older)
        seen += 1
        following = [unescape(link) for link in re.findall(r'href="(/access\?[^"]*before[^"]*)"', page.text)]
        if not following:
            break
        older = following[-1]
    assert seen == 3, "120 looks, a refusal and a deposit are three pages"
    assert "Karim BENALI" in page.text
    assert "Vous ne l’aviez pas autorisé" in page.text
    about = await client.get(f"/access?document={document}")
    assert "Karim BENALI" not in about.text
    assert "Hélène MOREL" in about.text
    assert "Karim BENALI n’a pas pu ouvrir votre dossier" in (await client.get("/")).text


@pytest.mark.parametrize("query", ["before=yesterday", "before=2026-01-01~x", "document=1", "before=2026-01-01T00:00:00~x"])
async def test_a_place_in_the_history_that_is_none_of_ours_does_not_exist(service: Service, client: httpx.AsyncClient, query: str) -> None:
    signed_in(service, client, await a_citizen(service))
    assert (await client.get(f"/access?{query}")).status_code == 404


# Professionals and structures


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


async def test_refused_absent_and_unwritable_are_one_page(service: Service, client: httpx.AsyncClient, deposit: Deposit) -> None:
    patient = await a_citizen(service)
    document = await deposit()
    signed_in(service, client, Role.SPECIALIST)
    paths = [f"/patients/{patient}/documents/{name}" for name in (document, UUID(int=5), "x", document.upper())]
    paths += [f"/patients/{UUID(int=9)}", "/patients/x", f"/documents/{document}", "/documents", "/access", "/privacy", "/no/such/page"]
    answers = {(answer.status_code, re.sub(r"back=[^\"]*", "", answer.text)) for answer in [await client.get(path) for path in paths]}
    assert len(answers) == 1
    assert next(iter(answers))[0] == 404


async def test_a_laboratory_sees_what_it_added_and_no_name(service: Service, client: httpx.AsyncClient, deposit: Deposit) -> None:
    patient = await a_citizen(service)
    own = await deposit(a_cda(title="Le nôtre"))
    other = await deposit(a_cda(title="Le leur"), who=Role.HOSPITAL)
    page = await signed_in(service, client, Role.LABORATORY).get(f"/patients/{patient}")
    assert "Le nôtre" in page.text
    assert "Le leur" not in page.text
    assert "DUPRÉ" not in page.text
    assert (await client.get(f"/patients/{patient}/documents/{own}")).status_code == 200
    assert (await client.get(f"/patients/{patient}/documents/{other}")).status_code == 404


async def test_a_masked_document_is_hidden_from_the_authorised_and_marked_for_its_holder(
    service: Service, client: httpx.AsyncClient, deposit: Deposit
) -> None:
    patient = await a_citizen(service)
    await authorised(service, patient, Role.SPECIALIST)
    document = await deposit(securityLabel=labelled("MASQUE_PS"))
    assert document not in (await signed_in(service, client, Role.SPECIALIST).get(f"/patients/{patient}")).text
    assert "Masqué aux soignants" in (await signed_in(service, client, patient).get("/documents")).text


@pytest.mark.parametrize(("role", "told"), [(Role.AGENCY, "Ce que vous pouvez faire"), (Role.REGULATOR, "Accès en urgence")])
async def test_who_opens_no_record_by_themselves_is_told_what_they_can_do(
    service: Service, client: httpx.AsyncClient, connection: asyncpg.Connection, role: Role, told: str
) -> None:
    before = await count(connection)
    page = await signed_in(service, client, role).get("/")
    assert told in page.text
    assert await since(connection, before) == []


# Every page


async def test_every_answer_forbids_what_could_leak(service: Service, client: httpx.AsyncClient, deposit: Deposit) -> None:
    patient = await a_citizen(service)
    document = await deposit()
    signed_in(service, client, patient)
    for path in ("/", f"/documents/{document}", f"/documents/{document}/original", "/nothing", "/sign-in", "/language?to=en"):
        headers = (await client.get(path)).headers
        assert headers["cache-control"] == "no-store", path
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["x-content-type-options"] == "nosniff"
        assert "default-src" in headers["content-security-policy"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]


async def test_pages_hold_no_inline_script_or_style(service: Service, client: httpx.AsyncClient, deposit: Deposit) -> None:
    patient = await a_citizen(service)
    document = await deposit()
    signed_in(service, client, patient)
    for path in ("/", "/documents", f"/documents/{document}", "/access", "/privacy", "/nothing"):
        page = (await client.get(path)).text
        assert not re.search(r"<style|\sstyle=|<script(?![^>]*\ssrc=)|\son\w+=|javascript:", page), path


async def test_the_number_of_a_citizen_is_in_no_address(service: Service, client: httpx.AsyncClient, deposit: Deposit) -> None:
    patient = await a_citizen(service)
    await deposit()
    signed_in(service, client, patient)
    for path in ("/", "/documents", "/access", "/privacy"):
        addresses = re.findall(r'(?:href|action)="([^"]*)"', (await client.get(path)).text)
        assert not [address for address in addresses if some_traits().ins.value in address]


async def test_static_files_are_kept_for_ever_under_the_hash_of_their_content(client: httpx.AsyncClient) -> None:
    page = (await client.get("/sign-in")).text
    addresses = set(re.findall(r'(?:href|src)="(/static/[^"#]+)', page))
    assert len(addresses) == 4
    for address in addresses:
        answer = await client.get(address)
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "public, max-age=31536000, immutable")
        assert re.search(r"\?v=[0-9a-f]{12}$", address)
    assert (await client.get("/static/../pages.py")).status_code == 404


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("role", [role for role in Role if role is not Role.SYSTEM])
async def test_no_link_is_dead_and_no_message_is_left_untranslated(
    service: Service, client: httpx.AsyncClient, deposit: Deposit, role: Role, language: str
) -> None:
    patient = await a_citizen(service)
    await authorised(service, patient, Role.SPECIALIST)
    await treated(service, patient)
    document = await deposit(a_cda(title="Titre"))
    await remember_persona(service.door, Role.CITIZEN, patient)
    await remember_persona(service.door, Role.PARENT, await a_citizen(service, 2))
    signed_in(service, client, {Role.CITIZEN: patient, Role.PARENT: await _parent(service)}.get(role, role), language)
    seen, titles = set[str](), dict[str, str]()
    professionals = {Role.SPECIALIST, Role.TREATING_DOCTOR, Role.LABORATORY, Role.HOSPITAL, Role.IMAGING_CENTRE, Role.CARE_HOME}
    waiting = ["/", "/sign-in", *([f"/patients/{patient}"] if role in professionals else [])]
    while waiting:
        path = waiting.pop()
        if path in seen or path.startswith("/language"):
            continue
        seen.add(path)
        answer = await client.get(path)
        assert answer.status_code < 400, path
        if not answer.headers.get("content-type", "").startswith("text/html") or not answer.text:
            continue
        check_page(answer.text, language, titles, path)
        waiting += [unescape(link).partition("#")[0] or path for link in re.findall(r'<a [^>]*href="(/[^"]*|#[^"]*)"', answer.text)]
    reached = any(path.endswith(f"/documents/{document}") for path in seen)
    assert reached == (role in {Role.CITIZEN, Role.SPECIALIST, Role.TREATING_DOCTOR, Role.LABORATORY})


async def _parent(service: Service) -> UUID:
    found = await persona_patient(service.door, Role.PARENT)
    assert found is not None
    return found


def check_page(page: str, language: str, titles: dict[str, str], path: str) -> None:
    """One h1, one language, a title of its own, anchors that exist, and no English on a French page."""
    assert page.count("<h1") == 1, path
    assert f'<html lang="{language}">' in page
    title = re.findall(r"<title>(.*?)</title>", page)[0]
    assert titles.setdefault(title, path) == path
    ids = re.findall(r'\sid="([^"]+)"', page)
    assert len(ids) == len(set(ids)), path
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(ids), path
    if language == "fr":
        said = " ".join(unescape(re.sub(r"<[^>]+>", "|", page)).split())
        catalogue = load_languages()["fr"].catalogue
        messages = catalogue._catalog  # type: ignore[attr-defined]
        english = {key for key, french in messages.items() if isinstance(key, str) and len(key) > 8 and "%" not in key and key != french}
        assert not {message for message in english if f"|{message}|" in said}, path
