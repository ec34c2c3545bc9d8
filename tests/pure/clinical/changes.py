"""Ways in which another sender, or a broken one, writes the same document: each takes the tree of a ClinicalDocument, or its text."""

import copy
import re
from collections.abc import Callable, Iterator
from typing import Any

from lxml import etree

from healthspace.cda.parse import HL7, parse_cda

TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
STATEMENTS = tuple(f"{{{HL7}}}{name}" for name in "act encounter observation organizer procedure substanceAdministration supply".split())
SPACED = {"code", "codeSystem", "value", "root", "unit", "nullFlavor", "negationInd", "moodCode", "typeCode", TYPE}
CHILD = f'<subject xmlns="{HL7}"><relatedSubject classCode="PRS"><code code="CHILD"/></relatedSubject></subject>'
Root = Any


def named(*names: str) -> tuple[str, ...]:
    return tuple(f"{{{HL7}}}{name}" for name in names)


def text_of(data: bytes) -> str:
    """A document without its declaration, its comments and what stands around it."""
    return etree.tostring(parse_cda(data, limit=1 << 30), encoding="unicode")


def changed(data: bytes, change: Callable[[Root], None]) -> bytes:
    root = etree.fromstring(text_of(data).encode())
    change(root)
    return etree.tostring(root, encoding="utf-8")


def in_entries(root: Root, *tags: str) -> Iterator[Any]:
    """The elements of `tags` (statements when none is given) inside entries."""
    return (each for entry in list(root.iter(*named("entry"))) for each in list(entry.iter(*(tags or STATEMENTS))))


# The same document, otherwise written.


def _with_prefixes(text: str) -> bytes:
    """Every element of HL7 under a prefix, and the types too."""
    moved = text.replace(f' xmlns="{HL7}"', f' xmlns:q="{HL7}"')
    return re.sub(r'(xsi:type=")(?=[A-Z])', r"\1q:", re.sub(r"(</?)(?=[A-Za-z][\w.-]*[\s/>])", r"\1q:", moved)).encode()


def _with_other_prefixes(text: str) -> bytes:
    for prefix, other in (("xsi", "typ"), ("sdtc", "more"), ("pharm", "ph"), ("lab", "l")):
        text = re.sub(rf"(?<![\w-]){prefix}:(?=[\w-])", f"{other}:", text).replace(f"xmlns:{prefix}=", f"xmlns:{other}=")
    return text.encode()


def _with_late_declarations(text: str) -> bytes:
    """Each namespace declared where it is used: the root declares only its own."""
    root = etree.fromstring(text.encode())
    parts = [etree.fromstring(etree.tostring(part, with_tail=False)) for part in root]
    etree.cleanup_namespaces(root)
    lonely = etree.Element(root.tag, dict(root.attrib), nsmap={None: HL7})
    for part in parts:
        etree.cleanup_namespaces(part)
        lonely.append(part)
    return etree.tostring(lonely, encoding="utf-8")


def _with_comments(text: str) -> bytes:
    root = etree.fromstring(text.encode())
    for element in list(root.iter(etree.Element)):
        if not len(element) and element.text and 1 < len(element.text.strip()) < 200:
            half = len(element.text) // 2
            comment = etree.Comment(" in the middle ")
            element.text, comment.tail = element.text[:half], element.text[half:]
            element.append(comment)
        elif len(element):
            element.insert(0, etree.Comment(" first "))
    return etree.tostring(root, encoding="utf-8")


def _with_cdata(text: str) -> bytes:
    root = etree.fromstring(text.encode())
    for element in root.iter(etree.Element):
        if not len(element) and element.text and element.text.strip():
            element.text = etree.CDATA(element.text)
    return etree.tostring(root, encoding="utf-8")


def _with_spaces(text: str) -> bytes:
    """Spaces and line ends around what attributes and short texts say."""
    root = etree.fromstring(text.encode())
    for element in root.iter(etree.Element):
        for name in SPACED & set(element.attrib):
            element.set(name, f" {element.get(name)}\n")
        if not len(element) and element.text and element.text.strip():
            element.text = f"\n   {element.text}\n"
    return etree.tostring(root, encoding="utf-8")


def _with_templates_reversed(text: str) -> bytes:
    root = etree.fromstring(text.encode())
    for element in list(root.iter(etree.Element)):
        templates = element.findall(f"{{{HL7}}}templateId")
        place = list(element).index(templates[0]) if templates else 0
        for template in templates:
            element.insert(place, template)
    return etree.tostring(root, encoding="utf-8")


def _encoded(name: str, mark: bytes = b"") -> Callable[[str], bytes]:
    def encode(text: str) -> bytes:
        declared = "UTF-16" if name.startswith("utf-16") else name
        return mark + f'<?xml version="1.0" encoding="{declared}"?>{text}'.encode(name, "xmlcharrefreplace")

    return encode


REWRITTEN: dict[str, Callable[[str], bytes]] = {
    "in UTF-16": _encoded("utf-16"),
    "in UTF-16, most significant byte first": _encoded("utf-16-be", b"\xfe\xff"),
    "in ISO-8859-1": _encoded("iso-8859-1"),
    "in windows-1252": _encoded("windows-1252"),
    "with a byte order mark": _encoded("utf-8", b"\xef\xbb\xbf"),
    "with prefixes": _with_prefixes,
    "with other prefixes": _with_other_prefixes,
    "with namespaces declared where they are used": _with_late_declarations,
    "with comments inside": _with_comments,
    "with CDATA": _with_cdata,
    "with spaces": _with_spaces,
    "with templates in the other order": _with_templates_reversed,
}
"""The same document as other senders would write it."""


# Another document: what it says is turned into something else.


def entries_reversed(root: Root) -> None:
    for section in root.iter(*named("section")):
        for entry in section.findall(f"{{{HL7}}}entry")[::-1]:
            section.append(entry)


def ids_removed(root: Root) -> None:
    for element in in_entries(root, *named("id")):
        if element.getparent().tag in STATEMENTS:
            element.getparent().remove(element)


def codes_translated(root: Root) -> None:
    """No main code: each one is only a translation."""
    holders = (*STATEMENTS, *named("manufacturedMaterial", "playingEntity", "playingDevice", "specimenPlayingEntity"))
    for element in in_entries(root, *named("code", "value")):
        if element.getparent().tag in holders and element.get("code") and not element.get("code").startswith("no-"):
            translation = etree.SubElement(element, f"{{{HL7}}}translation")
            for name in {"code", "codeSystem", "displayName"} & set(element.attrib):
                translation.set(name, element.attrib.pop(name))
            element.set("nullFlavor", "OTH")


def denied(root: Root) -> None:
    for element in in_entries(root):
        if element.tag not in named("organizer"):
            element.set("negationInd", "1")


def links_denied(root: Root) -> None:
    for element in in_entries(root, *named("entryRelationship")):
        element.set("negationInd", "true")


def acts_denied(root: Root) -> None:
    for element in in_entries(root, *named("act")):
        element.set("negationInd", "true")


def filled_in(root: Root) -> None:
    for element in in_entries(root):
        element.set("nullFlavor", "UNK")


def meant(root: Root) -> None:
    for element in in_entries(root):
        if element.get("moodCode") == "EVN":
            element.set("moodCode", "INT")


def with_status(code: str) -> Callable[[Root], None]:
    def change(root: Root) -> None:
        for element in in_entries(root):
            for status in element.findall(f"{{{HL7}}}statusCode"):
                element.remove(status)
            etree.SubElement(element, f"{{{HL7}}}statusCode").set("code", code)

    return change


def of_a_child_inside(root: Root) -> None:
    """Everything inside an entry, and not the entry itself, is about the child."""
    for entry in root.iter(*named("entry")):
        for element in list(entry.iter(*STATEMENTS))[1:]:
            element.insert(0, etree.fromstring(CHILD))


def masked(root: Root) -> None:
    for element in in_entries(root, *named("value")):
        if element.getparent().tag in named("observation"):
            element.set("nullFlavor", "MSK")


def with_a_second_value(root: Root) -> None:
    for element in in_entries(root, *named("observation")):
        values = element.findall(f"{{{HL7}}}value")
        if values:
            second = copy.deepcopy(values[-1])
            for inner in list(second):
                second.remove(inner)
            second.attrib.clear()
            second.set(TYPE, "ST")
            second.text = "second value"
            values[-1].addnext(second)


def half_open(root: Root) -> None:
    """Numbers with a unit as intervals that are open on their lower side."""
    for element in in_entries(root, *named("value")):
        if element.getparent().tag in named("observation") and (element.get(TYPE) or "").endswith("PQ") and element.get("value"):
            for inner in list(element):
                element.remove(inner)
            element.set(TYPE, "IVL_PQ")
            etree.SubElement(element, f"{{{HL7}}}low").set("nullFlavor", "NINF")
            high = etree.SubElement(element, f"{{{HL7}}}high")
            for name in {"value", "unit"} & set(element.attrib):
                high.set(name, element.attrib.pop(name))
            high.set("inclusive", "false")


def in_organizers(root: Root) -> None:
    """Each part of an organizer in one more organizer."""
    for part in in_entries(root, *named("component")):
        if part.getparent().tag in named("organizer"):
            inner = part[-1]
            group = etree.SubElement(part, f"{{{HL7}}}organizer", {"classCode": "CLUSTER", "moodCode": "EVN"})
            etree.SubElement(group, f"{{{HL7}}}component").append(inner)


def inverted(root: Root) -> None:
    for element in in_entries(root, *named("entryRelationship")):
        element.set("inversionInd", "false" if element.get("inversionInd") == "true" else "true")


def templates_removed(root: Root) -> None:
    for element in in_entries(root, *named("templateId")):
        element.getparent().remove(element)
