"""A result against the range that its own laboratory gave for it: never another laboratory's, never ours."""

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from healthspace.profile.convert import Unit, convert, unit_of
from healthspace.profile.elements import Resource, codings_of

NORMAL = frozenset({"normal", ""})
"""Kinds of reference range (referenceRange.type) that a result is told by; none said is this one (R4 observation.html)."""
HIGH = frozenset({"H", "HH", "HU", "HX", ">"})
LOW = frozenset({"L", "LL", "LU", "LX", "<"})


class Position(StrEnum):
    """Where a result lies."""

    INSIDE = "inside"
    LOW = "low"
    HIGH = "high"
    OUTSIDE = "outside"
    """The laboratory says that it is out of range, not on which side."""
    UNKNOWN = "unknown"
    """No range, or a bounded result that may lie on either side of one."""


@dataclass(frozen=True, slots=True)
class Range:
    """Bounds in one unit; None where there is none."""

    low: float | None
    high: float | None
    text: str = ""

    @property
    def told(self) -> bool:
        return self.low is not None or self.high is not None


NO_RANGE = Range(None, None)


def range_of(resource: Resource, unit: Unit) -> Range:
    """The one reference range of a result, in `unit`. None where several could be meant, or a bound's unit is another."""
    listed = [one for one in resource.get("referenceRange") or () if "type" not in one or _kind(one) in NORMAL]
    plain = [one for one in listed if not one.get("appliesTo") and not one.get("age")] if len(listed) > 1 else listed
    chosen = plain if len(plain) == 1 else listed
    if len(chosen) != 1:
        return NO_RANGE
    bounds = [_bound(chosen[0].get(side), unit) for side in ("low", "high")]
    if any(bound is not None and math.isnan(bound) for bound in bounds):
        return Range(None, None, str(chosen[0].get("text", "")))
    return Range(bounds[0], bounds[1], str(chosen[0].get("text", "")))


def place(value: float, comparator: str, bounds: Range, resource: Resource) -> Position:
    """Where a value lies. The numbers decide; where the range is only words, the laboratory's own flag does."""
    if not bounds.told:
        return _flagged(resource) if bounds.text else Position.UNKNOWN
    least, most = _span(value, comparator)
    low = -math.inf if bounds.low is None else bounds.low
    high = math.inf if bounds.high is None else bounds.high
    if low <= least and most <= high:
        return Position.INSIDE
    if most < low or (most == low and comparator == "<"):
        return Position.LOW
    if least > high or (least == high and comparator == ">"):
        return Position.HIGH
    return Position.UNKNOWN


def _span(value: float, comparator: str) -> tuple[float, float]:
    """All that a bounded result may be; a quantity measured in a body is not negative unless it is said to be."""
    if comparator in {"<", "<="}:
        return (0.0 if value >= 0 else -math.inf), value
    return value, (math.inf if comparator in {">", ">="} else value)


def _flagged(resource: Resource) -> Position:
    codes = {code for concept in resource.get("interpretation") or () for _, code in codings_of(concept)}
    if codes & HIGH:
        return Position.HIGH
    if codes & LOW:
        return Position.LOW
    if codes & {"A", "AA"}:
        return Position.OUTSIDE
    return Position.INSIDE if "N" in codes else Position.UNKNOWN


def _kind(one: dict[str, Any]) -> str:
    return next((code for _, code in codings_of(one.get("type"))), "")


def _bound(quantity: dict[str, Any] | None, unit: Unit) -> float | None:
    """A bound in `unit`; not a number where it cannot be said in it. A bound without a unit is in the result's."""
    if quantity is None or "value" not in quantity:
        return None
    own, value = unit_of(quantity), float(quantity["value"])
    moved = value if own == unit or not own.shown else convert(value, own, unit)
    return math.nan if moved is None else moved
