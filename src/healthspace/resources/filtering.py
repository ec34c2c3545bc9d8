"""`_filter` (R4 search_filter.html): each comparison is an ordinary search term; trees of them become one condition.

Where the index decides every comparison, it decides the filter. Otherwise it narrows as far as it can, and what is read is checked.
"""

from collections.abc import Awaitable, Callable, Iterable
from functools import partial

from healthspace.base.errors import Malformed
from healthspace.base.text import fold
from healthspace.fhir.dates import FOREVER, instants_of
from healthspace.fhir.searching.boxes import meets
from healthspace.fhir.searching.extract import Extracted, extract_branch
from healthspace.fhir.searching.model import Kind, Parameter
from healthspace.resources.conditions import Asking, answer_term, check_of
from healthspace.resources.filter_grammar import Compared, Filter, Joined, Negated
from healthspace.resources.grammar import Term, find_parameter, split_path, targets_of
from healthspace.resources.hashing import number_of
from healthspace.resources.query import NEVER, Box, Check, Condition, Either, Not, Ranged
from healthspace.resources.stored import Resource, Stored

Answer = tuple[Condition | None, bool, Check]
"""What the index can narrow to (None: nothing), whether that decides already, and the question to a resource that always decides."""
Find = Callable[[str, Filter], Awaitable[list[Stored]]]
"""The resources of a type that meet a filter; nothing of a type that is not searched by it."""
Locate = Callable[[str], Awaitable[Condition]]
"""The condition that a resource has an id."""

PREFIXES = frozenset({"eq", "ne", "gt", "lt", "ge", "le", "ap", "sa", "eb"})
MODIFIERS = {
    (Kind.STRING, "sw"): "",
    (Kind.STRING, "co"): "contains",
    (Kind.TOKEN, "eq"): "",
    (Kind.TOKEN, "in"): "in",
    (Kind.TOKEN, "ss"): "below",
    (Kind.TOKEN, "sb"): "above",
    (Kind.REFERENCE, "eq"): "",
    (Kind.REFERENCE, "re"): "",
    (Kind.URI, "eq"): "",
    (Kind.URI, "ss"): "below",
    (Kind.URI, "sb"): "above",
}
"""Operators that mean what a modifier of ordinary terms means."""
ORDERED = frozenset({Kind.DATE, Kind.NUMBER, Kind.QUANTITY})


async def answer_filter(asking: Asking, filter_: Filter, find: Find, locate: Locate) -> Answer:
    """What `filter_` asks of resources of the searched type; Malformed when an operator does not go with its parameter."""
    match filter_:
        case Negated(part):
            return _negated(await answer_filter(asking, part, find, locate))
        case Joined(every, parts):
            answers = [await answer_filter(asking, part, find, locate) for part in parts]
            return _all_of(answers) if every else _any_of(answers)
        case Compared(path, operator, value):
            head, type_, rest = split_path(path)
            parameter = find_parameter(asking.type, head)
            if rest:
                return await _answer_chain(asking, parameter, type_, Compared(rest, operator, value), find)
            if parameter.name == "_id" and operator in {"eq", "ne"}:
                named = await locate(value), True, partial(_has_id, value)
                return named if operator == "eq" else _negated(named)
            return _answer_comparison(asking, parameter, operator, value)


def _negated(answer: Answer) -> Answer:
    condition, decides, check = answer
    return (Not(condition) if condition is not None and decides else None), decides, lambda resource: not check(resource)


def _has_id(name: str, resource: Resource) -> bool:
    return resource.get("id") == name


def _all_of(answers: list[Answer]) -> Answer:
    known = [condition for condition, _, _ in answers if condition is not None]
    # All of them: not any that is not met.
    condition = None if not known else known[0] if len(known) == 1 else Not(Either(tuple(Not(one) for one in known)))
    checks = [check for _, _, check in answers]
    return condition, all(decides for _, decides, _ in answers), lambda resource: all(check(resource) for check in checks)


def _any_of(answers: list[Answer]) -> Answer:
    known = [condition for condition, _, _ in answers if condition is not None]
    checks = [check for _, _, check in answers]
    condition = Either(tuple(known)) if len(known) == len(answers) else None
    return condition, all(decides for _, decides, _ in answers), lambda resource: any(check(resource) for check in checks)


async def _answer_chain(asking: Asking, parameter: Parameter, type_: str | None, rest: Compared, find: Find) -> Answer:
    """A comparison of what a reference leads to: from its end, as chains are answered."""
    ends = [end for target in targets_of(parameter, type_) for end in await find(target, rest)]
    return _from_term(asking, Term(parameter, "", tuple(_escape(f"{end.type}/{end.name}") for end in ends))) if ends else _never()


def _answer_comparison(asking: Asking, parameter: Parameter, operator: str, value: str) -> Answer:
    kind = parameter.kind
    if operator == "pr":
        if value not in {"true", "false"}:
            raise Malformed("pr is followed by true or false", place="_filter")
        return _from_term(asking, Term(parameter, "missing", ("false" if value == "true" else "true",)))
    if kind in ORDERED and operator in PREFIXES:
        return _from_term(asking, Term(parameter, "", (f"{operator}{_escape(value, but='|')}",)))
    if operator == "ne":
        # There is a value, and it is another one.
        unequal = _negated(_answer_comparison(asking, parameter, "eq", value))
        return _all_of([_answer_comparison(asking, parameter, "pr", "true"), unequal])
    if kind is Kind.DATE and operator == "po":
        return _overlapping(parameter, value)
    if kind is Kind.STRING and operator in {"eq", "ew"}:
        return _compared_text(asking, parameter, operator, value)
    modifier = MODIFIERS.get((kind, operator))
    if modifier is None:
        raise Malformed(f"{parameter.name} is not compared by {operator}", place="_filter")
    return _from_term(asking, Term(parameter, modifier, (_escape(value, but="|" if kind is Kind.TOKEN else ""),)))


def _from_term(asking: Asking, term: Term) -> Answer:
    condition, check = answer_term(asking, term)
    return condition, check is None, check_of(asking, term)


def _never() -> Answer:
    return NEVER, True, lambda resource: False


def _overlapping(parameter: Parameter, value: str) -> Answer:
    """`po`: a date or period that has some time in common with that of the value."""
    span = instants_of(value)
    if span is None:
        raise Malformed(f"{parameter.name} needs a date", place="_filter")
    box = (-FOREVER, span[1]), (span[0], FOREVER)
    ranges = Ranged(tuple(Box(number_of(branch.key), *box) for branch in parameter.branches))
    return ranges, True, lambda resource: any(meets(box, lo, hi) for _, lo, hi in _extracted(parameter, resource).ranges)


def _compared_text(asking: Asking, parameter: Parameter, operator: str, value: str) -> Answer:
    """A whole text, or its end, without regard to case and accents, as in every search of strings."""
    condition = None if operator == "ew" else answer_term(asking, Term(parameter, "", (_escape(value),)))[0]
    wanted = fold(value)

    def is_met(resource: Resource) -> bool:
        texts: Iterable[str] = (fold(text) for _, text in _extracted(parameter, resource).strings)
        return any(text.endswith(wanted) if operator == "ew" else text == wanted for text in texts)

    return condition, False, is_met


def _extracted(parameter: Parameter, resource: Resource) -> Extracted:
    found = Extracted()
    for branch in parameter.branches:
        extract_branch(found, branch, resource)
    return found


def _escape(value: str, but: str = "") -> str:
    """A value as search terms are written (R4 search.html#escaping)."""
    return "".join(f"\\{character}" if character in "\\,$|" and character not in but else character for character in value)
