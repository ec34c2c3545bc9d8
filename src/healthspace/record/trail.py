"""Who looked at the record: the trail as its holder, their treating doctor, or each professional for their own acts reads it (R1111-43).

A line about something that is not shown to the reader (R1111-50, R1111-53) is not shown either: it would tell that it exists. Nor does
one tell whoever was refused more than they were answered (decision 6).
"""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from healthspace.access.changes import HOLDERS
from healthspace.access.permit import Permit
from healthspace.access.rules import Action, Scope
from healthspace.audit.reading import TraceLine, Wanted, read_line, read_lines, read_lines_of_caller
from healthspace.base.errors import NotFound, Refused
from healthspace.base.ids import REGISTRY, owner_of
from healthspace.record.relatives import name_relatives
from healthspace.resources.tracing import own_acts, without_hidden

PATIENTS_OF = "SELECT owner, id FROM resource WHERE owner = ANY ($1::bigint[]) AND type = 103"
EVERYTHING = Wanted()
SPARE = 100
"""Lines read beyond those that are wanted: what is left out takes no statement more, so that its absence takes no longer."""


async def read_trail(p: Permit, wanted: Wanted = EVERYTHING) -> Sequence[TraceLine]:
    """The lines of one record that are wanted, newest first: those that the permit shows."""
    p.must_be_for(Action.READ_TRAIL, Action.READ_RECORD)
    if p.action is Action.READ_RECORD and (p.caller.patient is None or owner_of(p.caller.patient) != p.owner):
        raise Refused("the trail comes with the record for its holder only")
    if p.scope is Scope.OWN_ACTS:
        wanted = replace(wanted, caller=p.keys.hash_caller(p.caller.key))
    shown, limit = list[TraceLine](), wanted.limit
    wanted = replace(wanted, limit=limit + SPARE)
    while True:
        lines = await read_lines(p.tx, p.cipher, wanted)
        shown += await without_hidden(p, lines)
        if len(lines) < wanted.limit or len(shown) >= limit:
            # Fewer than were wanted are the last ones, whatever was left out before them.
            return await _with_names(p, shown[:limit])
        wanted = replace(wanted, before=(lines[-1].at, lines[-1].id))


async def read_own_acts(p: Permit, wanted: Wanted = EVERYTHING) -> Sequence[TraceLine]:
    """What the caller did in any record, newest first; the permit is on the registry."""
    p.must_be_for(Action.READ_TRAIL)
    if p.owner != REGISTRY:
        raise Refused("one's own acts are read across records")
    shown, limit = list[TraceLine](), wanted.limit
    wanted = replace(wanted, limit=limit + SPARE)
    while True:
        lines = await read_lines_of_caller(p.tx, p.ciphers, p.keys.hash_caller(p.caller.key), wanted)
        shown += own_acts(lines, anywhere=True)
        if len(lines) < wanted.limit or len(shown) >= limit:
            return shown[:limit]
        wanted = replace(wanted, before=(lines[-1].at, lines[-1].id))


async def read_trace(p: Permit, identifier: UUID) -> TraceLine:
    """One line; NotFound when there is none that the permit shows."""
    p.must_be_for(Action.READ_TRAIL)
    only = p.keys.hash_caller(p.caller.key) if p.scope is Scope.OWN_ACTS else None
    found = await read_line(p.tx, p.cipher, identifier, caller=only)
    shown = await without_hidden(p, [found]) if found is not None else []
    if not shown:
        raise NotFound
    return (await _with_names(p, shown))[0]


async def patients_of(p: Permit, owners: set[int]) -> dict[int, UUID]:
    """The Patient of each of `owners`, whose lines the permit has shown."""
    p.must_be_for(Action.READ_TRAIL)
    return {row["owner"]: row["id"] for row in await p.tx.fetch(PATIENTS_OF, list(owners - {REGISTRY}))}


async def _with_names(p: Permit, lines: Sequence[TraceLine]) -> Sequence[TraceLine]:
    """`lines` where carers and representatives have the name under which they were invited: only who decides for the record knows it."""
    strangers = [line for line in lines if line.patient and not line.name and owner_of(UUID(line.patient)) != p.owner]
    if not strangers or p.reason not in HOLDERS:
        return lines
    names = await name_relatives(p)
    return [replace(line, name=line.name or names.get(line.patient, "")) if line.patient in names else line for line in lines]
