"""UCUM: known conversions, dimensions that never mix, and nothing that hangs."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from healthspace.fhir.ucum import LONGEST_CODE, METRIC, PLAIN, PREFIXES, SPECIAL, canonical

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
    (1, "10*3{Copies}/mL", 1000, "{Copies}/mL"),
    (1, "U/10*12{RBCs}", 1, "U/10*12"),
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
    (1, "[MET]", 3.5, "mL/min/kg"),
    (1, "lm", 1, "cd.sr"),
    (1, "lx", 1, "lm/m2"),
    (1, "g%", 1, "g/dL"),
    (100, "g/(24.h)", 100, "g/d"),
    (1, "/uL", 1, "10*6/L"),
    (1, "ug/kg/min", 1, "ug.kg-1.min-1"),
    (1, "[wood'U]", 1, "mm[Hg].min/L"),
    (1, "[PRU]", 1, "mm[Hg].s/mL"),
    (10, "cm[H2O]", 0.980665, "kPa"),
    (1, "atm", 760, "mm[Hg]"),
    (1, "kcal", 1, "[Cal]"),
    (1, "Gy", 100, "RAD"),
    (1, "Ci", 37, "GBq"),
    (1, "[oz_av]", 1 / 16, "[lb_av]"),
    (1, "[lb_ap]", 12, "[oz_ap]"),
    (1, "[pwt_tr]", 24, "[gr]"),
    (1, "[gal_us]", 128, "[foz_us]"),
    (1, "[foz_us]", 480, "[min_us]"),
    (1, "[gal_br]", 4, "[qt_br]"),
    (1, "[foz_br]", 480, "[min_br]"),
    (3937, "[ft_us]", 1200, "m"),
    (1, "[mi_us]", 5280, "[ft_us]"),
    (180, "deg", 0.5, "circ"),
    (1, "MiBy", 8192, "Kibit"),
    (-40, "Cel", -40, "[degF]"),
    (80, "[degRe]", 100, "Cel"),
    (9, "[degR]", 5, "K"),
    (1, "B[SPL]", 10, "dB[SPL]"),
]
APART = [("mmol/L", "mg/dL"), ("g", "m"), ("[IU]/L", "U/L"), ("[pH]", "1"), ("mol", "1"), ("/min", "min"), ("osm", "mol"), ("dB", "1")]
ALSO_APART = [("lm", "cd"), ("Gy", "Bq"), ("[HPF]", "[LPF]"), ("[arb'U]", "[IU]"), ("B[SPL]", "dB"), ("[CFU]", "[PFU]")]


@pytest.mark.parametrize(("one", "unit", "other", "other_unit"), SAME)
def test_the_same_quantity_in_two_units_is_one_value(one: float, unit: str, other: float, other_unit: str) -> None:
    left, right = canonical(unit), canonical(other_unit)
    assert left is not None
    assert right is not None
    assert left.code == right.code
    assert one * left.factor + left.offset == pytest.approx(other * right.factor + right.offset, rel=1e-5)


@pytest.mark.parametrize(("one", "other"), [*APART, *ALSO_APART])
def test_what_does_not_convert_stays_apart(one: str, other: str) -> None:
    left, right = canonical(one), canonical(other)
    assert left is not None
    assert right is not None
    assert left.code != right.code


@pytest.mark.parametrize("code", sorted({*METRIC, *PLAIN, *SPECIAL}))
def test_every_unit_of_the_table_is_read(code: str) -> None:
    unit = canonical(code)
    assert unit is not None
    assert unit.factor > 0


@given(st.sampled_from(sorted(PREFIXES)), st.sampled_from(sorted(METRIC)))
def test_a_prefix_multiplies_a_unit_that_takes_one(prefix: str, code: str) -> None:
    plain, prefixed = canonical(code), canonical(prefix + code)
    if prefix + code in METRIC or prefix + code in PLAIN or clashes(prefix, code):
        return
    assert plain is not None
    assert prefixed is not None
    assert (prefixed.code, prefixed.factor) == (plain.code, pytest.approx(PREFIXES[prefix] * plain.factor, rel=1e-10))


def clashes(prefix: str, code: str) -> bool:
    """`dar` may be a deci-are or a deca-R: UCUM takes the shorter prefix."""
    return len(prefix) == 2 and prefix[0] in PREFIXES and prefix[1:] + code in METRIC


@given(st.sampled_from(sorted(PLAIN)))
def test_a_unit_that_takes_no_prefix_has_none(code: str) -> None:
    if f"m{code}" not in PLAIN and f"m{code}" not in METRIC and not code.startswith(("'", "%")):
        assert canonical(f"m{code}") is None


UNITS = st.sampled_from(["g", "mol", "L", "m", "s", "[IU]", "kg", "mm[Hg]", "10*3", "U", "%", "Cel", "[pH]"])


@given(UNITS, UNITS)
def test_what_is_divided_by_itself_leaves_only_the_rest(one: str, other: str) -> None:
    whole, rest = canonical(f"{one}.{other}/({other})"), canonical(f"{one}.1")
    assert whole is not None
    assert rest is not None
    assert (whole.code, whole.factor) == (rest.code, pytest.approx(rest.factor, rel=1e-10))


@given(UNITS, UNITS, st.text(alphabet="!#abc'0", max_size=8))
def test_neither_order_nor_remarks_in_braces_change_a_unit(one: str, other: str, remark: str) -> None:
    assert canonical(f"{one}.{other}") == canonical(f"{other}.{one}")
    if "10*" not in one:
        assert canonical(f"{one}{{{remark}}}/L") == canonical(f"{one}/L")


@pytest.mark.parametrize(
    "code", ["", "x", "(", ")", "/(", "m(", "mg dL", "m" * 200, "é", "(" * 50 + "m" + ")" * 50, "m99", "m/", ".", "10*999", "{"]
)
def test_what_is_no_unit_is_none(code: str) -> None:
    assert canonical(code) is None


@given(st.text(alphabet="mgLdcu./()[]{}0123456789*^-+IU%", max_size=60))
def test_whatever_is_written_is_a_unit_or_none(code: str) -> None:
    unit = canonical(code)
    assert unit is None or (0 < unit.factor < float("inf") and unit.code)


@given(st.text(max_size=120))
def test_any_text_is_a_unit_or_none(code: str) -> None:
    unit = canonical(code)
    assert unit is None or (code.isascii() and len(code) <= LONGEST_CODE)


@pytest.mark.parametrize(
    "code",
    [
        "(" * 200_000,
        "m." * 100_000 + "m",
        "[" * 200_000,
        "{" * 99 + "}",
        "Ym60." * 19 + "Ym60",
        "10*60." * 16 + "m",
        "ym60." * 19 + "ym60",
        "9" * 200_000,
        "m" + "9" * 200_000,
        "m\x00",
        "\ud800",
        "m\n",
        "m²",
        "m٣",
        "10*٣",
        "0",
        "1/0",
    ],
)
def test_hostile_text_is_refused_at_once(code: str) -> None:
    began = time.monotonic()
    assert canonical(code) is None
    assert time.monotonic() - began < 0.5
