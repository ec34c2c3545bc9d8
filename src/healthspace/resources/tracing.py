"""What a permit shows of a trail: lines about what it shows, of secret connections none to representatives, and no refusal told as more.

Whoever was refused reads what they would read of something that is not there: the reason is for those from whom nothing was kept.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from uuid import UUID

from healthspace.access.labels import HIDDEN_FROM_REPRESENTATIVES, HOLDER_ONLY, VISIBILITY, codes_of, spelt
from healthspace.access.permit import Permit
from healthspace.access.rules import Action, Reason, Scope
from healthspace.audit.line import Outcome
from healthspace.audit.reading import TraceLine
from healthspace.base.ids import REGISTRY, parse_id
from healthspace.fhir.resource_types import NAMES, NUMBER
from healthspace.resources.reach import LABELS, hashes_of
from healthspace.resources.store import read_several

WITH_LABELS = """
    SELECT r.type, r.id FROM unnest($2::smallint[], $3::uuid[]) AS asked (type, id)
      JOIN resource r ON r.owner = $1 AND r.type = asked.type AND r.id = asked.id
     WHERE r.tokens && $4::bigint[]
"""
TOLD = frozenset({Reason.NOT_AUTHOR})
"""Reasons that were told to who was refused: they see what they may not change."""
BY_NAME_ALONE = frozenset({Action.CHANGE_DOCUMENT, Action.WITHDRAW_DOCUMENT})
"""What may be asked of a document by its unique id, whosever it is: the line of a refusal would tell whose."""


async def without_hidden(p: Permit, lines: Sequence[TraceLine]) -> Sequence[TraceLine]:
    """`lines` without what the permit's labels hide; a line about nothing else is left out, a refusal of it is one of something absent."""
    if p.scope is Scope.OWN_ACTS:
        return own_acts(lines)
    lines = [told for line in lines for told in (own_acts([line]) if _is_by_reader(p, line) else [line])]
    labels = p.hidden - {HOLDER_ONLY}  # who reads a trail sees how the record was used, its controls included
    if not labels:
        return lines
    if HIDDEN_FROM_REPRESENTATIVES in labels:
        lines = [line for line in lines if not line.secret]
    hidden = await _hidden_targets(p, lines, labels)
    return [told for line in lines if (told := _trimmed(line, hidden)) is not None]


def own_acts(lines: Iterable[TraceLine], *, anywhere: bool = False) -> list[TraceLine]:
    """`lines` as who acted reads them: a refusal is one of something absent. `anywhere`: and does not say whose record it was about."""
    told = []
    for line in lines:
        if not _is_refusal(line):
            told.append(line)
        elif line.action not in BY_NAME_ALONE:
            told.append(_of_nothing(line, REGISTRY if anywhere else line.owner))
    return told


async def labels_of_line(p: Permit, line: TraceLine) -> set[str]:
    """The visibility labels of what a line tells of: whatever says more about it carries them too."""
    places = {place for target in line.targets if (place := _place_of(target))}
    found = {code for stored in await read_several(p.tx, p.cipher, places) for code in codes_of(stored.json())} if places else set()
    return (found & {*VISIBILITY}) | ({HIDDEN_FROM_REPRESENTATIVES} if line.secret else set())


async def _hidden_targets(p: Permit, lines: Iterable[TraceLine], labels: frozenset[str]) -> set[str]:
    """Of what `lines` are about, what carries one of `labels`: one statement, whatever they are about."""
    places = {place for line in lines for target in line.targets if (place := _place_of(target))}
    hashes = {h for type_, _ in places for h in hashes_of(p.keys, type_, LABELS, spelt(labels))}
    numbers, ids = [NUMBER[type_] for type_, _ in places], [identifier for _, identifier in places]
    rows = await p.tx.fetch(WITH_LABELS, p.owner, numbers, ids, list(hashes))
    return {f"{NAMES[row['type'] - 1]}/{row['id']}" for row in rows}


def _trimmed(line: TraceLine, hidden: set[str]) -> TraceLine | None:
    targets = tuple(target for target in line.targets if _bare(target) not in hidden)
    if targets == line.targets:
        return line
    if _is_refusal(line):
        return _of_nothing(line, line.owner)
    return replace(line, targets=targets) if targets else None


def _is_refusal(line: TraceLine) -> bool:
    return line.outcome == Outcome.REFUSED and line.reason not in TOLD


def _of_nothing(line: TraceLine, owner: int) -> TraceLine:
    """A refusal as that of something which is not there."""
    return replace(line, reason=Reason.NOT_FOUND, targets=(), owner=owner)


def _is_by_reader(p: Permit, line: TraceLine) -> bool:
    by_citizen = p.caller.patient is not None and line.patient == str(p.caller.patient)
    return by_citizen or (p.caller.rpps is not None and line.rpps == p.caller.rpps)


def _bare(target: str) -> str:
    """`Type/id`, whatever the version."""
    return "/".join(target.split("/")[:2])


def _place_of(target: str) -> tuple[str, UUID] | None:
    type_, _, name = _bare(target).partition("/")
    identifier = parse_id(name)
    return (type_, identifier) if identifier is not None and type_ in NUMBER else None
