"""The part of FHIRPath that patches use (R4 fhirpatch.html), evaluated to places in a resource that can be changed.

Members, [n], where(), first(), last(), ofType(), as(), extension(), exists(), not(); comparisons with =, !=, and, or, is.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from healthspace.base.errors import Invalid
from healthspace.fhir.definitions import Element, find_type
from healthspace.fhir.patching.json_patch import equal

TOKEN = re.compile(
    r"\s*(?:(?P<name>[A-Za-z_$%][A-Za-z0-9_]*|`[^`]+`)|(?P<text>'(?:[^'\\]|\\.)*')|(?P<number>-?\d+(?:\.\d+)?)|(?P<sign>!=|[().,\[\]=|]))"
)
LONGEST_PATH = 2000
DEEPEST = 50
OPERATORS = frozenset({"and", "or", "is", "as"})


@dataclass(frozen=True, slots=True)
class Location:
    """A value in a resource: under `key` of `parent`, and there at `index` when it is one of a list. The resource itself has no parent."""

    value: Any
    type: str
    parent: dict[str, Any] | None = None
    key: str = ""
    index: int | None = None
    element: Element | None = None


Eval = Callable[[list[Location], Location], list[Location]]


def find_locations(resource: dict[str, Any], path: str) -> list[Location]:
    """The places that `path` leads to; Invalid when it cannot be read."""
    root = Location(resource, resource["resourceType"])
    return _Parser(path).parse()([root], root)


def members(location: Location, name: str) -> list[Location]:
    """The children of an object that are called `name`, with all types that a choice may have."""
    if not isinstance(location.value, dict):
        return []
    type_ = location.value.get("resourceType", location.type)
    found = []
    for element, key, kind in keys_of(type_, name):
        values, siblings = location.value.get(key), location.value.get(f"_{key}")
        if isinstance(values, list) or isinstance(siblings, list):
            count = max(len(values or ()), len(siblings or ()))
            found += [
                Location(values[n] if isinstance(values, list) and n < len(values) else None, kind, location.value, key, n, element)
                for n in range(count)
            ]
        elif values is not None or siblings is not None:
            found.append(Location(values, kind, location.value, key, None, element))
    return found


def keys_of(type_: str, name: str) -> list[tuple[Element, str, str]]:
    """The JSON keys under which an element of a type can stand, each with the type of the value there."""
    definition = find_type(type_)
    found = []
    for element in definition.elements if definition is not None else ():
        for allowed in element.types:
            key = element.name + allowed.name[0].upper() + allowed.name[1:] if element.choice else element.name
            if name in {element.name, key}:
                found.append((element, key, allowed.name))
    return found if len(found) < 2 or found[0][0].choice else found[:1]


class _Parser:
    def __init__(self, path: str) -> None:
        if len(path) > LONGEST_PATH:
            raise Invalid("this path is too long", place="path")
        self._tokens: list[tuple[str, str]] = []
        place, end = 0, len(path.rstrip())
        while place < end:
            match = TOKEN.match(path, place)
            if match is None or match.lastgroup is None:
                raise Invalid("this path cannot be read", place="path")
            self._tokens.append((match.lastgroup, match[match.lastgroup]))
            place = match.end()
        self._at, self._depth = 0, 0

    def parse(self) -> Eval:
        found = self._expression()
        if self._at != len(self._tokens):
            raise Invalid("this path uses more of FHIRPath than is known here", place="path")
        return found

    def _expression(self) -> Eval:
        self._depth += 1
        if self._depth > DEEPEST:
            raise Invalid("this path is nested too deep", place="path")
        left = self._comparison()
        while (word := self._peek()) in {"and", "or"}:
            self._at += 1
            right = self._comparison()
            left = _both(left, right) if word == "and" else _any(left, right)
        self._depth -= 1
        return left

    def _comparison(self) -> Eval:
        left = self._path()
        sign = self._peek()
        if sign in {"=", "!="}:
            self._at += 1
            return _compare(left, self._path(), same=sign == "=")
        if sign in {"is", "as"}:
            self._at += 1
            kind = self._take("name")
            return _is_type(left, kind) if sign == "is" else _of_type(left, kind)
        return left

    def _path(self) -> Eval:
        found = self._start()
        while True:
            if self._accept("."):
                found = self._step(found)
            elif self._accept("["):
                found = _at_index(found, int(self._take("number")))
                self._expect("]")
            else:
                return found

    def _start(self) -> Eval:
        if self._accept("("):
            found = self._expression()
            self._expect(")")
            return found
        kind, text = self._tokens[self._at] if self._at < len(self._tokens) else ("", "")
        if kind == "text":
            self._at += 1
            return _literal(re.sub(r"\\(.)", r"\1", text[1:-1]))
        if kind == "number":
            self._at += 1
            return _literal(float(text) if "." in text else int(text))
        if text in {"true", "false"}:
            self._at += 1
            return _literal(text == "true")
        if text in {"$this", "%resource", "%context"}:
            self._at += 1
            return (lambda given, root: given) if text == "$this" else (lambda given, root: [root])
        return self._step(lambda given, root: given, first=True)

    def _step(self, before: Eval, *, first: bool = False) -> Eval:
        name = self._take("name").strip("`")
        if name in OPERATORS and not first:
            raise Invalid("this path cannot be read", place="path")
        if not self._accept("("):
            return _member(before, name, root=first)
        arguments: list[Any] = []
        if not self._accept(")"):
            arguments.append(self._take("name") if name in {"ofType", "as", "is"} else self._expression())
            self._expect(")")
        maker = _FUNCTIONS.get(name)
        if maker is None or len(arguments) != maker[0]:
            raise Invalid("this function is not known here", place="path")
        made: Eval = maker[1](before, *arguments)
        return made

    def _peek(self) -> str:
        return self._tokens[self._at][1] if self._at < len(self._tokens) and self._tokens[self._at][0] != "text" else ""

    def _accept(self, sign: str) -> bool:
        found = self._peek() == sign
        self._at += found
        return found

    def _expect(self, sign: str) -> None:
        if not self._accept(sign):
            raise Invalid(f"{sign} is expected in this path", place="path")

    def _take(self, kind: str) -> str:
        if self._at >= len(self._tokens) or self._tokens[self._at][0] != kind:
            raise Invalid(f"a {kind} is expected in this path", place="path")
        self._at += 1
        return self._tokens[self._at - 1][1]


def _member(before: Eval, name: str, *, root: bool) -> Eval:
    def evaluate(given: list[Location], top: Location) -> list[Location]:
        found = before(given, top)
        # A path may begin with the type of the resource.
        if root and [one for one in found if one.parent is None and one.type == name]:
            return found
        return [child for one in found for child in members(one, name)]

    return evaluate


def _where(before: Eval, criteria: Eval) -> Eval:
    return lambda given, top: [one for one in before(given, top) if _is_true(criteria([one], top))]


def _at_index(before: Eval, index: int) -> Eval:
    return lambda given, top: before(given, top)[index : index + 1] if index >= 0 else []


def _of_type(before: Eval, kind: str) -> Eval:
    return lambda given, top: [one for one in before(given, top) if _type_of(one) == kind]


def _is_type(before: Eval, kind: str) -> Eval:
    return lambda given, top: [_truth(all(_type_of(one) == kind for one in before(given, top)))]


def _extension(before: Eval, url: Eval) -> Eval:
    def evaluate(given: list[Location], top: Location) -> list[Location]:
        wanted = [one.value for one in url(given, top)]
        return [child for one in before(given, top) for child in members(one, "extension") if child.value.get("url") in wanted]

    return evaluate


def _compare(left: Eval, right: Eval, *, same: bool) -> Eval:
    def evaluate(given: list[Location], top: Location) -> list[Location]:
        one, other = left(given, top), right(given, top)
        if not one or not other:
            return []
        equals = len(one) == len(other) and all(equal(a.value, b.value) for a, b in zip(one, other, strict=True))
        return [_truth(equals == same)]

    return evaluate


def _both(left: Eval, right: Eval) -> Eval:
    return lambda given, top: [_truth(_is_true(left(given, top)) and _is_true(right(given, top)))]


def _any(left: Eval, right: Eval) -> Eval:
    return lambda given, top: [_truth(_is_true(left(given, top)) or _is_true(right(given, top)))]


def _literal(value: Any) -> Eval:
    return lambda given, top: [Location(value, "")]


def _truth(value: bool) -> Location:
    return Location(value, "boolean")


def _is_true(found: list[Location]) -> bool:
    return len(found) == 1 and found[0].value is True


def _type_of(location: Location) -> str:
    return str(location.value["resourceType"]) if isinstance(location.value, dict) and "resourceType" in location.value else location.type


_FUNCTIONS: dict[str, tuple[int, Callable[..., Eval]]] = {
    "where": (1, _where),
    "first": (0, lambda before: _at_index(before, 0)),
    "last": (0, lambda before: lambda given, top: before(given, top)[-1:]),
    "single": (0, lambda before: before),
    "ofType": (1, _of_type),
    "as": (1, _of_type),
    "is": (1, _is_type),
    "extension": (1, _extension),
    "exists": (0, lambda before: lambda given, top: [_truth(bool(before(given, top)))]),
    "empty": (0, lambda before: lambda given, top: [_truth(not before(given, top))]),
    "not": (0, lambda before: lambda given, top: [_truth(not _is_true(before(given, top)))]),
}
