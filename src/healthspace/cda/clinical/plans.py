"""What is planned besides acts and medicines: examinations, follow-up, goals; and the plan that holds it all together.

CI-SIS FR-Demande-d-examen-ou-de-suivi 27; IHE PCC "Observation Requests" 1.3.6.1.4.1.19376.1.5.3.1.1.20.3.1.
"""

from collections.abc import Iterable, Iterator

from healthspace.base.fhirjson import Resource, compact
from healthspace.cda.clinical.absence import PLAN_SECTIONS, about_the_citizen, fact, is_void, reason_of, says_nothing
from healthspace.cda.clinical.model import FACT, PATIENT, Fact, Unread
from healthspace.cda.clinical.parts import began, identifiers_of, notes_of, remaining
from healthspace.cda.clinical.procedures import service_request
from healthspace.cda.clinical.statement import Found, Statement
from healthspace.cda.clinical.values import code_or_text, value_of
from healthspace.terminology.uris import LOINC

REQUEST = ("1.3.6.1.4.1.19376.1.5.3.1.1.20.3.1", "1.2.250.1.213.1.1.3.27")
DETAIL = "urn:healthspace:detail"
"""On a ServiceRequest, value[x]: what the request asks in particular (a frequency, a kind)."""
_LIFE = {"completed": "completed", "aborted": "cancelled", "cancelled": "cancelled", "suspended": "on-hold", "held": "on-hold"}
_TARGETS = ("Quantity", "Range", "CodeableConcept", "String", "Boolean", "Integer", "Ratio")
_ACTIVITIES = frozenset({"MedicationRequest", "ServiceRequest", "DeviceRequest", "NutritionOrder", "Task", "Appointment"})


@about_the_citizen
def read_request(statement: Statement) -> Found:
    """An examination or a follow-up that is asked (ServiceRequest), or a goal (Goal)."""
    if says_nothing(statement) or is_void(statement):
        return
    if statement.mood == "GOL":
        yield _unread(statement) if statement.negated else fact(statement, _goal(statement))
    elif statement.mood == "EVN":
        yield _unread(statement)
    else:
        yield fact(statement, _asked(statement))
    yield from remaining(statement)


def _unread(statement: Statement) -> Unread:
    return Unread(statement.place, "unknown-request")


def _asked(statement: Statement) -> Resource:
    asked = service_request(statement)
    detail = {key: value for key, value in value_of(statement).items() if key.startswith("value")}
    if not detail:
        return asked
    return {**asked, "extension": [*asked.get("extension", ()), {"url": DETAIL, **detail}]}


def _goal(statement: Statement) -> Resource:
    """A goal; its value is the target, to be reached at the time of the statement."""
    concept, due = code_or_text(statement) or reason_of(""), began(statement)
    found = value_of(statement)
    detail = compact({"detail" + kind: found.get("value" + kind) for kind in _TARGETS})
    target = {"measure": concept, **detail, **({"dueDate": due.fhir[:10]} if due else {})}
    return compact(
        {
            "resourceType": "Goal",
            "identifier": identifiers_of(statement),
            "lifecycleStatus": _LIFE.get(statement.status, "active"),
            "description": concept,
            "subject": {"reference": PATIENT},
            "target": [target] if detail or due else None,
            "note": notes_of(statement),
        }
    )


def care_plans(facts: Iterable[Fact]) -> Iterator[Fact]:
    """One CarePlan for each plan section that holds something: it refers to what the section asks for and aims at."""
    sections: dict[str, list[Fact]] = {}
    for found in facts:
        if found.section in PLAN_SECTIONS:
            sections.setdefault(found.key.rpartition(".e")[0], []).append(found)
    for key, inside in sections.items():
        activities = [found for found in inside if found.resource["resourceType"] in _ACTIVITIES]
        goals = [found for found in inside if found.resource["resourceType"] == "Goal"]
        if activities or goals:
            plan = {
                "resourceType": "CarePlan",
                "status": "active",
                "intent": "plan",
                "category": [{"coding": [{"system": LOINC, "code": inside[0].section}]}],
                "subject": {"reference": PATIENT},
                "goal": [{"reference": FACT + found.key} for found in goals],
                "activity": [{"reference": {"reference": FACT + found.key}} for found in activities],
            }
            yield Fact(compact(plan), f"{key}.plan", inside[0].place.rpartition("/entry[")[0], inside[0].section)
