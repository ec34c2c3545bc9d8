"""Small readings of FHIR R4 elements: codes, moments, states."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from healthspace.base.fhirjson import DATA_ABSENT, Resource
from healthspace.fhir.dates import instants_of
from healthspace.record.summary.sections import BY_SNOMED, DENIED, NONE_KNOWN, UNKNOWN
from healthspace.terminology.uris import ABSENT_OR_UNKNOWN, SNOMED

CODES = {
    "Immunization": "vaccineCode",
    "MedicationStatement": "medicationCodeableConcept",
    "MedicationRequest": "medicationCodeableConcept",
}
"""The element that says what a resource is about, where it is not `code`."""
MOMENTS = {
    "AllergyIntolerance": ("onsetDateTime", "onsetPeriod", "recordedDate"),
    "CarePlan": ("period", "created"),
    "Condition": ("onsetDateTime", "onsetPeriod", "recordedDate"),
    "Consent": ("dateTime",),
    "DeviceUseStatement": ("timingDateTime", "timingPeriod", "recordedOn"),
    "DiagnosticReport": ("effectiveDateTime", "effectivePeriod", "issued"),
    "Flag": ("period",),
    "Immunization": ("occurrenceDateTime", "recorded"),
    "MedicationRequest": ("authoredOn",),
    "MedicationStatement": ("effectiveDateTime", "effectivePeriod", "dateAsserted"),
    "Observation": ("effectiveDateTime", "effectivePeriod", "effectiveInstant", "issued"),
    "Procedure": ("performedDateTime", "performedPeriod"),
}
"""Elements that say when, the best first."""


def concept_of(resource: Resource) -> Resource:
    """The CodeableConcept that says what `resource` is about; empty when there is none."""
    found: Resource = resource.get(CODES.get(resource["resourceType"], "code")) or {}
    return found


def codings(concept: Resource | None) -> Iterator[tuple[str, str]]:
    """System and code of each coding."""
    for coding in (concept or {}).get("coding", ()):
        if "code" in coding:
            yield coding.get("system", ""), coding["code"]


def codes_of(concept: Resource | None, system: str) -> set[str]:
    """The codes of one system in a concept."""
    listed = concept.get("coding", ()) if concept else ()
    return {coding["code"] for coding in listed if coding.get("system") == system and "code" in coding}


def key_of(concept: Resource) -> tuple[str, str] | None:
    """What two concepts have in common when they are the same: the first coding, else the words. None when it says nothing."""
    return next(codings(concept), None) or (("", concept["text"].casefold()) if "text" in concept else None)


def moment_of(resource: Resource) -> str:
    """When `resource` was true, as FHIR writes it; "" when it does not say."""
    for name in MOMENTS.get(resource["resourceType"], ()):
        value = resource.get(name)
        if isinstance(value, str):
            return value
        if isinstance(value, dict) and (found := value.get("start") or value.get("end")):
            return str(found)
    return ""


@lru_cache(maxsize=4096)
def second_of(text: str) -> float:
    """The first instant of a FHIR date, in seconds since 1970; before everything when it is none."""
    span = instants_of(text)
    return span[0] if span else float("-inf")


@lru_cache(maxsize=4096)
def last_second_of(text: str) -> float:
    """The last instant of a FHIR date; after everything when it is none."""
    span = instants_of(text)
    return span[1] if span else float("inf")


def latest_first(resources: list[Resource]) -> list[Resource]:
    return sorted(resources, key=lambda one: second_of(moment_of(one)), reverse=True)


def none_known(resource: Resource) -> str | None:
    """The absent-unknown code that `resource` amounts to ("none known", "nothing is known"); None when it states something."""
    for system, code in codings(concept_of(resource)):
        if system == ABSENT_OR_UNKNOWN:
            return code
        if system == SNOMED and code in BY_SNOMED:
            return BY_SNOMED[code]
        if system == SNOMED and code in DENIED and is_refuted(resource):
            return DENIED[code]
    return None


def absent_concept(code: str) -> Resource:
    """The concept of one of the absent-unknown codes, with its translation where there is one."""
    display, snomed = NONE_KNOWN.get(code) or (UNKNOWN.get(code, ""), "")
    codings = [{"system": ABSENT_OR_UNKNOWN, "code": code, **({"display": display} if display else {})}]
    return {"coding": [*codings, {"system": SNOMED, "code": snomed}] if snomed else codings}


def is_refuted(resource: Resource) -> bool:
    """Whether `resource` says that what it names is not so."""
    verification = {code for _, code in codings(resource.get("verificationStatus"))}
    return "refuted" in verification or resource.get("status") == "not-done"


def is_withdrawn(resource: Resource) -> bool:
    """Whether `resource` was entered in error."""
    if "verificationStatus" not in resource:
        return resource.get("status") == "entered-in-error"
    return "entered-in-error" in {code for _, code in codings(resource["verificationStatus"])}


def status_in(resource: Resource, *statuses: str) -> bool:
    return resource.get("status") in statuses


def is_about(resource: Resource, patient: str, base: str) -> bool:
    """Whether the subject of `resource` is the Patient of that id; `base` is our own URL, which its reference may begin with."""
    subject = str((resource.get("patient") or resource.get("subject") or {}).get("reference", ""))
    return subject.removeprefix(f"{base}/").partition("/_history/")[0] == f"Patient/{patient}"


def absence(reason: str = "unknown") -> Resource:
    """The element of a primitive that has no value, or the extensions of a complex one (FHIR core extension data-absent-reason)."""
    return {"extension": [{"url": DATA_ABSENT, "valueCode": reason}]}


def value_of(resource: Resource) -> tuple[str, Any] | None:
    """The `value[x]` of an Observation or of one of its components: its key and what it holds."""
    for key in resource:
        if key.startswith("value"):
            return key, resource[key]
    return None
