"""What the French vaccination calendar foresees at an age, beside the doses that a record proves. Data of one year, and general.

The calendar is for everybody of an age; who a doctor knows more of may need other vaccines, or must not have these. So nothing here
is advice, nothing says that somebody is up to date, and a dose that no resource proves is "to check", never "missing". A line that
needs more than age, sex-blind, to be right is not in the table (docs/decisions/0041).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from healthspace.profile.elements import Resource, Standing, codings_of, standing_of, time_of
from healthspace.profile.merge import merge
from healthspace.profile.vaccines import diseases_of
from healthspace.terminology.uris import ATC

YEAR = 2025
"""The calendar that the table is of (Calendrier des vaccinations et recommandations vaccinales, ministry of health)."""


@dataclass(frozen=True, slots=True)
class Appointment:
    """A dose foreseen from the age of `start` months on, in time until `end` (None: whenever after).

    It is proven by so many doses in all (`count`), or, when `since` is given, by one at that age in months or later.
    """

    start: int
    end: int | None
    count: int = 0
    since: int | None = None


@dataclass(frozen=True, slots=True)
class Series:
    """The appointments against some diseases; `codes` are the ATC classes that count where the disease alone does not tell.

    It is told until the age of `until` months, and to those born in `born` or later.
    """

    diseases: tuple[str, ...]
    appointments: tuple[Appointment, ...]
    until: int | None = None
    born: int = 0
    codes: tuple[str, ...] = ()
    detail: str = ""
    """What tells it from another series against the same disease, such as a serogroup."""


def _infant(*months: int) -> tuple[Appointment, ...]:
    return tuple(Appointment(month, month + 1, count) for count, month in enumerate(months, 1))


def _at(years: int, last: int | None, since: int) -> Appointment:
    """Foreseen at an age, until the end of the age `last`, in years; a dose at the age `since` or later proves it."""
    return Appointment(12 * years, None if last is None else 12 * (last + 1), since=12 * since)


CALENDAR = (
    Series(
        ("diphtheria", "tetanus", "polio"),
        (
            *_infant(2, 4, 11),
            _at(6, 6, 5),
            _at(11, 13, 10),
            *(_at(age, age + 1, age - 5) for age in (25, 45, 65, 75, 85, 95)),
        ),
    ),
    Series(("pertussis",), (*_infant(2, 4, 11), _at(6, 6, 5), _at(11, 13, 10), _at(25, 26, 20)), until=12 * 40),
    Series(("hib",), _infant(2, 4, 11), until=12 * 5),
    Series(("hepatitis-b",), _infant(2, 4, 11), until=12 * 16),
    Series(("pneumococcus",), _infant(2, 4, 11), until=12 * 2),
    Series(("meningococcus",), _infant(6, 12), until=12 * 2, codes=("J07AH08",), detail="ACWY"),
    Series(("meningococcus",), _infant(3, 5, 12), until=12 * 2, codes=("J07AH09",), detail="B"),
    Series(("measles", "mumps", "rubella"), (Appointment(12, 13, 1), Appointment(16, 19, 2)), born=1980),
    Series(("meningococcus",), (_at(11, 14, 10),), until=12 * 25, codes=("J07AH08",), detail="ACWY"),
    Series(("hpv",), (Appointment(12 * 11, 12 * 15, 1), Appointment(12 * 11 + 5, 12 * 15, 2)), until=12 * 20),
    Series(("pneumococcus",), (_at(65, None, 18),)),
    Series(("zoster",), (Appointment(12 * 65, None, 1), Appointment(12 * 65 + 2, None, 2)), codes=("J07BK03",)),
    Series(("rsv",), (_at(75, None, 60),)),
)
"""By age alone. Left out: what depends on an illness, a pregnancy, a journey, a trade or the product (rotavirus), and what may be given
but is foreseen for nobody in particular (meningococcus B from 15 to 24)."""
AHEAD = 24
"""Months that are looked ahead."""
YEARLY = ("influenza", "covid-19")
"""Every year from SENIOR on, before the winter."""
SENIOR = 65


class Due(StrEnum):
    """Where a dose without proof stands."""

    NOW = "now"
    """The calendar foresees it at this age."""
    PAST = "past"
    """It was foreseen earlier."""
    YEARLY = "yearly"
    """Foreseen every year, and no dose of the last twelve months is proven."""


@dataclass(frozen=True, slots=True)
class Foreseen:
    """A dose that the calendar foresees at `age` months and nothing proves; or, without `due`, the next one, from `day` on."""

    diseases: tuple[str, ...]
    detail: str
    age: int
    day: str
    due: Due | None


def foresee(resources: Iterable[Resource], birth: date, today: date) -> list[Foreseen]:
    """Of each series the dose that the calendar foresees last at this age, when no Immunization proves it; then the next one of the two
    years to come."""
    age, doses = _months(birth, today), _doses_of(resources, birth)
    found: list[Foreseen] = []
    for series in CALENDAR:
        if birth.year >= series.born and (series.until is None or age < series.until):
            found += _look(series, doses, birth, age)
    if age >= 12 * SENIOR:
        found += [Foreseen((disease,), "", 12 * SENIOR, "", Due.YEARLY) for disease in YEARLY if not _is_recent(disease, doses, age)]
    return found


@dataclass(frozen=True, slots=True)
class _Dose:
    """A dose that was given: its diseases and classes, its rank, the age in months (None: without a day)."""

    diseases: tuple[str, ...]
    codes: tuple[str, ...]
    rank: int
    age: int | None


def _doses_of(resources: Iterable[Resource], birth: date) -> list[_Dose]:
    facts = merge(one for one in resources if one.get("resourceType") == "Immunization")
    given = (fact.resource for fact in facts if standing_of(fact.resource) is Standing.PRESENT)
    return [_read(one, birth) for one in given]


def _read(immunization: Resource, birth: date) -> _Dose:
    codes = tuple(code for system, code in codings_of(immunization.get("vaccineCode")) if system == ATC)
    ranks = [protocol.get("doseNumberPositiveInt", 0) for protocol in immunization.get("protocolApplied") or ()]
    day = time_of(immunization)[:10]
    age = _months(birth, date.fromisoformat(day)) if len(day) == len("2024-03-05") else None
    return _Dose(diseases_of(immunization), codes, max(ranks, default=0), age)


def _look(series: Series, doses: list[_Dose], birth: date, age: int) -> list[Foreseen]:
    counted = [_counting(series, disease, doses) for disease in series.diseases]
    if any(one is None for one in counted):
        return []  # a dose that may count or not: nothing can be said
    # What was foreseen before counts no more once a later dose is: a grown-up is not asked for the doses of an infant.
    last = [each for each in series.appointments if each.start <= age][-1:]
    coming = [each for each in series.appointments if age < each.start <= age + AHEAD and not _is_proven_of_all(each, counted)][:1]
    asked = [each for each in last if not _is_proven_of_all(each, counted)]
    return [
        *(_tell(series, each, birth, Due.NOW if each.end is None or age < each.end else Due.PAST) for each in asked),
        *(_tell(series, each, birth, None) for each in coming if series.until is None or each.start < series.until),
    ]


def _is_proven_of_all(appointment: Appointment, counted: list[list[_Dose] | None]) -> bool:
    return all(_is_proven(appointment, listed or []) for listed in counted)


def _counting(series: Series, disease: str, doses: list[_Dose]) -> list[_Dose] | None:
    """The doses that count for a series; None when one may count, and does not tell: of no known class, or without a day."""
    listed = [dose for dose in doses if disease in dose.diseases]
    if series.codes and any(not any(len(code) >= len("J07AH08") for code in dose.codes) for dose in listed):
        return None
    counted = [dose for dose in listed if not series.codes or set(dose.codes) & set(series.codes)]
    dated = any(each.since is not None for each in series.appointments)
    return None if dated and any(dose.age is None for dose in counted) else counted


def _is_proven(appointment: Appointment, doses: list[_Dose]) -> bool:
    if appointment.since is not None:
        return any(dose.age is not None and dose.age >= appointment.since for dose in doses)
    return max(len(doses), *(dose.rank for dose in doses), 0) >= appointment.count


def _tell(series: Series, appointment: Appointment, birth: date, due: Due | None) -> Foreseen:
    return Foreseen(series.diseases, series.detail, appointment.start, _after(birth, appointment.start).isoformat(), due)


def _is_recent(disease: str, doses: list[_Dose], age: int) -> bool:
    """Whether a dose of the last twelve months is proven, or one may be: it has no day."""
    return any(disease in dose.diseases and (dose.age is None or dose.age > age - 12) for dose in doses)


def _months(birth: date, day: date) -> int:
    """Whole months from birth to a day; negative before."""
    return 12 * (day.year - birth.year) + day.month - birth.month - (day.day < birth.day)


def _after(birth: date, months: int) -> date:
    """The day on which somebody is that old; the first of the next month where the month has no such day."""
    year, month = divmod(birth.year * 12 + birth.month - 1 + months, 12)
    try:
        return date(year, month + 1, birth.day)
    except ValueError:
        return date(year + (month == 11), (month + 1) % 12 + 1, 1)
