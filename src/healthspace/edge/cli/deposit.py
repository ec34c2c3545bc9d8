"""`healthspace deposit FILE…`: documents through the same door as the API, one line of output for each."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from healthspace.base.errors import HealthspaceError, Invalid, Malformed, NotFound, Refused, TooLarge
from healthspace.edge.cli.running import DONE, FAILED, require_installation, run_to_exit, say
from healthspace.identity.personas import Role
from healthspace.settings import Settings, read_settings

if TYPE_CHECKING:
    from healthspace.access.opening import Service
    from healthspace.access.permit import Door
    from healthspace.edge.cli.intake import Answer, Intake
    from healthspace.identity.caller import Caller
    from healthspace.record.metadata import Described


@dataclass(frozen=True, slots=True)
class Order:
    """What the command line asks for. `type` to `date` describe files that cannot describe themselves."""

    files: tuple[Path, ...]
    open_missing: bool
    persona: Role | None
    finess: str | None
    type: str | None
    ins: str | None
    ins_system: str | None
    title: str | None
    date: datetime | None
    json: bool


def deposit(
    files: Annotated[
        list[Path], typer.Argument(help="Documents: CDA, FHIR, or with --type and --ins PDF, JPEG, text.", show_default=False)
    ],
    open_missing: Annotated[
        bool, typer.Option("--open-missing", help="Open a space for citizens not yet known. Demonstrations only.")
    ] = False,
    persona: Annotated[Role | None, typer.Option("--as", help="Who deposits; hospital by default. Demonstrations only.")] = None,
    finess: Annotated[str | None, typer.Option(help="FINESS number of the structure that deposits.")] = None,
    type_: Annotated[str | None, typer.Option("--type", help="Type of the documents: a LOINC or TRE_A05 code.")] = None,
    ins: Annotated[str | None, typer.Option(help="National health identity (INS) of their patient.")] = None,
    ins_system: Annotated[str | None, typer.Option(help="Its OID; without, the one under which a space is found.")] = None,
    title: Annotated[str | None, typer.Option(help="Their title; that of the type by default.")] = None,
    date: Annotated[datetime | None, typer.Option(help="When they were written, local time; now by default.")] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object a line, with the whole DocumentReference.")] = False,
) -> None:
    """Deposit documents; exit with 1 when any was refused."""
    order = Order(tuple(files), open_missing, persona, finess, type_, ins, ins_system, title, date, json)
    run_to_exit(lambda: _deposit(read_settings(demo=open_missing), order))


async def _deposit(settings: Settings, order: Order) -> int:
    from healthspace.access.opening import open_service
    from healthspace.edge.cli.intake import REFUSED, Intake
    from healthspace.edge.cli.progress import show_progress
    from healthspace.record.draft import Reading

    if not order.open_missing:
        require_installation(settings)
    refused = 0
    async with open_service(settings) as service:
        caller = await _caller(service.door, order.persona, order.finess)
        reading = Reading(settings.document_limit, lenient=service.door.demo)
        intake = Intake(service.door, caller, reading, order.open_missing)
        described = await _described(service, order, caller)
        with show_progress("Depositing", len(order.files)) as advance:
            for file in order.files:
                answer = await _take(intake, file, described)
                typer.echo(_as_json(file, answer) if order.json else _as_text(file, answer))
                refused += answer.outcome == REFUSED
                advance()
    if refused:
        say(f"{refused} of {len(order.files)} refused")
    return FAILED if refused else DONE


async def _take(intake: "Intake", file: Path, described: "Described | None") -> "Answer":
    from healthspace.edge.cli.intake import REFUSED, Answer

    try:
        content = _read(file, intake.reading.limit)
    except HealthspaceError as error:
        await intake.refuse(error)
        return Answer(REFUSED, error=error)
    return await intake.take(content, described)


def _read(file: Path, limit: int) -> bytes:
    try:
        with file.open("rb") as opened:
            content = opened.read(limit + 1)
    except OSError as error:
        raise Malformed(f"the file cannot be read: {error.strerror}") from None
    if len(content) > limit:
        raise TooLarge(f"a document may have {limit // (1 << 20)} MiB at most")
    return content


async def _caller(door: "Door", persona: Role | None, finess: str | None) -> "Caller":
    """Who deposits: a persona of demo mode, or a structure of the directory."""
    from healthspace.identity.caller import Caller, Kind, caller_of_structure
    from healthspace.identity.directory import structure_of
    from healthspace.identity.personas import STRUCTURE_ROLES
    from healthspace.identity.tokens import caller_of_role
    from healthspace.record.personas import persona_patient

    if finess is not None:
        place = structure_of(finess)
        if place is None:
            raise Invalid("the directory knows no structure with this FINESS number")
        role = next((role for role, known in STRUCTURE_ROLES.items() if known == place), None)
        return caller_of_structure(role, place) if role else Caller(Kind.STRUCTURE, None, place.name, finess=finess, structure=place.name)
    if not door.demo:
        raise Refused("personas exist in demo mode only: use --finess" if persona else "say which structure deposits: --finess NUMBER")
    role = persona or Role.HOSPITAL
    patient = await persona_patient(door, role)
    if role in {Role.CITIZEN, Role.PARENT} and patient is None:
        raise NotFound("there is no population here yet: run healthspace demo")
    return caller_of_role(role, patient=patient)


async def _described(service: "Service", order: Order, caller: "Caller") -> "Described | None":
    from healthspace.base import clock
    from healthspace.edge.cli.citizens import find_citizen
    from healthspace.record.metadata import Described

    if order.type is None and order.ins is None:
        return None
    if order.type is None or order.ins is None:
        raise Invalid("--type and --ins go together")
    ins, _ = await find_citizen(service.door, order.ins, order.ins_system)
    date = order.date.astimezone() if order.date else clock.now()
    return Described(order.type, ins, order.title, date, caller)


def _as_json(file: Path, answer: "Answer") -> str:
    import orjson

    told: dict[str, object] = {"file": str(file), "outcome": answer.outcome}
    if answer.reference is not None:
        told["reference"] = answer.reference
    if answer.error is not None:
        place = {"place": answer.error.place} if answer.error.place else {}
        told["error"] = {"code": type(answer.error).__name__, "message": _message(answer.error), **place}
    told["warnings"] = list(answer.warnings)
    return orjson.dumps(told).decode()


def _as_text(file: Path, answer: "Answer") -> str:
    if answer.error is not None:
        place = f" ({answer.error.place})" if answer.error.place else ""
        return f"{file}: refused: {_message(answer.error)}{place}"
    reference = answer.reference or {}
    warnings = "".join(f"; {warning}" for warning in answer.warnings)
    return f"{file}: {answer.outcome}: DocumentReference/{reference['id']}{warnings}"


def _message(error: HealthspaceError) -> str:
    """A depositor may know whether a record is open (TD02), and nothing of why else it refuses them."""
    return "no open health space takes this document from this depositor" if isinstance(error, Refused) else error.message
