"""All of one citizen's resources of some types that a permit shows, in one statement: for what is made of a whole record."""

from collections.abc import Iterable

from healthspace.access.permit import Permit
from healthspace.fhir.resource_types import NUMBER
from healthspace.resources.reach import Reach
from healthspace.resources.reading import is_shown
from healthspace.resources.stored import Resource, Stored, open_row

BODIES = "SELECT type, id, version, updated, body FROM resource WHERE owner = $1 AND type = ANY ($2::smallint[])"

Shown = list[tuple[Stored, Resource]]


async def read_types(p: Permit, types: Iterable[str]) -> Shown:
    """The resources of `types`, each with its JSON, in no order: those that labels, deposits and withheld types leave to the caller."""
    reach = Reach(p)
    numbers = [NUMBER[type_] for type_ in types if reach.scope(type_).owners == p.owners]
    rows = await p.tx.fetch(BODIES, p.owner, numbers)
    opened = ((stored, stored.json()) for stored in (open_row(p.cipher, row) for row in rows))
    return [(stored, resource) for stored, resource in opened if is_shown(p, resource)]
