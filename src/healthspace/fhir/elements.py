"""Rules compiled from the definitions, once for each type: what an object of that type may hold.

Each rule is a closure that answers None for a right value, so that a right resource is walked once, without building anything.
"""

import re
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

from healthspace.fhir.definitions import Allowed, Element, Type, codes_of, find_type
from healthspace.fhir.faults import Found, fault
from healthspace.fhir.primitives import Rule, primitive_rules
from healthspace.fhir.references import reference_rule

SAYABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}").fullmatch
"""Names of unknown elements are told only when they look like names."""
ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:").match

Own = Callable[[dict[str, Any]], Found | None]
"""A rule that a type has beside its elements."""
Resource = Callable[[], Rule]


class Compiler:
    """Makes the rule of every type. `resource` and `contained` are the rules of an element that holds any resource."""

    def __init__(self, resource: Rule, contained: Rule) -> None:
        self._resource = resource
        self._contained = contained
        self._primitives = primitive_rules()
        self._objects: dict[str, Rule] = {}

    def of_type(self, name: str) -> Rule:
        """The rule of a value of the type `name`: primitive, datatype, part, resource, or "Resource" for any resource."""
        if name == "Resource":
            return self._resource
        return self._primitives.get(name) or self._of_object(name)

    def _of_object(self, name: str, *, nested: bool = False) -> Rule:
        key = f"{name} nested" if nested else name
        known = self._objects.get(key)
        if known is not None:
            return known
        rules: dict[str, Rule] = {}
        required: list[tuple[str, frozenset[str], str]] = []
        definition = find_type(name)
        if definition is None:
            raise LookupError(f"R4 has no type {name}")
        is_resource = definition.kind == "resource"
        own = None if name != "Extension" else _check_nested_extension if nested else _check_extension
        # Known before its elements are compiled: types contain themselves (Extension, Questionnaire.item).
        self._objects[key] = object_rule(rules, required, own, is_resource=is_resource)
        if is_resource:
            rules["resourceType"] = _accept
        for element in definition.elements:
            self._add_element(rules, required, definition, element)
        return self._objects[key]

    def _add_element(self, rules: dict[str, Rule], required: list[tuple[str, frozenset[str], str]], owner: Type, element: Element) -> None:
        if element.most == 0:
            return
        names = {_json_name(element, allowed): allowed for allowed in element.types}
        primitives = {f"_{name}" for name, allowed in names.items() if allowed.name in self._primitives}
        everything = primitives | names.keys()
        if element.least > 0:
            required.append((next(iter(names)), frozenset(everything), element.name))
        for name, allowed in names.items():
            others = frozenset(everything - {name, f"_{name}"})
            for key, rule in self._element_rules(name, allowed, owner, element):
                rules[key] = choice_rule(rule, others) if others else rule

    def _element_rules(self, name: str, allowed: Allowed, owner: Type, element: Element) -> Iterable[tuple[str, Rule]]:
        """The rule of the element, and of its companion (`_name`) when it is primitive."""
        if allowed.name in self._primitives:
            rule = bound(self._primitives[allowed.name], allowed.name, element.value_set)
            yield name, repeated_primitive(rule, f"_{name}") if element.repeats else rule
            companion = self._of_object("Element")
            yield f"_{name}", repeated_companion(companion, name) if element.repeats else single_companion(companion, name)
            return
        rule = self._object_of(name, allowed, owner)
        rule = bound(rule, allowed.name, element.value_set)
        yield name, repeated(rule) if element.repeats else rule

    def _object_of(self, name: str, allowed: Allowed, owner: Type) -> Rule:
        if name == "contained":
            return self._contained
        if name == "extension" and owner.name == "Extension":
            return self._of_object("Extension", nested=True)
        rule = self.of_type(allowed.profile or allowed.name)
        return reference_rule(rule, allowed.targets) if allowed.name == "Reference" else rule


def _json_name(element: Element, allowed: Allowed) -> str:
    return element.name + allowed.name[0].upper() + allowed.name[1:] if element.choice else element.name


def _accept(value: Any, parent: dict[str, Any]) -> Found | None:
    return None


def object_rule(rules: dict[str, Rule], required: list[tuple[str, frozenset[str], str]], own: Own | None, *, is_resource: bool) -> Rule:
    """An object with the elements of `rules`. `required`: a name, the names that do as well, and the element's name."""

    def check(value: Any, parent: dict[str, Any]) -> Found | None:
        if type(value) is not dict:
            return fault("structure", "an object is expected here")
        if len(value) < 2 and not is_resource and (not value or "id" in value):
            return fault("structure", "an object may not be empty, nor have an id alone")
        all_found = None
        for name, item in value.items():
            rule = rules.get(name)
            found = rule(item, value) if rule is not None else _tell_unknown(name)
            if found is not None:
                all_found = all_found or Found()
                all_found.take(found, f".{_element_name(name, rules)}" if rule is not None else "")
                if all_found.is_full:
                    return all_found
        for first, names, element in required:
            if first not in value and value.keys().isdisjoint(names):
                all_found = all_found or Found()
                all_found.add("required", f".{element}", "this element is required")
        if own is not None and (found := own(value)) is not None:
            all_found = all_found or Found()
            all_found.take(found, "")
        return all_found

    return check


def _tell_unknown(name: str) -> Found:
    sayable = SAYABLE(name) is not None
    return fault("structure", "R4 has no such element" if sayable else "R4 has no element of such a name", f".{name}" if sayable else "")
