"""What the calendar of the service waits for: the notice and the release of a document (R1111-53), the end of a carer's help."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from healthspace.database.database import Database, Row, Tx

WAIT = """
    INSERT INTO waiting_document (owner, id, due, step) VALUES ($1, $2, $3, $4)
    ON CONFLICT (owner, id) DO UPDATE SET due = excluded.due, step = excluded.step
"""
FORGET_WAITING = "DELETE FROM waiting_document WHERE owner = $1 AND id = $2"
WAITING_DUE = "SELECT owner, id, step FROM waiting_document WHERE due <= $1 ORDER BY due LIMIT $2"


async def wait_for(tx: Tx, owner: int, identifier: UUID, step: str, due: datetime) -> None:
    """Puts the next step of a document (`notice`, `release`) or of a carer's help (`care-end`) into the calendar, in place of another."""
    await tx.execute(WAIT, owner, identifier, due, step)


async def forget_waiting(tx: Tx, owner: int, identifier: UUID) -> None:
    """Takes it out of the calendar."""
    await tx.execute(FORGET_WAITING, owner, identifier)


async def find_waiting(database: Database, now: datetime, limit: int) -> Sequence[Row]:
    """Owner, id and step of what has come, the longest due first."""
    async with database.reading() as tx:
        return await tx.fetch(WAITING_DUE, now, limit)
