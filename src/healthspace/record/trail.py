"""Who looked at the record: the trail as its holder, their treating doctor, or each professional for their own acts reads it (R1111-43).

A line about something that is not shown to the reader (R1111-50, R1111-53) is not shown either: it would tell that it exists. Nor does
one tell whoever was refused more than they were answered (decision 6).
"""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from healthspace.access.changes import HOLDERS
from healthspace.access.labels import REASONS
from healthspace.access.permit import Permit
from healthspace.access.rules import Action, Reason, Scope
from healthspace.audit.line import Outcome
from healthspace.audit.reading import TraceLine, Wanted, read_line, read_lines, read_lines_of_caller
from healthspace.base.errors import NotFound, Refused
from healthspace.base.ids import REGISTRY, owner_of
from healthspace.record.relatives import name_relatives
from healthspace.resources.tracing import without_hidden

PATIENTS_OF = "SELECT owner, id FROM resource WHERE owner = ANY ($1::bigint[]) AND type = 103"
EVERYTHING = Wanted()
ABSENT = frozenset({"notfound", "gone"})
"""What the trail says of an act on what is not there."""
OF_DOCUMENTS = frozenset({*REASONS.values(), Reason.WITHDRAWN, Reason.PROFESSION, Reason.NO_RIGHT})
"""Why something that is there may be kept from a caller whom the record is open to."""
BY_NAME_ALONE = frozenset({Action.CHANGE_DOCUMENT, Action.WITHDRAW_DOCUMENT})
"""What may be asked of a document by its unique id, whosever it is: the line of a refusal would tell whose."""
NOT_DONE = frozenset({Outcome.REFUSED, Outcome.REJECTED})


async def read_trail(p: Permit, wanted: Wanted = EVERYTHING) -> Sequence[TraceLine]:
    """The lines of one record that are wanted, newest first: those that the permit shows."""
    p.must_be_for(Action.READ_TRAIL, Action.READ_RECORD)
    if p.action is Action.READ_RECORD and (p.caller.patient is None or owner_of(p.caller.patient) != p.owner):
        raise Refused("the trail comes with the record for its holder only")
    if p.scope is Scope.OWN_ACTS:
        wanted = replace(wanted, caller=p.keys.hash_caller(p.caller.key))
    shown: list[TraceLine] = []
    while True:
        lines = await read_lines(p.tx, p.cipher, _widened(wanted))
        shown += _as_answered(p, await without_hidden(p, lines), wanted)
        if len(lines) < wanted.limit or len(shown) >= wanted.limit:
            # Fewer than were wanted are the last ones, whatever was left out before them.
            return await _with_names(p, shown[: wanted.limit])
        wanted = replace(wanted, before=(lines[-1].at, lines[-1].id))


async def read_own_acts(p: Permit, wanted: Wanted = EVERYTHING) -> Sequence[TraceLine]:
    """What the caller did in any record, newest first; the permit is on the registry."""
    p.must_be_for(Action.READ_TRAIL)
    if p.owner != REGISTRY:
        raise Refused("one's own acts are read across records")
    shown: list[TraceLine] = []
    while True:
        lines = await read_lines_of_caller(p.tx, p.ciphers, p.keys.hash_caller(p.caller.key), _widened(wanted))
        shown += _as_answered(p, lines, wanted)
        if len(lines) < wanted.limit or len(shown) >= wanted.limit:
            return shown[: wanted.limit]
        wanted = replace(wanted, before=(lines[-1].at, lines[-1].id))


async def read_trace(p: Permit, identifier: UUID) -> TraceLine:
    """One line; NotFound when there is none that the permit shows."""
    p.must_be_for(Action.READ_TRAIL)
    only = p.keys.hash_caller(p.caller.key) if p.scope is Scope.OWN_ACTS else None
    found = await read_line(p.tx, p.cipher, identifier, caller=only)
    shown = _as_answered(p, await without_hidden(p, [found])) if found is not None else []
    if not shown:
        raise NotFound
    return (await _with_names(p, shown))[0]


async def patients_of(p: Permit, owners: set[int]) -> dict[int, UUID]:
    """The Patient of each of `owners`, whose lines the permit has shown."""
    p.must_be_for(Action.READ_TRAIL)
    return {row["owner"]: row["id"] for row in await p.tx.fetch(PATIENTS_OF, list(owners - {REGISTRY}))}


def _as_answered(p: Permit, lines: Sequence[TraceLine], wanted: Wanted = EVERYTHING) -> list[TraceLine]:
    """`lines` where what was kept from their reader reads like what is not there: their own attempts, and those of others on it."""
    hidden = {REASONS[label] for label in p.hidden if label in REASONS} - {Reason.NO_RIGHT}
    told = []
    for line in lines:
        own = _is_by_reader(p, line)
        kept_back = line.outcome in NOT_DONE and line.reason in ABSENT | (OF_DOCUMENTS if own else hidden)
        if own and line.action in BY_NAME_ALONE and (kept_back or line.reason == Reason.NO_SPACE):
            continue
        if kept_back and own and p.caller.patient is None:
            line = replace(line, outcome=Outcome.REFUSED, reason=Reason.NO_RIGHT)
        elif kept_back:
            line = replace(line, outcome=Outcome.REJECTED, reason="notfound")
        if wanted.outcomes is None or line.outcome in wanted.outcomes:
            told.append(line)
    return told


def _is_by_reader(p: Permit, line: TraceLine) -> bool:
    by_citizen = p.caller.patient is not None and line.patient == str(p.caller.patient)
    return p.scope is Scope.OWN_ACTS or by_citizen or (p.caller.rpps is not None and line.rpps == p.caller.rpps)


def _widened(wanted: Wanted) -> Wanted:
    """The lines among which those of `wanted` are, whichever way an act that was not done is told."""
    narrowed = wanted.outcomes is not None and NOT_DONE & set(wanted.outcomes)
    return replace(wanted, outcomes={*(wanted.outcomes or ()), *NOT_DONE}) if narrowed else wanted


async def _with_names(p: Permit, lines: Sequence[TraceLine]) -> Sequence[TraceLine]:
    """`lines` where carers and representatives have the name under which they were invited: only who decides for the record knows it."""
    strangers = [line for line in lines if line.patient and not line.name and owner_of(UUID(line.patient)) != p.owner]
    if not strangers or p.reason not in HOLDERS:
        return lines
    names = await name_relatives(p)
    return [replace(line, name=line.name or names.get(line.patient, "")) if line.patient in names else line for line in lines]
