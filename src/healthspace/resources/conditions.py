"""From one search term to what the index answers of it, and to a check where the index can only narrow (R4 search.html).

Codes, references, URIs, dates, numbers, quantities and the beginnings of strings are answered by the index. What asks for more of a
value than its index keeps (:exact, :contains, :text, :missing, composites) is decided by reading those that remain.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import partial

from healthspace.base.errors import Malformed
from healthspace.database.keys import KeyRing
from healthspace.fhir.codes.services import ancestors, codes_in, descendants
from healthspace.fhir.searching.boxes import date_boxes, number_boxes
from healthspace.fhir.searching.escapes import split_at, unescape
from healthspace.fhir.searching.match import matches
from healthspace.fhir.searching.model import Branch, Kind
from healthspace.fhir.searching.paths import systems_of
from healthspace.fhir.ucum import UCUM_SYSTEMS, canonical
from healthspace.resources.grammar import Term, printable, targets_of
from healthspace.resources.hashing import (
    SEARCHED,
    code_string,
    hash_code,
    hash_reference,
    hash_reference_identifier,
    hash_reference_identifier_value,
    hash_token,
    hash_typed,
    hash_uri,
    number_of,
)
from healthspace.resources.indexing import is_across, selects
from healthspace.resources.query import NEVER, Box, Check, Condition, Either, Hashed, Not, Prefixed, Ranged

Answer = tuple[Condition | None, Check | None]
"""A condition for the index (None: it cannot narrow), and a check of what it finds (None: it decides)."""

MOST_CODES = 5000
"""Codes of a value set that a search compares with."""


@dataclass(frozen=True, slots=True)
class Asking:
    """What a term is asked of and with: the searched type, the keys of the index, our own base URL."""

    type: str
    keys: KeyRing
    base: str = ""


def answer_term(asking: Asking, term: Term) -> Answer:
    """The condition and check of `term`; Malformed when its values or its modifier cannot be meant."""
    builder = _BUILDERS.get((term.parameter.kind, term.modifier))
    if builder is not None:
        return builder(asking, term)
    if term.modifier == "missing":
        return _missing(asking, term)
    if term.parameter.kind is Kind.REFERENCE and term.modifier in targets_of(term.parameter):
        return _references(asking, term)
    raise Malformed(f"{term.parameter.name} has no modifier :{printable(term.modifier)} here", place=term.parameter.name)


def check_of(asking: Asking, term: Term) -> Check:
    """Whether a resource meets `term`, by looking at it."""
    expand = partial(_expand, asking.type)
    return partial(_passes, term, asking.base, expand)


def _passes(term: Term, base: str, expand: Callable[..., Collection[tuple[str | None, str]]], resource: dict[str, object]) -> bool:
    return matches(resource, term.parameter, term.modifier, term.values, base=base, expand=expand)


def _missing(asking: Asking, term: Term) -> Answer:
    if term.values not in {("true",), ("false",)}:
        raise Malformed(f"{term.parameter.name}:missing is true or false", place=term.parameter.name)
    return None, check_of(asking, term)


def _either(found: Sequence[Condition]) -> Condition:
    return NEVER if not found else found[0] if len(found) == 1 else Either(tuple(found))


# Tokens (search.html#token).


def _tokens(asking: Asking, term: Term) -> Answer:
    found: list[Condition] = []
    for branch in term.parameter.branches:
        typed, bare = list[int](), list[int]()
        for value in term.values:
            parts = split_at(value, "|")
            if len(parts) > 2 or not any(parts):
                raise Malformed(f"{term.parameter.name} is written code, system|code or |code", place=term.parameter.name)
            if len(parts) == 1:
                bare.append(hash_code(asking.keys, asking.type, branch.key, parts[0]))
            elif not parts[1]:
                return None, check_of(asking, term)  # system| – any code of a system has no hash of its own
            else:
                typed += _hashes_of(asking, branch, parts[0] or None, parts[1])
        found += [_hashed(asking, branch, hashes, typed=kind) for hashes, kind in ((typed, True), (bare, False)) if hashes]
    return _either(found), None


def _hashes_of(asking: Asking, branch: Branch, system: str | None, code: str) -> list[int]:
    """A code of a system, in elements that name their system and in those that imply it."""
    implied = system is not None and system in systems_of(branch.walk, code)
    return [hash_token(asking.keys, asking.type, branch.key, said, code) for said in ((system, None) if implied else (system,))]


def _hashed(asking: Asking, branch: Branch, hashes: list[int], *, typed: bool) -> Hashed:
    return Hashed(tuple(hashes), selects(asking.type, branch.key, typed=typed), across=is_across(asking.type, branch.key, typed=typed))


def _not_tokens(asking: Asking, term: Term) -> Answer:
    condition, check = _tokens(asking, Term(term.parameter, "", term.values))
    if condition is None or check is not None:
        return None, check_of(asking, term)
    return Not(condition), None


def _typed_identifiers(asking: Asking, term: Term) -> Answer:
    hashes = []
    for branch in term.parameter.branches:
        for value in term.values:
            parts = split_at(value, "|")
            if len(parts) != 3 or not parts[1] or not parts[2]:
                raise Malformed(f"{term.parameter.name}:of-type is written system|code|value", place=term.parameter.name)
            hashes.append(hash_typed(asking.keys, asking.type, branch.key, parts[0] or None, parts[1], parts[2]))
    return Hashed(tuple(hashes)), None


def _token_set(asking: Asking, term: Term) -> Answer:
    """:in, :above, :below – the codes are listed, then searched like codes that were written out."""
    codes = [code for value in term.values for code in _expand(asking.type, term.modifier, unescape(value))]
    hashes = [one for branch in term.parameter.branches for system, code in codes for one in _hashes_of(asking, branch, system, code)]
    return (Hashed(tuple(hashes)) if hashes else NEVER), None


def _outside_set(asking: Asking, term: Term) -> Answer:
    condition, _ = _token_set(asking, Term(term.parameter, "in", term.values))
    assert condition is not None  # noqa: S101 - a set of codes is always a condition
    return Not(condition), None


def _expand(type_: str, modifier: str, value: str) -> Collection[tuple[str | None, str]]:
    """The codes that a value set, or a code with all above or below it, stands for; Malformed when we do not have it."""
    if modifier in {"in", "not-in"}:
        codes = codes_in(value)
        if codes is None or len(codes) > MOST_CODES:
            raise Malformed("this value set is not one of those that are kept here, or has too many codes", place=modifier)
        # Elements of type code carry no system: theirs is that of the value set.
        return [*codes, *((None, code) for _, code in codes)]
    system, _, code = value.rpartition("|")
    return [(system or None, one) for one in {code, *(descendants if modifier == "below" else ancestors)(system, code)}]


# References (search.html#reference) and URIs (search.html#uri).


def _references(asking: Asking, term: Term) -> Answer:
    found: list[Condition] = []
    for branch in term.parameter.branches:
        types = [term.modifier] if term.modifier else sorted(branch.only or term.parameter.targets)
        texts = [text for value in term.values for text in reference_texts(unescape(value), types, asking.base)]
        allowed = [text for text in texts if branch.only is None or _type_in(text) in branch.only]
        hashes = [hash_reference(asking.keys, asking.type, branch.key, text) for text in allowed]
        if hashes:
            found.append(_hashed(asking, branch, hashes, typed=True))
    return _either(found), None


def _type_in(text: str) -> str:
    """The type that a reference names: the last but one of its steps."""
    return "".join(text.split("/")[-2:-1])


def reference_texts(value: str, types: Collection[str], base: str) -> list[str]:
    """The ways in which a stored reference may say `value`: an id alone, `Type/id`, or a URL; our own base or none is the same."""
    plain = value.partition("/_history/")[0]
    if base and plain.startswith(f"{base}/"):
        plain = plain[len(base) + 1 :]
    if "/" not in plain and ":" not in plain:
        names = [plain, *(f"{type_}/{plain}" for type_ in types)]
    elif "://" in plain or plain.startswith("urn:"):
        return [plain, value] if plain != value else [plain]
    else:
        names = [plain]
    return [*names, *(f"{base}/{name}" for name in names if base)]


def _reference_identifiers(asking: Asking, term: Term) -> Answer:
    found: list[Condition] = []
    for branch in term.parameter.branches:
        typed, bare = list[int](), list[int]()
        for value in term.values:
            parts = split_at(value, "|")
            if len(parts) > 2 or not parts[-1]:
                raise Malformed(f"{term.parameter.name}:identifier is written system|value or value", place=term.parameter.name)
            if len(parts) == 1:
                bare.append(hash_reference_identifier_value(asking.keys, asking.type, branch.key, parts[0]))
            else:
                typed.append(hash_reference_identifier(asking.keys, asking.type, branch.key, parts[0] or None, parts[1]))
        found += [_hashed(asking, branch, typed, typed=True)] if typed else []
        found += [Hashed(tuple(bare))] if bare else []
    return _either(found), None


def _uris(asking: Asking, term: Term) -> Answer:
    found: list[Condition] = [
        _hashed(asking, branch, [hash_uri(asking.keys, asking.type, branch.key, unescape(value)) for value in term.values], typed=True)
        for branch in term.parameter.branches
    ]
    return _either(found), None


# Strings (search.html#string).


def _strings(asking: Asking, term: Term) -> Answer:
    coded = [(value, code_string(asking.keys, unescape(value))) for value in term.values]
    if not all(code for _, code in coded):
        return None, check_of(asking, term)
    prefixes = tuple((number_of(branch.key), code) for branch in term.parameter.branches for _, code in coded)
    longer = any(len(value) > SEARCHED for value, _ in coded)
    return Prefixed(prefixes), check_of(asking, term) if longer else None


def _exact_strings(asking: Asking, term: Term) -> Answer:
    condition, _ = _strings(asking, Term(term.parameter, "", term.values))
    return condition, check_of(asking, term)


def _only_check(asking: Asking, term: Term) -> Answer:
    return None, check_of(asking, term)


# Dates, numbers and quantities (search.html#date, #number, #quantity).


def _dates(asking: Asking, term: Term) -> Answer:
    boxes = [box for value in term.values for box in date_boxes(unescape(value), term.parameter.name)]
    return Ranged(tuple(Box(number_of(branch.key), *box) for branch in term.parameter.branches for box in boxes)), None


def _numbers(asking: Asking, term: Term) -> Answer:
    boxes = [box for value in term.values for box in number_boxes(unescape(value), term.parameter.name)]
    return Ranged(tuple(Box(number_of(branch.key), *box) for branch in term.parameter.branches for box in boxes)), None


def _quantities(asking: Asking, term: Term) -> Answer:
    found, decided = list[Box](), True
    for value in term.values:
        parts = split_at(value, "|")
        if len(parts) not in {1, 3}:
            raise Malformed(f"{term.parameter.name} is written number or number|system|unit", place=term.parameter.name)
        boxes = number_boxes(parts[0], term.parameter.name)
        system, code = (parts[1], parts[2]) if len(parts) == 3 else ("", "")
        unit = canonical(code) if system in UCUM_SYSTEMS and code else None
        if unit is not None:
            ends = [tuple(tuple(end * unit.factor + unit.offset for end in side) for side in box) for box in boxes]
            found += [Box(number_of(branch.key, unit.code), *side) for branch in term.parameter.branches for side in ends]  # type: ignore[arg-type]
        else:
            decided = decided and not (system or code)
            found += [Box(number_of(branch.key), *box) for branch in term.parameter.branches for box in boxes]
    return Ranged(tuple(found)), None if decided else check_of(asking, term)


_BUILDERS: dict[tuple[Kind, str], Callable[[Asking, Term], Answer]] = {
    (Kind.TOKEN, ""): _tokens,
    (Kind.TOKEN, "not"): _not_tokens,
    (Kind.TOKEN, "text"): _only_check,
    (Kind.TOKEN, "of-type"): _typed_identifiers,
    (Kind.TOKEN, "in"): _token_set,
    (Kind.TOKEN, "not-in"): _outside_set,
    (Kind.TOKEN, "above"): _token_set,
    (Kind.TOKEN, "below"): _token_set,
    (Kind.REFERENCE, ""): _references,
    (Kind.REFERENCE, "identifier"): _reference_identifiers,
    (Kind.URI, ""): _uris,
    (Kind.URI, "above"): _only_check,
    (Kind.URI, "below"): _only_check,
    (Kind.STRING, ""): _strings,
    (Kind.STRING, "exact"): _exact_strings,
    (Kind.STRING, "contains"): _only_check,
    (Kind.DATE, ""): _dates,
    (Kind.NUMBER, ""): _numbers,
    (Kind.QUANTITY, ""): _quantities,
    (Kind.COMPOSITE, ""): _only_check,
}
