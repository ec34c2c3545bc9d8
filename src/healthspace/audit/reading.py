"""Reading the trail of one citizen: newest first, paged by key."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import orjson

from healthspace.database.database import Tx
from healthspace.database.seal import Cipher

PAGE = """
    SELECT at, id, action, outcome, reason, detail FROM audit
     WHERE owner = $1 AND ($2::timestamptz IS NULL OR (at, id) < ($2, $3))
     ORDER BY at DESC, id DESC LIMIT $4
"""


@dataclass(frozen=True, slots=True)
class TraceLine:
    """A line as the citizen reads it: `targets` are `Type/id`, `reason` a code of `access.rules.Reason` or an error's name."""

    at: datetime
    id: UUID
    action: str
    outcome: str
    reason: str
    kind: str
    role: str | None
    name: str
    structure: str
    targets: tuple[str, ...]


async def read_lines(tx: Tx, cipher: Cipher, *, before: tuple[datetime, UUID] | None = None, limit: int = 50) -> Sequence[TraceLine]:
    """Up to `limit` lines of the citizen of `cipher`, older than the line `before`."""
    at, identifier = before or (None, None)
    rows = await tx.fetch(PAGE, cipher.owner, at, identifier, limit)
    return [
        _open(row["at"], row["id"], row["action"], row["outcome"], row["reason"], cipher.open(row["detail"], "AuditEvent", row["id"], 1))
        for row in rows
    ]


def _open(at: datetime, identifier: UUID, action: str, outcome: str, reason: str, detail: bytes) -> TraceLine:
    told = orjson.loads(detail)
    return TraceLine(
        at, identifier, action, outcome, reason, told["kind"], told["role"], told["name"], told["structure"], tuple(told["targets"])
    )
