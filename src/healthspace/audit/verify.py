"""Does the trail still say what was written? Finds lines that were changed, removed, added or put in another order."""

import hmac
from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID

from healthspace.audit.line import START, Line, chain, prove_birth, prove_cut, prove_head
from healthspace.database.database import Database, Row, Tx
from healthspace.database.keys import KeyRing

WRITERS = "SELECT number, writer, birth, seq, mac, proof FROM audit_head ORDER BY number"
LINES_OF = """
    SELECT owner, at, id, seq, action, outcome, reason, caller, detail, mac FROM audit WHERE writer = $1 ORDER BY seq, id
"""
CUTS_OF = "SELECT first, last, mac, proof FROM audit_cut WHERE writer = $1 ORDER BY first"
STRANGERS = "SELECT DISTINCT writer FROM audit WHERE NOT EXISTS (SELECT 1 FROM audit_head WHERE audit_head.writer = audit.writer)"


@dataclass(frozen=True, slots=True)
class Fault:
    """Where the trail is broken: the chain, the place in it, and what is wrong there. Never what the line said."""

    writer: UUID
    seq: int
    what: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome of a verification: `lines` read in `writers` chains, and the faults found."""

    lines: int
    writers: int
    faults: tuple[Fault, ...]


async def verify_trail(database: Database, keys: KeyRing) -> Verdict:
    """Recomputes every chain from one snapshot of the trail."""
    key = keys.derive("chain the trail")
    lines, faults, before, expected = 0, list[Fault](), START, 1
    async with database.transaction() as tx:
        await tx.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        heads = await tx.fetch(WRITERS)
        for head in heads:
            if head["number"] != expected or not hmac.compare_digest(
                head["birth"], prove_birth(key, head["number"], head["writer"], before)
            ):
                faults.append(Fault(head["writer"], 0, "a chain was removed or added before this one"))
            before, expected = head["birth"], head["number"] + 1
            count, found = await _verify_chain(tx, key, head)
            lines += count
            faults += found
        faults += [Fault(row["writer"], 0, "lines of a chain that is not known") for row in await tx.fetch(STRANGERS)]
    return Verdict(lines, len(heads), tuple(faults))


async def _verify_chain(tx: Tx, key: bytes, head: Row) -> tuple[int, list[Fault]]:
    writer, seq, mac, count = head["writer"], 0, START, 0
    cuts, faults = await _cuts_of(tx, key, writer)
    rows: AsyncIterator[Row] = tx.cursor(LINES_OF, writer)
    async for row in rows:
        count += 1
        seq, mac = _pass_cuts(cuts, seq, mac)
        if row["seq"] != seq + 1:
            faults.append(
                Fault(writer, seq + 1, "lines are missing here" if row["seq"] > seq + 1 else "a line stands twice or out of order")
            )
        seq = row["seq"]
        if not hmac.compare_digest(row["mac"], chain(key, writer, seq, mac, _line(row))) and not (faults and faults[-1].seq == seq):
            faults.append(Fault(writer, seq, "this line was changed, or the one before it was"))
        mac = row["mac"]
    seq, mac = _pass_cuts(cuts, seq, mac)
    if (seq, mac) != (head["seq"], head["mac"]):
        faults.append(Fault(writer, head["seq"], "the end of the chain is missing or was changed"))
    elif not hmac.compare_digest(head["proof"], prove_head(key, writer, seq, mac)):
        faults.append(Fault(writer, seq, "the head of the chain was changed"))
    return count, faults


async def _cuts_of(tx: Tx, key: bytes, writer: UUID) -> tuple[dict[int, tuple[int, bytes]], list[Fault]]:
    """What was lawfully dropped of a chain: where each stretch begins, where it ends, with which MAC; and the cuts that prove nothing."""
    cuts, faults = dict[int, tuple[int, bytes]](), list[Fault]()
    for row in await tx.fetch(CUTS_OF, writer):
        if hmac.compare_digest(row["proof"], prove_cut(key, writer, row["first"], row["last"], row["mac"])):
            cuts[row["first"]] = row["last"], row["mac"]
        else:
            faults.append(Fault(writer, row["first"], "a cut of the chain was changed or added"))
    return cuts, faults


def _pass_cuts(cuts: dict[int, tuple[int, bytes]], seq: int, mac: bytes) -> tuple[int, bytes]:
    """Where a chain goes on after the stretches that were dropped behind `seq`."""
    while seq + 1 in cuts:
        seq, mac = cuts[seq + 1]
    return seq, mac


def _line(row: Row) -> Line:
    return Line(row["owner"], row["at"], row["id"], row["action"], row["outcome"], row["reason"], row["caller"], row["detail"])
