"""What keeps an installation tidy while it is served: files that a crash left behind, next months of the trail."""

import asyncio
import time

import structlog

from healthspace.access.permit import Door
from healthspace.base import clock
from healthspace.base.errors import Unavailable
from healthspace.database.audit_partitions import ensure_audit_partitions
from healthspace.database.blobs import sweep_orphans
from healthspace.resources.reindex import BATCH, count_stale, reindex

HOUR = 3600.0
DAY = 24 * HOUR
REPORTED = 10_000
"""Resources between two lines of the log about indexing."""

log = structlog.get_logger(__name__)


async def keep_up(door: Door) -> None:
    """For ever: sweeps orphans now and every hour, extends the trail every day. A failure waits for the next turn."""
    extended = time.monotonic()  # opening the database has just done it
    while True:
        try:
            await index_anew(door)
            swept = await sweep_orphans(door.database, door.blobs)
            if swept:
                log.info("orphans_swept", files=swept)
            if time.monotonic() - extended >= DAY:
                await extend_trail(door)
                extended = time.monotonic()
        except (Unavailable, OSError):
            log.exception("upkeep_failed")
        await asyncio.sleep(HOUR)


async def index_anew(door: Door) -> None:
    """Indexes anew what other search parameters have indexed; searches of those types say so meanwhile."""
    waiting = await count_stale(door)
    if not waiting:
        return
    door.stale |= waiting.keys()
    log.info("reindexing", resources=sum(waiting.values()), types=len(waiting))
    async for progress in reindex(door):
        if progress.done % REPORTED < BATCH:
            log.info("reindexing", done=progress.done)
    door.stale.clear()
    log.info("reindexed", resources=sum(waiting.values()))


async def extend_trail(door: Door) -> None:
    async with door.database.connection() as connection:
        made = await ensure_audit_partitions(connection, now=clock.now())
    if made:
        log.info("audit_partitions_made", partitions=made)
