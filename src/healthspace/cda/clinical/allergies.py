"""Allergies and intolerances: AllergyIntolerance (CI-SIS FR-Allergie-ou-hypersensibilite 41, in a concern 40; IHE PCC 6.3.4.15)."""

from collections.abc import Iterator

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
from healthspace.cda.clinical.model import PATIENT, Unread
from healthspace.cda.clinical.parts import (
    CERTAINTY,
    CRITICALITY,
    STATUS,
    authored_on,
    began,
    coded_part,
    ended,
    identifiers_of,
    meaning_of,
    notes_of,
    recorder_of,
    remaining,
    said_when,
    severity_of,
    severity_word,
    time_of,
    unread_values,
)
from healthspace.cda.clinical.statement import Found, Statement
from healthspace.cda.clinical.values import concept_of
from healthspace.cda.contained import dated
from healthspace.cda.values import Code, attribute, child, children, every_code, read_code, words
from healthspace.terminology.uris import HL7

CLINICAL = HL7 + "allergyintolerance-clinical"
VERIFICATION = HL7 + "allergyintolerance-verification"
SEVERITY_OF_ALL = "urn:healthspace:severity"
"""On an AllergyIntolerance, valueCodeableConcept: its severity as a whole, for which R4 has no place."""
ABATEMENT = "http://hl7.org/fhir/StructureDefinition/allergyintolerance-abatement"

_TYPES = {
    "416098002": ("allergy", "medication"),
    "414285001": ("allergy", "food"),
    "609328004": ("allergy", ""),
    "419199007": ("allergy", ""),
    "426232007": ("allergy", "environment"),
    "59037007": ("intolerance", "medication"),
    "609398007": ("intolerance", "medication"),
    "235719002": ("intolerance", "food"),
    "609433001": ("", ""),
    "419511003": ("", "medication"),
    "418471000": ("", "food"),
    "418038007": ("", ""),
    "420134006": ("", ""),
    "ALG": ("allergy", ""),
    "DALG": ("allergy", "medication"),
    "FALG": ("allergy", "food"),
    "EALG": ("allergy", "environment"),
    "DINT": ("intolerance", "medication"),
    "FINT": ("intolerance", "food"),
    "EINT": ("intolerance", "environment"),
    "DNAINT": ("intolerance", "medication"),
    "FNAINT": ("intolerance", "food"),
    "ENAINT": ("intolerance", "environment"),
    "NAINT": ("intolerance", ""),
}
"""Type and category by the code of the observation (SNOMED CT, HL7 v3 ObservationIntoleranceType)."""
_CLINICAL = frozenset({"active", "inactive", "resolved"})
_STATUSES = {"55561003": "active", "73425007": "inactive", "413322009": "resolved"}
"""SNOMED CT states as older documents write them."""
_CERTAINTIES = frozenset({"confirmed", "unconfirmed", "presumed", "refuted"})
_CRITICALITIES = frozenset({"low", "high", "unable-to-assess"})


@about_the_citizen
def read_allergy(statement: Statement) -> Found:
    """An allergy or intolerance, or that none is known."""
    value = value_code_of(statement)
    if absent := none_known((value, code_of(statement), *_agents(statement)), "allergy"):
        yield fact(statement, _none(absent))
    elif says_nothing(statement) or is_void(statement):
        return
    elif reason := why_no_finding(statement):
        yield Unread(statement.place, reason)
    else:
        yield fact(statement, _allergy(statement, value))
        yield from unread_values(statement)
        yield from remaining(statement, "MFST")


def _none(absent: Resource) -> Resource:
    return {
        "resourceType": "AllergyIntolerance",
        "clinicalStatus": _coded(CLINICAL, "active"),
        "code": absent,
        "patient": {"reference": PATIENT},
    }


def _allergy(statement: Statement, value: Code | None) -> Resource:
    kind, category = next((_TYPES[code] for code in _codes(code_of(statement)) if code in _TYPES), ("", ""))
    named, severity = _agent(statement), severity_of(statement)
    reactions = list(_reactions(statement, value if named else None, severity))
    alone = severity if severity and not (reactions and severity_word(severity)) else None
    certainty, end = _certainty(statement, named), time_of(statement, "effectiveTime", "high")
    criticality = _word(coded_part(statement, CRITICALITY), _CRITICALITIES)
    said = {
        "resourceType": "AllergyIntolerance",
        "extension": [
            *extension(SEVERITY_OF_ALL, "valueCodeableConcept", alone),
            *extension(ABATEMENT, "valueDateTime", end.fhir if end else None),
        ],
        "identifier": identifiers_of(statement),
        "clinicalStatus": _coded(CLINICAL, _clinical(statement, certainty)),
        "verificationStatus": _coded(VERIFICATION, certainty),
        "type": kind,
        "category": [category] if category else None,
        "criticality": criticality,
        "code": named or _unnamed(statement),
        "patient": {"reference": PATIENT},
        **said_when(statement, "onset"),
        "recordedDate": authored_on(statement),
        "recorder": recorder_of(statement),
        "note": notes_of(statement),
        "reaction": reactions,
    }
    return compact(said)


def _coded(system: str, code: str) -> Resource | None:
    return {"coding": [{"system": system, "code": code}]} if code else None


def _codes(code: Code | None) -> Iterator[str]:
    return (each.code for each in every_code(code)) if code else iter(())


def _word(code: Code | None, words_of_fhir: frozenset[str]) -> str:
    """The word of FHIR among the codes of `code`. The system is not looked at: senders confuse those of certainty and criticality."""
    return next((word for each in _codes(code) if (word := each.lower()) in words_of_fhir), "")


def _clinical(statement: Statement, certainty: str) -> str:
    """Its status as it says; without one (FHIR ait-1 asks for one), active unless its period is over. A refuted one is not active."""
    if certainty == "refuted":
        return "inactive"
    status = coded_part(statement, STATUS)
    said = _word(status, _CLINICAL) or next((_STATUSES[each] for each in _codes(status) if each in _STATUSES), "")
    return said or ("inactive" if ended(statement) else "active")


def _certainty(statement: Statement, named: Resource | None) -> str:
    """Refuted when denied. An entry that names no agent is not a confirmed allergy: some senders fill it in to say that none was found."""
    if is_denied(statement):
        return "refuted"
    certainty = coded_part(statement, CERTAINTY)
    said = _word(certainty, _CERTAINTIES)
    return said or ("" if named else "unconfirmed")


def _agents(statement: Statement) -> list[Code | None]:
    return [code for _, code in _participants(statement)]


def _participants(statement: Statement) -> Iterator[tuple[Resource | None, Code | None]]:
    """The agents it names: as concepts, and as codes."""
    for participant in children(statement.element, "participant"):
        if attribute(participant, "typeCode") != "CSM":
            continue
        entity = child(participant, "participantRole", "playingEntity")
        said = concept_of(statement, child(entity, "code")) or {}
        text = said.get("text") or words(child(entity, "name"))
        yield compact({**said, "text": text}) or None, read_code(child(entity, "code"))


def _agent(statement: Statement) -> Resource | None:
    return next((said for said, _ in _participants(statement) if said), None)


def _unnamed(statement: Statement) -> Resource:
    """What is known of an allergy without an agent: what was found, else its type."""
    found = concept_of(statement, child(statement.element, "value"))
    return found or concept_of(statement, child(statement.element, "code")) or absent_reason(statement, "value", "code")


def _reactions(statement: Statement, value: Code | None, severity: Resource | None) -> Iterator[Resource]:
    """Its reactions; first what the observation found, when that is a code. `severity` is that of the whole."""
    if value is not None and (value.code or value.translations):
        found = concept_of(statement, child(statement.element, "value"))
        yield compact({"manifestation": [found] if found else None, "severity": severity_word(severity)})
    for inner in statement.related("MFST"):
        manifestation = None if inner.negated else meaning_of(inner)
        if manifestation is None:
            continue
        own = severity_of(inner) or severity
        inexact = [{"url": SEVERITY_OF_ALL, "valueCodeableConcept": own}] if own and not severity_word(own) else None
        said = {
            "extension": inexact,
            "manifestation": [manifestation],
            **dated("onset", began(inner)),
            "severity": severity_word(own),
            "note": notes_of(inner),
        }
        yield compact(said)
