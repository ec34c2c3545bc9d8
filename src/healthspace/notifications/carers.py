"""What became of an invitation, and whom it is news for: the carer hears of invitations and ends, the holder of answers."""

from dataclasses import dataclass
from uuid import UUID

from healthspace.access.announce import Event
from healthspace.access.facts import ACCEPTED, ENDED, INVITATION, PENDING, REFUSED, keys_named_in, value_of
from healthspace.access.permit import Permit
from healthspace.access.rules import Action
from healthspace.base.ids import parse_id
from healthspace.fhir.resource_types import NUMBER
from healthspace.notifications.model import Happened
from healthspace.resources.stored import open_row

BY_HOLDER = {PENDING: Event.CARER_INVITED, ENDED: Event.ENDED_BY_HOLDER}
BY_CARER = {ACCEPTED: Event.CARER_ACCEPTED, REFUSED: Event.CARER_REFUSED, ENDED: Event.ENDED_BY_CARER}
RELATED = "RelatedPerson/"
AS_OF = """
    SELECT type, id, version, updated, body FROM resource WHERE owner = $1 AND type = $2 AND id = $3 AND updated <= $4
    UNION ALL
    SELECT type, id, version, updated, body FROM resource_history WHERE owner = $1 AND type = $2 AND id = $3 AND updated <= $4
     ORDER BY version DESC LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class CarerNews:
    """An event, and the Patient of the carer to be told; None: the holder is."""

    event: Event
    carer: UUID | None = None


async def read_news(p: Permit, happened: Happened) -> CarerNews | None:
    """What an act on an invitation means, by how the invitation stood after it; None when it is no news, or reaches nobody.

    An invitation that leads to nobody tells nobody, and nothing tells its sender so.
    """
    p.must_be_for(Action.NOTIFY)
    names = [parse_id(target.removeprefix(RELATED)) for target in happened.targets if target.startswith(RELATED)]
    row = await p.tx.fetchrow(AS_OF, p.owner, NUMBER["RelatedPerson"], names[0], happened.at) if names and names[0] is not None else None
    if row is None:
        return None
    stored = open_row(p.cipher, row)
    related = stored.json()
    status = str(value_of(related, INVITATION))
    if happened.event == Event.CARER_ACCEPTED:
        return CarerNews(BY_CARER[status]) if status in BY_CARER else None
    named = [parse_id(key.removeprefix("patient|")) for key in keys_named_in(related, p.keys)]
    # A change of period or scope leaves an invitation pending: it was told when it was made.
    told = status in BY_HOLDER and (status != PENDING or stored.version == 1)
    return CarerNews(BY_HOLDER[status], named[0]) if told and named and named[0] is not None else None
