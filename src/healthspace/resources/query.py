"""What is asked of the store: conditions that the index answers, and checks of what the index can only narrow.

Every condition is met or not by one resource; a query asks for those that meet all of them, and pass all checks when they are read.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from healthspace.resources.stored import Resource

Ends = tuple[float, float]


class Selects(StrEnum):
    """Where a hash has a row of its own in the index, beside its place in the resource's row."""

    NOWHERE = "nowhere"
    IN_REGISTRY = "in registry"
    """Only among what belongs to nobody in particular: a citizen's few resources are quickly read through."""
    EVERYWHERE = "everywhere"


@dataclass(frozen=True, slots=True)
class Hashed:
    """Carries any of these hashes. `across`: they are also found among all citizens, without knowing whose they are."""

    hashes: tuple[int, ...]
    selects: Selects = Selects.NOWHERE
    across: bool = False


@dataclass(frozen=True, slots=True)
class Box:
    """A range under the number `param` that begins within `lo` and ends within `hi` (both ends included)."""

    param: int
    lo: Ends
    hi: Ends


@dataclass(frozen=True, slots=True)
class Ranged:
    """Has a range that fits into any of these boxes."""

    boxes: tuple[Box, ...]


@dataclass(frozen=True, slots=True)
class Prefixed:
    """Has a string, under one of these numbers, whose code begins with one of these."""

    prefixes: tuple[tuple[int, bytes], ...]


@dataclass(frozen=True, slots=True)
class Named:
    """Is one of these resources, by our ids."""

    ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class Updated:
    """Was last written within any of these spans."""

    spans: tuple[tuple[datetime, datetime], ...]


@dataclass(frozen=True, slots=True)
class Stale:
    """Was indexed by other definitions than today's: what it carries is told by reading it."""


@dataclass(frozen=True, slots=True)
class Not:
    condition: "Condition"


@dataclass(frozen=True, slots=True)
class Either:
    conditions: "tuple[Condition, ...]"


Condition = Hashed | Ranged | Prefixed | Named | Updated | Stale | Not | Either
NEVER = Named(())

Check = Callable[[Resource], bool]
"""A question to a resource that has been read: for what an index can only narrow."""


@dataclass(frozen=True, slots=True)
class Hidden:
    """Hashes that keep a resource from the caller, unless it carries `unless` (0: whatever it carries)."""

    hashes: tuple[int, ...] = ()
    unless: int = 0


@dataclass(frozen=True, slots=True)
class Admitted:
    """What the profession matrix lets through: one of `types`; or one of `classes` and none of `but`; or `unless`."""

    classes: tuple[int, ...]
    but: tuple[int, ...]
    types: tuple[int, ...]
    unless: int = 0
    apart: tuple[int, ...] = ()
    """When given: what carries none of these is let through too, because no document says it."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose resources are searched: those of `owners`, or (None) everybody's; but those `hidden` from the caller."""

    owners: tuple[int, ...] | None
    hidden: Hidden = Hidden()
    required: tuple[int, ...] = ()
    """Hashes of which each resource must carry one: what a structure itself has deposited, what names the caller."""
    gone: tuple[int, ...] = ()
    """Hashes that keep a resource from everyone: what was withdrawn."""
    admitted: Admitted | None = None

    def within(self, owners: set[int]) -> "Scope":
        """This scope with only those of `owners` that are in it."""
        kept = owners if self.owners is None else owners & set(self.owners)
        return replace(self, owners=tuple(sorted(kept)))


@dataclass(frozen=True, slots=True)
class Sort:
    """One key of an order. `parameter` is the name of a search parameter, `_id` or `_lastUpdated`."""

    parameter: str
    descending: bool = False


NEWEST_FIRST = (Sort("_id", descending=True),)
"""The order when none is asked for: that of creation, which no later write changes, so that pages neither lose nor repeat."""


@dataclass(slots=True)
class Query:
    """What is asked about resources of one type."""

    type: str
    conditions: list[Condition] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    sort: tuple[Sort, ...] = NEWEST_FIRST
    after: str | None = None
    """The sealed place that a page before led to."""
    count: int = 50
    total: bool = True
