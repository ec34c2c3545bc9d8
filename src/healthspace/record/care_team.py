"""The care team as it is chosen and read on a page: who is in it, as what, and until when."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from healthspace.access.facts import TEAM_ROLES, TREATING_DOCTOR, key_of
from healthspace.base.errors import Invalid
from healthspace.fhir.dates import instants_of
from healthspace.record.consents import who_has
from healthspace.resources.stored import Resource

FUNCTIONS = "http://terminology.hl7.org/CodeSystem/v3-ParticipationFunction"


class Function(StrEnum):
    """What one is in a care team, the widest rights first. The code of the participant's role; any other is a member's."""

    TREATING = TREATING_DOCTOR
    """Sees all, masked documents and traces too (R1111-54)."""
    ADMINISTRATOR = "administrator"
    """Whom the citizen gives the treating doctor's rights."""
    PHARMACIST = "pharmacist"
    MIDWIFE = "midwife"
    MEMBER = "member"


FULL_RIGHTS = frozenset({Function.TREATING, Function.ADMINISTRATOR})
"""Those whom opposing the team as such does not touch."""


@dataclass(frozen=True, slots=True)
class Member:
    """One participant of a CareTeam: its id, whom it names (a reference), as what, from when and until when."""

    team: str
    who: Resource
    function: Function
    period: dict[str, str]


def join(number: str, function: Function, end: str = "") -> Resource:
    """A CareTeam of one professional (RPPS), or of a structure (FINESS), until the day `end` when one is said.

    Invalid when nobody has the number, or a structure is to be more than a member.
    """
    system = FUNCTIONS if function is Function.TREATING else TEAM_ROLES
    participant: Resource = {"role": [{"coding": [{"system": system, "code": function.value}]}], "member": who_has(number)}
    if function is not Function.MEMBER and not is_person(participant["member"]):
        raise Invalid("only a person treats, or has the treating doctor's rights", place="CareTeam.participant.role")
    if end:
        participant["period"] = {"end": end}
    return {"resourceType": "CareTeam", "status": "active", "participant": [participant]}


def read_members(teams: Iterable[Resource], now: datetime) -> list[Member]:
    """Who is in the care teams at `now`, those with the widest rights first."""
    found = [
        Member(str(team.get("id", "")), one["member"], _function_of(one), one.get("period", {}))
        for team in teams
        if team.get("status") == "active"
        for one in team.get("participant", [])
        if "member" in one and not _is_over(one, now)
    ]
    order = list(Function)
    return sorted(found, key=lambda member: order.index(member.function))


def _function_of(participant: Resource) -> Function:
    codes = {coding.get("code") for role in participant.get("role", []) for coding in role.get("coding", [])}
    return next((one for one in Function if one.value in codes and is_person(participant["member"])), Function.MEMBER)


def is_person(reference: Resource) -> bool:
    """Whether a reference names a professional rather than a structure."""
    return (key_of(reference) or "").startswith("rpps|")


def _is_over(participant: Resource, now: datetime) -> bool:
    end = instants_of(participant.get("period", {}).get("end", ""))
    return end is not None and end[1] <= now.timestamp()
