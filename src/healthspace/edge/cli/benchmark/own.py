"""A service of our own to measure, in a process of its own, on an empty data folder in demo mode; and the bare route beside it."""

import asyncio
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import orjson

from healthspace.base.errors import Unavailable

SERVICE = ("healthspace", "serve", "--demo", "--host", "127.0.0.1", "--port", "0")
BARE = ("healthspace.edge.cli.benchmark.bare",)


@asynccontextmanager
async def run_service(data: Path) -> AsyncIterator[tuple[Process, str]]:
    """The process and the address of a service on `data`."""
    async with _run(data, SERVICE) as running:
        yield running


@asynccontextmanager
async def run_bare_route(data: Path) -> AsyncIterator[tuple[Process, str]]:
    """The process and the address of the bare route (`bare.py`) on the database of `data`."""
    async with _run(data, BARE) as running:
        yield running


@asynccontextmanager
async def _run(data: Path, module: tuple[str, ...]) -> AsyncIterator[tuple[Process, str]]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HEALTHSPACE_") and name != "DATABASE_URL"}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", *module, stdin=DEVNULL, stdout=DEVNULL, stderr=PIPE, env=kept | {"HEALTHSPACE_DATA": str(data)}
    )
    try:
        yield process, await _address_in(process)
    finally:
        process.terminate()
        await process.communicate()


async def _address_in(process: Process) -> str:
    """The address that a service tells in its log (as JSON: it has no terminal)."""
    assert process.stderr is not None  # noqa: S101 - asked for above
    async for line in process.stderr:
        if b'"serving"' in line:
            return str(orjson.loads(line)["address"])
    raise Unavailable("the service that was to be measured did not start")
