"""The door for an act that is one statement: it takes its owner's lock, acts and traces, all by itself.

A transaction of five statements costs more in waiting and in processor time than what most of them do. The statement does nothing
at all when the record is not open: whoever asks then goes through the door that says why.
"""

from dataclasses import dataclass
from datetime import datetime

from healthspace.access.permit import Door
from healthspace.access.rules import Action, Facts, Reason, decide
from healthspace.audit.line import Outcome
from healthspace.base import clock
from healthspace.base.ids import REGISTRY
from healthspace.database.keys import KeyRing
from healthspace.database.seal import Cipher
from healthspace.identity.caller import Caller

WHEN_OPEN = """
    held AS (
        SELECT owner FROM owner WHERE owner = $1 AND state = 'open' FOR NO KEY UPDATE
    ), line AS (
        INSERT INTO audit (owner, at, id, writer, seq, action, outcome, reason, caller, detail, mac)
        SELECT owner, $2::timestamptz, $3::uuid, $4::uuid, $5::bigint, $6::text, $7::text, $8::text, $9::bigint, $10::bytea, $11::bytea
          FROM held
    ), head AS (
        UPDATE audit_head SET seq = $5, mac = $11, proof = $12::bytea FROM held WHERE number = $13::bigint
    )"""
"""What follows the WITH of such a statement: `held` is empty unless the record is open. Its own values begin with $14."""


@dataclass(frozen=True, slots=True)
class LonePermit:
    """Leave for `caller` to do `action` to the data of one owner by one statement, which `run` makes."""

    door: Door
    caller: Caller
    action: Action
    reason: Reason
    cipher: Cipher
    now: datetime

    @property
    def keys(self) -> KeyRing:
        return self.door.keys

    async def run(self, statement: str, values: tuple[object, ...], target: str) -> bool:
        """Runs `statement`, which begins with WITH and WHEN_OPEN, and gives the number of rows of `held`; False when nothing was done."""
        line = self.door.line(self.caller, self.action, Outcome.DONE, self.reason, self.cipher, [target])
        trail = self.door.trail
        async with trail.writer() as writer, self.door.database.reading() as tx:
            seq, mac = writer.seq, writer.mac
            trail.link(writer, line)
            told = (line.owner, line.at, line.id, writer.id, writer.seq, line.action, line.outcome, line.reason, line.caller, line.detail)
            done = await tx.fetchval(statement, *told, writer.mac, trail.prove(writer), writer.number, *values)
            if not done:
                writer.seq, writer.mac = seq, mac
        return bool(done)


def permit_alone(door: Door, caller: Caller, action: Action, owner: int) -> LonePermit | None:
    """Leave for one statement about `owner`; None when that is not enough, and the act must go through another door."""
    cipher = door.ciphers.remembered(owner) if owner != REGISTRY else None
    verdict = decide(caller, action, Facts(state="open", demo=door.demo))
    if cipher is None or not verdict.allowed or verdict.reason is not Reason.TECHNICAL:
        return None
    return LonePermit(door, caller, action, verdict.reason, cipher, clock.now())
