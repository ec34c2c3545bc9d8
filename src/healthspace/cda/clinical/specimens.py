"""What was taken for an analysis (CI-SIS 77, 100; IHE XD-LAB): Specimen, and which one a result comes from."""

from healthspace.base.fhirjson import Resource, compact
from healthspace.cda.clinical.absence import fact, is_denied, is_void, says_nothing, why_no_finding
from healthspace.cda.clinical.details import named
from healthspace.cda.clinical.model import FACT, PATIENT, Fact
from healthspace.cda.clinical.parts import began, identifiers_of
from healthspace.cda.clinical.statement import Found, Statement
from healthspace.cda.clinical.values import concept_of, effective_of, note_of, performer_of
from healthspace.cda.contained import identifier
from healthspace.cda.values import Element, attribute, child, children, read_identifier

SPECIMEN = frozenset({"1.3.6.1.4.1.19376.1.3.1.2", "1.2.250.1.213.1.1.3.77", "1.3.6.1.4.1.19376.1.3.10.4.1", "1.2.250.1.213.1.1.3.100"})


def read_specimen(statement: Statement) -> Found:
    """What was taken, where no chapter of results stands around it."""
    if _is_taken(statement):
        yield specimen_fact(statement)


def specimens_in(statement: Statement) -> tuple[Fact, ...]:
    """What was taken from the citizen for the results in a chapter or a battery."""
    return tuple(specimen_fact(inner) for inner in statement.related() if inner.templates & SPECIMEN and _is_taken(inner))


def _is_taken(statement: Statement) -> bool:
    return not (statement.subject or is_void(statement) or is_denied(statement) or says_nothing(statement) or why_no_finding(statement))


def specimen_fact(statement: Statement) -> Fact:
    """What was taken, from where, when and by whom, and when it arrived."""
    element, role = statement.element, _role(statement)
    received = next(filter(None, map(began, statement.related())), None)
    number = read_identifier(child(role, "id"))
    taker = next((who for each in children(element, "performer") if (who := performer_of(statement, each))), None)
    collection = compact(
        {
            "collector": taker if taker and taker.get("type") == "Practitioner" else None,
            **effective_of(statement, "collected"),
            "bodySite": concept_of(statement, child(element, "targetSiteCode")),
            "method": concept_of(statement, child(element, "code")),
        }
    )
    resource = {
        "resourceType": "Specimen",
        "identifier": [*identifiers_of(statement), *([identifier(number)] if number else ())],
        "type": concept_of(statement, child(role, "playingEntity", "code")) or concept_of(statement, child(element, "code")),
        "subject": {"reference": PATIENT},
        "receivedTime": received.fhir if received else None,
        "collection": collection,
        "note": note_of(statement),
    }
    return fact(statement, compact(resource))


def _role(statement: Statement) -> Element | None:
    """The sample among the participants: the product of the act."""
    participants = children(statement.element, "participant")
    product = next((each for each in participants if attribute(each, "typeCode") == "PRD"), next(iter(participants), None))
    return child(product, "participantRole")


def culture_of(statement: Statement, role: Element | None, organism: Resource | None, samples: tuple[Fact, ...]) -> Fact | None:
    """The isolate as a Specimen that comes from the sample; None when it has neither a number nor a name."""
    number = read_identifier(child(role, "id"))
    if number is None and organism is None:
        return None
    resource = {
        "resourceType": "Specimen",
        "identifier": [identifier(number)] if number else None,
        "type": organism,
        "subject": {"reference": PATIENT},
        "parent": [parent] if (parent := only(samples)) else None,
    }
    return fact(statement, compact(resource), "#specimen")


def specimen_of(statement: Statement, samples: tuple[Fact, ...]) -> Resource | None:
    """The specimen that a result names; else the one of `samples` when there is no choice."""
    for role in (child(each, "specimenRole") for each in children(statement.element, "specimen")):
        number = read_identifier(child(role, "id"))
        numbered = identifier(number) if number else None
        same = next((each for each in samples if numbered in each.resource.get("identifier", ())), None)
        if same is not None:
            return refer(same)
        kind = concept_of(statement, child(role, "specimenPlayingEntity", "code")) or {}
        said = compact({"identifier": numbered, "display": named(kind)})
        if said:
            return {"type": "Specimen", **said}
    return only(samples)


def only(samples: tuple[Fact, ...]) -> Resource | None:
    """A reference to the sample, when there is one only."""
    return refer(samples[0]) if len(samples) == 1 else None


def refer(item: Fact) -> Resource:
    return {"reference": FACT + item.key}
