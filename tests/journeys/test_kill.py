"""kill -9 of the service and of its database, at random moments, while documents are deposited over HTTP.

`HEALTHSPACE_KILL_DEPOSITS` asks for more documents than a quick look (`make torture`: 500).
"""

import asyncio
import os
import random
import signal
import socket
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import httpx
import pytest

from tests.journeys.databases import counts_in
from tests.journeys.processes import (
    PATIENCE,
    Served,
    copies,
    healthspace,
    letter,
    postmaster_of,
    publication,
    serving,
    some_citizen,
    write_files,
)

DEPOSITS = int(os.environ.get("HEALTHSPACE_KILL_DEPOSITS", "60"))
DEPOSITS_A_KILL = 15
AT_ONCE = 4
KILLS = ("the service", "the database", "both")

Document = tuple[str, bytes]


class Installation:
    """A service that somebody kills and somebody starts again, always at the same address."""

    def __init__(self, data: Path, running: ExitStack) -> None:
        self.data, self._running = data, running
        with socket.create_server(("127.0.0.1", 0)) as free:
            self._port = str(free.getsockname()[1])
        self.service = self._start("--demo")

    def _start(self, *arguments: str) -> Served:
        return self._running.enter_context(serving(self.data, "--port", self._port, *arguments))

    def kill(self, what: str) -> None:
        """kill -9, and for the service a new start. The service itself starts its database again."""
        if what != "the service":
            with suppress(ProcessLookupError, FileNotFoundError):
                os.kill(postmaster_of(self.data), signal.SIGKILL)
        if what != "the database":
            self.service.process.kill()
            self.service.wait()
            self.service = self._start()


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    """A service in which the citizen has a space."""
    data = tmp_path / "data"
    with ExitStack() as running:
        installation = Installation(data, running)
        (file,) = write_files(tmp_path, [letter().data])
        assert healthspace(data, "deposit", "--open-missing", file).code == 0
        yield installation


async def deposit_all(installation: Installation, documents: list[Document], acknowledged: set[str], token: str) -> None:
    """Deposits every document, each again and again until it is acknowledged, as the guide asks of a client."""
    waiting = documents[::-1]

    async def work(client: httpx.AsyncClient) -> None:
        while waiting:
            identifier, content = waiting.pop()
            while identifier not in acknowledged:
                try:
                    answer = await client.post("/fhir/DocumentReference", json=publication(content))
                except httpx.HTTPError:
                    await asyncio.sleep(0.02)
                    continue
                assert answer.status_code in {200, 201, 503}, answer.text
                if answer.status_code < 300:
                    acknowledged.add(identifier)
                else:
                    await asyncio.sleep(0.02)

    headers = {"authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=installation.service.address, headers=headers, timeout=PATIENCE) as client:
        await asyncio.gather(*(work(client) for _ in range(AT_ONCE)))


async def kill_at_random(installation: Installation, acknowledged: set[str], chance: random.Random) -> int:
    """Kills after each so many acknowledged deposits; how many times."""
    kills = 0
    while len(acknowledged) < DEPOSITS:
        if len(acknowledged) >= DEPOSITS_A_KILL * kills + DEPOSITS_A_KILL // 2:
            await asyncio.to_thread(installation.kill, KILLS[kills % len(KILLS)])
            kills += 1
        await asyncio.sleep(chance.uniform(0, 0.02))
    return kills


async def count_and_read(client: httpx.AsyncClient, identifier: str) -> tuple[int, bytes]:
    """How many documents have this unique id, and the bytes of the first."""
    ins = some_citizen().traits
    asked = {
        "patient.identifier": f"urn:oid:{ins.ins_system}|{ins.ins_value}",
        "status": "current",
        "identifier": f"urn:ietf:rfc:3986|urn:oid:{identifier}",
    }
    found = (await client.get("/fhir/DocumentReference", params=asked)).raise_for_status().json()
    attachment = found["entry"][0]["resource"]["content"][0]["attachment"] if found.get("entry") else {}
    if not attachment:
        return 0, b""
    address = attachment["url"].rpartition("Binary/")[2]
    content = await client.get(f"/fhir/Binary/{address}", headers={"accept": attachment["contentType"]})
    return found["total"], content.raise_for_status().content


async def deposit_under_fire(installation: Installation, documents: list[Document], token: str, seed: int) -> int:
    """Deposits all while somebody kills; how many times they did."""
    acknowledged: set[str] = set()
    async with asyncio.timeout(PATIENCE + DEPOSITS), asyncio.TaskGroup() as both:
        both.create_task(deposit_all(installation, documents, acknowledged, token))
        killing = both.create_task(kill_at_random(installation, acknowledged, random.Random(seed)))
    return killing.result()


async def read_all(address: str, documents: list[Document], token: str) -> list[tuple[int, bytes]]:
    async with httpx.AsyncClient(base_url=address, headers={"authorization": f"Bearer {token}"}, timeout=PATIENCE) as client:
        return [await count_and_read(client, identifier) for identifier, _ in documents]


def test_what_was_acknowledged_is_there_whole_and_once(installation: Installation) -> None:
    documents, seed = list(copies(letter(), DEPOSITS)), random.randrange(1 << 32)
    token = healthspace(installation.data, "token", "hospital").out.strip()
    kills = asyncio.run(deposit_under_fire(installation, documents, token, seed))
    assert kills >= DEPOSITS // DEPOSITS_A_KILL
    found = asyncio.run(read_all(installation.service.address, documents, token))
    assert found == [(1, content) for _, content in documents], f"seed {seed}"
    assert installation.service.stop() == 0
    verified = healthspace(installation.data, "audit", "verify")
    assert verified.code == 0, verified.out
    counts = counts_in(installation.data)
    assert counts["blob"] == DEPOSITS + 1
    # A file whose row never came is no loss: the sweep takes it away.
    assert counts["files"] >= counts["blob"]
