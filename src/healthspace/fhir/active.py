"""Refusing FHIR documents whose narratives carry something to run (R4 narrative.html#xhtml forbids it)."""

from collections.abc import Iterator
from typing import Any

from lxml import etree

from healthspace.base.active import is_active
from healthspace.base.errors import Invalid


def refuse_active_content(resource: dict[str, Any], place: str = "Bundle") -> None:
    """Raises Invalid, with the FHIRPath of the narrative, when any narrative in `resource` holds a script or runs one."""
    for where, div in _narratives(resource, place):
        if any(is_active(_local_name(element), _attributes(element)) for element in _elements(div)):
            raise Invalid("the narrative holds something to run; only text is accepted", place=where)


def _narratives(value: Any, place: str) -> Iterator[tuple[str, str]]:
    waiting = [(value, place)]
    while waiting:
        current, where = waiting.pop()
        if isinstance(current, list):
            waiting += [(item, f"{where}[{number}]") for number, item in enumerate(current)]
        elif isinstance(current, dict):
            waiting += [(item, f"{where}.{name}") for name, item in current.items() if isinstance(item, dict | list)]
            if isinstance(current.get("div"), str):
                yield f"{where}.div", current["div"]


def _elements(div: str) -> Iterator[etree._Element]:
    """Every element of a narrative, as a lenient browser would find them."""
    try:
        root = etree.fromstring(div.encode("utf-8", "replace"), etree.HTMLParser(no_network=True, encoding="utf-8", remove_pis=True))
    except etree.XMLSyntaxError:
        return
    if root is not None:
        yield from root.iter(etree.Element)


def _local_name(element: etree._Element) -> str:
    return str(element.tag).rpartition("}")[2].rpartition(":")[2]


def _attributes(element: etree._Element) -> dict[str, str]:
    return {str(name): str(value) for name, value in element.attrib.items()}
