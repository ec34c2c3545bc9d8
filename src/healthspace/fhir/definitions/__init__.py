"""The definitions of FHIR R4 (4.0.1): types and their elements, codes of required bindings, search parameters, compartments.

The tables beside this file are written by tools/r4_definitions.py (`make definitions`); origin.txt says from what. They are read at
the first use, and a type is parsed when it is asked for. All values are immutable and shared.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Allowed:
    """A type that an element may have. `profile` narrows it (SimpleQuantity); a Reference is to `targets`, or to anything when None."""

    name: str
    profile: str | None = None
    targets: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Element:
    """An element of a type, in the words of the specification.

    `name` has no [x]: `choice` says that the type's name is part of the name in JSON. `most` is None when there is no limit.
    `value_set` is the name or the URL of the value set of a required binding.
    """

    name: str
    choice: bool
    least: int
    most: int | None
    summary: bool
    modifier: bool
    types: tuple[Allowed, ...]
    value_set: str | None

    @property
    def repeats(self) -> bool:
        """An array in JSON."""
        return self.most is None or self.most > 1


@dataclass(frozen=True, slots=True)
class Type:
    """A type with all its elements, inherited ones first, in the order of the specification.

    `kind`: primitive, complex, resource, part (an element with elements of its own, named by its path: Patient.contact), profile.
    """

    name: str
    base: str | None
    kind: str
    abstract: bool
    elements: tuple[Element, ...]


@dataclass(frozen=True, slots=True)
class SearchParameter:
    """A search parameter as published. `components`: of a composite one, the id of each part's parameter and its expression."""

    id: str
    code: str
    type: str
    usage: str
    bases: tuple[str, ...]
    targets: tuple[str, ...]
    expression: str | None
    components: tuple[tuple[str, str], ...]


@cache
def find_type(name: str) -> Type | None:
    """The type `name` ("Patient", "Patient.contact", "Quantity", "code"), or None when R4 has none of that name."""
    block = _blocks().get(name)
    if block is None:
        return None
    head, *lines = block
    words = head.split(" ")
    base = words[2] if words[1] == "<" else None
    inherited = find_type(base) if base else None
    own = [_read_element(line) for line in lines]
    said = {element.name for element in own}
    elements = tuple(element for element in (inherited.elements if inherited else ()) if element.name not in said)
    return Type(name, base, words[3 if base else 1], words[-1] == "abstract", (*elements, *own))


@cache
def resource_types() -> frozenset[str]:
    """The names of the resource types that can be instantiated."""
    return frozenset(name for name, block in _blocks().items() if block[0].endswith(" resource"))


@cache
def codes_of(value_set: str) -> Mapping[str, frozenset[str]] | None:
    """The codes of the value set of a required binding, by code system; None when they cannot be listed (media types, UCUM units)."""
    listed = _value_sets().get(value_set)
    if not listed:
        return None
    lines = [line.split(" ") for line in listed]
    systems = dict.fromkeys(system for system, *_ in lines)
    return {system: frozenset(code for other, *codes in lines if other == system for code in codes) for system in systems}


@cache
def value_set_names() -> tuple[str, ...]:
    """The value sets of required bindings whose codes can be listed, by the name or URL that `codes_of` takes."""
    return tuple(name for name, lines in _value_sets().items() if lines)


@dataclass(frozen=True, slots=True)
class Concept:
    """A code of a code system: its English display ("" when it has none) and the codes right above it."""

    display: str
    parents: tuple[str, ...]


@cache
def concept_systems() -> tuple[str, ...]:
    """The URLs of the code systems of FHIR, HL7 v2 and v3 that are kept whole."""
    return tuple(_concept_blocks())


def concepts_of(system: str) -> Mapping[str, Concept]:
    """The codes of a code system that is kept whole; none for any other."""
    return _concepts_in(system) if system in _concept_blocks() else {}


@cache
def _concepts_in(system: str) -> Mapping[str, Concept]:
    found: dict[str, Concept] = {}
    codes: list[str] = []
    for line in _concept_blocks()[system]:
        code, above, display = line.split("\t")
        codes.append(code)
        parents = (codes[int(above)],) if above != "-" else ()
        known = found.get(code)
        # A code may stand below several others.
        found[code] = Concept(display, tuple(dict.fromkeys((*known.parents, *parents))) if known else parents)
    return found


@cache
def published_sets() -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    """The value sets of R4 whose codes are all known, by URL: their codes by code system."""
    return {
        url: {
            system: tuple(concepts_of(system)) if codes == ["*"] else tuple(codes) for system, *codes in (line.split(" ") for line in lines)
        }
        for url, lines in _read_blocks("sets.txt")
    }


@cache
def search_parameters() -> tuple[SearchParameter, ...]:
    """Every published search parameter, in the order of their ids."""
    return tuple(_read_parameter(head, lines) for head, lines in _read_blocks("search.txt", "\t"))


@cache
def compartment(name: str) -> Mapping[str, tuple[str, ...]]:
    """By resource type, the search parameters that put a resource into the compartment `name` ("Patient", "Practitioner"…)."""
    found = next((lines for head, lines in _read_blocks("compartments.txt") if head == name), [])
    return {resource: tuple(codes) for resource, *codes in (line.split(" ") for line in found)}


@cache
def _blocks() -> dict[str, list[str]]:
    return {head.split(" ", 1)[0]: [head, *lines] for head, lines in _read_blocks("structure.txt")}


@cache
def _value_sets() -> dict[str, list[str]]:
    return {head.split(" ", 1)[0]: lines for head, lines in _read_blocks("codes.txt")}


@cache
def _concept_blocks() -> dict[str, list[str]]:
    return dict(_read_blocks("concepts.txt"))


@cache
def _open_types() -> tuple[Allowed, ...]:
    return tuple(Allowed(name) for name in _blocks()["*"][0].split(" ")[1:])


def _read_blocks(table: str, indent: str = " ") -> Iterator[tuple[str, list[str]]]:
    """Each line that is not indented, with the indented lines that follow it, without their indent."""
    text = Path(__file__).with_name(table).read_text("utf-8")
    head, lines = "", list[str]()
    for line in text.splitlines():
        if line.startswith(indent):
            lines.append(line[1:])
            continue
        if head:
            yield head, lines
        head, lines = line, []
    if head:
        yield head, lines


def _read_element(line: str) -> Element:
    name, limits, flags, *kinds = line.split(" ")
    least, _, most = limits.partition("..")
    value_set = kinds.pop()[1:] if kinds and kinds[-1].startswith("!") else None
    return Element(
        name=name.removesuffix("[x]"),
        choice=name.endswith("[x]"),
        least=int(least),
        most=None if most == "*" else int(most),
        summary="S" in flags,
        modifier="M" in flags,
        types=_open_types() if kinds == ["*"] else tuple(_read_allowed(kind) for kind in kinds),
        value_set=value_set,
    )


def _read_allowed(text: str) -> Allowed:
    """`code`, `Quantity:SimpleQuantity` or `Reference(Group|Patient)`."""
    name, _, targets = text.rstrip(")").partition("(")
    name, _, profile = name.partition(":")
    return Allowed(name, profile or None, frozenset(targets.split("|")) if targets else None)


def _read_parameter(head: str, lines: list[str]) -> SearchParameter:
    id_, code, kind, usage, bases, targets, expression = (None if field == "-" else field for field in head.split("\t"))
    components = tuple((definition, part) for definition, part in (line.split("\t") for line in lines))
    return SearchParameter(
        id=id_ or "",
        code=code or "",
        type=kind or "",
        usage=usage or "",
        bases=tuple((bases or "").split(",")),
        targets=tuple(sorted(resource_types())) if targets == "*" else tuple(targets.split(",")) if targets else (),
        expression=expression,
        components=components,
    )
