"""Who may read a record: the citizen authorises a professional (R1111-46) and says who the treating doctor is; and who it is now.

What is said by a number alone becomes a choice like those that are sent whole: checked, kept and proven in one place (`controls.py`).
"""

from healthspace.access.facts import TREATING_DOCTOR, is_tied
from healthspace.access.permit import Permit
from healthspace.access.rules import Action, Tie
from healthspace.record.consents import authorise_until, professional
from healthspace.record.controls import create_control
from healthspace.resources.gathering import gather_entered
from healthspace.resources.stored import Resource

FUNCTIONS = "http://terminology.hl7.org/CodeSystem/v3-ParticipationFunction"


async def authorise(p: Permit, rpps: str) -> None:
    """Lets a professional read the record for as long as the policy says; nothing changes while the citizen's own word is in force.

    Invalid when the directory does not know the number.
    """
    p.must_be_for(Action.GRANT_ACCESS)
    consent = authorise_until(rpps, p.now + p.policy.authorisation)
    # What a professional has collected is not enough: some may read only what the person has said themselves (L1111-17 IV).
    if not await is_tied(p.tx, p.keys, p.owner, f"rpps|{rpps}", {Tie.EXPRESS}, p.now):
        await create_control(p, consent)


async def name_treating_doctor(p: Permit, rpps: str) -> None:
    """Makes a professional the treating doctor of this citizen. Invalid when the directory does not know the number."""
    p.must_be_for(Action.GRANT_ACCESS)
    role = {"coding": [{"system": FUNCTIONS, "code": TREATING_DOCTOR}]}
    team = {"resourceType": "CareTeam", "status": "active", "participant": [{"role": [role], "member": professional(rpps)}]}
    await create_control(p, team)


async def list_access(p: Permit) -> tuple[list[Resource], list[Resource]]:
    """The authorisations (Consent, active and ended) and the care teams of the record."""
    p.must_be_for(Action.READ_ACCESS)
    # What a document tells of consents and teams opens nothing here.
    return await gather_entered(p, "Consent"), await gather_entered(p, "CareTeam")
