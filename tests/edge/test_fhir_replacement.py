"""Versions of a document: what supersedes what, however the earlier one is named, and whose it is to replace."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from healthspace.identity.personas import Role
from tests.documents import (
    a_bundle,
    a_cda,
    a_reference,
    a_root,
)
from tests.edge.conversation import Desk, ids_of

LAB, HOSPITAL = Role.LABORATORY, Role.HOSPITAL


async def current(desk: Desk, patient: UUID, reference: dict[str, Any]) -> dict[str, Any]:
    """The reference as it stands now. A professional sees what their structure deposited; the citizen sees everything."""
    return dict((await desk.get(f"DocumentReference/{reference['id']}", patient)).json())


async def test_a_replacement_supersedes_the_old_document_in_the_same_breath(desk: Desk, patient: UUID) -> None:
    root = a_root()
    old = await desk.deposit(a_cda(root=root))
    new = await desk.deposit(a_cda(replaces=root))
    now = await current(desk, patient, old)
    assert (now["status"], now["meta"]["versionId"]) == ("superseded", "2")
    assert (await current(desk, patient, new))["status"] == "current"
    first = await desk.get(f"DocumentReference/{old['id']}/_history/1", patient)
    assert first.json()["status"] == "current"
    found = ids_of(await desk.get("DocumentReference?status=current", patient))
    assert found == [new["id"]]


@pytest.mark.parametrize("named", ["by identifier", "by reference", "by the patch alone"])
async def test_a_replacement_with_its_patch_answers_for_both(desk: Desk, patient: UUID, named: str) -> None:
    old = await desk.deposit()
    target = {"identifier": old["masterIdentifier"]} if named == "by identifier" else {"reference": f"DocumentReference/{old['id']}"}
    relation = {} if named == "by the patch alone" else {"relatesTo": [{"code": "replaces", "target": target}]}
    bundle = a_bundle(a_cda(), references=[relation], patches=(old["id"],))
    answer = await desk.post("", LAB, bundle)
    assert answer.status_code == 200, answer.text
    assert answer.json()["entry"][-1]["response"]["location"].endswith(f"DocumentReference/{old['id']}/_history/2")
    assert (await current(desk, patient, old))["status"] == "superseded"
    before = await desk.stored()
    again = await desk.post("", LAB, bundle)
    assert (again.status_code, await desk.stored()) == (200, before)


async def test_a_second_version_that_comes_first_stays_the_current_one(desk: Desk, patient: UUID) -> None:
    root = a_root()
    second = await desk.deposit(a_cda(replaces=root))
    first = await desk.deposit(a_cda(root=root))
    assert (await current(desk, patient, second))["status"] == "current"
    assert (await current(desk, patient, first))["status"] == first["status"] == "superseded"


async def test_a_second_version_alone_is_no_fault(desk: Desk, patient: UUID) -> None:
    assert (await desk.deposit(a_cda(replaces=a_root(), set_root=a_root(), version=2)))["status"] == "current"


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 2, 1), (2, 3, 1)])
async def test_the_set_id_orders_versions_that_name_nothing(desk: Desk, patient: UUID, order: tuple[int, ...]) -> None:
    lot = a_root()
    kept = {version: await desk.deposit(a_cda(set_root=lot, version=version)) for version in order}
    states = [(await current(desk, patient, kept[version]))["status"] for version in (1, 2, 3)]
    assert states == ["superseded", "superseded", "current"]


@pytest.mark.parametrize("version", ["9" * 5000, "two", "-1", ""])
async def test_a_version_number_that_is_none_orders_nothing(desk: Desk, patient: UUID, version: str) -> None:
    lot = a_root()
    first = await desk.deposit(a_cda(set_root=lot, version=1))
    await desk.deposit(a_cda(set_root=lot, version=version))
    assert (await current(desk, patient, first))["status"] == "current"


@pytest.mark.parametrize("how", ["identifier", "set id"])
async def test_only_who_brought_a_document_replaces_it(desk: Desk, patient: UUID, how: str) -> None:
    root, lot = a_root(), a_root()
    old = await desk.deposit(a_cda(root=root, set_root=lot, version=1))
    await desk.deposit(a_cda(replaces=root) if how == "identifier" else a_cda(set_root=lot, version=2), who=HOSPITAL)
    assert (await current(desk, patient, old))["status"] == "current"


@pytest.mark.parametrize("how", ["relation", "patch"])
async def test_who_names_a_document_of_another_is_answered_as_if_it_were_not_there(desk: Desk, patient: UUID, how: str) -> None:
    old = await desk.deposit()
    answers = []
    for named in (old["id"], str(uuid4())):
        relation = {"relatesTo": [{"code": "replaces", "target": {"reference": f"DocumentReference/{named}"}}]}
        bundle = a_bundle(a_cda(), references=[relation]) if how == "relation" else a_bundle(a_cda(), patches=(named,))
        answers.append(await desk.post("", HOSPITAL, bundle))
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].content == answers[1].content
    assert (await current(desk, patient, old))["status"] == "current"


@pytest.mark.parametrize("naming", ["DocumentReference/{id}/_history/1", "DocumentReference?identifier=urn:ietf:rfc:3986%7C{unique}"])
async def test_a_replaced_document_may_be_named_in_a_version_or_by_its_identifier(desk: Desk, patient: UUID, naming: str) -> None:
    old = (await desk.post("DocumentReference", LAB, a_reference(a_cda()))).json()
    target = {"reference": naming.format(id=old["id"], unique=old["masterIdentifier"]["value"])}
    new = a_reference(a_cda(), relatesTo=[{"code": "replaces", "target": target}])
    assert (await desk.post("DocumentReference", LAB, new)).status_code == 201
    assert (await desk.get(f"DocumentReference/{old['id']}", LAB)).json()["status"] == "superseded"
