"""Measurements that people take: their codes, units and bounds; blood pressure in pairs; growth by age."""

from collections.abc import Iterable
from dataclasses import dataclass

from healthspace.fhir.dates import instants_of
from healthspace.profile.convert import Unit, convert, unit_of
from healthspace.profile.curves import Curve, curve_key, makes_point
from healthspace.profile.elements import Resource, Standing, codings_of, is_of_laboratory, is_result, source_of, standing_of, time_of
from healthspace.profile.merge import Merged, merge
from healthspace.terminology.uris import LOINC

SYSTOLIC, DIASTOLIC, PRESSURE = "8480-6", "8462-4", "85354-9"
MMHG = Unit("mm[Hg]", "mmHg")
MONTH = 30.4375 * 86400


@dataclass(frozen=True, slots=True)
class Kind:
    """A measurement that a citizen may enter: LOINC code, UCUM unit and how it is written, and the bounds of what is plausible.

    The bounds ask for a second look, they forbid nothing: the most extreme values that are known in living people lie within.
    """

    key: str
    code: str
    unit: str
    written: str
    least: float
    most: float


KINDS = (
    Kind("weight", "29463-7", "kg", "kg", 0.4, 350),
    Kind("pressure", PRESSURE, "mm[Hg]", "mmHg", 50, 260),
    Kind("height", "8302-2", "cm", "cm", 25, 250),
    Kind("head", "9843-4", "cm", "cm", 20, 65),
    Kind("temperature", "8310-5", "Cel", "°C", 33, 43),
    Kind("pulse", "8867-4", "/min", "/min", 30, 230),
    Kind("saturation", "59408-5", "%", "%", 70, 100),
    Kind("waist", "8280-0", "cm", "cm", 30, 250),
    Kind("glucose-capillary", "41653-7", "g/L", "g/L", 0.3, 6),
)
BY_KEY = {kind.key: kind for kind in KINDS}
VITALS = frozenset({kind.key for kind in KINDS} | {"bmi", "respiration", f"loinc-{SYSTOLIC}", f"loinc-{DIASTOLIC}", f"loinc-{PRESSURE}"})
"""Keys of curves that belong to measurements, not to results of laboratories."""
DIASTOLIC_BOUNDS = (25, 160)
GROWTH = ("weight", "height", "head")


def result_key(resource: Resource) -> str:
    """The key of the curve of a result of a laboratory; empty for what is none: a panel, a measurement, what is told in words."""
    if not is_result(resource) or not makes_point(resource):
        return ""
    key = curve_key(resource)
    return key if key not in VITALS or is_of_laboratory(resource) else ""


@dataclass(frozen=True, slots=True)
class Pressure:
    """One blood pressure in mmHg."""

    fact: Merged
    time: str
    at: float
    systolic: float
    diastolic: float


def is_plausible(key: str, value: float, second: float | None = None) -> bool:
    """Whether a value, and the diastolic of a blood pressure, is within what is known of living people."""
    kind = BY_KEY[key]
    if not kind.least <= value <= kind.most:
        return False
    return second is None or (DIASTOLIC_BOUNDS[0] <= second <= DIASTOLIC_BOUNDS[1] and second < value)


def read_pressures(observations: Iterable[Resource]) -> list[Pressure]:
    """Blood pressures, the oldest first: of one Observation with both components, or of two of one time and one document."""
    single: dict[tuple[str, str], dict[str, Merged]] = {}
    found = []
    for fact in merge(one for one in observations if one.get("resourceType") == "Observation" and _tells_pressure(one)):
        if standing_of(fact.resource) is not Standing.PRESENT:
            continue
        parts = {code: part.get("valueQuantity") for part in fact.resource.get("component") or () for code in _loinc(part.get("code"))}
        if SYSTOLIC in parts and DIASTOLIC in parts:
            found.append(_pressure(fact, parts[SYSTOLIC], parts[DIASTOLIC]))
            continue
        code = next((code for code in _loinc(fact.resource.get("code")) if code in {SYSTOLIC, DIASTOLIC}), None)
        if code is not None:
            single.setdefault((time_of(fact.resource), source_of(fact.resource)), {})[code] = fact
    pairs = (pair for pair in single.values() if len(pair) == 2)
    found += [
        _pressure(pair[SYSTOLIC], pair[SYSTOLIC].resource.get("valueQuantity"), pair[DIASTOLIC].resource.get("valueQuantity"))
        for pair in pairs
    ]
    return sorted((one for one in found if one is not None), key=lambda one: one.at)


def _tells_pressure(observation: Resource) -> bool:
    coded = (observation.get("code"), *(part.get("code") for part in observation.get("component") or ()))
    return any(code in {SYSTOLIC, DIASTOLIC} for concept in coded for code in _loinc(concept))


def _pressure(fact: Merged, upper: Resource | None, lower: Resource | None) -> Pressure | None:
    systolic, diastolic = _in_mmhg(upper), _in_mmhg(lower)
    time = time_of(fact.resource)
    span = instants_of(time)
    if systolic is None or diastolic is None or span is None:
        return None
    return Pressure(fact, time, span[0], systolic, diastolic)


def _in_mmhg(quantity: Resource | None) -> float | None:
    return convert(float(quantity["value"]), unit_of(quantity), MMHG) if quantity and "value" in quantity else None


def _loinc(concept: Resource | None) -> list[str]:
    return [code for system, code in codings_of(concept) if system == LOINC]


def grow(curve: Curve, birth_date: str) -> list[tuple[float, float]]:
    """A growth curve: (age in months, value) of each point that is dated at least to the month."""
    born = instants_of(birth_date)
    if born is None or len(birth_date) < len("2020-01-01"):
        return []
    return [
        ((point.at - born[0]) / MONTH, point.value)
        for point in curve.drawn
        if point.value is not None and len(point.time) >= len("2024-01") and point.at >= born[0] - 86400
    ]
