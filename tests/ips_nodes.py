"""Elements of FHIR resources, for the checker of patient summaries."""

import re
from collections.abc import Iterator
from typing import Any

Node = dict[str, Any]
LOINC, UCUM = "http://loinc.org", "http://unitsofmeasure.org"
DAR = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"


def targets(value: Any, where: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, list):
        for one in value:
            yield from targets(one, where)
    elif isinstance(value, dict):
        if isinstance(value.get("reference"), str):
            yield where, value["reference"]
        for key, one in value.items():
            yield from targets(one, f"{where}.{key}")


def codes_in(concept: Node | None, system: str) -> set[str]:
    return {one["code"] for one in (concept or {}).get("coding", []) if one.get("system") == system and "code" in one}


def has_category(resource: Node, code: str) -> bool:
    return any(code in codes_in(one, CATEGORY) for one in resource.get("category", []))


def is_absent(value: Any) -> bool:
    return any(one.get("url") == DAR and "valueCode" in one for one in value.get("extension", []))


def is_ucum(quantity: Node) -> bool:
    return quantity.get("system") == UCUM and bool(quantity.get("code"))


def value_in(resource: Node) -> tuple[str, Any] | None:
    return next(((key, value) for key, value in resource.items() if re.fullmatch("value[A-Z]\\w*", key)), None)
