"""The certificate of a carer: a real document for who is helped and for who helps, when help begins and when it ends."""

from datetime import timedelta
from uuid import UUID

import httpx
import pytest

from healthspace.access.opening import Service
from healthspace.access.rules import Action
from healthspace.base import clock
from healthspace.edge.worker.calendar import keep_calendar
from healthspace.edge.worker.deliver import deliver_due
from healthspace.edge.worker.handlers import handlers_of
from healthspace.identity.caller import SERVICE, caller_of_citizen
from healthspace.identity.personas import Role
from healthspace.record.life import announce_space, close_space
from healthspace.record.spaces import owner_of_patient
from tests.edge.conversation import Desk, binary_of, ids_of
from tests.edge.pages import HERE, signed_in, words
from tests.edge.test_carers import an_invitation, answers, invited, person
from tests.edge.test_controls import Person
from tests.edge.test_notifications import work
from tests.harness import a_citizen, authorised, some_traits, treated

__all__ = ["person"]

TYPE = "CERT_DECL"


async def certificates(desk: Desk, of: UUID, who: UUID | Role | None = None) -> list[dict]:
    """The certificates of a record that a caller finds, latest first."""
    found = await desk.get(f"DocumentReference?patient={of}&type={TYPE}&_sort=-date&_total=accurate", who or of)
    resources = [entry["resource"] for entry in found.json().get("entry", [])]
    assert found.json()["total"] == len(resources)
    return resources


async def text_of(desk: Desk, reference: dict, who: UUID) -> str:
    answer = await desk.get(binary_of(reference), who)
    assert answer.status_code == 200
    return answer.text


async def test_both_have_a_certificate_when_a_carer_accepts_and_when_care_ends(person: Person) -> None:
    desk, carer = person.desk, await a_citizen(person.desk.service, 2, given=("ROSE", "LÉA"), family="MARTIN")
    related = an_invitation(person, 2, "FEED") | {"name": [{"family": "Martin", "given": ["Rose"]}]}
    identifier = (await desk.post("RelatedPerson", person.patient, related)).json()["id"]
    await work(desk.service)
    assert await certificates(desk, person.patient) == []
    assert (await answers(desk, identifier, carer)).status_code == 200
    await work(desk.service)
    for of in (person.patient, carer):
        (begun,) = await certificates(desk, of)
        assert begun["category"][0]["coding"][0]["code"] == "52"
        assert begun["content"][0]["attachment"]["title"] == "Attestation d’aidant"
        said = await text_of(desk, begun, of)
        assert "Rose MARTIN (28/03/1979) a accepté" in said
        assert "d’être l’aidant de Léa DUPRÉ (28/03/1979)" in said
        assert "lit le dossier et peut y ajouter des documents, sans date de fin" in said
        assert "reads the record and may add documents to it, without an end date" in said
        proof = await desk.get(f"Provenance?patient={of}&target=DocumentReference/{begun['id']}", of)
        assert proof.json()["entry"][0]["resource"]["agent"][0]["who"] == {"display": "Healthspace"}
    await desk.client.delete(f"/fhir/RelatedPerson/{identifier}", headers=desk.of(carer))
    await work(desk.service)
    for of in (person.patient, carer):
        ended, _ = await certificates(desk, of)
        said = await text_of(desk, ended, of)
        assert "a pris fin le" in said
        assert "par la volonté de l’aidant" in said
        assert "by the carer’s own will" in said
    assert (await desk.lines()).count(("document:deposit", "done", "timer")) == 4


async def test_nobody_else_finds_a_certificate(person: Person) -> None:
    """Neither professionals, whatever they may read, nor another carer: it tells whom the citizen trusts."""
    desk, patient = person.desk, person.patient
    carer, other = await a_citizen(desk.service, 2), await a_citizen(desk.service, 3)
    await answers(desk, await invited(person, 3), other)
    await work(desk.service)
    of_other = {one["id"] for one in await certificates(desk, patient)}
    await answers(desk, await invited(person, 2), carer)
    await work(desk.service)
    await treated(desk.service, patient)
    await authorised(desk.service, patient, Role.SPECIALIST)
    ours = [one for one in await certificates(desk, patient) if one["id"] not in of_other]
    assert len(ours) == 1
    for who in (Role.TREATING_DOCTOR, Role.SPECIALIST, carer, other):
        assert await certificates(desk, patient, who) == []
        for path in (f"DocumentReference/{ours[0]['id']}", binary_of(ours[0])):
            assert (await desk.get(path, who)).status_code == 404
    submissions = f"List?patient={patient}&code=submissionset"
    assert len(ids_of(await desk.get(submissions, patient))) == 1 + len(ids_of(await desk.get(submissions, Role.TREATING_DOCTOR))) + 1
    assert len(await certificates(desk, carer)) == 1


async def test_a_certificate_is_written_once_whatever_happens_to_its_writer(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    desk, carer = person.desk, await a_citizen(person.desk.service, 2)
    await answers(desk, await invited(person, 2), carer)
    handlers = handlers_of(desk.service)

    async def dies(door: object, letter: object) -> None:
        raise OSError

    await deliver_due(desk.service.door, {**handlers, "certify": dies})
    later = clock.now() + timedelta(minutes=10)
    monkeypatch.setattr(clock, "now", lambda: later)
    await work(desk.service)
    monkeypatch.undo()
    assert len(await certificates(desk, person.patient)) == len(await certificates(desk, carer)) == 1


async def test_help_that_ends_on_its_date_is_written_down_and_certified_then(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    desk, carer = person.desk, await a_citizen(person.desk.service, 2)
    day = (clock.now() + timedelta(days=10)).date().isoformat()
    identifier = await invited(person, 2, period={"end": "2099-12-31"})
    await answers(desk, identifier, carer)
    sooner = an_invitation(person, 2) | {"id": identifier, "period": {"end": day}}
    assert (await desk.client.put(f"/fhir/RelatedPerson/{identifier}", json=sooner, headers=desk.of(person.patient))).status_code == 200
    assert await keep_calendar(desk.service.door) == 0
    later = clock.now() + timedelta(days=12)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert await keep_calendar(desk.service.door) == 1
    await work(desk.service)
    monkeypatch.undo()
    ended, _ = await certificates(desk, person.patient)
    assert "à la date prévue" in await text_of(desk, ended, person.patient)
    related = (await desk.get(f"RelatedPerson/{identifier}", person.patient)).json()
    assert (related["active"], related["period"]["end"]) == (False, day)
    assert ids_of(await desk.get("RelatedPerson/$mine", carer)) == []


async def test_an_invitation_that_nobody_accepted_and_a_representative_have_no_certificate(person: Person) -> None:
    desk = person.desk
    parent, second = await a_citizen(desk.service, 2), await a_citizen(desk.service, 3)
    await desk.client.delete(f"/fhir/RelatedPerson/{await invited(person, 2)}", headers=desk.of(person.patient))
    assert (await answers(desk, await invited(person, 3), second, "refuse")).status_code == 200
    async with desk.service.door.permit_to_open(SERVICE) as p:
        child = await announce_space(p, some_traits(5, birth_date="2014-03-05"), announced=False, representative=parent)
    invitation = an_invitation(Person(desk, child, ""), 3, relationship="GUARD")
    identifier = (await desk.post("RelatedPerson", parent, invitation)).json()["id"]
    assert (await answers(desk, identifier, second)).status_code == 200
    await work(desk.service)
    for of in (person.patient, parent, second, child):
        assert await certificates(desk, of) == []


async def test_a_closed_record_gets_none_and_the_other_one_is_spared(person: Person) -> None:
    desk, carer = person.desk, await a_citizen(person.desk.service, 2)
    await answers(desk, await invited(person, 2), carer)
    async with desk.service.door.permit(caller_of_citizen(carer), Action.CLOSE_SPACE, owner_of_patient(carer)) as p:
        await close_space(p, "patient-demande")
    await work(desk.service)
    assert len(await certificates(desk, person.patient)) == 1
    assert await desk.connection.fetchval("SELECT count(*) FROM outbox") == 0


async def test_a_certificate_is_read_on_the_pages_of_both(person: Person, service: Service, client: httpx.AsyncClient) -> None:
    desk, carer = person.desk, await a_citizen(person.desk.service, 2)
    identifier = await invited(person, 2)
    signed_in(service, client, carer)
    assert "attestation" in words(await client.get(f"/relatives/{identifier}/answer"))
    await client.post(f"/relatives/{identifier}/answer", data={"answer": "accept"}, headers=HERE)
    await work(service)
    for who in (person.patient, carer):
        signed_in(service, client, who)
        assert "Attestation d’aidant" in words(await client.get("/documents"))
        (reference,) = await certificates(desk, who)
        page = words(await client.get(f"/documents/{reference['id']}"))
        assert "atteste que" in page
        assert "The health space certifies" in page
        assert "corrections/new" not in page
        assert "Vous seul" in page
    signed_in(service, client, carer)
    assert "Attestation d’aidant" not in words(await client.get(f"/patients/{person.patient}"))
