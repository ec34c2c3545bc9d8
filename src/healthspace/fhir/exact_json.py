"""JSON as FHIR wants it (R4 json.html): numbers keep how they were written, and no key stands twice.

orjson reads and writes; what it would change (1.00, 1e2, long decimals) or hide (a key that stands twice) is found in the text first, and
then read by the standard library, which shows both.
"""

import json
import re
from typing import Any

import orjson

from healthspace.base.errors import Malformed

DEEPEST = 100
"""Objects and lists inside each other. No resource comes near it."""
STRINGS = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
UNCERTAIN = re.compile(rb"[:,\[]\s*(-?\d+[.eE][\d.eE+-]*|-?\d{16,}|-0)")
KEY = re.compile(rb'"\s*:')
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
LARGEST_INTEGER = 1 << 63


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


def read_json(data: bytes) -> Any:
    """The JSON value in `data` (UTF-8). Malformed (line and column) when it is none, a key stands twice, or it nests too deep."""
    text = data.removeprefix(BYTE_ORDER_MARK)
    _check_depth(text)
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise Malformed("this is not well-formed JSON", place=f"line {error.lineno}, column {error.colno}") from None
    if _may_lose(text) or _count_keys(value) != _count_colons(text):
        return _read_exactly(text)
    return value


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


def _check_depth(text: bytes) -> None:
    """Refuses deep nesting before anything recurses. Most texts have fewer opening brackets than would be needed."""
    if text.count(b"{") + text.count(b"[") <= DEEPEST:
        return
    depth = 0
    for match in _BRACKETS.finditer(text):
        bracket = match[0]
        if bracket in b"{[":
            depth += 1
            if depth > DEEPEST:
                raise Malformed(f"objects and lists are nested more than {DEEPEST} deep", place=_place(text, match.start()))
        elif bracket in b"}]":
            depth -= 1


_BRACKETS = re.compile(rb'[{}\[\]]|"(?:[^"\\]|\\.)*"', re.DOTALL)


def _may_lose(text: bytes) -> bool:
    """Whether a number may be written in another way than it was read. Strings may hold numbers too: then it is a false alarm."""
    for match in UNCERTAIN.finditer(text):
        number = match[1]
        if len(number) > 15 or number[-1:] == b"0" or b"e" in number or b"E" in number or number.startswith((b"-0", b"0.000")):
            return True
    return False


def _count_colons(text: bytes) -> int:
    """How many keys stand in `text`; -1 when that cannot be said quickly, because a string looks like one."""
    count = text.count(b'":')
    if b'\\":' in text or _SPACED.search(text) is not None:
        return len(KEY.findall(STRINGS.sub(b'""', text)))
    return count


_SPACED = re.compile(rb'"\s+:')


def _count_keys(value: Any) -> int:
    count, waiting = 0, [value]
    while waiting:
        current = waiting.pop()
        if isinstance(current, dict):
            count += len(current)
            waiting += [inner for inner in current.values() if isinstance(inner, dict | list)]
        elif isinstance(current, list):
            waiting += [inner for inner in current if isinstance(inner, dict | list)]
    return count


def _read_exactly(text: bytes) -> Any:
    """What the standard library reads: slower, but it shows every key and how each number was written."""

    def build(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        built = dict(pairs)
        if len(built) != len(pairs):
            names = [name for name, _ in pairs]
            twice = next(name for name in names if names.count(name) > 1)
            printable = "".join(character for character in twice[:64] if character.isalnum() or character in "_-")
            raise Malformed(f"the key {printable} stands twice in one object", place=_place_of_second(text, twice))
        return built

    return json.loads(text.decode("utf-8"), object_pairs_hook=build, parse_float=_read_decimal, parse_int=_read_integer)


def _read_decimal(text: str) -> float:
    number = float(text)
    return number if repr(number) == text else ExactNumber(text)


def _read_integer(text: str) -> int | float:
    if len(text) > 18 or text == "-0":
        number = int(text) if len(text) < 40 else LARGEST_INTEGER
        return number if -LARGEST_INTEGER <= number < LARGEST_INTEGER and text != "-0" else ExactNumber(text)
    return int(text)


def _place_of_second(text: bytes, name: str) -> str:
    """The place of the last key of that name: of the two, a person looks for the later one."""
    written = json.dumps(name, ensure_ascii=False).encode("utf-8", "replace")
    return _place(text, max(text.rfind(written), 0))


def _place(text: bytes, offset: int) -> str:
    line, before = text.count(b"\n", 0, offset) + 1, text.rfind(b"\n", 0, offset)
    return f"line {line}, column {offset - before}"
