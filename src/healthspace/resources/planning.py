"""From what was asked to a query: ids, chains and lists are looked up, and the owners are narrowed to those that can answer.

A chain is answered from its end: what is found there becomes alternatives of the reference before it, in one condition.
"""

from collections.abc import Iterable

from healthspace.base.errors import Malformed
from healthspace.fhir.searching.boxes import date_boxes
from healthspace.fhir.searching.escapes import unescape
from healthspace.fhir.searching.extract import extract
from healthspace.fhir.searching.model import Kind
from healthspace.fhir.searching.parameters import compartment_parameters, parameters_of
from healthspace.resources.compile import compile_bodies
from healthspace.resources.conditions import Asking, answer_term, reference_texts
from healthspace.resources.filter_grammar import Filter
from healthspace.resources.filtering import answer_filter
from healthspace.resources.grammar import (
    AnyTerm,
    Asked,
    Chain,
    Filtered,
    InList,
    Reverse,
    Term,
    UnknownParameter,
    find_parameter,
    read_term,
    targets_of,
)
from healthspace.resources.hashing import hash_link, hash_reference
from healthspace.resources.indexing import is_across, owner_paths, selects
from healthspace.resources.names import locate_name, locate_names
from healthspace.resources.query import NEVER, Condition, Either, Hashed, Named, Query, Scope, Updated
from healthspace.resources.reach import Reach
from healthspace.resources.spans import spans_of
from healthspace.resources.stored import Stored

MOST_LINKS = 2000
"""Resources that one step of a chain may lead over; a broader question must be narrowed."""
LINKED = "SELECT DISTINCT owner FROM xref WHERE h = ANY ($1::bigint[])"

Plan = tuple[Query, Scope]


async def plan(reach: Reach, asked: Asked) -> Plan:
    """The query that `asked` means within `reach`, and whose resources it is about."""
    query = Query(asked.type, sort=asked.sort, after=asked.cursor, count=asked.count, total=asked.total)
    scope = reach.scope(asked.type)
    for term in asked.terms:
        scope = await _add(reach, query, scope, term)
    return query, scope


async def _add(reach: Reach, query: Query, scope: Scope, term: AnyTerm) -> Scope:
    match term:
        case Chain():
            return await _add_chain(reach, query, scope, term)
        case Reverse():
            names = await _referring(reach, query.type, term)
            return await _add_names(reach, query, scope, [(query.type, name) for name in names])
        case Filtered(filter_):
            await _add_filter(reach, query, filter_)
            return scope
        case InList(name):
            return await _add_names(reach, query, scope, [(query.type, each) for each in await _entries(reach, query.type, name)])
    if term.parameter.name == "_id" and not term.modifier:
        return await _add_names(reach, query, scope, [(query.type, unescape(value)) for value in term.values])
    if term.parameter.name == "_lastUpdated" and not term.modifier:
        boxes = [box for value in term.values for box in date_boxes(unescape(value), "_lastUpdated")]
        query.conditions.append(Updated(spans_of(boxes)))
        return scope
    condition, check = answer_term(Asking(query.type, reach.keys, reach.base), term)
    if condition is not None:
        query.conditions.append(condition)
    if check is not None:
        query.checks.append(check)
    return await _narrow(reach, query.type, scope, term) if term.parameter.kind is Kind.REFERENCE else scope


async def _add_names(reach: Reach, query: Query, scope: Scope, names: list[tuple[str, str]]) -> Scope:
    places = await locate_names(reach.tx, reach.keys, names)
    query.conditions.append(Named(tuple(identifier for _, identifier in places.values())))
    return scope.within({owner for owner, _ in places.values()})


async def _add_filter(reach: Reach, query: Query, filter_: Filter) -> None:
    async def find(type_: str, compared: Filter) -> list[Stored]:
        try:
            ends = await find_all(reach, Asked(type_, terms=[Filtered(compared)]), MOST_LINKS)
        except UnknownParameter:
            return []
        if len(ends) > MOST_LINKS:
            raise Malformed("a path of the filter is met by too many resources; say more", place="_filter")
        return ends

    async def locate(name: str) -> Condition:
        places = await locate_names(reach.tx, reach.keys, [(query.type, name)])
        return Named(tuple(identifier for _, identifier in places.values()))

    condition, decides, check = await answer_filter(Asking(query.type, reach.keys, reach.base), filter_, find, locate)
    if condition is not None:
        query.conditions.append(condition)
    if not decides:
        query.checks.append(check)


# Whose resources can meet a reference to a citizen: their own and, of some types, those that link to them.


async def _narrow(reach: Reach, type_: str, scope: Scope, term: Term) -> Scope:
    if scope.owners is not None and len(scope.owners) <= 1:
        return scope
    if term.modifier not in {"", "Patient"} or term.parameter.name not in {*compartment_parameters(type_), "patient"}:
        return scope
    only = [term.modifier] if term.modifier else targets_of(term.parameter)
    texts = [text for value in term.values for text in reference_texts(unescape(value), only, reach.base)]
    patients = [text.removeprefix("Patient/") for text in texts if text.startswith("Patient/")]
    bare = all("/" not in value and ":" not in value for value in term.values) and only != ["Patient"]
    if bare or len(patients) < len(term.values):
        return scope
    return await narrow_to(reach, type_, scope, term.parameter.name, patients)


async def narrow_to(reach: Reach, type_: str, scope: Scope, name: str, patients: Iterable[str]) -> Scope:
    """`scope` with the owners whose resources of `type_` can refer to one of `patients` by the parameter `name`."""
    listed = list(patients)
    owners = {owner for owner, _ in (await locate_names(reach.tx, reach.keys, (("Patient", one) for one in listed))).values()}
    paths = {branch.key for branch in parameters_of(type_)[name].branches}
    if not paths <= owner_paths(type_):
        hashes = [hash_link(reach.keys, f"Patient/{one}") for one in listed]
        owners |= {row["owner"] for row in await reach.tx.fetch(LINKED, hashes)}
    return scope.within(owners)


async def narrow_to_compartment(reach: Reach, type_: str, scope: Scope, patient: str) -> Scope:
    """`scope` with the owners whose resources of `type_` can be in the compartment of `patient`."""
    owners = {owner for owner, _ in (await locate_names(reach.tx, reach.keys, [("Patient", patient)])).values()}
    linked = await reach.tx.fetch(LINKED, [hash_link(reach.keys, f"Patient/{patient}")])
    return scope.within(owners | {row["owner"] for row in linked})


# Chains, from their end.


async def _add_chain(reach: Reach, query: Query, scope: Scope, chain: Chain) -> Scope:
    ends: list[Stored] = []
    for target in targets_of(chain.parameter, chain.type):
        ends += await _ends(reach, target, chain.name, chain.value)
        if len(ends) > MOST_LINKS:
            raise Malformed(f"{chain.name} is met by too many resources; say more", place=chain.parameter.name)
    names = [f"{end.type}/{end.name}" for end in ends]
    found: list[Condition] = []
    for branch in chain.parameter.branches:
        hashes = tuple(hash_reference(reach.keys, query.type, branch.key, name) for name in names)
        where = selects(query.type, branch.key, typed=True)
        found.append(Hashed(hashes, where, across=is_across(query.type, branch.key, typed=True)) if hashes else NEVER)
    query.conditions.append(found[0] if len(found) == 1 else Either(tuple(found)))
    patients = [end.name for end in ends if end.type == "Patient"]
    if len(patients) == len(ends) and chain.parameter.name in compartment_parameters(query.type):
        return await narrow_to(reach, query.type, scope, chain.parameter.name, patients)
    return scope


async def _ends(reach: Reach, type_: str, name: str, value: str) -> list[Stored]:
    """The resources of `type_` that meet the inner condition of a chain; none where the type is not searched by it."""
    try:
        term = read_term(type_, name, value)
    except UnknownParameter:
        return []
    return await find_all(reach, Asked(type_, terms=[term]), MOST_LINKS)


async def find_all(reach: Reach, asked: Asked, most: int) -> list[Stored]:
    """Every resource that `asked` finds, up to one more than `most`."""
    query, scope = await plan(reach, asked)
    statement, values = compile_bodies(query, scope, most + 1 if not query.checks else most * 10)
    found = await reach.open_rows(await reach.tx.fetch(statement, *values))
    return [stored for stored in found if not query.checks or all(check(stored.json()) for check in query.checks)][: most + 1]


async def _referring(reach: Reach, type_: str, reverse: Reverse) -> set[str]:
    """The names of the resources of `type_` that something meeting `reverse` refers to."""
    sources = await find_all(reach, Asked(reverse.type, terms=[read_term(reverse.type, reverse.name, reverse.value)]), MOST_LINKS)
    if len(sources) > MOST_LINKS:
        raise Malformed("_has is met by too many resources; say more", place="_has")
    paths = {branch.key for branch in find_parameter(reverse.type, reverse.reference).branches}
    texts = (text for source in sources for branch, text, _ in extract(source.json()).references if branch.key in paths)
    local = (text.removeprefix(f"{reach.base}/") if reach.base else text for text in texts)
    return {text.removeprefix(f"{type_}/") for text in local if text.startswith(f"{type_}/")}


async def _entries(reach: Reach, type_: str, name: str) -> set[str]:
    """The names of the resources of `type_` in a List that the caller may see."""
    place = await locate_name(reach.tx, reach.keys, "List", name)
    if place is None:
        return set()
    lists = await find_all(reach, Asked("List", terms=[Term(parameters_of("List")["_id"], "", (name,))]), 1)
    items = [entry.get("item", {}).get("reference", "") for found in lists for entry in found.json().get("entry", [])]
    return {item.removeprefix(f"{type_}/").partition("/_history/")[0] for item in items if item.startswith(f"{type_}/")}
