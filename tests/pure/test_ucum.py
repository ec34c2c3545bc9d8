"""UCUM: known conversions, dimensions that never mix, and nothing that hangs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from healthspace.fhir.ucum import canonical

SAME = [
    (1, "g", 1000, "mg"),
    (1, "kg", 1000, "g"),
    (1, "mmol/L", 1000, "umol/L"),
    (1, "g/L", 100, "mg/dL"),
    (1, "L", 10, "dL"),
    (1, "h", 60, "min"),
    (1, "d", 24, "h"),
    (1, "wk", 7, "d"),
    (1, "10*9/L", 1, "10*3/uL"),
    (37, "Cel", 98.6, "[degF]"),
    (0, "Cel", 273.15, "K"),
    (1, "%", 0.01, "1"),
    (760, "mm[Hg]", 101.3247, "kPa"),
    (1, "[in_i]", 2.54, "cm"),
    (1, "[lb_av]", 453.59237, "g"),
    (1, "m[IU]/L", 1, "u[IU]/mL"),
    (1, "cal", 4.184, "J"),
    (60, "/min", 1, "Hz"),
    (1, "kat", 6e7, "U"),
    (1, "mL/min/{1.73_m2}", 1, "mL/min"),
    (1, "kg/m2", 1, "kg.m-2"),
    (1, "m3", 1000, "L"),
    (5, "meq/L", 5, "mmol/L"),
]
APART = [("mmol/L", "mg/dL"), ("g", "m"), ("[IU]/L", "U/L"), ("[pH]", "1"), ("mol", "1"), ("/min", "min"), ("osm", "mol"), ("dB", "1")]


@pytest.mark.parametrize(("one", "unit", "other", "other_unit"), SAME)
def test_the_same_quantity_in_two_units_is_one_value(one: float, unit: str, other: float, other_unit: str) -> None:
    left, right = canonical(unit), canonical(other_unit)
    assert left is not None
    assert right is not None
    assert left.code == right.code
    assert one * left.factor + left.offset == pytest.approx(other * right.factor + right.offset, rel=1e-5)


@pytest.mark.parametrize(("one", "other"), APART)
def test_what_does_not_convert_stays_apart(one: str, other: str) -> None:
    assert canonical(one).code != canonical(other).code


@pytest.mark.parametrize(
    "code", ["", "x", "(", ")", "/(", "m(", "mg dL", "m" * 200, "é", "(" * 50 + "m" + ")" * 50, "m99", "m/", ".", "10*999", "{"]
)
def test_what_is_no_unit_is_none(code: str) -> None:
    assert canonical(code) is None


@given(st.text(alphabet="mgLdcu./()[]{}0123456789*^-+IU%", max_size=60))
def test_whatever_is_written_is_a_unit_or_none(code: str) -> None:
    unit = canonical(code)
    assert unit is None or (unit.factor > 0 and unit.code)
