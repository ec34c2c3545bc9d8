"""`healthspace token PERSONA`: an access token of demo mode, alone on standard output."""

from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from healthspace.base.errors import Invalid, NotFound, Refused
from healthspace.edge.cli.running import DONE, require_installation, run_to_exit
from healthspace.identity.caller import Purpose
from healthspace.identity.personas import Role
from healthspace.settings import Settings, read_settings

if TYPE_CHECKING:
    from healthspace.access.permit import Door

CITIZENS = frozenset({Role.CITIZEN, Role.PARENT})


def token(
    persona: Annotated[Role, typer.Argument(help="Whose token.", show_default=False)],
    ins: Annotated[str | None, typer.Option(help="With citizen: the national health identity of any citizen.")] = None,
    ins_system: Annotated[str | None, typer.Option(help="Its OID; without, the test system first, then the others.")] = None,
    purpose: Annotated[Purpose, typer.Option(help="Mode: TREAT, BTG (break the glass) or ETREAT (emergency calls).")] = Purpose.TREAT,
    reason: Annotated[str, typer.Option(help="With BTG: why, in words.")] = "",
    secret: Annotated[bool, typer.Option("--secret", help="Secret connection: care that a minor keeps from representatives.")] = False,
) -> None:
    """Print an access token of a persona. Demonstrations only."""
    asked = {"purpose": purpose, "reason": reason, "secret": secret}
    run_to_exit(lambda: _issue(read_settings(), persona, (ins, ins_system), asked))


async def _issue(settings: Settings, role: Role, named: tuple[str | None, str | None], asked: dict[str, Any]) -> int:
    from healthspace.access.opening import open_service
    from healthspace.base import clock

    require_installation(settings)
    async with open_service(settings) as service:
        if not service.door.demo:
            raise Refused("tokens of personas exist in demo mode only, and this installation is a real one")
        patient = await _patient(service.door, role, *named)
        made = service.tokens.issue(role, clock.now(), patient=patient, **asked)
        await service.sessions.begin(service.tokens.prove(made, clock.now()), software="healthspace token", network="")
        typer.echo(made)
    if asked["purpose"] is Purpose.BTG and not asked["reason"].strip():
        typer.echo("without a --reason, every access with this token is refused (L1111-17 I)", err=True)
    return DONE


async def _patient(door: "Door", role: Role, ins: str | None, system: str | None) -> UUID | None:
    from healthspace.edge.cli.citizens import find_citizen
    from healthspace.record.personas import persona_patient

    if role not in CITIZENS:
        if ins is not None:
            raise Invalid(f"--ins names a citizen, and {role} is none")
        return None
    if ins is not None:
        _, named = await find_citizen(door, ins, system)
        if named is None:
            raise NotFound("no citizen has a health space under this identifier")
        return named
    known = await persona_patient(door, role)
    if known is None:
        raise NotFound("there is no population here yet: run healthspace demo, or name a citizen with --ins")
    return known
