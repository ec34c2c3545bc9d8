"""The language of `_filter` (R4 search_filter.html): comparisons, joined by and, or, not and parentheses. Text → tree."""

import re
from dataclasses import dataclass

from healthspace.base.errors import Malformed

TOKEN = re.compile(r'\s*(?:(?P<sign>[()])|"(?P<text>(?:[^"\\]|\\.)*)"|(?P<word>[^\s()"]+))', re.DOTALL)
OPERATORS = frozenset("eq ne co sw ew gt lt ge le ap sa eb pr po ss sb in re".split())
DEEPEST = 20
MOST_COMPARISONS = 50


@dataclass(frozen=True, slots=True)
class Compared:
    """`path operator value`: a parameter of the searched type, or of what its references lead to (`subject.name`)."""

    path: str
    operator: str
    value: str


@dataclass(frozen=True, slots=True)
class Joined:
    """All of `parts`, or (`every` is False) any of them."""

    every: bool
    parts: "tuple[Filter, ...]"


@dataclass(frozen=True, slots=True)
class Negated:
    part: "Filter"


Filter = Compared | Joined | Negated


def parse_filter(text: str) -> Filter:
    """The tree of `text`; Malformed when it is no filter."""
    parser = _Parser(text)
    found = parser.filter()
    parser.finish()
    return found


def comparisons_in(filter_: Filter) -> list[Compared]:
    """Every comparison of a filter, from left to right."""
    match filter_:
        case Compared():
            return [filter_]
        case Negated(part):
            return comparisons_in(part)
        case Joined(_, parts):
            return [one for part in parts for one in comparisons_in(part)]


def _wrong(message: str) -> Malformed:
    return Malformed(message, place="_filter")


class _Parser:
    def __init__(self, text: str) -> None:
        self._tokens: list[tuple[str, str]] = []
        place, end = 0, len(text.rstrip())
        while place < end:
            match = TOKEN.match(text, place)
            if match is None or match.lastgroup is None:
                raise _wrong("this filter cannot be read")
            self._tokens.append((match.lastgroup, match[match.lastgroup]))
            place = match.end()
        self._at, self._depth, self._compared = 0, 0, 0

    def filter(self) -> Filter:
        """Evaluated from left to right: `and` and `or` come in no order of their own."""
        self._depth += 1
        if self._depth > DEEPEST:
            raise _wrong(f"a filter may be nested {DEEPEST} deep at most")
        found = self._one()
        while (word := self._peek()) in {"and", "or"}:
            self._at += 1
            found = _join(found, self._one(), every=word == "and")
        self._depth -= 1
        return found

    def finish(self) -> None:
        if self._at != len(self._tokens):
            raise _wrong("between two comparisons stands and, or")

    def _one(self) -> Filter:
        if self._accept("not"):
            return Negated(self._one_more())
        if self._accept("("):
            found = self.filter()
            if not self._accept(")"):
                raise _wrong("a parenthesis is not closed")
            return found
        return self._comparison()

    def _one_more(self) -> Filter:
        self._depth += 1
        if self._depth > DEEPEST:
            raise _wrong(f"a filter may be nested {DEEPEST} deep at most")
        found = self._one()
        self._depth -= 1
        return found

    def _comparison(self) -> Compared:
        self._compared += 1
        if self._compared > MOST_COMPARISONS:
            raise _wrong(f"a filter may have {MOST_COMPARISONS} comparisons at most")
        path, operator = self._take("word"), self._take("word")
        if operator not in OPERATORS:
            raise _wrong(f"write parameter operator value; the operator is one of {', '.join(sorted(OPERATORS))}")
        return Compared(path, operator, self._take("word", "text"))

    def _take(self, *kinds: str) -> str:
        if self._at >= len(self._tokens) or self._tokens[self._at][0] not in kinds:
            raise _wrong("write parameter operator value")
        self._at += 1
        kind, text = self._tokens[self._at - 1]
        return re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL) if kind == "text" else text

    def _peek(self) -> str:
        return self._tokens[self._at][1] if self._at < len(self._tokens) and self._tokens[self._at][0] != "text" else ""

    def _accept(self, word: str) -> bool:
        found = self._peek() == word
        self._at += found
        return found


def _join(left: Filter, right: Filter, *, every: bool) -> Joined:
    first = left.parts if isinstance(left, Joined) and left.every is every else (left,)
    return Joined(every, (*first, right))
