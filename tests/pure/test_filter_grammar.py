"""The language of `_filter`: every tree is read back from its text; anything else is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from healthspace.base.errors import Malformed
from healthspace.resources.filter_grammar import OPERATORS, Compared, Filter, Joined, Negated, comparisons_in, parse_filter

A, B, C = (Compared("name", "co", letter) for letter in "abc")
paths = st.from_regex(r"[a-z_][a-z-]{0,5}(\.[a-z]{1,5})?", fullmatch=True).filter(lambda path: path not in {"and", "or", "not"})
comparisons = st.builds(Compared, paths, st.sampled_from(sorted(OPERATORS)), st.text(max_size=8))
filters: st.SearchStrategy[Filter] = st.recursive(
    comparisons,
    lambda inner: st.builds(Negated, inner) | st.builds(Joined, st.booleans(), st.lists(inner, min_size=2, max_size=3).map(tuple)),
    max_leaves=6,
)


def flat(filter_: Filter) -> Filter:
    """As the reader joins them: `(a and b) and c` is `a and b and c`."""
    match filter_:
        case Joined(every, parts):
            first, *rest = map(flat, parts)
            begun = first.parts if isinstance(first, Joined) and first.every is every else (first,)
            return Joined(every, (*begun, *rest))
        case Negated(part):
            return Negated(flat(part))
    return filter_


def write(filter_: Filter) -> str:
    match filter_:
        case Compared(path, operator, value):
            escaped = value.replace("\\", "\\\\").replace('"', '\\"')
            return f'{path} {operator} "{escaped}"'
        case Negated(part):
            return f"not ({write(part)})"
        case Joined(every, parts):
            return (" and " if every else " or ").join(f"({write(part)})" for part in parts)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('name co "a"', A),
        ("name co a and name co b or name co c", Joined(False, (Joined(True, (A, B)), C))),
        ("name co a or name co b and name co c", Joined(True, (Joined(False, (A, B)), C))),
        ("name co a and (name co b or name co c)", Joined(True, (A, Joined(False, (B, C))))),
        ("name co a and name co b and name co c", Joined(True, (A, B, C))),
        ("not (name co a) or not name co b", Joined(False, (Negated(A), Negated(B)))),
        ("code eq http://loinc.org|1-2", Compared("code", "eq", "http://loinc.org|1-2")),
        ('name eq "and (b) \\"c\\""', Compared("name", "eq", 'and (b) "c"')),
        ("subject:Patient.birthdate ge 2014-10-10", Compared("subject:Patient.birthdate", "ge", "2014-10-10")),
    ],
)
def test_a_filter_is_read_from_left_to_right(text: str, expected: Filter) -> None:
    assert parse_filter(text) == expected


@given(filters)
def test_what_is_written_is_read_again(filter_: Filter) -> None:
    read = parse_filter(write(filter_))
    assert read == flat(filter_)
    assert comparisons_in(read) == comparisons_in(filter_)


@pytest.mark.parametrize(
    "text",
    [
        "name",
        "name co",
        "name is a",
        "name co a b",
        "(name co a",
        "name co a)",
        "and name co a",
        'name co "a',
        "name co a and",
        "not",
        "()",
        "(" * 30 + "name co a" + ")" * 30,
        "not " * 30 + "name co a",
        " and ".join(["name co a"] * 51),
        '"name" co a',
    ],
)
def test_what_is_no_filter_is_refused(text: str) -> None:
    with pytest.raises(Malformed) as refused:
        parse_filter(text)
    assert refused.value.place == "_filter"


@given(st.text(alphabet='nameco ()"\\andornot[]|', max_size=60))
def test_whatever_the_text_it_is_read_or_refused(text: str) -> None:
    try:
        assert comparisons_in(parse_filter(text))
    except Malformed as refused:
        assert refused.place == "_filter"
