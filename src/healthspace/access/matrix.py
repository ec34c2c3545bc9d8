"""The profession matrix: which classes and types of documents a profession reads by default (arrêté of 26 October 2023).

A table of dated rows, `matrix.csv`, that a lawyer edits and an engineer loads: profession (TRE_G15), class (TRE_A03), type (JDV_J07, or `*`
for the whole class), yes or no, from and until which day. What no row allows is refused. A row about a type outweighs the row about
its class. `resource_classes.csv` says which class each kind of FHIR resource is judged as.
"""

import csv
from collections.abc import Iterable, Set
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from healthspace.access import origin
from healthspace.access.origin import is_from_document
from healthspace.base.errors import Misconfigured
from healthspace.terminology.document_types import CLASS_OF_TYPE

ANY = "*"
HEADER = ("profession", "class", "type", "consultation", "from", "until")
ALWAYS_OPEN = frozenset({"Patient", "CareTeam"})
"""Types that every reader needs to understand the rest."""
JUDGED_BY_THEMSELVES = frozenset({"DocumentReference", "List", "DocumentManifest", "Binary"})
"""Types that carry the class and type of their documents: each resource is judged, not the type."""
DOCTOR = "10"
"""Whose row holds for the treating doctor and for those whom the citizen gives the same rights (R1111-54)."""

KNOWN_CLASSES = frozenset(CLASS_OF_TYPE.values())

Resource = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Cell:
    """One row. `until` is the first day on which it does not hold any more."""

    profession: str
    document_class: str
    type: str
    allowed: bool
    start: date
    until: date | None

    def holds(self, day: date) -> bool:
        return self.start <= day and (self.until is None or day < self.until)


@dataclass(frozen=True, slots=True)
class Admission:
    """What one profession reads on one day: whole classes, but for some types; and some types of other classes."""

    classes: frozenset[str]
    but: frozenset[str]
    types: frozenset[str]
    resource_types: frozenset[str]
    """FHIR types that it reads, documents apart."""

    def admits(self, classes: Set[str], types: Set[str]) -> bool:
        """Whether a document of these classes and types is read."""
        return bool(types & self.types) or (bool(classes & self.classes) and not types & self.but)

    def shows(self, resource: Resource) -> bool:
        """Whether this resource is read: a document by its class and type, what it says too, a List by those of all that it brought."""
        type_ = resource["resourceType"]
        if type_ == "DocumentReference":
            return self.admits(classes_of(resource), types_of(resource))
        if type_ == "List":
            tags = {tag.get("code") for tag in resource.get("meta", {}).get("tag", []) if tag.get("system") == CONTENTS}
            return not tags & self.denied_contents
        if is_from_document(resource):
            return self.admits(origin.classes_of(resource), origin.types_of(resource))
        return type_ in self.resource_types

    @property
    def denied_contents(self) -> frozenset[str]:
        """The tags that keep a List from this profession: it must be able to read everything that came with it."""
        return frozenset({*(KNOWN_CLASSES - self.classes), UNKNOWN_CLASS, *self.but})


@dataclass(frozen=True, slots=True)
class Matrix:
    """The whole table. `version` names it in logs and on pages."""

    cells: tuple[Cell, ...]
    resource_classes: dict[str, tuple[str, str]]
    version: str

    def admission(self, profession: str, day: date) -> Admission:
        """What `profession` reads on `day`; nothing when the table does not know it."""
        rows = [cell for cell in self.cells if cell.profession == profession and cell.holds(day)]
        classes = frozenset(cell.document_class for cell in rows if cell.type == ANY and cell.allowed)
        but = frozenset(cell.type for cell in rows if cell.type != ANY and not cell.allowed)
        types = frozenset(cell.type for cell in rows if cell.type != ANY and cell.allowed)
        told = Admission(classes, but, types, frozenset())
        readable = frozenset(name for name, (class_, type_) in self.resource_classes.items() if told.admits({class_}, {type_}))
        return Admission(classes, but, types, readable | ALWAYS_OPEN | JUDGED_BY_THEMSELVES)


def read_matrix(lines: Iterable[str], resource_classes: dict[str, tuple[str, str]], version: str) -> Matrix:
    """The table in `lines` of CSV; Misconfigured names the line that cannot be, or the two that contradict each other."""
    rows = csv.reader(line for line in lines if line.strip() and not line.startswith("#"))
    if tuple(next(rows, ())) != HEADER:
        raise Misconfigured(f"the access matrix begins with the line {','.join(HEADER)}")
    cells = tuple(_read_cell(row) for row in rows)
    for number, cell in enumerate(cells):
        for other in cells[number + 1 :]:
            same = (cell.profession, cell.document_class, cell.type) == (other.profession, other.document_class, other.type)
            if same and _overlap(cell, other):
                raise Misconfigured(f"two rows of the access matrix hold at once: {cell.profession},{cell.document_class},{cell.type}")
    return Matrix(cells, resource_classes, version)


def load_matrix(path: Path | None = None) -> Matrix:
    """The table of `path`, or the one that comes with the service. Misconfigured when it cannot be read."""
    if path is None:
        return _own_matrix()
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise Misconfigured(f"the access matrix {path} cannot be read") from error
    return read_matrix(text.splitlines(), _own_resource_classes(), path.name)


@cache
def _own_matrix() -> Matrix:
    text = files("healthspace.access").joinpath("matrix.csv").read_text(encoding="utf-8")
    return read_matrix(text.splitlines(), _own_resource_classes(), text.partition("\n")[0].removeprefix("# ").strip())


def _own_resource_classes() -> dict[str, tuple[str, str]]:
    text = files("healthspace.access").joinpath("resource_classes.csv").read_text(encoding="utf-8")
    return {row["resource"]: (row["class"], row["type"]) for row in csv.DictReader(text.splitlines())}


def _read_cell(row: list[str]) -> Cell:
    told = ",".join(row)
    if len(row) != len(HEADER) or not row[0] or not row[1] or not row[2] or row[3] not in {"yes", "no"}:
        raise Misconfigured(f"this is no row of the access matrix: {told}")
    if row[1] not in KNOWN_CLASSES or (row[2] != ANY and CLASS_OF_TYPE.get(row[2]) != row[1]):
        raise Misconfigured(f"this row of the access matrix names a class, or a type of that class, that nobody knows: {told}")
    try:
        start, until = date.fromisoformat(row[4]), date.fromisoformat(row[5]) if row[5] else None
    except ValueError:
        raise Misconfigured(f"a row of the access matrix has dates as YYYY-MM-DD: {told}") from None
    if until is not None and until <= start:
        raise Misconfigured(f"this row of the access matrix ends before it begins: {told}")
    return Cell(row[0], row[1], row[2], row[3] == "yes", start, until)


def _overlap(one: Cell, other: Cell) -> bool:
    return (one.until is None or other.start < one.until) and (other.until is None or one.start < other.until)


CONTENTS = "urn:healthspace:contents"
"""System of the tags of a List: the class and the type of each document that it brought."""
UNKNOWN_CLASS = "?"


def contents_tags(references: Iterable[Resource]) -> list[Resource]:
    """The tags of a List that brought `references`, in a stable order."""
    codes = set[str]()
    for reference in references:
        codes |= types_of(reference)
        codes |= {class_ if class_ in KNOWN_CLASSES else UNKNOWN_CLASS for class_ in classes_of(reference) or {""}}
    return [{"system": CONTENTS, "code": code} for code in sorted(codes)]


def types_of(reference: Resource) -> set[str]:
    """Codes of the type of a DocumentReference."""
    return {coding["code"] for coding in reference.get("type", {}).get("coding", []) if "code" in coding}


def classes_of(reference: Resource) -> set[str]:
    """Codes of the class of a DocumentReference."""
    return {coding["code"] for concept in reference.get("category", []) for coding in concept.get("coding", []) if "code" in coding}
