"""`healthspace audit verify`: does the trail still say what was written?"""

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
