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
    Coding,
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


DAY = len("2024-03-05")


@dataclass(frozen=True, slots=True)
class Merged:
    """One fact: the resource that says most of it, and every resource that states it (that one first)."""

    resource: Resource
    statements: tuple[Resource, ...]
    standing: Standing
    """What they all say about their thing."""

    @property
    def sources(self) -> tuple[str, ...]:
        """The documents it was read in ("DocumentReference/<id>"), without repeats."""
        return tuple(dict.fromkeys(source for one in self.statements if (source := source_of(one))))

    @property
    def told_by(self) -> tuple[Resource, ...]:
        """One statement of each source: of each document, and what no document says."""
        found: dict[object, Resource] = {}
        for place, one in enumerate(self.statements):
            found.setdefault(source_of(one) or place, one)
        return tuple(found.values())


@dataclass(slots=True, eq=False)
class _Statement:
    """A resource with what is compared of it, read once."""

    resource: Resource
    place: int
    lasting: bool
    standing: Standing
    time: str
    source: str
    codings: list[Coding]
    keys: tuple[object, ...]

    @property
    def said(self) -> str:
        """All of it that is compared, of what lasts: two statements that say the very same agree with the same others."""
        return repr((self.standing, self.time, self.codings, _compared_in(self.resource))) if self.lasting else str(self.place)

    @property
    def may_repeat(self) -> bool:
        """Whether one document may state it twice: what lasts, but not what is worn."""
        return self.lasting and not self.worn

    @property
    def worn(self) -> bool:
        return bool(self.resource["resourceType"] == "DeviceUseStatement")


class _Group:
    """Statements of one fact. Another must agree with each of them: it is held against one of those that say the very same."""

    def __init__(self, first: _Statement) -> None:
        self.statements = [first]
        self._sources = {first.source} - {""}
        self._different: dict[str, _Statement] = {}

    def takes(self, one: _Statement, said: str) -> bool:
        if not one.may_repeat and one.source in self._sources:
            return False
        if not self._different:  # most facts are stated once, and compared with nothing
            self._different[self.statements[0].said] = self.statements[0]
        return said in self._different or all(_agree(one, other) for other in self._different.values())

    def add(self, one: _Statement, said: str) -> None:
        self.statements.append(one)
        self._different.setdefault(said, one)
        if one.source:
            self._sources.add(one.source)


def merge(resources: Iterable[Resource]) -> list[Merged]:
    """Every fact of `resources` once, in the order of their first statements; what was entered in error is no fact."""
    listed = [_read(resource, place) for place, resource in enumerate(resources)]
    stated = [one for one in listed if one.standing is not Standing.MISTAKE]
    widths = sorted({len(one.time) for one in stated if len(one.time) <= DAY})
    groups: list[_Group] = []
    buckets: dict[object, dict[int, None]] = {}
    # The most precise first: a vaguer statement then finds all that it could be.
    for one in sorted(stated, key=lambda one: -len(one.time)):
        places = places_of(one.time, one.lasting, widths)
        near = {number: None for key in one.keys for number in buckets.get((key, places[0]), ())}
        said = one.said if near else ""
        same = [number for number in near if groups[number].takes(one, said)]
        if len(same) == 1:
            number = same[0]
            groups[number].add(one, said)
        else:
            number = len(groups)
            groups.append(_Group(one))
        for key in one.keys:
            for place in places:
                buckets.setdefault((key, place), {})[number] = None
    ordered = [sorted(group.statements, key=lambda one: one.place) for group in groups]
    return [_merged([one.resource for one in group], group[0].standing) for group in sorted(ordered, key=lambda group: group[0].place)]


def places_of(time: str, lasting: bool, widths: Iterable[int]) -> tuple[str, ...]:
    """Where a statement stands in time: first where it looks for others, then where vaguer ones, of `widths` characters, look for it.

    Two that `same_time` takes for one always meet: that is all that the places must do.
    """
    own = time
    if len(time) > DAY and (moment := _instant(time)) is not None:
        own = f"{moment.timestamp() // 60:.0f}" if moment.tzinfo else f"{moment:%Y-%m-%dT%H:%M}"
    return own, *(time[:width] for width in widths if width < len(time) and (width or lasting))


def is_same(one: Resource, other: Resource) -> bool:
    """Whether two resources state one fact. Within a document, what is written twice was meant twice, but for what lasts."""
    first, second = _read(one, 0), _read(other, 1)
    twice = not first.may_repeat and first.source != "" and first.source == second.source
    return bool({*first.keys} & {*second.keys}) and not twice and _agree(first, second)


def _read(resource: Resource, place: int) -> _Statement:
    type_, time = resource["resourceType"], fact_time_of(resource)
    lasting = type_ in LASTING
    concept = concept_of(resource)
    codings = codings_of(concept)
    keys = _keys_of(resource, codings, time, lasting)
    return _Statement(resource, place, lasting, standing_of(resource, concept), time, source_of(resource), codings, keys)


def _compared_in(resource: Resource) -> Resource:
    listed = {*COMPARED, "component", "contained"}
    return {key: value for key, value in resource.items() if key in listed or key.startswith("value")}


def _agree(one: _Statement, other: _Statement) -> bool:
    """Whether two statements that share a key may state one fact."""
    if one.standing is not other.standing or not same_time(one.time, other.time, lasting=one.lasting):
        return False
    if one.worn and not _one_device(one.resource, other.resource):
        return False
    # Where one system tells them apart, they are two: products of one ATC class have two numbers.
    mine, theirs = _by_system(one.codings), _by_system(other.codings)
    if any(codes.isdisjoint(theirs[system]) for system, codes in mine.items() if system in theirs):
        return False
    return _same_value(one.resource, other.resource) and not any(
        _contradict(one.resource.get(element), other.resource.get(element)) for element in COMPARED
    )


def _by_system(codings: Iterable[Coding]) -> dict[str, set[str]]:
    codes: dict[str, set[str]] = {}
    for system, code in codings:
        codes.setdefault(system, set()).add(code)
    return codes


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
    if len(coarse) <= DAY:
        return fine.startswith(coarse)
    first, second = _instant(coarse), _instant(fine)
    if first is None or second is None:
        return coarse == fine
    if first == second:
        return True
    # FHIR wants seconds: those of a document that says minutes are zeros that were added.
    whole = first.second == 0 or second.second == 0
    return whole and first.replace(second=0, microsecond=0) == second.replace(second=0, microsecond=0)


def _merged(group: Sequence[Resource], standing: Standing) -> Merged:
    if len(group) == 1:
        return Merged(group[0], (group[0],), standing)
    best = max(group, key=lambda one: (len(fact_time_of(one)), len(one), str((one.get("meta") or {}).get("lastUpdated", ""))))
    return Merged(best, (best, *(one for one in group if one is not best)), standing)


def _keys_of(resource: Resource, codings: list[Coding], time: str, lasting: bool) -> tuple[object, ...]:
    """What a resource shares with another of the same fact. A name counts only where there is no code; a year parts what does not last."""
    type_, year = resource["resourceType"], "" if lasting else time[:4]
    if codings:
        return tuple((type_, year, coding) for coding in codings)
    name = fold(name_of(resource))
    return ((type_, year, name) if name else (type_, id(resource)),)


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
