"""The citizen's choices on the page of confidentiality: preview, duration, block, and the switches that hold for everybody."""

import re
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
import httpx
import pytest

from healthspace.access.opening import Service
from healthspace.access.rules import Action
from healthspace.base import clock
from healthspace.identity.caller import Purpose
from healthspace.identity.caller import caller_of_citizen as caller_of
from healthspace.identity.personas import Role
from healthspace.record.authorise import list_access
from healthspace.record.consents import Switch, read_choices, turn_on
from healthspace.record.spaces import owner_of_patient
from tests.edge.pages import HERE, Deposit, count, signed_in, since, words
from tests.edge.test_portal_forms import forms_of
from tests.harness import a_citizen, as_caller, treated

SPECIALIST = "81000000029"
NAMED = {"number": SPECIALIST}


async def consents_of(service: Service, client: httpx.AsyncClient, patient: UUID) -> list[dict[str, object]]:
    found = (await client.get("/fhir/Consent", headers=as_caller(service, patient))).json()
    return [entry["resource"] for entry in found.get("entry", [])]


async def test_a_citizen_sees_what_a_professional_would_see_then_authorises_for_a_time(
    service: Service, client: httpx.AsyncClient, deposit: Deposit
) -> None:
    patient = await a_citizen(service)
    await deposit()
    signed_in(service, client, patient)
    page = await client.post("/privacy/preview", data={"rpps": "810 000 000 29"}, headers=HERE)
    assert page.status_code == 200
    assert "Ce que verrait Karim BENALI" in page.text
    assert "1 document" in page.text
    assert SPECIALIST not in str(page.url)
    signed_in(service, client, Role.SPECIALIST)
    assert (await client.get(f"/patients/{patient}")).status_code == 404, "a preview opens nothing"
    signed_in(service, client, patient)
    answer = await client.post("/privacy/authorise", data={"rpps": SPECIALIST, "days": "7"}, headers=HERE)
    assert answer.headers["location"] == "/privacy?done=authorised"
    (consent,) = await consents_of(service, client, patient)
    period = consent["provision"]["period"]  # type: ignore[index]
    assert period["start"][:8] <= period["end"][:8]
    signed_in(service, client, Role.SPECIALIST)
    assert (await client.get(f"/patients/{patient}")).status_code == 200


async def test_who_is_blocked_reads_nothing_and_unblocking_gives_nothing_back(
    service: Service, client: httpx.AsyncClient, deposit: Deposit
) -> None:
    patient = await a_citizen(service)
    await deposit()
    signed_in(service, client, patient)
    await client.post("/privacy", data={"rpps": SPECIALIST}, headers=HERE)
    asked = await client.post("/privacy/block/ask", data={"block": SPECIALIST}, headers=HERE)
    assert "même si la vie est en danger" in asked.text
    answer = await client.post("/privacy/block", data={"number": SPECIALIST}, headers=HERE)
    page = await client.get(answer.headers["location"])
    assert "Bloqués" in page.text
    assert "Peuvent lire aujourd’hui" in page.text
    identifier = re.findall(r"/privacy/unblock/([0-9a-f-]+)", page.text)[0]
    signed_in(service, client, Role.SPECIALIST)
    assert (await client.get(f"/patients/{patient}")).status_code == 404
    signed_in(service, client, patient)
    assert (await client.post(f"/privacy/unblock/{identifier}", data=NAMED, headers=HERE)).headers["location"] == "/privacy?done=unblocked"
    assert "/privacy/unblock/" not in (await client.get("/privacy")).text
    signed_in(service, client, Role.SPECIALIST)
    assert (await client.get(f"/patients/{patient}")).status_code == 404


async def test_a_number_that_nobody_has_is_told_beside_its_field(service: Service, client: httpx.AsyncClient) -> None:
    signed_in(service, client, await a_citizen(service))
    answer = await client.post("/privacy/block/ask", data={"block": "123"}, headers=HERE)
    page = await client.get(answer.headers["location"].partition("#")[0])
    assert page.status_code == 422
    assert "Personne n’a ce numéro" in page.text
    answer = await client.post("/privacy/preview", data={"rpps": "12"}, headers=HERE)
    assert (await client.get(answer.headers["location"])).status_code == 422


async def test_the_switches_are_saved_as_the_form_leaves_them(service: Service, client: httpx.AsyncClient) -> None:
    patient = await a_citizen(service)
    signed_in(service, client, patient)
    # Ticked: regulation allowed. Not ticked: other emergencies opposed. Ticked: masked documents too.
    form = {Switch.NO_REGULATION.value: "yes", Switch.MASKED_IN_EMERGENCY.value: "yes"}
    answer = await client.post("/privacy/choices", data=form, headers=HERE)
    assert answer.headers["location"] == "/privacy?done=saved"
    async with service.door.permit(caller_of(patient), Action.READ_ACCESS, owner_of_patient(patient)) as p:
        consents, _ = await list_access(p)
        assert read_choices(consents, p.now).switches.keys() == {Switch.NO_EMERGENCY, Switch.MASKED_IN_EMERGENCY}
    await client.post("/privacy/choices", data={**form, Switch.NO_EMERGENCY.value: "yes"}, headers=HERE)
    async with service.door.permit(caller_of(patient), Action.READ_ACCESS, owner_of_patient(patient)) as p:
        consents, _ = await list_access(p)
        assert read_choices(consents, p.now).switches.keys() == {Switch.MASKED_IN_EMERGENCY}


async def test_what_is_switched_until_a_day_is_told_and_ends_by_itself(
    service: Service, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient = await a_citizen(service)
    signed_in(service, client, patient)
    allowed = {Switch.NO_REGULATION.value: "yes"}  # any other emergency is refused
    wrong = await client.post("/privacy/choices", data={**allowed, "end": "2020-01-01"}, headers=HERE)
    assert (wrong.status_code, "date à venir" in wrong.text) == (422, True)
    ticked = re.findall(r'name="(\w+)" value="yes" role=switch( checked)?', wrong.text)
    assert dict(ticked)[Switch.NO_REGULATION.value] == " checked"
    assert not dict(ticked)[Switch.NO_EMERGENCY.value], "what was switched is still as it was left"
    assert 'value="2020-01-01"' in wrong.text
    assert not await consents_of(service, client, patient)
    signed_in(service, client, patient)
    end = (clock.now() + timedelta(days=9)).date()
    await client.post("/privacy/choices", data={**allowed, "end": end.isoformat()}, headers=HERE)
    assert f"Jusqu’au {end.day}" in (await client.get("/privacy")).text
    later = clock.now() + timedelta(days=11)
    monkeypatch.setattr(clock, "now", lambda: later)
    signed_in(service, client, patient)
    page = (await client.get("/privacy")).text
    assert dict(re.findall(r'name="(\w+)" value="yes" role=switch( checked)?', page))[Switch.NO_EMERGENCY.value] == " checked"
    assert "Jusqu’au" not in page


async def test_an_authorisation_lasts_as_long_as_its_form_says_and_no_longer_than_the_policy(
    service: Service, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient = await a_citizen(service)
    signed_in(service, client, patient)
    await client.post("/privacy", data={"rpps": SPECIALIST, "days": "90"}, headers=HERE)
    (consent,) = await consents_of(service, client, patient)
    period = consent["provision"]["period"]  # type: ignore[index]
    assert datetime.fromisoformat(period["end"]) - datetime.fromisoformat(period["start"]) == timedelta(days=90)
    monkeypatch.setattr(service.door, "policy", replace(service.door.policy, authorisation=timedelta(days=45)))
    page = await client.get("/privacy")
    assert re.findall(r'name="days" value="(\d+)"( checked)?', page.text) == [("7", ""), ("45", " checked")]
    assert "45 jours" in words(page)
    await client.post("/privacy", data={"rpps": "81000000045", "days": "90"}, headers=HERE)
    periods = [one["provision"]["period"] for one in await consents_of(service, client, patient)]  # type: ignore[index]
    lasting = {datetime.fromisoformat(one["end"]) - datetime.fromisoformat(one["start"]) for one in periods}
    assert lasting == {timedelta(days=45), timedelta(days=90)}, "what is not offered is not given"


async def test_a_consent_that_says_two_switches_is_not_ended_for_one(service: Service, client: httpx.AsyncClient) -> None:
    patient = await a_citizen(service)
    both = turn_on(Switch.NO_REGULATION)
    both["provision"]["purpose"].append({"code": Purpose.BTG.value})
    both["patient"] = {"reference": f"Patient/{patient}"}
    created = await client.post("/fhir/Consent", json=both, headers=as_caller(service, patient))
    assert created.status_code == 201, created.text
    signed_in(service, client, patient)
    await client.post("/privacy/choices", data={Switch.NO_REGULATION.value: "yes"}, headers=HERE)
    async with service.door.permit(caller_of(patient), Action.READ_ACCESS, owner_of_patient(patient)) as p:
        consents, _ = await list_access(p)
        assert read_choices(consents, p.now).switches.keys() == {Switch.NO_EMERGENCY}


async def test_an_authorisation_that_has_run_out_is_given_anew_and_one_in_force_is_not(
    service: Service, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient = await a_citizen(service)
    signed_in(service, client, patient)
    for _ in range(2):
        await client.post("/privacy", data={"rpps": SPECIALIST}, headers=HERE)
    (given,) = await consents_of(service, client, patient)
    end = given["provision"]["period"]["end"]  # type: ignore[index]
    later = datetime.fromisoformat(end) + timedelta(days=1)
    monkeypatch.setattr(clock, "now", lambda: later)
    signed_in(service, client, patient)
    await client.post("/privacy", data={"rpps": SPECIALIST}, headers=HERE)
    assert len(await consents_of(service, client, patient)) == 2
    signed_in(service, client, Role.SPECIALIST)
    assert (await client.get(f"/patients/{patient}")).status_code == 200


async def test_each_choice_made_on_the_page_is_proven_as_one_that_is_sent_whole(service: Service, client: httpx.AsyncClient) -> None:
    patient = await a_citizen(service)
    signed_in(service, client, patient)
    await client.post("/privacy", data={"rpps": SPECIALIST}, headers=HERE)
    (given,) = await consents_of(service, client, patient)
    await client.post(f"/privacy/end/{given['id']}", data={"number": SPECIALIST}, headers=HERE)
    answer = await client.get(f"/fhir/Provenance?target=Consent/{given['id']}", headers=as_caller(service, patient))
    proofs = [entry["resource"] for entry in answer.json()["entry"]]
    assert {proof["activity"]["coding"][0]["code"] for proof in proofs} == {"CREATE", "DELETE"}
    assert {proof["agent"][0]["who"]["reference"] for proof in proofs} == {f"Patient/{patient}"}


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
    answer = await client.post(f"/privacy/end/{consent}", data={"number": SPECIALIST}, headers=HERE)
    assert answer.headers["location"] == "/privacy?done=ended"
    ended = (await client.get(f"/fhir/Consent/{consent}", headers=as_caller(service, patient))).text
    assert (await client.post(f"/privacy/end/{consent}", data=NAMED, headers=HERE)).headers["location"] == "/privacy?done=ended"
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


async def test_whoever_may_read_is_blocked_from_the_list_the_treating_doctor_too(
    service: Service, client: httpx.AsyncClient, deposit: Deposit
) -> None:
    patient = await a_citizen(service)
    await deposit()
    await treated(service, patient)
    signed_in(service, client, patient)
    (form,) = [form for form in forms_of("", (await client.get("/privacy")).text) if form.action.endswith("/block/ask") and form.held]
    asked = await client.post(form.action, data=form.held, headers=HERE)
    assert "Bloquer Hélène MOREL" in asked.text
    (form,) = [form for form in forms_of("", asked.text) if form.action == "/privacy/block"]
    assert (await client.post(form.action, data=form.held, headers=HERE)).headers["location"] == "/privacy?done=blocked"
    page = words(await client.get("/privacy"))
    assert "Peuvent lire aujourd’hui 0 professionnel" in page
    assert page.count("Hélène MOREL") == 2, "among the blocked, and on the button beside"
    signed_in(service, client, Role.TREATING_DOCTOR)
    assert (await client.get(f"/patients/{patient}")).status_code == 404
