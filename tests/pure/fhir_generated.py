"""Resources made at random from the definitions of R4: valid ones, of any type, for properties that hold for all of FHIR."""

from collections.abc import Collection, Mapping
from random import Random
from typing import Any

from hypothesis import strategies as st

from healthspace.fhir.definitions import Allowed, Element, codes_of, find_type, resource_types
from healthspace.fhir.exact_json import ExactNumber

Resource = dict[str, Any]

DEEPEST = 4
DATES = ["2024", "2024-02", "2024-02-29", "1987-12-31"]
MOMENTS = ["2024-02-29T10:30:00Z", "2024-02-29T23:59:59.123+01:00", "1999-12-31T00:00:00-05:00"]
URIS = ["urn:x", "http://example.org/a", "urn:oid:1.2.3", "urn:uuid:53fefa32-fcbb-4ff8-8a92-55ee120877b7"]
WORDS = ["a", "Éloïse", "œ ﬁ 𝔘", "<b>&amp;", "d'où", 'a "b" c', "a,b|c$d\\e", "10 µg/L"]
PRIMITIVES: dict[str, list[Any]] = {
    "base64Binary": ["QQ==", "aGVhbHRo"],
    "boolean": [True, False],
    "canonical": URIS,
    "code": ["a", "final", "en", "x-1"],
    "date": DATES,
    "dateTime": [*DATES, *MOMENTS],
    "decimal": [ExactNumber("1.50"), ExactNumber("-0.010"), ExactNumber("120"), ExactNumber("3.14159")],
    "id": ["a", "1-2.3"],
    "instant": MOMENTS,
    "integer": [-9, 0, 10**6],
    "markdown": WORDS,
    "oid": ["urn:oid:1.2.250.1"],
    "positiveInt": [1, 99],
    "string": WORDS,
    "time": ["10:30:00", "23:59:59"],
    "unsignedInt": [0, 99],
    "uri": URIS,
    "url": URIS,
    "uuid": ["urn:uuid:53fefa32-fcbb-4ff8-8a92-55ee120877b7"],
    "xhtml": ['<div xmlns="http://www.w3.org/1999/xhtml"><p>a &amp; b</p></div>'],
}
TYPES = sorted(resource_types() - {"Bundle", "Parameters"})
"""Bundles and Parameters hold other resources: their shape is tested by hand."""
LEFT_OUT = frozenset({"id", "contained", "extension", "modifierExtension"})


def resources() -> st.SearchStrategy[Resource]:
    """Valid resources of any type."""
    return st.integers(0, 2**32).map(lambda seed: make_resource(Random(seed)))


def make_resource(draw: Random) -> Resource:
    type_ = draw.choice(TYPES)
    return {"resourceType": type_, **_object(draw, type_, 0)}


def _object(draw: Random, type_: str, depth: int) -> Resource:
    """The elements of one object, in the order of the specification; never none of them."""
    definition = find_type(type_)
    assert definition is not None
    listed = [element for element in definition.elements if element.name not in LEFT_OUT]
    made: Resource = {}
    for element in listed:
        if element.least or (depth < DEEPEST and draw.random() < 0.25):
            made |= _element(draw, element, depth)
    if not made and depth:
        made = _element(draw, min(listed, key=lambda element: element.types[0].name not in PRIMITIVES), depth)
    return made


def _element(draw: Random, element: Element, depth: int) -> Resource:
    allowed = draw.choice(element.types)
    key = element.name + allowed.name[0].upper() + allowed.name[1:] if element.choice else element.name
    if element.repeats:
        return {key: [_value(draw, element, allowed, depth) for _ in range(draw.randint(1, 2))]}
    return {key: _value(draw, element, allowed, depth)}


def _value(draw: Random, element: Element, allowed: Allowed, depth: int) -> Any:
    codes = codes_of(element.value_set) if element.value_set else None
    if allowed.name == "code" and codes:
        return draw.choice(sorted(code for listed in codes.values() for code in listed))
    if allowed.name == "code" and element.value_set:
        return "text/plain" if "mimetypes" in element.value_set else "EUR" if "currenc" in element.value_set else "mg"
    if allowed.name in PRIMITIVES:
        return draw.choice(PRIMITIVES[allowed.name])
    if allowed.name == "Reference":
        target = min(allowed.targets) if allowed.targets else "Patient"
        return draw.choice([{"reference": f"{target}/1"}, {"display": "somebody"}])
    if allowed.name == "Resource":
        return {"resourceType": "Basic", "code": {"text": "x"}}
    if allowed.name == "Extension":
        return {"url": "urn:x", "valueBoolean": True}
    made = _object(draw, allowed.name, depth + 1)
    if allowed.name == "Period":
        made.pop("end" if "start" in made else "", None)  # a period does not end before it starts (per-1)
    if allowed.name in {"Coding", "CodeableConcept"} and codes:
        _take_codes(draw, made, codes)
    if allowed.profile == "SimpleQuantity":
        made = {key: value for key, value in made.items() if key != "comparator"} or {"unit": "a"}
    return made


def _take_codes(draw: Random, made: Resource, codes: Mapping[str, Collection[str]]) -> None:
    """Codings of an element that must have a code of one value set, of that set, each with its system."""
    for coding in made.get("coding", [made]):
        if "code" in coding:
            system = draw.choice(sorted(codes))
            told = {**coding, "system": system, "code": draw.choice(sorted(codes[system]))}
            coding.clear()
            coding.update({"system": system, **told})  # the system comes first, as in the specification
