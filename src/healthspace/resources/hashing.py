"""The keyed hashes that index values are stored and asked for under. Both sides call these, so that they always agree.

A value is hashed with its type and the path it stands at, so that equal codes at two places have nothing in common.
"""

import zlib

from healthspace.base.text import fold
from healthspace.database.keys import KeyRing
from healthspace.terminology.code_systems import one_name

SEARCHED = 100
"""Characters of a string that the index looks at: a row has no room for a page of text."""


IDENTIFIERS = frozenset({"identifier", "masterIdentifier"})
"""Paths whose values are looked for without knowing whose resource it is. Their hashes are odd, and have an index of their own."""


def hash_token(keys: KeyRing, type_: str, path: str, system: str | None, code: str) -> int:
    """A code of one system, or of none: even, but of an identifier."""
    h = keys.hash64(type_, path, "token", one_name(system or ""), code)
    return h | 1 if path in IDENTIFIERS else h & ~1


def hash_code(keys: KeyRing, type_: str, path: str, code: str) -> int:
    """A code whatever its system (R4 search.html#token, `[code]`)."""
    return keys.hash64(type_, path, "code", code) & ~1


def hash_typed(keys: KeyRing, type_: str, path: str, system: str | None, code: str, value: str) -> int:
    """An identifier's value with the type of the identifier (`:of-type`)."""
    return keys.hash64(type_, path, "of-type", system or "", code, value)


def hash_reference(keys: KeyRing, type_: str, path: str, target: str) -> int:
    """A literal reference: `Patient/1`, or an absolute URL."""
    return keys.hash64(type_, path, "reference", target) & ~1


def hash_reference_identifier(keys: KeyRing, type_: str, path: str, system: str | None, value: str) -> int:
    """The identifier of a logical reference."""
    return keys.hash64(type_, path, "identifier", system or "", value) & ~1


def hash_reference_identifier_value(keys: KeyRing, type_: str, path: str, value: str) -> int:
    """The identifier of a logical reference, whatever its system."""
    return keys.hash64(type_, path, "identifier value", value)


def hash_uri(keys: KeyRing, type_: str, path: str, uri: str) -> int:
    return keys.hash64(type_, path, "uri", uri) & ~1


def hash_set(keys: KeyRing, set_id: str) -> int:
    """The set that the versions of a document belong to."""
    return keys.hash64("set", set_id) & ~1


def hash_curve(keys: KeyRing, key: str = "") -> int:
    """What a result of a laboratory carries: that it is one, and the key of its curve (`profile.measures.result_key`)."""
    return keys.hash64("curve", key)


def hash_link(keys: KeyRing, patient: str) -> int:
    """A reference to a citizen (`Patient/1`) from what may belong to another one: it is in both compartments."""
    return keys.hash64("link", patient)


def number_of(path: str, unit: str = "") -> int:
    """The number that stands for a path (of quantities: with its canonical unit) in the range and string tables."""
    return int.from_bytes(zlib.crc32(f"{path}\x1f{unit}".encode()).to_bytes(4, "big"), "big", signed=True)


def code_string(keys: KeyRing, text: str) -> bytes:
    """The coded beginning of `text`, folded: a prefix of the text is a prefix of the code. Empty when nothing of it is searched."""
    return keys.code_prefixes(fold(text)[:SEARCHED])


def after_all(prefix: bytes) -> bytes:
    """The least bytes above everything that begins with `prefix`."""
    trimmed = prefix.rstrip(b"\xff")
    return trimmed[:-1] + bytes((trimmed[-1] + 1,)) if trimmed else b"\xff" * 64


def hash_name_claim(keys: KeyRing, system: str, value: str) -> int:
    """The claim that gives a national health identity to one citizen (`names.claim`)."""
    return keys.hash64("claim", "Patient", system, value)
