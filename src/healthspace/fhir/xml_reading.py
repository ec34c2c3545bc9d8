"""FHIR XML into the JSON form of a resource (R4 xml.html, json.html). What may be where is read from the definitions.

The parser is hardened: no document type, no entities, nothing fetched. Formats of values are judged afterwards, as with JSON.
"""

from collections.abc import Callable
from typing import Any

from lxml import etree

from healthspace.base.errors import Invalid, Malformed
from healthspace.fhir.definitions import resource_types
from healthspace.fhir.exact_json import ExactNumber
from healthspace.fhir.rules import COMPLEX, RESOURCE, Rule, Rules, rules_of

FHIR = "http://hl7.org/fhir"
NAMESPACE = f"{{{FHIR}}}"
XHTML = "{http://www.w3.org/1999/xhtml}"
DEEPEST = 100
SCHEMA_LOCATION = "{http://www.w3.org/2001/XMLSchema-instance}schemaLocation"

Resource = dict[str, Any]


def read_xml(data: bytes) -> Resource:
    """The resource in `data`. Malformed (line and column) when it is no XML or not allowed, Invalid (FHIRPath) when it is not FHIR."""
    root = _parse(data)
    _check_depth(root)
    return _read_resource(root, _name_of(root, "Resource"))


def _parse(data: bytes) -> etree._Element:
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        line, column = error.position or (1, 1)
        raise Malformed("this is not well-formed XML", place=f"line {line}, column {column}") from None
    except ValueError:
        raise Malformed("this is not well-formed XML", place="line 1, column 1") from None
    if getattr(root.getroottree().docinfo, "doctype", ""):
        raise Malformed("a document type is not accepted", place="line 1, column 1")
    return root


def _check_depth(root: etree._Element) -> None:
    level, depth = [root], 0
    while level:
        depth += 1
        if depth > DEEPEST:
            raise Malformed(f"elements are nested more than {DEEPEST} deep", place=f"line {level[0].sourceline or 1}, column 1")
        level = [child for element in level for child in element]


def _name_of(element: etree._Element, place: str) -> str:
    """The local name of an element of FHIR."""
    tag = element.tag if isinstance(element.tag, str) else ""
    if not tag.startswith(NAMESPACE):
        raise Invalid("this element is not of the namespace of FHIR", place=place)
    return tag[len(NAMESPACE) :]


def _read_resource(element: etree._Element, place: str) -> Resource:
    kind = _name_of(element, place)
    if kind not in resource_types():
        raise Invalid("there is no such resource type in FHIR R4", place=place)
    if set(element.attrib) - {SCHEMA_LOCATION}:
        raise Invalid("a resource has no attributes", place=place)
    return {"resourceType": kind, **_read_object(element, rules_of(kind), place)}


def _read_object(element: etree._Element, rules: Rules, place: str) -> Resource:
    """The members of an object; its attributes are read by who knows which it may have."""
    _refuse_text(element, place)
    read: Resource = {}
    order = {key: number for number, key in enumerate(rules.by_key)}
    last = -1
    for child in element:
        name = "div" if child.tag == XHTML + "div" else _name_of(child, place)
        rule = rules.by_key.get(name)
        if rule is None or name.startswith("_"):
            raise Invalid("there is no such element here", place=f"{place}.{name}"[:200])
        if order[name] < last:
            raise Invalid("this element stands after one that follows it in the definition", place=f"{place}.{name}")
        last = order[name]
        _add(read, name, rule, child, place)
    return {name: value for name, value in read.items() if not isinstance(value, list) or any(one is not None for one in value)}


def _add(read: Resource, name: str, rule: Rule, child: etree._Element, place: str) -> None:
    number = len(read.get(name) or read.get(f"_{name}") or ()) if rule.repeats else 0
    where = f"{place}.{rule.element}" + (f"[{number}]" if rule.repeats else "")
    if not rule.repeats and (name in read or f"_{name}" in read):
        raise Invalid("this element may stand once", place=where)
    value, sibling = _read_member(child, rule, where)
    if not rule.repeats:
        if value is not None:
            read[name] = value
        if sibling:
            read[f"_{name}"] = sibling
        return
    _append(read, name, value, number)
    if sibling or f"_{name}" in read:
        _append(read, f"_{name}", sibling or None, number)


def _append(read: Resource, name: str, value: Any, number: int) -> None:
    """Adds to a list, with null in the places before that had nothing (json.html#primitive)."""
    listed = read.setdefault(name, [])
    listed += [None] * (number - len(listed))
    listed.append(value)


def _read_member(child: etree._Element, rule: Rule, where: str) -> tuple[Any, Resource]:
    if rule.type == "xhtml":
        child.tail = None
        return etree.tostring(child, encoding="unicode", with_tail=False), {}
    if rule.kind == RESOURCE:
        _refuse_attributes(child, frozenset(), where)
        if len(child) != 1:
            raise Invalid("one resource is expected here", place=where)
        return _read_resource(child[0], where), {}
    if rule.kind == COMPLEX:
        allowed = frozenset({"id", "url"}) if rule.type == "Extension" else frozenset({"id"})
        _refuse_attributes(child, allowed, where)
        attributes = {str(name): str(text) for name, text in child.attrib.items()}
        return {**attributes, **_read_object(child, rules_of(rule.type), where)}, {}
    _refuse_attributes(child, frozenset({"id", "value"}), where)
    value = _CONVERTED.get(rule.type, str)(str(child.attrib["value"])) if "value" in child.attrib else None
    if value is _UNREADABLE:
        raise Invalid(f"this is no {rule.type}", place=where)
    named = {"id": str(child.attrib["id"])} if "id" in child.attrib else {}
    return value, {**named, **_read_object(child, rules_of("Element"), where)}


def _refuse_attributes(element: etree._Element, allowed: frozenset[str], place: str) -> None:
    if set(element.attrib) - allowed:
        raise Invalid("there is no such attribute here", place=place)


def _refuse_text(element: etree._Element, place: str) -> None:
    if (element.text or "").strip() or any((child.tail or "").strip() for child in element):
        raise Invalid("text stands where only elements may", place=place)


class _Unreadable:
    pass


_UNREADABLE = _Unreadable()


def _boolean(text: str) -> Any:
    return {"true": True, "false": False}.get(text, _UNREADABLE)


def _integer(text: str) -> Any:
    digits = text.removeprefix("-").removeprefix("+")
    return int(text) if digits.isascii() and digits.isdecimal() and len(digits) < 19 else _UNREADABLE


def _decimal(text: str) -> Any:
    try:
        number = float(text)
    except ValueError:
        return _UNREADABLE
    if not text.isascii() or text[:1] not in "-0123456789" or number in {float("inf"), float("-inf")} or number != number:
        return _UNREADABLE
    if text.removeprefix("-").isdecimal():
        return int(text) if str(int(text)) == text else ExactNumber(text)
    return number if repr(number) == text else ExactNumber(text)


_CONVERTED: dict[str, Callable[[str], Any]] = {
    "boolean": _boolean,
    "integer": _integer,
    "unsignedInt": _integer,
    "positiveInt": _integer,
    "decimal": _decimal,
}
