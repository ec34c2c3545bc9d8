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
        facts = [Merged(one, (one,), standing_of(one)) for one in listed] if kind == "document" else merge(listed)
        events += _tell_results(facts) if kind == "results" else [_tell(kind, fact) for fact in facts]
    return sorted(events, key=lambda event: (day_of(event.time), event.kind, event.name), reverse=True)


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
