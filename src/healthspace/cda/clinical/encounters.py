"""Visits and stays, past and planned: Encounter (CI-SIS FR-Rencontre 58; IHE PCC 6.3.4.27)."""

from healthspace.base.fhirjson import Resource, compact
from healthspace.cda.clinical.absence import about_the_citizen, code_of, fact, is_planned, is_void, says_nothing
from healthspace.cda.clinical.model import PATIENT
from healthspace.cda.clinical.parts import ended, identifiers_of, period_of, place_of, reasons_of, remaining, time_of
from healthspace.cda.clinical.statement import Found, Statement
from healthspace.cda.clinical.values import concept_of, performer_of
from healthspace.cda.values import child, children
from healthspace.terminology.code_systems import system_of

_ACT_CODES = "2.16.840.1.113883.5.4"
_CLASSES = frozenset("AMB EMER FLD HH IMP ACUTE NONAC OBSENC PRENC SS VR".split())
_NOBODY_SAYS = {"system": "http://terminology.hl7.org/CodeSystem/v3-NullFlavor", "code": "NI"}
_STOPPED = {"cancelled": "cancelled", "aborted": "cancelled"}


@about_the_citizen
def read_encounter(statement: Statement) -> Found:
    """A visit or a stay: that took place, goes on, or is planned."""
    if says_nothing(statement) or is_void(statement) or statement.negated:
        return
    yield fact(statement, _encounter(statement))
    yield from remaining(statement)


def _encounter(statement: Statement) -> Resource:
    code = code_of(statement)
    is_class = code is not None and code.system == _ACT_CODES and code.code in _CLASSES
    kind = {"system": system_of(code.system), "code": code.code, "display": code.display} if code and is_class else _NOBODY_SAYS
    element = child(statement.element, "code")
    narrowing = [concept_of(statement, child(each, "value")) for each in children(element, "qualifier")]
    types = [said for said in (None if is_class else concept_of(statement, element), *narrowing) if said]
    place = place_of(statement)
    people = [who for each in children(statement.element, "performer") if (who := performer_of(statement, each))]
    said = {
        "resourceType": "Encounter",
        "identifier": identifiers_of(statement),
        "status": _status(statement),
        "class": compact(kind),
        "type": types,
        "priority": concept_of(statement, child(statement.element, "priorityCode")),
        "subject": {"reference": PATIENT},
        "participant": [{"individual": who} for who in people if who.get("type") == "Practitioner"],
        "period": _period(statement),
        "reasonCode": reasons_of(statement),
        "location": [{"location": place}] if place else None,
        "serviceProvider": next((who for who in people if who.get("type") == "Organization"), None),
    }
    return compact(said)


def _period(statement: Statement) -> Resource | None:
    """Its period; a single day or time is that of the whole visit."""
    period, moment = period_of(statement), time_of(statement, "effectiveTime")
    return {"start": moment.fhir, "end": moment.fhir} if moment else period


def _status(statement: Statement) -> str:
    if stopped := _STOPPED.get(statement.status):
        return stopped
    if is_planned(statement):
        return "planned"
    if statement.status == "active":
        return "in-progress"
    if statement.status == "completed" or ended(statement) or time_of(statement, "effectiveTime"):
        return "finished"
    return "unknown"
