"""Observations of every kind: vital signs, habits, pregnancies, scores, and whatever else has a code and a value (CI-SIS 48 to 53)."""

from functools import partial

from healthspace.base.fhirjson import Resource, compact
from healthspace.cda.clinical.absence import fact, is_void, says_nothing
from healthspace.cda.clinical.model import PATIENT, Unread
from healthspace.cda.clinical.parts import authored_on, identifiers_of, remaining, sites_of
from healthspace.cda.clinical.statement import Found, Reader, Statement
from healthspace.cda.clinical.values import (
    author_of,
    code_or_text,
    concept_of,
    effective_of,
    interpretations_of,
    note_of,
    performer_of,
    quantity_of,
    ranges_of,
    value_of,
)
from healthspace.cda.values import child, children

CATEGORIES = "http://terminology.hl7.org/CodeSystem/observation-category"
STATUSES = {"completed": "final", "aborted": "cancelled", "cancelled": "cancelled", "active": "preliminary", "held": "registered"}
INTENTS = {"INT": "plan", "RQO": "order", "PRP": "proposal", "PRMS": "plan", "ARQ": "order", "APT": "order"}

_SURVEY, _SOCIAL, _EXAM = "survey", "social-history", "exam"
_SECTIONS = {
    "29545-1": _EXAM,
    "29762-2": _SOCIAL,
    "8716-3": "vital-signs",
    "47420-5": _SURVEY,
    "18748-4": "imaging",
    "55111-9": "imaging",
}
"""Category of an observation that has no template of its own, by the section (LOINC) it stands in."""


def read_observation(statement: Statement, category: str = "") -> Found:
    """An observation and those inside it. About somebody else: nothing. Planned: a request or a goal. Denied: false, or not read."""
    if statement.subject:
        return
    if statement.mood == "GOL":
        yield from _read_goal(statement)
    elif statement.mood != "EVN":
        yield from _read_request(statement)
    elif not (is_void(statement) or says_nothing(statement)):
        yield from _read_found(statement, category or _SECTIONS.get(statement.section, ""))
    yield from remaining(statement)


def observed_as(category: str) -> Reader:
    """The reader of observations of one category."""
    return partial(read_observation, category=category)


def _read_found(statement: Statement, category: str) -> Found:
    code, value = code_or_text(statement), value_of(statement)
    if statement.negated:
        value = _denied(value)
    if code is None or (statement.negated and not value):
        yield Unread(statement.place, "negated" if statement.negated else "no-code")
    elif value or _has_parts(statement):
        yield fact(statement, observation(statement, code, value, category))
    elif statement.text:
        yield fact(statement, observation(statement, code, {"valueString": statement.text}, category))
    else:
        yield fact(statement, observation(statement, code, _not_said(), category))


def _denied(value: Resource) -> Resource:
    """What is left of a value that negationInd denies: "no" for a yes or no, nothing that could be taken for a finding otherwise."""
    return {"valueBoolean": False} if not value or value.get("valueBoolean") is not None else {}


def _not_said() -> Resource:
    return {"dataAbsentReason": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/data-absent-reason", "code": "unknown"}]}}


def _has_parts(statement: Statement) -> bool:
    return any(inner.kind == "observation" for inner in statement.related())


def observation(statement: Statement, code: Resource, value: Resource, category: str, effective: Resource | None = None) -> Resource:
    """An Observation of the citizen: what the statement says, with `code` and `value`, in one of FHIR's categories ("" for none)."""
    element = statement.element
    return compact(
        {
            "resourceType": "Observation",
            "identifier": identifiers_of(statement),
            "status": STATUSES.get(statement.status, "final"),
            "category": [{"coding": [{"system": CATEGORIES, "code": category}]}] if category else None,
            "code": code,
            "subject": {"reference": PATIENT},
            **(effective_of(statement) or effective or {}),
            "performer": performers_of(statement),
            **value,
            "interpretation": interpretations_of(statement),
            "note": note_of(statement),
            "bodySite": next(iter(sites_of(statement, "targetSiteCode")), None),
            "method": concept_of(statement, child(element, "methodCode")),
            "referenceRange": ranges_of(statement),
        }
    )


def performers_of(statement: Statement) -> list[Resource]:
    """Who did it; where the statement names nobody, who wrote it."""
    named = [who for each in children(statement.element, "performer") if (who := performer_of(statement, each))]
    author = author_of(statement)
    # A machine is no performer in R4.
    return [who for who in (named or ([author] if author else [])) if who.get("type") != "Device"]


def _read_goal(statement: Statement) -> Found:
    code = code_or_text(statement)
    if code is None:
        yield Unread(statement.place, "no-code")
        return
    wanted = quantity_of(child(statement.element, "value"))
    target = {"measure": code, "detailQuantity": wanted} if wanted else None
    yield fact(
        statement,
        compact(
            {
                "resourceType": "Goal",
                "lifecycleStatus": "active" if statement.status in {"active", ""} else "proposed",
                "description": code,
                "subject": {"reference": PATIENT},
                "target": [target] if target else None,
                "note": note_of(statement),
            }
        ),
    )


def _read_request(statement: Statement) -> Found:
    code = code_or_text(statement)
    if code is None or is_void(statement) or statement.negated:
        yield Unread(statement.place, "negated" if statement.negated else "no-code")
        return
    yield fact(
        statement,
        compact(
            {
                "resourceType": "ServiceRequest",
                "identifier": identifiers_of(statement),
                "status": "completed" if statement.status == "completed" else "active",
                "intent": INTENTS.get(statement.mood, "plan"),
                "code": code,
                "subject": {"reference": PATIENT},
                **effective_of(statement, "occurrence"),
                "authoredOn": authored_on(statement),
                "requester": author_of(statement),
                "note": note_of(statement),
            }
        ),
    )
