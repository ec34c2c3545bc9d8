"""The citizen's controls through /fhir: what is sent, what it changes for whom, and what is refused."""

from typing import Any
from uuid import UUID

import pytest

from healthspace.access.facts import OWN_PURPOSES
from healthspace.access.labels import SYSTEM
from healthspace.identity.caller import Purpose
from healthspace.identity.directory import FINESS, RPPS
from healthspace.identity.personas import PROFESSIONALS, Role
from healthspace.terminology.uris import ACT_REASONS
from tests.documents import labelled
from tests.edge.conversation import Desk, fault_of, ids_of
from tests.harness import a_citizen, rpps_of, treated, urgent

SCOPE = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/consentscope", "code": "patient-privacy"}]}
CATEGORY = [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "INFA"}]}]


def a_consent(type_: str = "permit", *actors: dict[str, Any], **provision: Any) -> dict[str, Any]:
    named = [{"role": {"text": "recipient"}, "reference": actor} for actor in actors]
    told = {"type": type_, **({"actor": named} if named else {}), **provision}
    return {"resourceType": "Consent", "status": "active", "scope": SCOPE, "category": CATEGORY, "provision": told}


def professional(role: Role) -> dict[str, Any]:
    return {"identifier": {"system": RPPS, "value": rpps_of(role)}}


def structure(role: Role) -> dict[str, Any]:
    return {"identifier": {"system": FINESS, "value": PROFESSIONALS[role].structure.finess}}


def switch(*codes: str) -> dict[str, Any]:
    return a_consent("deny", purpose=[{"system": ACT_REASONS, "code": code} for code in codes])


def a_team(code: str, role: Role) -> dict[str, Any]:
    participant = {"role": [{"coding": [{"code": code}]}], "member": professional(role)}
    return {"resourceType": "CareTeam", "status": "active", "participant": [participant]}


MASKED_IN_EMERGENCY = a_consent("permit", purpose=[{"system": OWN_PURPOSES, "code": "MASKED"}])
MASKED_BY_DEFAULT = a_consent("deny", securityLabel=[{"system": SYSTEM, "code": "MASQUE_PS"}])


class Person:
    """A citizen with a document of a laboratory, and what they choose."""

    def __init__(self, desk: Desk, patient: UUID, document: str) -> None:
        self.desk, self.patient, self.document = desk, patient, document

    async def chooses(self, resource: dict[str, Any], who: Any = None) -> str:
        answer = await self.desk.post(resource["resourceType"], who or self.patient, self.about(resource))
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def about(self, resource: dict[str, Any]) -> dict[str, Any]:
        name = "subject" if resource["resourceType"] == "CareTeam" else "patient"
        return {**resource, name: {"reference": f"Patient/{self.patient}"}}

    async def ends(self, type_: str, identifier: str) -> None:
        answer = await self.desk.client.delete(f"/fhir/{type_}/{identifier}", headers=self.desk.of(self.patient))
        assert answer.status_code == 204, answer.text

    async def is_read_by(self, who: Any) -> bool:
        answer = await self.desk.get(f"DocumentReference/{self.document}", who)
        found = await self.desk.get(f"DocumentReference?patient={self.patient}", who)
        assert answer.status_code in {200, 404}
        assert found.json()["total"] == len(ids_of(found)) == (answer.status_code == 200)
        return answer.status_code == 200


@pytest.fixture
async def person(desk: Desk) -> Person:
    patient = await a_citizen(desk.service)
    return Person(desk, patient, (await desk.deposit())["id"])


async def test_an_authorisation_opens_and_its_end_closes(person: Person) -> None:
    assert not await person.is_read_by(Role.SPECIALIST)
    consent = await person.chooses(a_consent("permit", professional(Role.SPECIALIST)))
    assert await person.is_read_by(Role.SPECIALIST)
    assert not await person.is_read_by(Role.NURSE)
    await person.ends("Consent", consent)
    assert not await person.is_read_by(Role.SPECIALIST)


async def test_an_authorisation_of_a_structure_is_for_all_who_work_in_it(person: Person) -> None:
    await person.chooses(a_consent("permit", structure(Role.NURSE)))
    assert await person.is_read_by(Role.NURSE)
    assert not await person.is_read_by(Role.SPECIALIST)


@pytest.mark.parametrize("blocked", [professional(Role.SPECIALIST), structure(Role.SPECIALIST)])
async def test_a_block_closes_every_reading_and_its_end_asks_for_consent_again(person: Person, blocked: dict[str, Any]) -> None:
    await person.chooses(a_consent("permit", professional(Role.SPECIALIST)))
    block = await person.chooses(a_consent("deny", blocked))
    assert not await person.is_read_by(Role.SPECIALIST)
    assert not await person.is_read_by(urgent(Role.SPECIALIST))
    await person.ends("Consent", block)
    assert not await person.is_read_by(Role.SPECIALIST)


async def test_who_is_blocked_may_still_feed(person: Person) -> None:
    await person.chooses(a_consent("deny", professional(Role.SPECIALIST)))
    await person.desk.deposit(who=Role.SPECIALIST)
    assert ids_of(await person.desk.get(f"DocumentReference?patient={person.patient}", Role.SPECIALIST)) == []


async def test_breaking_the_glass_needs_a_reason_and_the_switch(person: Person) -> None:
    assert await person.is_read_by(urgent(Role.NURSE))
    assert not await person.is_read_by(urgent(Role.NURSE, reason=" "))
    assert not await person.is_read_by(urgent(Role.NURSE, Purpose.ETREAT))
    assert await person.is_read_by(urgent(Role.REGULATOR, Purpose.ETREAT, ""))
    consent = await person.chooses(switch("BTG"))
    assert not await person.is_read_by(urgent(Role.NURSE))
    assert await person.is_read_by(urgent(Role.REGULATOR, Purpose.ETREAT, ""))
    await person.ends("Consent", consent)
    await person.chooses(switch("ETREAT"))
    assert await person.is_read_by(urgent(Role.NURSE))
    assert not await person.is_read_by(urgent(Role.REGULATOR, Purpose.ETREAT, ""))


async def test_masked_documents_in_an_emergency(desk: Desk) -> None:
    patient = await a_citizen(desk.service)
    person = Person(desk, patient, (await desk.deposit(securityLabel=labelled("MASQUE_PS")))["id"])
    assert not await person.is_read_by(urgent(Role.NURSE))
    await person.chooses(MASKED_IN_EMERGENCY)
    assert await person.is_read_by(urgent(Role.NURSE))
    assert not await person.is_read_by(Role.NURSE)


async def test_masking_by_default_hides_from_all_but_depositor_and_treating_doctor_and_its_end_restores(person: Person) -> None:
    await person.chooses(a_consent("permit", professional(Role.SPECIALIST)))
    await person.chooses(a_team("PCP", Role.TREATING_DOCTOR))
    readers = (Role.SPECIALIST, Role.TREATING_DOCTOR, Role.LABORATORY, person.patient)
    assert [await person.is_read_by(who) for who in readers] == [True, True, True, True]
    masked = await person.chooses(MASKED_BY_DEFAULT)
    assert [await person.is_read_by(who) for who in readers] == [False, True, True, True]
    await person.ends("Consent", masked)
    assert [await person.is_read_by(who) for who in readers] == [True, True, True, True]


@pytest.mark.parametrize("code", ["administrator", "pharmacist", "midwife", "330"])
async def test_the_care_team_reads_until_the_citizen_opposes_it(person: Person, code: str) -> None:
    team = await person.chooses(a_team(code, Role.NURSE))
    assert await person.is_read_by(Role.NURSE)
    await person.chooses(a_consent("deny", {"reference": f"CareTeam/{team}"}))
    assert await person.is_read_by(Role.NURSE) == (code == "administrator")
    await person.ends("CareTeam", team)
    assert not await person.is_read_by(Role.NURSE)


async def test_an_occupational_doctor_needs_express_consent(person: Person) -> None:
    collected = a_consent("permit", professional(Role.OCCUPATIONAL_DOCTOR)) | {"verification": [{"verified": True}]}
    await person.chooses(collected, Role.OCCUPATIONAL_DOCTOR)
    assert not await person.is_read_by(Role.OCCUPATIONAL_DOCTOR)
    await person.chooses(a_consent("permit", professional(Role.OCCUPATIONAL_DOCTOR)))
    assert await person.is_read_by(Role.OCCUPATIONAL_DOCTOR)


async def test_a_professional_collects_a_consent_for_themselves_or_another(person: Person) -> None:
    await person.chooses(a_consent("permit", professional(Role.NURSE)) | {"verification": [{"verified": True}]}, Role.SPECIALIST)
    assert await person.is_read_by(Role.NURSE)
    assert not await person.is_read_by(Role.SPECIALIST)
    for refused in (a_consent("permit", professional(Role.NURSE)), switch("BTG"), a_consent("deny", professional(Role.NURSE))):
        answer = await person.desk.post("Consent", Role.SPECIALIST, person.about(refused))
        assert answer.status_code == 422
    stranger = await person.desk.post("Consent", Role.HOSPITAL, person.about(a_consent("permit", professional(Role.NURSE))))
    assert stranger.status_code == 404


async def test_each_professional_reads_the_consents_that_name_them_and_no_other(person: Person) -> None:
    mine = await person.chooses(a_consent("permit", professional(Role.SPECIALIST)))
    theirs = await person.chooses(a_consent("permit", professional(Role.NURSE)))
    own_structure = await person.chooses(a_consent("deny", structure(Role.PHARMACIST)))
    for who, seen in ((Role.SPECIALIST, {mine}), (Role.NURSE, {theirs}), (Role.PHARMACIST, {own_structure}), (Role.DENTIST, set[str]())):
        assert set(ids_of(await person.desk.get(f"Consent?patient={person.patient}", who))) == seen
        for identifier in (mine, theirs, own_structure):
            assert (await person.desk.get(f"Consent/{identifier}", who)).status_code == (200 if identifier in seen else 404)
    everything = await person.desk.get(f"Patient/{person.patient}/$everything", Role.SPECIALIST)
    assert {mine} == {one["resource"]["id"] for one in everything.json()["entry"] if one["resource"]["resourceType"] == "Consent"}


async def test_who_changed_a_control_is_kept_for_the_holder_alone(person: Person) -> None:
    await person.chooses(a_consent("permit", professional(Role.SPECIALIST)))
    await treated(person.desk.service, person.patient)
    told = await person.desk.get(f"Provenance?patient={person.patient}&agent=Patient/{person.patient}", person.patient)
    assert len(ids_of(told)) == 2  # one choice was sent whole, the other was said by a number: each is proven
    for who in (Role.SPECIALIST, Role.TREATING_DOCTOR):
        assert ids_of(await person.desk.get(f"Provenance?patient={person.patient}&agent=Patient/{person.patient}", who)) == []


@pytest.mark.parametrize(
    ("consent", "place"),
    [
        (a_consent("permit"), "Consent.provision.actor"),
        (a_consent("permit", {"identifier": {"system": RPPS, "value": "81000000999"}}), "Consent.provision.actor[0].reference.identifier"),
        (a_consent("permit", professional(Role.NURSE), provision=[{"type": "deny"}]), "Consent.provision.provision"),
        (a_consent("permit", professional(Role.NURSE), period={"end": "2020-01-01"}), "Consent.provision.period.end"),
        (a_consent("deny", purpose=[{"system": ACT_REASONS, "code": "TREAT"}]), "Consent.provision.actor"),
        (a_consent("permit", professional(Role.NURSE), purpose=[{"code": "BTG"}]), "Consent.provision.purpose"),
        ({**a_consent("permit", professional(Role.NURSE)), "status": "draft"}, "Consent.status"),
        ({**a_consent("permit", professional(Role.NURSE)), "implicitRules": "https://x.test"}, "Consent.implicitRules"),
    ],
)
async def test_a_choice_that_cannot_be_honoured_is_refused_with_its_place(person: Person, consent: dict[str, Any], place: str) -> None:
    before = await person.desk.stored()
    answer = await person.desk.post("Consent", person.patient, person.about(consent))
    assert (answer.status_code, fault_of(answer)) == (422, place)
    assert await person.desk.stored() == before


async def test_nobody_chooses_for_another(person: Person) -> None:
    other = await a_citizen(person.desk.service, 2)
    consent = await person.chooses(a_consent("permit", professional(Role.SPECIALIST)))
    for who in (other, Role.SPECIALIST, Role.TREATING_DOCTOR, Role.HOSPITAL, Role.AGENCY):
        team = await person.desk.post("CareTeam", who, person.about(a_team("PCP", Role.NURSE)))
        gone = await person.desk.client.delete(f"/fhir/Consent/{consent}", headers=person.desk.of(who))
        changed = await person.desk.client.put(
            f"/fhir/Consent/{consent}",
            headers=person.desk.of(who),
            json=person.about(a_consent("deny", professional(Role.NURSE)) | {"id": consent}),
        )
        assert [answer.status_code for answer in (team, gone, changed)] == [404, 404, 404]
    assert await person.is_read_by(Role.SPECIALIST)


async def test_a_choice_is_changed_by_its_whole_and_what_has_ended_stays_so(person: Person) -> None:
    consent = await person.chooses(a_consent("permit", professional(Role.SPECIALIST)))
    changed = person.about(a_consent("permit", professional(Role.NURSE))) | {"id": consent}
    answer = await person.desk.client.put(
        f"/fhir/Consent/{consent}", headers={**person.desk.of(person.patient), "if-match": 'W/"1"'}, json=changed
    )
    assert answer.status_code == 200, answer.text
    assert [await person.is_read_by(who) for who in (Role.SPECIALIST, Role.NURSE)] == [False, True]
    await person.ends("Consent", consent)
    await person.ends("Consent", consent)
    again = await person.desk.client.put(f"/fhir/Consent/{consent}", headers=person.desk.of(person.patient), json=changed)
    assert (again.status_code, fault_of(again)) == (422, "Consent.status")


async def test_an_authorisation_that_becomes_a_block_ends_those_of_whom_it_names(person: Person) -> None:
    await person.chooses(a_consent("permit", professional(Role.SPECIALIST)))
    other = await person.chooses(a_consent("permit", professional(Role.NURSE)))
    block = person.about(a_consent("deny", structure(Role.SPECIALIST))) | {"id": other}
    answer = await person.desk.client.put(f"/fhir/Consent/{other}", headers=person.desk.of(person.patient), json=block)
    assert answer.status_code == 200, answer.text
    await person.ends("Consent", other)
    assert not await person.is_read_by(Role.SPECIALIST)


async def test_the_citizen_sees_what_a_professional_would_see_before_they_confirm(person: Person) -> None:
    await person.desk.deposit(securityLabel=labelled("MASQUE_PS"))
    await person.desk.deposit(securityLabel=labelled("INVISIBLE_PATIENT"))

    async def seen(role: Role, more: str = "&authorised=true", who: Any = None) -> list[str]:
        path = f"Patient/{person.patient}/$preview-access?professional={rpps_of(role)}{more}"
        answer = await person.desk.get(path, who or person.patient)
        assert answer.status_code == 200, answer.text
        return [one["resource"]["id"] for one in answer.json()["entry"] if one["search"]["mode"] == "match"]

    assert await seen(Role.SPECIALIST) == [person.document]
    assert await seen(Role.SPECIALIST, "") == []
    assert await seen(Role.PHYSIOTHERAPIST) == []
    assert await seen(Role.OCCUPATIONAL_DOCTOR) == [person.document]
    assert not await person.is_read_by(Role.SPECIALIST)
    refused = await person.desk.get(f"Patient/{person.patient}/$preview-access?professional={rpps_of(Role.NURSE)}", Role.NURSE)
    assert refused.status_code == 404
    await person.chooses(a_consent("deny", professional(Role.SPECIALIST)))
    assert await seen(Role.SPECIALIST) == []


async def test_nothing_that_one_citizen_does_changes_what_another_sees(person: Person) -> None:
    other = await a_citizen(person.desk.service, 2)
    consent = await person.chooses(a_consent("permit", professional(Role.SPECIALIST)))
    about_them = [
        person.about(resource) for resource in (a_consent("deny", professional(Role.SPECIALIST)), switch("BTG"), MASKED_BY_DEFAULT)
    ]
    for resource in about_them:
        assert (await person.desk.post("Consent", other, resource)).status_code == 404
    for path in (f"Consent/{consent}", f"DocumentReference/{person.document}", f"Patient/{person.patient}"):
        assert (await person.desk.client.delete(f"/fhir/{path}", headers=person.desk.of(other))).status_code in {404, 405}
    for step in ("close", "reopen", "erase", "object", "confirm", "suspend"):
        body = {"resourceType": "Parameters", "parameter": [{"name": "confirm", "valueBoolean": True}]}
        assert (await person.desk.post(f"Patient/{person.patient}/${step}", other, body)).status_code == 404
    assert [await person.is_read_by(who) for who in (person.patient, Role.SPECIALIST, Role.LABORATORY)] == [True, True, True]
