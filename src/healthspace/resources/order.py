"""The order of search results by any search parameter (R4 search.html#sort), for what no index gives in order."""

from collections.abc import Sequence
from functools import cmp_to_key
from typing import Any

from healthspace.base.text import fold
from healthspace.fhir.searching.extract import Extracted, extract
from healthspace.fhir.searching.model import Kind
from healthspace.fhir.searching.parameters import parameters_of
from healthspace.resources.query import Sort
from healthspace.resources.stored import Stored

Key = tuple[Any, ...]
"""A value for each part of an order (None: there is none, which comes last either way), then the id."""


def key_of(stored: Stored, sorts: Sequence[Sort]) -> Key:
    """What places `stored` in the order of `sorts`; equal ones follow each other by id."""
    resource = stored.json()
    found = extract(resource)
    return (*(_value(stored, resource["resourceType"], found, sort) for sort in sorts), str(stored.id))


def sort_keys(keys: list[Key], sorts: Sequence[Sort]) -> list[Key]:
    """`keys` in the order of `sorts`."""

    def order(one: Key, other: Key) -> int:
        return compare(one, other, sorts)

    return sorted(keys, key=cmp_to_key(order))


def compare(one: Key, other: Key, sorts: Sequence[Sort]) -> int:
    """Negative when `one` comes before `other`."""
    for place, sort in enumerate(sorts):
        left, right = one[place], other[place]
        if left == right:
            continue
        if left is None or right is None:
            return 1 if left is None else -1
        return (1 if left > right else -1) * (-1 if sort.descending else 1)
    return int(one[-1] > other[-1]) - int(one[-1] < other[-1])


def _value(stored: Stored, type_: str, found: Extracted, sort: Sort) -> Any:
    if sort.parameter == "_id":
        return stored.name
    if sort.parameter == "_lastUpdated":
        return stored.updated.timestamp()
    parameter = parameters_of(type_)[sort.parameter]
    paths = {branch.key for branch in parameter.branches}
    values = _values(parameter.kind, found, paths, sort)
    return (max if sort.descending else min)(values, default=None)


def _values(kind: Kind, found: Extracted, paths: set[str], sort: Sort) -> list[Any]:
    if kind is Kind.TOKEN:
        return [code for branch, _, code in found.tokens if branch.key in paths]
    if kind is Kind.REFERENCE:
        return [text for branch, text, _ in found.references if branch.key in paths]
    if kind is Kind.URI:
        return [uri for branch, uri in found.uris if branch.key in paths]
    if kind is Kind.STRING:
        return [fold(text) for branch, text in found.strings if branch.key in paths]
    if kind is Kind.QUANTITY:
        return [hi if sort.descending else lo for branch, lo, hi, *_ in found.quantities if branch.key in paths]
    return [hi if sort.descending else lo for branch, lo, hi in found.ranges if branch.key in paths]
