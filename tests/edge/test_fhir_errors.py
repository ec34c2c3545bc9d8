"""Hostile and broken input: always a clear 4xx that names the place, nothing stored, one line of the trail."""

import base64
import json
from typing import Any
from uuid import UUID

import httpx
import pytest

from healthspace.identity.personas import Role
from tests.documents import JPEG, PDF, a_bundle, a_cda, a_fhir_document, a_reference, of_type
from tests.edge.conversation import FHIR, Desk, fault_of, refuse

LAB = Role.LABORATORY
DECLARED = '<?xml version="1.0" encoding="UTF-8"?>'
BOMB = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))


def with_doctype(doctype: str, text: str = "x") -> bytes:
    return a_cda(words=text).replace(DECLARED.encode(), (DECLARED + doctype).encode())


HOSTILE: dict[str, tuple[bytes, int]] = {
    "a DOCTYPE": (with_doctype("<!DOCTYPE ClinicalDocument>"), 400),
    "an external entity": (with_doctype('<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>', "&e;"), 400),
    "an internal entity": (with_doctype('<!DOCTYPE x [<!ENTITY e "DUPRE">]>', "&e;"), 400),
    "a billion laughs": (with_doctype(f'<!DOCTYPE x [<!ENTITY l0 "ha">{BOMB}]>', "&l9;"), 400),
    "a quadratic bomb": (with_doctype(f'<!DOCTYPE x [<!ENTITY l "{"a" * 50_000}">]>', "&l;" * 5000), 400),
    "a remote DTD": (with_doctype('<!DOCTYPE x SYSTEM "http://127.0.0.1:1/x.dtd">'), 400),
    "half a document": (a_cda()[:1500], 400),
    "all but its end": (a_cda()[:-3], 400),
    "bytes of another encoding": (a_cda(words="é").replace("é".encode(), b"\xe9"), 400),
    "an unknown encoding": (a_cda().replace(b"UTF-8", b"UTF-99"), 400),
    "UTF-16 cut in a character": (a_cda(encoding="UTF-16")[:-1], 400),
    "deep elements": (a_cda().replace(b"<paragraph>", b"<paragraph>" * 3000), 400),
    "other XML": (b"<html xmlns='http://www.w3.org/1999/xhtml'/>", 422),
    "two documents": (b"<all>" + a_cda()[38:] * 2 + b"</all>", 422),
    "no identity": (a_cda(ins_system="1.2.3"), 422),
    "an identity that is none": (a_cda(ins="12"), 422),
    "no time": (a_cda(time=""), 422),
    "an impossible time": (a_cda(time="20241399"), 422),
    "no type": (a_cda(type_code=""), 422),
    "an identifier that is none": (a_cda(root="not an oid"), 422),
    "a NUL byte": (a_cda(words="a\x00b"), 400),
    "nothing": (b" ", 415),
    "a zip": (b"PK\x03\x04" + bytes(100), 415),
    "an ELF": (b"\x7fELF" + bytes(100), 415),
    "other JSON": (b'{"resourceType": "Patient"}', 415),
}


@pytest.mark.parametrize("path", ["DocumentReference", ""])
@pytest.mark.parametrize("name", HOSTILE)
async def test_a_hostile_document_is_refused_with_its_place(desk: Desk, patient: UUID, name: str, path: str) -> None:
    content, status = HOSTILE[name]
    answer = await refuse(desk, a_reference(content, type=of_type()) if path else a_bundle(content), path)
    assert answer.status_code == status, answer.text
    assert not any(word in answer.text for word in ("root:", "DUPRE", "hahaha"))


def test_a_document_without_fault_is_not_in_the_list() -> None:
    assert len({name for name, (_, status) in HOSTILE.items() if status >= 400}) == len(HOSTILE)


@pytest.mark.parametrize(
    "change",
    [
        {"type": "letter"},
        {"entry": []},
        {"entry": [1]},
        {"entry": [{"resource": []}]},
        {"identifier": []},
    ],
)
async def test_a_broken_fhir_document_is_refused(desk: Desk, patient: UUID, change: dict[str, Any]) -> None:
    content = json.dumps({**a_fhir_document(), **change}).encode()
    await refuse(desk, a_reference(content, media_type="application/fhir+json"))


async def test_a_fhir_document_is_refused_when_what_is_kept_of_it_is_no_r4(desk: Desk, patient: UUID) -> None:
    content = json.dumps(a_fhir_document(telecom=[{"system": "pigeon", "value": "1"}])).encode()
    answer = await refuse(desk, a_reference(content, media_type="application/fhir+json"))
    assert fault_of(answer) == "DocumentReference.contained[0].telecom[0].system"


async def test_a_fhir_document_about_somebody_else_is_refused(desk: Desk, patient: UUID) -> None:
    for change in (
        {"birthDate": "1980-01-01"},
        {"gender": "male"},
        {"name": [{"use": "official", "family": "MARTIN"}]},
    ):
        content = json.dumps(a_fhir_document(**change)).encode()
        assert (await refuse(desk, a_reference(content, media_type="application/fhir+json"))).status_code == 422


async def test_a_document_over_the_limit_is_refused_by_its_size(desk: Desk, patient: UUID) -> None:
    small = a_reference(PDF + bytes(11 << 20), media_type="application/pdf", type=of_type())
    assert (await refuse(desk, small)).status_code == 413
    large = a_reference(PDF + bytes(15 << 20), media_type="application/pdf", type=of_type())
    assert (await refuse(desk, large)).status_code == 413
    assert fault_of(await refuse(desk, a_bundle(PDF + bytes(15 << 20)), "")) == "http.Content-Length"


async def test_a_body_that_does_not_say_its_size_is_measured(desk: Desk, patient: UUID) -> None:
    async def endless() -> Any:
        for _ in range(40):
            yield b" " * (1 << 20)

    answer = await desk.client.post("/fhir/DocumentReference", headers={**FHIR, **desk.of(LAB)}, content=endless())
    assert (answer.status_code, fault_of(answer)) == (413, "http.Content-Length")


async def test_a_large_pdf_within_the_limit_is_kept(desk: Desk, patient: UUID) -> None:
    assert await desk.deposit(PDF + bytes(9 << 20), media_type="application/pdf", type=of_type())


BODIES: dict[str, tuple[bytes, int]] = {
    "nothing": (b"", 400),
    "text": (b"hello", 400),
    "a list": (b"[]", 400),
    "a number": (b"5", 400),
    "null": (b"null", 400),
    "an object without type": (b"{}", 400),
    "a type that is a list": (b'{"resourceType": []}', 400),
    "half": (b'{"resourceType": "DocumentReference"', 400),
    "latin-1": ('{"resourceType": "DocumentReference", "description": "é"}'.encode("latin-1"), 400),
    "UTF-16": (json.dumps(a_reference(b"x")).encode("utf-16"), 400),
    "deep lists": (b"[" * 10_000 + b"]" * 10_000, 400),
    "deep objects": (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, 400),
    "deep enough to be read": (b'{"resourceType": "DocumentReference", "type": ' + b"[" * 90 + b"]" * 90 + b"}", 422),
    "an endless number": (b'{"resourceType": "DocumentReference", "x": 1e999}', 400),
    "half a surrogate": (b'{"resourceType": "DocumentReference", "description": "\\ud800"}', 400),
}


@pytest.mark.parametrize("path", ["DocumentReference", ""])
@pytest.mark.parametrize("name", BODIES)
async def test_a_body_that_is_no_resource_is_refused_with_its_place(desk: Desk, patient: UUID, name: str, path: str) -> None:
    content, status = BODIES[name]
    assert (await refuse(desk, content, path)).status_code == status


async def test_numbers_beyond_every_limit_are_refused_or_kept(desk: Desk, patient: UUID) -> None:
    for number in ("1" + "0" * 400, "-" + "9" * 40, "18446744073709551616", "1e308", "1e-400", "-0.0"):
        told = f'"status": "current", "extension": [{{"url": "urn:x", "valueDecimal": {number}}}]'
        body = json.dumps(a_reference()).replace('"status": "current"', told).encode()
        answer = await desk.post("DocumentReference", LAB, body)
        assert answer.status_code in {201, 400}, number
        assert answer.status_code == 400 or f'"valueDecimal":{number}' in answer.text


@pytest.mark.parametrize("text", ["\x00", "a\x00b", " ", ""])
async def test_a_text_that_is_none_is_refused(desk: Desk, patient: UUID, text: str) -> None:
    assert fault_of(await refuse(desk, a_reference(description=text))) == "DocumentReference.description"


@pytest.mark.parametrize("text", ["😀", "\u202e abc", "a\u0301" * 500, "ﷺ" * 1000, "\U0010ffff", "\ufeff", "é" * 100_000])
async def test_odd_letters_are_kept_as_they_are(desk: Desk, patient: UUID, text: str) -> None:
    reference = await desk.deposit(description=text)
    assert (await desk.get(f"DocumentReference/{reference['id']}", patient)).json()["description"] == text


@pytest.mark.parametrize("media_type", ["", "text/html", "application/pdf", "text/plain", "multipart/form-data; boundary=x", ";;;"])
async def test_another_content_type_is_refused(desk: Desk, patient: UUID, media_type: str) -> None:
    answer = await refuse(desk, json.dumps(a_reference()).encode(), **{"content-type": media_type})
    assert (answer.status_code, fault_of(answer)) == (415, "http.Content-Type")


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"subject": None}, "DocumentReference.subject"),
        ({"subject": {}}, "DocumentReference.subject"),
        ({"subject": {"reference": "Patient/1"}}, "DocumentReference.subject"),
        ({"subject": {"reference": "Patient?identifier="}}, "DocumentReference.subject"),
        ({"subject": {"reference": "Patient?"}}, "DocumentReference.subject"),
        ({"subject": {"reference": "#nobody"}}, "DocumentReference.subject.reference"),
        ({"subject": {"identifier": {"system": "urn:oid:1.2.3", "value": "1"}}}, "DocumentReference.subject"),
        ({"content": []}, "DocumentReference.content"),
        ({"content": [{}]}, "DocumentReference.content[0]"),
        ({"content": [{"attachment": {"url": "http://169.254.169.254/"}}]}, "DocumentReference.content[0].attachment.url"),
        ({"content": [{"attachment": {"data": ""}}]}, "DocumentReference.content[0].attachment.data"),
        ({"content": [{"attachment": {"data": "é"}}]}, "DocumentReference.content[0].attachment.data"),
        ({"content": [{"attachment": {"data": base64.b64encode(a_cda()).decode()}}] * 2}, "DocumentReference.content"),
        ({"status": "superseded"}, "DocumentReference.status"),
    ],
)
async def test_what_is_missing_or_wrong_is_named(desk: Desk, patient: UUID, change: dict[str, Any], place: str) -> None:
    assert fault_of(await refuse(desk, {**a_reference(), **change})) == place


async def test_a_picture_or_a_letter_without_a_type_is_refused(desk: Desk, patient: UUID) -> None:
    for content, media_type in ((PDF, "application/pdf"), (JPEG, "image/jpeg")):
        for type_, place in (({}, ""), ({"type": {}}, ""), ({"type": {"coding": []}}, ".coding"), ({"type": {"text": "a letter"}}, "")):
            answer = await refuse(desk, a_reference(content, media_type=media_type, **type_))
            assert fault_of(answer) == f"DocumentReference.type{place}"


@pytest.mark.parametrize(
    "authorization",
    [
        "Bearer",
        "Bearer ",
        "Basic YTpi",
        "Bearer x",
        "Bearer a.b.c",
        "bearer " + "a" * 5000,
        "Bearer é".encode("latin-1"),
        "Bearer W10.e30.x",
        "",
    ],
)
async def test_a_bad_token_is_told_and_traced(desk: Desk, patient: UUID, authorization: str | bytes) -> None:
    headers = httpx.Headers([(b"authorization", authorization.encode() if isinstance(authorization, str) else authorization)])
    answer = await desk.client.get(f"/fhir/Patient/{patient}", headers=headers)
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, 'Bearer realm="healthspace"')
    assert fault_of(answer)
    assert (await desk.lines())[1:] == [("patient:read", "rejected", "unauthenticated")]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("type=" + "a" * 50_000, 413),
        ("&".join(["status=current"] * 300), 413),
        ("type=" + ",".join("a" * 3000), 400),
        ("description=" + "a" * 30_000, 200),
        ("type=%00", 400),
        ("type=%ff%fe", 200),
        ("description=%F0%9F%98%80", 200),
        ("%ff=1", 400),
        ("=", 200),
        ("&&&", 200),
        ("date=%00", 400),
    ],
)
async def test_a_strange_query_has_a_clear_answer(desk: Desk, patient: UUID, query: str, status: int) -> None:
    answer = await desk.client.get(httpx.URL(f"http://space.test/fhir/DocumentReference?{query}"), headers=desk.of(patient))
    assert answer.status_code == status, answer.text[:300]
    if status >= 400:
        assert fault_of(answer)
    assert len(await desk.lines()) == 2


@pytest.mark.parametrize(("query", "status"), [(b"type=\xff\xfe", 200), (b"\xe9=1", 400), (b"type=" + b"a" * 200_000, 413)])
async def test_a_query_that_no_browser_would_send_is_no_failure(desk: Desk, patient: UUID, query: bytes, status: int) -> None:
    assert await ask_raw(desk, patient, query) == status


async def ask_raw(desk: Desk, patient: UUID, query: bytes) -> int:
    """The status of a search whose query is sent without any escaping."""
    app = desk.client._transport.app  # type: ignore[attr-defined]
    headers = [(name.encode(), value.encode()) for name, value in desk.of(patient).items()]
    scope = {"type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http", "server": ("x", 80)}
    scope |= {
        "path": "/fhir/DocumentReference",
        "raw_path": b"",
        "root_path": "",
        "query_string": query,
        "headers": [(b"host", b"x"), *headers],
    }
    statuses: list[int] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b""}

    async def send(message: Any) -> None:
        statuses.append(message.get("status", 0))

    await app(scope, receive, send)
    return statuses[0]


async def test_a_crash_tells_nothing_and_is_traced(desk: Desk, patient: UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("healthspace.edge.fhir.deposit.read_provided", lambda *_: {}["DUPRE"])
    before = await desk.stored()
    answer = await desk.post("DocumentReference", LAB, a_reference())
    assert answer.status_code == 500
    assert fault_of(answer)
    assert "DUPRE" not in answer.text
    assert await desk.stored() == before
    assert (await desk.lines())[1:] == [("document:deposit", "failed", "failure")]
