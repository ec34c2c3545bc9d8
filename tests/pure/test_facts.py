"""What Consent and CareTeam state about who may read."""

from datetime import UTC, datetime
from typing import Any

import pytest

from healthspace.access.facts import facts_in
from healthspace.identity.directory import RPPS

DOCTOR = {"identifier": {"system": RPPS, "value": "81000000029"}}


def a_consent(**changes: Any) -> dict[str, Any]:
    provision = {"type": "permit", "actor": [{"reference": DOCTOR}], **changes.pop("provision", {})}
    return {"resourceType": "Consent", "status": "active", "provision": provision, **changes}


def a_team(**participant: Any) -> dict[str, Any]:
    member = {"role": [{"coding": [{"code": "PCP"}]}], "member": DOCTOR, **participant}
    return {"resourceType": "CareTeam", "status": "active", "participant": [member]}


def test_an_active_consent_authorises_each_of_its_actors() -> None:
    two = [{"reference": DOCTOR}, {"reference": {"identifier": {"system": RPPS, "value": "81000000037"}}}]
    assert facts_in(a_consent(provision={"actor": two})) == [
        ("authorised", "rpps|81000000029", None, None),
        ("authorised", "rpps|81000000037", None, None),
    ]


def test_a_consent_with_an_end_authorises_until_the_end_of_that_day() -> None:
    [(*_, until)] = facts_in(a_consent(provision={"period": {"end": "2026-11-24"}}))
    assert until is not None
    assert until.date() == datetime(2026, 11, 24, tzinfo=UTC).date()
    assert until.hour == 23


@pytest.mark.parametrize("status", ["inactive", "draft", "proposed", "rejected", "entered-in-error", None])
def test_a_consent_that_is_not_active_states_nothing(status: str | None) -> None:
    assert facts_in(a_consent(status=status)) == []


@pytest.mark.parametrize(
    "provision",
    [
        {"actor": []},
        {"actor": [{"reference": {}}]},
        {"actor": [{"reference": {"identifier": {"system": "https://elsewhere", "value": "81000000029"}}}]},
        {"actor": [{"reference": {"reference": "Practitioner/1"}}]},
    ],
)
def test_a_consent_that_permits_nobody_known_states_nothing(provision: dict[str, Any]) -> None:
    assert facts_in(a_consent(provision=provision)) == []


def test_the_treating_doctor_is_the_participant_with_that_role() -> None:
    assert facts_in(a_team()) == [("treating-doctor", "rpps|81000000029", None, None)]
    assert facts_in(a_team(role=[{"coding": [{"code": "NURSE"}]}])) == [("member", "rpps|81000000029", None, None)]
    assert facts_in({**a_team(), "status": "inactive"}) == []


def test_a_participation_that_ends_states_until_when() -> None:
    [(*_, until)] = facts_in(a_team(period={"end": "2020"}))
    assert until is not None
    assert until.year == 2020
