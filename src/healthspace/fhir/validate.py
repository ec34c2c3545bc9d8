"""Validation of resources by the definitions of R4 (validation.html, structure): every fault, each with its place.

Checked are elements, JSON types, cardinalities, choices, primitive formats, required bindings, the types that references may lead to,
and contained resources. Of the invariants, only those that hold for every type (ele-1, ext-1, ref-1, per-1, dom-2); profiles are not.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from healthspace.fhir.dates import instants_of
from healthspace.fhir.definitions import resource_types
from healthspace.fhir.rules import PRIMITIVE, RESOURCE, SIBLING, Rule, Rules, rules_of

MOST_FAULTS = 100
DEEPEST = 120
LITERAL = re.compile(r"(?:.*/)?(?P<type>[A-Z][A-Za-z]+)/[A-Za-z0-9\-.]{1,64}(?:/_history/[A-Za-z0-9\-.]{1,64})?", re.ASCII)
CONDITIONAL = re.compile(r"(?P<type>[A-Z][A-Za-z]+)\?", re.ASCII)
SPACED = re.compile(r"\S\s|\s\S")
COMMON_TARGETS = frozenset({"Resource", "DomainResource"})

Path = tuple[Any, ...] | None
"""The way from the resource down, as nested pairs (way before, step): written out only for a fault."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong: a code of R4 issue-type, a message for a person without any value of the input, a FHIRPath expression."""

    code: str
    message: str
    expression: str


class _Enough(Exception):
    """As many faults as anybody reads."""


def validate(resource: Any) -> list[Fault]:
    """The faults of `resource` (parsed JSON), at most MOST_FAULTS; none when it is valid."""
    found = _Validation()
    with suppress(_Enough):
        found.check_resource(resource, None, "")
    return found.faults


class _Validation:
    """One run: collects faults."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self._local: list[tuple[str, Path]] = []

    def add(self, code: str, message: str, path: Path) -> None:
        self.faults.append(Fault(code, message, _write(path)))
        if len(self.faults) >= MOST_FAULTS:
            raise _Enough

    def check_resource(self, value: Any, path: Path, within: str, depth: int = 0) -> None:
        """`within` is "contained" for a resource inside a resource."""
        if not isinstance(value, dict):
            self.add("structure", "a resource is expected here", path or (None, "Resource"))
            return
        kind = value.get("resourceType")
        if not isinstance(kind, str) or kind not in resource_types():
            self.add("structure", "resourceType must name a resource type of FHIR R4", (path or (None, "Resource"), ".resourceType"))
            return
        here: Path = path or (None, kind)
        if within == "contained":
            if "id" not in value:
                self.add("required", "a contained resource needs an id", (here, ".id"))
            if "contained" in value:
                self.add("invariant", "a contained resource may not contain others", (here, ".contained"))
            self._check_object(value, rules_of(kind), here, depth)
            return
        outer, self._local = self._local, []
        self._check_object(value, rules_of(kind), here, depth)
        self._check_local_references(value)
        self._local = outer

    def _check_object(self, value: dict[str, Any], rules: Rules, path: Path, depth: int) -> None:
        if not value or depth > DEEPEST:
            self.add("structure", "an object may not be empty" if not value else "this is nested too deep", path)
            return
        by_key, choices = rules.by_key, 0
        for key, inner in value.items():
            rule = by_key.get(key)
            if rule is None:
                if key != "resourceType" or not rules.is_resource:
                    self.add("structure", "there is no such element here", (path, f".{_printable(key)}"))
                continue
            choices += rule.choice
            if rule.kind == PRIMITIVE and not rule.repeats:
                self._check_primitive(inner, rule, path, None)
            else:
                self._check_element(inner, key, rule, value, path, depth)
        if choices > 1:
            self._check_choices(value, by_key, path)
        for element, keys in rules.required:
            if keys[0] not in value and not any(key in value for key in keys):
                self.add("required", "this element must be given", (path, f".{element}"))

    def _check_choices(self, value: dict[str, Any], by_key: Mapping[str, Rule], path: Path) -> None:
        """Of the variants of a choice only one may be given, with the extensions of that one (formats.html#choice)."""
        chosen: dict[str, str] = {}
        for key in value:
            rule = by_key.get(key)
            if rule is not None and rule.choice and chosen.setdefault(rule.element, key.removeprefix("_")) != key.removeprefix("_"):
                self.add("structure", "only one type of this element may be given", (path, f".{rule.element}"))

    def _check_element(self, inner: Any, key: str, rule: Rule, parent: dict[str, Any], path: Path, depth: int) -> None:
        if rule.kind == SIBLING:
            self._check_sibling(inner, key, rule, parent, path, depth)
            return
        if not rule.repeats:
            self._check_one(inner, rule, (path, f".{rule.element}"), depth)
            return
        if not isinstance(inner, list):
            self.add("structure", "a list is expected here", (path, f".{rule.element}"))
            return
        if not inner:
            self.add("structure", "a list may not be empty", (path, f".{rule.element}"))
        if rule.most is not None and len(inner) > rule.most:
            self.add("structure", f"at most {rule.most} may be given", (path, f".{rule.element}"))
        siblings = parent.get(f"_{key}") if rule.kind == PRIMITIVE else None
        for number, item in enumerate(inner):
            where: Path = (path, f".{rule.element}[{number}]")
            if rule.kind == PRIMITIVE:
                if item is None and isinstance(siblings, list) and number < len(siblings) and siblings[number] is not None:
                    continue
                self._check_primitive(item, rule, path, number)
            else:
                self._check_one(item, rule, where, depth)

    def _check_one(self, value: Any, rule: Rule, path: Path, depth: int) -> None:
        if rule.kind == RESOURCE:
            self.check_resource(value, path, "contained" if rule.element == "contained" else "inside", depth + 1)
            return
        if not isinstance(value, dict):
            self.add("structure", "an object is expected here", path)
            return
        if len(value) == 1 and "id" in value:
            self.add("invariant", "an element has a value or parts, not an id alone", path)
        self._check_object(value, rules_of(rule.type), path, depth + 1)
        if rule.type == "Reference":
            self._check_reference(value, rule, path)
        elif rule.systems is not None:
            self._check_binding(value, rule, path)
        elif rule.type == "Extension":
            self._check_extension(value, path)
        elif rule.type == "Period" and "start" in value and "end" in value:
            self._check_period(value, path)
        for key in rule.forbidden:
            if key in value:
                self.add("structure", "this element is not allowed here", (path, f".{key}"))

    def _check_primitive(self, value: Any, rule: Rule, path: Path, number: int | None) -> None:
        check = rule.check
        if check is not None and check(value) and (rule.codes is None or value in rule.codes):
            return
        where: Path = (path, f".{rule.element}" if number is None else f".{rule.element}[{number}]")
        if isinstance(value, dict | list):
            self.add("structure", f"a value of type {rule.type} is expected here", where)
        elif check is not None and check(value):
            self.add("code-invalid", "this code is not one of those that R4 requires here", where)
        else:
            self.add("value", f"this is no {rule.type}", where)

    def _check_sibling(self, value: Any, key: str, rule: Rule, parent: dict[str, Any], path: Path, depth: int) -> None:
        """`_name`: id and extensions of a primitive (json.html#primitive)."""
        where: Path = (path, f".{rule.element}")
        if not rule.repeats:
            self._check_primitive_element(value, where, depth, alone=key[1:] not in parent)
            return
        values = parent.get(key[1:])
        if not isinstance(value, list) or not value:
            self.add("structure", "a list is expected here", where)
            return
        if isinstance(values, list) and len(values) != len(value):
            self.add("structure", "the lists of values and of their extensions have different lengths", where)
        for number, item in enumerate(value):
            alone = not isinstance(values, list) or number >= len(values) or values[number] is None
            if item is not None:
                self._check_primitive_element(item, (path, f".{rule.element}[{number}]"), depth, alone=alone)
            elif alone:
                self.add("structure", "there is neither a value nor an extension", (path, f".{rule.element}[{number}]"))

    def _check_primitive_element(self, value: Any, path: Path, depth: int, *, alone: bool) -> None:
        """`alone`: there is no value beside it; then only extensions make it an element (ele-1)."""
        if not isinstance(value, dict):
            self.add("structure", "an object with the extensions of a value is expected here", path)
            return
        if alone and value and "extension" not in value:
            self.add("invariant", "an element has a value or parts, not an id alone", path)
        self._check_object(value, rules_of("Element"), path, depth + 1)

    def _check_reference(self, value: dict[str, Any], rule: Rule, path: Path) -> None:
        text = value.get("reference")
        if isinstance(text, str):
            if text.startswith("#") and len(text) > 1:
                self._local.append((text[1:], path))
            if SPACED.search(text) is not None and "?" not in text:
                self.add("value", "a reference holds no white space", (path, ".reference"))
        if rule.targets is None or not rule.targets.isdisjoint(COMMON_TARGETS):
            return
        kind = _type_of(text) if isinstance(text, str) else None
        said = value.get("type")
        if kind is not None and kind in resource_types() and kind not in rule.targets:
            self.add("value", f"a reference to {' or '.join(sorted(rule.targets))} is expected here", (path, ".reference"))
        elif isinstance(said, str) and said in resource_types() and said not in rule.targets:
            self.add("value", f"a reference to {' or '.join(sorted(rule.targets))} is expected here", (path, ".type"))

    def _check_binding(self, value: dict[str, Any], rule: Rule, path: Path) -> None:
        """Required bindings of coded types: some coding must be of the value set (terminologies.html#required)."""
        codings = value.get("coding", []) if rule.type == "CodeableConcept" else [value]
        if not isinstance(codings, list) or rule.systems is None:
            return
        said = [one for one in codings if isinstance(one, dict) and isinstance(one.get("code"), str)]
        if said and not any(one["code"] in rule.systems.get(str(one.get("system")), ()) for one in said):
            self.add("code-invalid", "no coding is of the value set that R4 requires here", path)

    def _check_extension(self, value: dict[str, Any], path: Path) -> None:
        """ext-1: an extension has a value or extensions, not both, and not neither."""
        has_value = any(key.startswith(("value", "_value")) for key in value)
        if has_value == ("extension" in value):
            self.add("invariant", "an extension has either a value or extensions", path)

    def _check_period(self, value: dict[str, Any], path: Path) -> None:
        """per-1: a period does not end before it starts; a day holds all of its hours."""
        start, end = (instants_of(text) if isinstance(text, str) else None for text in (value["start"], value["end"]))
        if start is not None and end is not None and start[0] > end[1]:
            self.add("invariant", "a period may not end before it starts", path)

    def _check_local_references(self, resource: dict[str, Any]) -> None:
        """ref-1: `#id` leads to a resource that is contained in this one."""
        if not self._local:
            return
        contained = resource.get("contained")
        known = {str(one.get("id")) for one in contained if isinstance(one, dict)} if isinstance(contained, list) else set()
        for name, path in self._local:
            if name not in known:
                self.add("invariant", "nothing that is contained has this id", (path, ".reference"))


def _type_of(text: str) -> str | None:
    """The type that a reference says it leads to; None when it does not say."""
    if text.startswith(("#", "urn:")):
        return None
    match = CONDITIONAL.match(text) or LITERAL.fullmatch(text)
    return match["type"] if match is not None else None


def _printable(name: str) -> str:
    """An unknown name as an error may repeat it."""
    return "".join(character for character in name[:64] if character.isalnum() or character in "_-") or "?"


def _write(path: Path) -> str:
    return "".join(reversed(list(_steps(path))))


def _steps(path: Path) -> Iterator[str]:
    while path is not None:
        path, step = path
        yield step
