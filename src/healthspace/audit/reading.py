"""Reading the trail: of one citizen, or of one caller across citizens; newest first, paged by key."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import orjson

from healthspace.base.ids import made_at
from healthspace.database.database import Row, Tx
from healthspace.database.owners import Ciphers
from healthspace.database.seal import Cipher

PAGE = """
    SELECT owner, at, id, action, outcome, reason, detail FROM audit
     WHERE owner = $1 AND at >= $2 AND at <= $3 AND ($4::timestamptz IS NULL OR (at, id) < ($4, $5))
       AND ($6::text[] IS NULL OR action = ANY ($6)) AND ($7::text[] IS NULL OR outcome = ANY ($7))
       AND ($8::bigint IS NULL OR caller = $8)
     ORDER BY at DESC, id DESC LIMIT $9
"""
OWN_PAGE = """
    SELECT owner, at, id, action, outcome, reason, detail FROM audit
     WHERE caller = $1 AND at >= $2 AND at <= $3 AND ($4::timestamptz IS NULL OR (at, id) < ($4, $5))
       AND ($6::text[] IS NULL OR action = ANY ($6)) AND ($7::text[] IS NULL OR outcome = ANY ($7))
     ORDER BY at DESC, id DESC LIMIT $8
"""
ONE = "SELECT owner, at, id, action, outcome, reason, caller, detail FROM audit WHERE owner = $1 AND at >= $2 AND at < $3 AND id = $4"
WRAPPED_KEYS = "SELECT owner, wrapped_key FROM owner WHERE owner = ANY ($1::bigint[]) AND wrapped_key IS NOT NULL"

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
END = datetime(9999, 1, 1, tzinfo=UTC)
NEAR = timedelta(minutes=5)
"""How far the time of a line may be from the time in its id."""


@dataclass(frozen=True, slots=True)
class TraceLine:
    """A line as its reader sees it: `targets` are `Type/id`, `reason` a code of `access.rules.Reason` or an error's name."""

    at: datetime
    id: UUID
    action: str
    outcome: str
    reason: str
    kind: str
    role: str | None
    name: str
    structure: str
    targets: tuple[str, ...]
    owner: int = 0
    rpps: str = ""
    finess: str = ""
    patient: str = ""
    """The Patient id of a caller who is a citizen."""
    purpose: str = "TREAT"
    """The mode of the access (v3-ActReason): TREAT, BTG in an emergency, ETREAT for the regulation of emergency calls."""
    why: str = ""
    """Why, in the words of who opened a record in an emergency."""
    secret: bool = False
    """In a secret connection: not for who represents the holder."""
    network: str = ""
    software: str = ""
    query: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which lines: from `since` (inclusive) to `until` (exclusive), after the place `before`; None wants all.

    `caller` is a caller's hash.
    """

    since: datetime = BEGINNING
    until: datetime = END
    before: tuple[datetime, UUID] | None = None
    actions: Collection[str] | None = None
    outcomes: Collection[str] | None = None
    caller: int | None = None
    limit: int = 50


async def read_lines(tx: Tx, cipher: Cipher, wanted: Wanted) -> Sequence[TraceLine]:
    """The lines of the citizen of `cipher` that are wanted, newest first."""
    rows = await tx.fetch(PAGE, cipher.owner, *_bounds(wanted), wanted.caller, wanted.limit)
    return [open_line(row, cipher) for row in rows]


async def read_lines_of_caller(tx: Tx, ciphers: Ciphers, caller: int, wanted: Wanted) -> Sequence[TraceLine]:
    """The lines of one caller whoever they are about, newest first. What was erased cannot be read any more."""
    found: list[TraceLine] = []
    while True:
        rows = await tx.fetch(OWN_PAGE, caller, *_bounds(wanted), wanted.limit)
        keys = await tx.fetch(WRAPPED_KEYS, list({row["owner"] for row in rows}))
        opened = {row["owner"]: ciphers.open(row["owner"], row["wrapped_key"]) for row in keys}
        found += [open_line(row, opened[row["owner"]]) for row in rows if row["owner"] in opened]
        if len(rows) < wanted.limit or len(found) >= wanted.limit:
            return found[: wanted.limit]
        wanted = replace(wanted, before=(rows[-1]["at"], rows[-1]["id"]))


async def read_line(tx: Tx, cipher: Cipher, identifier: UUID, *, caller: int | None = None) -> TraceLine | None:
    """One line of the citizen of `cipher`; None when there is none, or when it is not of `caller`."""
    moment = made_at(identifier)
    if moment is None:
        return None
    row = await tx.fetchrow(ONE, cipher.owner, moment - NEAR, moment + NEAR, identifier)
    return open_line(row, cipher) if row is not None and caller in {None, row["caller"]} else None


def open_line(row: Row, cipher: Cipher) -> TraceLine:
    """The line in a row, opened with its owner's key."""
    told = orjson.loads(cipher.open(row["detail"], "AuditEvent", row["id"], 1))
    return TraceLine(
        at=row["at"],
        id=row["id"],
        action=row["action"],
        outcome=row["outcome"],
        reason=row["reason"],
        kind=told["kind"],
        role=told["role"],
        name=told["name"],
        structure=told["structure"],
        targets=tuple(told["targets"]),
        owner=row["owner"],
        rpps=told["rpps"] or "",
        finess=told["finess"] or "",
        **{name: told[name] for name in ("patient", "purpose", "why", "secret", "network", "software", "query") if name in told},
    )


def _bounds(wanted: Wanted) -> tuple[object, ...]:
    at, identifier = wanted.before or (None, None)
    actions = None if wanted.actions is None else list(wanted.actions)
    outcomes = None if wanted.outcomes is None else list(wanted.outcomes)
    return wanted.since, wanted.until - timedelta(microseconds=1), at, identifier, actions, outcomes
