"""Prefixes of ordered values (R4 search.html#prefix) as boxes: where the first and last point of a value must lie.

A stored value is a range (first, last): a date covers its day, a period its days, a number only itself. A box is met when first and
last lie within its two sides, ends included; a prefix is met when any of its boxes is.
"""

import math
import re
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

from healthspace.base.errors import Malformed
from healthspace.fhir.dates import FOREVER, instants_of

Side = tuple[float, float]
Box = tuple[Side, Side]

PREFIXED = re.compile(r"(eq|ne|gt|lt|ge|le|sa|eb|ap)?(.+)", re.DOTALL)
NUMBER = re.compile(r"[+-]?\d{1,40}(\.\d{1,40})?([eE][+-]?\d{1,3})?", re.ASCII)
ALWAYS: Side = (-FOREVER, FOREVER)


def date_boxes(text: str, place: str) -> list[Box]:
    """The boxes of a date with its prefix; Malformed names `place` when it is no date."""
    prefix, value = _split(text)
    span = instants_of(value.replace(" ", "+"))
    if span is None:
        raise Malformed(f"{place} needs a date", place=place)
    if prefix == "ap":
        # A tenth of the time between now and the date, either way; at least the value itself.
        slack = abs(datetime.now(UTC).timestamp() - span[0]) / 10
        return [((-FOREVER, span[1] + slack), (span[0] - slack, FOREVER))]
    return _BOXES[prefix](*span)


def number_boxes(text: str, place: str) -> list[Box]:
    """The boxes of a number with its prefix. eq and ne go by its significant digits (search.html#number): 100 is 99.5 to 100.5."""
    prefix, value = _split(text.replace(" ", "+"))  # a + that an address has not escaped
    if NUMBER.fullmatch(value) is None:
        raise Malformed(f"{place} needs a number", place=place)
    number = float(value)
    if not math.isfinite(number):
        raise Malformed(f"{place} needs a smaller number", place=place)
    if prefix == "ap":
        slack = abs(number) / 10
        return [((-FOREVER, number + slack), (number - slack, FOREVER))]
    if prefix in {"eq", "ne"}:
        half = _half_of_last_digit(value)
        # Of more digits than a float has, half of the last is nothing: the number itself remains.
        return _BOXES[prefix](number - half, max(math.nextafter(number + half, -FOREVER), number))
    return _BOXES[prefix](number, number)


def meets(box: Box, first: float, last: float) -> bool:
    """Whether a range lies in a box."""
    return box[0][0] <= first <= box[0][1] and box[1][0] <= last <= box[1][1]


def _split(text: str) -> tuple[str, str]:
    match = PREFIXED.fullmatch(text)
    return (match[1] or "eq", match[2]) if match else ("eq", text)


def _half_of_last_digit(text: str) -> float:
    try:
        exponent = Decimal(text).as_tuple().exponent
    except InvalidOperation:
        return 0.0
    return float(Decimal(5).scaleb(exponent - 1)) if isinstance(exponent, int) else 0.0


def _above(point: float) -> Side:
    return math.nextafter(point, FOREVER), FOREVER


def _below(point: float) -> Side:
    return -FOREVER, math.nextafter(point, -FOREVER)


# What (first, last) of the resource must be, for (first, last) of the value.
_BOXES: dict[str, Callable[[float, float], list[Box]]] = {
    "eq": lambda first, last: [((first, FOREVER), (-FOREVER, last))],
    "ne": lambda first, last: [(_below(first), ALWAYS), (ALWAYS, _above(last))],
    "gt": lambda first, last: [(ALWAYS, _above(last))],
    "lt": lambda first, last: [(_below(first), ALWAYS)],
    "ge": lambda first, last: [(ALWAYS, _above(last)), ((first, FOREVER), ALWAYS)],
    "le": lambda first, last: [(_below(first), ALWAYS), (ALWAYS, (-FOREVER, last))],
    "sa": lambda first, last: [(_above(last), ALWAYS)],
    "eb": lambda first, last: [(ALWAYS, _below(first))],
}
