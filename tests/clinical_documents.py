"""Invented documents that say something: FHIR documents with entries, to deposit and to look for what came from them."""

from typing import Any
from uuid import uuid4

import orjson

from tests.documents import a_fhir_document

ME = {"reference": "urn:uuid:p"}
LOINC = "http://loinc.org"


def a_result(code: str = "2345-7", value: float = 5.1, **changes: Any) -> dict[str, Any]:
    """A laboratory result as an entry of a FHIR document."""
    result = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": LOINC, "code": code}]},
        "subject": ME,
        "effectiveDateTime": "2024-03-04T08:00:00+01:00",
        "valueQuantity": {"value": value, "unit": "mmol/L", "system": "http://unitsofmeasure.org", "code": "mmol/L"},
    }
    return {**result, **changes}


def an_allergy(**changes: Any) -> dict[str, Any]:
    status = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical", "code": "active"}]}
    return {"resourceType": "AllergyIntolerance", "clinicalStatus": status, "code": {"text": "arachide"}, "patient": ME, **changes}


def a_vaccination(**changes: Any) -> dict[str, Any]:
    given = {"occurrenceDateTime": "2023-10-02", "vaccineCode": {"coding": [{"system": "http://www.whocc.no/atc", "code": "J07BB02"}]}}
    return {"resourceType": "Immunization", "status": "completed", "patient": ME, **given, **changes}


def a_clinical_document(
    *resources: dict[str, Any],
    number: int = 1,
    identifier: str | None = None,
    replaces: str | None = None,
    type_code: str = "60591-5",
) -> bytes:
    """A FHIR document about citizen `number` that carries `resources` (one result, one allergy and one vaccination when none is given)."""
    bundle = a_fhir_document(number, identifier=identifier or f"urn:uuid:{uuid4()}")
    bundle["entry"][0]["resource"]["type"]["coding"][0]["code"] = type_code
    if replaces:
        old = {"system": "urn:ietf:rfc:3986", "value": replaces}
        bundle["entry"][0]["resource"]["relatesTo"] = [{"code": "replaces", "targetIdentifier": old}]
    for position, resource in enumerate(resources or (a_result(), an_allergy(), a_vaccination()), 1):
        bundle["entry"].append({"fullUrl": f"urn:uuid:entry-{position}", "resource": resource})
    return orjson.dumps(bundle)
