"""A form that is sent twice makes one thing: a second click, a reload, an answer that was lost. Another form makes another."""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import httpx
import pytest

from healthspace.access.announce import Event
from healthspace.access.opening import Service
from healthspace.app import create_app
from healthspace.base import clock
from healthspace.base.ids import made_at, new_id, owner_of, parse_id
from healthspace.edge.portal import emergency, once
from healthspace.edge.portal.session import EMERGENCY
from healthspace.fhir.resource_types import NUMBER
from healthspace.identity.personas import Role
from healthspace.record.consents import Switch
from tests.documents import a_reference
from tests.edge.conversation import Desk
from tests.edge.pages import HERE, signed_in
from tests.edge.test_notifications import told
from tests.edge.test_portal_forms import Form, forms_of
from tests.harness import a_citizen, as_caller, client_of, rpps_of, some_traits, treated

WHY = {"motive": "unconscious", "reason": "Inconsciente après une chute"}


@dataclass(frozen=True)
class Case:
    """A form that creates: who sends it, on which page it stands and where it goes (`{patient}` and `{about}` are filled in)."""

    name: str
    page: str
    makes: str
    typed: dict[str, str]
    who: Role = Role.CITIZEN
    asked: dict[str, str] = field(default_factory=dict)
    """What is sent to `page` when it answers a form itself."""


RELATIVE = some_traits(2)
CASES = (
    Case("a measurement", "/entries/measure", "Observation", {"kind": "weight", "value": "72,5", "date": "2024-05-14"}),
    Case("a treatment", "/entries/treatment", "MedicationStatement", {"name": "DOLIPRANE"}),
    Case("an allergy", "/entries/allergy", "AllergyIntolerance", {"name": "Pollen"}),
    Case("an illness in the family", "/entries/family", "FamilyMemberHistory", {"kind": "mother", "name": "Asthme"}),
    Case("a contact", "/entries/contact", "RelatedPerson", {"kind": "trusted", "name": "Rose", "phone": "0612345678"}),
    Case("a correction", "/corrections/new?about=DocumentReference/{about}", "Communication", {"words": "Ce n’est pas mon groupe"}),
    Case("a question", "/access/{line}/question", "Task", {"question": "Je ne connais pas ce médecin."}),
    Case(
        "an invitation",
        "/relatives/invite",
        "RelatedPerson",
        {"ins": RELATIVE.ins.value, "family": "dupré", "given": "Léa", "birth": RELATIVE.birth_date, "relation": "CHILD", "scope": "READ"},
    ),
    Case("an authorisation", "/privacy/preview", "Consent", {"days": "7"}, asked={"rpps": rpps_of(Role.SPECIALIST)}),
    Case("a block", "/privacy/block/ask", "Consent", {}, asked={"block": rpps_of(Role.NURSE)}),
    Case("a member of the care team", "/privacy/team", "CareTeam", {"number": rpps_of(Role.NURSE), "function": "member"}),
    Case("a choice for everybody", "/privacy", "Consent", {Switch.MASK_ALL: "yes"}),
    Case(
        "a vaccination",
        "/patients/{patient}/vaccination/add",
        "DocumentReference",
        {"vaccine": "J07CA01", "date": "2024-03-12", "lot": "X4821", "rank": "4"},
        who=Role.TREATING_DOCTOR,
    ),
)


async def a_record(service: Service, client: httpx.AsyncClient) -> dict[str, str]:
    """A citizen with a treating doctor, a document, and an access to question: what the addresses of CASES name."""
    patient = await a_citizen(service)
    await treated(service, patient)
    sent = await client.post("/fhir/DocumentReference", json=a_reference(), headers=as_caller(service, Role.LABORATORY))
    await client.get(f"/fhir/Patient/{patient}", headers=as_caller(service, Role.TREATING_DOCTOR))
    history = (await signed_in(service, client, patient).get("/access")).text
    line = re.findall(r'href="/access/([^"]+)/question"', history)[0]
    return {"patient": str(patient), "about": sent.json()["id"], "line": line}


async def open_form(service: Service, client: httpx.AsyncClient, case: Case, names: Mapping[str, str]) -> tuple[Form, dict[str, str]]:
    """The form as a page shows it now, and what is sent with it."""
    signed_in(service, client, UUID(names["patient"]) if case.who is Role.CITIZEN else case.who)
    address = case.page.format(**names)
    page = await (client.post(address, data=case.asked, headers=HERE) if case.asked else client.get(address))
    (form,) = [form for form in forms_of(address, page.text) if once.FIELD in form.held]
    return form, {**form.held, **case.typed}


async def send(client: httpx.AsyncClient, form: Form, values: dict[str, str]) -> str:
    """Where the answer leads."""
    answer = await client.post(form.action, data=values, headers=HERE)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


async def made(service: Service, case: Case, names: Mapping[str, str]) -> int:
    """How many things of the kind the record holds."""
    async with service.door.database.reading() as tx:
        owner = owner_of(UUID(names["patient"]))
        return int(await tx.fetchval("SELECT count(*) FROM resource WHERE owner = $1 AND type = $2", owner, NUMBER[case.makes]))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_the_same_form_sent_twice_makes_one_and_is_answered_alike_and_another_form_makes_another(
    service: Service, client: httpx.AsyncClient, case: Case
) -> None:
    names = await a_record(service, client)
    form, values = await open_form(service, client, case, names)
    before = await made(service, case, names)
    first, second = await send(client, form, values), await send(client, form, values)
    assert first == second
    assert await made(service, case, names) == before + 1
    if case.page == "/privacy":
        return  # a switch that is on is not turned on again
    form, others = await open_form(service, client, case, names)
    assert others[once.FIELD] != values[once.FIELD], "each form has a key of its own"
    await send(client, form, others)
    assert await made(service, case, names) == before + 2


async def test_two_clicks_at_the_same_moment_make_one(busy: Service) -> None:
    async with client_of(create_app(busy)) as client:
        names = await a_record(busy, client)
        for case in CASES:
            form, values = await open_form(busy, client, case, names)
            before = await made(busy, case, names)
            assert len(set(await asyncio.gather(*(send(client, form, values) for _ in range(4))))) == 1, case.name
            assert await made(busy, case, names) == before + 1, case.name


async def test_a_form_that_is_corrected_keeps_its_key_and_what_was_typed(service: Service, client: httpx.AsyncClient) -> None:
    signed_in(service, client, await a_citizen(service))
    (form,) = [form for form in forms_of("", (await client.get("/entries/measure")).text) if once.FIELD in form.held]
    wrong = {**form.held, "kind": "weight", "value": "beaucoup", "date": "2024-05-14"}
    page = await client.post(form.action, data=wrong, headers=HERE)
    assert page.status_code == 422
    (again,) = [form for form in forms_of("", page.text) if once.FIELD in form.held]
    assert again.held[once.FIELD] == form.held[once.FIELD]
    assert 'value="beaucoup"' in page.text


async def test_a_form_that_comes_back_with_another_word_is_another_thing(service: Service, client: httpx.AsyncClient) -> None:
    """A browser may show a form again as it was: nobody is told that something is kept which is not."""
    names, case = await a_record(service, client), CASES[0]
    form, values = await open_form(service, client, case, names)
    await send(client, form, values)
    await send(client, form, {**values, "value": "73"})
    assert await made(service, case, names) == 2


@pytest.mark.parametrize(("case", "undo"), [(CASES[0], "remove"), (CASES[9], "unblock")], ids=["an entry", "a block"])
async def test_what_was_taken_back_since_is_made_anew(service: Service, client: httpx.AsyncClient, case: Case, undo: str) -> None:
    names = await a_record(service, client)
    form, values = await open_form(service, client, case, names)
    await send(client, form, values)
    page = (await client.get("/measures" if undo == "remove" else "/privacy")).text
    (back,) = [form for form in forms_of("", page) if f"/{undo}" in form.action]
    await send(client, back, back.held)
    await send(client, form, values)
    page = (await client.get("/measures" if undo == "remove" else "/privacy")).text
    assert [form for form in forms_of("", page) if f"/{undo}" in form.action], "it holds again"


async def test_a_key_counts_for_who_sends_it_in_its_record_and_for_a_week(service: Service, client: httpx.AsyncClient) -> None:
    patient, other = await a_citizen(service), await a_citizen(service, 2)
    mine, theirs = owner_of(patient), owner_of(other)
    keys, form = service.door.keys, {once.FIELD: str(new_id(mine)), "value": "72"}
    me, them = (service.tokens.read(service.tokens.issue(Role.CITIZEN, clock.now(), patient=one), clock.now()) for one in (patient, other))
    known = once.id_of(keys, me, mine, "/entries/measure", form)
    assert owner_of(known) == mine
    assert known == once.id_of(keys, me, mine, "/entries/measure", dict(form))
    assert known != once.id_of(keys, them, mine, "/entries/measure", form), "another person"
    assert known != once.id_of(keys, me, mine, "/entries/wish", form), "another form"
    assert owner_of(once.id_of(keys, me, theirs, "/entries/measure", form)) == theirs, "another record"
    old = {once.FIELD: str(UUID(int=parse_id(form[once.FIELD]).int - (8 * 86_400_000 << 80)))}
    assert made_at(UUID(old[once.FIELD])) < clock.now() - timedelta(days=7)
    for spent in (old, {once.FIELD: "x"}, {}):
        assert once.id_of(keys, me, mine, "/", spent) != once.id_of(keys, me, mine, "/", spent)


async def test_a_second_click_begins_no_second_emergency_and_a_later_one_does(
    desk: Desk, service: Service, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient = await a_citizen(service)
    signed_in(service, client, Role.SPECIALIST)
    address = f"/patients/{patient}/emergency"
    (form,) = [form for form in forms_of("", (await client.get(address)).text) if once.FIELD in form.held]
    for _ in range(2):
        client.cookies.delete(EMERGENCY) if EMERGENCY in client.cookies else None
        assert await send(client, form, {**form.held, **WHY}) == f"/patients/{patient}"
    assert [one.event for one in await told(desk, patient)].count(Event.EMERGENCY_ACCESS) == 1
    later = clock.now() + emergency.TWICE + timedelta(minutes=1)
    monkeypatch.setattr(clock, "now", lambda: later)
    await send(client, form, {**form.held, **WHY})
    assert [one.event for one in await told(desk, patient)].count(Event.EMERGENCY_ACCESS) == 2


async def test_the_same_file_added_twice_is_one_document_and_described_otherwise_it_is_told(
    service: Service, client: httpx.AsyncClient
) -> None:
    signed_in(service, client, await a_citizen(service))
    typed, file = {"type": "DOCPAT05", "title": "Bilan de mai", "date": "2024-05-14"}, {"file": ("a.txt", b"Tension : 12/8", "text/plain")}
    first, second = [await client.post("/documents/add", data=typed, files=file, headers=HERE) for _ in range(2)]
    assert (first.status_code, first.headers["location"]) == (303, second.headers["location"])
    for change in ({"title": "Autre titre"}, {"type": "DOCPAT04"}, {"masked": "yes"}):
        answer = await client.post("/documents/add", data={**typed, **change}, files=file, headers=HERE)
        assert answer.status_code == 409
        assert "déjà dans le dossier" in answer.text


async def test_what_is_taken_away_twice_is_taken_away(service: Service, client: httpx.AsyncClient) -> None:
    patient = await a_citizen(service)
    signed_in(service, client, patient)
    await client.post("/entries/measure", data={"kind": "weight", "value": "72", "date": "2024-05-14"}, headers=HERE)
    (back,) = [form for form in forms_of("", (await client.get("/measures")).text) if form.action.endswith("/remove")]
    assert await send(client, back, back.held) == await send(client, back, back.held)
    file = {"file": ("a.txt", b"Tension : 12/8", "text/plain")}
    typed = {"type": "DOCPAT05", "title": "Bilan de mai", "date": "2024-05-14"}
    added = (await client.post("/documents/add", data=typed, files=file, headers=HERE)).headers["location"].partition("?")[0]
    delete = Form("", f"{added}/change/delete", False, {}, {})
    assert await send(client, delete, {}) == await send(client, delete, {}) == "/documents?done=deleted"
    assert (await client.get(added)).status_code == 404
    close = Form("", "/settings/close", False, {}, {})
    assert await send(client, close, {"sure": "yes"}) == await send(client, close, {"sure": "yes"}) == "/settings?done=closed"


async def test_a_notification_deleted_twice_is_deleted(desk: Desk, patient: UUID) -> None:
    await desk.deposit()
    (one,) = await told(desk, patient)
    signed_in(desk.service, desk.client, patient)
    for _ in range(2):
        await send(desk.client, Form("", "/notifications", False, {}, {}), {"act": "delete", "id": str(one.id)})
    assert await told(desk, patient) == []
