"""All of one citizen's resources of some types that a permit shows, in one statement: for what is made of a whole record."""

from collections.abc import Iterable

from healthspace.access.permit import Permit
from healthspace.fhir.resource_types import NUMBER
from healthspace.resources.reach import Reach
from healthspace.resources.reading import is_shown
from healthspace.resources.stored import Stored, open_row

BODIES = (
    "SELECT type, id, version, updated, body FROM resource WHERE owner = $1 AND type = ANY ($2::smallint[]) ORDER BY date DESC, id DESC"
)


async def read_types(p: Permit, types: Iterable[str]) -> list[Stored]:
    """The resources of `types`, the latest first: those that labels, deposits and withheld types leave to the caller."""
    reach = Reach(p)
    numbers = [NUMBER[type_] for type_ in types if reach.scope(type_).owners == p.owners]
    rows = await p.tx.fetch(BODIES, p.owner, numbers)
    # A body is read as JSON only where it could carry a label that hides it: bodies are written one way, without escapes in codes.
    labels = [f'"{label}"'.encode() for label in p.hidden]
    opened = (open_row(p.cipher, row) for row in rows)
    return [one for one in opened if not (p.only_own_deposits or any(label in one.body for label in labels)) or is_shown(p, one.json())]
