"""The search grammar of FHIR R4 (search.html): names, modifiers, chains, alternatives, and what shapes the answer.

What is not known is refused with its name, or (Prefer: handling=lenient) left out with a warning; nothing is silently ignored.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from healthspace.base.errors import Invalid, Malformed
from healthspace.fhir.resource_types import NUMBER
from healthspace.fhir.searching.model import Kind, Parameter
from healthspace.fhir.searching.parameters import parameters_of
from healthspace.resources.filter_grammar import Compared, Filter, comparisons_in, parse_filter
from healthspace.resources.query import NEWEST_FIRST, Sort

LARGEST_PAGE = 1000
MOST_ALTERNATIVES = 1000
DEEPEST_CHAIN = 5
ALTERNATIVE = re.compile(r"(?:\\.|[^,\\])*", re.DOTALL)
TYPED = re.compile(r"(?P<name>[^.:]+)(?::(?P<type>[A-Za-z]+))?")

IGNORED = frozenset({"_format", "_pretty"})
REFUSED = {
    "_contained": "contained resources are not searched",
    "_containedType": "contained resources are not searched",
    "_content": "there is no search in the whole text",
    "_text": "there is no search in narratives",
    "_query": "there are no named queries",
    "near": "there is no search by distance",
}
SUMMARIES = frozenset({"true", "false", "count", "text", "data"})
TOTALS = frozenset({"none", "estimate", "accurate"})

Terms = Iterable[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Term:
    """One condition on a parameter of the searched type: any of `values` (still escaped), under `modifier`."""

    parameter: Parameter
    modifier: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Chain:
    """`subject:Patient.name=…`: a reference to something that itself meets `name`=`value`."""

    parameter: Parameter
    type: str | None
    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Reverse:
    """`_has:Observation:patient:code=…`: something of `type` refers here by `reference`, and meets `name`=`value`."""

    type: str
    reference: str
    name: str
    value: str


@dataclass(frozen=True, slots=True)
class InList:
    """`_list=…`: is an entry of this List."""

    list: str


@dataclass(frozen=True, slots=True)
class Filtered:
    """`_filter=…`: a tree of comparisons."""

    filter: Filter


@dataclass(frozen=True, slots=True)
class Inclusion:
    """`_include` or `_revinclude`: `source:parameter:target`; `parameter` "*" is all of them."""

    source: str
    parameter: str
    target: str | None
    iterate: bool


AnyTerm = Term | Chain | Reverse | InList | Filtered


@dataclass(slots=True)
class Asked:
    """A search as it was asked for."""

    type: str
    terms: list[AnyTerm] = field(default_factory=list)
    sort: tuple[Sort, ...] = NEWEST_FIRST
    count: int = 50
    total: bool = True
    summary: str | None = None
    elements: frozenset[str] = frozenset()
    includes: list[Inclusion] = field(default_factory=list)
    revincludes: list[Inclusion] = field(default_factory=list)
    cursor: str | None = None
    warnings: list[str] = field(default_factory=list)
    """Names of what was asked for and left out."""
    notices: list[str] = field(default_factory=list)
    """What else the answer should say."""


def read_search(type_: str, terms: Terms, *, lenient: bool = False) -> Asked:
    """What `terms` (decoded name and value, in order) ask for on `type_`; Invalid or Malformed names the parameter at fault."""
    asked = Asked(type_)
    for name, value in terms:
        if name in IGNORED or not value:
            continue
        try:
            _read_one(asked, name, value)
        except UnknownParameter as unknown:
            if not lenient:
                raise
            asked.warnings.append(unknown.place or "")
    return asked


class UnknownParameter(Malformed):
    """The search names a parameter that this type does not have here."""


def read_term(type_: str, name: str, value: str) -> AnyTerm:
    """One condition (also the inner one of a chain)."""
    if name == "_list":
        return InList(value.rpartition("/")[2])
    if name == "_filter":
        return _read_filter(type_, value)
    if name.startswith("_has:"):
        return _read_reverse(name, value)
    if "." in name:
        return _read_chain(type_, name, value)
    base, _, modifier = name.partition(":")
    return Term(find_parameter(type_, base), modifier, tuple(split_alternatives(base, value)))


def find_parameter(type_: str, name: str) -> Parameter:
    """The search parameter `name` of `type_`; UnknownParameter, or Malformed with the reason why it is not offered."""
    if name in REFUSED:
        raise UnknownParameter(REFUSED[name], place=name)
    parameter = parameters_of(type_).get(name)
    if parameter is None or parameter.kind is Kind.SPECIAL:
        raise UnknownParameter(f"{type_} is not searched by {printable(name)} here", place=printable(name))
    return parameter


def split_alternatives(name: str, value: str) -> list[str]:
    """The alternatives of a value, at its commas that are not escaped (R4 search.html#escaping)."""
    found = [match[0] for match in ALTERNATIVE.finditer(value) if match[0]]
    if not 0 < len(found) <= MOST_ALTERNATIVES:
        raise Malformed(f"{printable(name)} needs one to {MOST_ALTERNATIVES} values", place=printable(name))
    return found


def printable(name: str) -> str:
    """A parameter name as an error may repeat it: a name holds no health data, but it is the caller's."""
    return "".join(character for character in name[:60] if character.isalnum() or character in "-_.:")


def _read_one(asked: Asked, name: str, value: str) -> None:
    shaper = _SHAPERS.get(name.partition(":")[0])
    if shaper is None:
        asked.terms.append(read_term(asked.type, name, value))
    else:
        shaper(asked, name, value)


def _read_chain(type_: str, name: str, value: str) -> Chain:
    head, target, rest = split_path(name)
    parameter = find_parameter(type_, head)
    if parameter.kind is not Kind.REFERENCE:
        raise Malformed(f"{printable(head)} is no reference: nothing can be chained to it", place=printable(name))
    _check_chain(parameter, target, rest, value, name)
    return Chain(parameter, target, rest, value)


def _check_chain(parameter: Parameter, type_: str | None, rest: str, value: str, name: str) -> None:
    """At least one of the types that are referred to must know what is asked of it."""
    for target in targets_of(parameter, type_):
        try:
            read_term(target, rest, value)
        except UnknownParameter:
            continue
        return
    raise UnknownParameter("nothing that is referred to there is searched by this", place=printable(name))


def split_path(path: str) -> tuple[str, str | None, str]:
    """`subject:Patient.name` → its first step, the type that is meant there, and what follows; Malformed when it cannot be read."""
    head, _, rest = path.partition(".")
    match = TYPED.fullmatch(head)
    if match is None or rest.count(".") >= DEEPEST_CHAIN:
        raise Malformed("this chain cannot be read", place=printable(path))
    if match["type"] and match["type"] not in NUMBER:
        raise Malformed("there is no such resource type", place=printable(path))
    return match["name"], match["type"], rest


def _read_filter(type_: str, value: str) -> Filtered:
    filter_ = parse_filter(value)
    for compared in comparisons_in(filter_):
        try:
            _check_comparison(type_, compared)
        except UnknownParameter as unknown:
            raise UnknownParameter(unknown.message, place="_filter") from None
    return Filtered(filter_)


def _check_comparison(type_: str, compared: Compared) -> None:
    """At least one of the types that a path leads to must know its parameter."""
    head, only, rest = split_path(compared.path)
    parameter = find_parameter(type_, head)
    if not rest:
        return
    if parameter.kind is not Kind.REFERENCE:
        raise Malformed(f"{printable(head)} is no reference: nothing can be chained to it", place="_filter")
    for target in targets_of(parameter, only):
        try:
            _check_comparison(target, Compared(rest, compared.operator, compared.value))
        except UnknownParameter:
            continue
        return
    raise UnknownParameter("nothing that is referred to there is searched by this")


def targets_of(parameter: Parameter, type_: str | None = None) -> list[str]:
    """The types that a reference parameter can lead to."""
    if type_ is not None:
        return [type_]
    limits = [branch.only for branch in parameter.branches]
    only = frozenset().union(*(limit for limit in limits if limit)) if all(limits) else parameter.targets
    return sorted(only or NUMBER)


def _read_reverse(name: str, value: str) -> Reverse:
    parts = name.split(":", 3)
    if len(parts) != 4 or parts[1] not in NUMBER or name.count("_has:") > DEEPEST_CHAIN:
        raise Malformed("write _has:Type:reference:parameter", place=printable(name))
    _, type_, reference, rest = parts
    if find_parameter(type_, reference).kind is not Kind.REFERENCE:
        raise Malformed(f"{printable(reference)} is no reference", place=printable(name))
    read_term(type_, rest, value)
    return Reverse(type_, reference, rest, value)


def _shape_count(asked: Asked, name: str, value: str) -> None:
    if not value.isascii() or not value.isdecimal() or len(value) > 9:
        raise Malformed("_count must be a whole number", place="_count")
    asked.count = min(int(value), LARGEST_PAGE)


def _shape_sort(asked: Asked, name: str, value: str) -> None:
    sorts = []
    for key in value.split(","):
        parameter = key.removeprefix("-")
        known = parameters_of(asked.type).get(parameter)
        if known is None or known.kind in {Kind.COMPOSITE, Kind.SPECIAL}:
            raise Malformed(f"{asked.type} is not put in order by this parameter", place="_sort")
        sorts.append(Sort(parameter, key.startswith("-")))
    asked.sort = tuple(sorts[:10])


def _shape_total(asked: Asked, name: str, value: str) -> None:
    if value not in TOTALS:
        raise Malformed(f"_total is one of {', '.join(sorted(TOTALS))}", place="_total")
    asked.total = value != "none"


def _shape_summary(asked: Asked, name: str, value: str) -> None:
    if value not in SUMMARIES:
        raise Malformed(f"_summary is one of {', '.join(sorted(SUMMARIES))}", place="_summary")
    asked.summary = value


def _shape_elements(asked: Asked, name: str, value: str) -> None:
    asked.elements |= frozenset(element.strip() for element in value.split(",") if element.strip())


def _shape_cursor(asked: Asked, name: str, value: str) -> None:
    asked.cursor = value


def _shape_include(asked: Asked, name: str, value: str) -> None:
    base, _, modifier = name.partition(":")
    if modifier not in {"", "iterate", "recurse"}:
        raise Malformed(f"{base} has no modifier :{printable(modifier)}", place=base)
    including = asked.includes if base == "_include" else asked.revincludes
    for one in value.split(","):
        including.append(_read_inclusion(base, one.strip(), iterate=bool(modifier)))
    if len(asked.includes) + len(asked.revincludes) > 50:
        raise Malformed("at most 50 inclusions can be asked for", place=base)


def _read_inclusion(name: str, value: str, *, iterate: bool) -> Inclusion:
    if value == "*":
        return Inclusion("*", "*", None, iterate)
    source, _, rest = value.partition(":")
    parameter, _, target = rest.partition(":")
    if source not in NUMBER or not parameter or (target and target not in NUMBER):
        raise Malformed(f"write {name}=Type:parameter or {name}=Type:parameter:Type", place=name)
    if parameter != "*" and find_parameter(source, parameter).kind is not Kind.REFERENCE:
        raise Malformed(f"{printable(parameter)} is no reference", place=name)
    return Inclusion(source, parameter, target or None, iterate)


_SHAPERS = {
    "_count": _shape_count,
    "_sort": _shape_sort,
    "_total": _shape_total,
    "_summary": _shape_summary,
    "_elements": _shape_elements,
    "_include": _shape_include,
    "_revinclude": _shape_include,
    "_cursor": _shape_cursor,
}

__all__ = ["Asked", "Chain", "Filtered", "InList", "Inclusion", "Invalid", "Reverse", "Term", "read_search"]
