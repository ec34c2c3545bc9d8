"""JSON as FHIR wants it: numbers keep how they were written, no key stands twice, and hostile text is refused quickly."""

import copy
import json
import pickle
import time
from typing import Any

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from healthspace.base.errors import Malformed
from healthspace.fhir.exact_json import DEEPEST, ExactNumber, copy_json, read_json, write_json

NUMBERS = st.from_regex(r"-?(0|[1-9][0-9]{0,30})(\.[0-9]{1,25})?([eE][+-]?[0-9]{1,2})?", fullmatch=True)
TEXTS = st.text(st.sampled_from('ab"\\:,[]{} \n1.0é'), max_size=12)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**6), 10**6) | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
)


def refusal_of(text: bytes) -> Malformed:
    with pytest.raises(Malformed) as caught:
        read_json(text)
    return caught.value


@given(st.lists(NUMBERS, max_size=8))
@example(["1.00", "1e2", "0.10", "-0", "-0.0", "1E+2", "1e-05", "1e+16", "1e16", "0.00001", "123456789012345678901234567890"])
@example(["9007199254740993", "-9223372036854775809", "18446744073709551615", "18446744073709551616", "0.1234567890123456789", "1.5e-9"])
def test_every_number_is_written_as_it_was_read(numbers: list[str]) -> None:
    text = ("[" + ",".join(numbers) + "]").encode()
    assert write_json(read_json(text)) == text


@given(NUMBERS)
def test_a_number_that_stands_alone_keeps_its_text(number: str) -> None:
    assert write_json(read_json(f" {number}\n".encode())) == number.encode()


@given(VALUES)
def test_other_values_are_what_the_standard_library_reads(value: Any) -> None:
    for text in (json.dumps(value), json.dumps(value, indent=2, ensure_ascii=False), json.dumps(value, separators=(" , ", " : "))):
        assert read_json(text.encode()) == json.loads(text)


@given(VALUES)
def test_what_is_written_is_read_again(value: Any) -> None:
    assert read_json(write_json(value)) == value
    assert read_json(write_json(value, pretty=True)) == value


def test_integers_beyond_the_doubles_stay_exact() -> None:
    assert read_json(b"[9007199254740993]") == [9007199254740993]


def test_a_pretty_text_keeps_its_numbers_too() -> None:
    assert write_json(read_json(b'{"value":1.00}'), pretty=True) == b'{\n  "value": 1.00\n}'


def test_an_exact_number_counts_as_its_value_and_survives_copies() -> None:
    number = read_json(b"1.00")
    assert number == 1
    for copied in (copy.deepcopy(number), pickle.loads(pickle.dumps(number)), copy_json([number])[0]):
        assert isinstance(copied, ExactNumber)
        assert copied.text == "1.00"


@given(VALUES)
def test_a_copy_shares_nothing_that_can_change(value: Any) -> None:
    copied = copy_json([value])
    assert copied == [value]
    assert copied[0] is not value or not isinstance(value, dict | list)


def test_a_value_that_is_no_json_cannot_be_written() -> None:
    with pytest.raises(TypeError):
        write_json({"value": object()})


def test_a_byte_order_mark_is_tolerated_once() -> None:
    assert read_json(b"\xef\xbb\xbf{}") == {}
    assert refusal_of(b"\xef\xbb\xbf\xef\xbb\xbf{}")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (b"", "line 1, column 1"),
        (b'{"a":\n  tru}', "line 2, column 3"),
        (b"[1,]", "line 1, column 3"),
        (b"NaN", "line 1, column 1"),
        (b"[Infinity]", "line 1, column 2"),
        (b"[1e999]", "line 1, column 2"),
        (b'["\\ud800"]', "line 1, column 3"),
    ],
)
def test_the_place_of_what_is_no_json_is_told(text: bytes, place: str) -> None:
    assert refusal_of(text).place == place


@pytest.mark.parametrize(
    "text",
    [
        b'"\xed\xa0\x80"',
        b"\xff\xfe{\x00}\x00",
        b'"\x00"',
        b'"a\nb"',
        b"{'a':1}",
        b"{} {}",
        b"01",
        b"+1",
        b".5",
        b"1.",
        b"[" + b"1" * 5000 + b"]",
    ],
)
def test_what_only_resembles_json_is_refused(text: bytes) -> None:
    assert refusal_of(text).message == "this is not well-formed JSON"


@given(st.binary(max_size=40) | st.text(st.sampled_from('{}[]":,\\ntrue0.e-u'), max_size=40).map(str.encode))
def test_any_bytes_are_read_or_refused(text: bytes) -> None:
    try:
        value = read_json(text)
    except Malformed as error:
        assert error.place is not None
        assert error.place.startswith("line ")
    else:
        assert value == json.loads(text.removeprefix(b"\xef\xbb\xbf"))


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (b'{"a":1,"a":2}', "line 1, column 8"),
        (b'{"a":1,\n "a" :2}', "line 2, column 2"),
        (b'{"a":1,"\\u0061":2}', "line 1, column 8"),
        (b'{"b":{"a":1,"a":1},"c":{"a":"a"}}', "line 1, column 13"),
        (b'{"b":"\\"a\\":","a":1,"a":1}', "line 1, column 21"),
        (b'{"b":{"a":1},"a":[{"a":1}],"a":1}', "line 1, column 28"),
    ],
)
def test_a_key_that_stands_twice_is_refused_with_its_place(text: bytes, place: str) -> None:
    error = refusal_of(text)
    assert error.message == "the key a stands twice in one object"
    assert error.place == place


@given(st.dictionaries(TEXTS, VALUES, min_size=1, max_size=4), TEXTS, st.data())
def test_a_key_that_stands_twice_is_found_wherever_it_is(members: dict[str, Any], other: str, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(members)))
    written = ",".join(f"{json.dumps(key)}:{json.dumps(value)}" for key, value in members.items())
    twice = f"{{{written},{json.dumps(name)} :null}}"
    assert "twice" in refusal_of(f"[{json.dumps({other: [1]})},{twice}]".encode()).message


def test_the_name_of_a_double_key_is_shown_without_markup() -> None:
    assert refusal_of(b'{"<b> \\n":1,"<b> \\n":2}').message == "the key b stands twice in one object"


@pytest.mark.parametrize("deep", [DEEPEST + 1, 1000, 1030, 10_000, 1_000_000])
@pytest.mark.parametrize(("opening", "closing"), [(b"[", b"]"), (b'{"a":', b"}"), (b'[{"]":', b"}]")])
def test_deep_nesting_is_refused(deep: int, opening: bytes, closing: bytes) -> None:
    for text in (opening * deep + b"1" + closing * deep, opening * deep):
        assert refusal_of(text).message == f"objects and lists are nested more than {DEEPEST} deep"


def test_the_place_of_deep_nesting_is_that_of_the_first_bracket_too_many() -> None:
    assert refusal_of(b"[\n" * 101 + b"]" * 101).place == "line 101, column 1"


@given(st.integers(90, 110), st.sampled_from([b'"]"', b'"[{"', b'"\\"]"', b'"\\\\"', b'"\\\\\\"}]"']))
def test_brackets_in_strings_do_not_count_as_nesting(deep: int, string: bytes) -> None:
    text = (b"[" + string + b",") * deep + string + b"]" * deep
    if deep <= DEEPEST:
        assert read_json(text) == orjson.loads(text)
    else:
        assert "nested" in refusal_of(text).message


def test_many_brackets_side_by_side_are_no_nesting() -> None:
    assert read_json(b"[" + b"{}," * 1000 + b"[]]") == [*[{}] * 1000, []]


@pytest.mark.parametrize(
    "text",
    [
        json.dumps({"a": "x" * 4_000_000, 'b\\":': 1}).encode(),
        json.dumps({"a": "\\" * 2_000_000}).encode(),
        b'{"a":"' + b'\\"' * 2_000_000,
        b'{"a":"' + b'\\"' * 2_000_000 + b"\\",
        b'"' * 2_000_000,
        b"[" * 2_000_000,
        b'{"a"' + b" " * 4_000_000 + b":1}",
        b'{"a":1' + b" " * 4_000_000 + b',"a" : 1}',
        json.dumps({str(number): 1 for number in range(100_000)})[:-1].encode() + b',"99999":1}',
        b"[" + b"1.00," * 200_000 + b"1]",
        b"[" + b"9" * 2_000_000 + b"]",
    ],
    ids=range(11),
)
def test_hostile_text_takes_no_long_time(text: bytes) -> None:
    began = time.perf_counter()
    try:
        read_json(text)
    except Malformed as error:
        assert len(error.message) < 120
    assert time.perf_counter() - began < 5
