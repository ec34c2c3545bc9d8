"""The data types of clinical statements (HL7 v3) as FHIR R4 values: nothing invented, nothing dropped, numbers as they were written."""

import re
from collections.abc import Callable

from healthspace.base.fhirjson import DATA_ABSENT, Resource, compact, extension
from healthspace.cda.clinical.model import PATIENT
from healthspace.cda.clinical.statement import Source, Statement
from healthspace.cda.contained import concept, concepts, identifier, raw_time
from healthspace.cda.people import Party, read_party
from healthspace.cda.times import Time, read_time
from healthspace.cda.values import Element, Name, attribute, child, children, read_code, tidy, truth
from healthspace.fhir.exact_json import ExactNumber
from healthspace.fhir.ucum import canonical
from healthspace.terminology.code_systems import INS_OIDS
from healthspace.terminology.uris import ABSENCE_REASONS, EDQM, UCUM

TRANSLATION = "urn:healthspace:translation"
"""On a Quantity, valueQuantity: the same value as the sender wrote it in another unit."""

_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
_NUMBER = re.compile(r"[+-]?(?:\d{1,18}(?:[.,]\d{1,18})?|[.,]\d{1,18})(?:[eE][+-]?\d{1,2})?", re.ASCII)
_BOUNDED = re.compile(r"(?P<sign><=|>=|[<>≤≥])\s*(?P<number>-?\d{1,18}(?:[.,]\d{1,18})?)(?:\s*(?P<unit>[^\s<>=]{1,40}))?", re.ASCII)
_SIGNS = {"≤": "<=", "≥": ">="}
_PACKAGES = {
    "30008000": "flacon",
    "30009000": "boîte",
    "30014000": "cartouche",
    "30015500": "récipient",
    "30067000": "tube",
    "30069000": "flacon",
}
"""What a person reads instead of the code of a package (EDQM Standard Terms), in the language of the documents."""
_EDQM_CODE = re.compile(r"\d{8}", re.ASCII)
_HOLDERS = ("value", "extension", "root", "displayName")
"""Attributes that hold what a value says, in data types that have no place in FHIR."""
_LARGEST_INTEGER = 1 << 31
_COMMENTS = frozenset({"1.3.6.1.4.1.19376.1.5.3.1.4.2", "1.2.250.1.213.1.1.3.32"})
_REASONS = {
    "MSK": "masked",
    "NASK": "not-asked",
    "ASKU": "asked-unknown",
    "NAV": "temp-unknown",
    "NA": "not-applicable",
    "NINF": "negative-infinity",
    "PINF": "positive-infinity",
}


def reason_for(flavour: str) -> str:
    """A nullFlavor (HL7 v3) as a code of data-absent-reason: "unknown" for those that say no more."""
    return _REASONS.get(flavour, "unknown")


# Concepts.


def concept_of(statement: Statement, element: Element | None) -> Resource | None:
    """The CodeableConcept of a coded element, with every translation and the words it refers to.

    A masked one has the reason "masked", no code and no words, whatever was left in it; None when nothing is said, or only that it
    is not known.
    """
    if attribute(element, "nullFlavor") == "MSK":
        return {"extension": extension(DATA_ABSENT, "valueCode", reason_for("MSK"))}
    code = read_code(element)
    if element is None or code is None:
        text = statement.source.text_of(child(element, "originalText"))
        return {"text": text} if text else None
    said = concept(code) or {}
    text = statement.source.text_of(child(element, "originalText")) or said.get("text", "")
    return compact({"coding": said.get("coding"), "text": text}) or None


def code_or_text(statement: Statement) -> Resource | None:
    """What a statement is about: its code, or else the narrative that belongs to it."""
    return concept_of(statement, child(statement.element, "code")) or ({"text": statement.text} if statement.text else None)


# Quantities.


def number_of(text: str) -> ExactNumber | int | None:
    """A number as it was written ("1.00" stays so); a decimal comma is read as a point. None when `text` is no number."""
    if _NUMBER.fullmatch(text) is None:
        return None
    sign, digits = ("-" if text.startswith("-") else "", text.lstrip("+-"))
    if "e" in digits.casefold():
        return ExactNumber(f"{float(sign + digits.replace(',', '.')):.15g}")
    whole, point, rest = digits.replace(",", ".").partition(".")
    return ExactNumber(sign + (whole.lstrip("0") or "0") + point + rest) if point else int(sign + whole)


def quantity_of(element: Element | None) -> Resource | None:
    """A Quantity from a PQ (value, unit, translations); None when it has no number. Units are UCUM where UCUM knows them."""
    value = number_of(attribute(element, "value"))
    if element is None or value is None:
        return None
    return _quantity(value, attribute(element, "unit"), translations=_translated(element))


def _quantity(value: ExactNumber | int, unit: str, comparator: str | None = None, translations: list[Resource] | None = None) -> Resource:
    system = EDQM if _EDQM_CODE.fullmatch(unit) else UCUM if unit and canonical(unit) is not None else None
    coded = {"system": system, "code": unit} if system else {}
    shown = _PACKAGES.get(unit, unit) if system == EDQM else "" if unit == "1" else unit
    made = compact({"extension": translations, "comparator": comparator, "unit": shown, **coded})
    return {**made, "value": value}


def _translated(element: Element) -> list[Resource]:
    """The same value in other units: PQR, whose unit is a code."""
    found = ((number_of(attribute(each, "value")), attribute(each, "code")) for each in children(element, "translation"))
    return [{"url": TRANSLATION, "valueQuantity": _quantity(value, unit)} for value, unit in found if value is not None]


def _bound(element: Element | None, inclusive: str, exclusive: str) -> Resource | None:
    quantity = quantity_of(element)
    if quantity is None:
        return None
    return {**quantity, "comparator": exclusive if truth(element, "inclusive") is False else inclusive}


def interval_value(element: Element) -> Resource:
    """An interval of quantities: a Range, or a bounded Quantity when one side is open (`low 0.5` is "at least 0.5")."""
    low, high = child(element, "low"), child(element, "high")
    ends = quantity_of(low), quantity_of(high)
    if ends[0] and ends[1]:
        same, backwards = ends[0].get("unit") == ends[1].get("unit"), ends[0]["value"] > ends[1]["value"]
        return {} if same and backwards else {"valueRange": {"low": ends[0], "high": ends[1]}}  # FHIR rng-2
    if child(element, "width") is not None:
        return {}  # with a width, a single end is no bound
    bounded = _bound(low, ">=", ">") or _bound(high, "<=", "<") or quantity_of(child(element, "center")) or quantity_of(element)
    return {"valueQuantity": bounded} if bounded else {}


def _bounded_text(text: str) -> Resource | None:
    """The Quantity that "<1.0 mg/L" writes out; None for any other text, and for a unit that is none."""
    match = _BOUNDED.fullmatch(text)
    value = number_of(match["number"]) if match else None
    if match is None or value is None or (match["unit"] and canonical(match["unit"]) is None):
        return None
    return _quantity(value, match["unit"] or "", _SIGNS.get(match["sign"], match["sign"]))


# Values of observations.


def value_of(statement: Statement, element: Element | None = None) -> Resource:
    """The value[x] of an Observation, or its dataAbsentReason; empty when the statement has no `value` at all."""
    if element is None:
        element = next(iter(values_in(statement)), None)
    if element is None:
        return {}
    flavour = attribute(element, "nullFlavor")
    # What is masked stays so, whatever was left in it.
    found = {} if flavour == "MSK" else _VALUES.get(type_of(element), _read_words)(statement, element)
    if found or not flavour:
        return found
    return {"dataAbsentReason": {"coding": [{"system": ABSENCE_REASONS, "code": reason_for(flavour)}]}}


def values_in(statement: Statement) -> list[Element]:
    """Its values, the first one that says something first: CDA allows several, R4 one. One that is masked says so."""
    return sorted(children(statement.element, "value"), key=lambda each: attribute(each, "nullFlavor") not in {"", "MSK"})


def is_unread(statement: Statement, value: Resource) -> bool:
    """True when a value says something that no FHIR value was made of: half a ratio, an interval by its width, a file."""
    parts = (each for element in values_in(statement)[:1] for each in element.iter() if not attribute(each, "nullFlavor"))
    kept = any(name.startswith("value") for name in value)
    masked = any(attribute(element, "nullFlavor") == "MSK" for element in values_in(statement)[:1])
    # A reference that dangles says nothing.
    return not kept and not masked and any((each.get("value") and not each.tag.endswith("}reference")) or tidy(each.text) for each in parts)


def type_of(element: Element) -> str:
    """The data type of a value; what it holds tells it where the sender does not."""
    said = tidy(element.get(_TYPE)).rpartition(":")[2]
    return said or ("CD" if element.get("code") else "PQ" if number_of(attribute(element, "value")) is not None else "")


def _read_quantity(statement: Statement, element: Element) -> Resource:
    quantity = quantity_of(element)
    if quantity is None and not attribute(element, "value"):
        # Some say the value in the laboratory's own unit only, which is none of UCUM: as a translation.
        quantity = next((one["valueQuantity"] for one in _translated(element)), None)
    if quantity is not None:
        return {"valueQuantity": quantity}
    words = tidy(f"{attribute(element, 'value')} {attribute(element, 'unit')}") if attribute(element, "value") else ""
    bounded = _bounded_text(words)
    return {"valueQuantity": bounded} if bounded else {"valueString": words} if words else {}


def _read_interval(statement: Statement, element: Element) -> Resource:
    return interval_value(element)


def _read_coded(statement: Statement, element: Element) -> Resource:
    said = concept_of(statement, element)
    if said is not None and "coding" not in said and "text" not in said:
        return {"dataAbsentReason": {"coding": [{"system": ABSENCE_REASONS, "code": "masked"}]}}
    return {"valueCodeableConcept": said} if said else {}


def _read_words(statement: Statement, element: Element) -> Resource:
    if attribute(element, "representation") == "B64":
        return {}
    text = statement.source.text_of(element) or next(filter(None, (attribute(element, name) for name in _HOLDERS)), "")
    bounded = _bounded_text(text)
    return {"valueQuantity": bounded} if bounded else {"valueString": text} if text else {}


def _read_truth(statement: Statement, element: Element) -> Resource:
    said = truth(element, "value")
    return {"valueBoolean": said} if said is not None else {}


def _read_integer(statement: Statement, element: Element) -> Resource:
    value = number_of(attribute(element, "value"))
    if type(value) is int and abs(value) < _LARGEST_INTEGER:
        return {"valueInteger": value}
    return _read_quantity(statement, element)


def _read_moment(statement: Statement, element: Element) -> Resource:
    raw = attribute(element, "value")
    time = read_time(raw, statement.source.zone) if raw else None
    if time is not None:
        return {"valueDateTime": time.fhir} if time.fhir else {"valueString": time.raw}
    start, end = (time_at(statement.source, child(element, side)) for side in ("low", "high"))
    said = compact({"start": start.fhir if start else None, "end": end.fhir if end else None})
    return {"valuePeriod": said} if said else {}


def _read_ratio(statement: Statement, element: Element) -> Resource:
    parts = {name: quantity_of(child(element, name)) for name in ("numerator", "denominator")}
    return {"valueRatio": parts} if all(parts.values()) else {}


_VALUES: dict[str, Callable[[Statement, Element], Resource]] = {
    **dict.fromkeys(("PQ", "REAL", "MO", "PPD_PQ", "SXCM_PQ", "IVXB_PQ", "HXIT_PQ"), _read_quantity),
    **dict.fromkeys(("IVL_PQ", "IVL_REAL", "IVL_INT"), _read_interval),
    **dict.fromkeys(("CD", "CE", "CO", "CS", "CV"), _read_coded),
    **dict.fromkeys(("TS", "IVL_TS", "EIVL_TS"), _read_moment),
    **dict.fromkeys(("RTO", "RTO_PQ_PQ", "RTO_QTY_QTY"), _read_ratio),
    "BL": _read_truth,
    "INT": _read_integer,
}
"""Readers by xsi:type; anything else is read as words."""


def ranges_of(statement: Statement) -> list[Resource]:
    """The reference ranges that come with a result: the laboratory's own, with the words that qualify them."""
    return [made for each in children(statement.element, "referenceRange") if (made := _range(statement, child(each, "observationRange")))]


def _range(statement: Statement, element: Element | None) -> Resource | None:
    value = child(element, "value")
    ends = {name: quantity_of(child(value, name)) for name in ("low", "high")}
    text = statement.source.text_of(child(element, "text")) or (statement.source.text_of(value) if value is not None else "")
    said = compact({**ends, "text": text})
    # Normal is what a range means when it says nothing; any other kind must be told.
    kind = child(element, "interpretationCode")
    return {**said, **compact({"type": concept_of(statement, kind)})} if said and attribute(kind, "code") not in {"", "N"} else said or None


def interpretations_of(statement: Statement) -> list[Resource]:
    return concepts(*(read_code(element) for element in children(statement.element, "interpretationCode")))


# Times.


def time_at(source: Source, element: Element | None) -> Time | None:
    """The time of a TS, when it can be read."""
    raw = attribute(element, "value")
    time = read_time(raw, source.zone) if raw else None
    return time if time is not None and time.fhir else None


def effective_of(statement: Statement, name: str = "effective") -> Resource:
    """`effectiveDateTime` or `effectivePeriod` (or with another `name`), from the statement's effectiveTime; empty when it says none."""
    element = child(statement.element, "effectiveTime")
    moment = time_at(statement.source, element) or time_at(statement.source, child(element, "center"))
    if moment is not None:
        kept = raw_time(moment)
        return {f"{name}DateTime": moment.fhir, **({f"_{name}DateTime": {"extension": kept}} if kept else {})}
    start, end = (time_at(statement.source, child(element, side)) for side in ("low", "high"))
    said = compact({"start": start.fhir if start else None, "end": end.fhir if end else None})
    return {f"{name}Period": said} if said else {}


# People.


def performer_of(statement: Statement, element: Element) -> Resource | None:
    """A logical reference to whoever a participation (performer, author, informant) names; None when it names nobody."""
    known = statement.source.references
    if element not in known:
        known[element] = refer_to(read_party(element, str(element.tag).rpartition("}")[2]))
    return known[element]


def author_of(statement: Statement) -> Resource | None:
    """The nearest author, else the document's first one."""
    author = statement.author if statement.author is not None else child(statement.source.root, "author")
    return performer_of(statement, author) if author is not None else None


def refer_to(party: Party) -> Resource | None:
    """A logical reference: to the citizen, else by identifier and name."""
    if {each.root for each in party.ids} & set(INS_OIDS):
        return {"reference": PATIENT}
    kind = "Device" if party.device is not None else "Practitioner" if party.name or party.ids else "Organization"
    ids = party.ids or (party.organization.ids if party.organization else ())
    display = _name_of(party)
    made = compact({"identifier": identifier(ids[0]) if ids else None, "display": display})
    return {"type": kind, **made} if made else None


def _name_of(party: Party) -> str:
    place = party.organization.name if party.organization else ""
    if party.device is not None:
        return party.device.software or party.device.model or place
    person = shown_name(party.name)
    return f"{person} ({place})" if person and place else person or place


def shown_name(name: Name | None) -> str:
    """A person's name as people read it; "" for None."""
    if name is None:
        return ""
    parts = (*name.prefixes, name.given("CL", "", "BR"), name.family("CL", "", "SP", "BR"))
    return tidy(" ".join(filter(None, parts))) or name.text


def note_of(statement: Statement) -> list[Resource]:
    """The comments on a statement, as annotations."""
    found = (inner.text for inner in statement.related() if inner.templates & _COMMENTS)
    return [{"text": text} for text in found if text]
