"""The rules of each type of R4, compiled from the definitions for the validator: one look-up for each key of an object."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from healthspace.fhir.definitions import Allowed, Element, Type, codes_of, find_type
from healthspace.fhir.primitives import checks

PRIMITIVE, COMPLEX, RESOURCE, SIBLING = range(4)


@dataclass(frozen=True, slots=True)
class Rule:
    """What may stand under one key. `element` is the element's name in FHIRPath; `choice` marks one variant of a choice [x]."""

    kind: int
    element: str
    repeats: bool
    most: int | None
    type: str
    choice: bool = False
    check: Callable[[Any], bool] | None = None
    codes: frozenset[str] | None = None
    """Codes of a required binding, for the type code."""
    systems: Mapping[str, frozenset[str]] | None = None
    """Codes by system of a required binding, for Coding and CodeableConcept."""
    targets: frozenset[str] | None = None
    forbidden: frozenset[str] = frozenset()
    """Keys that a profile of the type takes away (SimpleQuantity: comparator)."""


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of one type: by key, and the elements that must be there with the keys that satisfy each."""

    name: str
    by_key: Mapping[str, Rule]
    required: tuple[tuple[str, tuple[str, ...]], ...]
    is_resource: bool


@cache
def rules_of(name: str) -> Rules:
    """The rules of a type of the definitions (a datatype, a resource, or a part named by its path); KeyError when there is none."""
    definition = find_type(name)
    if definition is None:
        raise KeyError(name)
    by_key: dict[str, Rule] = {}
    required = []
    for element in definition.elements:
        keys = _add(by_key, definition, element)
        if element.least > 0:
            required.append((element.name, (*keys, *(f"_{key}" for key in keys if f"_{key}" in by_key))))
    return Rules(name, by_key, tuple(required), definition.kind.startswith("resource"))


def _add(by_key: dict[str, Rule], definition: Type, element: Element) -> list[str]:
    keys = []
    for allowed in element.types:
        key = element.name + allowed.name[0].upper() + allowed.name[1:] if element.choice else element.name
        rule = _rule(element, allowed)
        by_key[key] = rule
        if rule.kind == PRIMITIVE and allowed.name != "xhtml" and not _is_attribute(definition, element):
            by_key[f"_{key}"] = Rule(SIBLING, element.name, rule.repeats, rule.most, "Element", choice=element.choice)
        keys.append(key)
    return keys


def _is_attribute(definition: Type, element: Element) -> bool:
    """Ids and the URL of an extension are attributes in XML: they have no extensions (datatypes.html#Element, extensibility.html)."""
    return element.name == "id" or (definition.name == "Extension" and element.name == "url")


def _rule(element: Element, allowed: Allowed) -> Rule:
    name, codes = allowed.name, codes_of(element.value_set) if element.value_set else None
    if name in checks():
        listed = frozenset(code for several in codes.values() for code in several) if codes and name == "code" else None
        return Rule(PRIMITIVE, element.name, element.repeats, element.most, name, element.choice, checks()[name], listed)
    if name in {"Resource", "DomainResource"}:
        return Rule(RESOURCE, element.name, element.repeats, element.most, name, element.choice)
    profile = find_type(allowed.profile) if allowed.profile else None
    forbidden = (
        frozenset(each.name for each in profile.elements if each.most == 0) if profile and profile.kind == "profile" else frozenset()
    )
    systems = codes if name in {"Coding", "CodeableConcept"} else None
    return Rule(COMPLEX, element.name, element.repeats, element.most, name, element.choice, None, None, systems, allowed.targets, forbidden)
