"""Telling: an event becomes a notification of the holder, and an e-mail if they chose so. Done by the service, once for each event."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

import orjson

from healthspace.access.announce import Event, met_of
from healthspace.access.facts import STATED_BY_NONE, Fact, facts_in
from healthspace.access.labels import HIDDEN_FROM_REPRESENTATIVES, NOT_ANNOUNCED, codes_of
from healthspace.access.permit import Permit
from healthspace.access.rules import Action, Tie
from healthspace.base.ids import event_id, made_at, parse_id
from healthspace.database.outbox import enqueue
from healthspace.notifications.model import Channel, Happened, Subject, communication, subject_of
from healthspace.notifications.operations import START, holder_of, preferences_of
from healthspace.resources.store import find, insert, last_version, read_all, read_several
from healthspace.resources.stored import Resource

MEET = """
    INSERT INTO access_fact (owner, kind, subject, source) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING RETURNING subject
"""
MAIL = "mail"
"""The kind of letter that becomes an e-mail."""
ABOUT_DOCUMENTS = frozenset({Event.DOCUMENT_ADDED, Event.DOCUMENT_CHANGED, Event.DOCUMENT_RELEASED})
"""News only while the document is there as it was."""


@dataclass(frozen=True, slots=True)
class Told:
    """What came of an event: whether the holder was told, and which treating doctors must be told too (RPPS numbers)."""

    holder: bool
    doctors: Sequence[str] = ()
    patient: str = ""


async def tell(p: Permit, happened: Happened, identifier: UUID) -> Told:
    """Tells the holder of the permit's owner, under the id that the event has however often it comes; nothing when it came before.

    What is not announced to them yet (R1111-53), and what they chose not to be told, is not told.
    """
    p.must_be_for(Action.NOTIFY)
    # Whoever may not see the document may not see that there was something to tell about it.
    p.note(*(target for target in happened.targets if target.startswith("DocumentReference/")))
    if await _was_told(p, identifier):
        return Told(holder=False)
    if happened.event == Event.FIRST_ACCESS:
        met = met_of(secret=happened.secret)
        if await p.tx.fetchval(MEET, p.owner, met, happened.caller, STATED_BY_NONE) is None:
            return Told(holder=False)
    if happened.event == Event.CONSULTATION_ADVISED:
        happened = replace(happened, targets=(), line="")  # R1111-53: come and talk, and not about what
    references = await _documents_of(p, happened)
    labels = {label for reference in references for label in codes_of(reference)}
    if happened.secret:
        labels.add(HIDDEN_FROM_REPRESENTATIVES)
    holder = await holder_of(p)
    doctors = await _treating_doctors(p, happened) if happened.event == Event.EMERGENCY_ACCESS else ()
    if happened.event == Event.ACCESS_REPORTED:
        return Told(holder=False, patient=holder.get("reference", ""))  # the holder did it
    if NOT_ANNOUNCED in labels or (happened.event in ABOUT_DOCUMENTS and not references):
        return Told(holder=False, doctors=doctors, patient=holder.get("reference", ""))
    told = await tell_holder(p, happened, identifier, holder, frozenset(labels))
    return Told(told, doctors, holder.get("reference", ""))


async def tell_elsewhere(p: Permit, happened: Happened, identifier: UUID, patient: str | None = None) -> bool:
    """Tells the holder of the permit's owner what happened in another record: a treating doctor (R1111-48), a carer.

    `patient` is whose record, for those who may know.
    """
    p.must_be_for(Action.NOTIFY)
    if await _was_told(p, identifier):
        return False
    return await tell_holder(p, happened, identifier, await holder_of(p), frozenset(), patient)


async def tell_holder(
    p: Permit, happened: Happened, identifier: UUID, holder: Resource, labels: frozenset[str], patient: str | None = None
) -> bool:
    """Keeps the notification and posts the e-mail, by what the holder chose. What they chose to hear by e-mail only is kept unshown."""
    p.must_be_for(Action.NOTIFY)
    chosen, subject = await preferences_of(p), subject_of(happened.event)
    # A mailbox is often the family's: that there is news is news, too.
    mail = chosen.wants(subject, Channel.MAIL) and HIDDEN_FROM_REPRESENTATIVES not in labels
    portal = chosen.wants(subject, Channel.PORTAL)
    if not portal and not mail:
        return False
    resource = communication(happened, holder, patient or holder.get("reference"), labels)
    if not portal:
        resource["status"] = "not-done"
    await insert(p.tx, p.cipher, p.keys, identifier, resource, p.now)
    p.note(f"Communication/{identifier}")
    if mail:
        body = {"to": chosen.address, "language": chosen.language, "urgent": subject is Subject.EMERGENCY}
        posted = event_id(p.owner, made_at(identifier) or START, MAIL, str(identifier))
        await enqueue(p.tx, p.cipher, MAIL, orjson.dumps(body), p.now, identifier=posted)
    return True


async def _was_told(p: Permit, identifier: UUID) -> bool:
    """Whether this event was told before, even if its notification was deleted since."""
    if await find(p.tx, p.cipher, "Communication", identifier) is not None:
        return True
    return await last_version(p.tx, p.cipher, "Communication", identifier) is not None


async def _documents_of(p: Permit, happened: Happened) -> list[Resource]:
    """The documents that an event is about, as they are now; those that were replaced are no news."""
    names = [target.removeprefix("DocumentReference/") for target in happened.targets if target.startswith("DocumentReference/")]
    places = [("DocumentReference", identifier) for name in names if (identifier := parse_id(name.partition("/")[0])) is not None]
    found = [stored.json() for stored in await read_several(p.tx, p.cipher, places)] if places else []
    return [reference for reference in found if reference.get("status") != "superseded"]


async def _treating_doctors(p: Permit, happened: Happened) -> tuple[str, ...]:
    """The RPPS numbers of those who are treating doctors now, but of who acted."""
    facts = [fact for stored in await read_all(p.tx, p.cipher, "CareTeam") for fact in facts_in(stored.json())]
    treating = [fact.key for fact in facts if fact.kind == Tie.TREATING_DOCTOR and _holds(fact, p.now)]
    numbers = {key.removeprefix("rpps|") for key in treating}
    return tuple(sorted(numbers - {happened.rpps}))


def _holds(fact: Fact, now: datetime) -> bool:
    return (fact.since is None or fact.since <= now) and (fact.until is None or fact.until > now)
