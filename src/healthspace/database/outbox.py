"""The outbox: work that must follow a commit, kept in the transaction of the act that asks for it.

A letter is claimed by moving its `due` ahead (its lease), by a statement about its owner alone. Whoever holds the lease does the
work and settles the letter; a worker that dies lets the lease run out, and the letter is due again. So each letter is worked on at
least once; a handler whose effect is in this database settles the letter in the transaction of the effect, which makes it exactly
once. Work that keeps failing is tried later and later, then left as a dead letter for the operators.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from healthspace.base.errors import Contended
from healthspace.base.ids import new_id
from healthspace.database.database import Database, Tx
from healthspace.database.owners import Ciphers
from healthspace.database.seal import Cipher

POST = """
    INSERT INTO outbox (owner, id, kind, created, body, due)
    SELECT owner, id, kind, created, body, due
      FROM unnest($1::bigint[], $2::uuid[], $3::text[], $4::timestamptz[], $5::bytea[], $6::timestamptz[])
        AS new (owner, id, kind, created, body, due)
    ON CONFLICT (owner, id) DO NOTHING
"""
DUE = "SELECT owner, id, due FROM outbox WHERE NOT dead AND due <= $1 ORDER BY due LIMIT $2"
CLAIM = """
    UPDATE outbox SET due = $4, attempts = attempts + 1 WHERE owner = $1 AND id = $2 AND due = $3 AND NOT dead
    RETURNING kind, created, attempts, body
"""
WRAPPED_KEY = "SELECT wrapped_key FROM owner WHERE owner = $1"
SETTLE = "DELETE FROM outbox WHERE owner = $1 AND id = $2 AND due = $3 RETURNING id"
PUT_OFF = "UPDATE outbox SET due = $4, dead = $5 WHERE owner = $1 AND id = $2 AND due = $3"
COUNT = "SELECT count(*) FILTER (WHERE NOT dead) AS waiting, count(*) FILTER (WHERE dead) AS dead FROM outbox"
REVIVE = "UPDATE outbox SET dead = false, attempts = 0, due = $1 WHERE dead"

LEASE = timedelta(minutes=2)
"""How long one attempt may take before others think its worker dead."""
FIRST_WAIT = timedelta(seconds=5)
LONGEST_WAIT = timedelta(hours=6)
MOST_ATTEMPTS = 12
"""About a day and a half of trying."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter about to be posted: `body` is sealed with the owner's key."""

    owner: int
    id: UUID
    kind: str
    created: datetime
    body: bytes
    due: datetime


@dataclass(slots=True)
class Claimed:
    """A letter that this worker holds until `lease`: `body` is open."""

    owner: int
    id: UUID
    kind: str
    created: datetime
    attempts: int
    body: bytes
    cipher: Cipher
    lease: datetime
    settled: bool = False

    async def settle(self, tx: Tx) -> None:
        """The work is done, as soon as `tx` commits. Contended when the lease ran out and another worker has the letter."""
        if await tx.fetchval(SETTLE, self.owner, self.id, self.lease) is None:
            raise Contended
        self.settled = True


def write_letter(
    cipher: Cipher, kind: str, body: bytes, now: datetime, *, identifier: UUID | None = None, due: datetime | None = None
) -> Letter:
    """A sealed letter. One whose `identifier` is in the outbox already is the same letter, and is not posted twice."""
    identifier = identifier or new_id(cipher.owner)
    return Letter(cipher.owner, identifier, kind, now, cipher.seal(body, _seal_name(kind), identifier, 1), due or now)


async def enqueue(
    tx: Tx, cipher: Cipher, kind: str, body: bytes, now: datetime, *, identifier: UUID | None = None, due: datetime | None = None
) -> None:
    """Posts one letter with `tx`: it is there when the act is, and gone when the act is."""
    await post(tx, [write_letter(cipher, kind, body, now, identifier=identifier, due=due)])


async def post(tx: Tx, letters: Sequence[Letter]) -> None:
    """Posts `letters` with `tx`, in one statement."""
    columns = zip(*((one.owner, one.id, one.kind, one.created, one.body, one.due) for one in letters), strict=True)
    await tx.execute(POST, *(list(column) for column in columns))


async def find_due(database: Database, now: datetime, limit: int) -> list[tuple[int, UUID, datetime]]:
    """Owner, id and due time of the letters that wait longest. Others may see the same ones: `claim` decides."""
    async with database.reading() as tx:
        return [(row["owner"], row["id"], row["due"]) for row in await tx.fetch(DUE, now, limit)]


async def claim(database: Database, ciphers: Ciphers, place: tuple[int, UUID, datetime], now: datetime) -> Claimed | None:
    """The letter at `place`, leased to this worker; None when another one has it, when it is spent, or when its owner was erased."""
    owner, identifier, due = place
    lease = now + LEASE
    async with database.transaction() as tx:
        row = await tx.fetchrow(CLAIM, owner, identifier, due, lease)
        if row is None:
            return None
        wrapped = await tx.fetchval(WRAPPED_KEY, owner)
        if wrapped is None:
            await tx.execute(SETTLE, owner, identifier, lease)
            return None
        if row["attempts"] > MOST_ATTEMPTS:
            # A letter that kills its worker never comes to `put_off`.
            await tx.execute(PUT_OFF, owner, identifier, lease, now, True)
            return None
    cipher = ciphers.open(owner, wrapped)
    body = cipher.open(row["body"], _seal_name(row["kind"]), identifier, 1)
    return Claimed(owner, identifier, row["kind"], row["created"], row["attempts"], body, cipher, lease)


async def put_off(database: Database, letter: Claimed, now: datetime) -> bool:
    """Leaves a letter that could not be worked on for later; True when it is dead now."""
    dead = letter.attempts >= MOST_ATTEMPTS
    async with database.transaction() as tx:
        await tx.execute(PUT_OFF, letter.owner, letter.id, letter.lease, now + wait_after(letter.attempts), dead)
    return dead


def wait_after(attempts: int) -> timedelta:
    """How long to wait after so many failures: three times longer each time, to a limit."""
    return min(FIRST_WAIT * float(3 ** max(attempts - 1, 0)), LONGEST_WAIT)


async def count_letters(database: Database) -> tuple[int, int]:
    """How many letters wait, and how many are dead."""
    async with database.reading() as tx:
        row = await tx.fetchrow(COUNT)
    return (row["waiting"], row["dead"]) if row is not None else (0, 0)


async def revive(database: Database, now: datetime) -> int:
    """Makes dead letters due again, once what stopped them was mended; how many."""
    async with database.transaction() as tx:
        return int((await tx.execute(REVIVE, now)).rpartition(" ")[2])


def _seal_name(kind: str) -> str:
    return f"outbox/{kind}"
