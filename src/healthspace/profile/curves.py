"""One curve for each analyte across laboratories: each point in one unit, with its own laboratory's range, and breaks where
methods or units do not compare.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import quote

from healthspace.base.text import fold
from healthspace.fhir.dates import instants_of
from healthspace.profile.analytes import HBA1C, IFCC_OFFSET, IFCC_SLOPE, Analyte, analyte_of
from healthspace.profile.convert import Unit, convert, unit_of
from healthspace.profile.elements import Resource, Standing, codings_of, name_concept, name_of, standing_of, time_of
from healthspace.profile.merge import Merged, merge
from healthspace.profile.ranges import NO_RANGE, Position, Range, place, range_of
from healthspace.terminology.uris import LOINC

PERCENT, IFCC_UNIT = "%", "mmol/mol"
Grouped = Mapping[str, Sequence[Resource]]
"""Observations under the key of their curve."""
Timed = tuple[tuple[float, str], Merged]
"""A fact, and when it was."""


@dataclass(frozen=True, slots=True)
class Point:
    """One result: when (FHIR time, and seconds since 1970), its value and range in the curve's unit (None: in words, or not
    convertible), and what the laboratory itself wrote."""

    fact: Merged
    time: str
    at: float
    value: float | None
    comparator: str
    bounds: Range
    position: Position
    own_value: float | None
    own_unit: Unit
    own_bounds: Range
    words: str
    method: str
    converted: bool
    segment: int = 0
    """Points of one segment compare; a line joins them and no others."""


@dataclass(frozen=True, slots=True)
class Curve:
    """All results of one analyte, the oldest first. `key` names it in an address; `analyte` is None for a code of no table."""

    key: str
    name: str
    analyte: Analyte | None
    unit: Unit
    points: tuple[Point, ...]

    @property
    def last(self) -> Point:
        return self.points[-1]

    @property
    def drawn(self) -> tuple[Point, ...]:
        """The points that have a place on the curve: a number in its unit, and a time."""
        return tuple(point for point in self.points if point.value is not None and point.time)

    @property
    def broken(self) -> bool:
        return len({point.segment for point in self.drawn}) > 1


@dataclass(frozen=True, slots=True)
class Tally:
    """How many results there are, how many of them have a range that tells, and how many of those are inside it."""

    total: int
    ranged: int
    inside: int


def tally(points: Iterable[Point]) -> Tally:
    listed = list(points)
    ranged = [point for point in listed if point.position is not Position.UNKNOWN]
    return Tally(len(listed), len(ranged), sum(point.position is Position.INSIDE for point in ranged))


@dataclass(frozen=True, slots=True)
class Series:
    """The facts of one curve that is not drawn yet, and the latest of them as its laboratory gave it."""

    key: str
    name: str
    facts: tuple[Timed, ...]
    last: Point


def by_curve(observations: Iterable[Resource]) -> Grouped:
    """The Observations that make each curve. Panels and what says nothing positive make none.

    A curve is made of its own results, whatever those of other curves say of the same thing (decision 44).
    """
    groups: dict[str, list[Resource]] = {}
    for one in observations:
        if one.get("resourceType") == "Observation" and makes_point(one):
            groups.setdefault(curve_key(one), []).append(one)
    return groups


def makes_point(observation: Resource) -> bool:
    """Whether an Observation says that something was so, and what: it has a place on its curve, or in the table behind it."""
    valued = "valueQuantity" in observation or any(key.startswith("value") for key in observation)
    return valued and standing_of(observation) is Standing.PRESENT


def series_of(groups: Grouped, language: str = "fr") -> list[Series]:
    """What curves are made of, the latest measured first."""
    found = [_series(key, _facts_of(group), language) for key, group in groups.items()]
    return sorted(found, key=lambda series: (-series.last.at, fold(series.name)))


def draw_series(series: Series, language: str = "fr") -> Curve:
    """The curve of `series`."""
    return _draw(series.key, series.facts, language)


def draw_curve_of(groups: Grouped, keys: Iterable[str], language: str = "fr") -> Curve | None:
    """The curve of the first of `keys` that has one, as `draw_series` draws it; the others are not drawn."""
    return next((_draw(key, _facts_of(groups[key]), language) for key in keys if key in groups), None)


def _series(key: str, facts: Sequence[Timed], language: str) -> Series:
    latest = facts[-1]
    return Series(key, name_result(latest[1].resource, language), tuple(facts), _read(latest))


def name_result(resource: Resource, language: str) -> str:
    """What a result measures, in `language` where it is known; else as its laboratory calls it."""
    found = analyte_of(codings_of(resource.get("code")))
    return found[0].name(language) if found else name_of(resource)


def moment_of(resource: Resource) -> tuple[float, str]:
    """When a result was, as curves are ordered: seconds since 1970, before everything without a time; then as it is written."""
    time = time_of(resource)
    span = instants_of(time)
    return span[0] if span else float("-inf"), time


def _facts_of(observations: Iterable[Resource]) -> list[Timed]:
    """The facts of one curve, the oldest first."""
    return sorted(((moment_of(fact.resource), fact) for fact in merge(observations)), key=lambda timed: timed[0])


def curve_key(observation: Resource) -> str:
    """The curve that an Observation belongs to, fit for an address."""
    codings = codings_of(observation.get("code"))
    found = analyte_of(codings)
    if found is not None:
        return found[0].key
    loinc = next((code for system, code in codings if system == LOINC), None)
    if loinc is not None:
        return f"loinc-{loinc}"
    if codings:
        system, code = codings[0]
        return f"code-{quote(f'{system}|{code}', safe='')}"
    return f"text-{quote(fold(name_concept(observation.get('code'))), safe='')}"


def _draw(key: str, facts: Iterable[Timed], language: str) -> Curve:
    read = [_read(timed) for timed in facts]
    found = analyte_of(codings_of(read[-1].fact.resource.get("code")))
    analyte = found[0] if found else None
    # The unit of the latest result: the one its reader has on paper.
    unit = next((point.own_unit for point in reversed(read) if point.own_value is not None), Unit(None, ""))
    points = _drop_doubles([_place(point, unit, analyte) for point in read])
    name = analyte.name(language) if analyte else name_of(read[-1].fact.resource)
    return Curve(key, name, analyte, unit, tuple(_cut(points)))


def _read(timed: Timed) -> Point:
    """A result as its laboratory gave it."""
    (at, time), fact = timed
    resource = fact.resource
    quantity = resource.get("valueQuantity") or {}
    value = float(quantity["value"]) if "value" in quantity else None
    if value is None and "valueInteger" in resource:
        value = float(resource["valueInteger"])
    unit, comparator = unit_of(quantity), str(quantity.get("comparator", ""))
    bounds = range_of(resource, unit)
    position = place(value, comparator, bounds, resource) if value is not None else _place_words(resource, bounds)
    words = "" if value is not None else _words_of(resource)
    return Point(
        fact,
        time,
        at,
        value,
        comparator,
        bounds,
        position,
        value,
        unit,
        bounds,
        words,
        _method(resource),
        False,
    )


def _place(point: Point, unit: Unit, analyte: Analyte | None) -> Point:
    """The same result in the curve's unit; its position was told in the laboratory's own."""
    if point.own_value is None or point.own_unit == unit:
        return point
    moved = _move(point.own_value, point.own_unit, unit, analyte)
    if moved is None:
        return replace(point, value=None, bounds=NO_RANGE)
    low, high = (None if bound is None else _move(bound, point.own_unit, unit, analyte) for bound in (point.bounds.low, point.bounds.high))
    converted = point.own_unit.shown != unit.shown and moved != point.own_value
    return replace(point, value=moved, bounds=Range(low, high, point.bounds.text), converted=converted)


def _move(value: float, unit: Unit, to: Unit, analyte: Analyte | None) -> float | None:
    if analyte is not None and analyte.key == HBA1C and {unit.code, to.code} == {PERCENT, IFCC_UNIT}:
        return round(value * IFCC_SLOPE + IFCC_OFFSET, 2) if to.code == PERCENT else round((value - IFCC_OFFSET) / IFCC_SLOPE, 1)
    return convert(value, unit, to, analyte.molar_mass if analyte else None, analyte.charge if analyte else None)


def _drop_doubles(points: Sequence[Point]) -> list[Point]:
    """One point where one report states one value twice, in two units."""
    kept: list[Point] = []
    by_time: dict[str, list[int]] = {}
    for point in points:
        near = by_time.setdefault(point.time, [])
        twin = next((place for place in near if _is_double(point, kept[place])), None)
        if twin is None:
            near.append(len(kept))
            kept.append(point)
        elif kept[twin].converted and not point.converted:
            kept[twin] = point
    return kept


def _is_double(one: Point, other: Point) -> bool:
    if one.value is None or other.value is None or one.own_unit.shown == other.own_unit.shown:
        return False
    same_report = set(one.fact.sources) & set(other.fact.sources)
    return bool(same_report) and one.comparator == other.comparator and abs(one.value - other.value) <= 0.02 * abs(other.value)


def _cut(points: Sequence[Point]) -> list[Point]:
    """A new segment where the method changes, as far as both results name one, or where a value does not convert."""
    cut: list[Point] = []
    segment, method = 0, ""
    for point in points:
        if point.own_value is not None and point.value is None:
            segment, method = segment + 1, ""
        elif point.method and method and point.method != method:
            segment, method = segment + 1, point.method
        else:
            method = point.method or method
        cut.append(replace(point, segment=segment) if segment else point)
    return cut


def _method(resource: Resource) -> str:
    """The method: as the laboratory names it, else as the LOINC code does."""
    named = name_concept(resource.get("method"))
    found = None if named else analyte_of(codings_of(resource.get("code")))
    return found[0].codes[found[1]] if found else named


def _place_words(resource: Resource, bounds: Range) -> Position:
    return place(0.0, "", bounds, resource) if bounds.text and not bounds.told else Position.UNKNOWN


def _words_of(resource: Resource) -> str:
    """A value that is no number, as it is read: words, a coded answer, an interval, a ratio."""
    if "valueCodeableConcept" in resource:
        return name_concept(resource["valueCodeableConcept"])
    if "valueRange" in resource:
        bounds = [resource["valueRange"].get(side) or {} for side in ("low", "high")]
        unit = next((str(bound["unit"]) for bound in bounds if bound.get("unit")), "")
        return " – ".join(f"{bound['value']:g}" for bound in bounds if "value" in bound) + (f" {unit}" if unit else "")
    if "valueRatio" in resource:
        return "/".join(f"{(resource['valueRatio'].get(side) or {}).get('value', '')}" for side in ("numerator", "denominator"))
    if "valueBoolean" in resource:
        return "true" if resource["valueBoolean"] else "false"
    return next((str(value) for key, value in resource.items() if key.startswith("value") and isinstance(value, str | int | float)), "")
