"""Where a professional's own notifications are: an owner of the directory, with a data key of its own, made when it is first needed."""

from uuid import UUID

from healthspace.access.facts import STATED_BY_NONE
from healthspace.access.permit import Door
from healthspace.base import clock
from healthspace.base.errors import Contended
from healthspace.base.ids import event_id
from healthspace.database.owners import create_owner
from healthspace.identity.directory import RPPS
from healthspace.notifications.model import CODES
from healthspace.notifications.operations import START
from healthspace.resources.names import claim, claimed_owner
from healthspace.resources.store import insert

HOLD = "INSERT INTO access_fact (owner, kind, subject, source) VALUES ($1, $2, $3, $4)"
HOLDER = "holder"
"""Kind of `access_fact`: this owner is the caller's own mailbox."""
KIND = "Mailbox"


async def mailbox_of(door: Door, rpps: str) -> int:
    """The owner that keeps what this professional is told. A way to the door, not through it."""
    async with door.database.reading() as tx:
        known = await claimed_owner(tx, door.keys, KIND, RPPS, rpps)
    if known is not None:
        return known
    async with door.database.transaction() as tx:
        cipher = await create_owner(tx, door.ciphers, door.keys, "directory", clock.now())
        if not await claim(tx, door.keys, KIND, RPPS, rpps, cipher.owner):
            raise Contended  # another process has just made it; this owner is undone
        await tx.execute(HOLD, cipher.owner, HOLDER, door.keys.hash_caller(f"rpps|{rpps}"), STATED_BY_NONE)
        card = {
            "resourceType": "Basic",
            "code": {"coding": [{"system": CODES, "code": "mailbox"}]},
            "subject": {"type": "Practitioner", "identifier": {"system": RPPS, "value": rpps}},
        }
        await insert(tx, cipher, door.keys, card_id(cipher.owner), card, clock.now())
        return cipher.owner


def card_id(owner: int) -> UUID:
    """The Basic that says whose mailbox an owner is."""
    return event_id(owner, START, KIND)
