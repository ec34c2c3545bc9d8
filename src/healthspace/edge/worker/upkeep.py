"""What keeps an installation tidy while it is served: files that a crash left behind, next months of the trail."""

import asyncio
import time

import structlog

from healthspace.access.permit import Door
from healthspace.audit.retain import retire_months
from healthspace.base import clock
from healthspace.base.errors import Unavailable
from healthspace.database.audit_partitions import ensure_audit_partitions
from healthspace.database.blobs import sweep_orphans
from healthspace.edge.worker.calendar import keep_calendar
from healthspace.identity.sessions import Sessions
from healthspace.record.clinical.again import BATCH as READ_AT_ONCE
from healthspace.record.clinical.again import count_stale as count_stale_readings
from healthspace.record.clinical.again import read_again
from healthspace.resources.reindex import BATCH, find_stale, reindex

HOUR = 3600.0
DAY = 24 * HOUR
REPORTED = 10_000
"""Resources, or documents, between two lines of the log about a walk over them."""

log = structlog.get_logger(__name__)


async def keep_up(door: Door, sessions: Sessions, trail_months: int) -> None:
    """For ever: sweeps orphans and sessions now and every hour; every day extends the trail, and drops what is older than `trail_months`.

    A failure waits for the next turn.
    """
    extended = time.monotonic()  # opening the database has just done it
    while True:
        try:
            await index_anew(door)
            await extract_anew(door)
            if kept := await keep_calendar(door):
                log.info("calendar_kept", steps=kept)
            await sessions.sweep(clock.now())
            swept = await sweep_orphans(door.database, door.blobs)
            if swept:
                log.info("orphans_swept", files=swept)
            if time.monotonic() - extended >= DAY:
                await extend_trail(door)
                await retire_trail(door, trail_months)
                extended = time.monotonic()
        except (Unavailable, OSError):
            log.exception("upkeep_failed")
        await asyncio.sleep(HOUR)


async def index_anew(door: Door) -> None:
    """Indexes anew what other search parameters have indexed; searches of those types say so meanwhile."""
    waiting = await find_stale(door)
    if not waiting:
        return
    door.stale |= waiting.keys()
    log.info("reindexing", resources=sum(waiting.values()), types=len(waiting))
    async for progress in reindex(door):
        if progress.done % REPORTED < BATCH:
            log.info("reindexing", done=progress.done)
    door.stale.clear()
    log.info("reindexed", resources=sum(waiting.values()))


async def extract_anew(door: Door) -> None:
    """Reads again the documents that an older version of the program has read."""
    waiting = await count_stale_readings(door)
    if not waiting:
        return
    log.info("reading_documents_again", documents=waiting)
    async for progress in read_again(door):
        if progress.done % REPORTED < READ_AT_ONCE:
            log.info("reading_documents_again", done=progress.done)
    log.info("documents_read_again", documents=waiting - await count_stale_readings(door))


async def extend_trail(door: Door) -> None:
    async with door.database.connection() as connection:
        made = await ensure_audit_partitions(connection, now=clock.now())
    if made:
        log.info("audit_partitions_made", partitions=made)


async def retire_trail(door: Door, months: int) -> None:
    """Drops the months of the trail whose keeping is over; a trail with faults is left as it is, and said so."""
    done = await retire_months(door.database, door.keys, now=clock.now(), months=months)
    if done.broken:
        log.error("trail_broken", advice="run healthspace audit verify")
    elif done.partitions:
        log.info("audit_partitions_dropped", partitions=done.partitions)
