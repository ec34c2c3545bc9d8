"""The whole benchmark of our own service: the work, its floors in the same run, sizes, memory, and the limits it is held to."""

import os
import platform
import tempfile
import time
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from healthspace.access.opening import Service, open_service
from healthspace.base import clock
from healthspace.edge.cli.bench import measure
from healthspace.edge.cli.benchmark.client import Client, Request
from healthspace.edge.cli.benchmark.floors import bytes_per_resource, insert_floor
from healthspace.edge.cli.benchmark.load import Measured, Target, load
from healthspace.edge.cli.benchmark.own import run_bare_route, run_service
from healthspace.edge.cli.benchmark.processor import peak_memory
from healthspace.edge.cli.benchmark.work import Loaded, document_searches, reads
from healthspace.edge.cli.running import say
from healthspace.identity.personas import Role
from healthspace.settings import read_settings


async def measure_own(resources: int, seconds: float, clients: int) -> dict[str, Any]:
    """Everything, on a temporary data folder."""
    with tempfile.TemporaryDirectory(prefix="healthspace-bench-") as folder:
        data = Path(folder) / "data"
        async with run_service(data) as (process, address), open_service(read_settings({"HEALTHSPACE_DATA": str(data)})) as service:
            target = Target(f"{address}/fhir", _token(service), process.pid)
            lines, loaded = await measure(target, resources, seconds, clients)
            say("Measuring: the floors")
            floors = await _floors(data, service, target, loaded, seconds, clients)
            memory = peak_memory(process.pid) / 1e6
            sizes = await bytes_per_resource(service)
        first = await _first_answer(data, loaded)
    measured = [*lines, *floors]
    return {
        "healthspace": version("healthspace"),
        "python": platform.python_version(),
        "processors": os.cpu_count(),
        "clients": clients,
        "resources": resources,
        "service_memory_mb": round(memory, 1),
        "bytes_per_resource": {name: round(value) for name, value in sizes.items()},
        "first_answer_seconds": round(first, 2),
        "measured": [asdict(line) for line in measured],
        "limits": _limits({line.name: line for line in measured}, memory, sizes, first),
    }


async def _floors(data: Path, service: Service, target: Target, loaded: Loaded, seconds: float, clients: int) -> list[Measured]:
    """The bare route shares the database of the service: its processor time is that of PostgreSQL among the service's children."""
    found = []
    async with run_bare_route(data) as (process, address):
        database = _postmaster(target)
        bare = Target(address, None, process.pid, database)
        for name, requests, path in (
            ("bare route: read", reads(loaded), "/read/"),
            ("bare route: search", document_searches(loaded), "/search"),
        ):
            moved = (
                Request(one.method, one.path.replace("/Observation/", path) if "?" not in one.path else path + one.path) for one in requests
            )
            found.append(await load(name, bare, moved, seconds, clients))
    found.append(await insert_floor(service, loaded, Target(target.base, None, None, database), seconds))
    return found


def _postmaster(target: Target) -> int | None:
    """The PostgreSQL server among the children of the service."""
    children = Path(f"/proc/{target.service}/task/{target.service}/children")
    listed = [int(child) for path in children.parent.parent.glob("*/children") for child in path.read_text().split()]
    return next((child for child in listed if "postgres" in Path(f"/proc/{child}/comm").read_text()), None)


async def _first_answer(data: Path, loaded: Loaded) -> float:
    """Seconds from the start of a service on existing data to its first answer."""
    async with open_service(read_settings({"HEALTHSPACE_DATA": str(data)})) as service:
        token = _token(service)
    began = time.perf_counter()
    async with run_service(data) as (_, address):
        client = await Client.connect(f"{address}/fhir", token)
        await client.send(Request("GET", f"/Patient/{loaded.patients[0]}"))
        client.close()
        return time.perf_counter() - began


def _token(service: Service) -> str:
    return service.tokens.issue(Role.SYSTEM, clock.now())


def _limits(lines: dict[str, Measured], memory: float, sizes: dict[str, float], first: float) -> list[dict[str, Any]]:
    """Measured, beside what it is held to; processor time is that of the service and PostgreSQL together."""

    def cost(name: str) -> float:
        return lines[name].service + lines[name].database

    rows = [
        ("read, to the bare route", cost("read") / cost("bare route: read"), 2.0),
        ("search of 20 documents, to the bare route", cost("search documents of a citizen") / cost("bare route: search"), 2.0),
        ("create, to the raw statement", cost("create") / cost("one raw INSERT of the same rows"), 3.0),
        ("CPU ms per imported resource", cost("import of 100 resources") / 100, 0.5),
        ("seconds per 2,000 imported resources", 20 / lines["import of 100 resources"].per_second, 1.0),
        ("bytes on disk per resource", sizes["stored"], 2500.0),
        ("seconds to the first answer", first, 1.5),
        ("memory of the service, MB", memory, 250.0),
    ]
    return [{"measure": name, "measured": round(value, 2), "limit": limit} for name, value, limit in rows]
