"""Which reader reads which template (IHE and French OIDs; table of CI-SIS models)."""

from healthspace.cda.clinical.laboratory import BATTERY, ISOLATE, RESULT, is_chapter, read_alone, read_chapter
from healthspace.cda.clinical.observations import observed_as, read_observation
from healthspace.cda.clinical.statement import Found, Reader, Statement

IHE, FRENCH = "1.3.6.1.4.1.19376.1.5.3.1.4.", "1.2.250.1.213.1.1.3."


def read_nothing(statement: Statement) -> Found:
    """What is told elsewhere: the attachments of a document belong to the document."""
    yield from ()


READERS: dict[str, Reader] = {
    **dict.fromkeys(sorted(RESULT | BATTERY | ISOLATE), read_alone),
    IHE + "13.2": observed_as("vital-signs"),
    FRENCH + "50": observed_as("vital-signs"),
    IHE + "13.4": observed_as("social-history"),
    FRENCH + "52": observed_as("social-history"),
    IHE + "13.5": observed_as(""),
    FRENCH + "53": observed_as(""),
    FRENCH + "18": read_nothing,
}
"""Reader by templateId. The most particular template comes first: a statement is read by the first one that it has, in this order."""


def reader_of(statement: Statement) -> Reader | None:
    """The reader of a statement; None when we know none of its templates, and it is no observation that says something by itself."""
    known = next((reader for template, reader in READERS.items() if template in statement.templates), None)
    if known is None and is_chapter(statement):
        return read_chapter
    return known or (read_observation if statement.kind == "observation" else None)
