"""Small FHIR resources for the tests of the picture."""

from typing import Any

from healthspace.base.fhirjson import CITIZEN, ORIGIN
from healthspace.terminology.uris import LOINC

Resource = dict[str, Any]
UCUM = "http://unitsofmeasure.org"


def concept(*codings: tuple[str, str], text: str = "") -> Resource:
    made: Resource = {"coding": [{"system": system, "code": code} for system, code in codings]} if codings else {}
    return {**made, **({"text": text} if text else {})}


def quantity(value: float, unit: str, comparator: str = "") -> Resource:
    return {"value": value, "unit": unit, "system": UCUM, "code": unit, **({"comparator": comparator} if comparator else {})}


def a_fact(kind: str, source: str = "a", **elements: Any) -> Resource:
    """A resource read in the document `source`; entered by the citizen when there is none."""
    meta = {"source": f"DocumentReference/{source}"} if source else {"tag": [{"system": ORIGIN, "code": CITIZEN}]}
    return {"resourceType": kind, "meta": meta, **elements}


def a_result(
    code: str,
    value: float,
    unit: str,
    time: str = "2024-03-05T08:00:00+01:00",
    *,
    source: str = "a",
    within: tuple[float | None, float | None] | None = None,
    comparator: str = "",
    **elements: Any,
) -> Resource:
    """A laboratory result, with the laboratory's range."""
    sides = zip(("low", "high"), within or (), strict=False)
    bounds = [{side: quantity(bound, unit) for side, bound in sides if bound is not None}] if within else []
    return a_fact(
        "Observation",
        source,
        status="final",
        code=concept((LOINC, code)),
        effectiveDateTime=time,
        valueQuantity=quantity(value, unit, comparator),
        **({"referenceRange": bounds} if bounds else {}),
        **elements,
    )
