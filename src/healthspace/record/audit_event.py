"""A line of the trail as a FHIR AuditEvent, after IHE BALP (Basic Audit Log Patterns) and the French traceability profile (TDE).

TDE narrows the patterns: one subtype, a period, at most two agents. The first agent is who acted, the second the software they
used; the structure is that of the contained PractitionerRole. Nothing is stored twice: the event is made when it is read.
"""

import base64
from typing import Any
from uuid import UUID

from healthspace.access.labels import HIDDEN_FROM_REPRESENTATIVES, SYSTEM
from healthspace.access.rules import Action, Reason
from healthspace.audit.line import Outcome
from healthspace.audit.reading import TraceLine
from healthspace.identity.caller import Kind
from healthspace.identity.directory import FINESS, RPPS
from healthspace.resources.stored import Resource, instant
from healthspace.terminology.uris import ACT_REASONS, DICOM

TDE = "https://interop.esante.gouv.fr/ig/fhir/tde/StructureDefinition/tde-auditevent"
EVENT_TYPES = "http://terminology.hl7.org/CodeSystem/audit-event-type"
INTERACTIONS = "http://hl7.org/fhir/restful-interaction"
ENTITY_TYPES = "http://terminology.hl7.org/CodeSystem/audit-entity-type"
OBJECT_ROLES = "http://terminology.hl7.org/CodeSystem/object-role"
SOURCE_TYPES = "http://terminology.hl7.org/CodeSystem/security-source-type"
PARTICIPATIONS = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
BASIS = "urn:healthspace:basis:"
ROLES = "urn:healthspace:role"

BY_ACTION: dict[str, tuple[str, str]] = {
    Action.OPEN_SPACE: ("create", "C"),
    Action.READ_HISTORY: ("history-instance", "R"),
}
BY_VERB = {
    "read": ("read", "R"),
    "open": ("read", "R"),
    "find": ("search", "E"),
    "search": ("search", "E"),
    "deposit": ("create", "C"),
    "create": ("create", "C"),
    "grant": ("create", "C"),
    "write": ("update", "U"),
    "end": ("update", "U"),
    "close": ("update", "U"),
    "delete": ("delete", "D"),
}
"""RESTful interaction and AuditEvent.action of an action's verb; any other is an operation."""
OUTCOMES = {Outcome.DONE: "0", Outcome.REFUSED: "4", Outcome.REJECTED: "4", Outcome.FAILED: "8"}
"""R4 audit-event-outcome: success, minor failure (the caller's), serious failure (ours)."""


def interaction_of(action: str) -> tuple[str, str]:
    """The RESTful interaction and the AuditEvent.action (C, R, U, D, E) that an action of the trail is."""
    return BY_ACTION.get(action) or BY_VERB.get(action.rpartition(":")[2], ("operation", "E"))


def outcome_of(outcome: str) -> str:
    return OUTCOMES.get(Outcome(outcome), "8")


def audit_event(line: TraceLine, patient: UUID | None) -> Resource:
    """The AuditEvent of one line; `patient` is the Patient of the record that the line belongs to, if any."""
    interaction, action = interaction_of(line.action)
    event: Resource = {
        "resourceType": "AuditEvent",
        "id": str(line.id),
        "meta": {
            "versionId": "1",
            "lastUpdated": instant(line.at),
            "profile": [TDE],
            **({"security": [{"system": SYSTEM, "code": HIDDEN_FROM_REPRESENTATIVES}]} if line.secret else {}),
        },
    }
    if line.kind == Kind.PROFESSIONAL:
        event["contained"] = [_role(line)]
    return event | {
        "type": {"system": EVENT_TYPES, "code": "rest", "display": "RESTful Operation"},
        "subtype": [{"system": INTERACTIONS, "code": interaction, "display": interaction}],
        "action": action,
        "period": {"start": instant(line.at), "end": instant(line.at)},
        "recorded": instant(line.at),
        "outcome": outcome_of(line.outcome),
        "outcomeDesc": f"{line.outcome}: {line.reason}",
        "purposeOfEvent": [{"coding": [{"system": ACT_REASONS, "code": _purpose(line)}], **({"text": line.why} if line.why else {})}],
        "agent": [_actor(line), *([_software(line)] if line.software else [])],
        "source": {
            "site": "Healthspace",
            "observer": {"type": "Device", "display": "Healthspace"},
            "type": [{"system": SOURCE_TYPES, "code": "4", "display": "Application Server"}],
        },
        "entity": [*_patient(patient), *(_target(target) for target in line.targets if not _is_patient(target, patient)), *_query(line)],
    }


def _purpose(line: TraceLine) -> str:
    """A citizen at their own record asks for it themself; what the service does is the running of the service."""
    if line.reason == Reason.OWN_RECORD:
        return "PATRQT"
    return "HSYSADMIN" if line.kind in {Kind.SYSTEM, Kind.TECHNICAL, Kind.AGENCY} else line.purpose


def _actor(line: TraceLine) -> dict[str, Any]:
    role = line.role or line.kind
    agent: dict[str, Any] = {
        "type": {"coding": [{"system": PARTICIPATIONS, "code": "IRCP", "display": "information recipient"}]},
        "role": [{"coding": [{"system": ROLES, "code": role}]}],
        "who": _who(line),
        "requestor": True,
        "policy": [BASIS + line.reason],
    }
    if line.name:
        agent["name"] = line.name
    if line.network:
        agent["network"] = {"address": line.network, "type": "2"}
    return agent


def _who(line: TraceLine) -> dict[str, Any]:
    named = {"display": line.name} if line.name else {}
    if line.kind == Kind.PROFESSIONAL:
        return {"reference": "#actor", "type": "PractitionerRole", "identifier": _identifier(RPPS, line.rpps), **named}
    if line.patient:
        return {"reference": f"Patient/{line.patient}", "type": "Patient"}
    if line.finess:
        return {"type": "Organization", "identifier": _identifier(FINESS, line.finess), **named}
    return {"display": line.name or line.kind}


def _role(line: TraceLine) -> Resource:
    """The professional in the one structure where they acted."""
    role: Resource = {
        "resourceType": "PractitionerRole",
        "id": "actor",
        "practitioner": {"identifier": _identifier(RPPS, line.rpps), "display": line.name},
    }
    if line.finess:
        role["organization"] = {"identifier": _identifier(FINESS, line.finess), "display": line.structure}
    return role


def _software(line: TraceLine) -> dict[str, Any]:
    return {
        "type": {"coding": [{"system": DICOM, "code": "110150", "display": "Application"}]},
        "who": {"type": "Device", "display": line.software},
        "requestor": False,
    }


def _patient(patient: UUID | None) -> list[dict[str, Any]]:
    if patient is None:
        return []
    return [
        {
            "what": {"reference": f"Patient/{patient}"},
            "type": {"system": ENTITY_TYPES, "code": "1", "display": "Person"},
            "role": {"system": OBJECT_ROLES, "code": "1", "display": "Patient"},
        }
    ]


def _is_patient(target: str, patient: UUID | None) -> bool:
    return target == f"Patient/{patient}"


def _target(target: str) -> dict[str, Any]:
    document = target.startswith(("DocumentReference/", "Binary/"))
    role = {"code": "3", "display": "Report"} if document else {"code": "4", "display": "Domain Resource"}
    return {
        "what": {"reference": target},
        "type": {"system": ENTITY_TYPES, "code": "2", "display": "System Object"},
        "role": {"system": OBJECT_ROLES, **role},
    }


def _query(line: TraceLine) -> list[dict[str, Any]]:
    """BALP: what was asked for, in base64."""
    if not line.query:
        return []
    return [
        {
            "type": {"system": ENTITY_TYPES, "code": "2", "display": "System Object"},
            "role": {"system": OBJECT_ROLES, "code": "24", "display": "Query"},
            "query": base64.b64encode(line.query.encode()).decode(),
        }
    ]


def _identifier(system: str, value: str) -> dict[str, str]:
    return {"system": system, "value": value}
