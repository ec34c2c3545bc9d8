"""What a resource is found by: its tokens, references, dates and strings, hashed or coded for the index tables."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from healthspace.base.text import fold
from healthspace.database.keys import KeyRing
from healthspace.fhir.dates import instants_of, period_of
from healthspace.fhir.search_parameters import PARAMETERS, Kind, Parameter

Resource = dict[str, Any]

SEARCHED = 100
"""Characters of a string that search looks at: a row of an index has no room for a page of text."""


@dataclass(slots=True)
class Index:
    """Index values of one version: `tokens` narrow, `hashes` select, `ranges` are (param, first, last) in seconds."""

    tokens: set[int] = field(default_factory=set)
    hashes: set[int] = field(default_factory=set)
    ranges: set[tuple[int, float, float]] = field(default_factory=set)
    strings: set[tuple[int, bytes]] = field(default_factory=set)


def param_number(name: str) -> int:
    """The number that stands for a parameter in the range and string tables (CRC-32, signed; a test finds collisions)."""
    return int.from_bytes(zlib.crc32(name.encode()).to_bytes(4, "big"), "big", signed=True)


def index(resource: Resource, keys: KeyRing) -> Index:
    """The index values of `resource`, by the search parameters of its type."""
    entries = Index()
    kind = resource["resourceType"]
    for parameter in PARAMETERS[kind]:
        for value in _values(resource, parameter):
            _INDEXERS[parameter.kind](entries, keys, kind, parameter, value)
    return entries


def code_string(keys: KeyRing, text: str) -> bytes:
    """The coded beginning of `text`, folded: what a string search compares. Empty when nothing of it can be searched."""
    return keys.code_prefixes(fold(text)[:SEARCHED])


def token_forms(system: str | None, code: str) -> list[str]:
    """What a search may say to mean this token: `system|code`, `code`, or `|code` when there is no system (R4 search, token)."""
    return [f"{system}|{code}", code] if system else [f"|{code}", code]


def _values(resource: Resource, parameter: Parameter) -> Iterator[Any]:
    for path in parameter.paths:
        yield from _walk(resource, path.split("."))


def _walk(value: Any, names: list[str]) -> Iterator[Any]:
    if isinstance(value, list):
        for item in value:
            yield from _walk(item, names)
    elif not names:
        if value is not None:
            yield value
    elif isinstance(value, dict) and names[0] in value:
        yield from _walk(value[names[0]], names[1:])


def _index_token(entries: Index, keys: KeyRing, kind: str, parameter: Parameter, value: Any) -> None:
    for system, code in _codings(value):
        for form in token_forms(system, code):
            if parameter.shared:
                entries.tokens.add(keys.hash32(kind, parameter.name, form))
            else:
                entries.hashes.add(keys.hash64(kind, parameter.name, form))
        if system and parameter.shared:
            entries.tokens.add(keys.hash32(kind, parameter.name, f"{system}|"))


def _codings(value: Any) -> Iterator[tuple[str | None, str]]:
    """(system, code) of a CodeableConcept, Coding, Identifier, code or boolean."""
    if isinstance(value, bool):
        yield None, "true" if value else "false"
    elif isinstance(value, str):
        yield None, value
    elif isinstance(value, dict):
        for coding in value.get("coding", []) if "coding" in value else [value]:
            code = coding.get("code", coding.get("value"))
            if isinstance(code, str):
                yield coding.get("system"), code


def _index_reference(entries: Index, keys: KeyRing, kind: str, parameter: Parameter, value: Any) -> None:
    if not isinstance(value, dict):
        return
    target = value.get("reference")
    if isinstance(target, str) and not target.startswith("#"):
        entries.hashes.add(keys.hash64(kind, parameter.name, target))
    identifier = value.get("identifier")
    if isinstance(identifier, dict):
        for system, code in _codings(identifier):
            for form in token_forms(system, code):
                entries.hashes.add(keys.hash64(kind, f"{parameter.name}:identifier", form))


def _index_uri(entries: Index, keys: KeyRing, kind: str, parameter: Parameter, value: Any) -> None:
    if isinstance(value, str):
        entries.hashes.add(keys.hash64(kind, parameter.name, value))


def _index_date(entries: Index, keys: KeyRing, kind: str, parameter: Parameter, value: Any) -> None:
    span = period_of(value.get("start"), value.get("end")) if isinstance(value, dict) else instants_of(str(value))
    if span is not None:
        entries.ranges.add((param_number(parameter.name), *span))


def _index_string(entries: Index, keys: KeyRing, kind: str, parameter: Parameter, value: Any) -> None:
    if isinstance(value, str) and (coded := code_string(keys, value)):
        entries.strings.add((param_number(parameter.name), coded))


_INDEXERS = {
    Kind.TOKEN: _index_token,
    Kind.REFERENCE: _index_reference,
    Kind.URI: _index_uri,
    Kind.DATE: _index_date,
    Kind.STRING: _index_string,
}
