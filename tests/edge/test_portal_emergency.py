"""Opening a record in an emergency on the pages: a reason, half an hour, one record, and everybody is told."""

import re

import httpx
import pytest

from healthspace.access.announce import Event
from healthspace.access.opening import Service
from healthspace.edge.portal.session import EMERGENCY
from healthspace.identity.personas import Role
from healthspace.record.consents import Switch
from tests.edge.conversation import Desk
from tests.edge.pages import HERE, Deposit, signed_in
from tests.edge.test_notifications import told
from tests.harness import a_citizen

REASON = {"motive": "unconscious", "reason": "Inconsciente après une chute"}


async def test_a_record_is_opened_with_a_reason_for_this_record_alone_and_the_citizen_reads_it(
    service: Service, client: httpx.AsyncClient, deposit: Deposit
) -> None:
    patient, other = await a_citizen(service), await a_citizen(service, 2)
    await deposit()
    signed_in(service, client, Role.SPECIALIST)
    assert (await client.get(f"/patients/{patient}")).status_code == 404
    page = await client.get(f"/patients/{patient}/emergency")
    assert "DUPRÉ" not in page.text, "nothing is shown before the reason is written"
    answer = await client.post(f"/patients/{patient}/emergency", data=REASON, headers=HERE)
    assert answer.headers["location"] == f"/patients/{patient}"
    cookie = answer.headers["set-cookie"]
    assert f"Path=/patients/{patient};" in cookie
    assert "HttpOnly" in cookie
    seen = await client.get(f"/patients/{patient}")
    assert seen.status_code == 200
    assert "Accès en urgence" in seen.text
    assert (await client.get(f"/patients/{other}")).status_code == 404
    left = await client.post(f"/patients/{patient}/emergency/end", headers=HERE)
    assert left.headers["location"] == "/patients"
    assert EMERGENCY not in client.cookies
    signed_in(service, client, patient)
    history = (await client.get("/access?who=emergency")).text
    assert "Inconsciente après une chute" in history


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ({"motive": "", "reason": "Inconsciente après une chute"}, "Indiquez de quelle urgence"),
        ({"motive": "immediate", "reason": "urgent"}, "Écrivez en quelques mots"),
        ({"motive": "immediate", "reason": "Inconsciente, " * 40}, "Raccourcissez votre motif"),
    ],
)
async def test_without_a_reason_nothing_opens_and_what_was_typed_is_kept(
    service: Service, client: httpx.AsyncClient, form: dict[str, str], told: str
) -> None:
    patient = await a_citizen(service)
    signed_in(service, client, Role.SPECIALIST)
    page = await client.post(f"/patients/{patient}/emergency", data=form, headers=HERE)
    assert page.status_code == 422
    assert told in page.text
    assert form["reason"].strip() in page.text
    assert EMERGENCY not in client.cookies


async def test_who_refused_emergencies_is_not_opened_and_looks_like_nobody(service: Service, client: httpx.AsyncClient) -> None:
    patient = await a_citizen(service)
    signed_in(service, client, patient)
    await client.post("/privacy/choices", data={Switch.NO_REGULATION.value: "yes"}, headers=HERE)
    signed_in(service, client, Role.SPECIALIST)
    answer = await client.post(f"/patients/{patient}/emergency", data=REASON, headers=HERE)
    assert answer.status_code == 404
    assert "Aucun dossier ne peut être montré" in answer.text
    assert EMERGENCY not in client.cookies


async def test_a_structure_and_a_citizen_have_no_emergency(service: Service, client: httpx.AsyncClient) -> None:
    patient = await a_citizen(service)
    for who in (Role.LABORATORY, patient):
        signed_in(service, client, who)
        assert (await client.get(f"/patients/{patient}/emergency")).status_code == 404
        assert (await client.post(f"/patients/{patient}/emergency", data=REASON, headers=HERE)).status_code == 404


async def test_the_doctor_who_regulates_calls_gives_that_as_the_reason(
    service: Service, client: httpx.AsyncClient, deposit: Deposit
) -> None:
    patient = await a_citizen(service)
    await deposit()
    signed_in(service, client, Role.REGULATOR)
    # A browser would ask for the text of whoever breaks the glass: the server tells them what is missing.
    assert re.search(r"<form [^>]*/emergency\" novalidate>", (await client.get(f"/patients/{patient}/emergency")).text)
    answer = await client.post(f"/patients/{patient}/emergency", data={"motive": "regulation"}, headers=HERE)
    assert answer.headers["location"] == f"/patients/{patient}"
    assert (await client.get(f"/patients/{patient}")).status_code == 200


async def test_an_emergency_is_told_once_however_much_is_read_in_it(
    desk: Desk, service: Service, client: httpx.AsyncClient, deposit: Deposit
) -> None:
    patient = await a_citizen(service)
    document = await deposit(who=patient)
    signed_in(service, client, Role.SPECIALIST)
    await client.post(f"/patients/{patient}/emergency", data=REASON, headers=HERE)
    for path in ("", "", f"/documents/{document}"):
        assert (await client.get(f"/patients/{patient}{path}")).status_code == 200
    assert [one.event for one in await told(desk, patient)].count(Event.EMERGENCY_ACCESS) == 1
