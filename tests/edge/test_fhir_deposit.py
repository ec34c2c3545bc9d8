"""Deposit by simplified publish (ITI-105) and by transaction Bundle (ITI-65): once, whole, and by the right hand only."""

import base64
import json
from typing import Any
from uuid import UUID, uuid4

import pytest

from healthspace.identity.personas import Role
from tests.documents import (
    JPEG,
    PDF,
    TEXT,
    a_bundle,
    a_cda,
    a_fhir_document,
    a_folder,
    a_patch,
    a_reference,
    a_root,
    of_type,
    query_by_ins,
    sha1_of,
    subject_of,
)
from tests.edge.conversation import Desk, binary_of, fault_of, refuse
from tests.harness import a_citizen, some_traits

LAB, HOSPITAL = Role.LABORATORY, Role.HOSPITAL


async def refused(desk: Desk, body: Any, status: int, path: str = "DocumentReference") -> str:
    """The place of the fault of a deposit that is refused."""
    answer = await refuse(desk, body, path)
    assert answer.status_code == status, answer.text
    return fault_of(answer)


async def test_a_document_is_published_and_described_by_itself(desk: Desk, patient: UUID) -> None:
    root, content = a_root(), None
    content = a_cda(root=root, title="Bilan")
    answer = await desk.post("DocumentReference", LAB, a_reference(content))
    reference = answer.json()
    assert answer.status_code == 201
    assert answer.headers["location"].endswith(f"/fhir/DocumentReference/{reference['id']}/_history/1")
    assert answer.headers["etag"] == 'W/"1"'
    assert reference["masterIdentifier"] == {"system": "urn:ietf:rfc:3986", "value": f"urn:oid:{root}"}
    assert reference["subject"]["reference"] == f"Patient/{patient}"
    attachment = reference["content"][0]["attachment"]
    assert (attachment["size"], attachment["hash"], attachment["title"]) == (len(content), sha1_of(content), "Bilan")
    assert "data" not in attachment
    assert reference["type"]["coding"][0]["code"] == "11502-2"
    assert (await desk.get(binary_of(reference), patient)).content == content


async def test_the_senders_words_stand_beside_what_the_document_says(desk: Desk, patient: UUID) -> None:
    reference = await desk.deposit(a_cda(), description="Envoyé par le laboratoire", securityLabel=[{"coding": [{"code": "R"}]}])
    assert reference["description"] == "Envoyé par le laboratoire"
    assert reference["securityLabel"] == [{"coding": [{"code": "R"}]}]
    assert reference["category"][0]["coding"][0]["code"] == "10"


@pytest.mark.parametrize("path", ["DocumentReference", ""])
async def test_the_same_document_again_is_recognised(desk: Desk, patient: UUID, path: str) -> None:
    content = a_cda()
    first = await desk.deposit(content)
    before = await desk.stored()
    again = await desk.post(path, LAB, a_reference(content) if path else a_bundle(content))
    assert again.status_code == 200
    assert first["id"] in again.text
    assert await desk.stored() == before


async def test_the_capitals_of_an_identifier_make_no_second_document(desk: Desk, patient: UUID) -> None:
    root = str(uuid4())
    content = a_cda(root=root.upper())
    said = {"masterIdentifier": {"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{root.upper()}"}}
    first = await desk.deposit(content, **said)
    again = await desk.post("DocumentReference", LAB, a_reference(content))
    assert (again.status_code, again.json()["id"]) == (200, first["id"])


@pytest.mark.parametrize("path", ["DocumentReference", ""])
async def test_the_same_unique_id_with_other_bytes_is_a_conflict(desk: Desk, patient: UUID, path: str) -> None:
    root = a_root()
    await desk.deposit(a_cda(root=root))
    other = a_cda(root=root, words="Autre chose")
    place = await refused(desk, a_reference(other) if path else a_bundle(other), 409, path)
    assert place == "DocumentReference.masterIdentifier"


async def test_the_same_document_of_two_citizens_is_two_documents(desk: Desk, patient: UUID) -> None:
    await a_citizen(desk.service, 2)
    root = a_root()
    one, other = await desk.deposit(a_cda(root=root)), await desk.deposit(a_cda(2, root=root), number=2)
    assert one["id"] != other["id"]


@pytest.mark.parametrize(("content", "media_type"), [(PDF, "application/pdf"), (JPEG, "image/jpeg"), (TEXT, "text/plain")])
async def test_a_document_that_cannot_speak_is_described_by_its_sender(desk: Desk, patient: UUID, content: bytes, media_type: str) -> None:
    reference = await desk.deposit(content, media_type=media_type, type=of_type())
    assert reference["category"][0]["coding"][0]["code"] == "11"
    assert reference["content"][0]["format"]["code"]
    assert reference["masterIdentifier"]["value"].startswith("urn:uuid:")
    native = await desk.get(binary_of(reference), patient)
    assert (native.content, native.headers["content-type"]) == (content, media_type)
    again = await desk.post("DocumentReference", LAB, a_reference(content, media_type=media_type, type=of_type()))
    assert (again.status_code, again.json()["id"]) == (200, reference["id"])


async def test_a_fhir_document_describes_itself(desk: Desk, patient: UUID) -> None:
    content = json.dumps(a_fhir_document()).encode()
    reference = await desk.deposit(content, media_type="application/fhir+json")
    assert reference["type"]["coding"][0]["code"] == "60591-5"
    assert (await desk.get(binary_of(reference), patient)).content == content


async def test_an_identifier_of_any_system_is_recognised(desk: Desk, patient: UUID) -> None:
    document = {**a_fhir_document(), "identifier": {"system": "https://a-hospital.example", "value": "letter-12"}}
    content = json.dumps(document).encode()
    first = await desk.deposit(content, media_type="application/fhir+json")
    again = await desk.post("DocumentReference", LAB, a_reference(content, media_type="application/fhir+json"))
    assert (again.status_code, again.json()["id"]) == (200, first["id"])


@pytest.mark.parametrize(
    "subject",
    [
        {"reference": f"Patient?identifier=urn:oid:{some_traits().ins.system}|{some_traits().ins.value}"},
        {"reference": f"Patient?identifier=urn%3Aoid%3A{some_traits().ins.system}%7C{some_traits().ins.value}"},
        {"identifier": {"system": some_traits().ins.system, "value": some_traits().ins.value}},
        {"reference": "#p"},
    ],
)
async def test_the_patient_may_be_named_in_each_way_of_the_guides(desk: Desk, patient: UUID, subject: dict[str, Any]) -> None:
    identifiers = [{"system": "urn:oid:1.2.3", "value": "an internal number"}, subject_of()["identifier"]]
    contained = [{"resourceType": "Patient", "id": "p", "identifier": identifiers}]
    reference = await desk.deposit(PDF, media_type="application/pdf", type=of_type(), subject=subject, contained=contained)
    assert reference["subject"]["reference"] == f"Patient/{patient}"


async def test_the_patient_may_be_named_by_our_own_id(desk: Desk, patient: UUID) -> None:
    assert await desk.deposit(subject={"reference": f"Patient/{patient}"})


async def test_minimal_is_answered_without_a_body(desk: Desk, patient: UUID) -> None:
    answer = await desk.post("DocumentReference", LAB, a_reference(), prefer="return=minimal")
    assert (answer.status_code, answer.content) == (201, b"")
    assert answer.headers["location"]


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"ins": some_traits(2).ins.value}, "DocumentReference.subject"),
        ({"birth": "19800101"}, "ClinicalDocument/recordTarget/patientRole"),
        ({"birth": "1980"}, "ClinicalDocument/recordTarget/patientRole"),
        ({"sex": "M"}, "ClinicalDocument/recordTarget/patientRole"),
        ({"family": "MARTIN"}, "ClinicalDocument/recordTarget/patientRole"),
    ],
)
async def test_a_document_about_somebody_else_is_refused(desk: Desk, patient: UUID, changes: dict[str, str], place: str) -> None:
    assert await refused(desk, a_reference(a_cda(**changes)), 422) == place


@pytest.mark.parametrize("birth", ["1979", "197903"])
async def test_a_birth_date_that_says_less_does_not_make_another_person(desk: Desk, patient: UUID, birth: str) -> None:
    assert (await desk.post("DocumentReference", LAB, a_reference(a_cda(birth=birth)))).status_code == 201


async def test_a_document_of_another_citizen_is_refused_however_its_record_is_named(desk: Desk, patient: UUID) -> None:
    await a_citizen(desk.service, 2)
    named = {"reference": f"Patient/{patient}"}
    wrong = "ClinicalDocument/recordTarget/patientRole"
    assert await refused(desk, a_reference(a_cda(2), subject=named), 422) == wrong
    pdf = {"content": PDF, "media_type": "application/pdf", "type": of_type()}
    assert await refused(desk, a_reference(**pdf, subject={**named, **subject_of(2)}), 422) == wrong
    two = {"reference": f"Patient?identifier={query_by_ins()}", **subject_of(2)}
    assert await refused(desk, a_reference(**pdf, subject=two), 422) == "DocumentReference.subject"


@pytest.mark.parametrize("where", ["submission set", "second document", "folder"])
async def test_a_submission_about_two_citizens_is_refused(desk: Desk, patient: UUID, where: str) -> None:
    await a_citizen(desk.service, 2)
    bundle = a_bundle(a_cda(), a_cda(2), references=[{}, subject_and(2)]) if where == "second document" else a_bundle()
    if where == "submission set":
        bundle["entry"][0]["resource"]["subject"] = subject_of(2)
    if where == "folder":
        bundle["entry"].append(a_folder(2))
    assert await refused(desk, bundle, 422, "") == "Bundle.entry"


def subject_and(number: int) -> dict[str, Any]:
    return {"subject": subject_of(number)}


@pytest.mark.parametrize(
    ("attachment", "place"),
    [({"size": 12}, "size"), ({"hash": "aGVsbG8="}, "hash"), ({"contentType": "application/pdf"}, "contentType"), ({"data": "@@"}, "data")],
)
async def test_facts_that_are_not_those_of_the_document_are_refused(
    desk: Desk, patient: UUID, attachment: dict[str, Any], place: str
) -> None:
    reference = a_reference()
    reference["content"][0]["attachment"] |= attachment
    assert await refused(desk, reference, 422) == f"DocumentReference.content[0].attachment.{place}"


async def test_the_right_size_and_hash_are_accepted_in_both_spellings(desk: Desk, patient: UUID) -> None:
    for form in (sha1_of, lambda content: base64.b64encode(base64.b64decode(sha1_of(content)).hex().encode()).decode()):
        content = a_cda()
        reference = a_reference(content)
        reference["content"][0]["attachment"] |= {"size": len(content), "hash": form(content), "contentType": "Text/XML; charset=utf-8"}
        answer = await desk.post("DocumentReference", LAB, reference)
        assert answer.json()["content"][0]["attachment"]["hash"] == sha1_of(content)


async def test_a_submission_keeps_its_documents_its_set_and_its_folder(desk: Desk, patient: UUID) -> None:
    bundle = a_bundle(a_cda(), a_cda(), a_cda())
    bundle["entry"].append(a_folder(1, 3))
    answer = await desk.post("", LAB, bundle)
    entries = answer.json()["entry"]
    assert (answer.status_code, answer.json()["type"], len(entries)) == (200, "transaction-response", len(bundle["entry"]))
    assert all(entry["response"]["status"] == "201 Created" for entry in entries)
    kinds = [entry["response"]["location"].split("/fhir/")[1].split("/")[0] for entry in entries]
    assert kinds == ["List", *["DocumentReference", "Binary"] * 3, "List"]
    documents = [
        kind.split("/fhir/")[1].split("/_history")[0] for kind in (entry["response"]["location"] for entry in entries) if "Document" in kind
    ]
    for position in (0, -1):
        kept = (await desk.get(entries[position]["response"]["location"].split("/fhir/")[1], patient)).json()
        assert [item["item"]["reference"] for item in kept["entry"]] == documents
        assert kept["subject"]["reference"] == f"Patient/{patient}"


async def test_one_bad_document_stores_none(desk: Desk, patient: UUID) -> None:
    root = a_root()
    await desk.deposit(a_cda(root=root))
    bad = [a_cda(root=root, words="Autre"), a_cda(family="MARTIN"), a_cda()[:-40], b"\x00\x01"]
    for content in bad:
        before, lines = await desk.stored(), len(await desk.lines())
        answer = await desk.post("", LAB, a_bundle(a_cda(), content, a_cda()))
        assert answer.status_code in {400, 409, 415, 422}
        assert (await desk.stored(), len(await desk.lines())) == (before, lines + 1)
        assert fault_of(answer)


@pytest.mark.parametrize(
    "patch",
    [
        lambda named: a_patch(named, value="entered-in-error"),
        lambda named: a_patch(named, path="DocumentReference.subject"),
        lambda named: {**a_patch(named), "request": {"method": "PATCH", "url": "Patient/1"}},
        lambda named: {**a_patch(named), "request": {"method": "PATCH", "url": "DocumentReference/x"}},
        lambda named: {**a_patch(named), "resource": {"resourceType": "Parameters"}},
        lambda named: {**a_patch(named), "resource": {"resourceType": "Parameters", "parameter": [{"name": "operation"}] * 2}},
        lambda named: {**a_patch(named), "request": {"method": "DELETE", "url": f"DocumentReference/{named}"}},
        lambda named: {**a_patch(named), "request": {"method": "PUT", "url": f"DocumentReference/{named}"}},
    ],
)
async def test_nothing_but_the_status_is_patched(desk: Desk, patient: UUID, patch: Any) -> None:
    old = await desk.deposit()
    bundle = a_bundle()
    bundle["entry"].append(patch(old["id"]))
    assert (await refused(desk, bundle, 422, "")).startswith("Bundle.entry[3].")


async def test_every_part_of_a_submission_has_its_place(desk: Desk, patient: UUID) -> None:
    def changed(change: Any) -> dict[str, Any]:
        bundle = a_bundle(a_cda(), a_cda())
        change(bundle["entry"])
        return bundle

    cases = {
        "without a set": lambda entries: entries.pop(0),
        "with two sets": lambda entries: entries.append({**entries[0], "fullUrl": "urn:uuid:other"}),
        "without a document": lambda entries: [entries.pop() for _ in range(4)],
        "with a lone Binary": lambda entries: entries.append({**entries[2], "fullUrl": "urn:uuid:other"}),
        "with one name for two": lambda entries: entries.append(entries[2]),
        "with a shared Binary": lambda entries: entries[3]["resource"]["content"][0]["attachment"].update(url="urn:uuid:binary-0"),
        "with a missing Binary": lambda entries: entries.pop(2),
        "with a strange List": lambda entries: entries[0]["resource"]["code"].update(coding=[{"code": "x"}]),
        "with a strange resource": lambda entries: entries.append(
            {"resource": {"resourceType": "Observation"}, "request": {"method": "POST"}}
        ),
        "empty": lambda entries: entries.clear(),
        "endless": lambda entries: entries.extend([entries[0]] * 300),
        "with a position of ours": lambda entries: entries.append(a_folder_of("#0")),
        "with a name of nothing": lambda entries: entries.append(a_folder_of("#x")),
    }
    for name, change in cases.items():
        assert (await refused(desk, changed(change), 422, "")).startswith("Bundle."), name


def a_folder_of(reference: str) -> dict[str, Any]:
    folder = a_folder()
    folder["resource"]["entry"] = [{"item": {"reference": reference}}]
    return folder


async def test_a_bundle_of_another_type_is_refused(desk: Desk, patient: UUID) -> None:
    assert await refused(desk, {**a_bundle(), "type": "batch"}, 422, "") == "Bundle.type"
    assert await refused(desk, a_reference(), 422, "") == "Bundle.type"
    assert await refused(desk, a_bundle(), 422) == "DocumentReference.resourceType"


@pytest.mark.parametrize("who", [Role.AGENCY, "another citizen"])
async def test_who_may_not_feed_and_what_does_not_exist_read_alike(desk: Desk, patient: UUID, who: Role | str) -> None:
    asking: Any = await a_citizen(desk.service, 2) if isinstance(who, str) else who
    there, nowhere = [await desk.post("DocumentReference", asking, a_reference(a_cda(number), number=number)) for number in (1, 9)]
    assert (there.status_code, there.content) == (nowhere.status_code, nowhere.content)
    assert there.status_code == 404


async def test_a_citizen_brings_a_document_of_their_own(desk: Desk, patient: UUID) -> None:
    reference = await desk.deposit(PDF, who=patient, media_type="application/pdf", type=of_type())
    assert reference["extension"][-1]["valueReference"]["reference"] == f"Patient/{patient}"


async def test_nobody_signs_for_another_depositor(desk: Desk, patient: UUID) -> None:
    forged = [
        {
            "url": "urn:healthspace:depositor",
            "valueReference": {"identifier": {"system": "https://finess.esante.gouv.fr", "value": "990000060"}},
        }
    ]
    reference = await desk.deposit(extension=forged)
    depositors = [each for each in reference["extension"] if each["url"] == "urn:healthspace:depositor"]
    assert [each["valueReference"]["identifier"]["value"] for each in depositors] == ["990000052"]
    assert (await desk.get(f"DocumentReference/{reference['id']}", HOSPITAL)).status_code == 404
