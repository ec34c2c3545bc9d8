"""The values of a resource that its search parameters are about, in the form that the index takes (R4 search.html#table)."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from healthspace.fhir.dates import FOREVER, instants_of, period_of
from healthspace.fhir.searching.model import Branch, Kind
from healthspace.fhir.searching.parameters import branches_of, parameters_of

Span = tuple[float, float]
CURRENCIES = "urn:iso:std:iso:4217"
NAME_PARTS = ("family", "given", "prefix", "suffix", "text")
ADDRESS_PARTS = ("line", "city", "district", "state", "postalCode", "country", "text")
CLINICAL_DATES = {
    "Claim": "created",
    "Communication": "sent",
    "CommunicationRequest": "authored",
    "Condition": "onset-date",
    "DeviceRequest": "authored-on",
    "Goal": "start-date",
    "ImagingStudy": "started",
    "Media": "created",
    "MedicationAdministration": "effective-time",
    "MedicationDispense": "whenhandedover",
    "MedicationRequest": "authoredon",
    "MedicationStatement": "effective",
    "Provenance": "recorded",
    "QuestionnaireResponse": "authored",
    "RequestGroup": "authored",
    "ServiceRequest": "authored",
    "Slot": "start",
    "Specimen": "collected",
    "Task": "authored-on",
}
"""The parameter that says when it took place, of types where it is not called date."""


@dataclass(slots=True)
class Extracted:
    """The values of one resource, each with the branch that leads to it. Ranges are seconds since 1970 (UTC), or numbers."""

    tokens: list[tuple[Branch, str | None, str]] = field(default_factory=list)
    token_types: list[tuple[Branch, str | None, str, str]] = field(default_factory=list)
    references: list[tuple[Branch, str, bool]] = field(default_factory=list)
    reference_identifiers: list[tuple[Branch, str | None, str]] = field(default_factory=list)
    uris: list[tuple[Branch, str]] = field(default_factory=list)
    strings: list[tuple[Branch, str]] = field(default_factory=list)
    ranges: list[tuple[Branch, float, float]] = field(default_factory=list)
    quantities: list[tuple[Branch, float, float, str | None, str | None, str | None]] = field(default_factory=list)
    clinical_date: float | None = None


def extract(resource: dict[str, Any]) -> Extracted:
    """All values of `resource`, by the parameters of its type."""
    found = Extracted()
    type_ = resource["resourceType"]
    for branch in branches_of(type_):
        extract_branch(found, branch, resource)
    paths = _clinical_paths(type_)
    starts = [lo if math.isfinite(lo) else hi for branch, lo, hi in found.ranges if branch.key in paths]
    found.clinical_date = min((start for start in starts if math.isfinite(start)), default=None)
    return found


def extract_branch(found: Extracted, branch: Branch, value: dict[str, Any]) -> None:
    """Adds the values of one branch, seen from `value`."""
    extractor = _EXTRACTORS[branch.kind]
    for type_, node in branch.walk.nodes(value):
        extractor(found, branch, type_, node)


@cache
def clinical_date_parameter(type_: str) -> str | None:
    """The date parameter that says when what the resource is about took place; None when there is none."""
    name = CLINICAL_DATES.get(type_, "date")
    parameter = parameters_of(type_).get(name)
    return name if parameter is not None and parameter.kind is Kind.DATE else None


@cache
def _clinical_paths(type_: str) -> frozenset[str]:
    name = clinical_date_parameter(type_)
    return frozenset(branch.key for branch in parameters_of(type_)[name].branches) if name else frozenset()


def _token(found: Extracted, branch: Branch, type_: str, node: Any) -> None:
    for system, code in _codes(type_, node):
        found.tokens.append((branch, system, code))
    if type_ == "Identifier" and isinstance(node.get("value"), str):
        for coding in node.get("type", {}).get("coding", []):
            if isinstance(coding.get("code"), str):
                found.token_types.append((branch, coding.get("system"), coding["code"], node["value"]))


def _codes(type_: str, node: Any) -> Iterator[tuple[str | None, str]]:
    """(system, code) of whatever a token parameter may be about."""
    if isinstance(node, bool):
        yield None, "true" if node else "false"
    elif isinstance(node, str):
        yield None, node
    elif type_ == "CodeableConcept":
        for coding in node.get("coding", []):
            if "code" in coding:
                yield coding.get("system"), coding["code"]
    elif type_ == "ContactPoint":
        yield from _contacts(node)
    elif isinstance(node, dict):
        code = node.get("code", node.get("value"))
        if isinstance(code, str):
            yield node.get("system"), code


def _contacts(node: dict[str, Any]) -> Iterator[tuple[str | None, str]]:
    """The use stands where codes have a system (search.html#token, ContactPoint); most clients say `phone` or `email` there."""
    if "value" in node:
        yield node.get("use"), node["value"]
        if "system" in node:
            yield node["system"], node["value"]


def _reference(found: Extracted, branch: Branch, type_: str, node: Any) -> None:
    if isinstance(node, str):  # canonical and uri: with their version, and without
        found.references.append((branch, node, False))
        if "|" in node:
            found.references.append((branch, node.partition("|")[0], False))
        return
    if not isinstance(node, dict):
        return
    if "resourceType" in node:
        if "id" in node:
            found.references.append((branch, f"{node['resourceType']}/{node['id']}", True))
        return
    text = node.get("reference")
    if isinstance(text, str) and not text.startswith("#"):
        found.references.append((branch, text.partition("/_history/")[0], False))
    identifier = node.get("identifier")
    if isinstance(identifier, dict) and isinstance(identifier.get("value"), str):
        found.reference_identifiers.append((branch, identifier.get("system"), identifier["value"]))


def _uri(found: Extracted, branch: Branch, type_: str, node: Any) -> None:
    if isinstance(node, str):
        found.uris.append((branch, node))


def _string(found: Extracted, branch: Branch, type_: str, node: Any) -> None:
    for text in strings_in(type_, node):
        found.strings.append((branch, text))


def strings_in(type_: str, node: Any) -> Iterator[str]:
    """The texts that a string parameter is about: a text, or each part of a name or address."""
    if isinstance(node, str):
        yield node
    elif isinstance(node, dict):
        parts = ADDRESS_PARTS if type_ == "Address" else NAME_PARTS
        for part in parts:
            value = node.get(part)
            yield from (
                [value] if isinstance(value, str) else [one for one in value if isinstance(one, str)] if isinstance(value, list) else []
            )


def _date(found: Extracted, branch: Branch, type_: str, node: Any) -> None:
    if isinstance(node, str):
        span = instants_of(node)
    elif type_ == "Timing":
        span = _outer_limits(node)
    elif isinstance(node, dict):
        span = period_of(node.get("start"), node.get("end"))
    else:
        span = None
    if span is not None:
        found.ranges.append((branch, *span))


def _outer_limits(timing: dict[str, Any]) -> Span | None:
    """search.html#date: the outer limits of a Timing's events and bounds."""
    spans = [span for event in timing.get("event", []) if isinstance(event, str) and (span := instants_of(event)) is not None]
    bounds = timing.get("repeat", {}).get("boundsPeriod")
    if isinstance(bounds, dict) and (span := period_of(bounds.get("start"), bounds.get("end"))) is not None:
        spans.append(span)
    return (min(span[0] for span in spans), max(span[1] for span in spans)) if spans else None


def _number(found: Extracted, branch: Branch, type_: str, node: Any) -> None:
    if isinstance(node, int | float) and not isinstance(node, bool):
        found.ranges.append((branch, float(node), float(node)))
    elif isinstance(node, dict) and type_ == "Range" and (ends := _ends_of(node)) is not None:
        found.ranges.append((branch, *ends))


def _quantity(found: Extracted, branch: Branch, type_: str, node: Any) -> None:
    if not isinstance(node, dict):
        return
    if type_ == "Money":
        if isinstance(node.get("value"), int | float):
            found.quantities.append((branch, node["value"], node["value"], CURRENCIES, node.get("currency"), node.get("currency")))
        return
    if type_ == "Range":
        told = node.get("low") or node.get("high") or {}
        if (ends := _ends_of(node)) is not None:
            found.quantities.append((branch, *ends, told.get("system"), told.get("code"), told.get("unit")))
        return
    quantity = node.get("origin", {}) if type_ == "SampledData" else node
    value = quantity.get("value")
    if isinstance(value, int | float):
        span = _compared(float(value), quantity.get("comparator"))
        found.quantities.append((branch, *span, quantity.get("system"), quantity.get("code"), quantity.get("unit")))


def _ends_of(range_: dict[str, Any]) -> Span | None:
    """The ends of a Range, open where none is said; None when neither is."""
    low, high = range_.get("low", {}).get("value"), range_.get("high", {}).get("value")
    if low is None and high is None:
        return None
    return (float(low) if low is not None else -FOREVER), (float(high) if high is not None else FOREVER)


def _compared(value: float, comparator: str | None) -> Span:
    """A bounded value as a range: `< 5` is everything below."""
    if comparator in {"<", "<="}:
        return -FOREVER, math.nextafter(value, -FOREVER) if comparator == "<" else value
    if comparator in {">", ">="}:
        return math.nextafter(value, FOREVER) if comparator == ">" else value, FOREVER
    return value, value


def _nothing(found: Extracted, branch: Branch, type_: str, node: Any) -> None:
    """Composites are made of what their components extract."""


_EXTRACTORS: dict[Kind, Callable[[Extracted, Branch, str, Any], None]] = {
    Kind.TOKEN: _token,
    Kind.REFERENCE: _reference,
    Kind.URI: _uri,
    Kind.STRING: _string,
    Kind.DATE: _date,
    Kind.NUMBER: _number,
    Kind.QUANTITY: _quantity,
    Kind.COMPOSITE: _nothing,
    Kind.SPECIAL: _nothing,
}
