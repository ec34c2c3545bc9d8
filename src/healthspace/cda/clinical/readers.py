"""Which reader reads which template (IHE and French OIDs; table of CI-SIS models)."""

from healthspace.cda.clinical.statement import Reader, Statement

READERS: dict[str, Reader] = {}
"""Reader by templateId. The most particular template comes first: a statement is read by the first one that it has, in this order."""


def reader_of(statement: Statement) -> Reader | None:
    """The reader of a statement; None when we know none of its templates."""
    return next((reader for template, reader in READERS.items() if template in statement.templates), None)
