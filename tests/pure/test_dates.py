"""FHIR dates as ranges of instants, compared with what Python's own datetime says."""

import math
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from healthspace.fhir.dates import FOREVER, instants_of, period_of

moments = st.datetimes(datetime(2, 1, 1), datetime(9998, 1, 1), timezones=st.just(UTC))
zones = st.integers(-14 * 60 + 1, 14 * 60 - 1).map(lambda minutes: timezone(timedelta(minutes=minutes)))


def seconds(moment: datetime) -> float:
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()


@pytest.mark.parametrize(
    ("text", "first", "after"),
    [
        ("2024", datetime(2024, 1, 1, tzinfo=UTC), datetime(2025, 1, 1, tzinfo=UTC)),
        ("2023", datetime(2023, 1, 1, tzinfo=UTC), datetime(2024, 1, 1, tzinfo=UTC)),
        ("2024-02", datetime(2024, 2, 1, tzinfo=UTC), datetime(2024, 3, 1, tzinfo=UTC)),
        ("2023-12", datetime(2023, 12, 1, tzinfo=UTC), datetime(2024, 1, 1, tzinfo=UTC)),
        ("2024-02-29", datetime(2024, 2, 29, tzinfo=UTC), datetime(2024, 3, 1, tzinfo=UTC)),
        ("2024-02-29T10:30", datetime(2024, 2, 29, 10, 30, tzinfo=UTC), datetime(2024, 2, 29, 10, 31, tzinfo=UTC)),
        ("2024-02-29T10:30:05Z", datetime(2024, 2, 29, 10, 30, 5, tzinfo=UTC), datetime(2024, 2, 29, 10, 30, 6, tzinfo=UTC)),
        ("2024-02-29T10:30:05.25+02:00", datetime(2024, 2, 29, 8, 30, 5, 250000, UTC), datetime(2024, 2, 29, 8, 30, 5, 251000, UTC)),
    ],
)
def test_a_date_covers_its_whole_precision(text: str, first: datetime, after: datetime) -> None:
    found = instants_of(text)
    assert found is not None
    assert found == (seconds(first), pytest.approx(seconds(after) - 0.001, abs=1e-5))


@pytest.mark.parametrize(
    "text",
    ["", "24", "2024-13", "2024-02-30", "2023-02-29", "2024-02-29T", "2024-02-29T10", "2024-02-29T24:01:00Z", "2024-2-9", "٢٠٢٤", "2024 ",
     "2024-02-29T10:30:00+15:00", "2024-02-29T10:30:00+01", "0000", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "yesterday"],
)  # fmt: skip
def test_what_is_no_date_or_no_instant_of_the_calendar_is_told_apart(text: str) -> None:
    assert instants_of(text) is None


@pytest.mark.parametrize("text", ["0001", "0001-01-01", "9999", "9999-12-31", "9999-12-31T23:59:59.999Z"])
def test_the_ends_of_the_calendar_are_dates_that_a_clock_can_follow(text: str) -> None:
    found = instants_of(text)
    assert found is not None
    assert all(datetime.fromtimestamp(instant, UTC) for instant in found)


@given(moments, zones)
def test_a_full_instant_is_read_as_python_reads_it(moment: datetime, zone: timezone) -> None:
    local = moment.astimezone(zone)
    found = instants_of(local.isoformat(timespec="microseconds"))
    assert found is not None
    assert found[0] == pytest.approx(seconds(moment), abs=1e-4)


@given(st.datetimes(datetime(1850, 1, 1), datetime(2150, 1, 1), timezones=st.just(UTC)), st.integers(1, 12))
def test_more_digits_of_a_fraction_never_move_it_to_another_second(moment: datetime, digits: int) -> None:
    whole = moment.replace(microsecond=0)
    found = instants_of(whole.strftime("%Y-%m-%dT%H:%M:%S").rjust(19, "0") + "." + "9" * digits + "Z")
    assert found is not None
    assert seconds(whole) <= found[0] < seconds(whole) + 1


@given(moments)
def test_a_shorter_date_covers_a_longer_one(moment: datetime) -> None:
    text = moment.strftime("%Y-%m-%dT%H:%M:%S").rjust(19, "0")
    spans = [instants_of(text[:length]) for length in (4, 7, 10, 16, 19)]
    for wide, narrow in pairwise(spans):
        assert wide is not None
        assert narrow is not None
        assert wide[0] <= narrow[0] <= narrow[1] <= wide[1] + 1e-6


@given(st.text())
def test_reading_a_date_never_fails(text: str) -> None:
    found = instants_of(text)
    assert found is None or all(map(math.isfinite, found))


def test_a_period_without_an_end_is_open() -> None:
    assert period_of("2024", None) == (seconds(datetime(2024, 1, 1, tzinfo=UTC)), FOREVER)
    assert period_of(None, "2024") == (-FOREVER, pytest.approx(seconds(datetime(2025, 1, 1, tzinfo=UTC)) - 0.001))
    assert period_of(None, None) is period_of("soon", "") is None
