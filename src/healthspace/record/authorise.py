"""Who may read a record: the citizen authorises a professional (R1111-46) and says who the treating doctor is; and who it is now.

What is said by a number alone becomes a choice like those that are sent whole: checked, kept and proven in one place (`controls.py`).
"""

from datetime import timedelta

from healthspace.access.facts import is_tied
from healthspace.access.permit import Permit
from healthspace.access.rules import Action, Tie
from healthspace.identity.directory import is_rpps
from healthspace.record.care_team import Function, join
from healthspace.record.consents import authorise_until
from healthspace.record.controls import create_control
from healthspace.resources.gathering import gather_entered
from healthspace.resources.stored import Resource


async def authorise(p: Permit, number: str, lasting: timedelta | None = None) -> None:
    """Lets a professional, or who works in a structure, read for a time (None: as the policy says); not again while the citizen's word
    holds.

    Invalid when the directory does not know the number.
    """
    p.must_be_for(Action.GRANT_ACCESS)
    consent = authorise_until(number, p.now + (lasting or p.policy.authorisation))
    # What a professional has collected is not enough: some may read only what the person has said themselves (L1111-17 IV).
    key, tie = (f"rpps|{number}", Tie.EXPRESS) if is_rpps(number) else (f"finess|{number}", Tie.AUTHORISED)
    if not await is_tied(p.tx, p.keys, p.owner, key, {tie}, p.now):
        await create_control(p, consent)


async def name_treating_doctor(p: Permit, rpps: str) -> None:
    """Makes a professional the treating doctor of this citizen. Invalid when the directory does not know the number."""
    p.must_be_for(Action.GRANT_ACCESS)
    await create_control(p, join(rpps, Function.TREATING))


async def list_access(p: Permit) -> tuple[list[Resource], list[Resource]]:
    """The authorisations (Consent, active and ended) and the care teams of the record."""
    p.must_be_for(Action.READ_ACCESS)
    # What a document tells of consents and teams opens nothing here.
    return await gather_entered(p, "Consent"), await gather_entered(p, "CareTeam")
