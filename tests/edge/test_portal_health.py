"""The health pages in process: what they say, to whom, and what they never let through."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest

from healthspace.access.opening import Service
from healthspace.access.rules import Action
from healthspace.base import clock
from healthspace.base.ids import new_id
from healthspace.database.owners import Ciphers
from healthspace.edge.portal.health_routes import PAGES
from healthspace.identity.caller import caller_of_citizen
from healthspace.identity.personas import Role
from healthspace.record.spaces import owner_of_patient
from healthspace.resources.gathering import gather
from healthspace.resources.store import insert
from healthspace.terminology.uris import ABSENT_OR_UNKNOWN, ATC, SNOMED
from tests.clinical_documents import a_clinical_document
from tests.clinical_documents import a_result as said_result
from tests.documents import of_type
from tests.edge.conversation import Desk
from tests.edge.pages import HERE, signed_in, words
from tests.edge.test_life import opened
from tests.edge.test_notifications import work as run_notifications
from tests.harness import a_citizen, as_caller, authorised, lines_of, treated
from tests.pure.facts import a_fact, a_result, concept

CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"
MASKED = {"security": [{"system": "https://mos.esante.gouv.fr/NOS/TRE_A07", "code": "MASQUE_PS"}]}


async def keep(service: Service, patient: UUID, *facts: dict[str, Any]) -> list[str]:
    """Puts facts into a record, as if a program of the house had; their addresses."""
    owner = owner_of_patient(patient)
    assert owner is not None
    kept = []
    async with service.door.database.transaction() as tx:
        cipher = await Ciphers(service.door.keys).of(tx, owner)
        for fact in facts:
            about = "patient" if fact["resourceType"] in {"AllergyIntolerance", "Immunization"} else "subject"
            meta = {key: value for key, value in fact["meta"].items() if key != "source"}
            identifier = new_id(owner)
            stored = {**fact, "meta": meta, about: {"reference": f"Patient/{patient}"}}
            await insert(tx, cipher, service.door.keys, identifier, stored, clock.now())
            kept.append(f"{fact['resourceType']}/{identifier}")
    return kept


async def test_every_page_of_an_empty_record_says_so_in_both_languages(service: Service, client: httpx.AsyncClient, patient: UUID) -> None:
    for language in ("fr", "en"):
        me = signed_in(service, client, patient, language)
        for path, _ in PAGES:
            answer = await me.get(path.replace("{key}", "glucose"))
            assert answer.status_code == (404 if "{key}" in path else 200), path


async def test_nobody_filled_in_and_none_known_are_told_apart(service: Service, client: httpx.AsyncClient, patient: UUID) -> None:
    me = signed_in(service, client, patient, "en")
    assert "No known allergy" not in words(await me.get("/summary"))
    assert "Not filled in" in words(await me.get("/summary"))
    await keep(service, patient, a_fact("AllergyIntolerance", code=concept((ABSENT_OR_UNKNOWN, "no-known-allergies"))))
    assert "No known allergy" in words(await me.get("/summary"))


async def test_results_are_counted_on_those_with_a_range(service: Service, client: httpx.AsyncClient, patient: UUID) -> None:
    await keep(
        service,
        patient,
        a_result("2345-7", 1.2, "g/L", "2022-01-01", within=(0.7, 1.1)),
        a_result("14749-6", 5.0, "mmol/L", "2023-01-01", within=(3.9, 6.1)),
        a_result("718-7", 13.0, "g/dL", "2023-01-01"),
    )
    me = signed_in(service, client, patient, "en")
    listed = words(await me.get("/results"))
    assert "The result is in the laboratory’s range. 1 other has no range to compare with." in listed
    page = await me.get("/results/glucose")
    assert "One of 2 results is in the laboratory’s range." in words(page)
    assert "1.2 g/L" in words(page)
    assert "6.66" in words(page)
    assert 'role="img"' in page.text


async def test_what_is_masked_is_in_no_count_sentence_or_chart(service: Service, client: httpx.AsyncClient, patient: UUID) -> None:
    hidden = a_result("2345-7", 9.9, "g/L", "2024-01-01", within=(0.7, 1.1))
    hidden["meta"] |= MASKED
    await keep(service, patient, a_result("2345-7", 1.0, "g/L", "2022-01-01", within=(0.7, 1.1)), hidden)
    await authorised(service, patient, Role.SPECIALIST)
    await treated(service, patient)
    theirs = await signed_in(service, client, Role.SPECIALIST, "en").get(f"/patients/{patient}/results")
    assert "The result is in the laboratory’s range." in words(theirs)
    assert "9.9" not in theirs.text
    assert "9.9" in (await signed_in(service, client, Role.TREATING_DOCTOR, "en").get(f"/patients/{patient}/results")).text
    stranger = await signed_in(service, client, Role.NURSE, "en").get(f"/patients/{patient}/results")
    assert stranger.status_code == 404
    assert "range" not in words(stranger)


async def test_observations_are_gathered_by_their_codes_without_reading_the_others(service: Service, patient: UUID) -> None:
    laboratory = {"category": [concept(("http://terminology.hl7.org/CodeSystem/observation-category", "laboratory"))]}
    await keep(service, patient, a_result("2345-7", 1.0, "g/L", **laboratory), a_result("29463-7", 72, "kg"))
    async with service.door.permit(caller_of_citizen(patient), Action.READ_RECORD, owner_of_patient(patient)) as p:
        assert len(await gather(p, ("Observation",))) == 2
        (weight,) = await gather(p, ("Observation",), observed={"code": frozenset({"29463-7"})})
    assert weight["valueQuantity"]["unit"] == "kg"


async def test_the_vaccination_card_never_says_not_vaccinated(service: Service, client: httpx.AsyncClient, patient: UUID) -> None:
    hexavalent = a_fact(
        "Immunization",
        status="completed",
        vaccineCode=concept((ATC, "J07CA09"), text="Hexavalent"),
        occurrenceDateTime="2020-03-05",
        lotNumber="AB12",
        protocolApplied=[{"doseNumberPositiveInt": 2}],
    )
    refused = a_fact(
        "Immunization", status="not-done", vaccineCode=concept((ATC, "J07BB02"), text="Grippe"), occurrenceDateTime="2024-10-01"
    )
    await keep(service, patient, hexavalent, refused)
    said = words(await signed_in(service, client, patient, "en").get("/vaccination"))
    for disease in ("Diphtheria", "Tetanus", "Poliomyelitis", "Whooping cough", "Haemophilus influenzae b", "Hepatitis B"):
        assert disease in said
    assert "Batch AB12" in said
    assert "Dose 2" in said
    assert "Influenza No proof recorded Not done or refused" in said


async def test_the_vaccination_card_tells_what_to_check_at_an_age_and_never_that_all_is_done(desk: Desk) -> None:
    child = await a_citizen(desk.service, 4, birth_date=(clock.now().date() - timedelta(days=200)).isoformat())
    page = await signed_in(desk.service, desk.client, child, "en").get("/vaccination")
    said = words(page)
    assert "Diphtheria, Tetanus, Poliomyelitis Was foreseen at 4 months; no proof is shown here." in said
    assert "Meningococcus, ACWY Foreseen from 6 months on; no proof is shown here." in said
    assert "General calendar of 2025, by age only. It is no advice" in said
    assert "Measles, Mumps, Rubella From 12 months on:" in said
    assert "up to date" not in said.casefold()
    found = await desk.get(f"ImmunizationRecommendation?patient={child}", child)
    assert found.json()["total"] == 0


async def test_a_measurement_is_added_in_three_fields_and_taken_back(
    service: Service, client: httpx.AsyncClient, patient: UUID, connection: asyncpg.Connection
) -> None:
    me = signed_in(service, client, patient, "en")
    sent = {"kind": "pressure", "value": "124/78", "date": "2024-03-05"}
    answer = await me.post("/entries/measure", data=sent, headers=HERE)
    assert (answer.status_code, answer.headers["location"]) == (303, "/measures?done=entered")
    page = await me.get("/measures")
    assert "124/78 mmHg" in words(page)
    assert (await lines_of(connection))[-2][:2] == ("entry:write", "done")
    found = (await me.get("/fhir/Observation", headers=as_caller(service, patient))).json()["entry"][0]["resource"]
    assert found["component"][0]["code"]["coding"][0]["code"] == "8480-6"
    assert found["component"][1]["code"]["coding"][0]["code"] == "8462-4"
    assert (await me.post(f"/entries/Observation/{found['id']}/remove", data={"back": "/measures"}, headers=HERE)).status_code == 303
    assert "124/78" not in words(await me.get("/measures"))


async def test_an_implausible_value_is_asked_about_and_never_refused(service: Service, client: httpx.AsyncClient, patient: UUID) -> None:
    me = signed_in(service, client, patient, "en")
    sent = {"kind": "weight", "value": "705", "date": "2024-03-05"}
    asked = await me.post("/entries/measure", data=sent, headers=HERE)
    assert asked.status_code == 422
    assert "Is this value right?" in words(asked)
    assert 'value="705"' in asked.text
    assert (await me.post("/entries/measure", data=sent | {"sure": "yes"}, headers=HERE)).status_code == 303
    assert "705 kg" in words(await me.get("/measures"))


@pytest.mark.parametrize(
    ("kind", "fields", "page", "said"),
    [
        ("treatment", {"name": "Paracétamol", "dose": "1 le soir", "reason": "Douleur"}, "/treatments", "Paracétamol"),
        ("allergy", {"name": "Arachide", "reaction": "Urticaire"}, "/summary", "Arachide"),
        ("family", {"kind": "mother", "name": "Diabète"}, "/summary", "Diabète"),
        ("habit", {"kind": "tobacco", "text": "Arrêté en 2019"}, "/summary", "Arrêté en 2019"),
        ("contact", {"kind": "emergency", "name": "Paul Dupré", "phone": "06 00 00 00 00"}, "/wishes", "Paul Dupré"),
        ("wish", {"kind": "organs", "text": "Je suis d’accord"}, "/wishes", "Je suis d’accord"),
    ],
)
async def test_each_kind_of_entry_is_kept_marked_and_shown(
    service: Service, client: httpx.AsyncClient, patient: UUID, kind: str, fields: dict[str, str], page: str, said: str
) -> None:
    me = signed_in(service, client, patient)
    wrong = await me.post(f"/entries/{kind}", data={"kind": "?"}, headers=HERE)
    assert wrong.status_code == 422
    answer = await me.post(f"/entries/{kind}", data=fields, headers=HERE)
    assert answer.status_code == 303, answer.text
    shown = words(await me.get(page))
    assert said in shown
    for code in ("MTH", "72166-2", "organs", "42348-3"):
        assert code not in shown


async def test_what_a_citizen_enters_stays_theirs_until_they_share_it(service: Service, client: httpx.AsyncClient, patient: UUID) -> None:
    await authorised(service, patient, Role.SPECIALIST)
    await signed_in(service, client, patient).post("/entries/allergy", data={"name": "Arachide"}, headers=HERE)
    theirs = f"/patients/{patient}/summary"
    assert "Arachide" not in words(await signed_in(service, client, Role.SPECIALIST).get(theirs))
    me = signed_in(service, client, patient)
    found = (await me.get("/fhir/AllergyIntolerance", headers=as_caller(service, patient))).json()["entry"][0]["resource"]
    await me.post(f"/entries/AllergyIntolerance/{found['id']}/share", data={"shared": "yes"}, headers=HERE)
    assert "Arachide" in words(await signed_in(service, client, Role.SPECIALIST).get(theirs))


async def test_nobody_takes_back_what_a_professional_wrote(service: Service, client: httpx.AsyncClient, patient: UUID) -> None:
    (about,) = await keep(service, patient, a_fact("AllergyIntolerance", code=concept((SNOMED, "91936005"), text="Pénicilline")))
    me = signed_in(service, client, patient)
    assert (await me.post(f"/entries/{about}/remove", data={"back": "/summary"}, headers=HERE)).status_code == 404
    assert (await me.post(f"/entries/{about}/share", data={"shared": "no"}, headers=HERE)).status_code == 404
    assert "Pénicilline" in words(await me.get("/summary"))


async def test_only_the_holder_enters_anything(service: Service, client: httpx.AsyncClient, patient: UUID) -> None:
    await treated(service, patient)
    doctor = signed_in(service, client, Role.TREATING_DOCTOR)
    answer = await doctor.post("/entries/allergy", data={"name": "Arachide"}, headers=HERE)
    assert answer.status_code == 404
    assert "Report an error" not in (await doctor.get(f"/patients/{patient}/summary")).text


async def test_an_error_is_reported_to_whoever_brought_it_and_answered_by_nobody_else(
    service: Service,
    client: httpx.AsyncClient,
    patient: UUID,
    deposit: Any,
) -> None:
    document = await deposit()
    await treated(service, patient)
    me = signed_in(service, client, patient, "en")
    assert (await me.post("/corrections/new", data={"about": f"DocumentReference/{document}"}, headers=HERE)).status_code == 422
    sent = {"about": f"DocumentReference/{document}", "words": "This is not my blood group"}
    assert (await me.post("/corrections/new", data=sent, headers=HERE)).headers["location"] == "/corrections?done=asked"
    assert "This is not my blood group" in words(await me.get("/corrections"))
    asked = (await me.get("/fhir/Communication", headers=as_caller(service, patient))).json()["entry"][0]["resource"]
    answer = {"words": "You are right", "accepted": "yes"}
    address = f"/patients/{patient}/corrections"
    doctor = signed_in(service, client, Role.TREATING_DOCTOR, "en")
    assert (await doctor.post(f"{address}/{asked['id']}", data=answer, headers=HERE)).status_code == 404
    laboratory = signed_in(service, client, Role.LABORATORY, "en")
    assert "This is not my blood group" in words(await laboratory.get(address))
    for _ in range(2):  # a second click answers nothing more
        assert (await laboratory.post(f"{address}/{asked['id']}", data=answer, headers=HERE)).status_code == 303
    other = {**answer, "words": "You are wrong"}
    assert (await laboratory.post(f"{address}/{asked['id']}", data=other, headers=HERE)).status_code == 409
    said = words(await signed_in(service, client, patient, "en").get("/corrections"))
    assert "You are right" in said
    assert "Accepted" in said


def test_every_page_asks_the_door_for_the_record() -> None:
    assert Action.READ_RECORD.value == "record:read"
    assert len({path for path, _ in PAGES}) == len(PAGES)


async def test_who_represents_a_child_enters_for_them_and_their_doctor_does_not(desk: Desk) -> None:
    service, client = desk.service, desk.client
    parent = await a_citizen(service, 9)
    child = await opened(desk, born="2020-03-05", representative={"valueReference": {"reference": f"Patient/{parent}"}})
    mother = signed_in(service, client, parent, "en")
    sent = {"kind": "weight", "value": "9,5", "date": "2021-03-05"}
    answer = await mother.post(f"/patients/{child}/entries/measure", data=sent, headers=HERE)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/patients/{child}/measures?done=entered")
    await mother.post(f"/patients/{child}/entries/measure", data=sent | {"value": "12", "date": "2022-03-05"}, headers=HERE)
    page = await mother.get(f"/patients/{child}/measures")
    assert "12 kg" in words(page)
    assert "Weight by age" in page.text
    assert "without reference lines" in words(page)
    stranger = await a_citizen(service, 10)
    other = signed_in(service, client, stranger, "en")
    assert (await other.get(f"/patients/{child}/entries/measure")).status_code == 404
    assert (await other.post(f"/patients/{child}/entries/measure", data=sent, headers=HERE)).status_code == 404


async def test_a_document_page_leads_its_holder_to_report_an_error_and_nobody_else(
    service: Service, client: httpx.AsyncClient, patient: UUID, deposit: Any
) -> None:
    document = await deposit()
    own = await deposit(who=patient)
    await treated(service, patient)
    report = f"/corrections/new?about=DocumentReference/{document}"
    me = signed_in(service, client, patient, "en")
    assert f'href="{report}"' in (await me.get(f"/documents/{document}")).text
    assert "Report an error" in words(await me.get(report))
    assert "Report an error" not in words(await me.get(f"/documents/{own}"))
    assert (await me.get(f"/corrections/new?about=DocumentReference/{own}")).status_code == 404
    sent = {"about": f"DocumentReference/{own}", "words": "Mine"}
    assert (await me.post("/corrections/new", data=sent, headers=HERE)).status_code == 404
    for who, reads in ((Role.TREATING_DOCTOR, False), (Role.LABORATORY, True)):
        page = await signed_in(service, client, who, "en").get(f"/patients/{patient}/documents/{document}")
        assert page.status_code == 200
        assert "Report an error" not in words(page)
        assert (f'href="/patients/{patient}/corrections"' in page.text) is reads


async def test_who_represents_a_child_reports_an_error_in_their_documents(desk: Desk) -> None:
    service, client = desk.service, desk.client
    parent = await a_citizen(service, 9)
    child = await opened(desk, born="2020-03-05", representative={"valueReference": {"reference": f"Patient/{parent}"}})
    document = (await desk.deposit(b"A note", media_type="text/plain", type=of_type(), subject={"reference": f"Patient/{child}"}))["id"]
    mother = signed_in(service, client, parent, "en")
    report = f"/patients/{child}/corrections/new?about=DocumentReference/{document}"
    assert f'href="{report}"' in (await mother.get(f"/patients/{child}/documents/{document}")).text
    assert (await mother.get(report)).status_code == 200


async def test_a_professional_answers_for_what_they_brought_and_sees_nothing_else_of_communications(desk: Desk, patient: UUID) -> None:
    service, client = desk.service, desk.client
    await authorised(service, patient, Role.SPECIALIST)
    await treated(service, patient)
    theirs = (await desk.deposit(who=Role.SPECIALIST))["id"]
    others = (await desk.deposit(b"A note", media_type="text/plain", type=of_type()))["id"]
    await run_notifications(service)
    me = signed_in(service, client, patient, "en")
    for document, said in ((theirs, "The date is wrong"), (others, "Not my blood group")):
        await me.post("/corrections/new", data={"about": f"DocumentReference/{document}", "words": said}, headers=HERE)
    mine = (await client.get("/fhir/Communication", headers=as_caller(service, patient))).json()["entry"]
    assert len(mine) > 2
    address = f"/patients/{patient}/corrections"
    specialist = signed_in(service, client, Role.SPECIALIST, "en")
    listed = words(await specialist.get(address))
    assert "The date is wrong" in listed
    assert "Not my blood group" not in listed
    found = (await client.get(f"/fhir/Communication?patient={patient}", headers=as_caller(service, Role.SPECIALIST))).json()
    (request,) = [one["resource"] for one in found["entry"]]
    assert request["payload"][0]["contentString"] == "The date is wrong"
    for one in mine:
        answer = await client.get(f"/fhir/Communication/{one['resource']['id']}", headers=as_caller(service, Role.SPECIALIST))
        assert (answer.status_code == 200) is (one["resource"]["id"] == request["id"])
    doctor = signed_in(service, client, Role.TREATING_DOCTOR, "en")
    assert "No error was reported." in words(await doctor.get(address))
    specialist = signed_in(service, client, Role.SPECIALIST, "en")
    sent = {"words": "You are right", "accepted": "yes"}
    assert (await specialist.post(f"{address}/{request['id']}", data=sent, headers=HERE)).status_code == 303
    assert "You are right" in words(await signed_in(service, client, patient, "en").get("/corrections"))


LABORATORY = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "laboratory"}]}


async def test_a_long_list_of_results_goes_by_pages_and_its_sentence_counts_all(desk: Desk) -> None:
    patient = await a_citizen(desk.service)
    results = [said_result(f"{1000 + number}-1", category=[LABORATORY]) for number in range(45)]
    await desk.deposit(a_clinical_document(*results), media_type="application/fhir+json")
    me = signed_in(desk.service, desk.client, patient, "en")
    first, second = await me.get("/results"), await me.get("/results?page=2")
    assert (first.text.count('class="card result"'), second.text.count('class="card result"')) == (40, 5)
    assert "45 results" in words(first)
    assert 'href="?page=2"' in first.text
    assert 'href="?page=1"' in second.text


async def test_what_is_over_is_told_in_its_place_while_it_is_short_and_else_by_its_number(
    service: Service, client: httpx.AsyncClient, patient: UUID
) -> None:
    def problem(number: int, status: str) -> dict[str, Any]:
        name = f"{status} {number}"
        return a_fact("Condition", "", code={"text": name}, clinicalStatus=concept((CLINICAL, status)), onsetDateTime=f"20{number:02}")

    await keep(service, patient, problem(1, "active"), *(problem(number, "resolved") for number in range(2, 8)))
    page = await signed_in(service, client, patient, "en").get("/summary")
    assert "6 in the past" in words(page)
    assert "resolved 7" in words(page)
    await keep(service, patient, problem(8, "resolved"))
    page = await client.get("/summary")
    assert ("7 in the past" in words(page), "resolved 7" in words(page), "active 1" in words(page)) == (True, False, True)
    assert 'href="/summary?show=problems"' in page.text
    assert "resolved 7" in words(await client.get("/summary?show=problems"))
