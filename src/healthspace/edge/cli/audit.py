"""`healthspace audit`: does the trail still say what was written? Its archive, and the end of its keeping."""

import contextlib
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from healthspace.edge.cli.running import DONE, FAILED, require_installation, run_to_exit
from healthspace.settings import Settings, read_settings

audit = typer.Typer(help="The trail of every act.", no_args_is_help=True, rich_markup_mode=None)


@audit.callback()
def choose() -> None:
    """The trail of every act."""


@audit.command()
def verify() -> None:
    """Recompute the whole trail; exit with 1 when a line was changed, removed, added or moved."""
    run_to_exit(lambda: _verify(read_settings()))


@audit.command()
def export(
    since: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="First day (UTC); by default all.")] = None,
    until: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="First day that is left out (UTC).")] = None,
    output: Annotated[Path | None, typer.Option(help="The file to write; standard output by default.")] = None,
) -> None:
    """Write the trail as it is stored, sealed, with its chains: one JSON object a line, for an archive."""
    run_to_exit(lambda: _export(read_settings(), since, until, output))


@audit.command()
def retire() -> None:
    """Drop the months that are older than HEALTHSPACE_TRAIL_MONTHS; the service does so by itself each day."""
    run_to_exit(lambda: _retire(read_settings()))


async def _export(settings: Settings, since: datetime | None, until: datetime | None, output: Path | None) -> int:
    from healthspace.access.opening import open_service
    from healthspace.audit.archive import export_lines
    from healthspace.audit.reading import BEGINNING, END

    require_installation(settings)
    if output is not None and output.exists():
        typer.echo(f"{output} is there already: an archive is never written over", err=True)
        return FAILED
    first, last = (since.replace(tzinfo=UTC) if since else BEGINNING), (until.replace(tzinfo=UTC) if until else END)
    count = 0
    async with open_service(settings) as service:
        with output.open("xb") if output else contextlib.nullcontext(sys.stdout.buffer) as file:
            async for line in export_lines(service.door.database, first, last):
                file.write(line)
                count += 1
    typer.echo(f"{count} lines", err=True)
    return DONE


async def _retire(settings: Settings) -> int:
    from healthspace.access.opening import open_service
    from healthspace.audit.retain import retire_months
    from healthspace.base import clock

    require_installation(settings)
    async with open_service(settings) as service:
        done = await retire_months(service.door.database, service.door.keys, now=clock.now(), months=settings.trail_months)
    if done.broken:
        typer.echo("the trail has faults and is left as it is: run healthspace audit verify")
        return FAILED
    typer.echo(f"{len(done.partitions)} months dropped")
    return DONE


async def _verify(settings: Settings) -> int:
    from healthspace.access.opening import open_service
    from healthspace.audit.verify import verify_trail

    require_installation(settings)
    async with open_service(settings) as service:
        verdict = await verify_trail(service.door.database, service.door.keys)
    for fault in verdict.faults:
        typer.echo(f"chain {fault.writer}, line {fault.seq}: {fault.what}")
    typer.echo(f"{verdict.lines} lines in {verdict.writers} chains, {len(verdict.faults)} faults")
    return FAILED if verdict.faults else DONE
