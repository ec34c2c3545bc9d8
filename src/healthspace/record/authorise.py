"""Who may read a record: the citizen authorises a professional (R1111-46) and says who the treating doctor is; and who it is now.

What is said by a number alone becomes a choice like those that are sent whole: checked, kept and proven in one place (`controls.py`).
"""

from healthspace.access.facts import TREATING_DOCTOR, is_tied
from healthspace.access.origin import is_from_document
from healthspace.access.permit import Permit
from healthspace.access.rules import Action, Tie
from healthspace.record.consents import authorise_until, professional
from healthspace.record.controls import create_control
from healthspace.resources.reading import is_shown
from healthspace.resources.store import read_all
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
    return await _read_own(p, "Consent"), await _read_own(p, "CareTeam")


async def _read_own(p: Permit, type_: str) -> list[Resource]:
    """The resources of one type that the citizen has made: what a document tells of consents and teams opens nothing here."""
    made = [stored.json() for stored in await read_all(p.tx, p.cipher, type_)]
    return [one for one in made if not is_from_document(one) and is_shown(p, one)]
