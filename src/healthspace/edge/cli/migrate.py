"""`healthspace migrate`: brings the database to what this program expects. The other commands do it too, in passing."""

from typing import Annotated

import typer

from healthspace.edge.cli.running import DONE, run_to_exit, say
from healthspace.settings import Settings, read_settings


def migrate(
    distribute: Annotated[bool, typer.Option("--distribute", help="Then spread the tables over the nodes of a Citus cluster.")] = False,
) -> None:
    """Apply the migrations that the database has not had yet, and say which."""
    run_to_exit(lambda: _migrate(read_settings(), distribute))


async def _migrate(settings: Settings, distribute: bool) -> int:
    from healthspace.database.opening import migrate_database

    where, applied = await migrate_database(settings, distributed=distribute)
    for name in applied:
        typer.echo(name)
    say(f"{len(applied)} migrations applied to {where}" if applied else f"Nothing to apply to {where}")
    return DONE
