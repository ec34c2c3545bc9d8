"""All of one citizen's resources of some types that a permit shows, in one statement: for what is made of a whole record."""

from collections.abc import Iterable

from healthspace.access.permit import Permit
from healthspace.fhir.resource_types import NUMBER
from healthspace.resources.reach import Reach
from healthspace.resources.reading import all_shown
from healthspace.resources.stored import Stored, open_row

BODIES = (
    "SELECT type, id, version, updated, body FROM resource WHERE owner = $1 AND type = ANY ($2::smallint[]) ORDER BY date DESC, id DESC"
)


async def read_types(p: Permit, types: Iterable[str]) -> list[Stored]:
    """The resources of `types`, the latest first: those that labels, deposits and withheld types leave to the caller."""
    reach = Reach(p)
    numbers = [NUMBER[type_] for type_ in types if reach.scope(type_).owners == p.owners]
    rows = await p.tx.fetch(BODIES, p.owner, numbers)
    return list(all_shown(p, (open_row(p.cipher, row) for row in rows)))
