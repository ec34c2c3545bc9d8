"""Problems and diagnoses: Condition (CI-SIS FR-Probleme 37, in a concern 39; IHE PCC 6.3.4.14)."""

from healthspace.base.fhirjson import Resource, compact, extension
from healthspace.cda.clinical.absence import (
    about_the_citizen,
    absent_reason,
    code_of,
    fact,
    is_denied,
    is_void,
    none_known,
    says_nothing,
    value_code_of,
    why_no_finding,
)
from healthspace.cda.clinical.adverse import read_adverse_event
from healthspace.cda.clinical.model import PATIENT, Unread
from healthspace.cda.clinical.parts import (
    CERTAINTY,
    PATIENT_STATE,
    STATUS,
    authored_on,
    coded_part,
    ended,
    finding_of,
    identifiers_of,
    notes_of,
    recorder_of,
    remaining,
    said_when,
    severity_of,
    sites_of,
    time_of,
    unread_values,
)
from healthspace.cda.clinical.statement import Found, Statement
from healthspace.cda.clinical.values import concept_of
from healthspace.cda.contained import concept, dated
from healthspace.cda.values import Code, attribute, child, children, every_code
from healthspace.terminology.uris import HL7

CLINICAL = HL7 + "condition-clinical"
VERIFICATION = HL7 + "condition-ver-status"
CATEGORY = HL7 + "condition-category"
STATE = "urn:healthspace:clinical-state"
"""On a Condition, valueCodeableConcept: how the patient is with it (LOINC 11323-3)."""
NATURE = "urn:healthspace:nature"
"""On a Condition, valueCodeableConcept: what kind of statement it is (diagnosis, symptom, finding…)."""
STATED_END = "urn:healthspace:stated-end"
"""On a Condition that is not over, valueDateTime: the end that the sender gives it all the same."""
CLINICAL_STAGE = "21909-7"
"""LOINC: what a qualifier of a stage says."""
STAGE = "1.3.6.1.4.1.19376.1.7.3.1.4.14.2"
"""The stage of a tumour (IHE, CI-SIS)."""

ACTIVE = frozenset({"11450-4"})
HARM = "44939-7"
"""Section (LOINC) of adverse events; older documents give them the template of a problem."""
PAST = frozenset({"11348-0"})
"""Sections (LOINC) of active problems, and of past ones."""
_CLINICAL = frozenset({"active", "recurrence", "relapse", "inactive", "remission", "resolved"})
_OVER = frozenset({"inactive", "remission", "resolved"})
_STATUSES = {
    "55561003": "active",
    "90734009": "active",
    "73425007": "inactive",
    "413322009": "resolved",
    "255227004": "recurrence",
    "277022003": "remission",
}
"""SNOMED CT states as older documents write them; a chronic problem is an active one."""
_CERTAINTIES = frozenset({"confirmed", "unconfirmed", "provisional", "differential", "refuted", "presumed"})


@about_the_citizen
def read_problem(statement: Statement) -> Found:
    """A problem of the citizen: present, past or refuted; or that none is known. In the section on harm done by medicines: an event."""
    if statement.section == HARM:
        yield from read_adverse_event(statement)
        return
    value = value_code_of(statement)
    if absent := none_known((value, code_of(statement)), "problem"):
        yield fact(statement, _none(absent))
    elif says_nothing(statement) or is_void(statement):
        return
    elif reason := why_no_finding(statement):
        yield Unread(statement.place, reason)
    else:
        yield fact(statement, _condition(statement))
        yield from unread_values(statement)
        yield from remaining(statement, STAGE)
        for stage in statement.find(STAGE):
            yield from remaining(stage)


def _none(absent: Resource) -> Resource:
    return {
        "resourceType": "Condition",
        "clinicalStatus": _coded(CLINICAL, "active"),
        "category": [_coded(CATEGORY, "problem-list-item")],
        "code": absent,
        "subject": {"reference": PATIENT},
    }


def _condition(statement: Statement) -> Resource:
    certainty = _certainty(statement)
    status = _clinical(statement, certainty)
    state, nature = concept(coded_part(statement, PATIENT_STATE)), concept_of(statement, child(statement.element, "code"))
    end = time_of(statement, "effectiveTime", "high")
    # FHIR con-4: only what is over has an abatement. An end beside a status that contradicts it is kept, as what the sender wrote.
    over, contradicted = (end, None) if status in _OVER else (None, end)
    category = "problem-list-item" if statement.section in ACTIVE | PAST else "encounter-diagnosis"
    said = {
        "resourceType": "Condition",
        "extension": [
            *extension(NATURE, "valueCodeableConcept", nature),
            *extension(STATE, "valueCodeableConcept", state),
            *extension(STATED_END, "valueDateTime", contradicted.fhir if contradicted else None),
        ],
        "identifier": identifiers_of(statement),
        "clinicalStatus": _coded(CLINICAL, status),
        "verificationStatus": _coded(VERIFICATION, certainty),
        "category": [] if certainty == "refuted" else [_coded(CATEGORY, category)],
        "severity": severity_of(statement),
        "code": finding_of(statement) or nature or absent_reason(statement, "value", "code"),
        "bodySite": sites_of(statement, "targetSiteCode"),
        "subject": {"reference": PATIENT},
        **said_when(statement, "onset"),
        **dated("abatementDateTime", over),
        "recordedDate": authored_on(statement),
        "recorder": recorder_of(statement),
        "stage": [said for inner in statement.find(STAGE) if (said := _stage(inner))],
        "note": notes_of(statement),
    }
    return compact(said)


def _coded(system: str, code: str) -> Resource | None:
    return {"coding": [{"system": system, "code": code}]} if code else None


def _codes(code: Code | None) -> list[str]:
    return [each.code for each in every_code(code)] if code else []


def _clinical(statement: Statement, certainty: str) -> str:
    """Its own status first; then what its end and its section tell. "" when nothing tells, and for a refuted one."""
    if certainty == "refuted":
        return ""
    codes = _codes(coded_part(statement, STATUS))
    said = next((each.lower() for each in codes if each.lower() in _CLINICAL), "")
    if said or (said := next((_STATUSES[each] for each in codes if each in _STATUSES), "")):
        return said
    if ended(statement):
        return "resolved"
    if statement.section in PAST:
        return "inactive"
    return "active" if statement.section in ACTIVE else ""


def _certainty(statement: Statement) -> str:
    if is_denied(statement):
        return "refuted"
    codes = (each.lower() for each in _codes(coded_part(statement, CERTAINTY)))
    said = next((each for each in codes if each in _CERTAINTIES), "")
    return "provisional" if said == "presumed" else said


def _stage(statement: Statement) -> Resource | None:
    """The stage: what its value or its qualifiers say, and by which classification."""
    value = child(statement.element, "value")
    stages = [child(each, "value") for each in children(value, "qualifier") if attribute(child(each, "name"), "code") == CLINICAL_STAGE]
    summary = concept_of(statement, value) or next(filter(None, (concept_of(statement, stage) for stage in stages)), None)
    if summary is None or is_denied(statement):
        return None
    return compact({"summary": summary, "type": concept_of(statement, child(statement.element, "code"))})
