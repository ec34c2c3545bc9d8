"""TD3.3: masking, announcing, hiding from representatives, taking back and archiving a document, in every tolerated form."""

import re
from datetime import timedelta
from typing import Any

import httpx
import pytest

from healthspace.base import clock
from healthspace.base.fhirjson import ARCHIVED
from healthspace.edge.worker.calendar import keep_calendar
from healthspace.identity.personas import Role
from healthspace.record import deposit
from tests.documents import a_bundle, a_cda, a_reference, a_root, labelled
from tests.edge.conversation import Desk, fault_of, ids_of
from tests.edge.test_controls import MASKED_BY_DEFAULT, Person, a_consent, professional
from tests.harness import a_citizen, authorised, treated

TRE_A07 = "https://mos.esante.gouv.fr/NOS/TRE_A07-StatutVisibiliteDocument/FHIR/TRE-A07-StatutVisibiliteDocument"
JSON_PATCH, FHIR = "application/json-patch+json", "application/fhir+json"


def json_label(code: str) -> tuple[str, Any]:
    return JSON_PATCH, [{"op": "replace", "path": "/securityLabel/0", "value": {"coding": [{"system": TRE_A07, "code": code}]}}]


def fhirpath(path: str, **value: Any) -> tuple[str, Any]:
    parts = [{"name": "type", "valueCode": "replace"}, {"name": "path", "valueString": path}, {"name": "value", **value}]
    return FHIR, {"resourceType": "Parameters", "parameter": [{"name": "operation", "part": parts}]}


def fhirpath_label(code: str) -> tuple[str, Any]:
    return fhirpath("DocumentReference.securityLabel[0]", valueCodeableConcept={"coding": [{"system": TRE_A07, "code": code}]})


def json_status(status: str) -> tuple[str, Any]:
    return JSON_PATCH, [{"op": "replace", "path": "/status", "value": status}]


def json_archive(archived: bool) -> tuple[str, Any]:
    return JSON_PATCH, [{"op": "replace", "path": f"/extension[url:'{ARCHIVED}']/valueBoolean", "value": archived}]


def fhirpath_archive(archived: bool) -> tuple[str, Any]:
    return fhirpath(f"DocumentReference.extension.where(url='{ARCHIVED}').value", valueBoolean=archived)


async def patch(desk: Desk, path: str, who: Any, change: tuple[str, Any], **headers: str) -> httpx.Response:
    sent = {**desk.of(who), "content-type": change[0], **headers}
    return await desk.client.patch(f"/fhir/{path}", headers=sent, json=change[1])


def labels_in(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [concept["coding"][0]["code"] for concept in answer.json()["securityLabel"]]


@pytest.fixture
async def person(desk: Desk) -> Person:
    patient = await a_citizen(desk.service)
    await authorised(desk.service, patient, Role.SPECIALIST)
    return Person(desk, patient, (await desk.deposit())["id"])


@pytest.mark.parametrize("form", [json_label, fhirpath_label])
async def test_masking_and_showing_again_restores(person: Person, form: Any) -> None:
    path = f"DocumentReference/{person.document}"
    before = labels_in(await person.desk.get(path, person.patient))
    assert labels_in(await patch(person.desk, path, person.patient, form("MASQUE_PS"))) == [*before, "MASQUE_PS"]
    assert not await person.is_read_by(Role.SPECIALIST)
    assert await person.is_read_by(Role.LABORATORY)
    assert labels_in(await patch(person.desk, path, person.patient, form("N"))) == before
    assert await person.is_read_by(Role.SPECIALIST)


@pytest.mark.parametrize("form", [json_label, fhirpath_label])
async def test_labels_are_a_set(person: Person, form: Any) -> None:
    path = f"DocumentReference/{person.document}"
    await patch(person.desk, path, Role.LABORATORY, form("INVISIBLE_REPRESENTANTS_LEGAUX"))
    await patch(person.desk, path, Role.LABORATORY, form("MASQUE_PS"))
    both = labels_in(await patch(person.desk, path, Role.LABORATORY, form("MASQUE_PS")))
    assert both == ["N", "MASQUE_PS", "INVISIBLE_REPRESENTANTS_LEGAUX"]
    assert labels_in(await patch(person.desk, path, Role.LABORATORY, form("N"))) == ["N", "INVISIBLE_REPRESENTANTS_LEGAUX"]


async def test_only_professionals_keep_a_document_until_its_announcement(person: Person) -> None:
    path = f"DocumentReference/{person.document}"
    refused = await patch(person.desk, path, person.patient, json_label("INVISIBLE_PATIENT"))
    assert (refused.status_code, fault_of(refused)) == (403, "DocumentReference.securityLabel")
    assert (await patch(person.desk, path, Role.SPECIALIST, json_label("INVISIBLE_PATIENT"))).status_code == 200
    assert not await person.is_read_by(person.patient)
    assert (await patch(person.desk, path, person.patient, json_label("N"))).status_code == 404
    listed = (await person.desk.get(path, Role.SPECIALIST)).json()["securityLabel"]
    place = next(number for number, one in enumerate(listed) if one["coding"][0]["code"] == "INVISIBLE_PATIENT")
    shown = [{**json_label("N")[1][0], "path": f"/securityLabel/{place}"}]
    assert (await patch(person.desk, path, Role.SPECIALIST, (JSON_PATCH, shown))).status_code == 200
    assert await person.is_read_by(person.patient)


async def test_nobody_hides_from_the_citizen_what_they_brought_or_what_a_month_has_shown(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, hidden = person.desk, json_label("INVISIBLE_PATIENT")
    own = (await desk.deposit(who=person.patient))["id"]
    refused = await patch(desk, f"DocumentReference/{own}", Role.SPECIALIST, hidden)
    assert (refused.status_code, fault_of(refused)) == (403, "DocumentReference.securityLabel")
    late = clock.now() + timedelta(days=31)
    monkeypatch.setattr(clock, "now", lambda: late)
    for who in (Role.SPECIALIST, Role.LABORATORY):
        refused = await patch(desk, f"DocumentReference/{person.document}", who, hidden)
        assert (refused.status_code, fault_of(refused)) == (422, "DocumentReference.securityLabel")
    assert (await desk.get(f"DocumentReference/{person.document}", person.patient)).status_code == 200


async def test_a_document_hidden_late_is_released_a_month_after_its_deposit(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    start = clock.now()
    for day, steps in ((20, 0), (21, 1), (31, 1)):
        moment = start + timedelta(days=day)
        monkeypatch.setattr(clock, "now", lambda moment=moment: moment)
        if day == 20:
            path = f"DocumentReference/{person.document}"
            assert (await patch(person.desk, path, Role.SPECIALIST, json_label("INVISIBLE_PATIENT"))).status_code == 200
        else:
            assert await keep_calendar(person.desk.service.door, moment) == steps
    assert await person.is_read_by(person.patient)


@pytest.mark.parametrize(
    "change",
    [json_status("entered-in-error"), json_status("superseded"), fhirpath("DocumentReference.status", valueCode="entered-in-error")],
)
async def test_only_its_author_takes_a_document_back(person: Person, change: tuple[str, Any]) -> None:
    path = f"DocumentReference/{person.document}"
    for who in (person.patient, Role.SPECIALIST):
        refused = await patch(person.desk, path, who, change)
        assert (refused.status_code, fault_of(refused)) == (403, "DocumentReference.status")
        assert (await person.desk.lines())[-1] == ("document:change", "refused", "not-author")
    assert (await patch(person.desk, path, Role.HOSPITAL, change)).status_code == 404
    taken = await patch(person.desk, path, Role.LABORATORY, change)
    assert (taken.status_code, taken.json()["status"]) == (200, "entered-in-error")
    assert (await person.desk.lines())[-1][:2] == ("document:withdraw", "done")
    for who in (person.patient, Role.SPECIALIST, Role.LABORATORY):
        assert not await person.is_read_by(who)


async def test_a_submission_set_goes_with_the_last_of_its_documents(person: Person) -> None:
    desk, patient = person.desk, person.patient
    answer = await desk.post("", Role.LABORATORY, a_bundle(a_cda(), a_cda()))
    documents = [one["response"]["location"] for one in answer.json()["entry"] if "DocumentReference" in one["response"]["location"]]
    (several,) = [
        one
        for one in ids_of(await desk.get(f"List?patient={patient}", patient))
        if len((await desk.get(f"List/{one}", patient)).json()["entry"]) == 2
    ]
    for document, left in zip(documents, (200, 404), strict=True):
        path = "DocumentReference/" + re.findall(r"DocumentReference/([0-9a-f-]{36})", document)[0]
        assert (await patch(desk, path, Role.LABORATORY, json_status("entered-in-error"))).status_code == 200
        for who in (patient, Role.SPECIALIST, Role.LABORATORY):
            assert (await desk.get(f"List/{several}", who)).status_code == left
            assert (several in ids_of(await desk.get(f"List?patient={patient}", who))) == (left == 200)


async def test_a_document_is_taken_back_by_delete_too(person: Person) -> None:
    path = f"/fhir/DocumentReference/{person.document}"
    for who, status in ((person.patient, 403), (Role.NURSE, 404), (Role.LABORATORY, 204), (Role.LABORATORY, 404)):
        assert (await person.desk.client.delete(path, headers=person.desk.of(who))).status_code == status
    assert not await person.is_read_by(person.patient)


@pytest.mark.parametrize("form", [json_archive, fhirpath_archive])
async def test_archiving_and_back(person: Person, form: Any) -> None:
    path = f"DocumentReference/{person.document}"
    for archived in (True, False, True):
        answer = await patch(person.desk, path, person.patient, form(archived))
        assert answer.status_code == 200, answer.text
        assert [one["valueBoolean"] for one in answer.json()["extension"] if one["url"] == ARCHIVED] == [archived]
        found = await person.desk.get(f"DocumentReference?patient={person.patient}&isArchived={str(archived).lower()}", Role.SPECIALIST)
        assert ids_of(found) == [person.document]


async def test_an_archived_document_is_shown_to_professionals_who_ask_for_it(person: Person) -> None:
    other = (await person.desk.deposit())["id"]
    await patch(person.desk, f"DocumentReference/{person.document}", person.patient, json_archive(True))
    unique = (await person.desk.get(f"DocumentReference/{person.document}", Role.SPECIALIST)).json()["masterIdentifier"]["value"]
    every = f"DocumentReference?patient={person.patient}&status=current"
    asked = {
        "": {other},
        "&isArchived=true": {person.document},
        "&isArchived=false": {other},
        "&isArchived=true,false": {other, person.document},
        f"&identifier={unique}": {person.document},
    }
    for question, found in asked.items():
        assert set(ids_of(await person.desk.get(every + question, Role.SPECIALIST))) == found, question
    assert (await person.desk.get(f"{every}&_summary=count", Role.SPECIALIST)).json()["total"] == 1
    for who in (person.patient, Role.LABORATORY):
        assert set(ids_of(await person.desk.get(every, who))) == {other, person.document}
        assert ids_of(await person.desk.get(f"{every}&isArchived=false", who)) == [other]


@pytest.mark.parametrize("path", ["/description", "/type/text", "/subject/display"])
async def test_no_other_element_can_be_changed(person: Person, path: str) -> None:
    change = JSON_PATCH, [{"op": "add", "path": path, "value": "something"}]
    answer = await patch(person.desk, f"DocumentReference/{person.document}", Role.LABORATORY, change)
    assert answer.status_code == 405, answer.text


async def test_a_document_is_named_by_its_identifier(person: Person) -> None:
    unique = (await person.desk.get(f"DocumentReference/{person.document}", person.patient)).json()["masterIdentifier"]
    named = f"DocumentReference?identifier={unique['system']}|{unique['value']}"
    for path in (named, f"{named}&patient=Patient/{person.patient}", f"DocumentReference?identifier={unique['value']}"):
        assert labels_in(await patch(person.desk, path, person.patient, json_label("MASQUE_PS")))[-1] == "MASQUE_PS"
        assert labels_in(await patch(person.desk, path, person.patient, json_label("N"))) == ["N"]
        assert (await patch(person.desk, path, Role.NURSE, json_label("N"))).status_code == 404
    absent = await patch(person.desk, "DocumentReference?identifier=urn:ietf:rfc:3986|urn:oid:1.2.3", person.patient, json_label("N"))
    assert absent.status_code == 404


async def test_a_changed_document_needs_its_version_when_it_is_asked_for(person: Person) -> None:
    path = f"DocumentReference/{person.document}"
    answers = [await patch(person.desk, path, person.patient, json_label(code), **{"if-match": 'W/"1"'}) for code in ("MASQUE_PS", "N")]
    assert [answer.status_code for answer in answers] == [200, 412]


async def test_what_brought_a_document_is_hidden_with_it_and_shown_with_it(desk: Desk) -> None:
    patient = await a_citizen(desk.service)
    await authorised(desk.service, patient, Role.SPECIALIST)
    made = await desk.post("", Role.LABORATORY, a_bundle(a_cda(), a_cda()))
    submission, document = [entry["response"]["location"].split("/fhir/")[1].split("/")[1] for entry in made.json()["entry"][:2]]
    for code, status in (("MASQUE_PS", 404), ("N", 200)):
        await patch(desk, f"DocumentReference/{document}", patient, json_label(code))
        assert (await desk.get(f"List/{submission}", Role.SPECIALIST)).status_code == status
        assert len(ids_of(await desk.get(f"List?patient={patient}", Role.SPECIALIST))) == (status == 200)


async def test_while_all_is_masked_by_default_one_document_can_be_shown(person: Person) -> None:
    path = f"DocumentReference/{person.document}"
    await person.chooses(MASKED_BY_DEFAULT)
    assert not await person.is_read_by(Role.SPECIALIST)
    await patch(person.desk, path, person.patient, json_label("N"))
    assert await person.is_read_by(Role.SPECIALIST)
    await patch(person.desk, path, person.patient, json_label("MASQUE_PS"))
    assert not await person.is_read_by(Role.SPECIALIST)


async def test_a_carerless_stranger_and_the_blocked_change_nothing(person: Person) -> None:
    path = f"DocumentReference/{person.document}"
    await person.chooses(a_consent("deny", professional(Role.SPECIALIST)))
    other = await a_citizen(person.desk.service, 2)
    for who in (Role.SPECIALIST, Role.NURSE, Role.HOSPITAL, Role.AGENCY, other):
        assert (await patch(person.desk, path, who, json_label("MASQUE_PS"))).status_code == 404


async def test_the_treating_doctor_masks_and_shows_on_request(person: Person) -> None:
    await treated(person.desk.service, person.patient)
    path = f"DocumentReference/{person.document}"
    assert labels_in(await patch(person.desk, path, Role.TREATING_DOCTOR, json_label("MASQUE_PS")))[-1] == "MASQUE_PS"
    assert labels_in(await patch(person.desk, path, Role.TREATING_DOCTOR, json_label("N"))) == ["N"]


async def test_a_document_that_is_hidden_cannot_be_changed_by_whom_it_is_hidden_from(desk: Desk) -> None:
    patient = await a_citizen(desk.service)
    await authorised(desk.service, patient, Role.SPECIALIST)
    document = (await desk.deposit(securityLabel=labelled("MASQUE_PS")))["id"]
    assert (await patch(desk, f"DocumentReference/{document}", Role.SPECIALIST, json_label("N"))).status_code == 404


async def test_the_proof_of_a_change_is_kept_from_whom_the_document_is_kept_from(person: Person) -> None:
    path = f"DocumentReference/{person.document}"
    await patch(person.desk, path, Role.LABORATORY, json_label("INVISIBLE_PATIENT"))
    assert ids_of(await person.desk.get(f"Provenance?patient={person.patient}&target={path}", person.patient)) == []
    assert person.document not in (await person.desk.get(f"Provenance?patient={person.patient}", person.patient)).text


@pytest.mark.parametrize("masker", ["citizen", Role.TREATING_DOCTOR, Role.SPECIALIST])
async def test_who_brought_a_document_never_undoes_the_citizens_mask(person: Person, masker: Any) -> None:
    await treated(person.desk.service, person.patient)
    path = f"DocumentReference/{person.document}"
    await patch(person.desk, path, person.patient if masker == "citizen" else masker, json_label("MASQUE_PS"))
    refused = await patch(person.desk, path, Role.LABORATORY, json_label("N"))
    assert (refused.status_code, fault_of(refused)) == (403, "DocumentReference.securityLabel")
    assert (await person.desk.lines())[-1][:2] == ("document:change", "refused")
    assert not await person.is_read_by(Role.NURSE)
    assert (await patch(person.desk, path, Role.LABORATORY, json_archive(True))).status_code == 200
    assert labels_in(await patch(person.desk, path, person.patient, json_label("N"))) == ["N"]


async def test_who_masked_at_the_deposit_takes_that_mask_away_until_the_citizen_makes_it_theirs(desk: Desk) -> None:
    patient = await a_citizen(desk.service)
    path = f"DocumentReference/{(await desk.deposit(securityLabel=labelled('MASQUE_PS')))['id']}"
    assert labels_in(await patch(desk, path, Role.LABORATORY, json_label("N"))) == []
    assert labels_in(await patch(desk, path, Role.LABORATORY, json_label("MASQUE_PS"))) == ["MASQUE_PS"]
    assert (await patch(desk, path, patient, json_label("MASQUE_PS"))).status_code == 200
    assert (await patch(desk, path, Role.LABORATORY, json_label("N"))).status_code == 403


async def test_nobody_says_by_a_patch_whose_a_mask_is(person: Person) -> None:
    path = f"DocumentReference/{person.document}"
    await patch(person.desk, path, person.patient, json_label("MASQUE_PS"))
    forged = [{"op": "add", "path": "/extension/-", "value": {"url": "urn:healthspace:masked-by-depositor", "valueBoolean": True}}]
    await patch(person.desk, path, Role.LABORATORY, (JSON_PATCH, forged))
    assert (await patch(person.desk, path, Role.LABORATORY, json_label("N"))).status_code == 403


async def test_a_new_version_is_masked_as_the_citizen_masked_the_old_one(desk: Desk) -> None:
    patient, root = await a_citizen(desk.service), a_root()
    old = await desk.deposit(a_cda(root=root))
    await patch(desk, f"DocumentReference/{old['id']}", patient, json_label("MASQUE_PS"))
    path = f"DocumentReference/{(await desk.deposit(a_cda(replaces=root)))['id']}"
    assert labels_in(await desk.get(path, patient)) == ["N", "MASQUE_PS"]
    assert (await patch(desk, path, Role.LABORATORY, json_label("N"))).status_code == 403


@pytest.mark.parametrize("form", [json_label, fhirpath_label])
async def test_a_label_that_does_not_exist_is_refused_and_shows_nothing(person: Person, form: Any) -> None:
    path = f"DocumentReference/{person.document}"
    assert (await patch(person.desk, path, person.patient, form("MASQUE_PS"))).status_code == 200
    answer = await patch(person.desk, path, person.patient, form("MASQUE_P"))
    assert (answer.status_code, fault_of(answer)) == (422, "DocumentReference.securityLabel[0]")
    assert not await person.is_read_by(Role.SPECIALIST)


async def test_a_label_that_was_stored_before_such_were_refused_hinders_no_mask(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as earlier:
        earlier.setattr(deposit, "refuse_unknown_label", lambda _: None)
        document = (await person.desk.deposit(a_cda(root=a_root()), securityLabel=labelled("MASQUE")))["id"]
    change = JSON_PATCH, [{"op": "add", "path": "/securityLabel/-", "value": labelled("MASQUE_PS")[0]}]
    assert "MASQUE_PS" in labels_in(await patch(person.desk, f"DocumentReference/{document}", person.patient, change))


async def test_a_document_with_a_label_that_does_not_exist_is_refused_and_nothing_is_stored(desk: Desk) -> None:
    await a_citizen(desk.service)
    before = await desk.stored()
    answer = await desk.post("DocumentReference", Role.LABORATORY, a_reference(a_cda(), securityLabel=labelled("MASQUE")))
    assert (answer.status_code, fault_of(answer)) == (422, "DocumentReference.securityLabel[0]")
    assert await desk.stored() == before
