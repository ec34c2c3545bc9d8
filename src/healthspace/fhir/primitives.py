"""The primitive types of R4 (datatypes.html#primitive): what a JSON value of each must look like.

A rule answers None when the value is right. The published regular expressions are followed, and the text where it says more:
dates are of the calendar, codes have single spaces, texts have no control character and something to read.
"""

import binascii
import re
from calendar import monthrange
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any

from healthspace.fhir.faults import Found, fault

Rule = Callable[[Any, dict[str, Any]], Found | None]
"""Takes a value and the object that holds it."""

LONGEST_STRING = 1024 * 1024
LARGEST_INTEGER = 2**31 - 1

_UNWANTED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]").search
_ZONE = r"(?:Z|[+-](?:(?:0\d|1[0-3]):[0-5]\d|14:00))"
_TIME = r"(?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60)(?:\.\d+)?"
_YEAR = r"(?!0000)(\d{4})"
_MONTH = r"(0[1-9]|1[0-2])"
_DAY = r"(0[1-9]|[12]\d|3[01])"
_DATES = {
    "date": (rf"{_YEAR}(?:-{_MONTH}(?:-{_DAY})?)?", "a date (YYYY, YYYY-MM or YYYY-MM-DD)"),
    "dateTime": (
        rf"{_YEAR}(?:-{_MONTH}(?:-{_DAY}(?:T{_TIME}{_ZONE})?)?)?",
        "a date (YYYY, YYYY-MM or YYYY-MM-DD), or a date, a time with seconds and a zone",
    ),
    "instant": (rf"{_YEAR}-{_MONTH}-{_DAY}T{_TIME}{_ZONE}", "a date, a time with seconds and a zone"),
}
_OID = r"urn:oid:[0-2](?:\.(?:0|[1-9]\d*))+"
_UUID = r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_PATTERNS = {
    "code": (r"[^\s\x00-\x1f\ud800-\udfff]+(?: [^\s\x00-\x1f\ud800-\udfff]+)*", "a code, without spaces around it or two in a row,"),
    "id": (r"[A-Za-z0-9\-.]{1,64}", "an id (1 to 64 letters, digits, - and .)"),
    "uri": (r"[^\s\x00-\x1f\ud800-\udfff]+", "a URI, without spaces,"),
    "oid": (_OID, "an OID (urn:oid:…)"),
    "uuid": (_UUID, "a UUID (urn:uuid:…, in small letters)"),
    "time": (_TIME, "a time (hh:mm:ss)"),
}
_INTEGERS = {
    "integer": (-LARGEST_INTEGER - 1, "a whole number of 32 bits"),
    "unsignedInt": (0, "a whole number, 0 or more,"),
    "positiveInt": (1, "a whole number, 1 or more,"),
}


def _check_text(value: Any, parent: dict[str, Any]) -> Found | None:
    if type(value) is str and value and not value.isspace() and (value.isprintable() or not _UNWANTED(value)):
        return None
    return _tell_text(value)


def _check_string(value: Any, parent: dict[str, Any]) -> Found | None:
    # isprintable is true of nearly every short text and much quicker than the search, which accepts tabs and line ends too.
    if type(value) is str and value and not value.isspace() and (value.isprintable() or not _UNWANTED(value)):
        return None if len(value) <= LONGEST_STRING else fault("too-long", "a text may have 1,048,576 characters at most")
    return _tell_text(value)


def _check_xhtml(value: Any, parent: dict[str, Any]) -> Found | None:
    if type(value) is str and value.lstrip().startswith("<div"):
        return _check_text(value, parent)
    return fault("structure", "a <div> of XHTML is expected here")


def _tell_text(value: Any) -> Found:
    if type(value) is not str:
        return fault("structure", "a text is expected here")
    if not value or value.isspace():
        return fault("value", "a text may not be empty")
    return fault("value", "a text may not have control characters")


def _check_boolean(value: Any, parent: dict[str, Any]) -> Found | None:
    return None if value is True or value is False else fault("structure", "true or false is expected here")


def _check_decimal(value: Any, parent: dict[str, Any]) -> Found | None:
    kind = type(value)
    if kind is int or (kind is float and value - value == 0) or (isinstance(value, Decimal) and value.is_finite()):
        return None
    return fault("structure", "a number is expected here")


def _check_integer(value: Any, parent: dict[str, Any], *, least: int, expected: str) -> Found | None:
    if type(value) is int:
        return None if least <= value <= LARGEST_INTEGER else fault("value", f"{expected} is expected here")
    return fault("structure", f"{expected} is expected here")


def _check_base64(value: Any, parent: dict[str, Any]) -> Found | None:
    if type(value) is not str:
        return fault("structure", "a text in base64 is expected here")
    try:
        binascii.a2b_base64(value, strict_mode=True)
    except ValueError:
        return None if _is_spaced_base64(value) else fault("value", "a text in base64 is expected here")
    return None if value else fault("value", "a text may not be empty")


def _is_spaced_base64(value: str) -> bool:
    """R4 lets white space stand between the characters."""
    try:
        return bool(binascii.a2b_base64("".join(value.split()), strict_mode=True))
    except ValueError:
        return False


def _pattern_rule(pattern: str, expected: str) -> Rule:
    matches = re.compile(pattern, re.ASCII if "\\d" in pattern else 0).fullmatch

    def check(value: Any, parent: dict[str, Any]) -> Found | None:
        if type(value) is str and matches(value):
            return None
        return fault("value" if type(value) is str else "structure", f"{expected} is expected here")

    return check


def _date_rule(pattern: str, expected: str) -> Rule:
    match = re.compile(pattern, re.ASCII).fullmatch

    def check(value: Any, parent: dict[str, Any]) -> Found | None:
        found = match(value) if type(value) is str else None
        if found is None:
            return fault("value" if type(value) is str else "structure", f"{expected} is expected here")
        year, month, day = found.groups()
        # Only the ends of months need the calendar.
        if day is not None and day > "28" and int(day) > monthrange(int(year), int(month))[1]:
            return fault("value", "the calendar has no such day")
        return None

    return check


def primitive_rules() -> dict[str, Rule]:
    """The rule of each primitive type, by its name."""
    rules: dict[str, Rule] = {
        "string": _check_string,
        "markdown": _check_text,
        "xhtml": _check_xhtml,
        "boolean": _check_boolean,
        "decimal": _check_decimal,
        "base64Binary": _check_base64,
    }
    rules |= {name: partial(_check_integer, least=least, expected=expected) for name, (least, expected) in _INTEGERS.items()}
    rules |= {name: _pattern_rule(pattern, expected) for name, (pattern, expected) in _PATTERNS.items()}
    rules |= {name: _date_rule(pattern, expected) for name, (pattern, expected) in _DATES.items()}
    rules["url"] = rules["canonical"] = rules["uri"]
    return rules
