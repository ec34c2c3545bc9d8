"""Ids that carry their owner."""

import time
from uuid import UUID, uuid1, uuid4

from hypothesis import given
from hypothesis import strategies as st

from healthspace.base.ids import OWNER_BITS, REGISTRY, new_id, new_owner, owner_of, parse_id

owners = st.integers(0, (1 << OWNER_BITS) - 1)


@given(owners)
def test_an_id_gives_its_owner_back(owner: int) -> None:
    assert owner_of(new_id(owner)) == owner


@given(owners)
def test_an_id_is_a_uuid_of_version_8(owner: int) -> None:
    made = new_id(owner)
    assert (made.version, made.variant) == (8, "specified in RFC 4122")


def test_an_id_says_when_it_was_made() -> None:
    before = time.time_ns() // 1_000_000
    made = new_id(1)
    assert before <= made.int >> 80 <= time.time_ns() // 1_000_000 + 1


def test_later_ids_of_one_process_are_greater_even_within_a_millisecond() -> None:
    made = [new_id(owner) for owner in (3, 1, 2) * 4000]
    assert made == sorted(made)
    assert len(set(made)) == len(made)


def test_an_id_that_we_did_not_make_belongs_to_nobody() -> None:
    assert owner_of(uuid4()) == owner_of(uuid1()) == owner_of(UUID(int=0)) == owner_of(UUID(int=(1 << 128) - 1)) == REGISTRY


def test_a_new_owner_is_never_the_registry_and_fits_48_bits() -> None:
    drawn = {new_owner() for _ in range(1000)}
    assert len(drawn) == 1000
    assert all(0 < owner < 1 << OWNER_BITS for owner in drawn)


@given(st.uuids())
def test_an_id_is_read_in_its_canonical_form_only(identifier: UUID) -> None:
    text = str(identifier)
    assert parse_id(text) == identifier
    assert parse_id(f"{{{text}}}") is parse_id(f"urn:uuid:{text}") is parse_id(identifier.hex) is None
    assert parse_id(text.upper()) in {None, identifier if text.upper() == text else None}


@given(st.text())
def test_reading_an_id_never_fails(text: str) -> None:
    assert parse_id(text) is None or str(parse_id(text)) == text
