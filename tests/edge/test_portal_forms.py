"""Every form of every page, as every persona: sent empty, sent nonsense, sent too large, sent from elsewhere. Nothing breaks, and nothing
that was typed is lost."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from html import unescape
from uuid import UUID

import httpx
import pytest
from lxml import html

from healthspace.access.opening import Service
from healthspace.access.rules import Action
from healthspace.base import clock
from healthspace.edge.portal.session import SESSION
from healthspace.identity.caller import caller_of_citizen
from healthspace.identity.personas import Role
from healthspace.identity.sessions import LIFETIME
from healthspace.record.life import represent
from healthspace.record.spaces import owner_of_patient
from tests.edge.pages import HERE, signed_in
from tests.harness import a_citizen, authorised
from tests.large_record import fill_record

PATIENT = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")
OF_A_KIND = 3
"""Pages of one kind that are opened: documents, months, analytes look alike."""
PROFESSIONALS = (Role.TREATING_DOCTOR, Role.SPECIALIST, Role.NURSE, Role.LABORATORY)
PERSONAS = (Role.CITIZEN, *PROFESSIONALS, Role.REGULATOR, Role.AGENCY, Role.AUDITOR)
WORDS = 'Zoë <b>"l’œil" & ½ \N{PILE OF POO} \N{RIGHT-TO-LEFT OVERRIDE}fin'
LONG = "語" * 3000
"""Longer than any field, in a script whose letters travel as nine octets."""
NONSENSE = ("\0", "\x1b[2J", "%00", "'; DROP TABLE resource; --", "{{ 7*7 }}", "\N{COMBINING ACUTE ACCENT}" * 40, "\ufffe", "9" * 300, "-0")
DATES = ("2999-01-01", "2026-02-30", "0000-00-00", "99999-12-31", "1899-12-31", "hier")
LAST, NEVER = "/settings/close", "/sign-out"
"""After these, there is no record or nobody to ask as."""


@dataclass(frozen=True)
class Form:
    """A form as a page shows it: where it goes, what it holds already, and what a person types into it, with the most that fits."""

    page: str
    action: str
    multipart: bool
    held: dict[str, str]
    typed: dict[str, tuple[str, int]]

    @property
    def kind(self) -> str:
        return PATIENT.sub("{id}", self.action) + " " + " ".join(sorted(self.typed))

    def fill(self, words: str, day: str) -> dict[str, str]:
        values = {name: (day if kind == "date" else words[:most]) for name, (kind, most) in self.typed.items()}
        return {**self.held, **values}


async def walk(client: httpx.AsyncClient, starts: list[str]) -> dict[str, str]:
    """Every page that links lead to from `starts`, by its address; `OF_A_KIND` of those that look alike."""
    waiting, pages, seen = list(starts), dict[str, str](), dict[str, int]()
    asked = set[str]()
    while waiting:
        address = waiting.pop(0)
        kind = re.sub(r"=[^&]*", "=", PATIENT.sub("{id}", address))
        if address in asked or address.startswith("/language") or seen.get(kind, 0) >= OF_A_KIND:
            continue
        asked.add(address)
        seen[kind] = seen.get(kind, 0) + 1
        answer = await client.get(address)
        assert answer.status_code < 400, f"{address}: {answer.status_code}"
        if answer.headers.get("content-type", "").startswith("text/html") and answer.text:
            pages[address] = answer.text
            waiting += [unescape(link).partition("#")[0] for link in re.findall(r'<a [^>]*href="(/[^"]*)"', answer.text)]
            waiting += [
                address.partition("?")[0] + unescape(link).partition("#")[0] for link in re.findall(r'href="(\?[^"]*)"', answer.text)
            ]
    return pages


def forms_of(address: str, page: str) -> Iterator[Form]:
    for form in html.fromstring(page).iter("form"):
        if form.get("method") == "post":
            held, typed = dict[str, str](), dict[str, tuple[str, int]]()
            for field in form.iter("input", "select", "textarea", "button"):
                kind, name = field.get("type", field.tag), field.get("name")
                if name and kind in {"text", "textarea", "date", "email", "tel", "number", "search"}:
                    typed[name] = ("date" if kind == "date" else "text", int(field.get("maxlength", 40)))
                elif name and (kind in {"hidden", "submit"} or field.get("checked") is not None):
                    held.setdefault(name, field.get("value") or "")
                elif name and field.tag == "select":
                    held[name] = [option.get("value", "") for option in field.iter("option")][-1]
            multipart = form.get("enctype") == "multipart/form-data"
            yield Form(address, form.get("action") or address, multipart, held, typed)


async def send(client: httpx.AsyncClient, form: Form, values: dict[str, str], **headers: str) -> httpx.Response:
    files = {"file": ("a.txt", b"Un texte", "text/plain")} if form.multipart else None
    answer = await client.post(form.action, data=values, files=files, headers={**HERE, **headers}, follow_redirects=False)
    assert answer.status_code < 500, f"{form.kind}: {answer.status_code} for {values}"
    return answer


def kept(answer: httpx.Response, form: Form, values: dict[str, str]) -> list[str]:
    """The fields whose words the page that refuses them has lost."""
    shown = html.fromstring(answer.text)
    held = {field.get("name"): field.get("value") or field.text or "" for field in shown.iter("input", "textarea") if field.get("name")}
    return [name for name in form.typed if tidy(held.get(name, "")) != tidy(values[name])]


def tidy(text: str) -> str:
    """What a person would recognise: neither runs of spaces, nor invisible signs, nor capitals."""
    return "".join(character for character in " ".join(text.split()) if character.isprintable()).casefold().strip()


@pytest.fixture
async def patient(service: Service) -> UUID:
    known = await fill_record(service, 20)
    await authorised(service, known, Role.SPECIALIST)
    return known


@pytest.mark.parametrize("role", PERSONAS)
async def test_no_link_of_a_full_record_is_dead_and_no_form_loses_what_was_typed_or_breaks(
    service: Service, client: httpx.AsyncClient, patient: UUID, role: Role
) -> None:
    signed_in(service, client, patient if role is Role.CITIZEN else role)
    starts = ["/"]
    if role in PROFESSIONALS:
        starts += [f"/patients/{patient}{part}" for part in ("", "/add", "/emergency")][: 2 if role is Role.LABORATORY else 3]
        starts = [one for one in starts if role is not Role.NURSE or not one.endswith(str(patient))]
    await try_everything(client, starts)


async def test_a_record_without_anything_has_no_dead_link_and_takes_every_form(service: Service, client: httpx.AsyncClient) -> None:
    signed_in(service, client, await a_citizen(service))
    await try_everything(client, ["/"])


async def test_who_represents_a_child_finds_no_dead_link_and_loses_nothing(service: Service, client: httpx.AsyncClient) -> None:
    parent, born = await a_citizen(service), (clock.now() - timedelta(days=3000)).date().isoformat()
    child = await a_citizen(service, 2, birth_date=born)
    async with service.door.permit(caller_of_citizen(child), Action.INVITE_CARER, owner_of_patient(child)) as p:
        assert await represent(p, parent)
    signed_in(service, client, parent)
    pages = await try_everything(client, [f"/patients/{child}"])
    assert f"/patients/{child}/relatives" in pages


async def try_everything(client: httpx.AsyncClient, starts: list[str]) -> dict[str, str]:
    """Opens every page, and sends every form of it in every wrong way."""
    pages = await walk(client, starts)
    forms = {form.kind: form for address, page in pages.items() for form in forms_of(address, page)}
    lost = []
    for form in sorted(forms.values(), key=lambda form: form.action == LAST):
        if form.action == NEVER:
            continue
        await send(client, form, {})
        for words, day in [(WORDS, day) for day in DATES] + [(LONG, DATES[0])] + [(words, DATES[0]) for words in NONSENSE]:
            values = form.fill(words, day)
            answer = await send(client, form, values)
            if answer.status_code in {409, 422} and words in {WORDS, LONG} and (names := kept(answer, form, values)):
                lost.append(f"{form.kind}: {answer.status_code} without {names}")
            elif answer.status_code in {400, 413}:
                assert words not in {WORDS, LONG}, f"{form.kind}: {answer.status_code} for what a person can type"
        await send(client, form, dict.fromkeys((*form.typed, *form.held), "x" * 20000))
        abroad = await send(client, form, form.fill(WORDS, DATES[0]), **{"sec-fetch-site": "cross-site"})
        assert abroad.status_code == 400, form.kind
    assert not lost, "\n".join(dict.fromkeys(lost))
    assert len(pages) > 5
    return pages


async def test_what_is_sent_after_the_session_has_ended_waits_until_its_sender_is_signed_in_again(
    service: Service, client: httpx.AsyncClient
) -> None:
    patient = await a_citizen(service)
    typed = {"kind": "weight", "value": "72,5", "date": "2024-05-14"}
    answer = await client.post("/entries/measure", data=typed, headers=HERE)
    assert answer.status_code == 401
    (form,) = [form for form in forms_of("", answer.text) if form.action == "/entries/measure"]
    assert form.held == typed
    assert (await client.post("/entries/measure", data=typed)).status_code == 303, "a form from elsewhere is not given back"
    signed_in(service, client, patient)
    assert (await send(client, form, form.held)).headers["location"] == "/measures?done=entered"


async def test_what_was_typed_beside_a_file_waits_too(client: httpx.AsyncClient) -> None:
    files = {"file": ("a.pdf", b"%PDF" * 100_000, "application/pdf")}
    answer = await client.post("/documents/add", data={"title": "Bilan de mai"}, files=files, headers=HERE)
    (form,) = [form for form in forms_of("", answer.text) if form.action == "/documents/add"]
    assert (answer.status_code, form.held, form.multipart) == (401, {"title": "Bilan de mai"}, True)
    assert "vous le choisirez à nouveau" in answer.text


async def test_who_is_still_there_at_the_end_of_a_session_stays_signed_in(service: Service, client: httpx.AsyncClient) -> None:
    patient = await a_citizen(service)
    token = service.tokens.issue(Role.CITIZEN, clock.now() - LIFETIME + timedelta(minutes=20), patient=patient)
    client.cookies.set(SESSION, token)
    page = await client.get("/documents?type=laboratory")
    assert "Votre session prend fin à" in page.text
    (form,) = [form for form in forms_of("", page.text) if form.action == "/sessions/extend"]
    assert not re.search(r'data-ends="\d+" hidden', page.text)
    answer = await send(client, form, form.held)
    assert answer.headers["location"] == "/documents?type=laboratory"
    client.cookies.clear()
    client.cookies.set(SESSION, answer.cookies[SESSION])
    assert re.search(r'data-ends="\d+" hidden', (await client.get("/documents")).text)
