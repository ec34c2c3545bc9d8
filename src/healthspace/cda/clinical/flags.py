"""What is answered by yes or no about a medicine: long-term illness, off-label, not reimbursed, unpacked (CI-SIS 48.12 to 48.15, 48.34)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from healthspace.base.fhirjson import Resource
from healthspace.cda.clinical.statement import Statement
from healthspace.cda.clinical.values import code_or_text, value_of

FLAG = "urn:healthspace:prescription-flag"
"""On a resource about a medicine, complex (code, value): one question and its answer."""


@dataclass(frozen=True, slots=True)
class Flag:
    """One answer; `key` is that of its statement."""

    code: Resource
    value: bool
    key: str


def flags(statement: Statement) -> Iterator[Flag]:
    """The answers inside a statement about a medicine. They say nothing without it, and are no findings about the citizen."""
    for inner in statement.related("COMP"):
        code, said = code_or_text(inner), value_of(inner).get("valueBoolean") if inner.kind == "observation" else None
        if code is not None and said is not None:
            yield Flag(code, said and not inner.negated, inner.key)


def flag_extensions(answers: Iterable[Flag]) -> list[Resource]:
    parts = (({"url": "code", "valueCodeableConcept": each.code}, {"url": "value", "valueBoolean": each.value}) for each in answers)
    return [{"url": FLAG, "extension": list(both)} for both in parts]
