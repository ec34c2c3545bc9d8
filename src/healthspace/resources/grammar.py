"""The search grammar of FHIR R4 (search.html): name, modifier, comma-separated alternatives, prefixes, escapes.

What is not supported is refused with its name; nothing is silently ignored.
"""

import math
import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from healthspace.base.errors import Invalid
from healthspace.database.keys import KeyRing
from healthspace.fhir.dates import FOREVER, instants_of
from healthspace.fhir.search_parameters import PARAMETERS, Kind, Parameter
from healthspace.resources.indexing import code_string, param_number
from healthspace.resources.search import SORTS, Box, Prefix, Query

LARGEST_PAGE = 200
ALTERNATIVE = re.compile(r"(?:\\.|[^,])+", re.DOTALL)
MOST_ALTERNATIVES = 200
ESCAPED = re.compile(r"\\([,|$\\])")
PREFIX = re.compile(r"(eq|ne|gt|lt|ge|le|sa|eb|ap)?(.+)", re.DOTALL)

Terms = Iterable[tuple[str, str]]


def build_query(type_: str, terms: Terms, keys: KeyRing) -> Query:
    """The query that `terms` (decoded name and value, in order) ask for on `type_`; Invalid names the parameter at fault."""
    query = Query(type_)
    known = {parameter.name: parameter for parameter in PARAMETERS[type_]}
    for name, value in terms:
        if not value or name in {"_format", "_pretty", "_total"}:
            continue
        if name == "_count":
            query.count = _count(value)
        elif name == "_sort":
            query.sort = _sort(value)
        else:
            base, _, modifier = name.partition(":")
            if base not in known:
                raise Invalid(f"{type_} is not searched by {_printable(name)} here", place=_printable(name))
            _TERMS[known[base].kind](query, known[base], modifier, _alternatives(base, value), keys)
    return query


def parameter_names(type_: str) -> list[str]:
    return [parameter.name for parameter in PARAMETERS[type_]]


def _count(value: str) -> int:
    if not value.isdecimal() or len(value) > 9:
        raise Invalid("_count must be a whole number", place="_count")
    return min(int(value), LARGEST_PAGE)


def _sort(value: str) -> str:
    if value not in SORTS:
        raise Invalid(f"_sort is one of {', '.join(SORTS)}", place="_sort")
    return value


def _alternatives(name: str, value: str) -> list[str]:
    found = ALTERNATIVE.findall(value)
    if not 0 < len(found) <= MOST_ALTERNATIVES:
        raise Invalid(f"{name} needs one to {MOST_ALTERNATIVES} values", place=name)
    return found


def _unescape(text: str) -> str:
    return ESCAPED.sub(r"\1", text)


def _printable(name: str) -> str:
    """A parameter name as an error may repeat it: a name holds no health data, but it is the caller's."""
    return "".join(character for character in name[:40] if character.isalnum() or character in "-_.:")


def _refuse_modifier(parameter: Parameter, modifier: str, *allowed: str) -> None:
    if modifier and modifier not in allowed:
        raise Invalid(f"{parameter.name} has no modifier :{_printable(modifier)} here", place=parameter.name)


def _add_token(query: Query, parameter: Parameter, modifier: str, values: list[str], keys: KeyRing) -> None:
    _refuse_modifier(parameter, modifier)
    if parameter.shared:
        query.tokens.append([keys.hash32(query.type, parameter.name, _unescape(value)) for value in values])
    else:
        for value in values:
            if value.endswith("|"):
                raise Invalid(f"{parameter.name} needs a value after the system", place=parameter.name)
        query.hashes.append([keys.hash64(query.type, parameter.name, _unescape(value)) for value in values])


def _add_reference(query: Query, parameter: Parameter, modifier: str, values: list[str], keys: KeyRing) -> None:
    _refuse_modifier(parameter, modifier, "identifier")
    name = f"{parameter.name}:identifier" if modifier else parameter.name
    query.hashes.append([keys.hash64(query.type, name, _unescape(value)) for value in values])


def _add_uri(query: Query, parameter: Parameter, modifier: str, values: list[str], keys: KeyRing) -> None:
    _refuse_modifier(parameter, modifier)
    query.hashes.append([keys.hash64(query.type, parameter.name, _unescape(value)) for value in values])


def _add_string(query: Query, parameter: Parameter, modifier: str, values: list[str], keys: KeyRing) -> None:
    _refuse_modifier(parameter, modifier)
    number = param_number(parameter.name)
    query.strings.append([Prefix(number, code_string(keys, _unescape(value))) for value in values])


def _add_date(query: Query, parameter: Parameter, modifier: str, values: list[str], keys: KeyRing) -> None:
    _refuse_modifier(parameter, modifier)
    number, boxes = param_number(parameter.name), list[Box]()
    for value in values:
        match = PREFIX.fullmatch(value)
        span = instants_of(match[2].replace(" ", "+")) if match else None
        if match is None or span is None:
            raise Invalid(f"{parameter.name} needs a date", place=parameter.name)
        boxes += [Box(number, lo, hi) for lo, hi in _BOXES[match[1] or "eq"](*span)]
    query.ranges.append(boxes)


Ends = tuple[float, float]
ALWAYS: Ends = (-FOREVER, FOREVER)


def _above(instant: float) -> Ends:
    return math.nextafter(instant, FOREVER), FOREVER


def _below(instant: float) -> Ends:
    return -FOREVER, math.nextafter(instant, -FOREVER)


def _about(first: float, last: float) -> list[tuple[Ends, Ends]]:
    """R4: a tenth of the time between now and the date, either way; at least the value itself."""
    slack = abs(datetime.now(UTC).timestamp() - first) / 10
    return [((-FOREVER, last + slack), (first - slack, FOREVER))]


# R4 search.html#prefix: what (first, last) of the resource must be, for (first, last) of the value.
_BOXES: dict[str, Callable[[float, float], list[tuple[Ends, Ends]]]] = {
    "eq": lambda first, last: [((first, FOREVER), (-FOREVER, last))],
    "ne": lambda first, last: [(_below(first), ALWAYS), (ALWAYS, _above(last))],
    "gt": lambda first, last: [(ALWAYS, _above(last))],
    "lt": lambda first, last: [(_below(first), ALWAYS)],
    "ge": lambda first, last: [(ALWAYS, _above(last)), ((first, FOREVER), ALWAYS)],
    "le": lambda first, last: [(_below(first), ALWAYS), (ALWAYS, (-FOREVER, last))],
    "sa": lambda first, last: [(_above(last), ALWAYS)],
    "eb": lambda first, last: [(ALWAYS, _below(first))],
    "ap": _about,
}

_TERMS: dict[Kind, Callable[[Query, Parameter, str, list[str], KeyRing], None]] = {
    Kind.TOKEN: _add_token,
    Kind.REFERENCE: _add_reference,
    Kind.URI: _add_uri,
    Kind.STRING: _add_string,
    Kind.DATE: _add_date,
}
