"""FHIR dates as ranges of instants: "2024" is all of that year (R4 search, "date": a value has an implicit range)."""

import re
from calendar import monthrange
from datetime import UTC, datetime, timedelta

SHAPE = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?)?)?",
    re.ASCII,
)
FOREVER = float("inf")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EARLIEST = (datetime.min.replace(tzinfo=UTC) - EPOCH).total_seconds()
LATEST = (datetime.max.replace(tzinfo=UTC) - EPOCH).total_seconds()


def instants_of(text: str) -> tuple[float, float] | None:
    """First and last instant (seconds since 1970, UTC where no zone is said) that `text` covers.

    None when it is no date, or its offset takes it out of the years 1 to 9999, where no clock can follow.
    """
    match = SHAPE.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    try:
        start = datetime(
            int(year), int(month or 1), int(day or 1), int(hour or 0), int(minute or 0), int(second or 0), _microseconds(fraction), UTC
        )
        offset = _offset(zone)
    except ValueError:
        return None
    first = (start - EPOCH).total_seconds() - offset
    last = first + _length(start, match) - 0.001
    return (first, last) if first >= EARLIEST and last <= LATEST else None


def period_of(start: str | None, end: str | None) -> tuple[float, float] | None:
    """The range of a Period; an end that is not said is open. None when neither end is a date."""
    first, last = instants_of(start or ""), instants_of(end or "")
    if first is None and last is None:
        return None
    return first[0] if first else -FOREVER, last[1] if last else FOREVER


def _microseconds(fraction: str | None) -> int:
    return int(fraction[1:7].ljust(6, "0")) if fraction else 0


def _offset(zone: str | None) -> float:
    if zone in (None, "Z"):
        return 0
    hours, minutes = int(zone[1:3]), int(zone[4:6])
    if hours > 14 or minutes > 59:
        raise ValueError(zone)
    return (-1 if zone[0] == "-" else 1) * timedelta(hours=hours, minutes=minutes).total_seconds()


def _length(start: datetime, match: "re.Match[str]") -> float:
    _, month, day, hour, _, second, fraction, _ = match.groups()
    if fraction:
        return 0.001
    if second:
        return 1
    if hour:
        return 60
    if day:
        return 86_400
    if month:
        return 86_400 * monthrange(start.year, start.month)[1]
    return 86_400 * (366 if monthrange(start.year, 2)[1] == 29 else 365)
