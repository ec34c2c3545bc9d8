"""Whom an act on an invitation is news for: the carer hears of invitations and ends, the holder of answers."""

from uuid import UUID

from healthspace.access.announce import Event
from healthspace.access.facts import keys_named_in
from healthspace.access.permit import Permit
from healthspace.access.rules import Action
from healthspace.base.ids import parse_id
from healthspace.fhir.resource_types import NUMBER
from healthspace.notifications.model import Happened
from healthspace.resources.stored import open_row

FOR_CARERS = frozenset({Event.CARER_INVITED, Event.ENDED_BY_HOLDER})
RELATED = "RelatedPerson/"
AS_OF = """
    SELECT type, id, version, updated, body FROM resource WHERE owner = $1 AND type = $2 AND id = $3 AND updated <= $4
    UNION ALL
    SELECT type, id, version, updated, body FROM resource_history WHERE owner = $1 AND type = $2 AND id = $3 AND updated <= $4
     ORDER BY version DESC LIMIT 1
"""


async def carer_told(p: Permit, happened: Happened) -> UUID | None:
    """The Patient of the carer who is to hear of an event of FOR_CARERS, by the invitation as it stood then; None: it is no news to one.

    An invitation that leads to nobody tells nobody, and nothing tells its sender so.
    """
    p.must_be_for(Action.NOTIFY)
    names = [parse_id(target.removeprefix(RELATED)) for target in happened.targets if target.startswith(RELATED)]
    if not names or names[0] is None:
        return None
    row = await p.tx.fetchrow(AS_OF, p.owner, NUMBER["RelatedPerson"], names[0], happened.at)
    # Another period or scope is no new invitation.
    if row is None or (happened.event == Event.CARER_INVITED and row["version"] > 1):
        return None
    named = keys_named_in(open_row(p.cipher, row).json(), p.keys)
    return parse_id(named[0].removeprefix("patient|")) if named else None
