"""`healthspace bench`: reads, searches and deposits per second, beside a floor of raw PostgreSQL."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from healthspace.edge.cli.running import DONE, run_to_exit, say

if TYPE_CHECKING:
    from healthspace.edge.cli.benchmark.load import Measured
    from healthspace.edge.cli.benchmark.scene import Scene


def bench(
    seconds: Annotated[float, typer.Option(min=0.2, help="How long each measure lasts.")] = 5.0,
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
    output: Annotated[Path | None, typer.Option(help="Write the JSON to this file too.")] = None,
) -> None:
    """Measure a service of its own, on a temporary data folder."""
    run_to_exit(lambda: _bench(seconds, json, output))


async def _bench(seconds: float, json: bool, output: Path | None) -> int:
    import tempfile

    import orjson

    from healthspace.edge.cli.benchmark.scene import set_scene

    say("Starting a service and settling its population")
    with tempfile.TemporaryDirectory(prefix="healthspace-bench-") as folder:
        async with set_scene(Path(folder) / "data") as scene:
            result = await _measure(scene, seconds)
    written = orjson.dumps(result, option=orjson.OPT_INDENT_2).decode()
    if output is not None:
        output.write_text(written + "\n")
    typer.echo(written if json else _as_table(result))
    return DONE


async def _measure(scene: "Scene", seconds: float) -> dict[str, Any]:
    import os
    import platform
    from importlib.metadata import version

    from healthspace.edge.cli.benchmark.load import CLIENTS, load
    from healthspace.edge.cli.benchmark.processor import peak_memory
    from healthspace.edge.cli.benchmark.scene import DOCUMENT_SIZE
    from healthspace.identity.personas import Role

    measured = []
    for name, role, requests in (
        ("read a DocumentReference", Role.TREATING_DOCTOR, scene.reads()),
        ("search a citizen's documents", Role.TREATING_DOCTOR, scene.searches()),
        (f"deposit a CDA of {DOCUMENT_SIZE // 1000} kB", Role.HOSPITAL, scene.deposits()),
    ):
        say(f"Measuring: {name}")
        measured.append(await load(name, scene.address, scene.token(role), requests, scene.process, seconds))
    say("Measuring: the floor")
    measured += await _measure_floor(scene, seconds / 2)
    return {
        "healthspace": version("healthspace"),
        "python": platform.python_version(),
        "processors": os.cpu_count(),
        "clients": CLIENTS,
        "documents": len(scene.references),
        "service_memory_mb": round(peak_memory(scene.process) / 1e6, 1),
        "measured": [asdict(line) for line in measured],
    }


async def _measure_floor(scene: "Scene", seconds: float) -> list["Measured"]:
    from healthspace.base.ids import owner_of
    from healthspace.database.floor import time_inserts, time_reads
    from healthspace.edge.cli.benchmark.load import floor
    from healthspace.fhir.resource_types import NUMBER
    from healthspace.resources.store import READ

    database, reference = scene.service.door.database, scene.references[0]
    key = (owner_of(reference), NUMBER["DocumentReference"], reference)
    size = scene.stored_size()
    return [
        await floor("PostgreSQL alone: that row by its key", time_reads(database, READ, *key, seconds=seconds), scene.process),
        await floor(f"PostgreSQL alone: one INSERT of {size / 1000:.0f} kB", time_inserts(database, size, seconds=seconds), scene.process),
    ]


def _as_table(result: dict[str, Any]) -> str:
    columns = ("", "per s", "p50 ms", "p95 ms", "p99 ms", "CPU ms service", "CPU ms PostgreSQL", "per CPU s")
    names = ("name", "per_second", "p50", "p95", "p99", "service", "database", "per_processor_second")
    rows = [columns, *([str(line[name]) for name in names] for line in result["measured"])]
    widths = [max(len(row[place]) for row in rows) for place in range(len(columns))]
    lines = [
        "  ".join([row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]) for row in rows
    ]
    about = (
        f"{result['processors']} processors, shared with the clients ({result['clients']} connections); floor: one connection. "
        f"Service: {result['service_memory_mb']} MB at most."
    )
    return "\n".join([*lines, "", about])
