"""The JSON types of incoming resources (R4 element definitions), checked once, at the edge.

What passes can be walked without surprise: objects are objects, lists are lists, texts are texts with something in them, dates are
dates. Elements that are not listed are kept as they came and never read.
"""

from collections.abc import Callable
from typing import Any

from healthspace.base.errors import Invalid
from healthspace.fhir.dates import instants_of

DEEPEST = 100
"""Objects and lists inside each other. No resource comes near it, and the writer of JSON refuses 255."""

_SHAPES: dict[str, str] = {
    "Extension": "url:text valueString:text valueCode:text valueIdentifier:Identifier valueCoding:Coding valueReference:Reference",
    "Meta": "versionId:text source:text profile:text* security:Coding* tag:Coding*",
    "Coding": "system:text version:text code:text display:text",
    "CodeableConcept": "coding:Coding* text:text",
    "Identifier": "use:text type:CodeableConcept system:text value:text period:Period assigner:Reference",
    "Reference": "reference:text type:text identifier:Identifier display:text",
    "Period": "start:date end:date",
    "Attachment": "contentType:text language:text data:data url:text size:number hash:text title:text creation:date",
    "Contained": "resourceType:text id:text identifier:any",
    "Resource": "resourceType:text id:text meta:Meta contained:Contained*",
    "DocumentReference": """masterIdentifier:Identifier identifier:Identifier* status:text docStatus:text type:CodeableConcept
        category:CodeableConcept* subject:Reference date:date author:Reference* authenticator:Reference custodian:Reference
        relatesTo:RelatesTo* description:text securityLabel:CodeableConcept* content:Content* context:Context""",
    "RelatesTo": "code:text target:Reference",
    "Content": "attachment:Attachment format:Coding",
    "Context": """encounter:Reference* event:CodeableConcept* period:Period facilityType:CodeableConcept practiceSetting:CodeableConcept
        sourcePatientInfo:Reference related:Reference*""",
    "List": """identifier:Identifier* status:text mode:text title:text code:CodeableConcept subject:Reference encounter:Reference date:date
        source:Reference orderedBy:CodeableConcept entry:ListEntry* emptyReason:CodeableConcept""",
    "ListEntry": "flag:CodeableConcept date:date item:Reference",
    "Binary": "contentType:text securityContext:Reference data:data",
    "Parameters": "parameter:Parameter*",
    "Parameter": "name:text valueCode:text valueString:text part:Parameter*",
    "Bundle": "type:text identifier:Identifier entry:BundleEntry*",
    "BundleEntry": "fullUrl:text resource:resource request:Request",
    "Request": "method:text url:text",
}
_RESOURCES = frozenset({"DocumentReference", "List", "Binary", "Parameters", "Bundle"})
_ELEMENTS = {
    name: dict(pair.split(":") for pair in f"{shape} extension:Extension* modifierExtension:Extension*".split())
    for name, shape in _SHAPES.items()
}


def check_shape(resource: Any) -> None:
    """Invalid, with the FHIRPath of the first fault, when `resource` (parsed JSON with a resourceType) is not written as R4 says."""
    check_depth(resource)
    _check_resource(resource, str(resource["resourceType"]))


def check_depth(value: Any) -> None:
    """Invalid when `value` nests objects and lists deeper than `DEEPEST`."""
    level, depth = [value], 0
    while level:
        if depth > DEEPEST:
            raise Invalid(f"objects and lists are nested more than {DEEPEST} deep", place="Resource")
        nested = [item for item in level if isinstance(item, dict | list)]
        level, depth = [inner for item in nested for inner in (item.values() if isinstance(item, dict) else item)], depth + 1


def _check_resource(value: Any, place: str) -> None:
    kind = value.get("resourceType") if isinstance(value, dict) else None
    if not isinstance(kind, str):
        raise Invalid("a resource is expected here", place=place)
    _check_object(value, "Resource", place)
    if kind in _RESOURCES:
        _check_object(value, kind, place)


def _check_object(value: Any, kind: str, place: str) -> None:
    if not isinstance(value, dict):
        raise Invalid("an object is expected here", place=place)
    for name, expected in _ELEMENTS[kind].items():
        if name not in value:
            continue
        inside, several = value[name], expected.endswith("*")
        if several and not isinstance(inside, list):
            raise Invalid("a list is expected here", place=f"{place}.{name}")
        items = [(f"{place}.{name}[{number}]", item) for number, item in enumerate(inside)] if several else [(f"{place}.{name}", inside)]
        for where, item in items:
            _check_value(item, expected.rstrip("*"), where)


def _check_value(value: Any, expected: str, place: str) -> None:
    if expected == "resource":
        _check_resource(value, place)
    elif expected in _ELEMENTS:
        _check_object(value, expected, place)
    elif not _PRIMITIVES[expected][0](value):
        raise Invalid(f"{_PRIMITIVES[expected][1]} is expected here", place=place)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip()) and "\x00" not in value


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_date(value: Any) -> bool:
    return isinstance(value, str) and instants_of(value) is not None


_PRIMITIVES: dict[str, tuple[Callable[[Any], bool], str]] = {
    "text": (_is_text, "a text"),
    "data": (lambda value: isinstance(value, str), "a text in base64"),
    "number": (_is_number, "a whole number"),
    "date": (_is_date, "a date"),
    "any": (lambda value: True, ""),
}
