"""The national health identity: shape, control key, what is tolerated where."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from healthspace.base.errors import Invalid
from healthspace.identity.ins import DEMO, NIA, NIR, REAL_SYSTEMS, SYSTEMS, TEST, Ins, check_key, control_key, key_is_right, read_ins

thirteens = st.from_regex(r"[12][0-9]{2}(0[1-9]|1[0-2])([0-9]{2}|2A|2B)[0-9]{6}", fullmatch=True)


@pytest.mark.parametrize(
    ("value", "right"),
    [
        ("255081416802538", True),  # the example of every French textbook: 2 55 08 14 168 025, key 38
        ("255081416802539", False),
        ("27903511890162", False),
        ("", False),
        ("955081416802538", False),
    ],
)
def test_the_key_is_97_minus_the_number_modulo_97(value: str, right: bool) -> None:
    assert key_is_right(value) is right


def test_corsica_counts_as_19_and_18() -> None:
    assert control_key("1800120A04001"[:5] + "2A0040010"[:8]) == f"{97 - int('1800119004001') % 97:02d}"
    assert control_key("180012B004001") == f"{97 - int('1800118004001') % 97:02d}"


@given(thirteens)
def test_a_computed_key_is_right_and_any_other_is_wrong(thirteen: str) -> None:
    key = control_key(thirteen)
    assert key_is_right(thirteen + key)
    assert not any(key_is_right(thirteen + f"{other:02d}") for other in range(100) if f"{other:02d}" != key)


@given(thirteens, st.integers(0, 12), st.integers(1, 9))
def test_any_one_wrong_digit_is_found(thirteen: str, place: int, shift: int) -> None:
    if thirteen[place].isdigit():
        wrong = thirteen[:place] + str((int(thirteen[place]) + shift) % 10) + thirteen[place + 1 :]
        assert not key_is_right(wrong + control_key(thirteen))


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize("prefix", ["", "urn:oid:"])
def test_an_ins_is_read_with_or_without_the_prefix_of_its_system(system: str, prefix: str) -> None:
    assert read_ins(prefix + system, "2 55 08 14 168 025 38") == Ins(system, "255081416802538")


@pytest.mark.parametrize(
    ("system", "value"),
    [
        ("1.2.3", "255081416802538"),
        ("", "255081416802538"),
        (TEST, ""),
        (TEST, "25508141680253"),
        (TEST, "25508141680253é"),
        (TEST, "2" * 16),
    ],
)
def test_what_cannot_be_an_ins_is_refused_with_its_place(system: str, value: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_ins(system, value, "here")
    assert refused.value.place == "here"
    assert value not in refused.value.message or not value


@given(st.text(), st.text())
def test_reading_never_fails_with_anything_but_invalid(system: str, value: str) -> None:
    for asked in (system, TEST):
        try:
            ins = read_ins(asked, value)
        except Invalid:
            continue
        assert len(ins.value) == 15


@pytest.mark.parametrize("system", [NIR, NIA])
def test_a_wrong_key_is_refused_on_a_real_system(system: str) -> None:
    with pytest.raises(Invalid):
        check_key(Ins(system, "255081416802539"), lenient=False)
    assert check_key(Ins(system, "255081416802538"), lenient=False) is None


@pytest.mark.parametrize("system", [TEST, DEMO])
def test_a_wrong_key_is_a_warning_on_a_test_system(system: str) -> None:
    warning = check_key(Ins(system, "255081416802539"), lenient=False)
    assert warning
    assert "255081416802539" not in warning


def test_a_demonstration_only_warns_on_every_system() -> None:
    assert all(check_key(Ins(system, "255081416802539"), lenient=True) for system in REAL_SYSTEMS)
