"""The notification centre: what a person was told, newest first; read, unread, deleted; and what they chose to be told."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from healthspace.access.labels import codes_of
from healthspace.access.permit import Permit
from healthspace.access.rules import Action
from healthspace.base.errors import Invalid, NotFound
from healthspace.base.ids import event_id
from healthspace.notifications.model import (
    ALWAYS_IN_PORTAL,
    CATEGORIES,
    NOTIFICATION,
    PREFERENCES,
    TAGS,
    UNREAD,
    Channel,
    Notification,
    Preferences,
    as_read,
    as_unread,
    preferences_resource,
    read_notification,
    read_preferences,
)
from healthspace.resources.hashing import hash_code, hash_token
from healthspace.resources.query import Hashed, Query, Sort
from healthspace.resources.reach import Reach
from healthspace.resources.search import search
from healthspace.resources.store import delete, find, insert, last_version, lock, read_all, update
from healthspace.resources.stored import Resource, Stored

START = datetime(2020, 1, 1, tzinfo=UTC)
ADDRESS = re.compile(r"[^@\s,;<>]{1,64}@[^@\s,;<>]{1,190}\.[^@\s,;<>]{2,63}")
PAGE = 50
MOST_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Centre:
    """A page of notifications, how many are unread in all, and where the next page begins."""

    shown: Sequence[Notification]
    unread: int
    next: str | None


async def read_centre(p: Permit, *, after: str | None = None, only_unread: bool = False, limit: int = PAGE) -> Centre:
    """A page of what the holder was told, newest first."""
    p.must_be_for(Action.READ_NOTIFICATIONS)
    query = _query(p, only_unread=only_unread, count=limit, after=after)
    page = await search(Reach(p), query, Reach(p).scope("Communication"))
    return Centre([read_notification(stored.json(), stored.id) for stored in page.entries], await _count_unread(p), page.next)


async def count_unread(p: Permit) -> int:
    """How many notifications of the holder are unread: for the number beside the menu."""
    p.must_be_for(Action.READ_NOTIFICATIONS, Action.READ_RECORD)
    return await _count_unread(p)


async def mark(p: Permit, identifier: UUID, *, read: bool) -> Stored:
    """Marks one notification as read or unread, and gives it; NotFound when the holder has none of that id."""
    p.must_be_for(Action.CHANGE_NOTIFICATIONS)
    stored, resource = await _one(p, identifier)
    p.note(f"Communication/{identifier}")
    if ("received" in resource) == read:
        return stored
    return await update(p.tx, p.cipher, p.keys, stored, as_read(resource, p.now) if read else as_unread(resource), p.now)


async def mark_all_read(p: Permit) -> int:
    """Marks what is unread as read; how many."""
    p.must_be_for(Action.CHANGE_NOTIFICATIONS)
    page = await search(Reach(p), _query(p, only_unread=True, count=MOST_AT_ONCE), Reach(p).scope("Communication"))
    for stored in page.entries:
        await update(p.tx, p.cipher, p.keys, stored, as_read(stored.json(), p.now), p.now)
    return len(page.entries)


async def delete_notification(p: Permit, identifier: UUID) -> None:
    """Deletes one notification: the trail still has what it told of. Deleting it twice changes nothing."""
    p.must_be_for(Action.CHANGE_NOTIFICATIONS)
    current = await lock(p.tx, p.cipher, "Communication", identifier)
    if current is None and await last_version(p.tx, p.cipher, "Communication", identifier) is not None:
        return
    await _one(p, identifier)
    if current is not None:
        await delete(p.tx, p.cipher, p.keys, current, p.now)
    p.note(f"Communication/{identifier}")


async def read_choices(p: Permit) -> Preferences:
    """What the holder chose to be told."""
    p.must_be_for(Action.READ_NOTIFICATIONS)
    return await preferences_of(p)


async def choose(p: Permit, chosen: Preferences) -> None:
    """Keeps what the holder chose. Invalid when an address is none, or when an alert that protects them would reach them nowhere."""
    p.must_be_for(Action.CHANGE_NOTIFICATIONS)
    if chosen.address and not ADDRESS.fullmatch(chosen.address):
        raise Invalid("this is not an e-mail address, such as name@example.org", place="address")
    if any((subject, Channel.PORTAL) in chosen.off for subject in ALWAYS_IN_PORTAL):
        raise Invalid("alerts about emergencies and security stay on in the portal", place="off")
    identifier = preferences_id(p.owner)
    current = await find(p.tx, p.cipher, "Basic", identifier)
    resource = preferences_resource(chosen, await holder_of(p))
    if current is None:
        await insert(p.tx, p.cipher, p.keys, identifier, resource, p.now)
    else:
        await update(p.tx, p.cipher, p.keys, current, resource, p.now)
    p.note(f"Basic/{identifier}")


def preferences_id(owner: int) -> UUID:
    """The one Basic that holds the choices of an owner."""
    return event_id(owner, START, PREFERENCES)


async def preferences_of(p: Permit) -> Preferences:
    """What the holder of the permit's owner chose: a step of operations that have looked at their permit."""
    stored = await find(p.tx, p.cipher, "Basic", preferences_id(p.owner))
    return read_preferences(stored.json() if stored is not None else None)


async def holder_of(p: Permit) -> Resource:
    """Whom the permit's owner is about, as a reference: their Patient, or the professional of a mailbox."""
    patients = await read_all(p.tx, p.cipher, "Patient")
    if patients:
        return {"reference": f"Patient/{patients[0].id}"}
    card = await find(p.tx, p.cipher, "Basic", event_id(p.owner, START, "Mailbox"))
    if card is None:
        raise NotFound
    subject: Resource = card.json()["subject"]
    return subject


def _query(p: Permit, *, only_unread: bool, count: int, after: str | None = None) -> Query:
    conditions = [
        Hashed((hash_token(p.keys, "Communication", "category", CATEGORIES, NOTIFICATION),)),
        Hashed((hash_code(p.keys, "Communication", "status", "completed"),)),
    ]
    if only_unread:
        conditions.append(Hashed((hash_token(p.keys, "Communication", "meta.tag", TAGS, UNREAD),)))
    return Query("Communication", conditions=[*conditions], sort=(Sort("sent", descending=True),), after=after, count=count, total=False)


async def _count_unread(p: Permit) -> int:
    query = _query(p, only_unread=True, count=0)
    query.total = True
    return (await search(Reach(p), query, Reach(p).scope("Communication"))).total or 0


async def _one(p: Permit, identifier: UUID) -> tuple[Stored, Resource]:
    stored = await find(p.tx, p.cipher, "Communication", identifier)
    resource = stored.json() if stored is not None else {}
    codes = {coding.get("code") for concept in resource.get("category", []) for coding in concept.get("coding", [])}
    if stored is None or NOTIFICATION not in codes or codes_of(resource) & p.hidden:
        raise NotFound
    return stored, resource
