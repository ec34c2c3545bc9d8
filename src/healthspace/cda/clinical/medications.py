"""Treatments: MedicationStatement when taken or given (CI-SIS FR-Traitement 42; IHE PCC 6.3.4.16)."""

from healthspace.base.fhirjson import Resource, compact
from healthspace.cda.clinical.absence import about_the_citizen, code_of, fact, in_plan, is_void, none_known, says_nothing
from healthspace.cda.clinical.dispensations import SUPPLIED, prescribers_of, read_supplies
from healthspace.cda.clinical.dosage import INSTRUCTIONS, STEPS, dosages, unread_dosages
from healthspace.cda.clinical.flags import flag_extensions, flags
from healthspace.cda.clinical.model import PATIENT
from healthspace.cda.clinical.parts import (
    authored_on,
    ended,
    identifiers_of,
    notes_of,
    period_of,
    reasons_of,
    recorder_of,
    remaining,
    time_of,
)
from healthspace.cda.clinical.prescriptions import request
from healthspace.cda.clinical.products import consumed, medication
from healthspace.cda.clinical.statement import Found, Statement
from healthspace.cda.contained import dated
from healthspace.cda.values import attribute, child

_STOPPED = {"aborted": "stopped", "suspended": "on-hold", "held": "on-hold", "cancelled": "not-taken", "nullified": "entered-in-error"}
ADMINISTERED = frozenset({"18610-6", "29549-3"})
"""Sections (LOINC) of what was given during a stay or a visit, and is over."""
REIMBURSEMENTS = "REMB"
"""Type (TRE_A05) of the history of reimbursements: it tells what was delivered, and not whether it is taken."""
CURRENT = frozenset({"10160-0", "10183-2", "42346-7", "19009-0"})
"""Sections (LOINC) of treatments: taken, at discharge, at admission."""


@about_the_citizen
def read_medication(statement: Statement) -> Found:
    """A treatment: taken or given (MedicationStatement), or meant, asked or proposed (MedicationRequest)."""
    product = consumed(statement)
    if absent := none_known((code_of(statement), product.code), "medication"):
        yield fact(statement, _none(absent))
    elif says_nothing(statement) or is_void(statement):
        return
    elif statement.mood == "EVN":
        yield fact(statement, _statement(statement))
        yield from unread_dosages(statement)
        yield from read_supplies(statement)
        yield from remaining(statement, STEPS, *INSTRUCTIONS, *SUPPLIED, *(answer.key for answer in flags(statement)))
    else:
        yield from request(statement)


def _none(absent: Resource) -> Resource:
    known = absent["coding"][0]["code"] == "no-known-medications"
    return {
        "resourceType": "MedicationStatement",
        "status": "not-taken" if known else "unknown",
        "medicationCodeableConcept": absent,
        "subject": {"reference": PATIENT},
    }


def _statement(statement: Statement) -> Resource:
    named = medication(consumed(statement))
    return compact(
        {
            "resourceType": "MedicationStatement",
            **named,
            "extension": [*named.get("extension", ()), *prescribers_of(statement), *flag_extensions(flags(statement))],
            "identifier": identifiers_of(statement),
            "status": _status(statement),
            "subject": {"reference": PATIENT},
            **_taken(statement),
            "dateAsserted": authored_on(statement),
            "informationSource": recorder_of(statement),
            "reasonCode": reasons_of(statement),
            "note": notes_of(statement),
            "dosage": dosages(statement, bounded=False),
        }
    )


def _taken(statement: Statement) -> Resource:
    """When it was given, or from when to when it is taken."""
    if moment := time_of(statement, "effectiveTime"):
        return dated("effectiveDateTime", moment)
    period = period_of(statement)
    return {"effectivePeriod": period} if period else {}


def _status(statement: Statement) -> str:
    """The French models always say `completed`: what tells is the mood, the section and the end of the treatment."""
    if statement.negated:
        return "not-taken"
    if stopped := _STOPPED.get(statement.status):
        return stopped
    if in_plan(statement):
        return "intended"
    if ended(statement) or statement.section in ADMINISTERED:
        return "completed"
    if attribute(child(statement.source.root, "code"), "code") == REIMBURSEMENTS and not period_of(statement):
        return "unknown"
    return "active" if statement.section in CURRENT or period_of(statement) else "unknown"
