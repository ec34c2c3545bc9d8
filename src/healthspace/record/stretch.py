"""A page of what a record tells in time: read from where the page begins, day by day, until it is full.

What states one fact states one time, so that facts are merged within whole days. A month or a year may be any of its days: where such
a fact stands on a page, the days after the page that it may mean are read too, and a line that they tell already is not told again.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from healthspace.access.permit import Permit
from healthspace.access.rules import Action
from healthspace.database.keys import KeyRing
from healthspace.profile.timeline import KINDS, Dated, Event, last_meant
from healthspace.record.picture import leave_out_unseen
from healthspace.resources.gathering import OBSERVATION, find_years, gather_days
from healthspace.resources.query import Condition, Either, Hashed, Not, Query
from healthspace.resources.reach import hashes_of

Tell = Callable[[Sequence[Dated]], list[Event]]
"""What makes events of facts, the latest first."""

SPARE = 6
"""Facts that are read beyond what a page seems to need: one for each event, or more where results are told together."""
ENOUGH = 200
"""Facts that a page reads, whatever events they make: the rest is on the next one."""
UNTOLD = frozenset({"entered-in-error", "not-done", "declined", "superseded"})
"""Statuses of what did not happen, or is told by what replaced it."""
LABORATORY = frozenset({"laboratory"})
OTHERS = frozenset("activity exam imaging procedure social-history survey therapy vital-signs".split())
"""The other categories of Observations (R4, ValueSet observation-category)."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page begins: on the day `until`, below the event `after` when it is on that day; without a day, at the latest."""

    until: date | None = None
    after: str = ""


@dataclass(frozen=True, slots=True)
class Stretch:
    """The events of a page, and where the next one begins; None on the last."""

    events: tuple[Event, ...]
    older: Place | None


async def read_stretch(p: Permit, queries: Sequence[Query], tell: Tell, place: Place, most: int, zone: ZoneInfo) -> Stretch:
    """The `most` events from `place` on, of what `queries` find and the permit shows; fewer where that is much to read."""
    p.must_be_for(Action.READ_RECORD)
    facts, events, vague = list[Dated](), list[Event](), False
    limit = SPARE + most * (3 if any(query.type == OBSERVATION for query in queries) else 1)
    async for days in gather_days(p, queries, place.until, zone, limit):
        seen = await _keep_seen(p, days)
        facts += seen
        vague = vague or any(last_meant(one.resource) for one in seen)
        events = tell([*await _read_meant(p, queries, facts, place.until, zone), *facts]) if vague else [*events, *tell(seen)]
        shown = _behind(place, events)
        if len(shown) > most:
            return Stretch(tuple(shown[:most]), Place(shown[most - 1].day, shown[most - 1].id))
        if len(facts) >= ENOUGH:
            return Stretch(tuple(shown), Place(facts[-1].day - timedelta(days=1)))
    return Stretch(tuple(_behind(place, events)), None)


async def find_told_years(p: Permit, zone: ZoneInfo) -> dict[str, list[int]]:
    """The kinds of events that the record may tell, in the order of their types, each with its years, the latest first."""
    p.must_be_for(Action.READ_RECORD)
    found = await find_years(p, timeline_queries(p.keys), zone)
    return {kind: found[type_] for type_, kind in KINDS.items() if type_ in found}


def timeline_queries(keys: KeyRing, kind: str = "") -> list[Query]:
    """What the index finds of the events of one kind, or of all."""
    return [Query(type_, conditions=_conditions(keys, type_)) for type_, known in KINDS.items() if kind in {"", known}]


def _conditions(keys: KeyRing, type_: str) -> list[Condition]:
    happened = Not(Hashed(hashes_of(keys, type_, ("status",), UNTOLD)))
    if type_ != OBSERVATION:
        return [happened]
    of_laboratory, others = (Hashed(hashes_of(keys, type_, ("category",), codes)) for codes in (LABORATORY, OTHERS))
    return [happened, Either((of_laboratory, Not(others)))]


def _behind(place: Place, events: list[Event]) -> list[Event]:
    """Those of `events` that stand where the page begins, or below. When the event that it begins below has gone, its day is told anew."""
    if place.until is None:
        return events
    below = [event for event in events if event.day <= place.until]
    found = next((number for number, event in enumerate(below, 1) if event.day == place.until and event.id == place.after), 0)
    return below[found:]


async def _read_meant(p: Permit, queries: Sequence[Query], facts: Sequence[Dated], until: date | None, zone: ZoneInfo) -> list[Dated]:
    """What stands later than `until` where a fact that says only its month or year may be meant."""
    if until is None:
        return []
    vague = [(last, one.resource["resourceType"]) for one in facts if (last := last_meant(one.resource)) is not None and last > until]
    found: list[Dated] = []
    if vague:
        types = {type_ for _, type_ in vague}
        async for days in gather_days(p, [query for query in queries if query.type in types], max(vague)[0], zone, ENOUGH):
            found += [one for one in days if one.day > until]
            if days[-1].day <= until:
                break
    return await _keep_seen(p, found)


async def _keep_seen(p: Permit, dated: Sequence[Dated]) -> list[Dated]:
    seen = {id(one) for one in await leave_out_unseen(p, [one.resource for one in dated])}
    return [one for one in dated if id(one.resource) in seen]
