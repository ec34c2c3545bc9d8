"""HL7 v3 points in time (TS) as FHIR dates and instants, at the precision the sender gave.

FHIR wants seconds and a zone as soon as there is a time. Where the sender gives none, seconds are zero and the zone is that of the
document, or the legal time of mainland France: `Time.raw` always tells what was really written.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_SHAPE = re.compile(
    r"(?P<year>\d{4})(?:(?P<month>\d\d)(?:(?P<day>\d\d)(?:(?P<hour>\d\d)(?:(?P<minute>\d\d)(?:(?P<second>\d\d)(?P<fraction>\.\d{1,9})?)?)?)?)?)?"
    r"(?P<zone>Z|[+-][\d:]{1,6})?",
    re.ASCII,
)
_PRECISIONS = ("year", "month", "day", "hour", "minute", "second")
_ZONE = re.compile(r"([+-])(\d\d):?(\d\d)", re.ASCII)
_LARGEST_OFFSET = 14 * 60


@dataclass(frozen=True, slots=True)
class Time:
    """A point in time. `fhir` is a FHIR dateTime at its own precision, "" when `raw` cannot be read; `precision` names the
    smallest part that the sender gave (year … second). `problem` says in a few words what had to be tolerated, or is ""."""

    raw: str
    fhir: str
    precision: str
    problem: str = ""

    @property
    def instant(self) -> str:
        """A FHIR instant: a date alone is its first moment in French legal time. "" when the time cannot be read."""
        if not self.fhir or "T" in self.fhir:
            return self.fhir
        midnight = f"{(self.fhir + '-01-01')[:10]}T00:00:00"
        return midnight + _write_offset(french_offset(datetime.fromisoformat(midnight + "Z")))

    @property
    def exact(self) -> bool:
        """True when `fhir` says all that the sender wrote and no more."""
        return not self.problem and self.precision in {"year", "month", "day", "second"}


@dataclass(frozen=True, slots=True)
class Interval:
    """From `low` to `high`; either may be unknown."""

    low: Time | None = None
    high: Time | None = None


UNKNOWN_PERIOD = Interval()


def read_time(raw: str, zone: int | None = None) -> Time:
    """`raw` read as a TS; `zone` is the offset, in minutes, of a time that states none (None: French legal time)."""
    match = _SHAPE.fullmatch(raw)
    if match is None:
        return Time(raw, "", "", "not a time")
    try:
        return _convert(raw, match, zone)
    except ValueError:
        return Time(raw, "", "", "not a date of the calendar")


def _convert(raw: str, match: "re.Match[str]", zone: int | None) -> Time:
    parts = [match[name] for name in _PRECISIONS if match[name] is not None]
    precision = _PRECISIONS[len(parts) - 1]
    year, month, day, hour, minute, second = map(int, (*parts, *("0001", "01", "01", "00", "00", "00")[len(parts) :]))
    moment = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    if len(parts) <= 3:
        return Time(raw, "-".join(parts), precision, "a zone without a time" if match["zone"] else "")
    offset, problem = _read_offset(match["zone"])
    if offset is None:
        offset = zone if zone is not None else french_offset(moment)
    written = moment.strftime("%Y-%m-%dT%H:%M:%S").rjust(19, "0")
    return Time(raw, f"{written}{match['fraction'] or ''}{_write_offset(offset)}", precision, problem)


def _read_offset(zone: str | None) -> tuple[int | None, str]:
    """Minutes east of UTC, and what is wrong with how they are written. None when nothing usable is written."""
    if zone is None:
        return None, "a time without a zone"
    if zone == "Z":
        return 0, ""
    digits = zone[1:].replace(":", "")
    # "+100" is a real sender's way to write +0100 (seen in published rapid-test reports); "+1" and "+01" are hours.
    padded = digits.zfill(2) + "00" if len(digits) <= 2 else digits.zfill(4)
    match = _ZONE.fullmatch(zone[0] + padded)
    minutes = int(match[2]) * 60 + int(match[3]) if match and int(match[3]) < 60 else _LARGEST_OFFSET + 1
    if match is None or minutes > _LARGEST_OFFSET:
        return None, "an impossible zone"
    return (-minutes if match[1] == "-" else minutes), "" if len(zone) == 5 and zone[1:].isdigit() else "a zone written in an unusual way"


def offset_of(time: Time | None) -> int | None:
    """The zone to lend to other times of the same document: minutes of `time`'s own offset when it states one that mainland France
    never has. A mainland document says +0100 all year round too often to be believed for its other times."""
    match = _ZONE.fullmatch(time.fhir[-6:]) if time and not time.problem else None
    if match is None:
        return None
    minutes = (int(match[2]) * 60 + int(match[3])) * (-1 if match[1] == "-" else 1)
    return None if minutes in (60, 120) else minutes


def french_offset(moment: datetime) -> int:
    """Minutes east of UTC of mainland French legal time, at `moment` on the wall clock (its tzinfo means nothing).

    Directive 2000/84/EC: summer time between the last Sundays of March and October, at 01:00 UTC. Written here because zone files
    are not on every machine.
    """
    begins = _last_sunday(moment.year, 3) + timedelta(hours=2)
    ends = _last_sunday(moment.year, 10) + timedelta(hours=3)
    return 120 if begins <= moment < ends else 60


def _last_sunday(year: int, month: int) -> datetime:
    last = datetime(year, month, 31, tzinfo=UTC)
    return last - timedelta(days=(last.weekday() + 1) % 7)


def _write_offset(minutes: int) -> str:
    sign = "-" if minutes < 0 else "+"
    hours, rest = divmod(abs(minutes), 60)
    return f"{sign}{hours:02}:{rest:02}"
