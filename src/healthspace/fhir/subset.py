"""Parts of resources: `_summary` and `_elements` (R4 search.html#summary, #elements)."""

from collections.abc import Collection
from functools import cache
from typing import Any

from healthspace.fhir.definitions import find_type
from healthspace.fhir.exact_json import read_stored, write_json

Resource = dict[str, Any]

ALWAYS = frozenset({"resourceType", "id", "meta"})
SUBSETTED = {"system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "code": "SUBSETTED", "display": "subsetted"}


def part_of(body: bytes, elements: Collection[str], summary: str | None) -> bytes:
    """The part of a stored resource that `_elements`, or else `_summary`, asks for; numbers as they were written."""
    if not elements and summary not in {"true", "text", "data"}:
        return body
    resource = read_stored(body)
    return write_json(select_elements(resource, elements) if elements else summarise(resource, summary or "false"))


def summarise(resource: Resource, summary: str) -> Resource:
    """The part of `resource` that `summary` (true, text, data) asks for, marked as a part; the whole for `false`."""
    if summary == "false":
        return resource
    if summary == "data":
        return _mark({name: value for name, value in resource.items() if name != "text"})
    kept = _summary_elements(resource["resourceType"]) if summary == "true" else _mandatory(resource["resourceType"]) | {"text"}
    return select_elements(resource, kept)


def select_elements(resource: Resource, elements: Collection[str]) -> Resource:
    """`resource` with only `elements` (top-level names, or `Type.name`), and what no resource may lack."""
    type_ = resource["resourceType"]
    asked = {name.removeprefix(f"{type_}.").partition(".")[0] for name in elements}
    kept = ALWAYS | asked | _mandatory(type_)
    return _mark({name: value for name, value in resource.items() if _element_of(type_, name.removeprefix("_")) in kept})


def _mark(resource: Resource) -> Resource:
    """A part says that it is one, so that it is never stored in the place of the whole."""
    meta = resource.get("meta", {})
    return {**resource, "meta": {**meta, "tag": [*meta.get("tag", []), SUBSETTED]}}


@cache
def _summary_elements(type_: str) -> frozenset[str]:
    definition = find_type(type_)
    return frozenset(element.name for element in definition.elements if element.summary) if definition else frozenset()


@cache
def _mandatory(type_: str) -> frozenset[str]:
    definition = find_type(type_)
    return frozenset(element.name for element in definition.elements if element.least > 0) if definition else frozenset()


@cache
def _choices(type_: str) -> dict[str, str]:
    """Names of choice elements in JSON → their own (valueQuantity → value)."""
    definition = find_type(type_)
    if definition is None:
        return {}
    return {
        element.name + allowed.name[0].upper() + allowed.name[1:]: element.name
        for element in definition.elements
        if element.choice
        for allowed in element.types
    }


def _element_of(type_: str, name: str) -> str:
    return _choices(type_).get(name, name)
