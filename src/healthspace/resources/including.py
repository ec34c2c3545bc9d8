"""What comes along with the resources that were found: _include and _revinclude (R4 search.html#include).

The same reach bounds what is included as what is found: nothing comes along that a search of its own would not have shown. It stands in
the order of its making: that in which the database finds it may change with what is hidden beside it.
"""

from collections.abc import Iterable, Sequence
from operator import attrgetter

from healthspace.fhir.resource_types import NAMES
from healthspace.fhir.searching.extract import extract
from healthspace.fhir.searching.model import Kind, Parameter
from healthspace.fhir.searching.parameters import compartment_parameters, parameters_of
from healthspace.resources.compile import compile_bodies
from healthspace.resources.grammar import Asked, Inclusion
from healthspace.resources.hashing import hash_reference
from healthspace.resources.indexing import is_across, selects
from healthspace.resources.names import locate_names
from healthspace.resources.planning import narrow_to
from healthspace.resources.query import Condition, Either, Hashed, Named, Query, Scope
from healthspace.resources.reach import Reach
from healthspace.resources.stored import Stored

MOST_INCLUDED = 1000
DEEPEST = 5
"""Rounds of :iterate."""

ID = attrgetter("id")
Known = dict[tuple[str, str], Stored]


async def include(reach: Reach, asked: Asked, found: Iterable[Stored]) -> list[Stored]:
    """What `asked` includes beside `found`, each once, at most MOST_INCLUDED."""
    matches: Known = {(stored.type, stored.name): stored for stored in found}
    included: Known = {}
    fresh, first = list(matches.values()), True
    for _ in range(DEEPEST):
        ways = [way for way in asked.includes if first or way.iterate]
        back = [way for way in asked.revincludes if first or way.iterate]
        if not fresh or not (ways or back):
            break
        met = await _forward(reach, ways, fresh) + await _backward(reach, back, fresh)
        fresh = [one for one in met if (one.type, one.name) not in matches and (one.type, one.name) not in included]
        for one in fresh:
            if len(included) < MOST_INCLUDED:
                included.setdefault((one.type, one.name), one)
        first = False
    return list(included.values())


async def _forward(reach: Reach, ways: list[Inclusion], sources: list[Stored]) -> list[Stored]:
    wanted: dict[str, set[str]] = {}
    for source in sources:
        for way in ways:
            if way.source in {source.type, "*"}:
                for type_, name in _targets(reach, source, way):
                    wanted.setdefault(type_, set()).add(name)
    return [one for type_, names in wanted.items() for one in await fetch_named(reach, type_, names)]


def _targets(reach: Reach, source: Stored, way: Inclusion) -> Iterable[tuple[str, str]]:
    """The local resources that `source` refers to in the way that is followed."""
    known = parameters_of(source.type)
    parameters = known.values() if way.parameter == "*" else [known[way.parameter]]
    paths = {branch.key: branch.only for parameter in parameters if parameter.kind is Kind.REFERENCE for branch in parameter.branches}
    for branch, text, _ in extract(source.json()).references:
        if branch.key in paths:
            type_, _, name = text.removeprefix(f"{reach.base}/").rpartition("/")
            only = paths[branch.key]
            if type_ in NAMES and way.target in {None, type_} and (only is None or type_ in only):
                yield type_, name


async def fetch_named(reach: Reach, type_: str, names: Iterable[str]) -> list[Stored]:
    """Those of the resources of one type, by name, that are there and in reach."""
    places = await locate_names(reach.tx, reach.keys, ((type_, name) for name in names))
    if not places:
        return []
    query = Query(type_, conditions=[Named(tuple(identifier for _, identifier in places.values()))])
    scope = reach.scope(type_)
    statement, values = compile_bodies(query, scope.within({owner for owner, _ in places.values()}), len(places))
    return await _read_in_order(reach, statement, values)


async def _read_in_order(reach: Reach, statement: str, values: Sequence[object]) -> list[Stored]:
    """Rows of the store in the order of their making: the statement gives none."""
    return sorted(await reach.open_rows(await reach.tx.fetch(statement, *values)), key=ID)


async def _backward(reach: Reach, ways: list[Inclusion], targets: list[Stored]) -> list[Stored]:
    found = []
    for way in ways:
        for type_ in NAMES if way.source == "*" else [way.source]:
            found += await _referring(reach, type_, way, targets)
    return found


async def _referring(reach: Reach, type_: str, way: Inclusion, targets: list[Stored]) -> list[Stored]:
    names = [f"{target.type}/{target.name}" for target in targets if way.target in {None, target.type}]
    known = parameters_of(type_)
    parameters = [one for one in known.values() if one.kind is Kind.REFERENCE] if way.parameter == "*" else [known[way.parameter]]
    conditions = [one for parameter in parameters for one in _conditions(reach, type_, parameter, names)]
    if not names or not conditions:
        return []
    scope = await _scope_of(reach, type_, parameters, targets)
    query = Query(type_, conditions=[Either(tuple(conditions))])
    statement, values = compile_bodies(query, scope, MOST_INCLUDED)
    return await _read_in_order(reach, statement, values)


async def _scope_of(reach: Reach, type_: str, parameters: list[Parameter], targets: list[Stored]) -> Scope:
    """Whose resources may refer to `targets`: by what says whose it is, those of the Patients themselves; in any other way, anyone's."""
    scope, patients = reach.scope(type_), [target.name for target in targets]
    known = {*compartment_parameters(type_), "patient"}
    if scope.owners is not None or len(parameters) != 1 or not all(target.type == "Patient" for target in targets):
        return scope
    return await narrow_to(reach, type_, scope, parameters[0].name, patients) if parameters[0].name in known else scope


def _conditions(reach: Reach, type_: str, parameter: Parameter, names: list[str]) -> Iterable[Condition]:
    for branch in parameter.branches:
        only = branch.only
        hashes = [hash_reference(reach.keys, type_, branch.key, name) for name in names if only is None or name.split("/")[0] in only]
        if hashes:
            where = selects(type_, branch.key, typed=True)
            yield Hashed(tuple(hashes), where, across=is_across(type_, branch.key, typed=True))
