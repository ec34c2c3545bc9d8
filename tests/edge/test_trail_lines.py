"""One line of the trail for each act: done, refused, rejected, and from strangers."""

import base64
from typing import Any
from uuid import UUID

import pytest

from healthspace.base.ids import new_id, new_owner, owner_of
from healthspace.identity.personas import Role
from tests.documents import PDF, a_bundle, a_cda, a_reference, a_root, of_type, query_by_ins
from tests.edge.conversation import FHIR, Desk, binary_of
from tests.edge.pages import signed_in
from tests.harness import authorised

LAB, DOCTOR = Role.LABORATORY, Role.SPECIALIST
OWNERS = "SELECT owner FROM audit ORDER BY writer, seq"


async def line_of(desk: Desk, method: str, path: str, who: Role | UUID | None, body: Any = None) -> tuple[str, str, str]:
    """The one line that a request leaves."""
    before = await desk.lines()
    sent = {"json": body} if body is not None else {}
    await desk.client.request(method, f"/fhir/{path}".rstrip("/"), headers={**desk.of(who), **(FHIR if sent else {})}, **sent)
    lines = await desk.lines()
    assert len(lines) == len(before) + 1
    return lines[-1]


async def test_each_act_that_is_done_says_which_and_why(desk: Desk, patient: UUID) -> None:
    await authorised(desk.service, patient, DOCTOR)
    assert await line_of(desk, "POST", "DocumentReference", LAB, a_reference()) == ("document:deposit", "done", "feeding")
    assert await line_of(desk, "POST", "", LAB, a_bundle(a_cda(), a_cda())) == ("document:deposit", "done", "feeding")
    reference = await desk.deposit()
    expected = {
        f"DocumentReference/{reference['id']}": "document:read",
        f"DocumentReference/{reference['id']}/_history/1": "document:read",
        binary_of(reference): "document:open",
        f"DocumentReference?patient={patient}": "document:search",
        f"List?patient={patient}": "submission:search",
        f"Patient/{patient}": "patient:read",
    }
    for path, action in expected.items():
        assert await line_of(desk, "GET", path, DOCTOR) == (action, "done", "authorised")
        assert await line_of(desk, "GET", path, patient) == (action, "done", "own-record")
    assert await line_of(desk, "GET", f"Patient?identifier={query_by_ins()}", DOCTOR) == ("patient:find", "done", "directory")
    assert await line_of(desk, "GET", binary_of(reference), LAB) == ("document:open", "done", "depositor")


async def test_an_answer_from_the_cache_is_a_look_too(desk: Desk, patient: UUID) -> None:
    reference = await desk.deposit()
    before = len(await desk.lines())
    answer = await desk.get(f"DocumentReference/{reference['id']}", patient, **{"if-none-match": 'W/"1"'})
    assert (answer.status_code, len(await desk.lines())) == (304, before + 1)


async def test_each_refusal_says_why(desk: Desk, patient: UUID) -> None:
    reference = await desk.deposit()
    for path, action in {
        f"DocumentReference/{reference['id']}": "document:read",
        binary_of(reference): "document:open",
        f"DocumentReference?patient={patient}": "document:search",
        f"Patient/{patient}": "patient:read",
    }.items():
        assert await line_of(desk, "GET", path, DOCTOR) == (action, "refused", "no-right")
    assert await line_of(desk, "GET", f"DocumentReference/{new_id(new_owner())}", DOCTOR) == ("document:read", "refused", "no-space")
    assert await line_of(desk, "GET", f"Patient?identifier={query_by_ins(8)}", DOCTOR) == ("patient:find", "refused", "no-space")
    assert await line_of(desk, "POST", "DocumentReference", Role.AGENCY, a_reference()) == ("document:deposit", "refused", "no-right")


async def test_each_rejection_says_of_what_kind(desk: Desk, patient: UUID) -> None:
    root = a_root()
    await desk.deposit(a_cda(root=root))
    rejected = {
        "unknownparameter": ("GET", "DocumentReference?foo=1", patient, None),
        "invalid": ("GET", "DocumentReference?patient=x", patient, None),
        "notacceptable": ("GET", f"Patient/{patient}?_format=turtle", patient, None),
        "malformed": ("POST", "DocumentReference", LAB, []),
        "conflict": ("POST", "DocumentReference", LAB, a_reference(a_cda(root=root, words="Autre"))),
        "unsupportedmedia": ("POST", "DocumentReference", LAB, a_reference(b"\x7fELF" + bytes(9))),
        "toolarge": ("POST", "DocumentReference", LAB, a_reference(PDF + bytes(11 << 20), media_type="application/pdf", type=of_type())),
    }
    for reason, request in rejected.items():
        assert (await line_of(desk, *request))[1:] == ("rejected", reason)


async def test_an_id_that_is_none_is_traced_too(desk: Desk, patient: UUID) -> None:
    assert await line_of(desk, "GET", "DocumentReference/1", patient) == ("document:read", "refused", "no-space")


@pytest.mark.parametrize(
    ("method", "path", "action"),
    [
        ("GET", "DocumentReference/1", "document:read"),
        ("GET", "Binary/1", "document:open"),
        ("GET", "DocumentReference?patient=1", "document:search"),
        ("GET", "List", "submission:search"),
        ("GET", "Patient?identifier=x", "patient:find"),
        ("GET", "Patient/1", "patient:read"),
        ("POST", "DocumentReference", "document:deposit"),
        ("POST", "", "document:deposit"),
        ("POST", "DocumentReference/_search", "document:search"),
    ],
)
async def test_a_stranger_leaves_a_line_of_their_own(desk: Desk, patient: UUID, method: str, path: str, action: str) -> None:
    assert await line_of(desk, method, path, None) == (action, "rejected", "unauthenticated")
    assert (await desk.connection.fetch(OWNERS))[-1]["owner"] == 0


async def test_what_is_no_act_leaves_no_line(desk: Desk, patient: UUID) -> None:
    before = await desk.lines()
    for method, path in (("GET", "metadata"), ("GET", "Observation/1/x/y"), ("PUT", "_history"), ("DELETE", "metadata")):
        await desk.client.request(method, f"/fhir/{path}", headers=desk.of(patient))
    assert await desk.lines() == before


async def test_a_line_about_a_citizen_is_in_their_own_trail(desk: Desk, patient: UUID) -> None:
    await desk.get(f"Patient/{patient}", DOCTOR)
    await desk.get(f"Patient?identifier={query_by_ins()}", DOCTOR)
    assert {row["owner"] for row in (await desk.connection.fetch(OWNERS))[-2:]} == {owner_of(patient)}


async def test_no_line_holds_what_the_request_said(desk: Desk, patient: UUID) -> None:
    await desk.get("DocumentReference?DUPRE=1", patient)
    await desk.post("DocumentReference", LAB, {"resourceType": "DUPRE"})
    await desk.post("DocumentReference", LAB, a_reference(base64.b64encode(b"DUPRE")))
    for row in await desk.connection.fetch("SELECT * FROM audit"):
        assert "DUPRE" not in str(dict(row))


async def test_what_goes_wrong_in_answering_is_no_second_act(desk: Desk, patient: UUID) -> None:
    document = (await desk.deposit())["id"]
    client = signed_in(desk.service, desk.client, patient)
    for path, status in {
        "/measures/nonsense/csv": 404,
        "/entries/nonsense": 404,
        f"/fhir/DocumentReference/{document}?_summary=nonsense": 400,
        f"/fhir/DocumentReference/{document}/$validate": 200,
    }.items():
        before = len(await desk.lines())
        assert (await client.get(path, headers=desk.of(patient))).status_code == status, path
        assert len(await desk.lines()) == before + 1, path
