"""What the vaccination calendar foresees at an age: said only where it can be, and never that somebody is up to date or late."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from healthspace.profile.vaccine_calendar import CALENDAR, YEARLY, Due, Foreseen, foresee
from healthspace.profile.vaccines import BY_KEY
from healthspace.terminology.uris import ATC
from tests.pure.facts import a_fact, concept

TODAY = date(2026, 11, 27)
HEXAVALENT, BOOSTER, TRIPLE, CONJUGATE, GROUP_B = "J07CA09", "J07CA01", "J07BD52", "J07AH08", "J07AH09"


def born(years: int, months: int = 0) -> date:
    total = TODAY.year * 12 + TODAY.month - 1 - 12 * years - months
    return date(total // 12, total % 12 + 1, 1)


def dose(code: str, day: date | None, *, rank: int | None = None, **more: Any) -> dict[str, Any]:
    ranked = {"protocolApplied": [{"doseNumberPositiveInt": rank}]} if rank else {}
    when = {"occurrenceDateTime": day.isoformat()} if day else {}
    return a_fact("Immunization", **{"status": "completed", "vaccineCode": concept((ATC, code)), **when, **ranked, **more})


def of(disease: str, found: list[Foreseen], detail: str = "") -> list[tuple[Due | None, int]]:
    return [(one.due, one.age) for one in found if disease in one.diseases and one.detail == detail]


@pytest.mark.parametrize(
    ("age", "days", "told"),
    [
        ((0, 1), (), [(None, 2)]),
        ((0, 2), (), [(Due.NOW, 2), (None, 4)]),
        ((0, 3), (), [(Due.PAST, 2), (None, 4)]),
        ((0, 5), (62,), [(Due.PAST, 4), (None, 11)]),
        ((0, 5), (62, 125), [(None, 11)]),
        ((1, 6), (62, 125, 340), []),
        ((6, 3), (62, 125, 340), [(Due.NOW, 72)]),
        ((8, 0), (62, 125, 340), [(Due.PAST, 72)]),
        ((9, 6), (62, 125, 340, 2200), [(None, 132)]),
        ((50, 0), (), [(Due.PAST, 540)]),
        ((50, 0), (44 * 365,), []),
        ((24, 0), (22 * 365,), []),
        ((24, 0), (12 * 365 + 100,), [(None, 300)]),
    ],
)
def test_the_doses_against_tetanus_follow_the_age(age: tuple[int, int], days: tuple[int, ...], told: list[tuple[Due | None, int]]) -> None:
    birth = born(*age)
    doses = [dose(HEXAVALENT if day < 1000 else BOOSTER, birth + timedelta(days=day)) for day in days]
    assert of("tetanus", foresee(doses, birth, TODAY)) == told


def test_the_day_of_the_next_dose_is_that_of_the_age() -> None:
    (one,) = (each for each in foresee([], date(2026, 10, 31), TODAY) if "tetanus" in each.diseases)
    assert (one.day, one.age) == ("2026-12-31", 2)
    (other,) = (each for each in foresee([], date(2025, 12, 31), date(2026, 1, 5)) if "tetanus" in each.diseases)
    assert other.day == "2026-03-01"  # there is no 31 February


def test_measles_is_foreseen_twice_for_those_born_since_1980() -> None:
    assert of("measles", foresee([], date(1985, 5, 5), TODAY)) == [(Due.PAST, 16)]
    assert of("measles", foresee([], date(1979, 12, 31), TODAY)) == []
    given_twice = [dose(TRIPLE, date(1990, 5, 5)), dose(TRIPLE, date(1992, 5, 5))]
    assert of("measles", foresee(given_twice, date(1985, 5, 5), TODAY)) == []


def test_the_rank_of_a_dose_counts_those_before_it() -> None:
    assert of("measles", foresee([dose(TRIPLE, date(1992, 5, 5), rank=2)], date(1985, 5, 5), TODAY)) == []


def test_serogroups_of_meningococcus_are_told_apart_and_nothing_is_said_when_one_is_not_told() -> None:
    birth = born(0, 7)
    given_one = [dose(CONJUGATE, birth + timedelta(days=190))]
    assert of("meningococcus", foresee(given_one, birth, TODAY), "ACWY") == [(None, 12)]
    assert of("meningococcus", foresee(given_one, birth, TODAY), "B") == [(Due.PAST, 5), (None, 12)]
    untold = foresee([dose("J07AH", birth + timedelta(days=190))], birth, TODAY)
    assert of("meningococcus", untold, "B") == of("meningococcus", untold, "ACWY") == []


def test_a_dose_without_a_day_silences_what_depends_on_days() -> None:
    assert of("tetanus", foresee([dose(BOOSTER, None)], born(50), TODAY)) == []


@pytest.mark.parametrize(
    "changes",
    [{"status": "not-done"}, {"status": "entered-in-error"}],
)
def test_a_dose_that_was_refused_or_written_by_mistake_proves_nothing(changes: dict[str, str]) -> None:
    assert of("zoster", foresee([dose("J07BK03", date(2026, 1, 5), **changes)], born(70), TODAY)) == [(Due.NOW, 782)]


def test_from_65_on_some_are_foreseen_every_year() -> None:
    recent = [dose("J07BB02", date(2026, 10, 5)), dose("J07BN01", date(2025, 10, 5))]
    found = foresee(recent, born(66), TODAY)
    assert of("influenza", found) == []
    assert of("covid-19", found) == [(Due.YEARLY, 780)]
    assert not {one for disease in YEARLY for one in of(disease, foresee([], born(64, 11), TODAY))}


@given(
    st.dates(date(1930, 1, 1), TODAY),
    st.lists(
        st.tuples(st.sampled_from([HEXAVALENT, BOOSTER, TRIPLE, "J07BM03", "J07AL02"]), st.dates(date(1930, 1, 1), TODAY)), max_size=8
    ),
)
def test_one_more_dose_never_asks_for_more_of_what_it_protects_from(birth: date, given_doses: list[tuple[str, date]]) -> None:
    doses = [dose(code, max(day, birth), sources=str(number)) for number, (code, day) in enumerate(given_doses)]
    before = foresee(doses[:-1], birth, TODAY)
    after = foresee(doses, birth, TODAY)
    assert {(one.diseases, one.detail) for one in after if one.due} <= {(one.diseases, one.detail) for one in before if one.due}
    assert all(one.day > TODAY.isoformat() for one in after if one.due is None)


def test_the_table_names_diseases_of_the_card_and_its_appointments_are_in_order() -> None:
    for series in CALENDAR:
        assert set(series.diseases) <= BY_KEY.keys()
        starts = [each.start for each in series.appointments]
        assert starts == sorted(starts)
        assert all((each.since is None) != (each.count == 0) for each in series.appointments)
