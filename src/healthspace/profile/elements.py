"""Elements of FHIR R4 resources that the picture reads: codes, names, times, and whether a resource says that something is so."""

import re
from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from healthspace.base.fhirjson import CITIZEN, DATA_ABSENT, ORIGIN, tagged
from healthspace.terminology.uris import ABSENT_OR_UNKNOWN

Resource = dict[str, Any]
Coding = tuple[str, str]
"""System and code."""


CODE_ELEMENTS = ("code", "medicationCodeableConcept", "vaccineCode", "type", "category", "relationship", "scope")
"""Where a resource says what it is about, the most telling first."""
TIME_ELEMENTS = (
    "effectiveDateTime",
    "effectivePeriod",
    "effectiveInstant",
    "occurrenceDateTime",
    "occurrencePeriod",
    "performedDateTime",
    "performedPeriod",
    "onsetDateTime",
    "onsetPeriod",
    "timingDateTime",
    "timingPeriod",
    "whenHandedOver",
    "whenPrepared",
    "authoredOn",
    "started",
    "period",
    "date",
    "dateTime",
    "recordedDate",
    "created",
    "issued",
)
"""Where a resource says when the thing itself was, before when it was written down."""
WRITTEN = frozenset({"recordedDate", "created", "issued", "dateTime", "date"})
"""Of these, the ones that say when it was written down: no time of the fact where a fact has one of its own."""
FACT_TIMES = tuple(element for element in TIME_ELEMENTS if element not in WRITTEN)


class Standing(StrEnum):
    """What a resource says about the thing it names."""

    PRESENT = "present"
    PAST = "past"
    """It was so, or has ended."""
    REFUSED = "refused"
    """Not done, not taken, refuted: a statement of its own, never a positive one."""
    NONE_KNOWN = "none-known"
    """Somebody looked: there is none ("no known allergy")."""
    UNKNOWN = "unknown"
    """Somebody said that nothing is known."""
    MASKED = "masked"
    MISTAKE = "mistake"
    """Entered in error: no fact."""


def codings_of(concept: Any) -> list[Coding]:
    """The codings of a CodeableConcept, in its order; those without a code are none."""
    listed = concept.get("coding") or () if isinstance(concept, dict) else ()
    return [(coding.get("system", ""), coding["code"]) for coding in listed if coding.get("code")]


def concept_of(resource: Resource) -> Resource:
    """What the resource is about, as a CodeableConcept; empty when it does not say. Of a device in use: the type of the Device inside."""
    if resource.get("resourceType") == "DeviceUseStatement":
        inside = (one.get("type") for one in resource.get("contained") or () if one.get("resourceType") == "Device")
        return next((kind for kind in inside if isinstance(kind, dict)), {})
    for element in CODE_ELEMENTS:
        value = resource.get(element)
        found = value[0] if isinstance(value, list) and value else value
        if isinstance(found, dict) and (found.get("coding") or found.get("text") or found.get("extension")):
            return found
    return {}


def name_concept(concept: Any) -> str:
    """A CodeableConcept in words: its text, else the first display, else the first code; empty when there is none."""
    if not isinstance(concept, dict):
        return ""
    codings = concept.get("coding") or ()
    shown = next((coding["display"] for coding in codings if coding.get("display")), "")
    return str(concept.get("text") or shown or next((coding["code"] for coding in codings if coding.get("code")), ""))


def name_of(resource: Resource) -> str:
    """The name of what the resource is about."""
    named = name_concept(concept_of(resource))
    reference = resource.get("medicationReference") or {}
    described = resource.get("description")
    words = name_concept(described) if isinstance(described, dict) else str(described or "")
    return named or str(reference.get("display") or resource.get("title") or words)


def time_of(resource: Resource) -> str:
    """When the thing itself was, as FHIR writes it (any precision); empty when the resource does not say."""
    return _time_in(resource, TIME_ELEMENTS)


def fact_time_of(resource: Resource) -> str:
    """As `time_of`, without the times that only say when it was written down."""
    return _time_in(resource, FACT_TIMES)


def _time_in(resource: Resource, elements: tuple[str, ...]) -> str:
    for element in elements:
        value = resource.get(element)
        if value is None:
            continue
        if isinstance(value, str):
            return value
        if isinstance(value, dict) and (value.get("start") or value.get("end")):
            return str(value.get("start") or value.get("end"))
    return ""


def end_of(resource: Resource) -> str:
    """When it ended; empty when it goes on, or nobody says."""
    for element in ("effectivePeriod", "performedPeriod", "period", "onsetPeriod"):
        if (end := (resource.get(element) or {}).get("end")) is not None:
            return str(end)
    return str(resource.get("abatementDateTime") or (resource.get("abatementPeriod") or {}).get("end") or "")


DENIED = frozenset({"refuted", "not-done", "not-taken", "declined"})
OVER = frozenset({"inactive", "resolved", "remission"})
ENDED = frozenset({"completed", "stopped", "cancelled", "ended", "revoked"})
GOING_ON = frozenset({"MedicationStatement", "MedicationRequest", "CarePlan", "DeviceUseStatement", "Goal"})


def standing_of(resource: Resource, concept: Resource | None = None) -> Standing:
    """What the resource says about its thing, by its codes and statuses (IPS "absence", R4 status elements).

    `concept` is what it is about, for who has found that already.
    """
    statuses = {str(resource.get("status", ""))}
    if "verificationStatus" in resource:
        statuses |= _codes(resource["verificationStatus"])
    if "entered-in-error" in statuses:
        return Standing.MISTAKE
    concept = concept_of(resource) if concept is None else concept
    if _is_masked(concept):
        return Standing.MASKED
    absent = next((code for system, code in codings_of(concept) if system == ABSENT_OR_UNKNOWN), None)
    if absent is not None:
        return Standing.UNKNOWN if absent.endswith("-info") or "unknown" in absent else Standing.NONE_KNOWN
    if not DENIED.isdisjoint(statuses) or resource.get("doNotPerform") is True:
        return Standing.REFUSED
    over = "clinicalStatus" in resource and not OVER.isdisjoint(_codes(resource["clinicalStatus"]))
    if over or end_is_told(resource, statuses):
        return Standing.PAST
    return Standing.PRESENT


def end_is_told(resource: Resource, statuses: set[str]) -> bool:
    """Whether the status of something that goes on says that it has ended."""
    return resource.get("resourceType") in GOING_ON and not ENDED.isdisjoint(statuses)


def is_from_citizen(resource: Resource) -> bool:
    """Whether the citizen entered it, as opposed to a document or a professional."""
    return CITIZEN in tagged(resource, ORIGIN)


def is_of_laboratory(resource: Resource) -> bool:
    """Whether an Observation says itself that a laboratory made it."""
    return any(code == "laboratory" for concept in resource.get("category") or () for _, code in codings_of(concept))


def is_result(resource: Resource) -> bool:
    """Whether it is a result of a laboratory: by its category; one without a category when it is a quantity."""
    if resource.get("resourceType") != "Observation":
        return False
    categories = {code for concept in resource.get("category") or () for _, code in codings_of(concept)}
    return "laboratory" in categories if categories else "valueQuantity" in resource


def source_of(resource: Resource) -> str:
    """The document that a fact was read in, as "DocumentReference/<id>"; empty when there is none."""
    source = str((resource.get("meta") or {}).get("source") or "")
    return source if source.startswith("DocumentReference/") else ""


def people_of(resource: Resource, *elements: str) -> list[str]:
    """The names that references under `elements` show, in order, without repeats."""
    found: dict[str, None] = {}
    for element in elements:
        value = resource.get(element)
        for one in value if isinstance(value, list) else (value,) if value else ():
            reference = one.get("actor") or one.get("individual") or one.get("member") or one
            if isinstance(reference, dict) and reference.get("display"):
                found[str(reference["display"])] = None
    return list(found)


def notes_of(resource: Resource) -> list[str]:
    """The comments on a resource."""
    return [str(note["text"]) for note in resource.get("note") or () if note.get("text")]


def first_date(times: Iterable[str]) -> str:
    """The earliest of some FHIR times; empty when there is none."""
    return min((time for time in times if time), key=day_of, default="")


DAY = re.compile(r"\d{4}(?:-\d\d){0,2}")


def day_of(time: str) -> str:
    """The date in a FHIR time, at its precision: "2024-03-05", "2024-03", "2024"."""
    match = DAY.match(time)
    return match[0] if match else ""


def _codes(concept: Any) -> set[str]:
    return {code for _, code in codings_of(concept)}


def _is_masked(concept: Resource) -> bool:
    for one in (concept, *(concept.get("coding") or ())):
        for extension in one.get("extension") or ():
            if extension.get("url") == DATA_ABSENT and extension.get("valueCode") == "masked":
                return True
    return False
