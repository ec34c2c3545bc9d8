"""The primitive types of R4: what each may hold, whatever the input."""

import base64
import datetime
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from healthspace.fhir.definitions import find_type
from healthspace.fhir.primitives import LONGEST_STRING, checks, is_xhtml

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
GOOD: dict[str, list[Any]] = {
    "base64Binary": ["AAAA", "QQ==", "AA AA\r\nQUI=", " AAAA "],
    "boolean": [True, False],
    "canonical": ["http://hl7.org/fhir/ValueSet/x|1.0", "#local"],
    "code": ["final", "a b c", "é", "<="],
    "date": ["2024", "2024-02", "2024-02-29", "0001-01-01", "9999-12-31"],
    "dateTime": [
        "2024",
        "2024-02",
        "2024-02-29",
        "2016-12-31T23:59:60Z",
        "2024-01-01T00:00:00.123456789+14:00",
        "2024-01-01T00:00:00-13:59",
    ],
    "decimal": [0, -1, 1.5, 10**30, 1e-10],
    "id": ["a", "A-1.b", "x" * 64],
    "instant": ["2024-02-29T00:00:00Z", "2015-02-07T13:28:17.239+02:00"],
    "integer": [0, -(2**31), 2**31 - 1],
    "markdown": ["# a\n\n* b\t\r\n"],
    "oid": ["urn:oid:1.2.250.1.71.4.2.1", "urn:oid:2.0"],
    "positiveInt": [1, 2**31 - 1],
    "string": ["a", " a ", "a\tb\r\nc", "\U0001f600", "a" * LONGEST_STRING],
    "time": ["00:00:00", "23:59:60", "12:00:00.5"],
    "unsignedInt": [0, 2**31 - 1],
    "uri": ["urn:oid:1.2", "http://é.lu/a?b#c"],
    "url": ["mailto:a@b.lu"],
    "uuid": ["urn:uuid:c757873d-ec9a-4326-a141-556f43239520"],
    "xhtml": ['<div xmlns="http://www.w3.org/1999/xhtml">a</div>'],
}
BAD: dict[str, list[Any]] = {
    "base64Binary": ["", " ", "A", "AA", "AAA", "AAAAA", "AA=A", "=AAA", "QQ===", "A-_A", "AAAA\x1c", "AAAÄ", "AAAA\x00"],
    "boolean": ["true", 1, 0, None],
    "canonical": ["", "a b"],
    "code": ["", " a", "a ", "a  b", "a\tb", "a\nb", "\x01", "a\ud800"],
    "date": [
        "",
        "24",
        "0000",
        "2024-13",
        "2024-00",
        "2023-02-29",
        "2024-04-31",
        "2024-01-00",
        "2024-1-1",
        "2024-01-01T00:00:00Z",
        "٢٠٢٤",
        "2024\n",
    ],
    "dateTime": [
        *("2024-01-01T00:00:00", "2024-01-01T00:00Z", "2024-01-01T24:00:00Z", "2024-01-01T00:00:00+15:00", "2024-01-01T00:60:00Z"),
        *(
            "2024-01-01 00:00:00Z",
            "2024-01-01t00:00:00z",
            "2024-01-01T00:00:61Z",
            "2023-02-29T00:00:00Z",
            "2024-01-01T00:00:00.Z",
            "2024-01T00:00:00Z",
        ),
    ],
    "decimal": [True, False, "1.0"],
    "id": ["", "a_b", "x" * 65, "a b", "a\n", "é"],
    "instant": ["2024", "2024-02-29", "2024-02-29T00:00:00", "2023-02-29T00:00:00Z"],
    "integer": [2**31, -(2**31) - 1, 1.0, 1.5, True, "1"],
    "markdown": ["", "\n", "a\x0b"],
    "oid": ["1.2.3", "urn:oid:", "urn:oid:3.1", "urn:oid:1", "urn:oid:1.02", "urn:oid:1.2."],
    "positiveInt": [0, -1, 2**31, True],
    "string": ["", " ", "\r\n\t", "a\x00", "a\x1f", "\ud800", "a\uffff", "a" * (LONGEST_STRING + 1)],
    "time": ["", "24:00:00", "12:00", "12:00:00Z", "12:60:00", "12:00:61"],
    "unsignedInt": [-1, 2**31, False],
    "uri": ["", "a b", "a\n", "\ud800"],
    "url": ["", "http://a b"],
    "uuid": [
        "urn:uuid:C757873D-EC9A-4326-A141-556F43239520",
        "c757873d-ec9a-4326-a141-556f43239520",
        "urn:uuid:c757873d",
        "urn:uuid:c757873dec9a4326a141556f43239520",
    ],
    "xhtml": ["", "a", "<p>a</p>", "<div>a</div>"],
}


def ascii_id(value: Any) -> str:
    return ascii(value)[:40]


def narrative(inner: str) -> str:
    return f'<div xmlns="http://www.w3.org/1999/xhtml">{inner}</div>'


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in GOOD.items() for value in values], ids=ascii_id)
def test_a_value_that_the_type_allows_is_accepted(name: str, value: Any) -> None:
    assert checks()[name](value)


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in BAD.items() for value in values], ids=ascii_id)
def test_a_value_that_the_type_forbids_is_refused(name: str, value: Any) -> None:
    assert not checks()[name](value)


def test_every_primitive_type_of_the_definitions_has_a_check() -> None:
    assert set(checks()) == set(GOOD) == set(BAD)
    for name in checks():
        definition = find_type(name)
        assert definition is None or definition.kind == "primitive"


@given(st.sampled_from(sorted(GOOD)), ANYTHING)
def test_a_check_answers_yes_or_no_to_anything(name: str, value: Any) -> None:
    assert checks()[name](value) in {True, False}


@given(st.sampled_from(sorted(GOOD)), st.none() | st.lists(st.none()) | st.dictionaries(st.text(), st.none()))
def test_nothing_lists_and_objects_are_no_primitives(name: str, value: Any) -> None:
    assert not checks()[name](value)


@given(st.binary(min_size=1), st.integers(1, 80))
def test_whatever_is_encoded_is_base64_even_in_lines(content: bytes, width: int) -> None:
    encoded = base64.b64encode(content).decode()
    lines = "\n".join(encoded[start : start + width] for start in range(0, len(encoded), width))
    assert checks()["base64Binary"](encoded)
    assert checks()["base64Binary"](lines)


@given(st.dates())
def test_every_day_of_the_calendar_is_a_date(day: datetime.date) -> None:
    for name in ("date", "dateTime"):
        for written in (f"{day:%Y}".rjust(4, "0"), day.isoformat()[:7], day.isoformat()):
            assert checks()[name](written)
    assert checks()["instant"](f"{day.isoformat()}T12:00:00+01:00")


@given(st.integers(1, 9999), st.integers(0, 13), st.integers(0, 32))
def test_a_day_that_no_calendar_has_is_refused(year: int, month: int, day: int) -> None:
    try:
        real = bool(datetime.date(year, month, day))
    except ValueError:
        real = False
    assert checks()["date"](f"{year:04}-{month:02}-{day:02}") is real
    assert checks()["instant"](f"{year:04}-{month:02}-{day:02}T00:00:00Z") is real


@given(st.text(st.characters(codec="utf-8"), min_size=1))
def test_text_is_a_string_unless_it_is_blank_or_holds_controls(text: str) -> None:
    allowed = all(character in "\t\r\n" or (character >= " " and character not in "\ufffe\uffff") for character in text)
    assert checks()["string"](text) is (allowed and not text.isspace())


@pytest.mark.parametrize(
    "inner",
    [
        "a &amp; b &lt; c",
        "a&nbsp;b &eacute; &#233; &#xE9;",
        "<!-- a comment --><p>a</p>",
        '<p class="a" style="color:red" id="b" title="c">a</p><br/><hr/>',
        '<table border="1"><tbody><tr><td colspan="2">a</td></tr></tbody></table>',
        '<a href="https://example.org/" name="b">a</a><img src="#image" alt="b"/>',
        '<img src="data:image/png;base64,AAAA" alt="b"/>',
        '<p xml:lang="fr" lang="fr" dir="ltr">a</p>',
    ],
)
def test_a_narrative_with_formatting_is_accepted(inner: str) -> None:
    assert is_xhtml(narrative(inner))
    assert is_xhtml(f"\n {narrative(inner)} ")


@pytest.mark.parametrize(
    "inner",
    [
        "<p>a",
        "a & b",
        "&unknown;",
        "&#0;",
        "<script>a</script>",
        "<style>a</style>",
        "<form>a</form>",
        "<iframe/>",
        "<object/>",
        "<P>a</P>",
        '<p xmlns="">a</p>',
        '<svg xmlns="http://www.w3.org/2000/svg"/>',
        '<p onclick="a()">a</p>',
        '<p data-x="1">a</p>',
        '<p a="1" a="2">a</p>',
        '<img srcset="a"/>',
        '<a href="javascript:a()">a</a>',
        '<a href=" \n JavaScript:a()">a</a>',
        f'<a href="{" " * 300}javascript:a()">a</a>',
        f'<a href="j{"&#9;" * 300}avascript:a()">a</a>',
        '<a href="data:text/html,a">a</a>',
        '<img src="data:image/svg+xml,a"/>',
        "<?php a?>",
        "<![CDATA[<script>a()</script>]]>",
        '<!--><img src="x" onerror="a()"/>-->',
        '<!---><img src="x" onerror="a()"/>-->',
        "<b>" * 1000 + "a" + "</b>" * 1000,
    ],
)
def test_a_narrative_with_anything_else_is_refused(inner: str) -> None:
    assert not is_xhtml(narrative(inner))


@pytest.mark.parametrize(
    "text",
    [
        '<!DOCTYPE div [<!ENTITY a "b">]>' + narrative("a"),
        '<!DOCTYPE div SYSTEM "file:///etc/passwd">' + narrative("a"),
        '<?xml version="1.0" encoding="UTF-7"?>' + narrative("+ADw-script+AD4-a+ADw-/script+AD4-"),
        '<?xml version="1.0" encoding="HZ"?>' + narrative("~{<script>a~}"),
        '<?xml-stylesheet href="a"?>' + narrative("a"),
        narrative("a") + narrative("b"),
        narrative("a") + "b",
        narrative("a\x00"),
        narrative("a\ud800"),
    ],
)
def test_a_narrative_is_one_div_without_declarations(text: str) -> None:
    assert not is_xhtml(text)


@given(st.text(st.sampled_from("<>/&;!-?[]= \"'abdivpx:"), max_size=60))
def test_any_markup_is_answered(inner: str) -> None:
    assert is_xhtml(narrative(inner)) in {True, False}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("code", "a " * 2_000_000),
        ("code", "a" * 4_000_000),
        ("oid", "urn:oid:1" + ".1" * 2_000_000),
        ("oid", "urn:oid:1" + ".1" * 2_000_000 + "."),
        ("uri", "a" * 4_000_000 + " "),
        ("base64Binary", "AAAA\n" * 2_000_000 + "="),
        ("string", " " * LONGEST_STRING),
        ("dateTime", "2024-01-01T00:00:00." + "1" * 4_000_000),
        ("xhtml", narrative("&nbsp;" * 300_000)),
        ("xhtml", narrative("&a" * 300_000)),
        ("xhtml", narrative("<b>x</b>" * 300_000)),
        ("xhtml", narrative("<b>" * 300_000)),
        ("xhtml", narrative("<p " + " ".join(f'a{number}="x"' for number in range(100_000)) + "/>")),
        ("xhtml", narrative('<a href="' + "&#9;" * 300_000 + '">a</a>')),
    ],
    ids=range(14),
)
def test_hostile_values_take_no_long_time(name: str, value: str) -> None:
    began = time.perf_counter()
    assert checks()[name](value) in {True, False}
    assert time.perf_counter() - began < 2
