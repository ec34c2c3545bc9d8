"""What documents say is found by ordinary searches, by whoever may read the document, and by nobody else."""

from typing import Any
from uuid import UUID

import pytest

from healthspace.access.origin import is_from_document
from healthspace.access.rules import Action
from healthspace.cda.write.fhir import write_resources
from healthspace.identity.caller import caller_of_citizen
from healthspace.identity.personas import Role
from healthspace.record.holder import describe_holder
from healthspace.record.spaces import owner_of_patient, patient_of
from healthspace.resources.whole import read_types
from tests.clinical_documents import a_clinical_document, a_result, an_allergy
from tests.documents import labelled
from tests.edge.conversation import Desk, ids_of
from tests.edge.pages import signed_in, words
from tests.edge.test_attributes import json_archive, json_label, json_status, patch
from tests.edge.test_controls import MASKED_BY_DEFAULT, Person
from tests.harness import a_citizen, as_caller, authorised, treated
from tests.pure.cda_samples import header

FHIR_JSON = "application/fhir+json"
LAB = Role.LABORATORY


async def brought(desk: Desk, content: bytes | None = None, label: str | None = None, who: Role | UUID = LAB) -> dict[str, Any]:
    """A clinical document that was accepted."""
    labels = {"securityLabel": labelled(label)} if label else {}
    return await desk.deposit(content or a_clinical_document(), who, media_type=FHIR_JSON, **labels)


async def found(desk: Desk, path: str, who: Role | UUID) -> list[str]:
    """The ids that a search finds; its total is their number."""
    answer = await desk.get(path, who)
    ids = ids_of(answer)
    assert answer.json().get("total", len(ids)) == len([one for one in answer.json().get("entry", []) if one["search"]["mode"] == "match"])
    return ids


SEARCHES = {
    "Observation?patient={}": 1,
    "Observation?patient={}&code=http://loinc.org|2345-7&date=ge2024-03-01": 1,
    "Observation?patient={}&code=2345-7&date=lt2024-03-01": 0,
    "Observation?patient={}&_has:Provenance:target:recorded=ge2020": 1,
    "Observation?patient={}&_revinclude=Provenance:target": 2,
    "Observation?patient={}&_tag=urn:healthspace:document-type|60591-5": 1,
    "Immunization?patient={}": 1,
    "Immunization?patient={}&date=2023-10": 1,
    "AllergyIntolerance?patient={}": 1,
    "Patient/{}/Observation": 1,
}


@pytest.mark.parametrize("who", ["holder", "authorised", "treating", "depositor"])
async def test_who_may_read_the_document_finds_what_it_says(desk: Desk, patient: UUID, who: str) -> None:
    reference = await brought(desk)
    await authorised(desk.service, patient, Role.SPECIALIST)
    await treated(desk.service, patient)
    caller: Role | UUID = {"holder": patient, "authorised": Role.SPECIALIST, "treating": Role.TREATING_DOCTOR, "depositor": LAB}[who]
    for search, number in SEARCHES.items():
        assert len(await found(desk, search.format(patient), caller)) == number, search
    [result] = await found(desk, f"Observation?patient={patient}", caller)
    assert (await desk.get(f"Observation/{result}", caller)).status_code == 200
    [provenance] = await found(desk, f"Provenance?patient={patient}&target=Observation/{result}", caller)
    told = (await desk.get(f"Provenance/{provenance}", caller)).json()
    assert told["entity"][0]["what"]["reference"] == f"DocumentReference/{reference['id']}"
    everything = await desk.get(f"Patient/{patient}/$everything", caller)
    assert {result, provenance} <= set(ids_of(everything))


STRANGERS = ["nobody", "another structure", "unauthorised"]


@pytest.mark.parametrize("who", STRANGERS)
async def test_who_may_not_read_the_document_finds_nothing_of_it(desk: Desk, patient: UUID, who: str) -> None:
    await brought(desk)
    [result] = await found(desk, f"Observation?patient={patient}", patient)
    caller: Any = {"another structure": Role.HOSPITAL, "unauthorised": Role.NURSE}.get(who) or await a_citizen(desk.service, 2)
    await finds_nothing(desk, patient, caller, result)


async def finds_nothing(desk: Desk, patient: UUID, caller: Role | UUID, result: str) -> None:
    for search in SEARCHES:
        answer = await desk.get(search.format(patient), caller)
        assert answer.status_code in {200, 404}, search
        assert result not in answer.text
        assert answer.json().get("total", 0) == 0
        assert not answer.json().get("entry")
    for path in ("Observation/{}", "Observation/{}/_history", "Observation/{}/_history/1"):
        assert (await desk.get(path.format(result), caller)).status_code == 404
    provenance = await desk.get(f"Provenance?patient={patient}&target=Observation/{result}", caller)
    assert (provenance.json()["total"], provenance.json().get("entry", [])) == (0, [])
    everything = await desk.get(f"Patient/{patient}/$everything", caller)
    assert result not in everything.text
    counted = await desk.get(f"Observation?patient={patient}&_summary=count", caller)
    assert counted.json()["total"] == 0


@pytest.mark.parametrize(("label", "who"), [("MASQUE_PS", "authorised"), ("INVISIBLE_PATIENT", "holder")])
async def test_what_a_hidden_document_says_is_hidden_too(desk: Desk, patient: UUID, label: str, who: str) -> None:
    await brought(desk, label=label)
    await authorised(desk.service, patient, Role.SPECIALIST)
    [result] = await found(desk, f"Observation?patient={patient}", LAB)
    await finds_nothing(desk, patient, patient if who == "holder" else Role.SPECIALIST, result)


async def test_only_what_is_not_hidden_is_counted_or_comes_along(desk: Desk, patient: UUID) -> None:
    await authorised(desk.service, patient, Role.SPECIALIST)
    await brought(desk, a_clinical_document(a_result(value=1)), label="MASQUE_PS")
    open_one = await brought(desk, a_clinical_document(a_result(value=2)))
    answer = await desk.get(f"Observation?patient={patient}&_revinclude=Provenance:target&_sort=-date", Role.SPECIALIST)
    assert answer.json()["total"] == 1
    shown = [entry["resource"] for entry in answer.json()["entry"]]
    assert [one["resourceType"] for one in shown] == ["Observation", "Provenance"]
    assert {one["meta"]["source"] for one in shown} == {f"DocumentReference/{open_one['id']}"}
    assert len(await found(desk, f"Observation?patient={patient}", patient)) == 2


async def test_a_structure_finds_what_its_own_documents_say_and_not_what_others_do(desk: Desk, patient: UUID) -> None:
    await brought(desk, a_clinical_document(a_result(value=1)))
    await brought(desk, a_clinical_document(a_result(value=2)), who=Role.HOSPITAL)
    for structure, value in ((LAB, 1), (Role.HOSPITAL, 2)):
        answer = await desk.get(f"Observation?patient={patient}", structure)
        assert [entry["resource"]["valueQuantity"]["value"] for entry in answer.json()["entry"]] == [value]


@pytest.mark.parametrize(
    ("role", "code", "sees"), [(Role.PHARMACIST, "75496-0", False), (Role.PHARMACIST, "11488-4", True), (Role.NURSE, "75496-0", True)]
)
async def test_a_profession_reads_what_is_said_by_the_documents_that_it_may_read(
    desk: Desk, patient: UUID, role: Role, code: str, sees: bool
) -> None:
    await authorised(desk.service, patient, role)
    document = await brought(desk, a_clinical_document(type_code=code))
    [result] = await found(desk, f"Observation?patient={patient}", patient)
    assert (await desk.get(f"DocumentReference/{document['id']}", role)).status_code == (200 if sees else 404)
    if not sees:
        await finds_nothing(desk, patient, role, result)
        return
    assert await found(desk, f"Observation?patient={patient}", role) == [result]
    assert (await desk.get(f"Observation/{result}", role)).status_code == 200
    assert len(await found(desk, f"Provenance?patient={patient}", role)) == 1


async def test_a_document_cannot_say_who_deposited_it(desk: Desk, patient: UUID) -> None:
    other = {"identifier": {"system": "https://finess.esante.gouv.fr", "value": "750803447"}}
    forged = [{"url": "urn:healthspace:depositor", "valueReference": other}]
    await brought(desk, a_clinical_document(a_result(extension=forged)))
    answer = await desk.get(f"Observation?patient={patient}", patient)
    assert "750803447" not in answer.text
    assert len(answer.json()["entry"][0]["resource"]["extension"]) == 1


async def test_a_team_or_a_consent_in_a_document_opens_nothing(desk: Desk, patient: UUID) -> None:
    me = {"reference": "urn:uuid:p"}
    nurse = {"identifier": {"system": "urn:oid:1.2.250.1.71.4.2.1", "value": "899700000009"}}
    team = {"resourceType": "CareTeam", "status": "active", "subject": me, "participant": [{"member": nurse}]}
    consent = {
        "resourceType": "Consent",
        "status": "active",
        "scope": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/consentscope", "code": "patient-privacy"}]},
        "category": [{"text": "x"}],
        "patient": me,
        "policyRule": {"text": "x"},
        "provision": {"type": "permit", "actor": [{"role": {"text": "x"}, "reference": nurse}]},
    }
    facts = await desk.connection.fetchval("SELECT count(*) FROM access_fact")
    await brought(desk, a_clinical_document(team, consent))
    assert len(await found(desk, f"CareTeam?patient={patient}", patient)) == 1
    assert await desk.connection.fetchval("SELECT count(*) FROM access_fact") == facts


async def test_the_facts_follow_a_plain_write_of_the_technical_caller(desk: Desk, patient: UUID) -> None:
    reference = await brought(desk)
    before = await found(desk, f"Observation?patient={patient}", patient)
    masked = await put(desk, {**reference, "securityLabel": labelled("INVISIBLE_PATIENT")})
    assert await found(desk, f"Observation?patient={patient}", patient) == []
    replaced = await put(desk, {**masked, "status": "superseded"})
    assert await found(desk, f"Observation?patient={patient}", LAB) == []
    await put(desk, {**replaced, "status": "current", "securityLabel": reference["securityLabel"]})
    assert await found(desk, f"Observation?patient={patient}", patient) == before
    gone = await desk.client.delete(f"/fhir/DocumentReference/{reference['id']}", headers=as_caller(desk.service, Role.SYSTEM))
    assert gone.status_code == 204
    assert await found(desk, f"Observation?patient={patient}", patient) == []


async def put(desk: Desk, reference: dict[str, Any]) -> dict[str, Any]:
    headers = {"content-type": FHIR_JSON, **as_caller(desk.service, Role.SYSTEM)}
    answer = await desk.client.put(f"/fhir/DocumentReference/{reference['id']}", headers=headers, json=reference)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_what_could_not_be_read_is_told_on_the_document_and_counted_without_saying_what(desk: Desk, patient: UUID) -> None:
    about_somebody = an_allergy(patient={"reference": "urn:uuid:another"})
    reference = await brought(desk, a_clinical_document(a_result(), about_somebody, a_result(status="nonsense")))
    assert [one["valueInteger"] for one in reference["extension"] if one["url"] == "urn:healthspace:unread"] == [2]
    assert await found(desk, f"AllergyIntolerance?patient={patient}", patient) == []
    metrics = (await desk.client.get("/metrics")).text
    lines = [line for line in metrics.splitlines() if line.startswith("healthspace_unread_entries_total{")]
    assert {line.partition("}")[0].partition("reason=")[2] for line in lines} >= {'"invalid"', '"other-subject"'}
    assert str(patient) not in metrics


@pytest.mark.parametrize(
    ("language", "several", "one"),
    [
        ("fr", "2 éléments n’ont pas pu être lus", "1 élément n’a pas pu être lu"),
        ("en", "2 entries could not be read", "1 entry could not be read"),
    ],
)
async def test_the_page_of_a_document_says_how_many_entries_could_not_be_read(
    desk: Desk, patient: UUID, language: str, several: str, one: str
) -> None:
    wrong = a_result(status="nonsense")
    two = await brought(desk, a_clinical_document(wrong, wrong))
    single = await brought(desk, a_clinical_document(wrong))
    whole = await brought(desk)
    signed_in(desk.service, desk.client, patient, language)
    assert several in words(await desk.client.get(f"/documents/{two['id']}"))
    assert one in words(await desk.client.get(f"/documents/{single['id']}"))
    assert 'id="unread"' not in (await desk.client.get(f"/documents/{whole['id']}")).text


async def test_masking_and_archiving_a_document_do_the_same_to_what_it_says(desk: Desk, patient: UUID) -> None:
    await authorised(desk.service, patient, Role.SPECIALIST)
    reference = await brought(desk)
    path, search = f"DocumentReference/{reference['id']}", f"Observation?patient={patient}"
    [result] = await found(desk, search, Role.SPECIALIST)
    assert (await patch(desk, path, patient, json_label("MASQUE_PS"))).status_code == 200
    await finds_nothing(desk, patient, Role.SPECIALIST, result)
    assert await found(desk, search, patient) == [result]
    assert (await patch(desk, path, patient, json_label("N"))).status_code == 200
    assert await found(desk, search, Role.SPECIALIST) == [result]
    assert (await patch(desk, path, patient, json_archive(True))).status_code == 200
    assert (await found(desk, search, patient), await found(desk, search, LAB)) == ([], [])
    assert (await patch(desk, path, patient, json_archive(False))).status_code == 200
    assert await found(desk, search, patient) == [result]


async def test_what_is_taken_back_says_nothing_any_more(desk: Desk, patient: UUID) -> None:
    reference = await brought(desk)
    [result] = await found(desk, f"Observation?patient={patient}", patient)
    assert (await patch(desk, f"DocumentReference/{reference['id']}", LAB, json_status("entered-in-error"))).status_code == 200
    for who in (patient, LAB):
        assert await found(desk, f"Observation?patient={patient}", who) == []
    assert (await desk.get(f"Observation/{result}", LAB)).status_code == 404


@pytest.mark.parametrize(("role", "code", "sees"), [(Role.SPECIALIST, "60591-5", True), (Role.PHARMACIST, "75496-0", False)])
async def test_wishes_in_a_document_are_read_by_who_reads_the_document(
    desk: Desk, patient: UUID, role: Role, code: str, sees: bool
) -> None:
    await authorised(desk.service, patient, role)
    wish = {
        "resourceType": "Consent",
        "status": "active",
        "scope": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/consentscope", "code": "adr"}]},
        "category": [{"text": "directives anticipées"}],
        "patient": {"reference": "urn:uuid:p"},
        "policyRule": {"text": "L1111-11"},
    }
    await brought(desk, a_clinical_document(wish, type_code=code))
    told = await desk.get(f"Patient/{patient}/$everything", role)
    assert [
        "Consent" for one in told.json()["entry"] if one["resource"]["resourceType"] == "Consent" and is_from_document(one["resource"])
    ] == ["Consent"] * sees
    if not sees:
        assert "L1111-11" not in told.text


async def test_while_all_is_masked_by_default_what_one_document_says_can_be_shown(desk: Desk, patient: UUID) -> None:
    await authorised(desk.service, patient, Role.SPECIALIST)
    team = {"resourceType": "CareTeam", "status": "active", "subject": {"reference": "urn:uuid:p"}, "name": "équipe"}
    reference = await brought(desk, a_clinical_document(a_result(), team))
    await Person(desk, patient, reference["id"]).chooses(MASKED_BY_DEFAULT)
    [result] = await found(desk, f"Observation?patient={patient}", patient)
    [told] = await found(desk, f"CareTeam?patient={patient}", patient)
    for path in (f"Observation?patient={patient}", f"CareTeam?patient={patient}"):
        assert not set(await found(desk, path, Role.SPECIALIST)) & {result, told}
    assert (await desk.get(f"Observation/{result}", Role.SPECIALIST)).status_code == 404
    assert (await desk.get(f"CareTeam/{told}", Role.SPECIALIST)).status_code == 404
    assert (await patch(desk, f"DocumentReference/{reference['id']}", patient, json_label("N"))).status_code == 200
    assert await found(desk, f"Observation?patient={patient}", Role.SPECIALIST) == [result]


async def test_stored_results_are_written_as_a_report_that_says_them_again(desk: Desk) -> None:
    patient = await a_citizen(desk.service)
    await brought(desk, a_clinical_document(a_result(), a_result("2160-0", 7.25)))
    async with desk.service.door.permit(caller_of_citizen(patient), Action.READ_RECORD, owner_of_patient(patient)) as p:
        results = [stored.exact() for stored in await read_types(p, ("Observation",))]
        holder = describe_holder((await patient_of(p)).json())
    written = write_resources(header("laboratory", patient=holder), "11502-2", results)
    assert written.left_out == ()
    await desk.deposit(written.content)
    entries = (await desk.get(f"Observation?patient={patient}&_count=50", patient)).json()["entry"]
    told = [(one["resource"]["code"]["coding"][0]["code"], one["resource"].get("valueQuantity", {}).get("value")) for one in entries]
    assert sorted(one for one in told if one[1] is not None) == [("2160-0", 7.25)] * 2 + [("2345-7", 5.1)] * 2
