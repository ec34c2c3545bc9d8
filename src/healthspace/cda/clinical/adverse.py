"""Harm done by a medicine: AdverseEvent (CI-SIS FR-Effet-indesirable 210, with 211 imputability, 212 gravity, 213 outcome)."""

from healthspace.base.fhirjson import Resource, compact, extension
from healthspace.cda.clinical.absence import (
    about_the_citizen,
    code_of,
    fact,
    is_denied,
    is_void,
    none_known,
    says_nothing,
    value_code_of,
    why_no_finding,
)
from healthspace.cda.clinical.model import PATIENT, Unread
from healthspace.cda.clinical.parts import (
    FRENCH,
    authored_on,
    began,
    coded_part,
    identifiers_of,
    meaning_of,
    notes_of,
    recorder_of,
    severity_word,
    unread_values,
)
from healthspace.cda.clinical.products import consumed
from healthspace.cda.clinical.statement import Found, Statement
from healthspace.cda.clinical.values import concept_of
from healthspace.cda.contained import concept, dated
from healthspace.cda.values import child
from healthspace.terminology.uris import HL7

EVENT = FRENCH + "210"
IMPUTABILITY, GRAVITY, OUTCOME = (FRENCH + "211",), (FRENCH + "212",), (FRENCH + "213",)
REACTIONS = "urn:healthspace:reaction"
"""On an AdverseEvent, valueCodeableConcept: each thing that the patient felt or that was seen."""
NOTE = "urn:healthspace:note"
"""On an AdverseEvent, valueString: the comment, for which R4 has no place."""
HOW_IT_ENDED = "urn:healthspace:outcome"
"""On an AdverseEvent, valueCodeableConcept: how it ended, in the sender's codes."""
_OUTCOMES = {"1352007006": "resolved"}
"""SNOMED CT outcomes that one word of adverse-event-outcome says: recovered without sequelae."""


@about_the_citizen
def read_adverse_event(statement: Statement) -> Found:
    """An adverse event that happened: neither a problem of the citizen nor a treatment."""
    if none_known((value_code_of(statement), code_of(statement)), "problem") or says_nothing(statement) or is_void(statement):
        return
    if reason := why_no_finding(statement):
        yield Unread(statement.place, reason)
    elif not is_denied(statement):
        yield fact(statement, _event(statement))
        yield from unread_values(statement)


def _event(statement: Statement) -> Resource:
    felt = [said for inner in statement.related("MFST") if not inner.negated and (said := meaning_of(inner))]
    suspects = [inner for inner in statement.related() if inner.kind == "substanceAdministration"]
    contained = [_suspect(inner, position) for position, inner in enumerate(suspects, 1)]
    cause = concept(coded_part(statement, IMPUTABILITY))
    outcome = concept(coded_part(statement, OUTCOME))
    comments = "\n".join(note["text"] for note in notes_of(statement))
    said = {
        "resourceType": "AdverseEvent",
        "contained": contained,
        "extension": [
            *(each for reaction in felt for each in extension(REACTIONS, "valueCodeableConcept", reaction)),
            *extension(HOW_IT_ENDED, "valueCodeableConcept", outcome),
            *extension(NOTE, "valueString", comments),
        ],
        "identifier": next(iter(identifiers_of(statement)), None),
        "actuality": "actual",
        "event": concept_of(statement, child(statement.element, "value")) or meaning_of(statement),
        "subject": {"reference": PATIENT},
        **dated("date", began(statement)),
        "recordedDate": authored_on(statement),
        "severity": _graded(concept(coded_part(statement, GRAVITY))),
        "outcome": _ended(outcome),
        "recorder": recorder_of(statement),
        "suspectEntity": [_entity(medicine, cause) for medicine in contained],
    }
    return compact(said)


def _suspect(treatment: Statement, position: int) -> Resource:
    product = consumed(treatment)
    return {"code": product.concept, **(product.details() or {}), "resourceType": "Medication", "id": f"medication-{position}"}


def _entity(medicine: Resource, cause: Resource | None) -> Resource:
    instance = {"reference": f"#{medicine['id']}"}
    return {"instance": instance, **({"causality": [{"assessment": cause}]} if cause else {})}


def _graded(gravity: Resource | None) -> Resource | None:
    """The gravity, when it is one of the three of FHIR (required binding)."""
    word = severity_word(gravity)
    own = (gravity or {}).get("coding", [])
    return {"coding": [{"system": HL7 + "adverse-event-severity", "code": word}, *own]} if word else None


def _ended(outcome: Resource | None) -> Resource | None:
    """The outcome, when it is one of those of FHIR (required binding)."""
    own = (outcome or {}).get("coding", [])
    word = next((_OUTCOMES[each["code"]] for each in own if each.get("code") in _OUTCOMES), "")
    return {"coding": [{"system": HL7 + "adverse-event-outcome", "code": word}, *own]} if word else None
