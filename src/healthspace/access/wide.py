"""The door for an act about several owners at once, or about nobody known yet: searches across citizens, transactions, new citizens.

Only a caller whom the rules allow everything gets such a permit: in this version the technical caller of demo mode. Each owner that
is entered or shown has a line of the trail of its own, as with any other permit.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime

import anyio

from healthspace.access.permit import Door
from healthspace.access.rules import WRITES, Action, Facts, Reason, decide
from healthspace.audit.line import Line, Outcome
from healthspace.base import clock
from healthspace.base.errors import Contended, Refused
from healthspace.base.ids import REGISTRY
from healthspace.database.blobs import BlobStore
from healthspace.database.database import Tx
from healthspace.database.keys import KeyRing
from healthspace.database.owners import Ciphers, create_owner
from healthspace.database.seal import Cipher
from healthspace.identity.caller import Caller

LOCK_OPEN = "SELECT wrapped_key FROM owner WHERE owner = $1 AND state = 'open' FOR NO KEY UPDATE"
KNOWN = "SELECT owner FROM owner WHERE owner = $1"


@dataclass(slots=True)
class WidePermit:
    """Proof that `caller` may do `action` to anything, for as long as `tx` is open."""

    tx: Tx
    caller: Caller
    action: Action
    reason: Reason
    ciphers: Ciphers
    keys: KeyRing
    blobs: BlobStore
    now: datetime
    touched: dict[int, list[str]] = field(default_factory=dict)
    """By owner, what the act touched, as `Type/id`."""
    entered: dict[int, Cipher] = field(default_factory=dict)
    """The ciphers of the owners met so far, whether to read or to write."""
    locked: set[int] = field(default_factory=set)
    owners: None = None
    hidden: frozenset[str] = frozenset()
    withheld: frozenset[str] = frozenset()
    concerned: frozenset[str] = frozenset()
    only: None = None
    admission: None = None
    concern: tuple[int, ...] = ()
    depositor: int = 0
    unbounded: bool = True
    only_own_deposits: bool = False
    only_shown: bool = False

    def must_be_for(self, *actions: Action) -> None:
        """Every operation begins with this: a permit for one act is no permit for another."""
        if self.action not in actions:
            raise Refused(f"a permit for {self.action} is no permit for {' or '.join(actions)}")

    def note(self, owner: int, *targets: str) -> None:
        self.touched.setdefault(owner, []).extend(targets)

    async def enter(self, owner: int) -> Cipher | None:
        """The cipher of an owner whose data are about to be written, locked until the end; None when there is none that is open."""
        if owner not in self.locked:
            if owner == REGISTRY:
                # What belongs to nobody is written by many at once: its rows are locked one by one.
                self.entered[owner] = await self.ciphers.of(self.tx, REGISTRY)
            else:
                wrapped = await self.tx.fetchval(LOCK_OPEN, owner)
                if wrapped is None:
                    return None
                self.entered[owner] = self.ciphers.open(owner, wrapped)
            self.locked.add(owner)
        return self.entered[owner]

    async def require_unknown(self, owner: int) -> None:
        """Refused when there is such an owner: one that could not be entered is closed or erased."""
        if await self.tx.fetchval(KNOWN, owner) is not None:
            raise Refused(Reason.RECORD_CLOSED)

    async def found(self) -> Cipher:
        """A new citizen's owner, with a data key of its own."""
        cipher = await create_owner(self.tx, self.ciphers, self.keys, "citizen", self.now)
        self.entered[cipher.owner] = cipher
        self.locked.add(cipher.owner)
        return cipher


@asynccontextmanager
async def permit_wide(door: Door, caller: Caller, action: Action) -> AsyncIterator[WidePermit]:
    """A permit for `action` on whatever it meets; Refused when the rules say no. Contended is not traced: it may be tried again."""
    try:
        verdict = decide(caller, action, Facts(state="open", demo=door.demo))
        if not verdict.allowed or verdict.reason is not Reason.TECHNICAL:
            raise Refused(verdict.reason if not verdict.allowed else Reason.NO_RIGHT)
        acting = _writing if action in WRITES else _reading
        async with acting(door, caller, action, verdict.reason) as permit:
            yield permit
    except Contended:
        raise
    except BaseException as error:
        with anyio.CancelScope(shield=True):
            await door.trace_failure(caller, action, None, error)
        raise


@asynccontextmanager
async def _writing(door: Door, caller: Caller, action: Action, reason: Reason) -> AsyncIterator[WidePermit]:
    async with door.trail.writer() as writer, door.database.transaction() as tx:
        permit = WidePermit(tx, caller, action, reason, door.ciphers, door.keys, door.blobs, clock.now())
        yield permit
        await door.trail.append(tx, writer, await _lines(door, permit))


@asynccontextmanager
async def _reading(door: Door, caller: Caller, action: Action, reason: Reason) -> AsyncIterator[WidePermit]:
    async with door.database.reading() as tx:
        permit = WidePermit(tx, caller, action, reason, door.ciphers, door.keys, door.blobs, clock.now())
        yield permit
        lines = await _lines(door, permit)
    await door.trail.record(*lines)


async def _lines(door: Door, permit: WidePermit) -> list[Line]:
    """One line for each owner that was touched; one of the registry when none was."""
    touched = permit.touched or {REGISTRY: []}
    missing = set(touched) - set(permit.entered)
    ciphers = permit.entered | await door.ciphers.of_all(permit.tx, missing)
    return [
        door.line(permit.caller, permit.action, Outcome.DONE, permit.reason, ciphers[owner], targets)
        for owner, targets in sorted(touched.items())
        if owner in ciphers
    ]
