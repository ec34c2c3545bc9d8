"""Events become notifications and e-mails: told once, to whom they concern, by the channels they chose; and reviews for the agency."""

import socket
from collections.abc import AsyncIterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from email.message import Message
from typing import Any
from uuid import UUID

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message as MessageHandler

from healthspace.access.announce import Event
from healthspace.access.opening import Service
from healthspace.access.permit import Door
from healthspace.access.rules import Action
from healthspace.base import clock
from healthspace.base.errors import Invalid, NotFound
from healthspace.database.outbox import LEASE, Claimed, claim, count_letters, find_due
from healthspace.edge.worker.deliver import deliver_due
from healthspace.edge.worker.handlers import handlers_of
from healthspace.edge.worker.notify import handle_event
from healthspace.identity.caller import SERVICE, caller_of_citizen
from healthspace.identity.directory import RPPS, RPPS_OID
from healthspace.identity.personas import Role
from healthspace.notifications.model import ALWAYS_IN_PORTAL, Channel, Notification, Preferences, Subject
from healthspace.notifications.operations import Centre, choose, delete_notification, mark, mark_all_read, read_centre, read_choices
from healthspace.record.attributes import release_document
from healthspace.record.spaces import owner_of_patient
from tests.documents import a_cda, a_reference, a_root
from tests.edge.conversation import FHIR, Desk
from tests.edge.pages import signed_in
from tests.edge.test_carers import answers, invited, person
from tests.edge.test_controls import Person
from tests.harness import a_citizen, authorised, rpps_of, urgent

__all__ = ["person"]

DOCTOR, LAB = Role.SPECIALIST, Role.LABORATORY
INVISIBLE = [{"coding": [{"system": "https://mos.esante.gouv.fr/NOS/TRE_A08-HL7StatutVisibiliteDoc", "code": "INVISIBLE_PATIENT"}]}]


async def work(service: Service) -> None:
    """Works on the outbox until it is empty."""
    while await deliver_due(service.door, handlers_of(service)):
        pass


async def centre_of(service: Service, patient: UUID, **asked: Any) -> Centre:
    async with service.door.permit(caller_of_citizen(patient), Action.READ_NOTIFICATIONS, owner_of_patient(patient)) as p:
        return await read_centre(p, **asked)


async def told(desk: Desk, patient: UUID) -> list[Notification]:
    await work(desk.service)
    return list((await centre_of(desk.service, patient)).shown)


async def prefer(service: Service, patient: UUID, chosen: Preferences) -> None:
    async with service.door.permit(caller_of_citizen(patient), Action.CHANGE_NOTIFICATIONS, owner_of_patient(patient)) as p:
        await choose(p, chosen)


async def test_a_document_that_is_added_is_told_once_however_often_it_is_sent(desk: Desk, patient: UUID) -> None:
    document = a_cda(root=a_root())
    reference = await desk.deposit(document)
    await work(desk.service)
    desk.service.door.announcer._posted.clear()  # as after a restart
    answer = await desk.post("DocumentReference", LAB, a_reference(document))
    assert answer.status_code == 200
    [notification] = await told(desk, patient)
    assert (notification.event, notification.read) == (Event.DOCUMENT_ADDED, False)
    assert f"DocumentReference/{reference['id']}" in notification.about
    assert await count_letters(desk.service.door.database) == (0, 0)


async def test_what_is_not_announced_yet_is_not_told(desk: Desk, patient: UUID) -> None:
    await desk.deposit(securityLabel=INVISIBLE)
    assert await told(desk, patient) == []


async def test_what_the_holder_does_is_no_news_to_them(desk: Desk, patient: UUID) -> None:
    await desk.deposit(who=patient)
    await desk.get(f"Patient/{patient}", patient)
    await authorised(desk.service, patient, DOCTOR)
    assert await told(desk, patient) == []


async def test_the_first_access_of_each_professional_is_told_once_for_ever(
    desk: Desk, patient: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    await authorised(desk.service, patient, DOCTOR)
    for _ in range(3):
        await desk.get(f"Patient/{patient}", DOCTOR)
    await work(desk.service)
    desk.service.door.announcer._posted.clear()  # as after a restart
    later = clock.now() + timedelta(days=3)
    monkeypatch.setattr(clock, "now", lambda: later)
    await desk.get(f"Patient/{patient}", DOCTOR)
    [notification] = await told(desk, patient)
    assert (notification.event, notification.who, notification.place) == (
        Event.FIRST_ACCESS,
        "Karim BENALI",
        "Cabinet de cardiologie du Mail",
    )


async def test_a_refusal_is_no_access(desk: Desk, patient: UUID) -> None:
    await desk.get(f"Patient/{patient}", DOCTOR)
    assert await told(desk, patient) == []


async def test_readings_are_told_once_a_day_to_those_who_ask_for_it(desk: Desk, patient: UUID) -> None:
    reference = await desk.deposit(who=patient)
    await authorised(desk.service, patient, DOCTOR)
    await prefer(desk.service, patient, Preferences(off=frozenset({(Subject.ACCESS, Channel.PORTAL)})))
    for _ in range(2):
        await desk.get(f"DocumentReference/{reference['id']}", DOCTOR)
    assert [one.event for one in await told(desk, patient)] == [Event.DOCUMENT_READ]


async def test_a_consumer_that_dies_between_its_effect_and_its_acknowledgement_tells_once(desk: Desk, patient: UUID) -> None:
    await desk.deposit()
    door = desk.service.door
    [place] = await find_due(door.database, clock.now(), 10)
    letter = await claim(door.database, door.ciphers, place, clock.now())
    assert letter is not None

    class Killed(BaseException):
        """What a process that is killed does not even see."""

    async def die(self: Claimed, tx: Any) -> None:
        raise Killed

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Claimed, "settle", die)
        with pytest.raises(Killed):
            await handle_event(door, letter)
    assert (await centre_of(desk.service, patient)).shown == []
    assert await count_letters(door.database) == (1, 0)
    later = clock.now() + LEASE * 2
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(clock, "now", lambda: later)
        assert len(await told(desk, patient)) == 1


async def test_notifications_are_read_unread_and_deleted(desk: Desk, patient: UUID) -> None:
    service, me, owner = desk.service, caller_of_citizen(patient), owner_of_patient(patient)
    await desk.deposit()
    await authorised(service, patient, DOCTOR)
    await desk.get(f"Patient/{patient}", DOCTOR)
    first, second = await told(desk, patient)
    assert (await centre_of(service, patient)).unread == 2
    for read, unread in ((True, 1), (False, 2)):
        async with service.door.permit(me, Action.CHANGE_NOTIFICATIONS, owner) as p:
            await mark(p, first.id, read=read)
        assert (await centre_of(service, patient)).unread == unread
    async with service.door.permit(me, Action.CHANGE_NOTIFICATIONS, owner) as p:
        assert await mark_all_read(p) == 2
    assert (await centre_of(service, patient, only_unread=True)).shown == []
    async with service.door.permit(me, Action.CHANGE_NOTIFICATIONS, owner) as p:
        await delete_notification(p, first.id)
    assert [one.id for one in await told(desk, patient)] == [second.id]
    with pytest.raises(NotFound):
        async with service.door.permit(me, Action.CHANGE_NOTIFICATIONS, owner) as p:
            await mark(p, first.id, read=True)


async def test_a_deleted_notification_does_not_come_back(desk: Desk, patient: UUID) -> None:
    document = a_cda(root=a_root())
    await desk.deposit(document)
    [one] = await told(desk, patient)
    async with desk.service.door.permit(caller_of_citizen(patient), Action.CHANGE_NOTIFICATIONS, owner_of_patient(patient)) as p:
        await delete_notification(p, one.id)
    desk.service.door.announcer._posted.clear()
    await desk.post("DocumentReference", LAB, a_reference(document))
    assert await told(desk, patient) == []


async def test_an_alert_that_protects_cannot_be_silenced(desk: Desk, patient: UUID) -> None:
    for subject in ALWAYS_IN_PORTAL:
        with pytest.raises(Invalid):
            await prefer(desk.service, patient, Preferences(off=frozenset({(subject, Channel.PORTAL)})))
        assert Preferences(off=frozenset({(subject, Channel.PORTAL)})).wants(subject, Channel.PORTAL)


async def test_choices_are_kept(desk: Desk, patient: UUID) -> None:
    chosen = Preferences(frozenset({(Subject.DOCUMENT, Channel.PORTAL)}), "lea@example.org", "en")
    for each in (Preferences(), chosen):
        await prefer(desk.service, patient, each)
        async with desk.service.door.permit(caller_of_citizen(patient), Action.READ_NOTIFICATIONS, owner_of_patient(patient)) as p:
            assert await read_choices(p) == each
    await desk.deposit()
    assert await told(desk, patient) == []


async def test_notifications_are_communications_that_professionals_do_not_see(desk: Desk, patient: UUID) -> None:
    await authorised(desk.service, patient, DOCTOR)
    await desk.deposit()
    await work(desk.service)
    answer = await desk.get("Communication", patient)
    assert [entry["resource"]["topic"]["coding"][0]["code"] for entry in answer.json()["entry"]] == ["AJOUT_DOCUMENT"]
    assert "entry" not in (await desk.get(f"Communication?patient={patient}", DOCTOR)).json()


async def test_a_document_that_is_released_is_told_then(desk: Desk, patient: UUID) -> None:
    reference = await desk.deposit(securityLabel=INVISIBLE)
    assert await told(desk, patient) == []
    async with desk.service.door.permit(SERVICE, Action.RELEASE_DOCUMENT, owner_of_patient(patient)) as p:
        await release_document(p, UUID(reference["id"]))
    assert [one.event for one in await told(desk, patient)] == [Event.DOCUMENT_RELEASED]


@pytest.mark.parametrize(("system", "prefix"), [(RPPS, ""), (RPPS_OID, "8")])
async def test_an_emergency_is_told_to_who_treats_now_under_either_system_of_their_number(
    desk: Desk, patient: UUID, monkeypatch: pytest.MonkeyPatch, system: str, prefix: str
) -> None:
    member = {"identifier": {"system": system, "value": prefix + rpps_of(Role.TREATING_DOCTOR)}}
    role, end = [{"coding": [{"code": "PCP"}]}], clock.now() + timedelta(days=1)
    team = {"resourceType": "CareTeam", "status": "active", "subject": {"reference": f"Patient/{patient}"}}
    team["participant"] = [{"role": role, "member": member, "period": {"end": end.isoformat()}}]
    assert (await desk.post("CareTeam", patient, team)).status_code == 201
    reference = await desk.deposit()
    for then in (clock.now(), end + timedelta(days=1)):
        monkeypatch.setattr(clock, "now", lambda then=then: then)
        await desk.get(f"DocumentReference/{reference['id']}", urgent(Role.NURSE, reason=f"Unconscious on {then:%d/%m/%Y}"))
        await work(desk.service)
        page = await signed_in(desk.service, desk.client, Role.TREATING_DOCTOR).get("/notifications")
        assert page.text.count('name="id"') == 1, "told while they treat, and not after"


async def test_carers_hear_of_invitations_and_ends_and_holders_of_answers(person: Person) -> None:
    desk, holder = person.desk, person.patient
    carer = await a_citizen(desk.service, 2)
    refused = await invited(person, 2)
    assert [one.event for one in await told(desk, carer)] == [Event.CARER_INVITED]
    await answers(desk, refused, carer, "refuse")
    assert (await told(desk, holder))[0].event == Event.CARER_REFUSED
    accepted = await invited(person, 2)
    await answers(desk, accepted, carer)
    await desk.client.delete(f"/fhir/RelatedPerson/{accepted}", headers=desk.of(holder))
    assert {one.event for one in await told(desk, holder)} >= {Event.CARER_REFUSED, Event.CARER_ACCEPTED}
    heard = await told(desk, carer)
    assert await count_letters(desk.service.door.database) == (0, 0)
    about_help = [one.event for one in heard if one.event != Event.DOCUMENT_ADDED]
    assert about_help == [Event.ENDED_BY_HOLDER, Event.CARER_INVITED, Event.CARER_INVITED]
    assert len(heard) - len(about_help) == 2  # the certificates of the beginning and of the end
    third = await invited(person, 2)
    await answers(desk, third, carer)
    await desk.client.delete(f"/fhir/RelatedPerson/{third}", headers=desk.of(carer))
    assert Event.ENDED_BY_CARER in {one.event for one in await told(desk, holder)}


async def test_an_invitation_that_reaches_nobody_tells_nobody(person: Person) -> None:
    before = await told(person.desk, person.patient)
    await invited(person, 9)
    assert await told(person.desk, person.patient) == before
    assert await count_letters(person.desk.service.door.database) == (0, 0)


async def test_over_http_a_notification_is_read_unread_and_deleted_by_its_holder(desk: Desk, patient: UUID) -> None:
    await desk.deposit()
    [one] = await told(desk, patient)
    address = f"Communication/{one.id}"
    resource = (await desk.get(address, patient)).json()
    stranger = await a_citizen(desk.service, 2)
    for received, unread in (({"received": "2026-11-27T10:00:00Z"}, 0), ({}, 1)):
        kept = {**resource, **received}
        answer = await desk.client.put(f"/fhir/{address}", json=kept, headers={**FHIR, **desk.of(patient)})
        assert (answer.status_code, "received" in answer.json()) == (200, bool(received))
        assert (await centre_of(desk.service, patient)).unread == unread
        assert (await desk.client.put(f"/fhir/{address}", json=kept, headers={**FHIR, **desk.of(stranger)})).status_code == 404
    assert (await desk.client.delete(f"/fhir/{address}", headers=desk.of(stranger))).status_code == 404
    assert (await desk.client.delete(f"/fhir/{address}", headers=desk.of(patient))).status_code == 204
    assert (await centre_of(desk.service, patient)).shown == []


async def test_over_http_an_access_is_questioned_by_a_task(desk: Desk, patient: UUID) -> None:
    await desk.get(f"Patient/{patient}", DOCTOR)
    event = (await desk.get("AuditEvent?date=ge2020&date=le2099&outcome=4", patient)).json()["entry"][0]["resource"]
    task = {
        "resourceType": "Task",
        "status": "requested",
        "intent": "order",
        "focus": {"reference": f"AuditEvent/{event['id']}"},
        "description": "Qui est ce médecin ?",
    }
    kept = await desk.post("Task", patient, task)
    assert (kept.status_code, kept.json()["for"]["reference"]) == (201, f"Patient/{patient}")
    assert (await desk.post("Task", patient, {**task, "description": "?"})).status_code == 422
    assert (await desk.post("Task", patient, {**task, "focus": {"reference": "Patient/1"}})).status_code == 422
    stranger = await a_citizen(desk.service, 2)
    assert (await desk.post("Task", stranger, task)).status_code == 404
    assert (await desk.post("Task", DOCTOR, task)).status_code == 404


# E-mail, with a real SMTP server as the peer.


class Mailbox(MessageHandler):
    """Keeps what it receives; dies as it is told, after it has taken the message."""

    def __init__(self) -> None:
        super().__init__()
        self.received: list[Message] = []

    def handle_message(self, message: Message) -> None:
        self.received.append(message)


@contextmanager
def smtp_server() -> Any:
    mailbox = Mailbox()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(mailbox, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield mailbox, port
    finally:
        controller.stop()


@pytest.fixture
async def mailing(desk: Desk) -> AsyncIterator[tuple[Service, Mailbox]]:
    """The service with a mail server."""
    with smtp_server() as (mailbox, port):
        settings = replace(desk.service.settings, smtp_host="127.0.0.1", smtp_port=port, smtp_tls="none", mail_from="space@health.test")
        yield replace(desk.service, settings=settings), mailbox


async def test_an_e_mail_says_that_something_happened_and_never_what(desk: Desk, patient: UUID, mailing: tuple[Service, Mailbox]) -> None:
    service, mailbox = mailing
    await prefer(service, patient, Preferences(address="lea@example.org"))
    reference = await desk.deposit()
    await work(service)
    [message] = mailbox.received
    assert (message["To"], message["From"], message["Subject"] is not None) == ("lea@example.org", "space@health.test", True)
    whole = message.as_string()
    for secret in ("DUPR", reference["id"], str(patient), "Laboratoire", "AJOUT"):
        assert secret not in whole
    assert message["Auto-Submitted"] == "auto-generated"


async def test_without_an_address_no_e_mail_is_sent(desk: Desk, patient: UUID, mailing: tuple[Service, Mailbox]) -> None:
    service, mailbox = mailing
    await desk.deposit()
    await work(service)
    assert mailbox.received == []


async def test_an_e_mail_that_was_taken_before_its_sender_died_comes_again_under_the_same_name(
    desk: Desk, patient: UUID, mailing: tuple[Service, Mailbox]
) -> None:
    service, mailbox = mailing
    door: Door = service.door
    await prefer(service, patient, Preferences(address="lea@example.org"))
    await desk.deposit()
    handlers = handlers_of(service)
    await deliver_due(door, handlers)
    [place] = await find_due(door.database, clock.now(), 10)
    letter = await claim(door.database, door.ciphers, place, clock.now())
    assert letter is not None
    await handlers["mail"](door, letter)  # sent; the process dies before it is settled
    later = clock.now() + LEASE * 2
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(clock, "now", lambda: later)
        await work(service)
    assert len(mailbox.received) == 2
    assert len({message["Message-ID"] for message in mailbox.received}) == 1
    assert await count_letters(door.database) == (0, 0)


async def test_while_the_mail_server_is_away_the_letter_waits_and_the_notification_is_there(desk: Desk, patient: UUID) -> None:
    settings = replace(desk.service.settings, smtp_host="127.0.0.1", smtp_port=1, smtp_tls="none")
    service = replace(desk.service, settings=settings)
    await prefer(service, patient, Preferences(address="lea@example.org"))
    await desk.deposit()
    await work(service)
    assert len((await centre_of(service, patient)).shown) == 1
    assert await count_letters(service.door.database) == (1, 0)
