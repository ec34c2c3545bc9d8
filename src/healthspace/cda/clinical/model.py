"""What the reading of a document gives: facts, and the places where something could not be read."""

from dataclasses import dataclass

from healthspace.base.fhirjson import Resource

PATIENT = "urn:healthspace:patient"
"""The reference to the citizen in every fact: the record puts its own in its place."""
FACT = "urn:healthspace:fact:"
"""What a reference to another fact of the same document begins with; its key follows."""


@dataclass(frozen=True, slots=True)
class Fact:
    """A FHIR R4 resource read from one place of a document, without `id` and `meta`.

    `key` is its position, unique and stable in the document ("3.1.2": section, entry, what is nested in it); `place` the same as a
    path that a person can follow; `section` the LOINC code of the section that it stands in, or "".
    """

    resource: Resource
    key: str
    place: str
    section: str = ""


@dataclass(frozen=True, slots=True)
class Unread:
    """An entry that says something we could not keep as a fact; `reason` is a short code and never what it said."""

    place: str
    reason: str


@dataclass(frozen=True, slots=True)
class Extraction:
    """All that was read of one document, in its order."""

    facts: tuple[Fact, ...] = ()
    unread: tuple[Unread, ...] = ()
