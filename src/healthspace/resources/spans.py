"""Spans of time, of seconds since 1970 into the clock's own form."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from healthspace.fhir.dates import EARLIEST, EPOCH
from healthspace.fhir.dates import LATEST as LAST_INSTANT
from healthspace.resources.query import Ends

Span = tuple[datetime, datetime]
LATEST = LAST_INSTANT - 1
"""A second before the end of the calendar: no rounding leads beyond it."""


def spans_of(boxes: Iterable[tuple[Ends, Ends]]) -> tuple[Span, ...]:
    """Where one instant must be to fit into any of `boxes`: its first and its last moment are the same.

    Versions are dated at the millisecond, so that what a client reads is what it compares with.
    """
    ends = ((max(lo[0], hi[0]), min(lo[1], hi[1])) for lo, hi in boxes)
    found = tuple((_first_moment(first), _last_moment(last)) for first, last in ends if first <= last)
    return found or ((_last_moment(LATEST), _first_moment(EARLIEST)),)


def _first_moment(seconds: float) -> datetime:
    """The first millisecond that is not before `seconds`; beyond the years 1 to 9999, the nearest that there is."""
    bounded = min(max(seconds, EARLIEST), LATEST)
    nearest = round(bounded * 1000)
    return EPOCH + timedelta(milliseconds=nearest + (bounded > nearest / 1000))


def _last_moment(seconds: float) -> datetime:
    bounded = min(max(seconds, EARLIEST), LATEST)
    nearest = round(bounded * 1000)
    return EPOCH + timedelta(milliseconds=nearest - (bounded < nearest / 1000))
