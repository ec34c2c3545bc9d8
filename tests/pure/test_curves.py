"""One curve per analyte across laboratories; a conversion is right or there is none."""

from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from healthspace.profile.analytes import ANALYTES
from healthspace.profile.convert import Unit, convert, unit_of
from healthspace.profile.curves import (
    Curve,
    by_curve,
    curve_key,
    draw_curve_of,
    draw_series,
    makes_point,
    moment_of,
    series_of,
    tally,
)
from healthspace.profile.merge import Merged, merge
from healthspace.profile.ranges import Position
from healthspace.terminology.uris import LOINC
from tests.pure.facts import a_fact, a_result, concept
from tests.pure.results import draw_curves, some_results


def one_curve(*observations: dict[str, Any]) -> Curve:
    (curve,) = draw_curves(observations)
    return curve


@pytest.mark.parametrize(
    ("mass", "molar", "unit", "other", "factor"),
    [  # factors of the SI conversion tables of clinical chemistry
        ("2345-7", "14749-6", "g/L", "mmol/L", 5.55),
        ("1558-6", "14771-0", "g/L", "mmol/L", 5.55),
        ("53049-3", "40193-5", "g/L", "mmol/L", 5.55),
        ("2160-0", "14682-9", "mg/L", "umol/L", 8.84),
        ("2093-3", "14647-2", "g/L", "mmol/L", 2.586),
        ("2085-9", "14646-4", "g/L", "mmol/L", 2.586),
        ("2571-8", "14927-8", "g/L", "mmol/L", 1.129),
        ("3084-1", "14933-6", "mg/L", "umol/L", 5.948),
        ("3091-6", "22664-7", "g/L", "mmol/L", 16.65),
        ("17861-6", "2000-8", "mg/L", "mmol/L", 0.02495),
        ("1975-2", "14631-6", "mg/L", "umol/L", 1.7104),
        ("1989-3", "14635-7", "ng/mL", "nmol/L", 2.496),
        ("2132-9", "14685-2", "pg/mL", "pmol/L", 0.7378),
        ("3024-7", "14920-3", "pg/mL", "pmol/L", 1.287),
        ("2986-8", "14913-8", "ng/mL", "nmol/L", 3.467),
        ("2143-6", "14675-3", "ng/mL", "nmol/L", 2.759),
    ],
)
def test_mass_and_amount_of_one_analyte_make_one_curve(mass: str, molar: str, unit: str, other: str, factor: float) -> None:
    curve = one_curve(a_result(mass, 10.0, unit, "2023-01-01"), a_result(molar, 12.0, other, "2024-01-01", source="b"))
    assert curve.unit.code == other
    assert [point.value for point in curve.drawn] == [pytest.approx(10 * factor, rel=2e-3), 12.0]
    assert not curve.broken
    assert [point.own_value for point in curve.points] == [10.0, 12.0]


@pytest.mark.parametrize(("value", "unit"), [(0.9, "g/L"), (90, "mg/dL"), (0.09, "g/dL"), (900, "mg/L"), (900, "ug/mL")])
def test_all_mass_concentrations_are_one(value: float, unit: str) -> None:
    curve = one_curve(a_result("2345-7", value, unit, "2023-01-01"), a_result("2345-7", 1.0, "g/L", "2024-01-01", source="b"))
    assert curve.points[0].value == pytest.approx(0.9)


def test_fasting_and_casual_glucose_are_two_things() -> None:
    assert {curve.key for curve in draw_curves([a_result("2345-7", 1, "g/L"), a_result("1558-6", 1, "g/L")])} == {
        "glucose",
        "glucose-fasting",
    }


def test_haemoglobin_in_moles_is_not_converted() -> None:
    curves = draw_curves([a_result("718-7", 13, "g/dL"), a_result("59260-0", 8, "mmol/L", source="b")])
    assert len(curves) == 2


@pytest.mark.parametrize(("ifcc", "percent"), [(42, 6.0), (48, 6.5), (53, 7.0), (64, 8.0)])
def test_hba1c_follows_the_master_equation_and_never_the_percent_sign(ifcc: float, percent: float) -> None:
    curve = one_curve(a_result("59261-8", ifcc, "mmol/mol", "2023-01-01"), a_result("4548-4", 7.1, "%", "2024-01-01", source="b"))
    assert curve.points[0].value == pytest.approx(percent, abs=0.06)
    assert convert(ifcc, Unit("mmol/mol", ""), Unit("%", "")) is None


def test_equivalents_of_calcium_are_half_moles() -> None:
    curve = one_curve(a_result("2000-8", 5.0, "meq/L", "2023-01-01"), a_result("2000-8", 2.4, "mmol/L", "2024-01-01", source="b"))
    assert curve.points[0].value == 2.5
    assert convert(5.0, Unit("meq/L", ""), Unit("mmol/L", "")) is None


def test_what_does_not_convert_breaks_the_line_and_stays_in_the_table() -> None:
    curve = one_curve(
        a_result("2345-7", 0.9, "g/L", "2022-01-01"),
        a_result("2345-7", 3.0, "{index}", "2023-01-01", source="b"),
        a_result("2345-7", 1.0, "g/L", "2024-01-01", source="c"),
    )
    assert [(point.value, point.segment) for point in curve.points] == [(0.9, 0), (None, 1), (1.0, 1)]
    assert curve.points[1].own_value == 3.0
    assert curve.broken


def test_a_unit_that_nobody_calls_ucum_converts_to_nothing() -> None:
    plain = a_result("2345-7", 0.9, "g/L", "2023-01-01")
    plain["valueQuantity"] = {"value": 90, "unit": "mg/dL"}
    curve = one_curve(plain, a_result("2345-7", 1.0, "g/L", "2024-01-01", source="b"))
    assert curve.points[0].value is None


def test_another_method_breaks_the_line() -> None:
    curve = one_curve(
        a_result("33914-3", 70, "mL/min", "2022"), a_result("62238-1", 75, "mL/min", "2023"), a_result("62238-1", 74, "mL/min", "2024")
    )
    assert [(point.method, point.segment) for point in curve.points] == [("MDRD", 0), ("CKD-EPI 2009", 1), ("CKD-EPI 2009", 1)]


def test_a_method_that_one_result_does_not_name_breaks_nothing() -> None:
    curve = one_curve(a_result("1988-5", 4, "mg/L", "2022"), a_result("30522-7", 4, "mg/L", "2023"))
    assert not curve.broken


def test_each_point_is_judged_by_its_own_laboratory() -> None:
    curve = one_curve(
        a_result("2345-7", 1.2, "g/L", "2022", within=(0.7, 1.1)),
        a_result("14749-6", 5.9, "mmol/L", "2023", within=(3.9, 6.1), source="b"),
        a_result("14749-6", 9.9, "mmol/L", "2024", source="c"),
    )
    assert [point.position for point in curve.points] == [Position.HIGH, Position.INSIDE, Position.UNKNOWN]
    assert curve.points[0].bounds.high == pytest.approx(6.106, abs=0.001)
    counted = tally(curve.points)
    assert (counted.total, counted.ranged, counted.inside) == (3, 2, 1)


@pytest.mark.parametrize(
    ("value", "comparator", "within", "position"),
    [
        (5.0, "<", (None, 5.0), Position.INSIDE),
        (5.0, "<", (0.0, 10.0), Position.INSIDE),
        (5.0, "<", (2.0, 10.0), Position.UNKNOWN),
        (2.0, "<", (2.0, 10.0), Position.LOW),
        (90.0, ">", (60.0, None), Position.INSIDE),
        (10.0, ">", (2.0, 10.0), Position.HIGH),
        (5.0, ">", (2.0, 10.0), Position.UNKNOWN),
        (5.0, "", (5.0, 10.0), Position.INSIDE),
    ],
)
def test_a_bounded_result_is_judged_by_all_that_it_may_be(
    value: float, comparator: str, within: tuple[float | None, float | None], position: Position
) -> None:
    assert one_curve(a_result("1988-5", value, "mg/L", within=within, comparator=comparator)).last.position is position


def test_a_range_in_another_unit_is_not_the_laboratorys_number() -> None:
    result = a_result("1988-5", 50, "mg/L")
    result["referenceRange"] = [{"high": {"value": 5, "unit": "mmol/L", "system": "http://unitsofmeasure.org", "code": "mmol/L"}}]
    assert one_curve(result).last.position is Position.UNKNOWN


def test_one_report_that_states_a_value_in_both_units_makes_one_point() -> None:
    curve = one_curve(a_result("2345-7", 1.0, "g/L"), a_result("14749-6", 5.55, "mmol/L"))
    assert len(curve.points) == 1


def test_words_have_no_place_on_a_curve_and_keep_theirs_in_the_table() -> None:
    text = a_fact(
        "Observation", status="final", code=concept(("http://loinc.org", "5778-6")), effectiveDateTime="2024-01-01", valueString="Jaune"
    )
    assert [(point.words, point.value) for point in one_curve(text).points] == [("Jaune", None)]


def test_no_code_stands_for_two_analytes() -> None:
    codes = [code for analyte in ANALYTES for code in analyte.codes]
    assert len(codes) == len(set(codes))


units = st.sampled_from(["g/L", "mg/dL", "mg/L", "ug/mL", "mmol/L", "umol/L", "nmol/mL"])


@given(
    st.floats(min_value=1e-3, max_value=1e5),
    units,
    units,
    st.sampled_from([analyte.molar_mass for analyte in ANALYTES if analyte.molar_mass]),
)
def test_a_conversion_and_back_changes_nothing(value: float, unit: str, other: str, mass: float) -> None:
    there = convert(value, Unit(unit, ""), Unit(other, ""), mass)
    assert there is not None
    assert convert(there, Unit(other, ""), Unit(unit, ""), mass) == pytest.approx(value, rel=1e-9)


def test_one_curve_alone_is_the_one_among_all() -> None:
    results = [a_result("2345-7", 1.2, "g/L", "2022-01-01"), a_result("718-7", 13.0, "g/dL"), a_result("14749-6", 5.0, "mmol/L")]
    for curve in draw_curves(results):
        assert draw_curve_of(by_curve(results), ("no such", curve.key)) == curve
    assert draw_curve_of(by_curve(results), ("no such",)) is None


def test_a_curve_is_made_of_its_own_results_whatever_those_of_others_say() -> None:
    both = concept((LOINC, "2345-7"), ("urn:local", "GLU"))
    told = a_result("2345-7", 1.2, "g/L") | {"code": both}
    again = a_result("2345-7", 1.2, "g/L", source="b") | {"code": concept(("urn:local", "GLU"))}
    third = a_result("2345-7", 1.2, "g/L", source="c")
    curves = {curve.key: curve for curve in draw_curves([told, again, third])}
    assert {key: [point.fact.sources for point in curve.points] for key, curve in curves.items()} == {
        "glucose": [("DocumentReference/a", "DocumentReference/c")],
        "code-urn%3Alocal%7CGLU": [("DocumentReference/b",)],
    }


@pytest.mark.parametrize("seed", range(20))
def test_where_no_result_has_two_codes_each_curve_holds_what_merging_all_results_gives(seed: int) -> None:
    draw = Random(seed)
    results = [one for one in some_results(draw, ["a", "b", "c", ""], 150) if len(one.get("code", {}).get("coding", ())) < 2]
    facts: dict[str, list[Merged]] = {}
    for fact in merge(results):
        if makes_point(fact.resource):
            facts.setdefault(curve_key(fact.resource), []).append(fact)
    assert {series.key: [fact for _, fact in series.facts] for series in series_of(by_curve(results))} == {
        key: sorted(group, key=lambda fact: moment_of(fact.resource)) for key, group in facts.items()
    }


def test_panels_and_what_says_nothing_positive_make_no_curve() -> None:
    panel = a_fact("Observation", status="final", code=concept((LOINC, "18719-5")), effectiveDateTime="2024-01-01")
    assert by_curve([panel, a_result("2345-7", 1.2, "g/L") | {"status": "entered-in-error"}, a_fact("Condition")]) == {}


@pytest.mark.parametrize(
    ("written", "code"),
    [("µg/L", "ug/L"), ("μmol/L", "umol/L"), ("UI/L", "[IU]/L"), ("mUI/mL", "m[IU]/mL"), ("mmHg", "mm[Hg]"), ("°C", "Cel")],
)
def test_a_unit_as_it_is_printed_is_the_unit_that_ucum_codes(written: str, code: str) -> None:
    assert unit_of({"value": 1, "unit": written}) == Unit(code, written)
    assert convert(5.0, Unit(code, code), unit_of({"unit": written})) == 5.0


@pytest.mark.parametrize("written", ["UI Hyland/mL", "u/L", "unités", "mg %", "index", "", "µ"])
def test_words_that_are_no_printed_unit_stay_words(written: str) -> None:
    assert unit_of({"value": 1, "unit": written}) == Unit(None, written)


def test_what_is_listed_of_a_curve_that_is_not_drawn_is_its_last_point() -> None:
    results = [
        a_result("2345-7", 0.9, "g/L", "2024-01-01", within=(0.7, 1.1)),
        a_result("14749-6", 9.0, "mmol/L", "2024-02-01", source="b", within=(3.9, 6.1)),
        a_result("2823-3", 4.1, "mmol/L", "2024-03-01", within=(3.5, 5.1)),
        a_result("2823-3", 5.9, "mmol/L", "2023-03-01", within=(3.5, 5.1)),
        a_result("2823-3", 5.8, "mmol/L", "", within=(3.5, 5.1)),
    ]
    listed, curves = series_of(by_curve(results)), draw_curves(results)
    assert [(one.key, one.name) for one in listed] == [(curve.key, curve.name) for curve in curves]
    for one, curve in zip(listed, curves, strict=True):
        assert draw_series(one) == curve
        assert (one.last.time, one.last.position, one.last.own_value) == (curve.last.time, curve.last.position, curve.last.own_value)
    assert [one.last.position for one in listed] == [Position.INSIDE, Position.HIGH]
