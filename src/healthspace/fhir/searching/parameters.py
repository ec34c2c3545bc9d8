"""The search parameters of each type: the official ones of R4, and those that the French guides add, which are data.

A parameter that is added to `custom_parameters.json` changes the fingerprint of its types, which are then indexed anew
(`healthspace reindex`).
"""

import zlib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

import orjson

from healthspace.fhir.definitions import SearchParameter, compartment, search_parameters
from healthspace.fhir.searching.model import Branch, Component, Kind, Parameter
from healthspace.fhir.searching.paths import Alternative, Leg, Walk, compile_path, parse

EXTRACTION = 5
"""Raised when `extract.py` makes other values of the same elements, or `ucum.py` other canonical units (decision 14)."""
BESIDE = {"DocumentReference": "words", "Observation": "curves of results, 1", "Patient": "strict traits"}
"""What the store indexes of a type that is no search parameter: told here, so that what is stored already is indexed anew."""
WITHOUT_INDEX = frozenset({"_id", "_lastUpdated"})
LEFT_OUT = frozenset({"_text", "_content", "_query"})
SHARED_TYPES = frozenset({"code", "boolean"})
SHARED_NAMES = frozenset({"category", "class", "priority", "intent", "_tag", "_security", "_profile"})
SHARED_OF_DOCUMENTS = frozenset("type facility setting format security-label contenttype language relation status category".split())
DECISIVE = ("patient", "subject", "beneficiary", "individual", "actor", "participant", "policy-holder", "subscriber")
"""The parameters that say first whose a resource is, of those that put it into a compartment."""


@cache
def parameters_of(type_: str) -> Mapping[str, Parameter]:
    """Every search parameter of a resource type by its name."""
    found: dict[str, Parameter] = {}
    for published in search_parameters():
        if published.code not in LEFT_OUT and {type_, "Resource", "DomainResource"} & set(published.bases):
            parameter = _build(type_, published)
            if parameter is not None:
                found[parameter.name] = parameter
    for custom in _custom_parameters():
        if type_ in custom.bases:
            found[custom.code] = _build_custom(type_, custom)
    return found


@cache
def branches_of(type_: str) -> tuple[Branch, ...]:
    """The distinct branches of a type that have index values."""
    found: dict[tuple[str, Kind], Branch] = {}
    for parameter in parameters_of(type_).values():
        if parameter.kind not in {Kind.COMPOSITE, Kind.SPECIAL} and parameter.name not in WITHOUT_INDEX:
            for branch in parameter.branches:
                found.setdefault((branch.key, branch.kind), branch)
    return tuple(found.values())


@cache
def fingerprint_of(type_: str) -> int:
    """A signed 32-bit number, not 0, that changes with what the index of a type holds."""
    shared = sorted(parameter.name for parameter in parameters_of(type_).values() if parameter.shared)
    beside = (BESIDE[type_],) if type_ in BESIDE else ()
    told = repr((EXTRACTION, sorted((branch.key, branch.kind.value) for branch in branches_of(type_)), shared, *beside))
    return int.from_bytes(zlib.crc32(told.encode()).to_bytes(4, "big"), "big", signed=True) or 1


@cache
def compartment_parameters(type_: str) -> tuple[str, ...]:
    """The parameters that put a resource of this type into the compartment of a Patient, the most decisive first."""
    if type_ == "Patient":
        return ()
    known = parameters_of(type_)
    names = [name for name in compartment("Patient").get(type_, ()) if name in known]
    return tuple(sorted(names, key=lambda name: (DECISIVE.index(name) if name in DECISIVE else len(DECISIVE), name)))


def _build(type_: str, published: SearchParameter) -> Parameter | None:
    kind = Kind(published.type)
    alternatives = [one for one in parse(published.expression or "") if one.root in {type_, "Resource", "DomainResource", ""}]
    if not alternatives:
        return None
    if kind is Kind.COMPOSITE:
        return _build_composite(type_, published, alternatives)
    if kind is Kind.SPECIAL:
        return Parameter(published.code, kind, ())
    branches = tuple(_branch(type_, kind, one) for one in alternatives)
    shared = _is_shared(type_, published.code, branches)
    return Parameter(published.code, kind, branches, frozenset(published.targets), (), shared)


def _branch(type_: str, kind: Kind, alternative: Alternative) -> Branch:
    only = frozenset({alternative.only}) if alternative.only else None
    return Branch(alternative.key, kind, only, compile_path(type_, alternative))


def _build_composite(type_: str, published: SearchParameter, bases: list[Alternative]) -> Parameter:
    """A composite: its branches lead to the base elements; each component is compiled for their types."""
    walks = [Branch(base.key, Kind.COMPOSITE, None, compile_path(type_, base) if base.steps else Walk(())) for base in bases]
    types = [_type_at(type_, base) for base in bases]
    known = {one.id: one for one in search_parameters()}
    components = []
    for definition, expression in published.components:
        kind = Kind(known[definition].type)
        branches: dict[str, Branch] = {}
        from_root = expression.startswith("%resource")
        for alternative in parse(expression.replace("%resource", type_)):
            for place in [type_] if from_root else types:
                branch = _branch(place, kind, alternative)
                branches.setdefault(f"{place}|{branch.key}", branch)
        part = Parameter(known[definition].code, kind, tuple(branches.values()), frozenset(known[definition].targets))
        components.append(Component(part, from_root))
    return Parameter(published.code, Kind.COMPOSITE, tuple(walks), components=tuple(components))


def _type_at(type_: str, base: Alternative) -> str:
    """The type that a base path leads to."""
    if not base.steps:
        return type_
    legs = compile_path(type_, base).branches
    while legs[0].following:
        legs = legs[0].following
    return legs[0].type


def _build_custom(type_: str, custom: SearchParameter) -> Parameter:
    kind = Kind(custom.type)
    branches = tuple(_branch(type_, kind, one) for one in parse(custom.expression or ""))
    return Parameter(custom.code, kind, branches, frozenset(custom.targets), (), custom.usage == "shared")


@cache
def _custom_parameters() -> tuple[SearchParameter, ...]:
    read = orjson.loads((files("healthspace.fhir.searching") / "custom_parameters.json").read_bytes())
    return tuple(
        SearchParameter(
            id=f"custom-{one['name']}",
            code=one["name"],
            type=one["type"],
            usage="shared" if one.get("shared") else "normal",
            bases=tuple(one["base"]),
            targets=tuple(one.get("targets", ())),
            expression=one["expression"],
            components=(),
        )
        for one in read
    )


def _is_shared(type_: str, name: str, branches: tuple[Branch, ...]) -> bool:
    if name in SHARED_NAMES or (type_ == "DocumentReference" and name in SHARED_OF_DOCUMENTS):
        return True
    ends = {end for branch in branches if branch.kind is Kind.TOKEN for end in _ends(branch.walk.branches)}
    return bool(ends) and ends <= SHARED_TYPES


def _ends(legs: tuple[Leg, ...]) -> set[str]:
    """The types at the ends of a walk."""
    return {end for leg in legs for end in (_ends(leg.following) if leg.following else {leg.type})}
