"""Results of laboratories, read as far as they are shown: the latest of every curve, the last of some, or all of one."""

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from healthspace.access.permit import Permit
from healthspace.access.rules import Action
from healthspace.profile.curves import moment_of
from healthspace.record.picture import leave_out_unseen
from healthspace.resources.curves import Found, find_all, find_last, find_others
from healthspace.resources.stored import Resource

FIRST = 128
"""Results that are read before anybody asks which curves they leave out: the last twelve reports of most records."""
MOST = 20_000
"""Results that are read at most to find the latest of every curve."""
MARGIN = timedelta(days=1)
"""How far apart two results of one time may be placed: a day is written without a zone, an hour with any."""


@dataclass(frozen=True, slots=True)
class Reading:
    """Results of one curve, the latest first: all whose time is not before `since` (seconds since 1970), and some that are."""

    results: tuple[Found, ...] = ()
    since: float = -math.inf

    @property
    def resources(self) -> list[Resource]:
        return [one.resource for one in self.results]

    def deepened(self, by: "Reading") -> "Reading":
        """This and another reading of the same curve as one."""
        unique = {one.id: one for one in (*self.results, *by.results)}
        return Reading(tuple(sorted(unique.values(), key=lambda one: (one.date, one.id), reverse=True)), min(self.since, by.since))


async def read_latest(p: Permit) -> dict[str, Reading]:
    """Every curve of the record, by its key, read so far that its latest result is known.

    Each round leaves out the curves of which that is so: in the end only rare analyses are read back to their beginning.
    """
    p.must_be_for(Action.READ_RECORD)
    found, known, after = list[Found](), dict[str, float](), None
    while len(found) < MOST:
        most = max(FIRST, len(found))
        read = await find_others(p, known, after, most)
        found += await _shown(p, read)
        if len(read) < most:
            break
        after = read[-1]
        edge = _edge(after.date)
        # No result is placed before its own time: what is later than the edge has nothing later behind it.
        known |= {one.key: edge for one in found if one.key not in known and moment_of(one.resource)[0] >= edge}
    return {key: Reading(tuple(results), known.get(key, -math.inf)) for key, results in _by_key(found).items()}


async def read_last(p: Permit, keys: Collection[str], most: int) -> dict[str, Reading]:
    """The last results of each of some curves, as the index orders them: at least `most`, or all."""
    p.must_be_for(Action.READ_RECORD)
    read = await find_last(p, keys, most)
    placed, shown = _by_key(read), _by_key(await _shown(p, read))
    return {key: Reading(tuple(shown.get(key, ())), _since(placed.get(key, ()), most)) for key in keys}


async def read_curve(p: Permit, keys: Collection[str]) -> dict[str, list[Resource]]:
    """All results of each of some curves that there are, the latest first."""
    p.must_be_for(Action.READ_RECORD)
    found = await _shown(p, [one for one in await find_all(p, keys) if one.key in keys])
    return {key: [one.resource for one in results] for key, results in _by_key(found).items()}


async def _shown(p: Permit, read: Iterable[Found]) -> list[Found]:
    """Those that are results, and whose document is to be seen: no other is ever the latest of its curve."""
    results = {one.resource["id"]: one for one in read if one.key}
    return [results[one["id"]] for one in await leave_out_unseen(p, [one.resource for one in results.values()])]


def _by_key(found: Iterable[Found]) -> dict[str, list[Found]]:
    groups: dict[str, list[Found]] = {}
    for one in found:
        groups.setdefault(one.key, []).append(one)
    return groups


def _since(placed: Sequence[Found], most: int) -> float:
    return _edge(min(one.date for one in placed)) if len(placed) >= most else -math.inf


def _edge(date: datetime) -> float:
    """The time from which nothing is missing when all was read that is placed after `date`."""
    return (date + MARGIN).timestamp()
