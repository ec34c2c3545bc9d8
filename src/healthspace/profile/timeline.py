"""The whole record in time: documents, stays, procedures, vaccinations, results, the latest first."""

from collections.abc import Iterable
from dataclasses import dataclass

from healthspace.profile.curves import curve_key
from healthspace.profile.elements import Resource, Standing, day_of, is_result, name_of, source_of, standing_of, time_of
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


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened. `source` is its document; `count` how many results are told by one line."""

    kind: str
    time: str
    name: str
    source: str
    fact: Merged
    count: int = 1


def make_timeline(resources: Iterable[Resource]) -> list[Event]:
    """Every dated event, the latest first; the results of one day and one document are one event."""
    by_kind: dict[str, list[Resource]] = {}
    for resource in resources:
        kind = KINDS.get(resource.get("resourceType", ""))
        if kind == "results" and (not is_result(resource) or curve_key(resource) in VITALS):
            continue
        if kind is not None and time_of(resource) and standing_of(resource) in {Standing.PRESENT, Standing.PAST}:
            by_kind.setdefault(kind, []).append(resource)
    events: list[Event] = []
    for kind, listed in by_kind.items():
        if kind == "results":
            events += _tell_results(_facts_of(listed))
        else:
            events += [_tell(kind, fact) for fact in (_each(listed) if kind == "document" else merge(listed))]
    return sorted(events, key=lambda event: (day_of(event.time), event.kind, event.name), reverse=True)


def _each(resources: Iterable[Resource]) -> list[Merged]:
    """Each resource as a fact of its own."""
    return [Merged(one, (one,), standing_of(one)) for one in resources]


def _facts_of(results: list[Resource]) -> list[Merged]:
    """Results, each once. What one document says on one day is not said by another: nothing there has to be compared."""
    days: dict[str, list[Resource]] = {}
    for one in results:
        days.setdefault(day_of(time_of(one)), []).append(one)
    if any(len(day) < len("2024-03-05") for day in days):
        return merge(results)  # a month may be any of its days
    alone = {day: len({source_of(one) for one in listed}) == 1 for day, listed in days.items()}
    return [fact for day, listed in days.items() for fact in (_each(listed) if alone[day] else merge(listed))]


def _tell(kind: str, fact: Merged) -> Event:
    resource = fact.resource
    source = f"DocumentReference/{resource.get('id')}" if kind == "document" else source_of(resource)
    return Event(kind, time_of(resource), name_item(resource) or name_of(resource), source, fact)


def _tell_results(facts: Iterable[Merged]) -> list[Event]:
    """Results have no event each: those of one day in one document are told together, by the names of the first."""
    reports: dict[tuple[str, str], list[Merged]] = {}
    for fact in facts:
        if any(key.startswith("value") for key in fact.resource):
            reports.setdefault((day_of(time_of(fact.resource)), source_of(fact.resource)), []).append(fact)
    return [
        Event(
            "results",
            time_of(listed[0].resource),
            ", ".join(dict.fromkeys(name_of(one.resource) for one in listed[:4])),
            source,
            listed[0],
            len(listed),
        )
        for (_, source), listed in reports.items()
    ]
