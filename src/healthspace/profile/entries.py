"""What a citizen enters about themselves, as FHIR resources: measurements, treatments, allergies, family, lifestyle, contacts, wishes.

From the fields of a form to a resource without its citizen, or to what is wrong in which field.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from healthspace.fhir.dates import instants_of
from healthspace.profile.elements import Resource
from healthspace.profile.measures import BY_KEY, DIASTOLIC, SYSTOLIC, Kind, is_plausible
from healthspace.terminology.uris import LOINC, OBSERVATION_CATEGORIES, ROLE_CODES, UCUM

CONTACT_ROLES = "http://terminology.hl7.org/CodeSystem/v2-0131"
ALLERGY_STATUS = "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical"
ALLERGY_CERTAINTY = "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification"
NUMBER = re.compile(r"[0-9]{1,4}(?:[.,][0-9]{1,2})?")
LONGEST = 300

HABITS = {"tobacco": "72166-2", "alcohol": "11331-6", "activity": "73985-4", "food": "", "other": ""}
"""Kinds of lifestyle and their LOINC codes, where one exists."""
WISHES = {"directives": "42348-3", "organs": "", "other": ""}
CONTACTS = {"emergency": "C", "trusted": "", "carer": ""}
RELATIVES = {
    "mother": "MTH",
    "father": "FTH",
    "sister": "SIS",
    "brother": "BRO",
    "child": "CHILD",
    "grandparent": "GRPRN",
    "other": "FAMMEMB",
}
SHARED = frozenset({"contact", "wish"})
"""What professionals see without being asked: the others stay the citizen's own until they share them."""

Fields = dict[str, str]


@dataclass(frozen=True, slots=True)
class Read:
    """A form that was read: the resource, or what is wrong by field; `doubt` when a value must be confirmed."""

    resource: Resource | None
    wrong: dict[str, str]
    doubt: bool = False


def read_entry(kind: str, fields: Fields, today: str) -> Read:
    """The resource of one entry. `today` is the last date that it can be of. Faults: required, number, pressure, date, long."""
    reader = READERS[kind]
    wrong = {name: "long" for name, value in fields.items() if len(value) > LONGEST}
    for name in REQUIRED[kind]:
        if not fields.get(name):
            wrong[name] = "required"
    date = fields.get("date", "")
    if date and (instants_of(date) is None or "T" in date or date[: len(today)] > today or date < "1900"):
        wrong["date"] = "date"
    if wrong:
        return Read(None, wrong)
    return reader(fields)


def _measure(fields: Fields) -> Read:
    kind = BY_KEY.get(fields["kind"])
    if kind is None:
        return Read(None, {"kind": "required"})
    typed = [part.strip() for part in fields["value"].split("/")]
    if kind.key == "pressure" and len(typed) != 2:
        return Read(None, {"value": "pressure"})
    if (kind.key != "pressure" and len(typed) != 1) or not all(NUMBER.fullmatch(part) for part in typed):
        return Read(None, {"value": "number"})
    values = [float(part.replace(",", ".")) for part in typed]
    doubt = not is_plausible(kind.key, *values) and fields.get("sure") != "yes"
    code = {"coding": [{"system": LOINC, "code": kind.code}]}
    observation = {
        "resourceType": "Observation",
        "status": "final",
        "category": [{"coding": [{"system": OBSERVATION_CATEGORIES, "code": "vital-signs"}]}],
        "code": code,
        "effectiveDateTime": fields["date"],
        **_values(kind, values),
    }
    return Read(observation, {}, doubt)


def _values(kind: Kind, values: list[float]) -> Resource:
    quantities = [{"value": _short(value), "unit": kind.written, "system": UCUM, "code": kind.unit} for value in values]
    if kind.key != "pressure":
        return {"valueQuantity": quantities[0]}
    codes = (SYSTOLIC, DIASTOLIC)
    return {
        "component": [
            {"code": {"coding": [{"system": LOINC, "code": code}]}, "valueQuantity": quantity}
            for code, quantity in zip(codes, quantities, strict=True)
        ]
    }


def _short(value: float) -> float | int:
    return int(value) if value == int(value) else value


def _treatment(fields: Fields) -> Read:
    statement: Resource = {
        "resourceType": "MedicationStatement",
        "status": "active",
        "medicationCodeableConcept": {"text": fields["name"]},
    }
    if fields.get("date"):
        statement["effectivePeriod"] = {"start": fields["date"]}
    if fields.get("reason"):
        statement["reasonCode"] = [{"text": fields["reason"]}]
    if fields.get("dose"):
        statement["dosage"] = [{"text": fields["dose"]}]
    return Read(statement, {})


def _allergy(fields: Fields) -> Read:
    allergy: Resource = {
        "resourceType": "AllergyIntolerance",
        "clinicalStatus": {"coding": [{"system": ALLERGY_STATUS, "code": "active"}]},
        "verificationStatus": {"coding": [{"system": ALLERGY_CERTAINTY, "code": "unconfirmed"}]},
        "code": {"text": fields["name"]},
    }
    if fields.get("date"):
        allergy["onsetDateTime"] = fields["date"]
    if fields.get("reaction"):
        allergy["reaction"] = [{"manifestation": [{"text": fields["reaction"]}]}]
    return Read(allergy, {})


def _family(fields: Fields) -> Read:
    relative = fields["kind"]
    if relative not in RELATIVES:
        return Read(None, {"kind": "required"})
    history = {
        "resourceType": "FamilyMemberHistory",
        "status": "completed",
        "relationship": {"coding": [{"system": ROLE_CODES, "code": RELATIVES[relative]}]},
        "condition": [{"code": {"text": fields["name"]}}],
    }
    return Read(history, {})


def _habit(fields: Fields) -> Read:
    return _statement(fields, HABITS, "social-history")


def _wish(fields: Fields) -> Read:
    return _statement(fields, WISHES, "wishes")


def _statement(fields: Fields, kinds: dict[str, str], category: str) -> Read:
    kind = fields["kind"]
    if kind not in kinds:
        return Read(None, {"kind": "required"})
    coded = {"coding": [{"system": LOINC, "code": kinds[kind]}]} if kinds[kind] else {"coding": [{"system": ENTRY_CODES, "code": kind}]}
    system = OBSERVATION_CATEGORIES if category == "social-history" else ENTRY_CODES
    return Read(
        {
            "resourceType": "Observation",
            "status": "final",
            "category": [{"coding": [{"system": system, "code": category}]}],
            "code": coded,
            "valueString": fields["text"],
        },
        {},
    )


def _contact(fields: Fields) -> Read:
    kind = fields["kind"]
    if kind not in CONTACTS:
        return Read(None, {"kind": "required"})
    coding = {"system": CONTACT_ROLES, "code": CONTACTS[kind]} if CONTACTS[kind] else {"system": ENTRY_CODES, "code": kind}
    person = {
        "resourceType": "RelatedPerson",
        "active": True,
        "relationship": [{"coding": [coding]}],
        "name": [{"text": fields["name"]}],
        "telecom": [{"system": "phone", "value": fields["phone"]}],
    }
    return Read(person, {})


ENTRY_CODES = "urn:healthspace:entry"
"""System of the kinds that no terminology names."""
READERS: dict[str, Callable[[Fields], Read]] = {
    "measure": _measure,
    "treatment": _treatment,
    "allergy": _allergy,
    "family": _family,
    "habit": _habit,
    "contact": _contact,
    "wish": _wish,
}
REQUIRED = {
    "measure": ("kind", "value", "date"),
    "treatment": ("name",),
    "allergy": ("name",),
    "family": ("kind", "name"),
    "habit": ("kind", "text"),
    "contact": ("kind", "name", "phone"),
    "wish": ("kind", "text"),
}
