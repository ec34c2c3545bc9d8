"""Nothing leaks: a record answers as if what is hidden from a caller were not there, and takes as long to say so."""

import json
import re
from typing import Any
from uuid import UUID, uuid4

import pytest

from healthspace.access.facts import Fact, keep_fact
from healthspace.access.terms import Tie
from healthspace.base.ids import new_id, new_owner
from healthspace.edge.portal.session import SESSION
from healthspace.identity.personas import Role
from healthspace.record.spaces import owner_of_patient
from tests.clinical_documents import a_clinical_document, a_result, a_vaccination, an_allergy
from tests.documents import JPEG, a_cda, a_reference, a_root, labelled, of_type, query_by_ins
from tests.edge.adversary import ALWAYS, ask_everything, nothing_in, target_of, work_of
from tests.edge.conversation import FHIR, Desk, binary_of
from tests.edge.pages import HERE
from tests.edge.test_carers import an_invitation, answers
from tests.edge.test_controls import Person
from tests.edge.test_notifications import work
from tests.harness import a_citizen, authorised, token_of

LABELS = {"holder": "INVISIBLE_PATIENT", "parent": "INVISIBLE_REPRESENTANTS_LEGAUX", "carer": "INVISIBLE_REPRESENTANTS_LEGAUX"}
ADVERSARIES = ("holder", "parent", "carer", "specialist", "nurse", "stranger", "citizen")
JSON_PATCH = {"content-type": "application/json-patch+json"}
CONTRARY = [{"op": "test", "path": "/status", "value": "preliminary"}]
DESCRIBED = [{"op": "add", "path": "/description", "value": "x"}]
MASKED = [{"op": "add", "path": "/securityLabel/-", "value": {"coding": [{"code": "MASQUE_PS"}]}}]
GONE = [{"op": "replace", "path": "/status", "value": "entered-in-error"}]


async def set_up(desk: Desk, case: str) -> tuple[UUID, Role | UUID]:
    """A record with something in it that everybody sees who may; and who attacks it."""
    service = desk.service
    patient = await a_citizen(service)
    parent, carer, other = [await a_citizen(service, number) for number in (2, 3, 4)]
    async with service.door.database.transaction() as tx:
        fact = Fact(Tie.REPRESENTATIVE, f"patient|{parent}")
        await keep_fact(tx, service.door.keys, owner_of_patient(patient), uuid4(), fact)
    for role in (Role.SPECIALIST, Role.NURSE):
        await authorised(service, patient, role)
    invitation = an_invitation(Person(desk, patient, ""), 3, "FEED")
    await answers(desk, (await desk.post("RelatedPerson", patient, invitation)).json()["id"], carer)
    await desk.deposit(a_clinical_document(a_result(value=5.0)), media_type="application/fhir+json")
    await desk.deposit(a_cda())
    await work(service)
    callers = {"holder": patient, "parent": parent, "carer": carer, "citizen": other}
    professionals = {"specialist": Role.SPECIALIST, "nurse": Role.NURSE, "stranger": Role.DENTIST, "structure": Role.HOSPITAL}
    return patient, {**callers, **professionals}[case]


@pytest.mark.parametrize("case", ADVERSARIES)
async def test_no_answer_tells_that_a_hidden_document_came_was_read_and_was_told(desk: Desk, case: str) -> None:
    patient, who = await set_up(desk, case)
    nothing = nothing_in(patient)
    await ask_everything(desk, who, nothing, own=case == "holder")  # first accesses are told once
    await work(desk.service)
    before = await ask_everything(desk, who, nothing, own=case == "holder")
    said = a_clinical_document(a_result(value=9.9), an_allergy(), a_vaccination())
    kept = await desk.deposit(said, media_type="application/fhir+json", securityLabel=labelled(LABELS.get(case, "MASQUE_PS")))
    reader = Role.SPECIALIST if case in {"holder", "parent"} else patient
    for path in (f"DocumentReference/{kept['id']}", binary_of(kept)):
        assert (await desk.get(path, reader)).status_code == 200
    await work(desk.service)
    after = await ask_everything(desk, who, target_of(patient, kept), own=case == "holder")
    assert len(before) > 70
    for path, answer in before.items():
        assert after[path] == answer, path


@pytest.mark.parametrize("case", [*ADVERSARIES, "structure"])
async def test_what_is_done_to_a_hidden_document_is_answered_as_to_none_and_is_as_much_work(desk: Desk, case: str) -> None:
    patient, who = await set_up(desk, case)
    kept = await desk.deposit(securityLabel=labelled(LABELS.get(case, "MASQUE_PS")))
    for name, method, path, sent in attempts(case, patient, desk, who):
        seen = []
        for target in (nothing_in(patient), target_of(patient, kept)):
            answer, statements = await work_of(desk, method, target.asked(path), **sent)
            body = target.unnamed(re.sub(r'"(timestamp|lastUpdated)":"[^"]*"', "", answer.text))
            headers = [pair for pair in sorted(answer.headers.items()) if pair[0] != "last-modified"]
            # Of a Binary that is not there the history is asked, of one that is its document: as many, not the same.
            seen.append((answer.status_code, body, headers, len(statements) if name == "bytes" else statements))
        assert seen[0][0] in {404, 405, 400, 303, 200}, name
        assert seen[0] == seen[1], name


@pytest.mark.parametrize("case", [*ADVERSARIES, "structure"])
async def test_the_trail_tells_whoever_tried_no_more_of_a_hidden_document_than_of_none(desk: Desk, case: str) -> None:
    patient, who = await set_up(desk, case)
    kept = await desk.deposit(securityLabel=labelled(LABELS.get(case, "MASQUE_PS")))
    told = []
    for target in (nothing_in(patient), target_of(patient, kept)):
        known = await trail_of(desk, who, patient)
        for _, method, path, sent in attempts(case, patient, desk, who):
            await desk.client.request(method, target.asked(path), **sent)
        found = await trail_of(desk, who, patient)
        told.append(sorted(line for identifier, line in found.items() if identifier not in known))
    assert told[0] == told[1]
    assert bool(told[0]) == (case not in {"carer", "citizen"})


async def test_the_trail_tells_its_reader_no_more_of_what_is_hidden_from_them_when_others_try_to_read_it(desk: Desk) -> None:
    patient, carer = await set_up(desk, "carer")
    kept = await desk.deposit(securityLabel=labelled("INVISIBLE_PATIENT"))
    told = []
    for target in (nothing_in(patient), target_of(patient, kept)):
        known = await trail_of(desk, patient, patient)
        assert (await desk.get(f"DocumentReference/{target.document}", carer)).status_code == 404
        found = await trail_of(desk, patient, patient)
        told.append([line for identifier, line in found.items() if identifier not in known and "own-record" not in line])
    assert told[0] == told[1] != []


async def trail_of(desk: Desk, who: Role | UUID, patient: UUID) -> dict[str, str]:
    """What a caller reads of their own acts, by the id of the line: what was done, how it ended, why, and about what."""
    about, found = f"&patient=Patient/{patient}" if isinstance(who, UUID) else "", dict[str, str]()
    for asked in ("", "&outcome=4"):
        answer = await desk.get(f"AuditEvent?{ALWAYS}{about}{asked}", who)
        for event in (entry["resource"] for entry in answer.json().get("entry", [])):
            line = event["subtype"][0]["code"], event["outcomeDesc"], event["agent"][0]["policy"], event["entity"]
            found[event["id"] + asked] = f"{asked} {line}"
    return {name: line for name, line in found.items() if "own-acts" not in line}


def attempts(case: str, patient: UUID, desk: Desk, who: Role | UUID) -> list[tuple[str, str, str, dict[str, Any]]]:
    """Name, method, address and rest of requests about one document."""
    document, named, bearer = "/fhir/DocumentReference/{document}", "/fhir/DocumentReference?identifier={unique}", desk.of(who)
    patched = [
        (f"patch {number} of {address}", "PATCH", address, {"json": patch, "headers": {**bearer, **JSON_PATCH}})
        for number, patch in enumerate((MASKED, GONE, DESCRIBED, CONTRARY))
        for address in (document, f"{named}&patient={{p}}", named)
    ]
    other = [
        ("delete what is named", "DELETE", named, {"headers": bearer}),
        ("delete what is named in the record", "DELETE", f"{named}&patient={{p}}", {"headers": bearer}),
        ("patch another version", "PATCH", document, {"json": MASKED, "headers": {**bearer, **JSON_PATCH, "if-match": 'W/"9"'}}),
        ("delete", "DELETE", document, {"headers": bearer}),
        ("read if changed", "GET", document, {"headers": {**bearer, "if-none-match": 'W/"1"'}}),
        ("read a version", "GET", f"{document}/_history/1", {"headers": bearer}),
        ("history", "GET", f"{document}/_history", {"headers": bearer}),
        ("head", "HEAD", document, {"headers": bearer}),
        ("meta", "GET", f"{document}/$meta", {"headers": bearer}),
        ("bytes", "GET", "/fhir/Binary/{binary}", {"headers": {**bearer, "accept": "*/*"}}),
    ]
    prefix = "" if case == "holder" else f"/patients/{patient}"
    cookie = {"cookie": f"{SESSION}={token_of(desk.service, who)}", **HERE}
    pages = [
        (f"page {change}", method, f"{prefix}/documents/{{document}}/change/{change}", {"headers": cookie})
        for change in ("hide", "show", "delete", "secret")
        for method in ("GET", "POST")
    ]
    return [*patched, *other, *pages]


@pytest.mark.parametrize(
    "path",
    [
        "DocumentReference/{document}",
        "Binary/{document}",
        "DocumentReference?patient={patient}",
        "DocumentReference?patient.identifier={ins}",
        "List?patient={patient}",
        "Observation?patient={patient}",
        "Patient/{patient}",
        "Patient/{patient}/$everything",
        "Patient/{patient}/$summary",
        "Patient/{patient}/Observation",
        "Patient/{patient}/$preview-access?professional=81000000029",
        "DocumentReference/{document}/_history",
        "AuditEvent?patient={patient}&date=ge2020-01-01&date=le2099-01-01",
        "Consent?patient={patient}",
    ],
)
@pytest.mark.parametrize("case", ["stranger", "citizen"])
async def test_a_record_that_is_refused_is_as_much_work_as_none(desk: Desk, case: str, path: str) -> None:
    patient, who = await set_up(desk, case)
    kept = await desk.deposit()
    if path.startswith(("Consent", "AuditEvent")) and case == "stranger":
        return  # whether there is a record is no secret to professionals (TD02), who read there what names them, and what they did
    nowhere = new_id(new_owner())
    there = {"document": kept["id"], "patient": patient, "ins": query_by_ins(1)}
    absent = {"document": nowhere, "patient": nowhere, "ins": query_by_ins(8)}
    counted = []
    for told in (absent, there, absent, there):
        answer, statements = await work_of(desk, "GET", f"/fhir/{path.format(**told)}", headers=desk.of(who))
        text = answer.text
        for value in (*there.values(), *absent.values()):
            text = text.replace(str(value).replace(":", "%3A").replace("|", "%7C"), "…")
        counted.append((answer.status_code, text, len(statements)))
    assert counted[2] == counted[3]


@pytest.mark.parametrize("case", ["holder", "carer", "specialist", "stranger", "structure"])
async def test_sending_again_what_is_hidden_is_answered_as_sending_it_first(desk: Desk, case: str) -> None:
    patient, who = await set_up(desk, case)
    content = a_cda(root=a_root())
    kept = await desk.deposit(content, securityLabel=labelled(LABELS.get(case, "MASQUE_PS")))
    told = [await desk.post("DocumentReference", who, a_reference(document)) for document in (a_cda(root=a_root()), content)]
    assert [answer.status_code for answer in told] == [201, 201]
    first, again = (answer.json() for answer in told)
    assert first.keys() == again.keys()
    for name in ("securityLabel", "extension", "status", "author", "custodian", "type", "category"):
        assert first.get(name) == again.get(name), name
    shown = (await desk.get(f"DocumentReference?patient={patient}&_id={kept['id']}", who)).json()
    assert shown["total"] == 0
    found = await desk.get(f"DocumentReference?patient={patient}&identifier={kept['masterIdentifier']['value']}", Role.LABORATORY)
    assert found.json()["total"] == 1, "it is kept once, hidden as it was"


async def test_adding_on_a_page_what_awaits_its_announcement_says_nothing_of_it(desk: Desk) -> None:
    patient = await a_citizen(desk.service)
    kept = await desk.deposit(JPEG, media_type="image/jpeg", type=of_type("18748-4"), securityLabel=labelled("INVISIBLE_PATIENT"))
    form = {"type": "DOCPAT04", "title": "Ma radio", "date": "2026-01-05"}
    cookie = {"cookie": f"{SESSION}={token_of(desk.service, patient)}", **HERE}
    added = await desk.client.post("/documents/add", data=form, files={"file": ("a.jpg", JPEG, "image/jpeg")}, headers=cookie)
    assert added.status_code == 303
    assert (await desk.client.get(added.headers["location"], headers=cookie)).status_code == 200
    assert (await desk.get(f"DocumentReference/{kept['id']}", patient)).status_code == 404


@pytest.mark.parametrize("case", ["holder", "carer", "specialist", "stranger", "structure"])
async def test_a_unique_id_that_is_taken_is_told_alike_whoever_sees_the_document_that_has_it(desk: Desk, case: str) -> None:
    patient, who = await set_up(desk, case)
    seen = []
    for label in ("N", LABELS.get(case, "MASQUE_PS")):
        root = a_root()
        kept = await desk.deposit(a_cda(root=root), securityLabel=labelled(label))
        body = json.dumps(a_reference(a_cda(root=root, words="Autre chose")))
        headers = {**desk.of(who), **FHIR}
        answer, statements = await work_of(desk, "POST", "/fhir/DocumentReference", content=body, headers=headers)
        seen.append((answer.text, sorted(answer.headers.items()), statements, (await desk.lines())[-1]))
        assert answer.status_code == 409
        assert not [word for word in (kept["id"], root, str(patient), label) if word in answer.text]
    assert seen[0] == seen[1]
    assert seen[0][3] == ("document:deposit", "rejected", "conflict")


async def test_a_page_of_everything_reads_as_often_whatever_is_hidden(desk: Desk) -> None:
    patient, who = await set_up(desk, "specialist")
    path, headers = f"/fhir/Patient/{patient}/$everything?_count=2", desk.of(who)
    await desk.deposit(a_clinical_document(), media_type="application/fhir+json")
    await work_of(desk, "GET", path, headers=headers)  # a first access is told once
    seen = []
    for hidden in (0, 3):
        for _ in range(hidden):
            await desk.deposit(a_clinical_document(), media_type="application/fhir+json", securityLabel=labelled("MASQUE_PS"))
        answer, statements = await work_of(desk, "GET", path, headers=headers)
        seen.append(([entry["resource"]["id"] for entry in answer.json()["entry"]], statements))
    assert seen[0] == seen[1]
