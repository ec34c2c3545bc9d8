"""What keeps an installation tidy while it is served: files that a crash left behind, next months of the trail."""

import asyncio
import time

import structlog

from healthspace.access.permit import Door
from healthspace.base import clock
from healthspace.base.errors import Unavailable
from healthspace.database.audit_partitions import ensure_audit_partitions
from healthspace.database.blobs import sweep_orphans

HOUR = 3600.0
DAY = 24 * HOUR

log = structlog.get_logger(__name__)


async def keep_up(door: Door) -> None:
    """For ever: sweeps orphans now and every hour, extends the trail every day. A failure waits for the next turn."""
    extended = time.monotonic()  # opening the database has just done it
    while True:
        try:
            swept = await sweep_orphans(door.database, door.blobs)
            if swept:
                log.info("orphans_swept", files=swept)
            if time.monotonic() - extended >= DAY:
                await extend_trail(door)
                extended = time.monotonic()
        except (Unavailable, OSError):
            log.exception("upkeep_failed")
        await asyncio.sleep(HOUR)


async def extend_trail(door: Door) -> None:
    async with door.database.connection() as connection:
        made = await ensure_audit_partitions(connection, now=clock.now())
    if made:
        log.info("audit_partitions_made", partitions=made)
