"""What a resource is found by: the index values of one version, as the store's tables hold them.

`tokens` are all hashes of the version, kept in its own row. The selective ones also have a row of their own in `ix_token`. All that a
Patient is selected by is in `xref`, to be found without knowing whose it is.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

from healthspace.access.depositor import depositor_of
from healthspace.access.facts import keys_named_in
from healthspace.base.fhirjson import SET_ID
from healthspace.base.ids import REGISTRY
from healthspace.database.keys import KeyRing
from healthspace.fhir.definitions import find_type
from healthspace.fhir.document_reference import searched_words
from healthspace.fhir.searching.extract import Extracted, extract
from healthspace.fhir.searching.parameters import compartment_parameters, parameters_of
from healthspace.fhir.ucum import UCUM_SYSTEMS, canonical
from healthspace.profile.measures import result_key
from healthspace.resources.hashing import (
    IDENTIFIERS,
    code_string,
    hash_code,
    hash_curve,
    hash_link,
    hash_reference,
    hash_reference_identifier,
    hash_reference_identifier_value,
    hash_set,
    hash_token,
    hash_typed,
    hash_uri,
    number_of,
)
from healthspace.resources.query import Selects
from healthspace.resources.traits import hash_traits, strict_traits_of

Resource = dict[str, Any]


@dataclass(slots=True)
class Index:
    """Index values of one version. `rows` ⊆ `tokens`; `ranges` are (number, lo, hi); `strings` are (number, coded)."""

    tokens: set[int]
    rows: set[int]
    ranges: set[tuple[int, float, float]]
    strings: set[tuple[int, bytes]]
    across: set[int]
    """What a Patient is found by without knowing whose it is, and what leads from one citizen to what belongs to another (`xref`)."""
    clinical_date: float | None
    words: str = ""
    """What a search by words looks into (`searched_words`): of a DocumentReference only, and never in the clear."""


def index(resource: Resource, keys: KeyRing, owner: int) -> Index:
    """The index values of `resource`, which belongs to `owner`."""
    found, type_ = extract(resource), resource["resourceType"]
    made = Index(set(), set(), set(), set(), set(), found.clinical_date)
    keep = _Keeper(made, type_, owner)
    for branch, system, code in found.tokens:
        keep.add(branch.key, hash_token(keys, type_, branch.key, system, code), typed=True)
        keep.add(branch.key, hash_code(keys, type_, branch.key, code))
    for branch, system, kind, value in found.token_types:
        made.tokens.add(hash_typed(keys, type_, branch.key, system, kind, value))
    linking = _linking(type_)
    for branch, target, _ in found.references:
        keep.add(branch.key, hash_reference(keys, type_, branch.key, target), typed=True)
        if branch.key in linking and target.startswith("Patient/"):
            made.across.add(hash_link(keys, target))
    for branch, system, value in found.reference_identifiers:
        keep.add(branch.key, hash_reference_identifier(keys, type_, branch.key, system, value), typed=True)
        made.tokens.add(hash_reference_identifier_value(keys, type_, branch.key, value))
    for branch, uri in found.uris:
        keep.add(branch.key, hash_uri(keys, type_, branch.key, uri), typed=True)
    if type_ == "Patient" and (traits := strict_traits_of(resource)):
        made.across.add(hash_traits(keys, traits))
    _index_record(made, keys, resource)
    _index_ranges(made, found)
    for branch, text in found.strings:
        if coded := code_string(keys, text):
            made.strings.add((number_of(branch.key), coded))
    return made


def selects(type_: str, path: str, *, typed: bool) -> Selects:
    """Where values at `path` have rows of their own. `typed`: with their system, or a reference, or a URI."""
    if path in _shared(type_) or path in _decisive(type_):
        return Selects.NOWHERE
    return Selects.EVERYWHERE if typed else Selects.IN_REGISTRY


def is_across(type_: str, path: str, *, typed: bool) -> bool:
    """Whether values at `path` are found among all citizens: identifiers, and what a Patient is selected by."""
    if type_ == "Patient":
        return selects(type_, path, typed=typed) is not Selects.NOWHERE
    return typed and path in IDENTIFIERS and bool(compartment_parameters(type_))


class _Keeper:
    """Puts a hash where it belongs."""

    __slots__ = ("_made", "_registry", "_type")

    def __init__(self, made: Index, type_: str, owner: int) -> None:
        self._made, self._type, self._registry = made, type_, owner == REGISTRY

    def add(self, path: str, h: int, *, typed: bool = False) -> None:
        made, where = self._made, selects(self._type, path, typed=typed)
        made.tokens.add(h)
        if (where is Selects.EVERYWHERE and self._type != "Patient") or (where is Selects.IN_REGISTRY and self._registry):
            made.rows.add(h)
        if self._type == "Patient" and is_across(self._type, path, typed=typed):
            made.across.add(h)


def _index_record(made: Index, keys: KeyRing, resource: Resource) -> None:
    """What the shared record asks beside FHIR: who brought a document or what it says, whom it names, the set of its versions, the
    words by which it is searched; of a result of a laboratory its curve."""
    made.tokens.update(keys.hash64("concerns", key) for key in keys_named_in(resource, keys))
    if depositor := depositor_of(resource):
        made.tokens.add(keys.hash64("depositor", depositor))
    if resource["resourceType"] == "DocumentReference":
        made.words = searched_words(resource)
    if key := result_key(resource):
        made.tokens.update((hash_curve(keys), hash_curve(keys, key)))
    if resource["resourceType"] in {"DocumentReference", "List"} and resource.get("status") == "current":
        for extension in resource.get("extension", []):
            if extension.get("url") == SET_ID and (value := extension.get("valueIdentifier", {})).get("value"):
                made.tokens.add(h := hash_set(keys, f"{value.get('system', '')}|{value['value']}"))
                made.rows.add(h)


def _index_ranges(made: Index, found: Extracted) -> None:
    made.ranges.update((number_of(branch.key), lo, hi) for branch, lo, hi in found.ranges)
    for branch, lo, hi, system, code, _ in found.quantities:
        made.ranges.add((number_of(branch.key), lo, hi))
        unit = canonical(code) if code and system in UCUM_SYSTEMS else None
        if unit is not None:
            ends = lo * unit.factor + unit.offset, hi * unit.factor + unit.offset
            made.ranges.add((number_of(branch.key, unit.code), *ends))


@cache
def _shared(type_: str) -> frozenset[str]:
    """Paths whose values are met in many resources: they narrow a list and have no row of their own."""
    return frozenset(branch.key for parameter in parameters_of(type_).values() if parameter.shared for branch in parameter.branches)


@cache
def _linking(type_: str) -> frozenset[str]:
    """Paths of references that may put a resource of one citizen into the compartment of another."""
    known = parameters_of(type_)
    return frozenset(branch.key for name in compartment_parameters(type_) for branch in known[name].branches) - owner_paths(type_)


@cache
def owner_paths(type_: str) -> frozenset[str]:
    """The path of the one reference that alone says whose resource this is; empty where several may."""
    names, definition = compartment_parameters(type_), find_type(type_)
    single = {element.name for element in definition.elements if not element.repeats} if definition else set()
    branches = parameters_of(type_)[names[0]].branches if names else ()
    keys = frozenset(branch.key for branch in branches)
    return keys if len(keys) == 1 and keys <= single else frozenset()


@cache
def _decisive(type_: str) -> frozenset[str]:
    """Paths of the references that say whose resource this is."""
    known = parameters_of(type_)
    return frozenset(branch.key for name in ("patient", "subject") if name in known for branch in known[name].branches)
