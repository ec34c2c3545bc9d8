"""The families under which a citizen looks for a document, and which family each kind of document belongs to.

Classes are those of TRE_A03 and types LOINC or TRE_A05 codes: a type decides where its class is too wide for a reader
("Compte rendu" holds laboratory results, consultations and hospital stays alike).
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from healthspace.edge.portal.language import mark


@dataclass(frozen=True, slots=True)
class Family:
    """A family: its code in an address, its name, and its picture in `static/icons.svg`."""

    code: str
    name: str
    icon: str


LABORATORY = Family("laboratory", mark("Laboratory"), "flask")
PRESCRIPTION = Family("prescription", mark("Prescriptions"), "pill")
IMAGING = Family("imaging", mark("Imaging"), "scan")
HOSPITAL = Family("hospital", mark("Hospital"), "hospital")
VACCINATION = Family("vaccination", mark("Vaccination"), "syringe")
SUMMARY = Family("summary", mark("Summaries"), "clipboard")
REPORT = Family("report", mark("Reports"), "doc")
DISPENSATION = Family("dispensation", mark("Dispensed medicines"), "bag")
PLAN = Family("plan", mark("Care plans"), "path")
SOCIAL = Family("social", mark("Social care"), "users")
CERTIFICATE = Family("certificate", mark("Certificates"), "seal")
ADMINISTRATIVE = Family("administrative", mark("Administrative"), "folder")
OTHER = Family("other", mark("Other documents"), "doc")

FAMILIES = (
    LABORATORY,
    PRESCRIPTION,
    IMAGING,
    HOSPITAL,
    VACCINATION,
    REPORT,
    SUMMARY,
    DISPENSATION,
    PLAN,
    SOCIAL,
    CERTIFICATE,
    ADMINISTRATIVE,
    OTHER,
)
"""In the order of the filters."""

BY_TYPE = {
    "11502-2": LABORATORY,
    "11490-0": HOSPITAL,
    "34112-3": HOSPITAL,
    "34874-8": HOSPITAL,
    "15507-7": HOSPITAL,
    "18761-7": HOSPITAL,
    "28653-4": SOCIAL,
    "83981-1": SOCIAL,
    "88348-8": SOCIAL,
    "11369-6": VACCINATION,
    "87273-9": VACCINATION,
    "DOCPAT05": LABORATORY,
}

BY_CLASS = {
    "10": REPORT,
    "11": SUMMARY,
    "31": IMAGING,
    "42": PRESCRIPTION,
    "43": DISPENSATION,
    "44": PLAN,
    "45": PLAN,
    "52": CERTIFICATE,
    "60": ADMINISTRATIVE,
    "90": OTHER,
    "95": ADMINISTRATIVE,
}


TELLING = {"type": frozenset(BY_TYPE), "category": frozenset(BY_CLASS)}
"""The codes that tell a family, by where a DocumentReference carries them."""


def family_of(reference: dict[str, Any]) -> Family:
    """The family of a document by its type, or else its class; `OTHER` when neither says."""
    concepts = (("type", reference.get("type") or {}), *(("category", one) for one in reference.get("category") or ()))
    return family_among(frozenset((path, str(one.get("code", ""))) for path, concept in concepts for one in concept.get("coding") or ()))


@lru_cache(maxsize=4096)
def family_among(codes: frozenset[tuple[str, str]]) -> Family:
    """The family that codes tell, each with where it stands."""
    by_type = [family for code, family in BY_TYPE.items() if ("type", code) in codes]
    by_class = [family for code, family in BY_CLASS.items() if ("category", code) in codes]
    return next(iter(by_type + by_class), OTHER)
