"""Many clients at once for a while, and what was measured."""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass

from healthspace.base.errors import HealthspaceError
from healthspace.edge.cli.benchmark.client import Client, Request
from healthspace.edge.cli.benchmark.processor import Spent, spent_by

CLIENTS = 16
WARM_UP = 0.5
"""Seconds before the measure begins: connections are opened, statements prepared."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One line of the result. Times are milliseconds; the last three are processor time for one request."""

    name: str
    requests: int
    per_second: float
    p50: float
    p95: float
    p99: float
    service: float
    database: float
    per_processor_second: float


@dataclass(frozen=True, slots=True)
class Target:
    """What is asked: its base URL and token, and the processes that answer, where they are known."""

    base: str
    token: str | None = None
    service: int | None = None
    database: int | None = None

    def spent(self) -> Spent:
        return spent_by(self.service, self.database)


async def load(name: str, target: Target, requests: Iterator[Request], seconds: float, clients: int = CLIENTS) -> Measured:
    """Sends `requests` with `clients` connections for that long."""
    await _send_all(target, requests, min(WARM_UP, seconds), clients)
    before, began = target.spent(), time.perf_counter()
    taken = await _send_all(target, requests, seconds, clients)
    return summarise(name, taken, time.perf_counter() - began, before, target.spent())


async def _send_all(target: Target, requests: Iterator[Request], seconds: float, clients: int) -> list[float]:
    taken: list[float] = []
    end = time.perf_counter() + seconds

    async def work() -> None:
        client = await Client.connect(target.base, target.token)
        try:
            while time.perf_counter() < end:
                request = next(requests)
                began = time.perf_counter()
                status, _ = await client.send(request)
                taken.append(time.perf_counter() - began)
                if status >= 300:
                    raise HealthspaceError(f"the service answered {status} to {request.method}")
        finally:
            client.close()

    async with asyncio.TaskGroup() as group:
        for _ in range(clients):
            group.create_task(work())
    return taken


def summarise(name: str, taken: list[float], seconds: float, before: Spent, after: Spent) -> Measured:
    count, ordered = len(taken), sorted(taken)
    service, database = (1000 * used / count for used in (after.service - before.service, after.database - before.database))
    used = service + database

    def percentile(share: float) -> float:
        return round(1000 * ordered[min(count - 1, int(count * share))], 3)

    return Measured(
        name=name,
        requests=count,
        per_second=round(count / seconds, 1),
        p50=percentile(0.5),
        p95=percentile(0.95),
        p99=percentile(0.99),
        service=round(service, 3),
        database=round(database, 3),
        per_processor_second=round(1000 / used, 1) if used else 0.0,
    )
