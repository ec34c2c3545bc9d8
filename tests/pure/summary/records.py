"""Invented records for the tests of the summary: a citizen, and resources as the store keeps them."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid5

from healthspace.fhir.validate import validate
from healthspace.record.summary.assemble import assemble
from healthspace.record.summary.words import Words
from healthspace.terminology.uris import LOINC, OBSERVATION_CATEGORIES, SNOMED, UCUM
from tests.ips_checker import check

Resource = dict[str, Any]
NOW = datetime(2025, 11, 24, 9, 30, tzinfo=UTC)
SPACE = UUID(int=7)
PATIENT: Resource = {
    "resourceType": "Patient",
    "id": str(uuid5(SPACE, "patient")),
    "meta": {"versionId": "1"},
    "identifier": [{"system": "urn:oid:1.2.250.1.213.1.4.10", "value": "279035121518989"}],
    "name": [{"use": "official", "family": "DUPRÉ", "given": ["LÉA", "ROSE"]}],
    "gender": "female",
    "birthDate": "1979-03-28",
}
ME = {"reference": f"Patient/{PATIENT['id']}"}
DOCTOR = {"identifier": {"system": "urn:oid:1.2.250.1.71.4.2.1", "value": "810000000001"}, "display": "Dr Anne Martin"}
PLACE = {"identifier": {"system": "urn:oid:1.2.250.1.71.4.2.2", "value": "990000001"}, "display": "Laboratoire du Port"}


def a(type_: str, name: str = "", **elements: Any) -> Resource:
    """A resource of the citizen, as the store keeps it; each `name` is another one."""
    subject = "patient" if type_ in {"AllergyIntolerance", "Immunization", "Consent"} else "subject"
    head = {"resourceType": type_, "id": str(uuid5(SPACE, f"{type_}{name}{elements!r}")), "meta": {"source": f"DocumentReference/{name}"}}
    return {**head, subject: ME, **elements}


def coded(code: str, text: str = "", system: str = LOINC) -> Resource:
    return {"coding": [{"system": system, "code": code}], **({"text": text} if text else {})}


def clinical(kind: str, code: str) -> Resource:
    return {"coding": [{"system": f"http://terminology.hl7.org/CodeSystem/{kind}", "code": code}]}


def quantity(value: float, unit: str, **more: Any) -> Resource:
    return {"value": value, "unit": unit, "system": UCUM, "code": unit, **more}


def a_result(code: str, value: float, *, category: str = "laboratory", at: str = "2025-03-04T08:00:00+01:00", **elements: Any) -> Resource:
    measured = (
        {} if any(key.startswith("value") or key == "component" for key in elements) else {"valueQuantity": quantity(value, "mmol/L")}
    )
    return a(
        "Observation",
        status=elements.pop("status", "final"),
        code=coded(code, f"Analyse {code}"),
        category=[coded(category, system=OBSERVATION_CATEGORIES)],
        effectiveDateTime=at,
        **measured,
        **elements,
    )


def an_allergy(code: str = "91935009", text: str = "Arachide", **elements: Any) -> Resource:
    return a("AllergyIntolerance", code=coded(code, text, SNOMED), **elements)


def a_problem(text: str = "Asthme", status: str = "active", **elements: Any) -> Resource:
    return a("Condition", clinicalStatus=clinical("condition-clinical", status), code={"text": text}, **elements)


def a_treatment(text: str = "Paracétamol 1 g", status: str = "active", **elements: Any) -> Resource:
    return a("MedicationStatement", status=status, medicationCodeableConcept={"text": text}, **elements)


def summary_of(
    *resources: Resource, language: str = "fr", patient: Resource = PATIENT, registry: dict[str, Resource] | None = None
) -> Resource:
    """The summary, seen to be valid FHIR R4 and a valid IPS by both versions."""
    bundle = assemble(patient, resources, UUID(int=11), NOW, Words(language), registry=registry)
    assert not (faults := validate(bundle)), faults
    for version in ("1.1.0", "2.0.1"):
        faults = check(bundle, version)
        assert not faults, faults
    return bundle


def section(bundle: Resource, code: str) -> list[Resource]:
    """The resources of a section; none when there is no such section."""
    by_place = {entry["fullUrl"]: entry["resource"] for entry in bundle["entry"]}
    for one in bundle["entry"][0]["resource"]["section"]:
        if one["code"]["coding"][0]["code"] == code:
            return [by_place[entry["reference"]] for entry in one["entry"]]
    return []


def narrative(bundle: Resource, code: str) -> str:
    sections = bundle["entry"][0]["resource"]["section"]
    return next(str(one["text"]["div"]) for one in sections if one["code"]["coding"][0]["code"] == code)


def of_type(bundle: Resource, type_: str) -> list[Resource]:
    return [entry["resource"] for entry in bundle["entry"] if entry["resource"]["resourceType"] == type_]
