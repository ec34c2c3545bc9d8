"""Writing the trail: a line commits with the act it tells, and lines of reads share a commit.

Each writer is a chain of its own and is held by one transaction at a time, so that chains never wait for each other.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID, uuid4

from healthspace.audit.line import START, Line, chain, prove_birth, prove_head
from healthspace.base.errors import Unavailable
from healthspace.database.database import Database, Tx
from healthspace.database.keys import KeyRing
from healthspace.database.outbox import Letter, post

LAST_WRITER = "SELECT number, birth FROM audit_head ORDER BY number DESC LIMIT 1"
BEAR_WRITER = "INSERT INTO audit_head (number, writer, birth, seq, mac, proof) VALUES ($1, $2, $3, $4, $5, $6)"
LOCK_WRITERS = "LOCK TABLE audit_head IN SHARE ROW EXCLUSIVE MODE"
APPEND = """
    WITH line AS (
        INSERT INTO audit (owner, at, id, writer, seq, action, outcome, reason, caller, detail, mac)
        SELECT owner, at, id, $1, seq, action, outcome, reason, caller, detail, mac
          FROM unnest($2::bigint[], $3::timestamptz[], $4::uuid[], $5::bigint[], $6::text[], $7::text[], $8::text[], $9::bigint[],
                      $10::bytea[], $11::bytea[])
            AS new (owner, at, id, seq, action, outcome, reason, caller, detail, mac)
    )
    UPDATE audit_head SET seq = $12, mac = $13, proof = $14 WHERE number = $15
"""

GATHER = 0.002
"""Seconds that the first read of a group waits for others to share its commit."""
LARGEST_GROUP = 500


@dataclass(slots=True)
class Writer:
    """The end of one chain."""

    number: int
    id: UUID
    seq: int = 0
    mac: bytes = START


@dataclass(frozen=True, slots=True)
class Waiting:
    """Lines and letters that wait for their commit."""

    lines: tuple[Line, ...]
    letters: Sequence[Letter]
    durable: asyncio.Future[None]


class Trail:
    """The trail of one process."""

    def __init__(self, database: Database, keys: KeyRing) -> None:
        self._database = database
        self._key = keys.derive("chain the trail")
        self._idle: list[Writer] = []
        self._waiting: list[Waiting] = []
        self._group: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def writer(self) -> AsyncIterator[Writer]:
        """A chain for one transaction, taken before it begins. If the transaction fails its end is unknown: the chain rests for ever."""
        writer = self._idle.pop() if self._idle else await self._bear()
        seq, mac = writer.seq, writer.mac
        try:
            yield writer
        except BaseException:
            # A lost connection may or may not have committed. A chain that wrote nothing is where it was.
            if (writer.seq, writer.mac) == (seq, mac):
                self._idle.append(writer)
            raise
        self._idle.append(writer)

    async def append(self, tx: Tx, writer: Writer, lines: list[Line]) -> None:
        """Adds `lines` to the chain of `writer` inside `tx`, in one statement."""
        seqs, macs = [], []
        for line in lines:
            self.link(writer, line)
            seqs.append(writer.seq)
            macs.append(writer.mac)
        columns = [
            [line.owner for line in lines],
            [line.at for line in lines],
            [line.id for line in lines],
            seqs,
            [line.action for line in lines],
            [line.outcome for line in lines],
            [line.reason for line in lines],
            [line.caller for line in lines],
            [line.detail for line in lines],
            macs,
        ]
        await tx.execute(APPEND, writer.id, *columns, writer.seq, writer.mac, self.prove(writer), writer.number)

    def link(self, writer: Writer, line: Line) -> None:
        """Makes `line` the end of the chain of `writer`; it is for the caller to write it."""
        writer.seq += 1
        writer.mac = chain(self._key, writer.id, writer.seq, writer.mac, line)

    def prove(self, writer: Writer) -> bytes:
        """What the head row of `writer` must carry now."""
        return prove_head(self._key, writer.id, writer.seq, writer.mac)

    async def record(self, *lines: Line, letters: Sequence[Letter] = ()) -> None:
        """Returns once `lines`, and `letters` of the outbox with them, are durable.

        Lines that arrive together share one commit (and one fsync).
        """
        durable: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(Waiting(lines, letters, durable))
        if self._group is None or self._group.done():
            self._group = asyncio.create_task(self._commit_groups())
        # A caller that stops waiting does not take its lines back: they are in the group.
        await durable

    async def close(self) -> None:
        """Commits what waits. A line that comes later still begins a group of its own."""
        while self._group is not None and not self._group.done():
            await asyncio.wait({self._group})

    async def _commit_groups(self) -> None:
        while self._waiting:
            if len(self._waiting) < LARGEST_GROUP:
                await asyncio.sleep(GATHER)
            group, self._waiting = self._waiting[:LARGEST_GROUP], self._waiting[LARGEST_GROUP:]
            await self._commit(group)

    async def _commit(self, group: list[Waiting]) -> None:
        lines, letters = [line for one in group for line in one.lines], [letter for one in group for letter in one.letters]
        try:
            # Lines alone are one statement, which is a transaction by itself.
            acting = self._database.transaction() if letters else self._database.reading()
            async with self.writer() as writer, acting as tx:
                await self.append(tx, writer, lines)
                if letters:
                    await post(tx, letters)
        except Exception as error:
            # Each waiting caller gets its own: no answer leaves without its line.
            for one in group:
                unavailable = Unavailable()
                unavailable.__cause__ = error
                if not one.durable.done():
                    one.durable.set_exception(unavailable)
            return
        for one in group:
            if not one.durable.done():
                one.durable.set_result(None)

    async def _bear(self) -> Writer:
        async with self._database.transaction() as tx:
            await tx.execute(LOCK_WRITERS)
            last = await tx.fetchrow(LAST_WRITER)
            number, before = (last["number"] + 1, last["birth"]) if last else (1, START)
            writer = Writer(number, uuid4())
            birth = prove_birth(self._key, number, writer.id, before)
            await tx.execute(BEAR_WRITER, number, writer.id, birth, 0, START, prove_head(self._key, writer.id, 0, START))
            return writer
