"""Who looked at the record: the trail as its holder, or their treating doctor, reads it (R1111-43)."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from healthspace.access.permit import Permit
from healthspace.access.rules import Action
from healthspace.audit.reading import TraceLine, read_lines


async def read_trail(p: Permit, *, before: tuple[datetime, UUID] | None = None, limit: int = 50) -> Sequence[TraceLine]:
    """Up to `limit` lines, newest first, older than the line `before` (its time and id)."""
    p.must_be_for(Action.READ_TRAIL, Action.READ_RECORD)
    return await read_lines(p.tx, p.cipher, before=before, limit=limit)
