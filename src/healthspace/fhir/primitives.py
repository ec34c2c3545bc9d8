"""The primitive types of R4 (datatypes.html#primitive): what each may hold, on JSON values. Every check takes linear time."""

import binascii
import re
from calendar import monthrange
from collections.abc import Callable, Mapping
from functools import cache
from html.entities import name2codepoint
from typing import Any

from lxml import etree

from healthspace.base.active import is_active

LONGEST_STRING = 1 << 20
LARGEST_INTEGER, SMALLEST_INTEGER = (1 << 31) - 1, -(1 << 31)
CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""What text may not hold: control characters (datatypes.html#string), and what neither UTF-8 nor XML can carry."""
CODE = re.compile(r"[^\x00-\x20\ud800-\udfff\ufffe\uffff]++(?: [^\x00-\x20\ud800-\udfff\ufffe\uffff]++)*+")
ID = re.compile(r"[A-Za-z0-9\-.]{1,64}", re.ASCII)
URI = re.compile(r"[^\x00-\x20\ud800-\udfff\ufffe\uffff]++")
OID = re.compile(r"urn:oid:[0-2](?:\.(?:0|[1-9]\d*+))++", re.ASCII)
UUID = re.compile(r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.ASCII)
DATE = re.compile(r"(?P<year>\d{4})(-(?P<month>\d\d)(-(?P<day>\d\d))?)?", re.ASCII)
DATE_TIME = re.compile(
    r"(?P<year>\d{4})(-(?P<month>\d\d)(-(?P<day>\d\d)(T([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?(Z|[+-]((0\d|1[0-3]):[0-5]\d|14:00)))?)?)?",
    re.ASCII,
)
INSTANT = re.compile(
    r"(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)T([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?(Z|[+-]((0\d|1[0-3]):[0-5]\d|14:00))",
    re.ASCII,
)
TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?", re.ASCII)
SPACES = b" \t\r\n"
ENTITY = re.compile(rb"&(?!(?:amp|lt|gt|quot|apos|#\d{1,7}|#[xX][0-9A-Fa-f]{1,6});)([A-Za-z][A-Za-z0-9]{1,31};)?")
XHTML = "{http://www.w3.org/1999/xhtml}"
XHTML_ELEMENTS = (
    "a abbr acronym address area b bdo big blockquote br caption center cite code col colgroup dd del dfn dir div dl dt em font h1 h2 h3 "
    "h4 h5 h6 hr i img ins kbd li map menu ol p pre q s samp small span strike strong sub sup table tbody td tfoot th thead tr tt u ul "
    "var".split()
)
"""Formatting of HTML 4.0 without what narratives may not have: forms, frames, scripts, what is fetched and run."""
XHTML_TAGS = frozenset(XHTML + name for name in XHTML_ELEMENTS)
XHTML_ATTRIBUTES = frozenset(
    "abbr accesskey align alt axis bgcolor border cellhalign cellpadding cellspacing cellvalign char charoff charset cite class clear "
    "color colspan compact coords datetime dir face frame headers height href hreflang hspace id lang longdesc name nohref noshade nowrap "
    "rel rev rowspan rules scope shape size span src start style summary tabindex title type usemap valign value vspace width "
    "{http://www.w3.org/XML/1998/namespace}lang {http://www.w3.org/XML/1998/namespace}space".split()
)
"""Those of txt-1 (narrative.html), and those of the elements above that it leaves out."""
XHTML_LINKS = frozenset({"cite", "href", "longdesc", "src", "usemap"})
MISREAD = re.compile(r"<(?:\?|!(?!--)|!---?>)")
"""Declarations, instructions, CDATA, comments that start with their end: XML and HTML do not agree where these stop."""

Check = Callable[[Any], bool]


def is_boolean(value: Any) -> bool:
    return value is True or value is False


def is_integer(value: Any) -> bool:
    return type(value) is int and SMALLEST_INTEGER <= value <= LARGEST_INTEGER


def is_unsigned(value: Any) -> bool:
    return type(value) is int and 0 <= value <= LARGEST_INTEGER


def is_positive(value: Any) -> bool:
    return type(value) is int and 0 < value <= LARGEST_INTEGER


def is_decimal(value: Any) -> bool:
    return isinstance(value, int | float) and value is not True and value is not False


def is_string(value: Any) -> bool:
    return type(value) is str and 0 < len(value) <= LONGEST_STRING and not value.isspace() and CONTROLS.search(value) is None


def is_code(value: Any) -> bool:
    return type(value) is str and CODE.fullmatch(value) is not None


def is_id(value: Any) -> bool:
    return type(value) is str and ID.fullmatch(value) is not None


def is_uri(value: Any) -> bool:
    return type(value) is str and URI.fullmatch(value) is not None


def is_oid(value: Any) -> bool:
    return type(value) is str and OID.fullmatch(value) is not None


def is_uuid(value: Any) -> bool:
    return type(value) is str and UUID.fullmatch(value) is not None


def is_base64(value: Any) -> bool:
    """Base64 of RFC 4648, with white space anywhere."""
    if type(value) is not str or not value.isascii() or not value:
        return False
    try:
        return len(binascii.a2b_base64(value.encode().translate(None, SPACES), strict_mode=True)) > 0
    except binascii.Error:
        return False


def is_date(value: Any) -> bool:
    return type(value) is str and _is_real(DATE.fullmatch(value))


def is_date_time(value: Any) -> bool:
    return type(value) is str and _is_real(DATE_TIME.fullmatch(value))


def is_instant(value: Any) -> bool:
    return type(value) is str and _is_real(INSTANT.fullmatch(value))


def is_time(value: Any) -> bool:
    return type(value) is str and TIME.fullmatch(value) is not None


def is_xhtml(value: Any) -> bool:
    """A narrative (narrative.html#xhtml): one well-formed `div` of XHTML with formatting only."""
    if type(value) is not str or not 0 < len(value) <= 8 * LONGEST_STRING or CONTROLS.search(value) is not None:
        return False
    root = _parse_xhtml(value)
    if root is None or root.tag != f"{XHTML}div":
        return False
    return all(_is_formatting(element) for element in root.iter())


def _is_formatting(element: etree._Element) -> bool:
    if element.tag not in XHTML_TAGS:
        return isinstance(element, etree._Comment)
    attributes = element.attrib
    # More attributes than there are names: some are not allowed, and listing thousands takes lxml long.
    if not attributes or len(attributes) > len(XHTML_ATTRIBUTES):
        return not attributes
    return all(_is_harmless(str(name), str(text)) for name, text in attributes.items())


def _is_harmless(name: str, text: str) -> bool:
    if name not in XHTML_LINKS:
        return name in XHTML_ATTRIBUTES
    # Browsers skip white space before and inside the scheme of a link, however much.
    return not is_active("a", {"href": "".join(text.split())})


def _parse_xhtml(value: str) -> etree._Element | None:
    if MISREAD.search(value) is not None or value.count("<") > 200_000:
        return None
    source = value.encode("utf-8")
    if b"&" in source:
        source = ENTITY.sub(_replace_entity, source)
    try:
        return etree.fromstring(source, _parser())
    except (etree.XMLSyntaxError, ValueError):
        return None


def _replace_entity(match: "re.Match[bytes]") -> bytes:
    """Named entities of HTML are allowed in narratives; XML alone does not know them."""
    return b" " if match[1] and match[1][:-1].decode() in name2codepoint else match[0]


@cache
def _parser() -> etree.XMLParser:
    return etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)


def _is_real(match: "re.Match[str] | None") -> bool:
    """Whether a date that is written rightly is in the calendar."""
    if match is None:
        return False
    year, month, day = match["year"], match["month"], match["day"]
    if year == "0000":
        return False
    if month is None:
        return True
    if not "01" <= month <= "12":
        return False
    return day is None or "01" <= day <= "28" or (day != "00" and int(day) <= monthrange(int(year), int(month))[1])


@cache
def checks() -> Mapping[str, Check]:
    """The check of each primitive type by its name."""
    return {
        "base64Binary": is_base64,
        "boolean": is_boolean,
        "canonical": is_uri,
        "code": is_code,
        "date": is_date,
        "dateTime": is_date_time,
        "decimal": is_decimal,
        "id": is_id,
        "instant": is_instant,
        "integer": is_integer,
        "markdown": is_string,
        "oid": is_oid,
        "positiveInt": is_positive,
        "string": is_string,
        "time": is_time,
        "unsignedInt": is_unsigned,
        "uri": is_uri,
        "url": is_uri,
        "uuid": is_uuid,
        "xhtml": is_xhtml,
    }
