"""The search grammar, against what R4 says of each prefix, escape and modifier."""

import math
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from healthspace.base.errors import Invalid
from healthspace.database.keys import KeyRing
from healthspace.fhir.dates import instants_of, period_of
from healthspace.fhir.search_parameters import PARAMETERS, Kind
from healthspace.resources.grammar import LARGEST_PAGE, MOST_ALTERNATIVES, build_query
from healthspace.resources.indexing import index, param_number
from healthspace.resources.search import Query

KEYS = KeyRing(b"k" * 32)
PREFIXES = ("", "eq", "ne", "gt", "lt", "ge", "le", "sa", "eb")


def ask(*terms: tuple[str, str], type_: str = "DocumentReference") -> Query:
    return build_query(type_, terms, KEYS)


def meets(query: Query, resource: dict) -> bool:
    """What the SQL of `resources.search` decides, on one resource."""
    found = index({"resourceType": query.type, **resource}, KEYS)
    return (
        all(found.tokens & set(group) for group in query.tokens)
        and all(found.hashes & set(group) for group in query.hashes)
        and all(
            any(
                box.param == number and box.lo[0] <= first <= box.lo[1] and box.hi[0] <= last <= box.hi[1]
                for box in group
                for number, first, last in found.ranges
            )
            for group in query.ranges
        )
        and all(
            any(prefix.param == number and coded.startswith(prefix.coded) for prefix in group for number, coded in found.strings)
            for group in query.strings
        )
    )


def says(prefix: str, value: tuple[float, float], target: tuple[float, float]) -> bool:
    """R4 search.html#prefix, in its own words, on closed ranges."""
    (first, last), (begins, ends) = value, target
    contained = first <= begins and ends <= last
    overlaps_above, overlaps_below = ends > last, begins < first
    return {
        "": contained,
        "eq": contained,
        "ne": not contained,
        "gt": overlaps_above,
        "lt": overlaps_below,
        "ge": overlaps_above or contained,
        "le": overlaps_below or contained,
        "sa": begins > last,
        "eb": ends < first,
    }[prefix]


dates = st.one_of(
    st.integers(2019, 2023).map(str),
    st.builds("{}-{:02}".format, st.integers(2019, 2023), st.integers(1, 12)),
    st.builds("{}-{:02}-{:02}".format, st.integers(2019, 2023), st.integers(1, 12), st.integers(1, 28)),
    st.builds("2021-06-{:02}T{:02}:30:00{}".format, st.integers(1, 28), st.integers(0, 23), st.sampled_from(["Z", "+02:00", "-05:00"])),
)


@given(st.sampled_from(PREFIXES), dates, dates)
def test_each_prefix_means_what_r4_says_of_a_date(prefix: str, asked: str, held: str) -> None:
    value, target = instants_of(asked), instants_of(held)
    assert value is not None
    assert target is not None
    assert meets(ask(("date", prefix + asked)), {"date": held}) == says(prefix, value, target)


@given(st.sampled_from(PREFIXES), dates, st.none() | dates, st.none() | dates)
def test_each_prefix_means_what_r4_says_of_a_period(prefix: str, asked: str, start: str | None, end: str | None) -> None:
    value, target = instants_of(asked), period_of(start, end)
    assert value is not None
    resource = {"context": {"period": {"start": start, "end": end}}}
    assert meets(ask(("period", prefix + asked)), resource) == (target is not None and says(prefix, value, target))


def test_about_reaches_a_tenth_of_the_time_until_now() -> None:
    assert meets(ask(("date", "ap2014-01-01")), {"date": "2014-06-01"})
    assert not meets(ask(("date", "ap2024-01-01")), {"date": "2014-06-01"})


def test_a_space_in_a_time_zone_is_the_plus_that_the_query_lost() -> None:
    [(name, value)] = parse_qsl("date=2024-03-05T10:00:00+01:00")
    assert meets(ask((name, value)), {"date": "2024-03-05T09:00:00Z"})


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("s|c", True),
        ("c", True),
        ("|c", False),
        ("s|", True),
        ("x|c", False),
        ("x,s|c", True),
        ("c,", True),
        ("S|c", False),
        ("s|C", False),
    ],
)
def test_a_shared_token_is_asked_for_by_system_code_or_both(value: str, found: bool) -> None:
    assert meets(ask(("type", value)), {"type": {"coding": [{"system": "s", "code": "c"}]}}) is found


@pytest.mark.parametrize(("value", "found"), [("s|v", True), ("v", True), ("|v", False), ("x|v", False)])
def test_a_selective_token_is_asked_for_by_system_or_value(value: str, found: bool) -> None:
    assert meets(ask(("identifier", value)), {"masterIdentifier": {"system": "s", "value": "v"}}) is found


def test_a_token_without_system_is_asked_for_by_a_bar() -> None:
    assert meets(ask(("identifier", "|v")), {"identifier": [{"value": "v"}]})
    assert meets(ask(("status", "current")), {"status": "current"})


@pytest.mark.parametrize(
    ("value", "codes"),
    [
        (r"a\,b", ["a,b"]),
        (r"a\|b", ["a|b"]),
        (r"a\$b", ["a$b"]),
        ("a\\\\,b", ["a\\", "b"]),
        ("a\\\\\\,b", ["a\\,b"]),
        ("a,b", ["a", "b"]),
    ],
)
def test_escapes_are_those_of_r4(value: str, codes: list[str]) -> None:
    for code in (*codes, "other"):
        assert meets(ask(("type", value)), {"type": {"coding": [{"code": code}]}}) is (code in codes)


@pytest.mark.parametrize(
    ("value", "found"),
    [("résultat", True), ("RESULTATS d", True), ("analyses", False), ("xyz,resul", True), ("resultats-d'analyses", True)],
)
def test_a_string_is_found_by_its_beginning_without_case_or_accents(value: str, found: bool) -> None:
    assert meets(ask(("description", value)), {"description": "Résultats d’analyses"}) is found


def test_references_are_asked_for_as_they_are_written_or_by_identifier() -> None:
    assert meets(ask(("author", "Practitioner/1")), {"author": [{"reference": "Practitioner/1"}]})
    assert meets(ask(("author:identifier", "s|v")), {"author": [{"identifier": {"system": "s", "value": "v"}}]})
    assert not meets(ask(("author", "#a")), {"author": [{"reference": "#a"}]})


def test_repeated_parameters_must_all_hold_and_commas_are_alternatives() -> None:
    resource = {"status": "current", "date": "2024-03-05"}
    assert meets(ask(("date", "ge2024"), ("date", "lt2025")), resource)
    assert not meets(ask(("date", "ge2025,lt2020")), resource)
    assert meets(ask(("date", "ge2025,lt2025")), resource)


@pytest.mark.parametrize(
    ("name", "value", "place"),
    [
        ("foo", "1", "foo"),
        ("date", "soon", "date"),
        ("date", "ge", "date"),
        ("date", "2024-13", "date"),
        ("date:missing", "true", "date"),
        ("type:not", "a", "type"),
        ("type", ",", "type"),
        ("identifier", "s|", "identifier"),
        ("_count", "-1", "_count"),
        ("_count", "many", "_count"),
        ("_count", "9" * 5000, "_count"),
        ("_sort", "title", "_sort"),
        ("_include", "DocumentReference:patient", "_include"),
        ("_has:Observation", "x", "_has:Observation"),
        ("type", ",".join(["a"] * (MOST_ALTERNATIVES + 1)), "type"),
    ],
)
def test_what_is_not_supported_is_refused_with_its_name(name: str, value: str, place: str) -> None:
    with pytest.raises(Invalid) as refused:
        ask((name, value))
    assert refused.value.place == place


def test_a_refusal_never_repeats_a_value() -> None:
    for name in ("date", "_count", "_sort"):
        with pytest.raises(Invalid) as refused:
            ask((name, "DUPRE"))
        assert "DUPRE" not in refused.value.message


def test_a_page_is_never_larger_than_the_limit() -> None:
    assert ask(("_count", "999999999")).count == LARGEST_PAGE
    assert ask(("_count", "0")).count == 0


def test_empty_values_and_words_about_the_answer_are_left_aside() -> None:
    assert ask(("type", ""), ("_format", "json"), ("_pretty", "true"), ("_total", "accurate")) == Query("DocumentReference")


names = st.sampled_from([parameter.name for parameter in PARAMETERS["DocumentReference"]] + ["_count", "_sort"]) | st.text(max_size=12)
modifiers = st.sampled_from(["", ":identifier", ":exact", ":missing", ":"])


@given(st.lists(st.tuples(st.builds(str.__add__, names, modifiers), st.text(max_size=40) | dates), max_size=5))
def test_nothing_asked_ever_fails_with_anything_but_invalid(terms: list[tuple[str, str]]) -> None:
    try:
        query = build_query("DocumentReference", terms, KEYS)
    except Invalid as refused:
        assert refused.place is not None
        return
    assert all(not math.isnan(end) for group in query.ranges for box in group for end in (*box.lo, *box.hi))


def test_no_two_parameters_of_a_type_share_a_number() -> None:
    for type_, parameters in PARAMETERS.items():
        kept = [parameter.name for parameter in parameters if parameter.kind in {Kind.DATE, Kind.STRING}]
        assert len({param_number(name) for name in kept}) == len(kept), type_
