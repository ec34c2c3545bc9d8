"""Reading by id: versions, conditions, and the bytes of a document exactly as they came (ITI-68)."""

import base64
from uuid import UUID

import pytest

from healthspace.identity.personas import Role
from tests.documents import JPEG, PDF, a_bundle, a_cda, a_root, of_type
from tests.edge.conversation import Desk, binary_of, fault_of, ids_of


async def test_a_read_says_its_version_and_its_time(desk: Desk, patient: UUID) -> None:
    reference = await desk.deposit()
    answer = await desk.get(f"DocumentReference/{reference['id']}", patient)
    assert answer.json() == reference
    assert answer.headers["etag"] == 'W/"1"'
    assert answer.headers["last-modified"].endswith("GMT")
    assert answer.headers["content-type"] == "application/fhir+json; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"


async def test_what_did_not_change_is_not_sent_again(desk: Desk, patient: UUID) -> None:
    root = a_root()
    reference = await desk.deposit(a_cda(root=root))
    path = f"DocumentReference/{reference['id']}"
    answer = await desk.get(path, patient, **{"if-none-match": 'W/"1"'})
    assert (answer.status_code, answer.content) == (304, b"")
    await desk.deposit(a_cda(replaces=root))
    assert (await desk.get(path, patient, **{"if-none-match": 'W/"1"'})).status_code == 200


async def test_each_version_is_read_by_its_number(desk: Desk, patient: UUID) -> None:
    root = a_root()
    reference = await desk.deposit(a_cda(root=root))
    await desk.deposit(a_cda(replaces=root))
    path = f"DocumentReference/{reference['id']}/_history"
    first, second = [await desk.get(f"{path}/{version}", patient) for version in (1, 2)]
    assert (first.json()["status"], second.json()["status"]) == ("current", "superseded")
    assert (first.headers["etag"], second.headers["etag"]) == ('W/"1"', 'W/"2"')


@pytest.mark.parametrize("version", ["0", "3", "01", "-1", "x", "1.0", "9" * 5000, "١"])
async def test_a_version_that_never_was_is_absent(desk: Desk, patient: UUID, version: str) -> None:
    reference = await desk.deposit()
    assert (await desk.get(f"DocumentReference/{reference['id']}/_history/{version}", patient)).status_code == 404


async def test_submissions_and_patients_are_read_too(desk: Desk, patient: UUID) -> None:
    await desk.post("", Role.LABORATORY, a_bundle())
    [identifier] = ids_of(await desk.get("List", patient))
    assert (await desk.get(f"List/{identifier}", patient)).json()["resourceType"] == "List"
    assert (await desk.get(f"List/{identifier}/_history/1", patient)).status_code == 200
    assert (await desk.get(f"Patient/{patient}", patient)).json()["birthDate"] == "1979-03-28"
    assert (await desk.get(f"Patient/{identifier}", patient)).status_code == 404
    assert (await desk.get(f"List/{patient}", patient)).status_code == 404


@pytest.mark.parametrize("encoding", ["UTF-8", "ISO-8859-1", "windows-1252", "UTF-16"])
async def test_every_encoding_comes_back_byte_for_byte(desk: Desk, patient: UUID, encoding: str) -> None:
    content = a_cda(encoding=encoding, words="Créatinine : 71 µmol/l", title="Résultats")
    reference = await desk.deposit(content)
    assert reference["content"][0]["attachment"]["title"] == "Résultats"
    native = await desk.get(binary_of(reference), patient)
    assert native.content == content
    assert native.headers["content-type"] == "text/xml"


@pytest.mark.parametrize(("content", "media_type"), [(PDF, "application/pdf"), (JPEG, "image/jpeg")])
async def test_a_file_is_served_as_what_it_is_and_never_as_a_page(desk: Desk, patient: UUID, content: bytes, media_type: str) -> None:
    reference = await desk.deposit(content, media_type=media_type, type=of_type())
    answer = await desk.get(binary_of(reference), patient)
    assert (answer.content, answer.headers["content-type"]) == (content, media_type)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"].startswith("sandbox")
    assert answer.headers["content-disposition"] == "attachment"


@pytest.mark.parametrize("accept", ["application/fhir+json", "application/json", "application/fhir+json; fhirVersion=4.0"])
async def test_who_asks_for_fhir_gets_a_binary(desk: Desk, patient: UUID, accept: str) -> None:
    content = a_cda()
    reference = await desk.deposit(content)
    binary = (await desk.get(binary_of(reference), patient, accept=accept)).json()
    assert binary["resourceType"] == "Binary"
    assert binary_of(reference) == f"Binary/{binary['id']}"
    assert base64.b64decode(binary["data"]) == content
    assert binary["securityContext"]["reference"] == f"DocumentReference/{reference['id']}"


async def test_json_and_xml_are_spoken_and_nothing_else(desk: Desk, patient: UUID) -> None:
    answer = await desk.get(f"Patient/{patient}?_format=turtle", patient)
    assert (answer.status_code, fault_of(answer)) == (406, "http._format")
    assert (await desk.get(f"Patient/{patient}?_format=json", patient)).status_code == 200
    xml = await desk.get(f"Patient/{patient}?_format=xml", patient)
    assert xml.headers["content-type"].startswith("application/fhir+xml")
    assert f'<id value="{patient}"/>' in xml.text


@pytest.mark.parametrize("path", ["DocumentReference/1", "DocumentReference/x%00y", "Binary/" + "9" * 40, "List/%F0%9F%98%80"])
async def test_an_id_that_is_none_is_absent(desk: Desk, patient: UUID, path: str) -> None:
    assert (await desk.get(path, patient)).status_code == 404


async def test_a_document_whose_file_is_gone_is_a_failure_and_not_a_promise(desk: Desk, patient: UUID) -> None:
    reference = await desk.deposit()
    desk.service.door.blobs.delete(UUID(binary_of(reference).removeprefix("Binary/")))
    answer = await desk.get(binary_of(reference), patient)
    assert answer.status_code == 500
    assert fault_of(answer)
    assert (await desk.lines())[-1] == ("document:open", "failed", "failure")


async def test_the_statement_of_what_is_here_needs_no_token(desk: Desk) -> None:
    statement = (await desk.get("metadata", None)).json()
    told = {resource["type"]: {each["code"] for each in resource["interaction"]} for resource in statement["rest"][0]["resource"]}
    assert {"read", "vread", "create", "update", "patch", "delete", "history-instance", "search-type"} <= told["DocumentReference"]
    assert statement["fhirVersion"] == "4.0.1"
    assert await desk.lines() == []


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("PUT", "DocumentReference/1/x/y", 404),
        ("DELETE", "metadata", 405),
        ("PUT", "_history", 405),
        ("GET", "Observation/1/x/y", 404),
        ("OPTIONS", "DocumentReference", 405),
        ("PUT", "", 405),
    ],
)
async def test_what_is_nowhere_says_so_in_fhir(desk: Desk, method: str, path: str, status: int) -> None:
    answer = await desk.client.request(method, f"/fhir/{path}".rstrip("/"))
    assert answer.status_code == status
    assert fault_of(answer)


@pytest.mark.parametrize(
    ("method", "path"),
    [("PUT", "DocumentReference/1"), ("DELETE", "List/1"), ("PATCH", "Patient/1"), ("POST", "Binary"), ("POST", "Observation")],
)
async def test_who_feeds_the_record_writes_nothing_else(desk: Desk, patient: UUID, method: str, path: str) -> None:
    for who in (patient, Role.TREATING_DOCTOR, Role.LABORATORY):
        answer = await desk.client.request(method, f"/fhir/{path}", headers=desk.of(who))
        assert (answer.status_code, fault_of(answer)) == (405, "http.method")
