"""What narrows a plan: the observations inside a request say what is asked, and found nothing. They are told in its words."""

from collections.abc import Iterator
from typing import Any

from healthspace.base.fhirjson import Resource
from healthspace.cda.clinical.absence import in_plan
from healthspace.cda.clinical.parts import meaningful
from healthspace.cda.clinical.statement import Statement
from healthspace.cda.clinical.values import code_or_text, value_of, values_in
from healthspace.cda.parse import HL7
from healthspace.cda.values import attribute
from healthspace.fhir.exact_json import ExactNumber

_MEASURES = frozenset({"1.3.6.1.4.1.19376.1.5.3.1.4.13.2", "1.2.250.1.213.1.1.3.50", "1.3.6.1.4.1.19376.1.3.1.6", "1.2.250.1.213.1.1.3.80"})
"""Vital signs and laboratory results."""
_ANSWERS = {True: "oui", False: "non"}


def is_detail(statement: Statement) -> bool:
    """True for an observation that stands inside something planned and only says more of it."""
    if statement.kind != "observation" or is_measure(statement):
        return False
    around = statement.element.iterancestors(*(f"{{{HL7}}}{kind}" for kind in ("act", "encounter", "observation", "procedure", "supply")))
    return any(in_plan(statement) or attribute(element, "moodCode") not in {"", "EVN", "DEF"} for element in around)


def is_measure(statement: Statement) -> bool:
    """True for what was measured, whatever it is a reason for."""
    return bool(statement.templates & _MEASURES)


def details_of(statement: Statement) -> list[Resource]:
    """The observations inside a planned `statement`, as notes: "Fonction étudiée : …"."""
    return [{"text": text} for inner in statement.related() if is_detail(inner) for text in _told(inner)]


def _told(statement: Statement) -> Iterator[str]:
    code, said = code_or_text(statement), shown(value_of(statement)) or meaningful(statement.text)
    if code is not None and said and not statement.negated:
        name = named(code)
        yield said if name == said else f"{name} : {said}"


def further_values(statement: Statement) -> list[Resource]:
    """The values that an observation has besides the one that is kept as such, as notes: R4 has room for one."""
    others = (shown(value_of(statement, element)) for element in values_in(statement)[1:])
    return [{"text": f"Autre valeur : {said}"} for said in others if said]


def named(concept: Resource) -> str:
    """A concept in words: its text, else its first display, else its first code."""
    codings = concept.get("coding", ())
    return str(concept.get("text") or next((each[key] for key in ("display", "code") for each in codings if key in each), ""))


def shown(value: Resource) -> str:
    """A value[x] in words; "" for one that is not given."""
    said: Any = next((content for name, content in value.items() if name.startswith("value")), None)
    if isinstance(said, bool):
        return _ANSWERS[said]
    if not isinstance(said, dict):
        return "" if said is None else str(said)
    if "value" in said:
        number = said["value"].text if isinstance(said["value"], ExactNumber) else str(said["value"])
        return " ".join(filter(None, (said.get("comparator", ""), number, said.get("unit", ""))))
    if "coding" in said or "text" in said:
        return named(said)
    parts = [shown({"value": part}) if isinstance(part, dict) else str(part) for part in said.values()]
    return " – ".join(filter(None, parts))
