"""The index rows of versions as sets, so that an update writes and removes only what differs."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from healthspace.fhir.resource_types import NUMBER

if TYPE_CHECKING:
    from healthspace.resources.store import Version

TokenRow = tuple[int, datetime, UUID]
RangeRow = tuple[int, int, float, float, UUID]
StringRow = tuple[int, int, bytes, UUID]


class Rows:
    """Rows of the three index tables of one owner."""

    __slots__ = ("ranges", "strings", "tokens")

    def __init__(
        self, tokens: set[TokenRow] | None = None, ranges: set[RangeRow] | None = None, strings: set[StringRow] | None = None
    ) -> None:
        self.tokens, self.ranges, self.strings = tokens or set(), ranges or set(), strings or set()

    def __bool__(self) -> bool:
        return bool(self.tokens or self.ranges or self.strings)

    def __sub__(self, other: "Rows") -> "Rows":
        return Rows(self.tokens - other.tokens, self.ranges - other.ranges, self.strings - other.strings)

    def __add__(self, other: "Rows") -> "Rows":
        return Rows(self.tokens | other.tokens, self.ranges | other.ranges, self.strings | other.strings)

    def __iadd__(self, other: "Rows") -> "Rows":
        self.tokens |= other.tokens
        self.ranges |= other.ranges
        self.strings |= other.strings
        return self

    def columns(self) -> tuple[list[object], ...]:
        """The twelve arrays that the statements of the store unnest, in their order."""
        return (*_turn(self.tokens, 3), *_turn(self.ranges, 5), *_turn(self.strings, 4))


def _turn(rows: Iterable[tuple[object, ...]], width: int) -> list[list[object]]:
    """Rows as columns."""
    return [list(column) for column in zip(*rows, strict=True)] or [[] for _ in range(width)]


def index_rows(versions: Sequence["Version"]) -> Rows:
    """The index rows that `versions` have."""
    rows = Rows()
    for version in versions:
        stored, found_by = version.stored, version.found_by
        type_ = NUMBER[stored.type]
        rows.tokens.update((h, version.date, stored.id) for h in found_by.rows)
        rows.ranges.update((type_, number, lo, hi, stored.id) for number, lo, hi in found_by.ranges)
        rows.strings.update((type_, number, coded, stored.id) for number, coded in found_by.strings)
    return rows
