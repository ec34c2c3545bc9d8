"""What must not become a positive fact: "none known", denied, planned, cancelled, said of somebody else, or not said at all."""

from collections.abc import Iterable, Iterator
from functools import wraps

from healthspace.base.fhirjson import DATA_ABSENT, Resource, compact
from healthspace.cda.clinical.model import Fact
from healthspace.cda.clinical.parts import TAKEN_BACK, begins_later
from healthspace.cda.clinical.statement import Found, Reader, Statement
from healthspace.cda.clinical.values import reason_for
from healthspace.cda.parse import HL7
from healthspace.cda.values import Code, Element, attribute, child, every_code, read_code, truth
from healthspace.terminology.code_systems import system_of
from healthspace.terminology.uris import ABSENT_OR_UNKNOWN

SNOMED = "2.16.840.1.113883.6.96"
_ABSENT_OID = "2.16.840.1.113883.5.1150.1"
PLAN_SECTIONS = frozenset({"18776-5"})
"""Sections (LOINC) that hold what is to be done, whatever the mood of their entries: senders write plans in the past tense there."""

_ABSENCES = {
    "allergy": ("no-allergy-info", "no-known-allergies"),
    "problem": ("no-problem-info", "no-known-problems"),
    "medication": ("no-medication-info", "no-known-medications"),
    "procedure": ("no-procedure-info", "no-known-procedures"),
    "immunization": ("no-immunization-info", "no-known-immunizations"),
    "device": ("no-device-info", "no-known-devices"),
}
"""What ABSENT_OR_UNKNOWN has for each subject: no information, none known."""
_KINDS_OF_ALLERGIES = frozenset({"no-known-medication-allergies", "no-known-environmental-allergies", "no-known-food-allergies"})

_SITUATIONS = {
    "716186003": "no-known-allergies",
    "160244002": "no-known-allergies",
    "409137002": "no-known-medication-allergies",
    "428607008": "no-known-environmental-allergies",
    "429625007": "no-known-food-allergies",
    "160245001": "no-known-problems",
    "787481004": "no-known-medications",
    "787480003": "no-known-procedures",
    "787482006": "no-known-immunizations",
    "787483001": "no-known-devices",
}
"""SNOMED CT situations that say the same as a code of ABSENT_OR_UNKNOWN (IPS, section "Known absent and unknown data")."""


def about_the_citizen(reader: Reader) -> Reader:
    """`reader` for statements about the citizen; one about somebody else gives nothing."""

    @wraps(reader)
    def read_own(statement: Statement) -> Found:
        if not statement.subject:
            yield from reader(statement)

    return read_own


def fact(statement: Statement, resource: Resource, suffix: str = "") -> Fact:
    """`resource` as what `statement` says; `suffix` ("#2") tells several facts of one statement apart."""
    return Fact(resource, statement.key + suffix, statement.place, statement.section)


def none_known(codes: Iterable[Code | None], subject: str) -> Resource | None:
    """The concept "no known …" or "no information on …" when one of `codes` says so; `subject` is what it is about (problem…).

    The code of the International Patient Summary comes first, what the sender wrote after it.
    """
    for code in codes:
        for each in every_code(code) if code is not None else ():
            if said := _absent_code(each, subject):
                own = [] if each.system == _ABSENT_OID else [{"system": system_of(each.system), "code": each.code}]
                coding = [compact({**entry, "display": each.display}) for entry in ({"system": ABSENT_OR_UNKNOWN, "code": said}, *own)]
                return compact({"coding": coding, "text": each.text})
    return None


def _absent_code(code: Code, subject: str) -> str:
    if code.system == SNOMED:
        return _SITUATIONS.get(code.code, "")
    # Told by its words: senders give these codes a system of their own, and older documents other last words.
    word = code.code.lower()
    unknown, none = _ABSENCES[subject]
    if word.startswith("no-known-"):
        return word if word in _KINDS_OF_ALLERGIES else none
    return unknown if word.startswith("no-") and word.endswith("-info") else ""


def says_nothing(statement: Statement) -> bool:
    """True for a statement that is there only to fill its place: it has itself a nullFlavor, other than masked."""
    return attribute(statement.element, "nullFlavor") not in {"", "MSK"}


def is_void(statement: Statement) -> bool:
    """True for a statement that its author took back or put another in the place of, by itself or with the concern around it."""
    return any(attribute(child(element, "statusCode"), "code") in TAKEN_BACK for element in (statement.element, *_concerns(statement)))


def why_no_finding(statement: Statement) -> str:
    """Why an observation reports no finding: "planned" in another mood than EVN, "not-done" when it was given up; "" when it does."""
    return "planned" if statement.mood != "EVN" else "not-done" if statement.status in {"aborted", "cancelled"} else ""


def is_denied(statement: Statement) -> bool:
    """True when it is said not to be so: by itself, by the concern around it, or by the link to what it stands in."""
    if statement.negated or is_unlinked(statement):
        return True
    return any(truth(element, "negationInd") for element in _concerns(statement))


def is_unlinked(statement: Statement) -> bool:
    """True when a link says that it is *not* the reason, the cause or a part of what it stands in: nothing is said of it alone."""
    links = statement.element.iterancestors(f"{{{HL7}}}entryRelationship")
    return any(truth(link, "negationInd") for link in links)


def _concerns(statement: Statement) -> Iterator[Element]:
    """The acts that it stands in, directly or not."""
    return statement.element.iterancestors(f"{{{HL7}}}act")


def is_planned(statement: Statement) -> bool:
    """True when it is meant, asked, proposed or promised, and not reported: by its mood, its section, or a start yet to come."""
    to_come = statement.status in {"", "active", "new", "held"} and begins_later(statement)
    return statement.mood != "EVN" or in_plan(statement) or to_come


def in_plan(statement: Statement) -> bool:
    """True when it stands in a plan of care: in the section itself, not in another one inside it."""
    return statement.section in PLAN_SECTIONS


def absent_reason(statement: Statement, *names: str) -> Resource:
    """The object that stands for a value that is not given: why, by the nullFlavor of the first of `names` that has one, or its own."""
    flavours = (attribute(child(statement.element, name), "nullFlavor") for name in names)
    return reason_of(next(filter(None, (*flavours, attribute(statement.element, "nullFlavor"))), ""))


def reason_of(flavour: str) -> Resource:
    """An element without a value and the reason for it; "" is no reason given."""
    return {"extension": [{"url": DATA_ABSENT, "valueCode": reason_for(flavour)}]}


def code_of(statement: Statement) -> Code | None:
    return read_code(child(statement.element, "code"))


def value_code_of(statement: Statement) -> Code | None:
    return read_code(child(statement.element, "value"))
