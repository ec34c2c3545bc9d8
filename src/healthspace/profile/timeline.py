"""The whole record in time: documents, stays, procedures, vaccinations, results, the latest first."""

from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from healthspace.profile.curves import curve_key, name_result
from healthspace.profile.elements import (
    Resource,
    Standing,
    day_of,
    fact_time_of,
    is_result,
    name_of,
    source_of,
    standing_of,
    time_of,
)
from healthspace.profile.measures import VITALS
from healthspace.profile.merge import Merged, merge
from healthspace.profile.sections import name_item

KINDS = {
    "DocumentReference": "document",
    "Encounter": "stay",
    "Procedure": "procedure",
    "Immunization": "vaccination",
    "Observation": "results",
    "ImagingStudy": "imaging",
    "MedicationDispense": "dispensation",
}
HAPPENED = frozenset({Standing.PRESENT, Standing.PAST})


class Dated(NamedTuple):
    """A resource and the day that it stands at: of its clinical date, at the beginning of a month or year that is all that is said."""

    day: date
    resource: Resource


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened. `source` is its document; `count` how many results are told by one line."""

    kind: str
    day: date
    time: str
    name: str
    source: str
    fact: Merged
    count: int = 1

    @property
    def id(self) -> str:
        """Our id of what tells it first."""
        return str(self.fact.resource.get("id", ""))


def make_timeline(dated: Iterable[Dated], language: str = "fr") -> list[Event]:
    """Every dated event, the latest first; the results of one day and one document are one event, which names some in `language`."""
    by_kind: dict[str, list[Dated]] = {}
    for one in dated:
        kind = KINDS.get(one.resource.get("resourceType", ""))
        if kind is not None and _is_event(kind, one.resource):
            by_kind.setdefault(kind, []).append(one)
    events: list[Event] = []
    for kind, listed in by_kind.items():
        if kind == "results":
            events += _tell_results(_facts_of(listed), language)
        else:
            events += [event for event in _tell_facts(kind, listed) if event.fact.standing in HAPPENED]
    return _latest_first(events)


def make_list(dated: Iterable[Dated]) -> list[Event]:
    """Facts of one type, each once, the latest first, without those that say that something is not so."""
    return _latest_first(event for event in _tell_facts("", [*dated]) if event.fact.standing in {*HAPPENED, Standing.MASKED})


def last_meant(resource: Resource) -> date | None:
    """The last day that a fact may have been on, when it says no more than its month or year; None when it says the day, or nothing."""
    said = fact_time_of(resource)
    try:
        if len(said) == len("2024"):
            return date(int(said), 12, 31)
        if len(said) == len("2024-03"):
            year, month = int(said[:4]), int(said[5:])
            return date(year, month, monthrange(year, month)[1])
    except ValueError:
        pass
    return None


def _is_event(kind: str, resource: Resource) -> bool:
    if kind == "results" and (not is_result(resource) or curve_key(resource) in VITALS):
        return False
    return resource.get("status") != "superseded" and bool(time_of(resource))


def _latest_first(events: Iterable[Event]) -> list[Event]:
    """A month stands below its days, and a year below its months."""
    return sorted(events, key=lambda event: (event.day, len(day_of(event.time)), event.kind, event.name), reverse=True)


def _tell_facts(kind: str, listed: list[Dated]) -> Iterable[Event]:
    days = {id(one.resource): one.day for one in listed}
    resources = [one.resource for one in listed]
    for fact in _each(resources) if kind == "document" else merge(resources):
        yield _tell(kind, days[id(fact.resource)], fact)


def _each(resources: Iterable[Resource]) -> list[Merged]:
    """Each resource as a fact of its own."""
    return [Merged(one, (one,), standing_of(one)) for one in resources]


def _facts_of(results: list[Dated]) -> list[tuple[date, Merged]]:
    """Results, each once. What one document says on one day is not said by another: nothing there has to be compared."""
    days: dict[date, list[Resource]] = {}
    for one in results:
        days.setdefault(one.day, []).append(one.resource)
    if any(last_meant(one.resource) is not None for one in results):  # a month may be any of its days
        found = {id(one.resource): one.day for one in results}
        return [(found[id(fact.resource)], fact) for fact in merge(one.resource for one in results)]
    sources = {day: {source_of(one) for one in listed} for day, listed in days.items()}
    alone = {day for day, named in sources.items() if len(named) == 1 and "" not in named}
    return [(day, fact) for day, listed in days.items() for fact in (_each(listed) if day in alone else merge(listed))]


def _tell(kind: str, day: date, fact: Merged) -> Event:
    resource = fact.resource
    source = f"DocumentReference/{resource.get('id')}" if kind == "document" else source_of(resource)
    return Event(kind, day, time_of(resource), name_item(resource) or name_of(resource), source, fact)


def _tell_results(facts: Iterable[tuple[date, Merged]], language: str) -> list[Event]:
    """Results have no event each: those of one day in one document are told together, by the names of the first."""
    reports: dict[tuple[date, int, str], list[Merged]] = {}
    for day, fact in facts:
        if fact.standing in HAPPENED and any(key.startswith("value") for key in fact.resource):
            precision = min(len(time_of(fact.resource)), len("2024-03-05"))
            reports.setdefault((day, precision, source_of(fact.resource)), []).append(fact)
    return [
        Event(
            "results",
            day,
            time_of(listed[0].resource),
            ", ".join(dict.fromkeys(name_result(one.resource, language) for one in listed[:4])),
            source,
            listed[0],
            len(listed),
        )
        for (day, _, source), listed in reports.items()
    ]
