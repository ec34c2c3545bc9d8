"""The smallest XML writer that a CDA document needs: nodes as values, and their bytes.

Documents are written thousands at a time, so nodes are plain values joined once, without a tree library.
"""

import re
from dataclasses import dataclass
from xml.sax.saxutils import escape

from healthspace.base.errors import Invalid

NAMESPACES = {
    "xmlns": "urn:hl7-org:v3",
    "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance",
    "xmlns:lab": "urn:oid:1.3.6.1.4.1.19376.1.3.2",
    "xmlns:pharm": "urn:ihe:pharm:medication",
}
"""Declared on every root: an element is written with its prefix, and HL7's own elements with none."""

QUOTED = {'"': "&quot;", "\n": "&#10;", "\t": "&#9;"}

FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold, even escaped (XML 1.0 §2.2)."""


@dataclass(frozen=True, slots=True)
class Node:
    """An element: its name with prefix, its attributes in order, its children."""

    name: str
    attributes: tuple[tuple[str, str], ...]
    children: tuple["Node | str", ...]


def e(name: str, *children: Node | str | None, **attributes: str | None) -> Node:
    """An element. Absent children and attributes are left out; `xsi_type` is the attribute `xsi:type`."""
    return Node(
        name,
        tuple((key.replace("_", ":"), value) for key, value in attributes.items() if value is not None),
        tuple(child for child in children if child is not None and child != ""),
    )


def serialise(root: Node) -> bytes:
    """The document's bytes: UTF-8, indented, the same for the same value. `Invalid` if a character cannot be written."""
    declared = Node(root.name, tuple(NAMESPACES.items()) + root.attributes, root.children)
    parts = ['<?xml version="1.0" encoding="UTF-8"?>\n']
    _write(declared, 0, parts)
    text = "".join(parts)
    if FORBIDDEN.search(text):
        raise Invalid("a value holds a control character, which XML cannot carry")
    return (text + "\n").encode()


def _write(node: Node, depth: int, parts: list[str]) -> None:
    attributes = "".join(f' {key}="{escape(value, QUOTED)}"' for key, value in node.attributes)
    if not node.children:
        parts.append(f"<{node.name}{attributes}/>")
        return
    parts.append(f"<{node.name}{attributes}>")
    # White space counts beside text: only elements that hold elements alone are indented.
    mixed = any(isinstance(child, str) for child in node.children)
    for child in node.children:
        if isinstance(child, str):
            parts.append(escape(child))
            continue
        if not mixed:
            parts.append("\n" + "  " * (depth + 1))
        _write(child, depth + 1, parts)
    parts.append(f"</{node.name}>" if mixed else "\n" + "  " * depth + f"</{node.name}>")
