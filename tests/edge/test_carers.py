"""Carers and representatives through /fhir: invited, matched, accepted, bounded, ended."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from healthspace.access.rules import Action
from healthspace.identity.caller import caller_of_citizen
from healthspace.identity.ins import TEST
from healthspace.identity.personas import Role
from healthspace.record.life import close_space
from healthspace.record.spaces import owner_of_patient
from tests.documents import a_cda, a_reference, labelled
from tests.edge.conversation import Desk, binary_of, fault_of, ids_of
from tests.edge.test_controls import Person, a_consent, professional
from tests.harness import a_citizen, some_traits

ROLE_CODE = "http://terminology.hl7.org/CodeSystem/v3-RoleCode"


def an_invitation(person: Person, number: int, *scopes: str, relationship: str = "CHILD", **changes: Any) -> dict[str, Any]:
    traits = some_traits(number)
    return {
        "resourceType": "RelatedPerson",
        "patient": {"reference": f"Patient/{person.patient}"},
        "identifier": [{"system": f"urn:oid:{TEST}", "value": traits.ins.value}],
        "name": [{"family": traits.family, "given": [traits.given[0]]}],
        "birthDate": traits.birth_date,
        "relationship": [{"coding": [{"system": ROLE_CODE, "code": relationship}]}],
        **({"extension": [{"url": "urn:healthspace:scope", "valueCode": scope} for scope in scopes]} if scopes else {}),
        **changes,
    }


async def answers(desk: Desk, identifier: str, who: UUID, said: str = "accept") -> httpx.Response:
    return await desk.client.post(f"/fhir/RelatedPerson/{identifier}/${said}", headers=desk.of(who))


async def invited(person: Person, number: int, *scopes: str, **changes: Any) -> str:
    answer = await person.desk.post("RelatedPerson", person.patient, an_invitation(person, number, *scopes, **changes))
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


@pytest.fixture
async def person(desk: Desk) -> Person:
    patient = await a_citizen(desk.service)
    return Person(desk, patient, (await desk.deposit())["id"])


async def test_a_carer_reads_from_acceptance_to_the_end(person: Person) -> None:
    carer = await a_citizen(person.desk.service, 2)
    identifier = await invited(person, 2)
    assert not await person.is_read_by(carer)
    assert ids_of(await person.desk.get("RelatedPerson/$mine", carer)) == [identifier]
    assert (await answers(person.desk, identifier, carer)).status_code == 200
    assert await person.is_read_by(carer)
    gone = await person.desk.client.delete(f"/fhir/RelatedPerson/{identifier}", headers=person.desk.of(person.patient))
    assert gone.status_code == 204
    assert not await person.is_read_by(carer)
    assert ids_of(await person.desk.get("RelatedPerson/$mine", carer)) == []


async def test_a_carer_ends_it_themselves_and_refuses(person: Person) -> None:
    carer = await a_citizen(person.desk.service, 2)
    first = await invited(person, 2)
    assert (await answers(person.desk, first, carer, "refuse")).status_code == 200
    second = await invited(person, 2)
    await answers(person.desk, second, carer)
    assert (await person.desk.client.delete(f"/fhir/RelatedPerson/{second}", headers=person.desk.of(carer))).status_code == 204
    assert not await person.is_read_by(carer)
    again = await answers(person.desk, first, carer)
    assert again.status_code == 404


async def test_what_a_carer_may_not_do_is_not_there_for_them(person: Person) -> None:
    carer = await a_citizen(person.desk.service, 2)
    await answers(person.desk, await invited(person, 2), carer)
    desk, patient = person.desk, person.patient
    document = (await desk.get(f"DocumentReference/{person.document}", carer)).json()
    assert (await desk.get(binary_of(document), carer)).status_code == 404
    for body in (a_consent("permit", professional(Role.NURSE)), an_invitation(person, 3)):
        assert (await desk.post(body["resourceType"], carer, {**body, "patient": {"reference": f"Patient/{patient}"}})).status_code == 404
    await person.chooses(a_consent("permit", professional(Role.NURSE)))
    assert ids_of(await desk.get(f"Consent?patient={patient}", carer)) == []
    assert ids_of(await desk.get(f"Provenance?patient={patient}", carer)) == []
    assert (await desk.client.delete(f"/fhir/DocumentReference/{person.document}", headers=desk.of(carer))).status_code == 404
    trail = await desk.get(f"AuditEvent?patient={patient}&date=ge2020-01-01&date=le2030-01-01", carer)
    assert ids_of(trail) == []


@pytest.mark.parametrize(("scope", "status"), [("READ", 404), ("FEED", 201)])
async def test_a_carer_feeds_when_the_citizen_said_so(person: Person, scope: str, status: int) -> None:
    carer = await a_citizen(person.desk.service, 2)
    await answers(person.desk, await invited(person, 2, scope), carer)
    assert (await person.desk.post("DocumentReference", carer, a_reference(a_cda()))).status_code == status


async def test_the_answer_to_an_invitation_tells_nothing_of_who_is_invited(person: Person) -> None:
    known = await a_citizen(person.desk.service, 2)
    right = await person.desk.post("RelatedPerson", person.patient, an_invitation(person, 2))
    wrong = await person.desk.post("RelatedPerson", person.patient, an_invitation(person, 2, birthDate="1980-01-01"))
    nobody = await person.desk.post("RelatedPerson", person.patient, an_invitation(person, 9))
    shapes = [
        (answer.status_code, sorted(answer.json()), [(one["url"], len(str(one))) for one in answer.json()["extension"]])
        for answer in (right, wrong, nobody)
    ]
    assert shapes[0] == shapes[1] == shapes[2]
    assert (await answers(person.desk, wrong.json()["id"], known)).status_code == 404
    assert ids_of(await person.desk.get("RelatedPerson/$mine", known)) == [right.json()["id"]]


async def test_three_carers_at_most(person: Person) -> None:
    for number in (2, 3, 4):
        await invited(person, number)
    refused = await person.desk.post("RelatedPerson", person.patient, an_invitation(person, 5))
    assert (refused.status_code, fault_of(refused)) == (422, "RelatedPerson.patient")


async def test_five_people_for_a_carer_at_most(desk: Desk) -> None:
    carer = await a_citizen(desk.service, 9)
    statuses = []
    for number in range(1, 7):
        patient = await a_citizen(desk.service, number)
        statuses.append((await answers(desk, await invited(Person(desk, patient, ""), 9), carer)).status_code)
    assert statuses == [200, 200, 200, 200, 200, 422]


async def test_only_who_is_invited_answers(person: Person) -> None:
    await a_citizen(person.desk.service, 2)
    other = await a_citizen(person.desk.service, 3)
    identifier = await invited(person, 2)
    for who in (other, person.patient):
        assert (await answers(person.desk, identifier, who)).status_code == 404


async def test_hidden_from_representatives_and_not_announced_are_hidden_from_carers(desk: Desk) -> None:
    patient, carer = await a_citizen(desk.service), await a_citizen(desk.service, 2)
    for label in ("INVISIBLE_REPRESENTANTS_LEGAUX", "INVISIBLE_PATIENT"):
        await desk.deposit(securityLabel=labelled(label))
    await answers(desk, await invited(Person(desk, patient, ""), 2), carer)
    assert ids_of(await desk.get(f"DocumentReference?patient={patient}", carer)) == []


async def test_an_adult_is_not_represented_by_invitation(person: Person) -> None:
    answer = await person.desk.post("RelatedPerson", person.patient, an_invitation(person, 2, relationship="GUARD"))
    assert (answer.status_code, fault_of(answer)) == (422, "RelatedPerson.relationship")


async def test_a_minor_is_represented_by_two_until_they_are_of_age(desk: Desk) -> None:
    child = Person(desk, await a_citizen(desk.service, birth_date="2014-03-05"), "")
    parent = await a_citizen(desk.service, 2)
    identifier = await invited(child, 2, relationship="PRN")
    accepted = await answers(desk, identifier, parent)
    assert accepted.json()["period"]["end"] == "2032-03-05"
    await a_citizen(desk.service, 3)
    second = await desk.post("RelatedPerson", parent, an_invitation(child, 3, relationship="PRN"))
    assert second.status_code == 201
    third = await desk.post("RelatedPerson", parent, an_invitation(child, 4, relationship="PRN"))
    assert (third.status_code, fault_of(third)) == (422, "RelatedPerson.relationship")
    consent = await desk.post("Consent", parent, child.about(a_consent("permit", professional(Role.NURSE))))
    assert consent.status_code == 201
    assert (await desk.get(f"Patient/{child.patient}", Role.NURSE)).status_code == 200


async def test_the_citizen_gives_a_carer_another_scope(person: Person) -> None:
    carer = await a_citizen(person.desk.service, 2)
    identifier = await invited(person, 2, "READ")
    await answers(person.desk, identifier, carer)
    changed = an_invitation(person, 2, "READ", "FEED", period={"end": "2099-12-31"}) | {"id": identifier}
    for who, status in ((carer, 404), (person.patient, 200)):
        answer = await person.desk.client.put(f"/fhir/RelatedPerson/{identifier}", headers=person.desk.of(who), json=changed)
        assert answer.status_code == status, answer.text
    assert (await person.desk.post("DocumentReference", carer, a_reference(a_cda()))).status_code == 201


async def test_an_invitation_that_has_run_out_says_so(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    door = person.desk.service.door
    for lasts, state in ((door.policy.invitation, "PENDING"), (timedelta(seconds=-1), "EXPIRED")):
        monkeypatch.setattr(door, "policy", replace(door.policy, invitation=lasts))
        identifier = await invited(person, 2)
        for path in (f"RelatedPerson/{identifier}", f"RelatedPerson?_id={identifier}"):
            assert f'"{state}"' in (await person.desk.get(path, person.patient)).text, path


WORK = "SELECT (SELECT count(*) FROM xref), (SELECT count(*) FROM access_fact), (SELECT count(*) FROM outbox), (SELECT count(*) FROM audit)"


async def test_an_invitation_is_the_same_work_whoever_the_traits_lead_to(person: Person) -> None:
    desk = person.desk
    for number in (2, 3):
        await a_citizen(desk.service, number)
    closed = await a_citizen(desk.service, 4)
    async with desk.service.door.permit(caller_of_citizen(closed), Action.CLOSE_SPACE, owner_of_patient(closed)) as p:
        await close_space(p, "patient-demande")
    warm = await invited(person, 2)
    await desk.client.delete(f"/fhir/RelatedPerson/{warm}", headers=desk.of(person.patient))
    seen, bodies = [], []
    for number, changes in ((2, {}), (3, {"birthDate": "1980-01-01"}), (4, {}), (9, {})):
        statements, before = list[str](), tuple(await desk.connection.fetchrow(WORK))
        with desk.connection.query_logger(lambda told, statements=statements: statements.append(told.query)):
            answer = await desk.post("RelatedPerson", person.patient, an_invitation(person, number, **changes))
        after = tuple(await desk.connection.fetchrow(WORK))
        seen.append(([one for one in statements if "SAVEPOINT" not in one], [now - then for now, then in zip(after, before, strict=True)]))
        bodies.append((answer.status_code, sorted(answer.headers), len(answer.content)))
        await desk.client.delete(f"/fhir/RelatedPerson/{answer.json()['id']}", headers=desk.of(person.patient))
    assert len(seen[0][0]) > 10
    assert seen[0] == seen[1] == seen[2] == seen[3]
    assert bodies[0] == bodies[1] == bodies[2] == bodies[3]


async def all_events(desk: Desk, who: UUID) -> list[dict[str, Any]]:
    answer = await desk.get("AuditEvent?date=ge2000-01-01&date=le2099-01-01&_count=200", who)
    return [entry["resource"] for entry in answer.json().get("entry", [])]


async def test_who_is_invited_looks_and_fails_without_a_trace_where_the_inviter_reads(person: Person) -> None:
    desk, carer = person.desk, await a_citizen(person.desk.service, 2)
    for number in range(5, 10):
        helped = Person(desk, await a_citizen(desk.service, number), person.document)
        await answers(desk, await invited(helped, 2), carer)
    identifier = await invited(person, 2)
    before = [event["id"] for event in await all_events(desk, person.patient)]
    assert (await desk.get(f"RelatedPerson/{identifier}", carer)).status_code == 200
    assert identifier in ids_of(await desk.get("RelatedPerson/$mine", carer))
    assert (await answers(desk, identifier, carer)).status_code == 422  # a sixth person is one too many
    new = [event for event in await all_events(desk, person.patient) if event["id"] not in before]
    assert [event["agent"][0]["who"]["reference"] for event in new] == [f"Patient/{person.patient}"]  # their reading of the trail
    own = await all_events(desk, carer)
    assert any(f"RelatedPerson/{identifier}" in str(event) for event in own)
    assert ("carer:answer", "rejected", "invalid") in await desk.lines()
