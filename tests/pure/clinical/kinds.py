"""Facts sorted by what they say: the kinds that the independent reader counts."""

import json
from collections.abc import Iterable
from typing import Any

from healthspace.cda.clinical import PATIENT, Extraction, Fact, extract
from healthspace.cda.clinical.absence import ABSENT_OR_UNKNOWN
from healthspace.cda.parse import parse_cda
from healthspace.fhir.validate import Fault, validate

Resource = dict[str, Any]

CODES = {
    "MedicationStatement": "medicationCodeableConcept",
    "MedicationRequest": "medicationCodeableConcept",
    "MedicationDispense": "medicationCodeableConcept",
    "Immunization": "vaccineCode",
}
"""Where the code of a fact stands, when that is not `code`."""


def read(data: bytes) -> Extraction:
    return extract(parse_cda(data))


def code_of(resource: Resource) -> Resource:
    found: Resource = resource.get(CODES.get(resource["resourceType"], "code"), {})
    return found


def codes_in(concept: Resource) -> set[str]:
    return {coding["code"] for coding in concept.get("coding", ()) if "code" in coding}


def is_absent(resource: Resource) -> bool:
    """True for "none known" and "no information"."""
    return any(coding.get("system") == ABSENT_OR_UNKNOWN for coding in code_of(resource).get("coding", ()))


def is_positive(resource: Resource) -> bool:
    """True for what is said to be so, or to have happened, of the citizen."""
    denied = "refuted" in codes_in(resource.get("verificationStatus", {}))
    undone = resource.get("status") in {"not-done", "not-taken", "intended", "entered-in-error", "declined"}
    return not (denied or undone or is_absent(resource))


KINDS = {
    "immunization": "Immunization",
    "medication_current": "MedicationStatement",
    "medication_request": "MedicationRequest",
    "allergy": "AllergyIntolerance",
    "problem": "Condition",
    "procedure": "Procedure",
    "dispense": "MedicationDispense",
}
"""The kinds of the independent reader, and the resources that say them."""


def positive(facts: Iterable[Fact], kind: str) -> list[Resource]:
    """The resources that say something of one kind, in the document's order."""
    return [fact.resource for fact in facts if fact.resource["resourceType"] == KINDS[kind] and is_positive(fact.resource)]


def of_type(facts: Iterable[Fact], resource_type: str) -> list[Resource]:
    return [fact.resource for fact in facts if fact.resource["resourceType"] == resource_type]


def faults_of(fact: Fact) -> list[Fault]:
    """What R4 has against a fact once the record has given it an id and its patient."""
    return validate({**json.loads(json.dumps(fact.resource).replace(PATIENT, "Patient/a")), "id": "a"})
