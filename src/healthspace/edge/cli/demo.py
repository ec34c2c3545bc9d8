"""`healthspace demo`: a whole health space to look at, with a synthetic population. What `make demo` runs."""

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from healthspace.base.errors import Misconfigured
from healthspace.edge.cli.running import run_to_exit, say
from healthspace.edge.cli.serve import MakeApp, address, answer, listen, url_of
from healthspace.identity.personas import AGENTS, PROFESSIONALS, STRUCTURE_ROLES, Role
from healthspace.settings import Settings, read_settings

if TYPE_CHECKING:
    from healthspace.access.permit import Door
    from healthspace.record.demonstration import Plan

CITIZENS = 50
SEED = 1
DOCTOR = "10"
"""Profession in TRE_G15."""


def demo(
    context: typer.Context,
    citizens: Annotated[int, typer.Option(min=1, envvar="CITIZENS", help="How many people to make.")] = CITIZENS,
    seed: Annotated[int | None, typer.Option(help="Another seed makes other people, in another data folder.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="HEALTHSPACE_PORT, else 8000; 0 takes a free one.")] = None,
    host: Annotated[str | None, typer.Option(help="HEALTHSPACE_HOST, else 127.0.0.1.")] = None,
) -> None:
    """Make a synthetic population, unless it is there already, and serve it."""
    run_to_exit(lambda: _demo(address(read_settings(demo=True), host, port), citizens, seed, context.obj))


async def _demo(settings: Settings, citizens: int, seed: int | None, create_app: MakeApp) -> int:
    from healthspace.access.opening import open_service

    with listen(settings) as listener:
        async with open_service(settings) as service:
            say(f"Demonstration on {service.where}")
            plan = await _populate(service.door, citizens, seed, settings.document_limit)
            _print_sign_ins(url_of(listener), plan)
            return await answer(service, create_app, listener)


async def _populate(door: "Door", citizens: int, seed: int | None, limit: int) -> "Plan":
    from healthspace.base import clock
    from healthspace.edge.cli.progress import show_progress
    from healthspace.edge.cli.settle import settle
    from healthspace.record.demonstration import Plan, recall_plan, remember_plan

    plan = await recall_plan(door)
    if plan is None:
        plan = Plan(SEED if seed is None else seed, clock.now().date())
        await remember_plan(door, plan)
    elif seed is not None and seed != plan.seed:
        raise Misconfigured(f"the people of this data folder were made with seed {plan.seed}; use another folder for another seed")
    if plan.complete < citizens:
        with show_progress("Citizens and their documents", citizens - plan.complete) as advance:
            await settle(door, plan, citizens, limit, advance)
        plan = replace(plan, complete=citizens)
    say(f"{plan.complete} citizens of a synthetic population")
    return plan


def _print_sign_ins(address: str, plan: "Plan") -> None:
    from healthspace.edge.cli.settle import PERSONAS, population

    people = zip(PERSONAS, population(plan, min(len(PERSONAS), plan.complete)), strict=False)
    names = {role: _name(person.traits.used_given, person.traits.used_family) for role, person in people}
    for role, professional in PROFESSIONALS.items():
        name = _name(professional.given, professional.family)
        names[role] = f"Dr {name}" if professional.profession == DOCTOR else f"{name}, {professional.structure.name}"
    names |= {role: place.name for role, place in STRUCTURE_ROLES.items()}
    names |= {role: f"{_name(agent.given, agent.family)}, {agent.structure.name}" for role, agent in AGENTS.items()}
    typer.echo(f"\nHealthspace is at {address}\nSign in as")
    for role in (role for role in Role if role in names):
        typer.echo(f"  {role:<16} {address}/sign-in?persona={role:<16} {names[role]}")
    typer.echo("\nCtrl-C stops it. The data is kept for the next start.")


def _name(given: str, family: str) -> str:
    return f"{given} {family.title()}"
