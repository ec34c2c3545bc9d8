"""The one door to health data: decide, act and trace.

A write decides, acts and traces in one transaction. A read decides and reads, then waits until its line is durable (in a
commit shared with other reads) before its answer may leave. A refusal or a failure is traced too, exactly once.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import anyio
import orjson

from healthspace.access.announce import Act, Announcer
from healthspace.access.facts import EVERYBODY
from healthspace.access.matrix import Admission
from healthspace.access.policy import Policy
from healthspace.access.rules import QUERIES, WRITES, Action, Facts, Reason, Scope, Tie, Verdict, decide
from healthspace.audit.line import Line, Outcome
from healthspace.audit.origin import current_origin, note_told
from healthspace.audit.trail import Trail
from healthspace.base import clock
from healthspace.base.errors import Forbidden, HealthspaceError, NotFound, Refused, Unavailable
from healthspace.base.ids import REGISTRY, new_id, owner_of
from healthspace.database.blobs import BlobStore
from healthspace.database.database import Database, Row, Tx
from healthspace.database.keys import KeyRing
from healthspace.database.outbox import Letter, post
from healthspace.database.owners import Ciphers, create_owner
from healthspace.database.seal import Cipher
from healthspace.identity.caller import UNKNOWN, Caller, Purpose

FACTS = """
    SELECT o.state, o.wrapped_key, f.kind AS relation, f.until
      FROM owner o
      LEFT JOIN access_fact f ON f.owner = o.owner AND f.subject = ANY ($2::bigint[]) AND (f.since IS NULL OR f.since <= $3)
     WHERE o.owner = $1
"""
FACTS_AND_RESOURCE = """
    SELECT o.state, o.wrapped_key, f.kind AS relation, f.until, r.type, r.id, r.version, r.updated, r.body
      FROM owner o
      LEFT JOIN access_fact f ON f.owner = o.owner AND f.subject = ANY ($2::bigint[]) AND (f.since IS NULL OR f.since <= $3)
      LEFT JOIN resource r ON r.owner = o.owner AND r.type = $4 AND r.id = $5
     WHERE o.owner = $1
"""
NO_OWNER = -1
"""No record has this number."""
LOCK_OWNER = "SELECT owner FROM owner WHERE owner = $1 FOR NO KEY UPDATE"


@dataclass(slots=True)
class Permit:
    """Proof that `caller` may do `action` to the data of `owner`, for as long as `tx` is open."""

    tx: Tx
    caller: Caller
    action: Action
    owner: int
    reason: Reason
    scope: Scope
    hidden: frozenset[str]
    withheld: frozenset[str]
    concerned: frozenset[str]
    only: frozenset[str] | None
    admission: Admission | None
    """What the matrix lets the caller's profession read; None: it does not bound this caller."""
    relations: frozenset[str]
    """The facts (Tie) that hold between the caller and the citizen, and the citizen's choices for the record."""
    facts: Facts
    cipher: Cipher
    ciphers: Ciphers
    keys: KeyRing
    blobs: BlobStore
    policy: Policy
    now: datetime
    about: tuple[int, UUID] | None = None
    """Type and id of the resource that was asked for together with the facts."""
    fetched: Row | None = None
    """Its row; None when there is none."""
    targets: list[str] = field(default_factory=list)
    """What the act touched, as `Type/id`: sealed into the line of the trail."""

    def must_be_for(self, *actions: Action) -> None:
        """Every operation begins with this: a permit for one act is no permit for another."""
        if self.action not in actions:
            raise Refused(f"a permit for {self.action} is no permit for {' or '.join(actions)}")

    def allows(self, action: Action, *, whole: bool = False) -> bool:
        """Whether the rules would let the caller do `action` here too: what would be refused is not offered. It is no permit for it.

        `whole`: and on all of the record, not only on what the caller did or brought themselves.
        """
        verdict = decide(self.caller, action, self.facts)
        return verdict.allowed and (not whole or verdict.scope is Scope.ALL)

    def note(self, *targets: str) -> None:
        self.targets.extend(targets)

    @property
    def depositor(self) -> int:
        """The caller as the source of documents, hashed as the index holds it."""
        return self.keys.hash_caller(self.caller.depositor_key, "depositor")

    @property
    def concern(self) -> tuple[int, ...]:
        """The hashes under which the index holds what names the caller."""
        return tuple(self.keys.hash_caller(key, "concerns") for key in self.caller.keys)

    @property
    def unbounded(self) -> bool:
        """Whether nothing of the registry is kept from the caller."""
        return self.reason is Reason.TECHNICAL

    @property
    def entered(self) -> dict[int, Cipher]:
        """The ciphers of the owners that this permit is about."""
        return {self.owner: self.cipher}

    @property
    def only_own_deposits(self) -> bool:
        return self.scope is Scope.OWN_DEPOSITS

    @property
    def only_shown(self) -> bool:
        """Whether all is masked by default: what is seen is what the caller deposited, and what the citizen shows one by one."""
        return self.scope is Scope.SHOWN

    @property
    def bounded(self) -> bool:
        """Whether each resource must be looked at before it is shown."""
        return bool(self.hidden or self.admission or self.concerned or self.scope is not Scope.ALL)

    @property
    def owners(self) -> tuple[int, ...]:
        return (self.owner,)


class Door:
    """Gives permits. Holds what they need: the database, the keys, the trail, the documents' files."""

    def __init__(
        self,
        database: Database,
        keys: KeyRing,
        ciphers: Ciphers,
        trail: Trail,
        blobs: BlobStore,
        *,
        demo: bool,
        policy: Policy | None = None,
    ) -> None:
        self.database, self.keys, self.ciphers = database, keys, ciphers
        self.trail, self.blobs, self.demo = trail, blobs, demo
        self.policy = policy or Policy()
        self.announcer = Announcer()
        self.stale: set[str] = set()
        """Resource types that are being indexed anew: what is searched in them may be incomplete until that ends."""

    def permit(
        self, caller: Caller, action: Action, owner: int | None, *, about: tuple[int, UUID] | None = None
    ) -> AbstractAsyncContextManager[Permit]:
        """A permit for `action` on the record of `owner` (None: no such record); Refused when the rules say no.

        `about` is the type and id of the resource that will be read or changed: its row comes with the facts, in one statement, so that
        what is there and hidden is as much work as what is not there.
        """
        return self._write(caller, action, owner, about) if action in WRITES else self._read(caller, action, owner, about)

    @asynccontextmanager
    async def permit_to_open(self, caller: Caller) -> AsyncIterator[Permit]:
        """A permit on a record that begins with it: a new owner, with a data key of its own."""
        facts = Facts(state=None, demo=self.demo)
        verdict = decide(caller, Action.OPEN_SPACE, facts)
        try:
            if not verdict.allowed:
                raise Refused(verdict.reason)
            now = clock.now()
            async with self.trail.writer() as writer, self.database.transaction() as tx:
                cipher = await create_owner(tx, self.ciphers, self.keys, "citizen", now)
                permit = self._grant(tx, caller, Action.OPEN_SPACE, verdict, cipher, now, facts)
                yield permit
                await self.trail.append(tx, writer, [self._line_of(permit, permit.cipher)])
        except BaseException as error:
            await self._trace_to_the_end(caller, Action.OPEN_SPACE, None, error)
            raise

    async def trace_failure(self, caller: Caller, action: str, owner: int | None, error: BaseException) -> None:
        """One line for an act that did not happen, unless it has one already; never what the input said."""
        if getattr(error, "traced", False):
            return
        outcome, reason = _name_failure(error)
        if caller.patient is not None and action in OF_INVITATIONS:
            owner = owner_of_caller(caller)
        # One statement, whether there is such a record or none: how long a refusal takes says nothing of it.
        async with self.database.reading() as tx:
            cipher = await self.ciphers.of_one_or_registry(tx, owner or REGISTRY)
        about = [error.about] if isinstance(error, Refused) and error.about else []
        await self.trail.record(self.line(caller, action, outcome, reason, cipher, about))
        _mark_traced(error)

    @asynccontextmanager
    async def _write(self, caller: Caller, action: Action, owner: int | None, about: tuple[int, UUID] | None) -> AsyncIterator[Permit]:
        try:
            async with self.trail.writer() as writer, self.database.transaction() as tx:
                # Writes to one record follow each other: the state that was judged is the state that is written to.
                if owner != REGISTRY:
                    await tx.fetchval(LOCK_OWNER, owner)
                permit = await self._decide(tx, caller, action, owner, about)
                yield permit
                line, letters = self._tell(permit, permit.cipher)
                await self.trail.append(tx, writer, [line])
                if letters:
                    await post(tx, letters)
            note_told()
        except BaseException as error:
            await self._trace_to_the_end(caller, action, owner, error)
            raise

    @asynccontextmanager
    async def _read(self, caller: Caller, action: Action, owner: int | None, about: tuple[int, UUID] | None) -> AsyncIterator[Permit]:
        try:
            async with self.database.reading() as tx:
                permit = await self._decide(tx, caller, action, owner, about)
                # Who was invited and looks tells nobody yet that the invitation found them: the line is in their own trail.
                told = await self.ciphers.of(tx, owner_of_caller(caller)) if permit.reason is Reason.INVITED else permit.cipher
                yield permit
            await self._record(*self._tell(permit, told))
        except BaseException as error:
            await self._trace_to_the_end(caller, action, owner, error)
            raise

    async def _record(self, line: Line, letters: list[Letter]) -> None:
        try:
            await self.trail.record(line, letters=letters)
        except asyncio.CancelledError as cancelled:
            _mark_traced(cancelled)  # the line was handed over: a second one would tell the same act
            raise
        self.announcer.posted(letters)
        note_told()

    async def _trace_to_the_end(self, caller: Caller, action: Action, owner: int | None, error: BaseException) -> None:
        """The line of a failure is written even when whoever asked has gone."""
        with anyio.CancelScope(shield=True):
            await self.trace_failure(caller, action, owner, error)

    async def _decide(self, tx: Tx, caller: Caller, action: Action, owner: int | None, about: tuple[int, UUID] | None = None) -> Permit:
        now = clock.now()
        # Asked also where there is no such record, so that its absence takes as long as a refusal.
        known = (NO_OWNER if owner is None else owner, [self.keys.hash_caller(key) for key in (*caller.keys, EVERYBODY)], now)
        rows: list[Row] = await (tx.fetch(FACTS_AND_RESOURCE, *known, *about) if about else tx.fetch(FACTS, *known))
        facts = Facts(
            state=rows[0]["state"] if rows else None,
            relations=frozenset(row["relation"] for row in rows if row["relation"] and not _is_past(row["until"], now)),
            own=owner is not None and caller.patient is not None and owner_of(caller.patient) == owner,
            registry=owner == REGISTRY,
            demo=self.demo,
            expired=any(row["relation"] == Tie.AUTHORISED and _is_past(row["until"], now) for row in rows),
        )
        verdict = decide(caller, action, facts)
        if not verdict.allowed or owner is None:
            raise Refused(verdict.reason)
        cipher = self.ciphers.open(owner, rows[0]["wrapped_key"])
        permit = self._grant(tx, caller, action, verdict, cipher, now, facts)
        permit.about, permit.fetched = about, rows[0] if about and rows[0]["id"] is not None else None
        return permit

    def _grant(
        self,
        tx: Tx,
        caller: Caller,
        action: Action,
        verdict: Verdict,
        cipher: Cipher,
        now: datetime,
        facts: Facts,
    ) -> Permit:
        return Permit(
            tx=tx,
            caller=caller,
            action=action,
            owner=cipher.owner,
            **bounds_of(verdict, facts, self.policy),
            cipher=cipher,
            ciphers=self.ciphers,
            keys=self.keys,
            blobs=self.blobs,
            policy=self.policy,
            now=now,
        )

    def _tell(self, permit: Permit, cipher: Cipher) -> tuple[Line, list[Letter]]:
        """The line of an act, in the trail of the owner of `cipher`, and the letters of what it sets off."""
        line = self._line_of(permit, cipher)
        act = Act(permit.caller, permit.action, permit.reason, permit.relations, tuple(permit.targets), line)
        return line, self.announcer.letters_of(act, permit.cipher)

    def _line_of(self, permit: Permit, cipher: Cipher) -> Line:
        return self.line(permit.caller, permit.action, Outcome.DONE, permit.reason, cipher, permit.targets)

    def line(self, caller: Caller, action: str, outcome: Outcome, reason: str, cipher: Cipher, targets: list[str]) -> Line:
        """The line of the trail that tells one act (or failure) about the owner of `cipher`."""
        identifier = new_id(cipher.owner)
        detail = {
            "kind": caller.kind.value,
            "role": caller.role.value if caller.role else None,
            "name": caller.name,
            "structure": caller.structure,
            "rpps": caller.rpps,
            "finess": caller.finess,
            "targets": targets,
            **_circumstances(caller, action, outcome),
        }
        return Line(
            owner=cipher.owner,
            at=clock.now(),
            id=identifier,
            action=action,
            outcome=outcome,
            reason=reason,
            caller=self.keys.hash_caller(caller.key),
            detail=cipher.seal(orjson.dumps(detail), "AuditEvent", identifier, 1),
        )


def bounds_of(verdict: Verdict, facts: Facts, policy: Policy) -> dict[str, Any]:
    """What a permit holds of the verdict that it comes from, and of the facts that were judged."""
    return {
        "reason": verdict.reason,
        "scope": verdict.scope,
        "hidden": verdict.hidden,
        "withheld": verdict.withheld,
        "concerned": verdict.concerned,
        "only": verdict.only,
        "admission": policy.admission(verdict.profession) if verdict.profession is not None else None,
        "relations": facts.relations,
        "facts": facts,
    }


def _circumstances(caller: Caller, action: str, outcome: Outcome) -> dict[str, str | bool]:
    """Where an act came from and on whose behalf, as far as it is known. A query is kept of what was done, not of what was refused."""
    origin = current_origin()
    emergency = caller.purpose is not Purpose.TREAT
    told = {
        "patient": str(caller.patient) if caller.patient else "",
        "network": origin.network,
        "software": origin.software,
        "query": origin.query if outcome is Outcome.DONE and action in QUERIES else "",
        "purpose": caller.purpose.value if emergency else "",
        "why": caller.why if emergency else "",
        "secret": caller.secret,
    }
    return {name: value for name, value in told.items() if value}


OF_INVITATIONS = frozenset({Action.READ_ACCESS, Action.ANSWER_INVITATION})
"""What a citizen does about an invitation. A failure is told in their own trail: elsewhere it would say whom the invitation found."""


def owner_of_caller(caller: Caller) -> int:
    """The owner of a citizen's own record; the registry for anybody else."""
    return owner_of(caller.patient) if caller.patient is not None else REGISTRY


def _is_past(until: datetime | None, now: datetime) -> bool:
    return until is not None and until <= now


def _mark_traced(error: BaseException) -> None:
    vars(error)["traced"] = True


def _name_failure(error: BaseException) -> tuple[Outcome, str]:
    """Refusals keep the rule's reason; faults of the input and of the service are named by their class.

    What is not there was refused too: to whom a refusal is told as an absence, both are one (decision 6).
    """
    if isinstance(error, Refused):
        return Outcome.REFUSED, error.message if error.message in set(Reason) else Reason.NO_RIGHT
    if isinstance(error, NotFound):
        return Outcome.REFUSED, Reason.NOT_FOUND
    if isinstance(error, Forbidden):
        return Outcome.REFUSED, Reason.NOT_AUTHOR
    if isinstance(error, HealthspaceError) and not isinstance(error, Unavailable):
        return Outcome.REJECTED, type(error).__name__.lower()
    return Outcome.FAILED, "failure"


def is_told(error: HealthspaceError) -> bool:
    """Whether the trail tells the act of this request already: what goes wrong in answering it is no second one, unless it is a refusal."""
    return current_origin().told and not isinstance(error, Refused | Forbidden)


async def trace_stranger(door: Door, action: str, error: BaseException) -> None:
    """A line for a request whose caller could not be identified."""
    await door.trace_failure(UNKNOWN, action, None, error)
