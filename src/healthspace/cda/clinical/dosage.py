"""How a medicine is taken: the dosage of a treatment, a prescription or a dispensation as FHIR Dosage (CI-SIS, IHE PCC 6.3.4.16).

What a Dosage cannot say in codes is kept in the words of the document; nothing is rounded or guessed.
"""

from collections.abc import Iterator

from healthspace.base.fhirjson import Resource, compact
from healthspace.cda.clinical.model import Unread
from healthspace.cda.clinical.parts import meaningful
from healthspace.cda.clinical.products import ratio_of
from healthspace.cda.clinical.schedule import has_unsaid_rhythm, parts_of, timing
from healthspace.cda.clinical.statement import Statement, narrated
from healthspace.cda.clinical.values import concept_of, quantity_of
from healthspace.cda.parse import HL7
from healthspace.cda.values import Element, attribute, child, children, words

INSTRUCTIONS = ("1.3.6.1.4.1.19376.1.5.3.1.4.3", "1.2.250.1.213.1.1.3.33")
"""Instructions to the patient (IHE, CI-SIS)."""
STEPS = "COMP/substanceAdministration"
"""Where the steps of a dosage stand in an entry: link and kind."""
_CELLS = (f"{{{HL7}}}td", f"{{{HL7}}}th")


def dosages(statement: Statement, *, bounded: bool) -> list[Resource]:
    """The dosage of `statement`: one, or one for each of its steps (sub-doses). `bounded` puts the whole period into it too."""
    steps = [inner for inner in statement.related("COMP") if inner.kind == "substanceAdministration"]
    common, words_of_all = _common(statement), _words(statement)
    if not steps:
        own = _own(statement, bounded=bounded)
        return [said] if (said := compact({"text": words_of_all, **common, **own})) else []
    found = []
    for position, step in enumerate(steps, 1):
        said = {"sequence": _sequence(step) or position, "text": _words(step), **common, **_common(step), **_own(step, bounded=True)}
        found.append(compact(said))
    if words_of_all and not any("text" in said for said in found):
        found[0]["text"] = words_of_all
    return found


def unread_dosages(statement: Statement) -> Iterator[Unread]:
    """The statements of a dosage whose rhythm a Timing cannot say, and the document has no words for."""
    steps = (inner for inner in statement.related("COMP") if inner.kind == "substanceAdministration")
    for each in (statement, *steps):
        if has_unsaid_rhythm(each) and not _words(each):
            yield Unread(each.place, "dosage")


def _own(statement: Statement, *, bounded: bool) -> Resource:
    """When, and how much each time."""
    amounts = compact({**_amount(statement, "doseQuantity", "dose"), **_amount(statement, "rateQuantity", "rate")})
    return compact({"timing": timing(statement, bounded=bounded), "doseAndRate": [amounts] if amounts else None})


def _common(statement: Statement) -> Resource:
    """What the steps of a dosage share with the whole: the way in, the place, the condition, the advice, the limit."""
    element = statement.element
    return compact(
        {
            "patientInstruction": "\n".join(filter(None, (advice.text for advice in statement.find(*INSTRUCTIONS)))),
            **_condition(statement),
            "site": concept_of(statement, child(element, "approachSiteCode")),
            "route": concept_of(statement, child(element, "routeCode")),
            "maxDosePerPeriod": next(filter(None, map(ratio_of, children(element, "maxDoseQuantity"))), None),
        }
    )


def _condition(statement: Statement) -> Resource:
    """Only under a condition ("in case of pain"): the words or the code of the precondition."""
    criterion = child(statement.element, "precondition", "criterion")
    text = statement.source.text_of(child(criterion, "text"))
    concept = concept_of(statement, child(criterion, "code")) or concept_of(statement, child(criterion, "value"))
    said = meaningful(text)
    if concept or said:
        return {"asNeededCodeableConcept": compact({**(concept or {}), "text": said or (concept or {}).get("text")})}
    return {}


def _amount(statement: Statement, name: str, key: str) -> Resource:
    """A quantity, or a range when its bounds differ."""
    element = child(statement.element, name)
    low, high = (quantity_of(child(element, bound)) for bound in ("low", "high"))
    if low and low == high:
        return {f"{key}Quantity": low}
    if low or high:
        return {f"{key}Range": compact({"low": low, "high": high})}
    return compact({f"{key}Quantity": quantity_of(element)})


def _sequence(step: Statement) -> int:
    link = step.element.getparent()
    raw = attribute(child(link, "sequenceNumber"), "value")
    return int(raw) if raw.isascii() and raw.isdigit() and 0 < len(raw) < 9 else 0


def _words(statement: Statement) -> str:
    """How the medicine is taken, in the document's words: those of its dosage, else those of its times and doses."""
    return _narrated(statement) or ", ".join(dict.fromkeys(_quoted(statement)))


def _narrated(statement: Statement) -> str:
    """The words of the narrative about the dosage of the product that `text` refers to.

    Nothing in an entry refers to a dosage in words. The agency's examples give it the ID of the product followed by "-posologie";
    others put it into the same row of a table, under "Posologie".
    """
    target = attribute(child(statement.element, "text", "reference"), "value").removeprefix("#")
    narrative = statement.source.narrative
    if target and (named := narrative.get(f"{target}-posologie")) is not None:
        return meaningful(narrated(named))
    cell = narrative.get(target) if target else None
    while cell is not None and cell.tag not in _CELLS:
        cell = cell.getparent()
    return meaningful(narrated(_beside(cell))) if cell is not None else ""


def _beside(cell: Element) -> Element | None:
    """The cell in the row of `cell` that stands under "Posologie"; None when the table has no such column."""
    row = cell.getparent()
    table = next(row.iterancestors(f"{{{HL7}}}table"), None) if row is not None else None
    cells, heads = _cells(row), _cells(child(table, "thead", "tr"))
    found = next((inside for head, inside in zip(heads, cells, strict=False) if "posologie" in words(head).casefold()), None)
    plain = len(cells) == len(heads) and not any(each.get("colspan") or each.get("rowspan") for each in (*cells, *heads))
    return found if plain and found is not cell else None


def _cells(row: Element | None) -> list[Element]:
    return [] if row is None else list(row.iterchildren(*_CELLS))


def _quoted(statement: Statement) -> list[str]:
    """What the original texts of times and quantities refer to."""
    element = statement.element
    periods = [child(part, "period") for part in parts_of(element)]
    quantities = [_quoted_range(statement, child(element, name)) for name in ("doseQuantity", "rateQuantity")]
    return list(filter(None, [*quantities, *(_quote(statement, period) for period in periods)]))


def _quoted_range(statement: Statement, element: Element | None) -> str:
    bounds = [_quote(statement, child(element, name)) for name in ("low", "high")]
    return " – ".join(filter(None, dict.fromkeys(bounds))) or _quote(statement, element)


def _quote(statement: Statement, element: Element | None) -> str:
    return meaningful(statement.source.text_of(child(element, "translation", "originalText")))
