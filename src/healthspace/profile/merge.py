"""The same fact from two documents is shown once, with both sources.

Two resources state the same fact when they are of one type, share a coding (translations count), were at the same time as far as the
coarser of their times tells, and say the same: one value after conversion of units, one standing, one status. What cannot be told apart
from two others joins neither: a repeated line is a smaller harm than a lost one.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from healthspace.base.text import fold
from healthspace.profile.convert import convert, unit_of
from healthspace.profile.elements import (
    Resource,
    Standing,
    codings_of,
    concept_of,
    fact_time_of,
    name_of,
    source_of,
    standing_of,
)

LASTING = frozenset(
    {"AllergyIntolerance", "Condition", "FamilyMemberHistory", "MedicationStatement", "Device", "DeviceUseStatement", "Flag"}
)
"""Facts that go on: each document tells them again, with or without when they began."""
COMPARED = (
    "status",
    "clinicalStatus",
    "criticality",
    "severity",
    "bodySite",
    "specimen",
    "method",
    "relationship",
    "lotNumber",
    "protocolApplied",
    "quantity",
    "intent",
    "dosage",
    "dosageInstruction",
)
"""What must not contradict: the same where both say it."""


@dataclass(frozen=True, slots=True)
class Merged:
    """One fact: the resource that says most of it, and every resource that states it (that one first)."""

    resource: Resource
    statements: tuple[Resource, ...]

    @property
    def sources(self) -> tuple[str, ...]:
        """The documents it was read in ("DocumentReference/<id>"), without repeats."""
        return tuple(dict.fromkeys(source for one in self.statements if (source := source_of(one))))


def merge(resources: Iterable[Resource]) -> list[Merged]:
    """Every fact of `resources` once, in the order of their first statements; what was entered in error is no fact."""
    listed = [resource for resource in resources if standing_of(resource) is not Standing.MISTAKE]
    order = {id(resource): place for place, resource in enumerate(listed)}
    groups: dict[int, list[Resource]] = {}
    buckets: dict[object, list[int]] = {}
    # The most precise first: a vaguer statement then finds all that it could be.
    for resource in sorted(listed, key=lambda one: (-len(fact_time_of(one)), order[id(one)])):
        keys = _keys_of(resource)
        near = dict.fromkeys(number for key in keys for number in buckets.get(key, ()))
        same = [number for number in near if all(is_same(resource, other) for other in groups[number])]
        if len(same) == 1:
            groups[same[0]].append(resource)
            number = same[0]
        else:
            number = len(groups)
            groups[number] = [resource]
        for key in keys:
            buckets.setdefault(key, []).append(number)
    merged = [_merged(sorted(group, key=lambda one: order[id(one)])) for group in groups.values()]
    return sorted(merged, key=lambda one: min(order[id(statement)] for statement in one.statements))


def is_same(one: Resource, other: Resource) -> bool:
    """Whether two resources state one fact. Within a document, what is written twice was meant twice, but for what lasts."""
    if one["resourceType"] != other["resourceType"] or not _keys_of(one, dated=False) & _keys_of(other, dated=False):
        return False
    if _codes_differ(one, other):
        return False
    lasting = one["resourceType"] in LASTING
    worn = one["resourceType"] == "DeviceUseStatement"
    if (worn or not lasting) and source_of(one) and source_of(one) == source_of(other):
        return False
    if worn and not _one_device(one, other):
        return False
    return (
        standing_of(one) is standing_of(other)
        and same_time(fact_time_of(one), fact_time_of(other), lasting=lasting)
        and _same_value(one, other)
        and not any(_contradict(one.get(element), other.get(element)) for element in COMPARED)
    )


def _one_device(one: Resource, other: Resource) -> bool:
    """Whether the devices inside may be one: two stents of one kind have two numbers."""
    mine, theirs = _numbers_in(one), _numbers_in(other)
    return not mine or not theirs or bool(mine & theirs)


def _numbers_in(resource: Resource) -> set[tuple[str, str]]:
    devices = [inside for inside in resource.get("contained") or () if inside.get("resourceType") == "Device"]
    listed = [each for inside in devices for each in inside.get("identifier") or ()]
    return {(str(each.get("system", "")), str(each["value"])) for each in listed if each.get("value")}


def same_time(one: str, other: str, *, lasting: bool = False) -> bool:
    """Whether two FHIR times are one as far as the coarser tells. No time is any time for what lasts, and no other's for the rest."""
    if not one or not other:
        return lasting or one == other
    coarse, fine = sorted((one, other), key=len)
    if len(coarse) <= len("2024-03-05"):
        return fine.startswith(coarse)
    first, second = _instant(coarse), _instant(fine)
    if first is None or second is None:
        return coarse == fine
    if first == second:
        return True
    # FHIR wants seconds: those of a document that says minutes are zeros that were added.
    whole = first.second == 0 or second.second == 0
    return whole and first.replace(second=0, microsecond=0) == second.replace(second=0, microsecond=0)


def _merged(group: Sequence[Resource]) -> Merged:
    best = max(group, key=lambda one: (len(fact_time_of(one)), len(one), str((one.get("meta") or {}).get("lastUpdated", ""))))
    return Merged(best, (best, *(one for one in group if one is not best)))


def _keys_of(resource: Resource, *, dated: bool = True) -> set[object]:
    """What a resource may share with another of the same fact. A name counts only where there is no code."""
    type_ = resource["resourceType"]
    codings = codings_of(concept_of(resource))
    year = fact_time_of(resource)[:4] if dated and type_ not in LASTING else ""
    if codings:
        return {(type_, year, coding) for coding in codings}
    name = fold(name_of(resource))
    return {(type_, year, name)} if name else {(type_, resource.get("id") or id(resource))}


def _codes_differ(one: Resource, other: Resource) -> bool:
    """Whether one system tells them apart: two products of one ATC class have two numbers."""
    mine, theirs = _by_system(one), _by_system(other)
    return any(not mine[system] & theirs[system] for system in mine.keys() & theirs.keys())


def _by_system(resource: Resource) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for system, code in codings_of(concept_of(resource)):
        found.setdefault(system, set()).add(code)
    return found


def _same_value(one: Resource, other: Resource) -> bool:
    mine, theirs = _values_of(one), _values_of(other)
    if mine.keys() != theirs.keys():
        return False
    return all(_same(value, theirs[key]) for key, value in mine.items())


def _values_of(resource: Resource) -> dict[object, object]:
    """Every value of an Observation, and of its components by their code."""
    own = next((value for key, value in resource.items() if key.startswith("value")), None)
    found: dict[object, object] = {} if own is None else {"": own}
    for component in resource.get("component") or ():
        value = next((value for key, value in component.items() if key.startswith("value")), None)
        found[tuple(codings_of(component.get("code"))[:1])] = value
    return found


def _same(one: object, other: object) -> bool:
    if isinstance(one, dict) and isinstance(other, dict):
        if "value" in one and "value" in other:
            return same_quantity(one, other)
        mine, theirs = set(codings_of(one)), set(codings_of(other))
        if mine and theirs:
            return bool(mine & theirs)
        if one.get("text") and other.get("text"):
            return fold(str(one["text"])) == fold(str(other["text"]))
    if isinstance(one, str) and isinstance(other, str):
        return fold(one) == fold(other)
    return one == other


def same_quantity(one: Resource, other: Resource) -> bool:
    """Whether two Quantities are one value: the same number in one unit; in two, as near as the digits of the vaguer tell."""
    if one.get("comparator") != other.get("comparator"):
        return False
    mine, theirs = float(one["value"]), float(other["value"])
    here, there = unit_of(one), unit_of(other)
    moved = convert(mine, here, there)
    if moved is None:
        return False
    if here.shown == there.shown or here.code == there.code:
        return moved == theirs
    step = convert(mine + _half_digit(mine), here, there)
    width = max(abs(step - moved) if step is not None else 0.0, _half_digit(theirs))
    return math.isclose(moved, theirs, rel_tol=1e-9) or (
        abs(moved - theirs) <= width * 1.000001 and abs(moved - theirs) <= 0.02 * abs(theirs)
    )


def _half_digit(value: float) -> float:
    """Half of the last digit of a number as it is written."""
    digits = repr(value).partition(".")[2]
    return 0.5 * 10.0 ** -(len(digits) if digits != "0" and "e" not in digits else 0)


def _contradict(one: object, other: object) -> bool:
    """Whether both say something, and not the same."""
    if not one or not other:
        return False
    if isinstance(one, dict) and isinstance(other, dict):
        if "reference" in one or "reference" in other:
            return False  # each document has its own resource of the same specimen
        return not _same(one, other)
    if isinstance(one, list) and isinstance(other, list) and all(isinstance(each, dict) for each in (*one, *other)):
        return _summary(one) != _summary(other)
    return one != other


def _summary(elements: list[Resource]) -> list[object]:
    """Rank, codes, dose and words of a list of elements, without displays."""
    return [
        (
            element.get("doseNumberPositiveInt"),
            frozenset(codings_of(element)),
            fold(str(element.get("text", ""))) if not element.get("coding") else "",
            repr(element.get("doseAndRate")),
            repr(element.get("timing")),
        )
        for element in elements
    ]


def _instant(time: str) -> datetime | None:
    try:
        return datetime.fromisoformat(time)
    except ValueError:
        return None
