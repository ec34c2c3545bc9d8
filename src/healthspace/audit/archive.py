"""The trail as it is stored, for an archive of its own: sealed lines with their place in their chain, one JSON object a line.

It can be checked with the key of this installation, and says nothing without it. What one citizen may read of it in plain words is
another thing: `record.trail`.
"""

import base64
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import orjson

from healthspace.database.database import Database, Row

LINES = """
    SELECT writer, seq, owner, at, id, action, outcome, reason, caller, detail, mac FROM audit WHERE at >= $1 AND at <= $2 ORDER BY at, id
"""


async def export_lines(database: Database, since: datetime, until: datetime) -> AsyncIterator[bytes]:
    """The lines from `since` to before `until`, oldest first, each as one line of JSON; from one snapshot."""
    async with database.transaction() as tx:
        async for row in tx.cursor(LINES, since, until - timedelta(microseconds=1)):
            yield _write(row)


def _write(row: Row) -> bytes:
    told = {name: row[name] for name in ("seq", "owner", "action", "outcome", "reason", "caller")}
    told |= {"writer": str(row["writer"]), "id": str(row["id"]), "at": row["at"].isoformat()}
    told |= {name: base64.b64encode(row[name]).decode() for name in ("detail", "mac")}
    return orjson.dumps(told) + b"\n"
