"""Charts: golden drawings, shapes for what colours say, nothing from a record unescaped."""

import re
import xml.etree.ElementTree as ET
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from healthspace.edge.portal.charts import HEIGHT, WIDTH, Chart, Mark, Series, choose_steps, draw, draw_spark, write_number
from tests.golden_files import same_as_golden

DAY = 86400.0
TICKS = ((0.0, "janv. 25"), (100 * DAY, "avr. 25"), (300 * DAY, "oct. 25"))
MARKS = (
    Mark(0.0, 7.4, out=True, low=4, high=6),
    Mark(100 * DAY, 5.9, low=4, high=6),
    Mark(200 * DAY, 5.0, comparator="<", low=4, high=5.7, segment=1),
    Mark(300 * DAY, 6.6, out=True, comparator=">", segment=1),
)
CHART = Chart("curve", "HbA1c", "De 7,4 % à 6,6 %.", "%", (Series(MARKS),), TICKS, "non comparable")
PAIR = Chart(
    "pressure",
    "Tension artérielle",
    "De 132/84 à 124/78 mmHg.",
    "mmHg",
    (Series((Mark(0, 132), Mark(DAY, 124)), "Systolique"), Series((Mark(0, 84), Mark(DAY, 78)), "Diastolique")),
    ((0.0, "1 janv."), (DAY, "2 janv.")),
)


def test_a_curve_is_drawn_as_it_was_last_looked_at() -> None:
    assert same_as_golden("charts/curve.svg", draw(CHART).encode())


def test_two_series_are_drawn_as_they_were_last_looked_at() -> None:
    assert same_as_golden("charts/pressure.svg", draw(PAIR).encode())


def test_a_chart_has_a_role_a_title_and_a_description() -> None:
    drawn = ET.fromstring(draw(CHART))
    assert drawn.get("role") == "img"
    assert drawn.get("aria-labelledby") == "curve-t curve-d"
    assert [drawn[0].text, drawn[1].text] == ["HbA1c", "De 7,4 % à 6,6 %."]


def test_out_of_range_is_a_shape_and_a_bound_an_arrow() -> None:
    svg = draw(CHART)
    assert len(re.findall(r'<path class="c-out"', svg)) == 1
    assert len(re.findall(r"<circle", svg)) == 1
    assert len(re.findall(r'<path class="c-pt s1', svg)) == 2


def test_a_line_never_crosses_a_break() -> None:
    svg = draw(CHART)
    assert len(re.findall(r'<path class="c-line s1"', svg)) == 2
    assert len(re.findall(r'class="c-break"', svg)) == 1
    assert "non comparable" in svg


def test_a_range_beside_the_values_is_seen() -> None:
    marks = tuple(Mark(number * DAY, value, out=True, low=4, high=6) for number, value in enumerate((8.2, 7.4, 6.8)))
    (first, *_) = re.findall(
        r'class="c-band" x="[\d.]+" y="[\d.]+" width="[\d.]+" height="([\d.]+)"', draw(replace(CHART, series=(Series(marks),)))
    )
    assert float(first) > 5


def test_nothing_is_drawn_of_nothing() -> None:
    assert draw(replace(CHART, series=(Series(()),))) == ""


numbers = st.floats(min_value=-1e5, max_value=1e6, allow_nan=False).map(lambda value: float(f"{value:.6g}"))
marks = st.builds(
    Mark,
    st.floats(min_value=0, max_value=2e9),
    numbers,
    st.booleans(),
    st.sampled_from(["", "<", ">="]),
    st.none() | numbers,
    st.none() | numbers,
    st.integers(0, 2),
)


@given(st.lists(marks, min_size=1, max_size=8), st.text(max_size=30).filter(lambda text: text.isprintable()))
def test_any_record_makes_well_formed_drawings_inside_their_frame(drawn: list[Mark], text: str) -> None:
    placed = tuple(sorted(drawn, key=lambda mark: mark.x))
    chart = Chart("c", text, text, text, (Series(placed, text),), tuple((mark.x, text) for mark in placed), text)
    svg = draw(chart)
    root = ET.fromstring(svg)
    assert root[0].text == (text or None)
    for circle in root.iter("circle"):
        assert 0 <= float(circle.get("cx", "-1")) <= WIDTH
        assert 0 <= float(circle.get("cy", "-1")) <= HEIGHT
    assert "nan" not in svg
    ET.fromstring(draw_spark(placed))


@given(st.lists(marks, min_size=1, max_size=8))
def test_the_axis_holds_every_value_with_few_round_steps(drawn: list[Mark]) -> None:
    steps = choose_steps(drawn)
    assert 2 <= len(steps) <= 9
    assert steps[0] <= min(mark.y for mark in drawn) + 1e-6
    assert steps[-1] >= max(mark.y for mark in drawn) - 1e-6


def test_numbers_are_short_and_never_scientific() -> None:
    assert [write_number(value) for value in (0.00012, 7.25, 120.0, 123456.0, 1e6)] == ["0,00012", "7,25", "120", "123456", "1000000"]
