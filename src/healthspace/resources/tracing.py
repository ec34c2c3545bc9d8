"""Which lines of a trail a permit shows: those about what it shows, and of what was done in secret none to who represents the holder."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from healthspace.access.labels import HIDDEN_FROM_REPRESENTATIVES, HOLDER_ONLY, VISIBILITY, codes_of
from healthspace.access.permit import Permit
from healthspace.access.rules import Scope
from healthspace.audit.reading import TraceLine
from healthspace.base.ids import parse_id
from healthspace.fhir.resource_types import NUMBER
from healthspace.resources.store import read_several


async def without_hidden(p: Permit, lines: Sequence[TraceLine]) -> Sequence[TraceLine]:
    """`lines` without what the permit's labels hide; a line about nothing else is left out."""
    labels = p.hidden - {HOLDER_ONLY}  # who reads a trail sees how the record was used, its controls included
    if not labels or p.scope is Scope.OWN_ACTS:
        return lines
    if HIDDEN_FROM_REPRESENTATIVES in labels:
        lines = [line for line in lines if not line.secret]
    places = {place for line in lines for target in line.targets if (place := _place_of(target))}
    found = await read_several(p.tx, p.cipher, places) if places else []
    hidden = {f"{stored.type}/{stored.name}" for stored in found if codes_of(stored.json()) & labels}
    if not hidden:
        return lines
    trimmed = [(line, tuple(target for target in line.targets if _bare(target) not in hidden)) for line in lines]
    return [replace(line, targets=targets) if targets != line.targets else line for line, targets in trimmed if targets or not line.targets]


async def labels_of_line(p: Permit, line: TraceLine) -> set[str]:
    """The visibility labels of what a line tells of: whatever says more about it carries them too."""
    places = {place for target in line.targets if (place := _place_of(target))}
    found = {code for stored in await read_several(p.tx, p.cipher, places) for code in codes_of(stored.json())} if places else set()
    return (found & {*VISIBILITY}) | ({HIDDEN_FROM_REPRESENTATIVES} if line.secret else set())


def _bare(target: str) -> str:
    """`Type/id`, whatever the version."""
    return "/".join(target.split("/")[:2])


def _place_of(target: str) -> tuple[str, UUID] | None:
    type_, _, name = _bare(target).partition("/")
    identifier = parse_id(name)
    return (type_, identifier) if identifier is not None and type_ in NUMBER else None
