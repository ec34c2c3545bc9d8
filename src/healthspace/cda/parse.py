"""Bytes to the ClinicalDocument element, refusing everything that XML can hide (rules measured on libxml2 2.14).

Nothing is fetched, no entity is expanded, no stylesheet is run, whatever the document asks for.
"""

import re
from dataclasses import dataclass

from lxml import etree

from healthspace.base.errors import Invalid, Malformed, TooLarge

HL7 = "urn:hl7-org:v3"
CLINICAL_DOCUMENT = f"{{{HL7}}}ClinicalDocument"
LIMIT = 14 * 1024 * 1024
"""Bytes of the largest document read when the caller states no other limit."""
DEPTH_LIMIT = 256
"""Elements inside elements: libxml2's own limit, kept when its other limits are lifted for a large embedded file."""

_CHUNK = 16_384
_REASONS = {
    "ERR_INVALID_CHAR": "A character that XML does not allow.",
    "ERR_INVALID_ENCODING": "Bytes that are not text in the declared encoding.",
    "ERR_UNSUPPORTED_ENCODING": "The declared encoding is not known.",
    "ERR_UNDECLARED_ENTITY": "An entity that XML does not know.",
    "ERR_TAG_NAME_MISMATCH": "An end tag that does not close its element.",
    "ERR_TAG_NOT_FINISHED": "The document stops before its end.",
    "ERR_GT_REQUIRED": "The document stops before its end.",
    "ERR_DOCUMENT_EMPTY": "No element is found.",
    "ERR_ATTRIBUTE_REDEFINED": "An attribute is given twice.",
    "NS_ERR_UNDEFINED_NAMESPACE": "A namespace prefix is not declared.",
    "ERR_RESOURCE_LIMIT": "Elements are nested too deeply, or something in it is too large.",
}
_REASON_OF_CODE = {getattr(etree.ErrorTypes, name): reason for name, reason in _REASONS.items() if hasattr(etree.ErrorTypes, name)}
_ONLY_SPACE = re.compile(rb"[\s\x00]*")


@dataclass(frozen=True, slots=True)
class ParsedDocument:
    """`root` is the ClinicalDocument, alone in its tree; `self_presenting` when it came inside its own stylesheet."""

    root: etree._Element
    self_presenting: bool


def parse_cda(data: bytes, *, limit: int = LIMIT) -> etree._Element:
    """The ClinicalDocument of `data`. Errors: see `parse_document`."""
    return parse_document(data, limit=limit).root


def parse_document(data: bytes, *, limit: int = LIMIT) -> ParsedDocument:
    """Reads `data`, in whatever encoding it declares.

    Raises TooLarge over `limit` bytes, Malformed (place "line N, column M") when it is no well-formed XML or has a DOCTYPE, and
    Invalid when it is XML without exactly one clinical document.
    """
    if len(data) > limit:
        raise TooLarge(f"The document has {len(data):,} bytes; at most {limit:,} are read.")
    if _ONLY_SPACE.fullmatch(data[:_CHUNK]) and _ONLY_SPACE.fullmatch(data):
        raise Malformed("The document is empty.")
    _refuse_doctype(data)
    root = _read(data)
    if root.tag == CLINICAL_DOCUMENT:
        return ParsedDocument(root, self_presenting=False)
    return ParsedDocument(_extract(root), self_presenting=True)


def _refuse_doctype(data: bytes) -> None:
    """Reads up to the first element only: a DOCTYPE is seen in any encoding, before anything it declares can be used."""
    parser = etree.XMLPullParser(events=("start",), resolve_entities=False, no_network=True, load_dtd=False)
    try:
        for start in range(0, len(data), _CHUNK):
            parser.feed(data[start : start + _CHUNK])
            for _, element in parser.read_events():
                _require_no_doctype(element)  # type: ignore[arg-type]
                return
    except etree.XMLSyntaxError as error:
        # A document with an entity bomb may fail before its first element: what matters is what `_read` says of it.
        if _code_of(error) == etree.ErrorTypes.ERR_RESOURCE_LIMIT:
            raise _malformed(error) from None


def _require_no_doctype(element: etree._Element) -> None:
    if element.getroottree().docinfo.internalDTD is not None:
        raise Malformed("A DOCTYPE is not accepted.", place="before the first element")


def _read(data: bytes) -> etree._Element:
    """The root element. A text over 10 MB (an embedded file) needs libxml2's limits lifted: done only after a first refusal."""
    try:
        root = etree.fromstring(data, _parser(huge=False))
    except etree.XMLSyntaxError as error:
        if _code_of(error) != etree.ErrorTypes.ERR_RESOURCE_LIMIT:
            raise _malformed(error) from None
        root = _read_large(data)
    _require_no_doctype(root)
    return root


def _read_large(data: bytes) -> etree._Element:
    try:
        root = etree.fromstring(data, _parser(huge=True))
    except etree.XMLSyntaxError as error:
        raise _malformed(error) from None
    if _depth(root) > DEPTH_LIMIT:
        raise Malformed(f"Elements are nested more than {DEPTH_LIMIT} deep.")
    return root


def _parser(*, huge: bool) -> etree.XMLParser:
    # Comments and processing instructions are nothing a reader may use; without them, text is never cut in pieces.
    return etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=huge, remove_comments=True, remove_pis=True)


def _depth(root: etree._Element) -> int:
    deepest = depth = 0
    for event, _ in etree.iterwalk(root, events=("start", "end")):
        depth += 1 if event == "start" else -1
        deepest = max(deepest, depth)
    return deepest


def _extract(root: etree._Element) -> etree._Element:
    """The clinical document inside another element, parsed again alone: libxml2's tools crash on parts of a larger tree."""
    inside = [element for element in root.iter(CLINICAL_DOCUMENT) if next(element.iterancestors(CLINICAL_DOCUMENT), None) is None]
    if not inside:
        raise Invalid("This XML holds no clinical document (HL7 CDA R2).", place="/")
    if len(inside) > 1:
        raise Invalid(f"This XML holds {len(inside)} clinical documents; send them one by one.", place="/")
    return _read(etree.tostring(inside[0], with_tail=False, encoding="utf-8"))


def _code_of(error: etree.XMLSyntaxError) -> int:
    return int(error.code)  # type: ignore[attr-defined]


def _malformed(error: etree.XMLSyntaxError) -> Malformed:
    """Our own words: those of libxml2 quote the bytes around the error, which may be somebody's name."""
    line, column = error.position
    return Malformed(_REASON_OF_CODE.get(_code_of(error), "This is not well-formed XML."), place=f"line {line}, column {column}")
