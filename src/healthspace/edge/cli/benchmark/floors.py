"""The floors of the benchmarks: the same rows read and written with nothing of this program around them, and the bytes on the disk."""

import time
from itertools import cycle
from uuid import UUID

from healthspace.access.opening import Service
from healthspace.base import clock
from healthspace.base.ids import new_id, owner_of
from healthspace.database.floor import measure_size, time_statement
from healthspace.database.owners import Ciphers
from healthspace.edge.cli.benchmark import synthetic
from healthspace.edge.cli.benchmark.load import Measured, Target, summarise
from healthspace.edge.cli.benchmark.processor import Spent
from healthspace.edge.cli.benchmark.work import Loaded
from healthspace.resources.store import INSERT, insert_values, prepare

PREPARED = 600
"""Versions made beforehand, so that only the statement is measured."""


async def insert_floor(service: Service, loaded: Loaded, target: Target, seconds: float) -> Measured:
    """One raw statement that inserts the rows of a new Observation, again and again, committed each time."""
    values = await _prepared(service, loaded)
    before, began, used = target.spent(), time.perf_counter(), time.process_time()
    taken = await time_statement(service.door.database, INSERT, values, seconds=seconds)
    own, after = time.process_time() - used, target.spent()
    spent = Spent(before.service + own, after.database)
    return summarise("one raw INSERT of the same rows", taken, time.perf_counter() - began, before, spent)


async def bytes_per_resource(service: Service) -> dict[str, float]:
    """Bytes on the disk for each stored resource: of all tables but the trail and the history, and with them."""
    return await measure_size(service.door.database)


async def _prepared(service: Service, loaded: Loaded) -> list[tuple[object, ...]]:
    ciphers, now, made = Ciphers(service.door.keys), clock.now(), list[tuple[object, ...]]()
    async with service.door.database.reading() as tx:
        for turn, patient in zip(range(PREPARED), cycle(loaded.patients), strict=False):
            cipher = await ciphers.of(tx, owner_of(UUID(patient)))
            resource = synthetic.observation(9_000_000 + turn, turn % 97, f"Patient/{patient}")
            version = prepare(cipher, service.door.keys, new_id(cipher.owner), resource, now)
            made.append(insert_values(cipher.owner, now, [version]))
    return made
