"""`healthspace space close`: closes a citizen's record as its holder would. Demonstrations only, until there is a sign-in."""

from typing import Annotated

import typer

from healthspace.base.errors import NotFound, Refused
from healthspace.edge.cli.running import DONE, require_installation, run_to_exit
from healthspace.settings import Settings, read_settings

AT_THE_HOLDERS_WISH = "patient-demande"
"""Motive of closure, as in the examples of the French guide."""

space = typer.Typer(help="A citizen's space.", no_args_is_help=True)


@space.callback()
def group() -> None:
    """A citizen's space."""


@space.command("close")
def close(
    ins: Annotated[str, typer.Option(help="The national health identity of its holder.")],
    ins_system: Annotated[str | None, typer.Option(help="Its OID; without, the test system first, then the others.")] = None,
    motive: Annotated[str, typer.Option(help="Code of the motive.")] = AT_THE_HOLDERS_WISH,
) -> None:
    """Close a record as its holder: it is fed and read no more, and TD02 says that it is closed. Demonstrations only."""
    run_to_exit(lambda: _close(read_settings(), ins, ins_system, motive))


async def _close(settings: Settings, value: str, system: str | None, motive: str) -> int:
    from healthspace.access.opening import open_service
    from healthspace.access.rules import Action
    from healthspace.edge.cli.citizens import find_citizen
    from healthspace.identity.caller import caller_of_citizen
    from healthspace.record.life import close_space
    from healthspace.record.spaces import owner_of_patient

    require_installation(settings)
    async with open_service(settings) as service:
        if not service.door.demo:
            raise Refused("nobody can act for a citizen here: this installation is a real one")
        _, patient = await find_citizen(service.door, value, system)
        if patient is None:
            raise NotFound("no citizen has a health space under this identifier")
        async with service.door.permit(caller_of_citizen(patient), Action.CLOSE_SPACE, owner_of_patient(patient)) as p:
            await close_space(p, motive)
        typer.echo(f"closed: Patient/{patient}")
    return DONE
