"""A line as AuditEvent: valid whatever the act, the actor and the outcome; and the bounds of a search."""

from datetime import UTC, datetime, timedelta
from itertools import product
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from healthspace.access.rules import Action
from healthspace.audit.line import Outcome
from healthspace.audit.origin import Origin, arrive, coarsen, current_origin
from healthspace.audit.reading import TraceLine
from healthspace.base.errors import HealthspaceError, Malformed
from healthspace.edge.fhir.audit_event import read_asked
from healthspace.fhir.validate import validate
from healthspace.identity.caller import Kind
from healthspace.record.audit_event import audit_event, interaction_of

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)
PATIENT = UUID("01a21b78-7a73-802a-9e16-241a7a271a21")


def a_line(**changes: object) -> TraceLine:
    given_ = {
        "at": NOON, "id": PATIENT, "action": "document:read", "outcome": "done", "reason": "authorised", "kind": "professional",
        "role": "specialist", "name": "Karim BENALI", "structure": "Cabinet", "targets": ("DocumentReference/1",),
        "rpps": "81000000029", "finess": "990000029",
    }  # fmt: skip
    return TraceLine(**{**given_, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", Kind)
def test_an_event_is_valid_whoever_acted_and_however_it_ended(kind: Kind) -> None:
    for outcome, patient, person in product(Outcome, (PATIENT, None), ("", str(PATIENT))):
        line = a_line(
            kind=kind.value, outcome=outcome.value, patient=person, role=None, software="x/1", network="192.0.2.0/24", query="a=b"
        )
        assert validate(audit_event(line, patient)) == []


@pytest.mark.parametrize("action", Action)
def test_every_action_is_an_interaction(action: Action) -> None:
    interaction, letter = interaction_of(action)
    assert letter in "CRUDE"
    assert validate(audit_event(a_line(action=action.value), PATIENT)) == []
    assert interaction == interaction_of(str(action))[0]


def test_an_action_that_this_version_does_not_know_is_an_operation() -> None:
    assert interaction_of("moon:visit") == ("operation", "E")


def test_the_emergency_and_its_reason_are_told() -> None:
    event = audit_event(a_line(purpose="BTG", why="Inconscient", reason="break-glass"), PATIENT)
    assert (event["purposeOfEvent"][0]["coding"][0]["code"], event["purposeOfEvent"][0]["text"]) == ("BTG", "Inconscient")


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.77", "192.0.2.0/24"),
        ("2001:db8:1:2:3::4", "2001:db8:1::/48"),
        ("fe80::1%eth0", "fe80::/48"),
        ("", ""),
        ("a socket", ""),
    ],
)
def test_an_address_is_kept_coarse(address: str, network: str) -> None:
    assert coarsen(address) == network


def test_a_software_is_its_first_word_and_a_query_is_cut() -> None:
    arrive("192.0.2.7", "Medoc/4.2 (build 7) x" * 20, "q" * 5000)
    assert (current_origin().software, len(current_origin().query)) == ("Medoc/4.2", 1000)
    assert Origin() != current_origin()


@given(st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)), st.integers(0, 10**7))
def test_bounds_hold_what_they_say(start: datetime, seconds: int) -> None:
    low, high = start.replace(microsecond=0), start.replace(microsecond=0) + timedelta(seconds=seconds)
    asked = read_asked([("date", f"ge{low.isoformat()}Z"), ("date", f"lt{high.isoformat()}Z")])
    assert (asked.since, asked.until) == (low.replace(tzinfo=UTC), high.replace(tzinfo=UTC))
    inclusive = read_asked([("period-start", f"gt{low.isoformat()}Z"), ("period-start", f"le{high.isoformat()}Z")])
    assert (inclusive.since, inclusive.until) == (asked.since + timedelta(seconds=1), asked.until + timedelta(seconds=1))


def test_the_ends_of_time_are_bounds_too() -> None:
    asked = read_asked([("date", "ge0001"), ("date", "le9999")])
    assert (asked.since.year, asked.until.year) == (1, 9999)  # type: ignore[union-attr]


@given(st.lists(st.tuples(st.sampled_from(["date", "period-start", "action", "agent", "entity", "_count", "x"]), st.text(max_size=20))))
def test_whatever_is_asked_is_read_or_told_to_be_wrong(terms: list[tuple[str, str]]) -> None:
    try:
        asked = read_asked([*terms, ("date", "2026-11-27")])
    except HealthspaceError as error:
        assert isinstance(error, Malformed)
        assert error.place
    else:
        assert asked.since is not None
        assert asked.until is not None
