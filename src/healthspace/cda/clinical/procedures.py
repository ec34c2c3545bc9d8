"""Acts: Procedure when done or denied, ServiceRequest when planned (CI-SIS FR-Acte 62; IHE PCC 6.3.4.33)."""

from healthspace.base.fhirjson import Resource, compact, extension
from healthspace.cda.clinical.absence import about_the_citizen, absent_reason, code_of, fact, is_planned, is_void, none_known, says_nothing
from healthspace.cda.clinical.details import details_of
from healthspace.cda.clinical.model import PATIENT
from healthspace.cda.clinical.parts import (
    authored_on,
    identifiers_of,
    narrowed,
    notes_of,
    place_of,
    reasons_of,
    recorder_of,
    remaining,
    said_when,
    sites_of,
)
from healthspace.cda.clinical.statement import Found, Statement
from healthspace.cda.clinical.values import author_of, code_or_text, concept_of, effective_of, performer_of
from healthspace.cda.contained import identifier
from healthspace.cda.values import attribute, child, children, read_identifiers, words

METHOD = "http://hl7.org/fhir/StructureDefinition/procedure-method"
APPROACH = "urn:healthspace:approach"
"""On a Procedure or ServiceRequest, valueCodeableConcept: the way in (approachSiteCode)."""
PRIORITY = "urn:healthspace:priority"
"""On a Procedure or ServiceRequest, valueCodeableConcept: how urgent, where FHIR has no word or no place for it."""

_DONE = {
    "": "completed",
    "completed": "completed",
    "active": "in-progress",
    "aborted": "stopped",
    "suspended": "on-hold",
    "held": "preparation",
    "new": "preparation",
    "cancelled": "not-done",
}
_REQUESTED = {
    "aborted": "revoked",
    "cancelled": "revoked",
    "suspended": "on-hold",
    "held": "on-hold",
    "new": "draft",
}
_INTENTS = {"RQO": "order", "PRP": "proposal", "INT": "plan", "PRMS": "directive"}
_PRIORITIES = {"R": "routine", "UR": "urgent", "A": "asap", "S": "stat", "EL": "routine"}
"""HL7 v3 ActPriority: an elective act is done when it suits."""
_DEVICES = frozenset({"DEV", "NRD", "RDV"})


@about_the_citizen
def read_procedure(statement: Statement) -> Found:
    """An act: done, denied, planned; or that none is known."""
    if absent := none_known((code_of(statement),), "procedure"):
        yield fact(statement, _none(absent))
    elif says_nothing(statement) or is_void(statement):
        return
    elif statement.mood != "EVN" or (is_planned(statement) and not statement.negated):
        yield fact(statement, service_request(statement))
        yield from remaining(statement)
    else:
        yield fact(statement, _procedure(statement))
        yield from remaining(statement)


def _none(absent: Resource) -> Resource:
    return {"resourceType": "Procedure", "status": "not-done", "code": absent, "subject": {"reference": PATIENT}}


def _procedure(statement: Statement) -> Resource:
    code = _code(statement)
    status = _status(statement, named="coding" in code or "text" in code)
    reasons = reasons_of(statement)
    done = status != "not-done"
    said = {
        "resourceType": "Procedure",
        "extension": [*_extensions(statement), *extension(PRIORITY, "valueCodeableConcept", _priority(statement))],
        "identifier": identifiers_of(statement),
        "status": status,
        "statusReason": None if done else next(iter(reasons), None),
        "code": code,
        "subject": {"reference": PATIENT},
        **(effective_of(statement, "performed") or said_when(statement, "performed")),
        "recorder": recorder_of(statement),
        "performer": [{"actor": who} for each in children(statement.element, "performer") if (who := performer_of(statement, each))],
        "location": place_of(statement),
        "reasonCode": reasons if done else None,
        "bodySite": sites_of(statement, "targetSiteCode"),
        "note": notes_of(statement),
        "usedReference": devices_of(statement),
    }
    return compact(said)


def service_request(statement: Statement) -> Resource:
    """A ServiceRequest of an act or an examination that is planned, asked or proposed."""
    word = _PRIORITIES.get(attribute(child(statement.element, "priorityCode"), "code"), "")
    said = {
        "resourceType": "ServiceRequest",
        "extension": [*_extensions(statement), *extension(PRIORITY, "valueCodeableConcept", None if word else _priority(statement))],
        "identifier": identifiers_of(statement),
        "status": _requested(statement),
        "intent": _INTENTS.get(statement.mood, "plan"),
        "priority": word,
        "doNotPerform": statement.negated or None,
        "code": _code(statement),
        "subject": {"reference": PATIENT},
        **effective_of(statement, "occurrence"),
        "authoredOn": authored_on(statement),
        "requester": author_of(statement),
        "performer": [who for each in children(statement.element, "performer") if (who := performer_of(statement, each))],
        "locationReference": [place] if (place := place_of(statement)) else None,
        "reasonCode": reasons_of(statement),
        "bodySite": sites_of(statement, "targetSiteCode"),
        "note": [*notes_of(statement), *details_of(statement)],
    }
    return compact(said)


def _requested(statement: Statement) -> str:
    """`completed` says that it was done only where it reports; of an intent, it says that its writing is complete."""
    if statement.status == "completed":
        return "completed" if statement.mood == "EVN" else "active"
    return _REQUESTED.get(statement.status, "active")


def _status(statement: Statement, *, named: bool) -> str:
    """What became of it. A cancelled act that nothing names fills a place: what became of it is not known."""
    if statement.negated:
        return "not-done"
    return "unknown" if statement.status == "cancelled" and not named else _DONE.get(statement.status, "unknown")


def _code(statement: Statement) -> Resource:
    element = child(statement.element, "code")
    said = narrowed(concept_of(statement, element), element)
    return said or code_or_text(statement) or absent_reason(statement, "code")


def _extensions(statement: Statement) -> list[Resource]:
    method = concept_of(statement, child(statement.element, "methodCode"))
    ways = [concept_of(statement, element) for element in children(statement.element, "approachSiteCode")]
    return [
        *extension(METHOD, "valueCodeableConcept", method),
        *(each for way in ways for each in extension(APPROACH, "valueCodeableConcept", way)),
    ]


def _priority(statement: Statement) -> Resource | None:
    return concept_of(statement, child(statement.element, "priorityCode"))


def devices_of(statement: Statement) -> list[Resource]:
    """What was used or put in: the participants that are devices, by identifier and name."""
    found = []
    for participant in children(statement.element, "participant"):
        role = child(participant, "participantRole")
        if attribute(participant, "typeCode") not in _DEVICES or role is None:
            continue
        device = child(role, "playingDevice")
        ids = read_identifiers(role)
        name = words(child(device, "manufacturerModelName")) or attribute(child(device, "code"), "displayName")
        if ids or name:
            found.append(compact({"identifier": identifier(ids[0]) if ids else None, "display": name}))
    return found
