"""JSON as FHIR wants it (R4 json.html): numbers keep how they were written, and no key stands twice.

orjson says whether it is JSON at all, and strictly. The standard library then builds the value, because it shows what orjson would
change (1.00, 1e2, long decimals) or hide (a key that stands twice); that is quicker than searching the text for either.
"""

import json
import re
from functools import cache
from itertools import accumulate
from typing import Any

import orjson

from healthspace.base.errors import Malformed

DEEPEST = 100
"""Objects and lists inside each other. No resource comes near it."""
TOKENS = re.compile(rb'[{}\[\]]|"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"(?P<key>\s*+:)?|\\?\Z)', re.DOTALL)
"""Brackets outside strings, and strings; possessive, so that a long string takes neither memory nor a second try."""
INEXACT = re.compile(rb"[:,\[](?:-0[,.\]}]|-?\d++(?:\.\d++)?[eE]|-?\d*+\.\d*?0[,\]}]|-?[\d.]{16})")
"""Of JSON without white space: a number with an exponent, a last decimal 0 or many digits (or a text that looks like one)."""
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
LARGEST_INTEGER = 1 << 63
STEPS = {ord("{"): 1, ord("["): 1, ord("}"): -1, ord("]"): -1}
NOT_BRACKETS = bytes(set(range(256)) - set(STEPS))


class ExactNumber(float):
    """A number that is written as it was read: `text` is its JSON."""

    __slots__ = ("text",)

    def __new__(cls, text: str) -> "ExactNumber":
        number = super().__new__(cls, text)
        number.text = text
        return number

    text: str

    def __reduce__(self) -> tuple[type["ExactNumber"], tuple[str]]:
        return ExactNumber, (self.text,)


class _Twice(Exception):
    """A key stands twice in one object."""


def read_json(data: bytes) -> Any:
    """The JSON value in `data` (UTF-8). Malformed (line and column) when it is none, a key stands twice, or it nests too deep."""
    text = data.removeprefix(BYTE_ORDER_MARK)
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError as error:
        _refuse_depth(text)
        raise Malformed("this is not well-formed JSON", place=f"line {error.lineno}, column {error.colno}") from None
    if _is_deep(text):
        _refuse_depth(text)
    try:
        return _exact_decoder().decode(text.decode("utf-8"))
    except _Twice:
        name, place = _find_second(text)
        raise Malformed(f"the key {name} stands twice in one object", place=place) from None


def read_stored(body: bytes) -> Any:
    """The JSON value in `body`, which we wrote: quickly, unless it has a number that would lose how it was written."""
    return read_json(body) if INEXACT.search(body) is not None else orjson.loads(body)


def write_json(value: Any, *, pretty: bool = False) -> bytes:
    """`value` as JSON, numbers as they were read."""
    option = orjson.OPT_INDENT_2 if pretty else 0
    return orjson.dumps(value, default=_write_other, option=option)


def copy_json(value: Any) -> Any:
    """A copy of a JSON value that shares only what cannot change."""
    if isinstance(value, dict):
        return {name: copy_json(inner) for name, inner in value.items()}
    return [copy_json(inner) for inner in value] if isinstance(value, list) else value


def _write_other(value: Any) -> Any:
    if isinstance(value, ExactNumber):
        return orjson.Fragment(value.text)
    raise TypeError


def _is_deep(text: bytes) -> bool:
    """Whether `text`, which is JSON, nests deeper than DEEPEST. Most texts have fewer opening brackets than would be needed."""
    if text.count(b"{") + text.count(b"[") <= DEEPEST:
        return False
    unescaped = text.replace(b"\\\\", b"").replace(b'\\"', b"") if b"\\" in text else text
    # Every other part between quotes stands outside strings: only there is a bracket a bracket.
    brackets = b"".join(unescaped.split(b'"')[::2]).translate(None, NOT_BRACKETS)
    return max(accumulate(map(STEPS.__getitem__, brackets)), default=0) > DEEPEST


def _refuse_depth(text: bytes) -> None:
    """Malformed when `text`, which need not be JSON, nests deeper than DEEPEST."""
    depth = 0
    for match in TOKENS.finditer(text):
        depth += STEPS.get(match[0][0], 0)
        if depth > DEEPEST:
            raise Malformed(f"objects and lists are nested more than {DEEPEST} deep", place=_place(text, match.start()))


@cache
def _exact_decoder() -> json.JSONDecoder:
    return json.JSONDecoder(object_pairs_hook=_build, parse_float=_read_decimal, parse_int=_read_integer)


def _build(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    built = dict(pairs)
    if len(built) != len(pairs):
        raise _Twice
    return built


def _read_decimal(text: str) -> float:
    number = float(text)
    return number if repr(number) == text and "e" not in text else ExactNumber(text)


def _read_integer(text: str) -> int | float:
    if len(text) <= 18 and text != "-0":
        return int(text)
    number = int(text) if len(text) <= 20 else LARGEST_INTEGER
    return number if -LARGEST_INTEGER <= number < LARGEST_INTEGER and text != "-0" else ExactNumber(text)


def _find_second(text: bytes) -> tuple[str, str]:
    """The first key that repeats one of its object, as an error may name it, and its place."""
    objects: list[set[str]] = []
    for match in TOKENS.finditer(text):
        if match[0] == b"{":
            objects.append(set())
        elif match[0] == b"}":
            objects.pop()
        elif match["key"] is not None:
            name = json.loads(match[0].rstrip(b": \t\r\n"))
            if name in objects[-1]:
                return "".join(each for each in name[:64] if each.isalnum() or each in "_-"), _place(text, match.start())
            objects[-1].add(name)
    return "", _place(text, 0)


def _place(text: bytes, offset: int) -> str:
    line, before = text.count(b"\n", 0, offset) + 1, text.rfind(b"\n", 0, offset)
    return f"line {line}, column {offset - before}"
