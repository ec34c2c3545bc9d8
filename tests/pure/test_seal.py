"""Sealing: what is sealed opens under its own names and no others."""

import os
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from healthspace.database.keys import KeyRing
from healthspace.database.seal import ALREADY_COMPRESSED, HEAD, Cipher, Tampered

KEY, ID = b"k" * 32, UUID(int=7)


def a_cipher(owner: int = 5, key: bytes = KEY) -> Cipher:
    return Cipher(owner, key)


@given(st.binary(max_size=3000), st.sampled_from(["Patient", "Binary"]), st.uuids(), st.integers(1, 99))
def test_what_was_sealed_opens(plain: bytes, kind: str, identifier: UUID, version: int) -> None:
    assert a_cipher().open(a_cipher().seal(plain, kind, identifier, version), kind, identifier, version) == plain


@given(st.binary(min_size=1, max_size=200), st.data())
def test_any_changed_byte_is_refused(plain: bytes, data: st.DataObject) -> None:
    sealed = bytearray(a_cipher().seal(plain, "Patient", ID, 1))
    place = data.draw(st.integers(0, len(sealed) - 1))
    sealed[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(Tampered):
        a_cipher().open(bytes(sealed), "Patient", ID, 1)


@given(st.integers(0, 60))
def test_a_cut_value_is_refused(length: int) -> None:
    sealed = a_cipher().seal(b"a longer text than the cut leaves, by far", "Patient", ID, 1)
    with pytest.raises(Tampered):
        a_cipher().open(sealed[: min(length, len(sealed) - 1)], "Patient", ID, 1)


@pytest.mark.parametrize(
    ("owner", "kind", "identifier", "version"),
    [(6, "Patient", ID, 1), (5, "Binary", ID, 1), (5, "Patient", uuid4(), 1), (5, "Patient", ID, 2)],
)
def test_a_row_moved_over_another_one_is_refused(owner: int, kind: str, identifier: UUID, version: int) -> None:
    sealed = a_cipher().seal(b"a body", "Patient", ID, 1)
    with pytest.raises(Tampered):
        a_cipher(owner).open(sealed, kind, identifier, version)


def test_another_key_opens_nothing() -> None:
    with pytest.raises(Tampered):
        a_cipher(key=b"x" * 32).open(a_cipher().seal(b"a body", "Patient", ID, 1), "Patient", ID, 1)


def test_repeated_text_is_compressed_and_never_readable() -> None:
    plain = b'{"resourceType":"Patient","family":"DUPRE"}' * 100
    sealed = a_cipher().seal(plain, "Patient", ID, 1)
    assert len(sealed) < len(plain) / 5
    assert b"DUPRE" not in sealed


@pytest.mark.parametrize("start", ALREADY_COMPRESSED)
def test_what_is_compressed_already_is_not_compressed_again(start: bytes) -> None:
    plain = start + b"\x00" * 1000
    assert len(a_cipher().seal(plain, "Binary", ID, 1)) == HEAD + len(plain) + 16


def test_noise_does_not_grow_beyond_the_head_and_the_tag() -> None:
    assert len(a_cipher().seal(os.urandom(5000), "Binary", ID, 1)) == HEAD + 5000 + 16


def test_the_same_text_is_never_sealed_twice_alike() -> None:
    assert len({a_cipher().seal(b"a body", "Patient", ID, 1) for _ in range(50)}) == 50


def test_a_wrapped_key_opens_with_its_own_master_key_only() -> None:
    ring = KeyRing(b"m" * 32)
    key = ring.new_data_key()
    assert ring.unwrap(ring.wrap(key)) == key
    with pytest.raises(Tampered):
        KeyRing(b"n" * 32).unwrap(ring.wrap(key))


@given(st.text(max_size=30), st.text(max_size=30))
def test_coded_strings_keep_prefixes_and_nothing_else(start: str, rest: str) -> None:
    ring = KeyRing(b"m" * 32)
    assert ring.code_prefixes(start + rest).startswith(ring.code_prefixes(start))
    assert len(ring.code_prefixes(start + rest)) == 2 * len(start + rest)


def test_keyed_hashes_depend_on_the_key_and_on_every_part() -> None:
    ring = KeyRing(b"m" * 32)
    hashes = [ring.hash64("a", "bc"), ring.hash64("ab", "c"), ring.hash64("a", "b", "c"), KeyRing(b"n" * 32).hash64("a", "bc")]
    assert len(set(hashes)) == len(hashes)
    assert all(-(1 << 63) <= number < 1 << 63 for number in hashes)
