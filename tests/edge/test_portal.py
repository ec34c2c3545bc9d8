"""The portal in process: who sees which page, what each page leaves in the trail, and what no page ever says."""

import re
from html import unescape
from uuid import UUID

import asyncpg
import httpx
import pytest

from healthspace.access.opening import Service
from healthspace.edge.portal.language import load_languages
from healthspace.identity.personas import Role
from healthspace.record.personas import persona_patient, remember_persona
from tests.documents import a_cda
from tests.edge.pages import Deposit, count, signed_in, since
from tests.harness import a_citizen, authorised, some_traits, treated


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


@pytest.mark.parametrize(("role", "told"), [(Role.AGENCY, "Ce que vous pouvez faire"), (Role.REGULATOR, "Accès en urgence")])
async def test_who_opens_no_record_by_themselves_is_told_what_they_can_do(
    service: Service, client: httpx.AsyncClient, connection: asyncpg.Connection, role: Role, told: str
) -> None:
    before = await count(connection)
    page = await signed_in(service, client, role).get("/")
    assert told in page.text
    assert await since(connection, before) == []


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


@pytest.mark.parametrize(
    ("part", "told"),
    [
        ("read_picture", "Votre résumé de santé ne s’est pas affiché."),
        ("show_essentials", "Votre résumé de santé ne s’est pas affiché."),
        ("list_documents", "Vos documents ne se sont pas affichés."),
        ("read_trail", "La liste de qui a ouvert votre dossier ne s’est pas affichée."),
    ],
)
async def test_a_part_of_the_home_page_that_fails_is_told_in_its_place_and_the_rest_is_complete(
    service: Service,
    client: httpx.AsyncClient,
    deposit: Deposit,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    part: str,
    told: str,
) -> None:
    patient = await a_citizen(service)
    await deposit(a_cda(title="Le bilan"))

    def fail(*_: object, **__: object) -> None:
        raise KeyError("DUPRÉ")

    async def fail_later(*_: object, **__: object) -> None:
        fail()

    monkeypatch.setattr(f"healthspace.edge.portal.home.{part}", fail if part.startswith("show") else fail_later)
    page = await signed_in(service, client, patient).get("/")
    assert (page.status_code, page.text.count("Rien n’est perdu"), told in page.text) == (200, 1, True)
    assert "Bonjour" in page.text
    assert ("Le bilan" in page.text) == (part != "list_documents")
    told_to_operators = capsys.readouterr().out
    assert ("part_of_page_failed" in told_to_operators, "DUPRÉ" in told_to_operators) == (True, False)
