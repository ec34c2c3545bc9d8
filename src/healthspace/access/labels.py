"""Visibility labels of documents (TRE_A07) as a set: whom each hides a document from, and with which exceptions (`R1111-49`, `-50`, `-53`).

A document may carry several at once; order and display mean nothing. Who brought a document always sees it.
"""

from collections.abc import Iterable
from typing import Any

from healthspace.access.terms import Reason
from healthspace.base.errors import Invalid
from healthspace.base.fhirjson import tagged
from healthspace.terminology import code_systems
from healthspace.terminology.code_systems import system_of, uri_of

SYSTEM = system_of(code_systems.VISIBILITY)
SYSTEMS = frozenset({SYSTEM, uri_of(code_systems.VISIBILITY)})
MASKED = "MASQUE_PS"
NOT_ANNOUNCED = "INVISIBLE_PATIENT"
HIDDEN_FROM_REPRESENTATIVES = "INVISIBLE_REPRESENTANTS_LEGAUX"
VISIBILITY = (MASKED, NOT_ANNOUNCED, HIDDEN_FROM_REPRESENTATIVES)
"""In the stable order in which they are written."""
HL7_V2_SPELLING = "INVISIBLE_REP_LEGAUX"
DISPLAYS = {
    MASKED: "Masqué aux professionnels de santé",
    NOT_ANNOUNCED: "Non visible par le patient",
    HIDDEN_FROM_REPRESENTATIVES: "Non visible par les représentants légaux",
}

HOLDER_ONLY = "HOLDER_ONLY"
"""Label of ours, on what tells how a citizen uses their controls: for them and for who represents them."""

FROM_PROFESSIONALS = frozenset({MASKED, HOLDER_ONLY})
FROM_TREATING = frozenset({HOLDER_ONLY})
FROM_HOLDER = frozenset({NOT_ANNOUNCED})
FROM_REPRESENTATIVES = frozenset({NOT_ANNOUNCED, HIDDEN_FROM_REPRESENTATIVES})
FROM_CARERS = FROM_REPRESENTATIVES | {HOLDER_ONLY}

REASONS = {
    MASKED: Reason.MASKED,
    NOT_ANNOUNCED: Reason.NOT_ANNOUNCED,
    HIDDEN_FROM_REPRESENTATIVES: Reason.HIDDEN_FROM_REPRESENTATIVES,
    HOLDER_ONLY: Reason.NO_RIGHT,
}
"""What the trail says of a document that a label kept from the caller."""

SHOWN = "urn:healthspace:visibility"
"""System of the tag `shown`: its citizen shows this document although all are masked by default."""
SHOWN_CODE = "shown"

Resource = dict[str, Any]


def spelt(labels: frozenset[str]) -> frozenset[str]:
    """Labels with the other spelling that HL7 v2 has for one of them."""
    return labels | {HL7_V2_SPELLING} if HIDDEN_FROM_REPRESENTATIVES in labels else labels


def codes_of(resource: Resource) -> set[str]:
    """Codes of the security labels of a resource: of a document, and those in its meta (set on what follows a document)."""
    concepts = resource.get("securityLabel", [])
    codings = [coding for concept in concepts for coding in concept.get("coding", [])]
    codes = {coding["code"] for coding in [*codings, *resource.get("meta", {}).get("security", [])] if "code" in coding}
    return (codes - {HL7_V2_SPELLING}) | {HIDDEN_FROM_REPRESENTATIVES} if HL7_V2_SPELLING in codes else codes


def refuse_unknown_label(document: Resource, kept: Iterable[str] = ()) -> None:
    """Invalid when a security label is said to be of TRE_A07 and is none of it: a mask that is misspelt would show what it should hide.

    "N" is how the payloads of TD3.3 take a label away; codes that are `kept` were there before.
    """
    known = {*VISIBILITY, HL7_V2_SPELLING, "N", *kept}
    for number, concept in enumerate(document.get("securityLabel", [])):
        for coding in concept.get("coding", []):
            if coding.get("system") in SYSTEMS and coding.get("code") not in known:
                raise Invalid("this is no visibility of a document (TRE_A07)", place=f"DocumentReference.securityLabel[{number}]")


def is_shown_one_by_one(resource: Resource) -> bool:
    """Whether its citizen chose to show this one although all are masked by default."""
    return SHOWN_CODE in tagged(resource, SHOWN)


def with_labels(concepts: list[Resource], wanted: Iterable[str]) -> list[Resource]:
    """`securityLabel` with exactly the visibility labels `wanted`, confidentiality first and the others in their stable order."""
    kept = [concept for concept in concepts if not _codes(concept) & {*VISIBILITY, HL7_V2_SPELLING}]
    chosen = set(wanted)
    return [*kept, *(concept_of(code) for code in VISIBILITY if code in chosen)]


def concept_of(code: str) -> Resource:
    """A visibility label as a CodeableConcept."""
    return {"coding": [{"system": SYSTEM, "code": code, "display": DISPLAYS[code]}]}


def _codes(concept: Resource) -> set[str]:
    return {coding.get("code", "") for coding in concept.get("coding", [])}
