"""Observations of every kind: vital signs, habits, pregnancies, scores, and whatever else has a code and a value (CI-SIS 48 to 53)."""

from dataclasses import replace
from functools import partial

from healthspace.base.fhirjson import Resource, compact
from healthspace.cda.clinical.absence import fact, in_plan, is_denied, is_unlinked, is_void, says_nothing
from healthspace.cda.clinical.details import further_values, is_detail, is_measure, shown
from healthspace.cda.clinical.model import FACT, PATIENT, Fact, Unread
from healthspace.cda.clinical.parts import identifiers_of, remaining, sites_of
from healthspace.cda.clinical.plans import read_request
from healthspace.cda.clinical.statement import Found, Reader, Statement, read_inside
from healthspace.cda.clinical.values import (
    author_of,
    code_or_text,
    concept_of,
    effective_of,
    interpretations_of,
    is_unread,
    note_of,
    performer_of,
    ranges_of,
    value_of,
)
from healthspace.cda.parse import HL7
from healthspace.cda.values import Element, attribute, child, children
from healthspace.terminology.uris import ABSENCE_REASONS, OBSERVATION_CATEGORIES

STATUSES = {
    "completed": "final",
    "aborted": "cancelled",
    "cancelled": "cancelled",
    "active": "preliminary",
    "held": "registered",
    "new": "registered",
    "suspended": "registered",
}
SIGNS = frozenset({"1.3.6.1.4.1.19376.1.5.3.1.4.13.1", "1.2.250.1.213.1.1.3.49"})
"""The organizer of vital signs: each of them is a fact by itself."""

_CATEGORIES = {
    "exam": ("29545-1", "8716-3", "11384-5"),
    "social-history": ("29762-2",),
    "survey": ("47420-5", "46006-3", "35088-4", "70182-1", "48542-5", "75859-9", "38208-5"),
    "imaging": ("18748-4", "55111-9", "73569-6", "121181"),
}
_SECTIONS = {section: category for category, sections in _CATEGORIES.items() for section in sections}
"""Category of an observation that has no template of its own, by the section (LOINC, DICOM) it stands in."""
_RELATIVES = frozenset({"10157-6"})
"""Sections (LOINC) on the family: what nobody is named for there is not the citizen's."""


def read_observation(statement: Statement, category: str = "") -> Found:
    """An observation and those inside it. About somebody else: nothing. Planned: a request or a goal. Denied: false, or not read."""
    if statement.subject:
        return
    if statement.mood != "EVN":
        yield from read_request(statement)
    elif statement.section in _RELATIVES or is_unlinked(statement):
        yield Unread(statement.place, "negated" if is_unlinked(statement) else "other-subject")
    elif is_detail(statement):
        return
    elif in_plan(statement) and not is_measure(statement):
        yield Unread(statement.place, "planned")
        yield from remaining(statement)
    else:
        inside = list(remaining(statement))
        if not (is_void(statement) or says_nothing(statement)):
            yield from _read_found(statement, category or _SECTIONS.get(statement.section, ""), _parts_of(statement, inside))
        yield from inside


def observed_as(category: str) -> Reader:
    """The reader of observations of one category."""
    return partial(read_observation, category=category)


def _parts_of(statement: Statement, inside: list[Fact | Unread]) -> list[Resource]:
    """References to the observations that are components of this one, such as the items of a score."""
    components = {FACT + inner.key for inner in statement.related("COMP")}
    return [member for member in members_of(inside) if member["reference"] in components]


def _read_found(statement: Statement, category: str, parts: list[Resource]) -> Found:
    value = value_of(statement)
    code = named_code(statement, value)
    denied = is_denied(statement)
    if is_unread(statement, value):
        yield Unread(statement.place, "value")
    if denied:
        value = _denied(value)
    if code is None or (denied and not value):
        yield Unread(statement.place, "negated" if denied else "no-code")
    elif value or parts:
        yield fact(statement, compact({**observation(statement, code, value, category), "hasMember": parts}))
    elif statement.text:
        yield fact(statement, observation(statement, code, {"valueString": statement.text}, category))
    else:
        yield fact(statement, observation(statement, code, not_said(), category))


def named_code(statement: Statement, value: Resource) -> Resource | None:
    """What an observation is about. The words of its code are left to its display where they are in truth its value, or a whole entry:
    senders let the code refer to the cell of the result."""
    code = code_or_text(statement)
    text = (code or {}).get("text", "")
    if code is None or not text or not any("display" in each for each in code.get("coding", ())):
        return code
    own, whole = (_target(child(statement.element, *path)) for path in (("code", "originalText"), ("text",)))
    is_value = not any(letter.isalpha() for letter in text) or text in {shown(value), value.get("valueString")}
    return {name: said for name, said in code.items() if name != "text"} if is_value or (own and own == whole) else code


def _target(element: Element | None) -> str:
    return attribute(child(element, "reference"), "value").removeprefix("#")


def _denied(value: Resource) -> Resource:
    """What is left of a value that negationInd denies: "no" for a yes or no, nothing that could be taken for a finding otherwise."""
    return {"valueBoolean": False} if not value or value.get("valueBoolean") is not None else {}


def not_said(reason: str = "unknown") -> Resource:
    """What stands for a value that is not given, and why."""
    return {"dataAbsentReason": {"coding": [{"system": ABSENCE_REASONS, "code": reason}]}}


def observation(statement: Statement, code: Resource, value: Resource, category: str, effective: Resource | None = None) -> Resource:
    """An Observation of the citizen: what the statement says, with `code` and `value`, in one of FHIR's categories ("" for none)."""
    element = statement.element
    status = STATUSES.get(statement.status, "final")
    if status == "cancelled" and value:
        value = not_said("not-performed")  # what was given up says nothing
    others = [] if status == "cancelled" or is_denied(statement) else further_values(statement)
    return compact(
        {
            "resourceType": "Observation",
            "identifier": identifiers_of(statement),
            "status": status,
            "category": [{"coding": [{"system": OBSERVATION_CATEGORIES, "code": category}]}] if category else None,
            "code": code,
            "subject": {"reference": PATIENT},
            **(effective_of(statement) or effective or _effective_around(statement)),
            "performer": performers_of(statement),
            **value,
            "interpretation": interpretations_of(statement),
            "note": [*note_of(statement), *others],
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


def _effective_around(statement: Statement) -> Resource:
    """When the nearest organizer around it took place: a result without a time has that of its group."""
    around = statement.element.iterancestors(f"{{{HL7}}}organizer")
    return next(filter(None, (effective_of(replace(statement, element=element)) for element in around)), {})


def read_group(statement: Statement) -> Found:
    """An organizer: what is in it, and an Observation that holds its observations together when it has a name."""
    if statement.subject:
        return
    if statement.mood != "EVN" or is_void(statement) or statement.templates & SIGNS:
        yield from read_inside(statement)
        return
    code = concept_of(statement, child(statement.element, "code"))
    found = list(remaining(statement) if code else read_inside(statement))
    yield from found
    members = members_of(found)
    if code and members and not says_nothing(statement):
        group = observation(statement, code, {}, _SECTIONS.get(statement.section, ""))
        yield fact(statement, {**group, "hasMember": members})


def members_of(found: list[Fact | Unread]) -> list[Resource]:
    """References to the observations of `found` that are in no other one of them."""
    observations = [item for item in found if isinstance(item, Fact) and item.resource["resourceType"] == "Observation"]
    inside = {member["reference"] for item in observations for member in item.resource.get("hasMember", ())}
    return [{"reference": FACT + item.key} for item in observations if FACT + item.key not in inside]


def read_comment(statement: Statement) -> Found:
    """A comment that stands alone, and belongs to no other entry."""
    code = concept_of(statement, child(statement.element, "code"))
    void = is_void(statement) or is_denied(statement) or says_nothing(statement)
    if not statement.subject and not void and statement.mood == "EVN" and statement.text and code:
        yield fact(statement, observation(statement, code, {"valueString": statement.text}, ""))
