"""When a medicine is taken: the general timing (GTS) of HL7 v3 as FHIR Timing. Null when only words say it."""

import calendar
from collections.abc import Iterator
from datetime import date, timedelta

from healthspace.base.fhirjson import Resource, compact
from healthspace.cda.clinical.statement import Statement
from healthspace.cda.clinical.values import number_of, time_at
from healthspace.cda.times import Time
from healthspace.cda.values import Element, attribute, child, children
from healthspace.terminology.uris import UCUM

PERIOD_UNITS = frozenset({"s", "min", "h", "d", "wk", "mo", "a"})
"""The units of a repetition (FHIR units-of-time), which are UCUM's."""
EVENTS = frozenset("HS WAKE C CM CD CV AC ACM ACD ACV PC PCM PCD PCV".split())
"""The moments of a day that HL7 v3 TimingEvent and FHIR event-timing share."""
_MINUTES = {"min": 1, "h": 60, "s": 0}


def timing(statement: Statement, *, bounded: bool) -> Resource | None:
    """The Timing of `statement`; `bounded` puts in the period as well. None when it has nothing that a Timing can say."""
    parts = list(parts_of(statement.element))
    repeat: Resource = {}
    moments = [time.fhir for part in parts if (time := time_at(statement.source, part))]
    if bounded:
        repeat |= next((bounds for part in parts if (bounds := _bounds(statement, part))), {})
    rhythm = _rhythm(statement, parts)
    said = compact({"event": moments, "repeat": repeat | rhythm})
    return said if moments or rhythm or repeat else None


def parts_of(element: Element) -> Iterator[Element]:
    """The simple times inside the `effectiveTime` of a statement, those of a parenthesised expression (SXPR_TS) too."""
    for time in children(element, "effectiveTime"):
        yield from _components(time)


def _components(time: Element) -> Iterator[Element]:
    inner = children(time, "comp")
    if not inner:
        yield time
    for component in inner:
        yield from _components(component)


def _bounds(statement: Statement, part: Element) -> Resource:
    """The period of an interval, or its length when it says neither when it begins nor when it ends."""
    if child(part, "period") is not None or child(part, "event") is not None:
        return {}
    low, high, width = time_at(statement.source, child(part, "low")), time_at(statement.source, child(part, "high")), child(part, "width")
    length, unit = number_of(attribute(width, "value")), attribute(width, "unit")
    if length is None or unit not in PERIOD_UNITS:
        period = compact({"start": low.fhir if low else None, "end": high.fhir if high else None})
        return {"boundsPeriod": period} if period else {}
    end = high.fhir if high else _last_day(low, length, unit)
    if low and end:
        return {"boundsPeriod": {"start": low.fhir, "end": end}}
    return {"boundsDuration": {"value": length, "unit": unit, "system": UCUM, "code": unit}}


def _last_day(low: Time | None, length: float, unit: str) -> str:
    """The last day of a number of whole days, weeks, months or years that begin on the day `low`; "" when that is not what is said."""
    if low is None or low.precision != "day" or length != int(length) or not 0 < length < 10_000:
        return ""
    first, count = date.fromisoformat(low.fhir), int(length)
    try:
        if unit in {"d", "wk"}:
            return (first + timedelta(days=count * (7 if unit == "wk" else 1) - 1)).isoformat()
        if unit in {"mo", "a"}:
            year, month = divmod(first.month - 1 + count * (12 if unit == "a" else 1), 12)
            year, month = first.year + year, month + 1
            day = min(first.day, calendar.monthrange(year, month)[1])
            return (date(year, month, day) - timedelta(days=1)).isoformat()
    except (OverflowError, ValueError):
        pass
    return ""


def has_unsaid_rhythm(statement: Statement) -> bool:
    """True when it says how often, or at which moments of the day, in a way that a Timing cannot."""
    parts = list(parts_of(statement.element))
    spoken = [attribute(child(part, "period"), "value") or attribute(child(part, "event"), "code") for part in parts]
    return any(spoken) and not _rhythm(statement, parts)


def _rhythm(statement: Statement, parts: list[Element]) -> Resource:
    """How often, or at which moments of the day; nothing when several rhythms are combined, which a Timing cannot say."""
    periodic = [part for part in parts if child(part, "period") is not None]
    events = [part for part in parts if child(part, "event") is not None]
    if len(periodic) == 1 and not events:
        return _repetition(statement, periodic[0])
    if events and not periodic:
        return _events(events)
    return {}


def _repetition(statement: Statement, part: Element) -> Resource:
    period = child(part, "period")
    low, high = child(period, "low"), child(period, "high")
    shortest = low if low is not None else period
    value, unit = number_of(attribute(shortest, "value")), attribute(shortest, "unit")
    longest = number_of(attribute(high, "value")) if attribute(high, "unit") == unit else None
    if value is None or value <= 0 or unit not in PERIOD_UNITS or (high is not None and longest is None):
        return {}
    phase = time_at(statement.source, child(part, "phase", "low")) or time_at(statement.source, child(part, "phase"))
    hour = phase.fhir[11:19] if phase and "T" in phase.fhir and unit == "d" and value == int(value) else None
    return compact({"frequency": 1, "period": value, "periodMax": longest, "periodUnit": unit, "timeOfDay": [hour] if hour else None})


def _events(parts: list[Element]) -> Resource:
    """The moments of the day that a medicine is taken at; nothing unless all of them are known and share one offset."""
    codes = [attribute(child(part, "event"), "code") for part in parts]
    offsets = {_offset(child(part, "offset")) for part in parts}
    if not EVENTS.issuperset(codes) or len(offsets) > 1:
        return {}
    offset = offsets.pop()
    if offset is None or (offset and {"C", "CM", "CD", "CV"} & set(codes)):
        return {}
    return compact({"when": list(dict.fromkeys(codes)), "offset": offset or None})


def _offset(element: Element | None) -> int | None:
    """Minutes of an offset; 0 without one, None when it cannot be read."""
    if element is None:
        return 0
    said = child(element, "low") if child(element, "low") is not None else element
    value, unit = number_of(attribute(said, "value")), attribute(said, "unit")
    if value is None or unit not in {"min", "h"} or value < 0:
        return None
    minutes = value * _MINUTES[unit]
    return int(minutes) if minutes == int(minutes) else None
