"""`healthspace bench`: the same FHIR work on our own service or on any other server, beside the floors of reads and writes."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from healthspace.edge.cli.running import DONE, run_to_exit, say
from healthspace.edge.cli.serve import MakeApp

if TYPE_CHECKING:
    from healthspace.edge.cli.benchmark.load import Measured, Target
    from healthspace.edge.cli.benchmark.work import Loaded


def bench(
    context: typer.Context,
    base: Annotated[str | None, typer.Option(help="Base URL of a FHIR R4 server; without it, a service of its own is measured.")] = None,
    token: Annotated[str | None, typer.Option(help="Its bearer token, when it needs one.")] = None,
    resources: Annotated[int, typer.Option(min=100, help="Resources to import before the measures.")] = 20_000,
    seconds: Annotated[float, typer.Option(min=0.2, help="How long each measure lasts.")] = 5.0,
    clients: Annotated[int, typer.Option(min=1, max=64, help="Connections at once.")] = 16,
    pid: Annotated[int | None, typer.Option(help="Process of the server, for its processor time.")] = None,
    database_pid: Annotated[int | None, typer.Option(help="Process of its PostgreSQL.")] = None,
    picture: Annotated[bool, typer.Option(help="Measure the reading of documents, the summary and the pages of a long record.")] = False,
    documents: Annotated[Path | None, typer.Option(help="With --picture: a folder of CDA files to read instead of our own.")] = None,
    rounds: Annotated[int, typer.Option(min=1, help="With --picture: how often each is measured; the least counts.")] = 3,
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
    output: Annotated[Path | None, typer.Option(help="Write the JSON to this file too.")] = None,
) -> None:
    """Measure reads, searches and writes over HTTP; our own service on a temporary data folder, with floors and limits."""
    if picture:
        run_to_exit(lambda: _picture(context.obj, documents, rounds, output))
    from healthspace.edge.cli.benchmark.load import Target

    target = Target(base, token, pid, database_pid) if base else None
    run_to_exit(lambda: _bench(target, resources, seconds, clients, json, output))


async def _bench(target: "Target | None", resources: int, seconds: float, clients: int, json: bool, output: Path | None) -> int:
    import orjson

    from healthspace.edge.cli.benchmark.report import as_table
    from healthspace.edge.cli.benchmark.whole import measure_own

    if target is None:
        result = await measure_own(resources, seconds, clients)
    else:
        lines, _ = await measure(target, resources, seconds, clients)
        result = {"base": target.base, "resources": resources, "clients": clients, "measured": [asdict(line) for line in lines]}
    written = orjson.dumps(result, option=orjson.OPT_INDENT_2).decode()
    if output is not None:
        output.write_text(written + "\n")
    typer.echo(written if json else as_table(result))
    return DONE


async def _picture(create_app: MakeApp, documents: Path | None, rounds: int, output: Path | None) -> int:
    import orjson

    from healthspace.edge.cli.benchmark.picture import measure_picture

    written = orjson.dumps(await measure_picture(create_app, documents, rounds), option=orjson.OPT_INDENT_2).decode()
    if output is not None:
        output.write_text(written + "\n")
    typer.echo(written)
    return DONE


async def measure(target: "Target", resources: int, seconds: float, clients: int) -> "tuple[list[Measured], Loaded]":
    """Imports the load, then measures each kind of request in turn."""
    import itertools

    from healthspace.edge.cli.benchmark import synthetic, work
    from healthspace.edge.cli.benchmark.load import load

    loaded, citizens = work.Loaded(), max(1, resources // synthetic.BUNDLE)
    say(f"Importing {citizens * synthetic.BUNDLE:,} resources")
    share = [range(citizens)[start::4] for start in range(4)]
    await _import_all(target, share, loaded)
    # A run on data that are there already must not make the same citizens again.
    fresh = 10_000_000 + citizens
    phases: list[tuple[str, Any]] = [
        ("import of 100 resources", work.imports(fresh)),
        ("read", work.reads(loaded)),
        ("vread", work.version_reads(loaded)),
        ("search documents of a citizen", work.document_searches(loaded)),
        ("search results of a citizen", work.result_searches(loaded)),
        ("search Patient by identifier", work.identifier_searches(loaded)),
        ("search Patient by family", work.family_searches(loaded)),
        ("create", work.creates(loaded, fresh)),
        ("update", work.updates(loaded)),
    ]
    lines: list[Measured] = []
    for name, requests in phases:
        say(f"Measuring: {name}")
        lines.append(await load(name, target, itertools.chain(requests), seconds, 4 if name.startswith("import") else clients))
    return lines, loaded


async def _import_all(target: "Target", shares: list[range], loaded: "Loaded") -> None:
    import asyncio

    from healthspace.edge.cli.benchmark.work import import_citizens

    async with asyncio.TaskGroup() as group:
        for share in shares:
            group.create_task(import_citizens(target.base, target.token, share, loaded))
