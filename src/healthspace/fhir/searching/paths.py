"""The paths of search parameters: the part of FHIRPath that the official expressions use, compiled to walks over JSON.

A path is compiled once against the definitions of a type, so that a walk only looks up keys. Anything beyond that part is refused.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from healthspace.base.errors import Invalid
from healthspace.fhir.definitions import Element, codes_of, find_type

Node = tuple[str, Any]
"""A value with the name of its type: "Quantity", "code", "Patient.contact"."""

TOKEN = re.compile(r"\s*(?:(?P<name>%?[A-Za-z_][A-Za-z0-9_]*)|'(?P<text>[^']*)'|(?P<number>\d+)|(?P<sign>!=|[().|\[\]=]))")


KINDS = {"canonical": ("uri",), "url": ("uri",), "oid": ("uri",), "uuid": ("uri",)}
"""Types of values that are values of another type too (R4 datatypes.html): `source as uri` is also sourceCanonical."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a path: a member, or a filter on what was reached (`as`, `where`, `index`, `extension`)."""

    kind: str
    name: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class Walk:
    """A compiled path: for each key of the first object, the type that is reached there and what follows."""

    branches: tuple["Leg", ...]
    exists: bool = False
    """The value is whether there is anything but `false` (Patient.deceased)."""

    def nodes(self, value: dict[str, Any]) -> Iterator[Node]:
        """The nodes that the path leads to in `value`."""
        if self.exists:
            found = [node for leg in self.branches for node in _follow(value, leg)]
            yield "boolean", any(value is not False for _, value in found)
            return
        for leg in self.branches:
            if leg.key in value:
                yield from _follow(value, leg)


@dataclass(frozen=True, slots=True)
class Leg:
    key: str
    type: str
    where: tuple[str, str] | None
    first: bool
    """Only the first of a list."""
    following: tuple["Leg", ...] | None
    """None at the end of the path."""
    value_set: str | None = None
    """Of a `code`: the value set of its required binding."""


@dataclass(frozen=True, slots=True)
class Alternative:
    """One alternative of an expression, parsed: its root ("Patient", "" inside a base), steps, and filter of reference targets."""

    root: str
    steps: tuple[Step, ...]
    only: str | None = None
    exists: bool = False

    @property
    def key(self) -> str:
        """The path without root and target filter, in one spelling."""
        return ".".join(_SPELLED[step.kind].format(step) for step in self.steps) + ("?" if self.exists else "")


_SPELLED = {
    "member": "{0.name}",
    "as": "as({0.name})",
    "where": "where({0.name}={0.value})",
    "index": "item({0.name})",
    "extension": "extension({0.name})",
}


def parse(expression: str) -> list[Alternative]:
    """The alternatives of `expression`; Invalid when it uses more of FHIRPath than is known here."""
    parser = _Parser(expression)
    found = [parser.alternative()]
    while parser.take("|"):
        found.append(parser.alternative())
    parser.finish()
    return found


def compile_path(type_: str, alternative: Alternative) -> Walk:
    """The walk of `alternative` from an object of `type_`; Invalid when there is no such element."""
    legs = _compile(type_, alternative.steps)
    if not legs:
        raise Invalid("this path leads nowhere", place=alternative.key)
    return Walk(legs, alternative.exists)


def systems_of(walk: Walk, code: str) -> frozenset[str]:
    """The code systems that a `code` element at the end of `walk` speaks of when it says `code` (search.html#token, implied namespaces)."""
    return _implied(walk).get(code, frozenset())


@cache
def _implied(walk: Walk) -> dict[str, frozenset[str]]:
    found, legs = dict[str, set[str]](), list(walk.branches)
    while legs:
        leg = legs.pop()
        legs += leg.following or ()
        codes = codes_of(leg.value_set) if leg.value_set and leg.following is None else None
        for system, listed in (codes or {}).items():
            for code in listed:
                found.setdefault(code, set()).add(system)
    return {code: frozenset(systems) for code, systems in found.items()}


class _Parser:
    def __init__(self, text: str) -> None:
        self._tokens: list[tuple[str, str]] = []
        place = 0
        while place < len(text.rstrip()):
            match = TOKEN.match(text, place)
            if match is None or match.lastgroup is None:
                raise Invalid("this expression cannot be read")
            self._tokens.append((match.lastgroup, match[match.lastgroup]))
            place = match.end()
        self._at = 0

    def take(self, text: str) -> bool:
        if self._at < len(self._tokens) and self._tokens[self._at][1] == text and self._tokens[self._at][0] != "text":
            self._at += 1
            return True
        return False

    def finish(self) -> None:
        if self._at != len(self._tokens):
            raise Invalid("this expression uses more than is known here")

    def alternative(self) -> Alternative:
        """A path, or `path.exists() and path != false`."""
        found = self._path()
        if self.take("and"):
            self._path()
            self._expect("!=")
            self._expect("false")
            return replace(found, exists=True)
        return found

    def _path(self) -> Alternative:
        if self.take("("):
            found = self._path()
            self._expect(")")
        else:
            name = self._next("name")
            is_root = name[0].isupper() or name == "%resource"
            self._at -= not is_root
            found = Alternative(name, ()) if is_root else self._call(Alternative("", ()))
        while True:
            if self.take("."):
                found = self._call(found)
            elif self.take("["):
                found = replace(found, steps=(*found.steps, Step("index", self._next("number"))))
                self._expect("]")
            elif self.take("as"):
                found = replace(found, steps=(*found.steps, Step("as", _capital(self._next("name")))))
            else:
                return found

    def _call(self, found: Alternative) -> Alternative:
        name = self._next("name")
        if not self.take("("):
            return replace(found, steps=(*found.steps, Step("member", name)))
        if name == "exists":
            self._expect(")")
            return found
        if name in {"as", "ofType"}:
            step = Step("as", _capital(self._next("name")))
        elif name == "extension":
            step = Step("extension", self._next("text"))
        elif name == "where":
            if self.take("resolve"):
                for text in ("(", ")", "is"):
                    self._expect(text)
                target = self._next("name")
                self._expect(")")
                return replace(found, only=target)
            field = self._next("name")
            self._expect("=")
            step = Step("where", field, self._next("text"))
        else:
            raise Invalid("this function is not known here", place=name)
        self._expect(")")
        return replace(found, steps=(*found.steps, step))

    def _next(self, kind: str) -> str:
        if self._at >= len(self._tokens) or self._tokens[self._at][0] != kind:
            raise Invalid(f"a {kind} is expected in this expression")
        self._at += 1
        return self._tokens[self._at - 1][1]

    def _expect(self, text: str) -> None:
        if not self.take(text):
            raise Invalid(f"{text} is expected in this expression")


def _capital(name: str) -> str:
    """`DateTime` is written for dateTime in one official expression."""
    return "dateTime" if name == "DateTime" else name


def _compile(type_: str, steps: tuple[Step, ...]) -> tuple[Leg, ...]:
    """The legs of a path from an object of `type_`."""
    if not steps or steps[0].kind not in {"member", "extension"}:
        raise Invalid("a path begins with an element")
    step, rest = steps[0], steps[1:]
    if step.kind == "extension":
        return (_leg("extension", "Extension", rest, ("url", step.name)),)
    definition = find_type(type_)
    element = next((one for one in definition.elements if one.name == step.name), None) if definition else None
    if element is None:
        return ()
    if rest and rest[0].kind == "as":
        wanted, rest = rest[0].name, rest[1:]
        return tuple(_leg(key, name, rest) for key, name in _keys(element) if name == wanted or wanted in KINDS.get(name, ()))
    legs = tuple(leg for key, name in _keys(element) if (leg := _try_leg(key, name, rest)) is not None)
    return tuple(replace(leg, value_set=element.value_set) if leg.type == "code" else leg for leg in legs)


def _keys(element: Element) -> list[tuple[str, str]]:
    """The JSON keys of an element, with the type under each."""
    if not element.choice:
        return [(element.name, allowed.name) for allowed in element.types[:1]]
    return [(element.name + allowed.name[0].upper() + allowed.name[1:], allowed.name) for allowed in element.types]


def _try_leg(key: str, type_: str, rest: tuple[Step, ...]) -> Leg | None:
    """A leg by one type of a choice; None when what follows is not of that type."""
    try:
        leg = _leg(key, type_, rest)
    except Invalid:
        return None
    return leg if leg.following is None or leg.following else None


def _leg(key: str, type_: str, rest: tuple[Step, ...], where: tuple[str, str] | None = None) -> Leg:
    first = False
    while rest and rest[0].kind in {"where", "index"}:
        if rest[0].kind == "where":
            where = (rest[0].name, rest[0].value)
        else:
            first = True
        rest = rest[1:]
    return Leg(key, type_, where, first, _compile(type_, rest) if rest else None)


def _follow(value: dict[str, Any], leg: Leg) -> Iterator[Node]:
    found = value.get(leg.key)
    if found is None:
        return
    items = found if isinstance(found, list) else [found]
    for item in items[:1] if leg.first else items:
        if item is None or (leg.where is not None and (not isinstance(item, dict) or item.get(leg.where[0]) != leg.where[1])):
            continue
        if leg.following is None:
            yield leg.type, item
        elif isinstance(item, dict):
            for following in leg.following:
                if following.key in item:
                    yield from _follow(item, following)
