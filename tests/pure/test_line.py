"""The chain of the trail: every field of every line, in its place."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from healthspace.audit.line import START, Line, chain, prove_birth, prove_head

KEY, WRITER = b"a key", UUID(int=9)
LINE = Line(1, datetime(2026, 11, 24, tzinfo=UTC), UUID(int=2), "document:read", "done", "own-record", -3, b"sealed")
lines = st.builds(
    Line,
    owner=st.integers(0, (1 << 48) - 1),
    at=st.datetimes(timezones=st.just(UTC)),
    id=st.uuids(),
    action=st.text(max_size=9),
    outcome=st.text(max_size=9),
    reason=st.text(max_size=9),
    caller=st.integers(-(1 << 63), (1 << 63) - 1),
    detail=st.binary(max_size=9),
)


@given(lines, lines)
def test_two_lines_have_one_code_only_when_they_are_one_line(one: Line, other: Line) -> None:
    assert (chain(KEY, WRITER, 1, START, one) == chain(KEY, WRITER, 1, START, other)) == (one == other)


def test_each_field_counts() -> None:
    changes = {
        "owner": 2,
        "id": UUID(int=3),
        "action": "document:open",
        "outcome": "refused",
        "reason": "no-right",
        "caller": 3,
        "detail": b"",
    }
    codes = {chain(KEY, WRITER, 1, START, replace(LINE, **{name: value})) for name, value in changes.items()}
    codes |= {chain(KEY, WRITER, 1, START, replace(LINE, at=datetime(2026, 11, 24, 0, 0, 0, 1000, tzinfo=UTC)))}
    assert len(codes | {chain(KEY, WRITER, 1, START, LINE)}) == len(changes) + 2


def test_a_line_stands_in_one_place_of_one_chain_only() -> None:
    places = [
        (KEY, WRITER, 1, START),
        (KEY, WRITER, 2, START),
        (KEY, UUID(int=8), 1, START),
        (KEY, WRITER, 1, b"\x01" * 32),
        (b"other", WRITER, 1, START),
    ]
    assert len({chain(*place, LINE) for place in places}) == len(places)


def test_words_cannot_slide_from_one_field_into_the_next() -> None:
    one, other = replace(LINE, action="a", outcome="bc"), replace(LINE, action="ab", outcome="c")
    assert chain(KEY, WRITER, 1, START, one) != chain(KEY, WRITER, 1, START, other)


def test_heads_and_births_are_proven_by_the_key() -> None:
    proofs = [prove_head(KEY, WRITER, 1, START), prove_head(KEY, WRITER, 2, START), prove_head(b"other", WRITER, 1, START)]
    proofs += [prove_birth(KEY, 1, WRITER, START), prove_birth(KEY, 2, WRITER, START), prove_birth(b"other", 1, WRITER, START)]
    assert len(set(proofs)) == len(proofs)
