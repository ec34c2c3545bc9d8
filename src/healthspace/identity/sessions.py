"""Sessions that their holders see and end before their time; the effect of RFC 7009, for tokens that prove themselves.

What was ended is kept in memory by every process, so that a request asks the database nothing. A process answers only by what it has
asked for within LEASE, and whoever ends a session is told so after LEASE: by then no process takes its token any more.
"""

import asyncio
import math
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import orjson

from healthspace.base import clock
from healthspace.base.ids import REGISTRY
from healthspace.database.database import Database, Row
from healthspace.database.keys import KeyRing
from healthspace.database.owners import Ciphers
from healthspace.identity.caller import Caller

BEGIN = """
    INSERT INTO session (h, id, started, expires, detail) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (h, id) DO UPDATE SET expires = excluded.expires
"""
OPEN = "SELECT id, started, expires, detail FROM session WHERE h = $1 AND expires > $2 ORDER BY started DESC, id"
END = """
    INSERT INTO session_end (h, id, at, expires, others) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING
    RETURNING h, id, at, expires, others
"""
ENDED = "SELECT h, id, at, expires, others FROM session_end WHERE at > $1 AND expires > $2"
SWEEP = "DELETE FROM session WHERE expires < $1"
SWEEP_ENDS = "DELETE FROM session_end WHERE expires < $1"

LIFETIME = timedelta(hours=8)
"""The longest that a session lasts."""
LEASE = 1.0
"""Seconds for which a process may answer by what it knows. It asks again after half of them."""
OVERLAP = timedelta(minutes=1)
"""How far back each question reaches: a transaction may commit after a later one, and clocks differ."""
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Proof:
    """What a token proves: who, from when and until when; `ids` are its own, and that of the session that it was made in."""

    caller: Caller
    holder: int
    issued: float
    expires: float
    ids: tuple[UUID, ...]


class End(NamedTuple):
    """That a session was ended; with `others`, every other one of its holder that had begun."""

    id: UUID
    at: float
    others: bool
    expires: datetime

    def covers(self, proof: Proof) -> bool:
        return self.id not in proof.ids and proof.issued <= self.at if self.others else self.id in proof.ids


@dataclass(frozen=True, slots=True)
class Session:
    """An open session as its holder sees it: with what, and from which network (kept coarse) it began."""

    id: UUID
    started: datetime
    expires: datetime
    software: str
    network: str


class Sessions:
    """The sessions of an installation, and what this process knows of those that were ended.

    An infinite `lease` is for a process that is alone.
    """

    def __init__(self, database: Database, keys: KeyRing, ciphers: Ciphers, *, lease: float = LEASE) -> None:
        self._database, self._keys, self._ciphers, self._lease = database, keys, ciphers, lease
        self._ends: dict[int, list[End]] = {}
        self._newest, self._turn = BEGINNING, asyncio.Lock()
        self.due = -math.inf
        """When this process asks again, on the monotonic clock: before the first token that it reads from then on."""
        self.known = False
        """Whether it may answer by what it knows; not while the database does not answer."""
        self.changes = 0
        """Grows with each end that this process learns of: what was concluded before is concluded anew."""

    async def renew(self) -> None:
        """Asks what was ended since, once for all who wait. Unavailable when the database does not answer."""
        async with self._turn:
            asking = time.monotonic()
            if asking < self.due:
                return
            try:
                async with self._database.reading() as tx:
                    self._learn(await tx.fetch(ENDED, self._newest - OVERLAP, clock.now()))
            except BaseException:
                self.known = False
                raise
            self.due, self.known = asking + self._lease / 2, True

    def is_over(self, proof: Proof) -> bool:
        """Whether the session of a token was ended before its time."""
        return any(end.covers(proof) for end in self._ends.get(proof.holder, ()))

    async def begin(self, proof: Proof, *, software: str, network: str) -> None:
        """Keeps a session that was just opened, or prolonged, for its holder to see."""
        started, expires = (datetime.fromtimestamp(moment, UTC) for moment in (proof.issued, proof.expires))
        async with self._database.transaction() as tx:
            cipher = await self._ciphers.of(tx, REGISTRY)
            detail = cipher.seal(orjson.dumps({"software": software, "network": network}), "Session", proof.ids[0], 1)
            await tx.execute(BEGIN, proof.holder, proof.ids[0], started, expires, detail)

    async def open_of(self, caller: Caller, now: datetime) -> Sequence[Session]:
        """The sessions of `caller` that are open, the latest first."""
        holder = self._keys.hash_caller(caller.key)
        async with self._database.reading() as tx:
            rows = await tx.fetch(OPEN, holder, now)
            cipher = await self._ciphers.of(tx, REGISTRY)
        found = []
        for row in rows:
            proof = Proof(caller, holder, row["started"].timestamp(), row["expires"].timestamp(), (row["id"],))
            if not self.is_over(proof):
                told = orjson.loads(cipher.open(row["detail"], "Session", row["id"], 1))
                found.append(Session(row["id"], row["started"], row["expires"], told["software"], told["network"]))
        return found

    async def end(self, caller: Caller, identifier: UUID, now: datetime, *, others: bool = False) -> None:
        """Ends one session of `caller`, or every other one that began before. One that is not theirs, or is over, changes nothing."""
        async with self._database.transaction() as tx:
            rows = await tx.fetch(END, self._keys.hash_caller(caller.key), identifier, now, now + LIFETIME, others)
        self._learn(rows)

    async def settle(self) -> None:
        """Returns when no process takes the token of what was ended before."""
        if math.isfinite(self._lease):
            await asyncio.sleep(self._lease)

    async def sweep(self, now: datetime) -> None:
        """Forgets what has expired."""
        async with self._database.transaction() as tx:
            await tx.execute(SWEEP, now)
            await tx.execute(SWEEP_ENDS, now)
        left = {holder: [end for end in ends if end.expires > now] for holder, ends in self._ends.items()}
        self._ends = {holder: ends for holder, ends in left.items() if ends}

    def _learn(self, rows: Iterable[Row]) -> None:
        for row in rows:
            end, known = End(row["id"], row["at"].timestamp(), row["others"], row["expires"]), self._ends.setdefault(row["h"], [])
            self._newest = max(self._newest, row["at"])
            if end not in known:
                known.append(end)
                self.changes += 1
