"""Facts sorted by what they say: the kinds that the independent reader of the lent documents counts."""

from collections.abc import Iterable

from healthspace.cda.clinical import Extraction, Fact, extract
from healthspace.cda.parse import parse_cda
from healthspace.fhir.validate import Fault, validate
from healthspace.terminology.uris import ABSENT_OR_UNKNOWN
from tests.pure.cda_documents import a_body, a_document, encoded
from tests.pure.clinical.samples import Resource, as_stored, codes_of

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
CONSULTATION = '<code code="11488-4" codeSystem="2.16.840.1.113883.6.1" displayName="Consultation"/>'
"""The type of a document that sums nothing up: its header is no fact."""
_CODES = {
    "Immunization": "vaccineCode",
    **dict.fromkeys(("MedicationStatement", "MedicationRequest", "MedicationDispense"), "medicationCodeableConcept"),
}


def read(data: bytes) -> Extraction:
    return extract(parse_cda(data))


def read_section(section: str, /, *entries: str, narrative: str = "", **parts: str) -> Extraction:
    """What is read of a document of our own with one section (LOINC) that holds `entries`."""
    inside = "".join(f"<entry>{entry}</entry>" for entry in entries)
    content = f'<code code="{section}" codeSystem="2.16.840.1.113883.6.1"/><title>Section</title><text>{narrative}</text>{inside}'
    return read(encoded(a_document(**{"code": CONSULTATION, **parts}, body=a_body(content))))


def code_of(resource: Resource) -> Resource:
    """The element of a resource that says what it is about."""
    found: Resource = resource.get(_CODES.get(resource["resourceType"], "code"), {})
    return found


def is_absent(resource: Resource) -> bool:
    """True for "none known" and "no information"."""
    return any(coding.get("system") == ABSENT_OR_UNKNOWN for coding in code_of(resource).get("coding", ()))


def is_positive(resource: Resource) -> bool:
    """True for what is said to be so, or to have happened, of the citizen."""
    denied = "refuted" in codes_of(resource.get("verificationStatus", {}))
    undone = resource.get("status") in {"not-done", "not-taken", "intended", "entered-in-error", "declined"}
    return not (denied or undone or is_absent(resource))


def positive(facts: Iterable[Fact], kind: str) -> list[Resource]:
    """The resources that say something of one kind, in the document's order."""
    return [resource for resource in of_type(facts, KINDS[kind]) if is_positive(resource)]


def of_type(facts: Iterable[Fact], *types: str) -> list[Resource]:
    return [fact.resource for fact in facts if fact.resource["resourceType"] in types]


def faults_in(extraction: Extraction) -> list[Fault]:
    """What R4 has against the facts, once the record has given them an id and their patient."""
    return [fault for fact in extraction.facts for fault in validate(as_stored(fact))]
