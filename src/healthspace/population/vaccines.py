"""Who is vaccinated when: the French calendar, as visits with their injections (calendrier des vaccinations 2025)."""

from datetime import date, timedelta

from healthspace.population.desk import workday

# (months of age, injections as (vaccine, dose))
INFANT_VISITS: tuple[tuple[int, tuple[tuple[str, int], ...]], ...] = (
    (2, (("hexavalent", 1), ("pneumococcus", 1))),
    (3, (("meningococcus-b", 1),)),
    (4, (("hexavalent", 2), ("pneumococcus", 2))),
    (5, (("meningococcus-b", 2),)),
    (6, (("meningococcus", 1),)),
    (11, (("hexavalent", 3), ("pneumococcus", 3))),
    (12, (("mmr", 1), ("meningococcus-b", 3), ("meningococcus", 2))),
    (17, (("mmr", 2),)),
    (72, (("child-booster", 4),)),
    (138, (("hpv", 1),)),
    (145, (("hpv", 2), ("meningococcus", 3))),
)
MENINGOCOCCUS_FOR_ALL = date(2022, 6, 1)
"""Infants born before were not vaccinated against meningococcus B and ACWY as a rule."""

BOOSTER_AGES = (25, 45, 65, 75, 85, 95)
FLU_FROM = 65
LONG_AGO = 8 * 365


def child_visits(birth_date: date, today: date) -> tuple[tuple[date, tuple[tuple[str, int], ...]], ...]:
    """The visits that a child has had, the oldest ones left to paper records."""
    visits = []
    for months, doses in INFANT_VISITS:
        day = birth_date + timedelta(days=int(months * 30.4375) + 3)
        kept = tuple(
            dose for dose in doses if months > 24 or not dose[0].startswith("meningococcus") or birth_date >= MENINGOCOCCUS_FOR_ALL
        )
        if kept and day < today and (today - day).days < LONG_AGO:
            visits.append((workday(day), kept))
    return tuple(visits)


def flu_seasons(today: date, count: int) -> tuple[date, ...]:
    """The last days of October in which a flu vaccine could be had: the latest first."""
    last = today.year if today > date(today.year, 10, 28) else today.year - 1
    return tuple(workday(date(year, 10, 21)) for year in range(last, last - count, -1))


def booster_day(birth_date: date, today: date) -> date | None:
    """The last of the boosters at fixed ages, if it fell within the last years."""
    days = (birth_date + timedelta(days=int(age * 365.2425) + 40) for age in BOOSTER_AGES)
    past = [day for day in days if timedelta(0) < today - day < timedelta(days=LONG_AGO)]
    return workday(max(past)) if past else None
