"""FHIR XML from the JSON form of a resource (R4 xml.html). The resource has been validated, or was written by us."""

import re
from collections.abc import Iterator
from functools import cache
from html import unescape
from typing import Any

from lxml import etree

from healthspace.base.errors import Invalid
from healthspace.fhir.definitions import find_type
from healthspace.fhir.exact_json import ExactNumber, write_json
from healthspace.fhir.rules import COMPLEX, PRIMITIVE, RESOURCE, Rule, rules_of

FHIR = "http://hl7.org/fhir"
NAMESPACE = f"{{{FHIR}}}"
ATTRIBUTES = frozenset({"id", "url"})

ENTITY = re.compile(r"&(?!(?:amp|lt|gt|quot|apos);)[A-Za-z][A-Za-z0-9]*;", re.ASCII)

Resource = dict[str, Any]


def write_xml(resource: Resource, *, pretty: bool = False) -> bytes:
    """`resource` as an XML document in UTF-8; Invalid when it is no resource of R4."""
    root = _write_resource(resource)
    if pretty:
        _indent(root, 1)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def _indent(element: etree._Element, level: int) -> None:
    """Line breaks between elements of FHIR; a narrative is left as it is, because spaces in it are shown."""
    children = list(element)
    if not children:
        return
    element.text = "\n" + "  " * level
    for child in children:
        child.tail = "\n" + "  " * level
        if isinstance(child.tag, str) and child.tag.startswith(NAMESPACE):
            _indent(child, level + 1)
    children[-1].tail = "\n" + "  " * (level - 1)


def _write_resource(resource: Resource) -> etree._Element:
    kind = resource.get("resourceType")
    if not isinstance(kind, str) or find_type(kind) is None:
        raise Invalid("this is no resource of FHIR R4", place="Resource.resourceType")
    element = etree.Element(NAMESPACE + kind, nsmap={None: FHIR})  # type: ignore[dict-item]
    _write_object(element, resource, kind)
    return element


def _write_object(element: etree._Element, value: Resource, type_: str) -> None:
    """The elements of an object, in the order of the definition."""
    is_resource = rules_of(type_).is_resource
    for name in value:
        if name in ATTRIBUTES and not is_resource and (name == "id" or type_ == "Extension"):
            element.set(name, str(value[name]))
    for key, rule in _ordered_keys(type_):
        if key in value or f"_{key}" in value:
            if key in ATTRIBUTES and not is_resource and (key == "id" or type_ == "Extension"):
                continue
            for child in _write_members(key, rule, value):
                element.append(child)


@cache
def _ordered_keys(type_: str) -> tuple[tuple[str, Rule], ...]:
    return tuple((key, rule) for key, rule in rules_of(type_).by_key.items() if not key.startswith("_"))


def _write_members(key: str, rule: Rule, value: Resource) -> Iterator[etree._Element]:
    values, siblings = value.get(key), value.get(f"_{key}")
    if not rule.repeats:
        yield _write_member(key, rule, values, siblings)
        return
    listed = values if isinstance(values, list) else []
    others = siblings if isinstance(siblings, list) else []
    for number in range(max(len(listed), len(others))):
        one = listed[number] if number < len(listed) else None
        other = others[number] if number < len(others) else None
        yield _write_member(key, rule, one, other)


def _write_member(key: str, rule: Rule, value: Any, sibling: Any) -> etree._Element:
    if rule.type == "xhtml":
        return _read_div(str(value))
    element = etree.Element(NAMESPACE + key)
    if rule.kind == RESOURCE:
        element.append(_write_resource(value if isinstance(value, dict) else {}))
    elif rule.kind == COMPLEX:
        _write_object(element, value if isinstance(value, dict) else {}, rule.type)
    elif rule.kind == PRIMITIVE:
        if isinstance(sibling, dict):
            _write_object(element, sibling, "Element")
        if value is not None:
            element.set("value", text_of(value))
    return element


def text_of(value: Any) -> str:
    """A primitive as the `value` of an element."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, ExactNumber):
        return value.text
    return value if isinstance(value, str) else write_json(value).decode()


def _read_div(text: str) -> etree._Element:
    # Narratives may use the named entities of HTML (narrative.html#xhtml), which XML does not know.
    source = ENTITY.sub(lambda match: unescape(match[0]), text).encode()
    try:
        return etree.fromstring(source, etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False))
    except (etree.XMLSyntaxError, ValueError):
        raise Invalid("the narrative is not well-formed", place="text.div") from None
