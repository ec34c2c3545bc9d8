"""The pages of the trail, of notifications and of reviews, in process: what each reader finds, and what none of them is told."""

import csv
import io
import re
from datetime import timedelta
from html import unescape
from uuid import UUID

import httpx
import pytest

from healthspace.access.opening import Service
from healthspace.access.rules import Action
from healthspace.base import clock
from healthspace.edge.portal.notifications import EVENTS
from healthspace.edge.worker.deliver import deliver_due
from healthspace.edge.worker.handlers import handlers_of
from healthspace.fhir.validate import validate
from healthspace.identity.caller import Purpose, caller_of_citizen
from healthspace.identity.personas import Role
from healthspace.notifications.model import Subject, subject_of
from healthspace.record.life import represent
from healthspace.record.spaces import owner_of_patient
from healthspace.terminology.uris import ACT_REASONS
from tests.edge.conversation import Desk
from tests.edge.pages import HERE, Deposit, signed_in
from tests.edge.test_portal_forms import forms_of
from tests.harness import a_citizen, authorised, rpps_of, treated

DOCTOR, TREATING = Role.SPECIALIST, Role.TREATING_DOCTOR
WHY = "Inconscient après une chute"


async def work(service: Service) -> None:
    while await deliver_due(service.door, handlers_of(service)):
        pass


async def break_glass(desk: Desk, patient: UUID) -> None:
    token = desk.service.tokens.issue(DOCTOR, clock.now(), purpose=Purpose.BTG, reason=WHY)
    answer = await desk.client.get(f"/fhir/Patient/{patient}", headers={"authorization": f"Bearer {token}"})
    assert answer.status_code == 200, answer.text


async def page_of(desk: Desk, who: Role | UUID, path: str, language: str = "fr") -> str:
    answer = await signed_in(desk.service, desk.client, who, language).get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    return unescape(answer.text)


async def send(desk: Desk, who: Role | UUID, path: str, **form: str) -> httpx.Response:
    return await signed_in(desk.service, desk.client, who).post(path, data=form, headers=HERE)


def cards(page: str) -> int:
    return page.count('<li class="card row entry')


async def test_the_history_is_filtered_by_person_act_period_emergency_and_refusal(desk: Desk, patient: UUID) -> None:
    await authorised(desk.service, patient, DOCTOR)
    await desk.deposit()
    await desk.get(f"Patient/{patient}", DOCTOR)
    await desk.get(f"Patient/{patient}", Role.NURSE)
    await break_glass(desk, patient)
    today = f"{clock.now():%Y-%m-%d}"
    expected = {
        "who=emergency": (1, WHY),
        "who=refused": (1, "Thomas GUÉRIN"),
        "name=benali": (2, "Karim BENALI"),
        "what=change": (1, "Ajout d’un document"),
        "name=nobody": (0, "Aucun accès ne correspond"),
        f"since={today}&until={today}&who=emergency": (1, WHY),
        "until=2020-01-01": (0, "Aucun accès ne correspond"),
        "since=x&who=refused": (1, "Thomas GUÉRIN"),
    }
    for query, (number, words) in expected.items():
        page = await page_of(desk, patient, f"/access?{query}")
        assert (cards(page), words in page) == (number, True), query


async def test_the_history_is_taken_away_as_a_table_and_as_fhir(desk: Desk, patient: UUID) -> None:
    await desk.get(f"Patient/{patient}", DOCTOR)
    client = signed_in(desk.service, desk.client, patient)
    answer = await client.get("/access/export.csv")
    assert answer.headers["content-disposition"] == 'attachment; filename="history.csv"'
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig")), delimiter=";"))
    assert (rows[0][1], rows[1][1], rows[1][5]) == ("Qui", "Karim BENALI", "Refusé")
    bundle = (await client.get("/access/export.json")).json()
    assert validate(bundle) == []
    assert {entry["resource"]["resourceType"] for entry in bundle["entry"]} == {"AuditEvent"}
    assert (await signed_in(desk.service, desk.client, DOCTOR).get("/access/export.csv")).status_code == 404


async def test_the_history_names_the_test_program_too(desk: Desk, patient: UUID) -> None:
    await desk.get(f"Patient/{patient}", Role.SYSTEM)
    for path in ("/access", "/access/export.csv"):
        answer = await signed_in(desk.service, desk.client, patient).get(path)
        assert answer.status_code == 200
        assert "Programme de test" in answer.text


async def test_a_treating_doctor_reads_the_history_and_another_professional_is_led_to_their_own(desk: Desk, patient: UUID) -> None:
    await treated(desk.service, patient)
    await desk.get(f"Patient/{patient}", DOCTOR)
    page = await page_of(desk, TREATING, f"/patients/{patient}/access")
    assert "Karim BENALI" in page
    assert "Le titulaire du dossier" in page
    assert "Demander une explication" not in page
    answer = await signed_in(desk.service, desk.client, DOCTOR).get(f"/patients/{patient}/access")
    assert (answer.status_code, answer.headers["location"]) == (303, "/my-accesses")
    assert "DUPRÉ" not in answer.text


async def test_each_professional_has_the_list_of_their_own_accesses(desk: Desk, patient: UUID) -> None:
    await authorised(desk.service, patient, DOCTOR)
    await desk.get(f"Patient/{patient}", DOCTOR)
    await desk.get(f"Patient/{patient}", TREATING)
    page = await page_of(desk, DOCTOR, "/my-accesses")
    assert cards(page) == 1
    assert f"/patients/{patient}" in page
    assert "MOREL" not in page
    assert "DUPRÉ" not in page


async def test_a_citizen_questions_an_access_and_two_persons_of_the_agency_answer(desk: Desk, patient: UUID) -> None:
    await desk.get(f"Patient/{patient}", DOCTOR)
    form = re.search(r'href="(/access/[^"]+/question)"', await page_of(desk, patient, "/access"))
    assert form is not None
    assert (await send(desk, patient, form[1], question="?")).status_code == 422
    assert (await send(desk, patient, form[1], question="Je ne connais pas ce médecin.")).headers["location"] == "/access?done=questioned"
    await work(desk.service)
    listed = await page_of(desk, Role.AUDITOR, "/reviews")
    review = re.search(r'href="(/reviews/[^"]+-[^"]+)"', listed)
    assert review is not None
    assert "Je ne connais pas ce médecin." in await page_of(desk, Role.AUDITOR, review[1])
    assert (await send(desk, Role.AUDITOR, review[1], motive="non")).status_code == 422
    for _ in range(2):  # a second click is no second opinion
        assert (await send(desk, Role.AUDITOR, review[1], motive="Accès refusé par le service.")).status_code == 303
    again = await send(desk, Role.AUDITOR, review[1], motive="Je clos moi-même.")
    assert (again.status_code, "autre personne" in again.text) == (422, True)
    for _ in range(2):
        assert (await send(desk, Role.SECOND_AUDITOR, review[1], motive="Rien n’a été montré à ce médecin.")).status_code == 303
    await work(desk.service)
    assert cards(await page_of(desk, Role.AUDITOR, "/reviews")) == 0
    assert "Rien n’a été montré à ce médecin." in await page_of(desk, patient, form[1])
    assert "L’Agence a répondu à votre question" in await page_of(desk, patient, "/notifications")


async def test_an_emergency_access_tells_the_citizen_and_the_treating_doctor_and_is_reviewed_first(desk: Desk, patient: UUID) -> None:
    await treated(desk.service, patient)
    await desk.get(f"Patient/{patient}", Role.NURSE)
    await break_glass(desk, patient)
    await work(desk.service)
    page = await page_of(desk, patient, "/notifications")
    assert "Votre dossier a été ouvert en urgence" in page
    told = await page_of(desk, TREATING, "/notifications")
    assert ("vous êtes le médecin traitant" in told, "DUPRÉ" in told) == (True, False)
    assert cards(await page_of(desk, DOCTOR, "/notifications")) == 0
    reviews = await page_of(desk, Role.AUDITOR, "/reviews")
    assert ("Bris de glace" in reviews, "DUPRÉ" in reviews) == (True, False)


async def test_reviews_are_the_agency_s_alone(desk: Desk, patient: UUID) -> None:
    await break_glass(desk, patient)
    await work(desk.service)
    review = re.search(r'href="(/reviews/[^"]+-[^"]+)"', await page_of(desk, Role.AUDITOR, "/reviews"))
    assert review is not None
    for who in (patient, DOCTOR, Role.HOSPITAL):
        for path in ("/reviews", review[1]):
            assert (await signed_in(desk.service, desk.client, who).get(path)).status_code == 404
    assert (await send(desk, Role.AGENCY, review[1], motive="Une structure n’est pas une personne.")).status_code == 422
    assert (await send(desk, Role.AUDITOR, f"/reviews/{patient}", motive="Pas un examen du tout.")).status_code == 404


async def test_notifications_are_marked_deleted_and_chosen_on_their_pages(desk: Desk, patient: UUID) -> None:
    await desk.deposit()
    await work(desk.service)
    page = await page_of(desk, patient, "/notifications")
    assert "Un document a été ajouté à votre dossier" in page
    name = re.search(r'name="id" value="([^"]+)"', page)
    assert name is not None
    for act, words in (("read", "Vous avez tout lu."), ("unread", "1 notification non lue"), ("all", "Vous avez tout lu.")):
        assert (await send(desk, patient, "/notifications", act=act, id=name[1])).status_code == 303
        assert words in await page_of(desk, patient, "/notifications"), act
    assert cards(await page_of(desk, patient, "/notifications?show=unread")) == 0
    await send(desk, patient, "/notifications", act="delete", id=name[1])
    assert cards(await page_of(desk, patient, "/notifications")) == 0
    assert (await send(desk, patient, "/notifications", act="read", id=name[1])).status_code == 404
    assert (await send(desk, patient, "/notifications/choices", address="nobody")).status_code == 422
    kept = await send(desk, patient, "/notifications/choices", address="lea@example.org")
    assert kept.headers["location"] == "/notifications/choices?done=kept"
    chosen = await page_of(desk, patient, "/notifications/choices")
    assert 'value="lea@example.org"' in chosen
    assert re.search(r'name="emergency-portal"[^>]* checked disabled', chosen)
    assert not re.search(r'name="document-portal"[^>]* checked', chosen)


async def test_there_is_a_choice_about_what_exists_and_about_nothing_else(desk: Desk, patient: UUID) -> None:
    assert {subject_of(event) for event in EVENTS} == set(Subject), "each subject has an event"
    assert "message" not in await page_of(desk, patient, "/notifications/choices", "en")
    doctor = await page_of(desk, Role.TREATING_DOCTOR, "/notifications/choices")
    assert re.findall(r'name="(\w+)-mail"', doctor) == ["emergency"], "the only thing that professionals are told of"
    assert "dont vous êtes le médecin traitant" in doctor
    await send(desk, Role.TREATING_DOCTOR, "/notifications/choices", address="morel@example.org")
    kept = await page_of(desk, Role.TREATING_DOCTOR, "/notifications/choices")
    assert not re.search(r'name="emergency-mail"[^>]* checked', kept)


async def test_auditors_read_the_accesses_under_review_in_fhir_and_no_others(desk: Desk, patient: UUID) -> None:
    await authorised(desk.service, patient, Role.NURSE)
    await desk.get(f"Patient/{patient}", Role.NURSE)
    await break_glass(desk, patient)
    await work(desk.service)
    period = "date=ge2020&date=le2099"
    answer = (await desk.get(f"AuditEvent?{period}", Role.AUDITOR)).json()
    [event] = [entry["resource"] for entry in answer["entry"]]
    assert validate(event) == []
    assert event["purposeOfEvent"][0] == {"coding": [{"system": ACT_REASONS, "code": "BTG"}], "text": WHY}
    assert event["agent"][0]["who"]["identifier"]["value"] == rpps_of(DOCTOR)
    assert (await desk.get(f"AuditEvent/{event['id']}", Role.AUDITOR)).json() == event
    assert len((await desk.get(f"AuditEvent?{period}&patient={patient}", Role.AUDITOR)).json()["entry"]) == 1
    stranger = await a_citizen(desk.service, 2)
    for query in (f"patient={stranger}", "action=D", "outcome=4", "agent:identifier=https://rpps.esante.gouv.fr|81000000045"):
        assert "entry" not in (await desk.get(f"AuditEvent?{period}&{query}", Role.AUDITOR)).json(), query
    other = (await desk.get(f"AuditEvent?{period}&action=C", patient)).json()["entry"][0]["resource"]["id"]
    assert (await desk.get(f"AuditEvent/{other}", Role.AUDITOR)).status_code == 404


@pytest.mark.parametrize("language", ["fr", "en"])
async def test_every_page_is_there_in_both_languages(desk: Desk, patient: UUID, language: str) -> None:
    pages = {
        patient: ("/access", "/notifications", "/notifications/choices"),
        DOCTOR: ("/my-accesses", "/notifications", "/notifications/choices"),
        Role.AUDITOR: ("/reviews", "/reviews?show=closed"),
    }
    for who, paths in pages.items():
        for path in paths:
            assert f'<html lang="{language}">' in await page_of(desk, who, path, language)


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


async def test_from_an_access_its_author_is_blocked_without_knowing_their_number(desk: Desk, patient: UUID) -> None:
    await authorised(desk.service, patient, DOCTOR)
    await desk.deposit()
    await desk.get(f"Patient/{patient}", DOCTOR)
    history = await page_of(desk, patient, "/access?who=others")
    links = re.findall(r'href="(/access/[^"]+/question)">([^<]+)<', history)
    assert {words for _, words in links} == {"Demander une explication ou bloquer"}
    page = await page_of(desk, patient, next(address for address, _ in links))
    assert "Bloquer Karim BENALI" in page
    (form,) = [form for form in forms_of("", page) if form.action == "/privacy/block/ask"]
    asked = await send(desk, patient, form.action, **form.held)
    assert "Ce que cela change" in asked.text
    (form,) = [form for form in forms_of("", asked.text) if form.action == "/privacy/block"]
    assert (await send(desk, patient, form.action, **form.held)).headers["location"] == "/privacy?done=blocked"
    assert (await desk.get(f"Patient/{patient}", DOCTOR)).status_code == 404


async def test_what_a_representative_did_is_theirs_in_the_history_of_the_child(desk: Desk) -> None:
    parent, born = await a_citizen(desk.service), (clock.now() - timedelta(days=3000)).date().isoformat()
    child = await a_citizen(desk.service, 2, birth_date=born)
    async with desk.service.door.permit(caller_of_citizen(child), Action.INVITE_CARER, owner_of_patient(child)) as p:
        assert await represent(p, parent)
    await page_of(desk, parent, f"/patients/{child}")
    history = await page_of(desk, parent, f"/patients/{child}/access")
    assert re.search(r'<h3 class="ttl">Vous</h3>\s*<p>Ouverture du dossier', history)
    assert "Un autre citoyen" not in history
    assert "Vous" not in re.findall(r'<h3 class="ttl">([^<]+)</h3>', await page_of(desk, parent, f"/patients/{child}/access?who=others"))
