"""A search parameter and its parts, as the index and the matcher use them."""

from dataclasses import dataclass
from enum import StrEnum

from healthspace.fhir.searching.paths import Walk


class Kind(StrEnum):
    """The types of search parameter (R4 search.html#ptypes)."""

    NUMBER = "number"
    DATE = "date"
    STRING = "string"
    TOKEN = "token"
    REFERENCE = "reference"
    COMPOSITE = "composite"
    QUANTITY = "quantity"
    URI = "uri"
    SPECIAL = "special"


@dataclass(frozen=True, slots=True)
class Branch:
    """One alternative of a parameter's expression. Branches with the same key and kind have the same values.

    `key` is its path from the resource; `only` are the types that a reference must lead to (None: any).
    """

    key: str
    kind: Kind
    only: frozenset[str] | None
    walk: Walk


@dataclass(frozen=True, slots=True)
class Component:
    """A part of a composite parameter: a parameter of its own, seen from each base element."""

    parameter: "Parameter"
    from_root: bool
    """Its values are looked for in the whole resource (%resource), not in the base element."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A search parameter of one type. `shared`: few values, met in many resources; they get no index row of their own."""

    name: str
    kind: Kind
    branches: tuple[Branch, ...]
    targets: frozenset[str] = frozenset()
    components: tuple[Component, ...] = ()
    shared: bool = False
