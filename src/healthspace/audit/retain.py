"""The end of the trail's keeping: months that are older than the setting are dropped whole, and the chains say so.

A chain whose beginning is gone can still be verified from the MAC of the last line that was dropped: a cut keeps it, proven by the key.
A trail that is not whole is never cut: what would be dropped may be the proof.
"""

from dataclasses import dataclass
from datetime import datetime

from healthspace.audit.line import prove_cut
from healthspace.audit.verify import verify_trail
from healthspace.database.audit_partitions import drop_partition, expired_partitions
from healthspace.database.database import Database, Tx
from healthspace.database.keys import KeyRing

STRETCHES = """
    WITH lines AS (
        SELECT writer, seq, mac, seq - row_number() OVER (PARTITION BY writer ORDER BY seq) AS stretch
          FROM audit WHERE at >= $1 AND at <= $2
    )
    SELECT writer, min(seq) AS first, max(seq) AS last, (array_agg(mac ORDER BY seq DESC))[1] AS mac
      FROM lines GROUP BY writer, stretch
"""
KEEP_CUT = "INSERT INTO audit_cut (writer, first, last, mac, proof, cut) VALUES ($1, $2, $3, $4, $5, $6)"


@dataclass(frozen=True, slots=True)
class Retired:
    """What was done: the partitions dropped; `broken` when the trail has faults and was left as it is."""

    partitions: tuple[str, ...]
    broken: bool = False


async def retire_months(database: Database, keys: KeyRing, *, now: datetime, months: int) -> Retired:
    """Drops the months that ended more than `months` months before `now`, each in one transaction with its cuts."""
    async with database.connection() as connection:
        expired = await expired_partitions(connection, now=now, months=months)
    if not expired:
        return Retired(())
    if (await verify_trail(database, keys)).faults:
        return Retired((), broken=True)
    key = keys.derive("chain the trail")
    for partition in expired:
        async with database.transaction() as tx:
            await _cut(tx, key, partition.first, partition.last, now)
            await drop_partition(tx, partition.name)
    return Retired(tuple(partition.name for partition in expired))


async def _cut(tx: Tx, key: bytes, first: datetime, last: datetime, now: datetime) -> None:
    """Keeps what the chains need of the lines from `first` to `last`."""
    cuts = [
        (row["writer"], row["first"], row["last"], row["mac"], prove_cut(key, row["writer"], row["first"], row["last"], row["mac"]), now)
        for row in await tx.fetch(STRETCHES, first, last)
    ]
    await tx.executemany(KEEP_CUT, cuts)
