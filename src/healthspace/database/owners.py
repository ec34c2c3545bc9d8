"""Owners: one per citizen or directory entry, each with a data key that the master key wraps."""

from collections import OrderedDict
from collections.abc import Collection
from datetime import datetime

from healthspace.base.ids import REGISTRY, new_owner
from healthspace.database.database import Database, Tx
from healthspace.database.keys import KeyRing
from healthspace.database.seal import Cipher

CREATE = """
    INSERT INTO owner (owner, kind, state, wrapped_key, created, changed) VALUES ($1, $2, 'open', $3, $4, $4)
    ON CONFLICT (owner) DO NOTHING RETURNING owner
"""
WRAPPED_KEY = "SELECT wrapped_key FROM owner WHERE owner = $1"
WRAPPED_KEYS = "SELECT owner, wrapped_key FROM owner WHERE owner = ANY ($1::bigint[]) AND state = 'open'"
SET_DUE = "UPDATE owner SET due = $2 WHERE owner = $1"
STATE_OF = "SELECT state FROM owner WHERE owner = $1"
LIFE_OF = "SELECT state, due FROM owner WHERE owner = $1"
OWNERS_DUE = "SELECT owner, state FROM owner WHERE due <= $1 ORDER BY due LIMIT $2"
ERASE = """
    WITH bodies AS (DELETE FROM resource WHERE owner = $1),
         earlier AS (DELETE FROM resource_history WHERE owner = $1),
         tokens AS (DELETE FROM ix_token WHERE owner = $1),
         ranges AS (DELETE FROM ix_range WHERE owner = $1),
         strings AS (DELETE FROM ix_string WHERE owner = $1),
         facts AS (DELETE FROM access_fact WHERE owner = $1),
         waiting AS (DELETE FROM waiting_document WHERE owner = $1),
         letters AS (DELETE FROM outbox WHERE owner = $1),
         files AS (DELETE FROM blob WHERE owner = $1)
    UPDATE owner SET state = 'erased', wrapped_key = NULL, due = NULL, changed = $2 WHERE owner = $1
"""
UNPOINT = "DELETE FROM xref WHERE h = ANY ($1::bigint[]) AND owner = $2"
UNCLAIM = "DELETE FROM claim WHERE h = ANY ($1::bigint[]) AND owner = $2"
CHANGE_STATE = "UPDATE owner SET state = $2, changed = $3 WHERE owner = $1"

REMEMBERED = 4096
"""Opened data keys kept in memory; about 200 bytes each."""


class Ciphers:
    """The ciphers of the owners met lately."""

    def __init__(self, keys: KeyRing) -> None:
        self._keys = keys
        self._opened: OrderedDict[int, tuple[bytes, Cipher]] = OrderedDict()
        self._registry: Cipher | None = None

    def open(self, owner: int, wrapped: bytes) -> Cipher:
        """The cipher of `owner`; a key that was wrapped anew is opened anew."""
        known = self._opened.get(owner)
        if known is not None and known[0] == wrapped:
            self._opened.move_to_end(owner)
            return known[1]
        cipher = Cipher(owner, self._keys.unwrap(wrapped))
        self._opened[owner] = wrapped, cipher
        if len(self._opened) > REMEMBERED:
            self._opened.popitem(last=False)
        if owner == REGISTRY:
            self._registry = cipher
        return cipher

    def remembered(self, owner: int) -> Cipher | None:
        """The cipher of `owner` if it was met lately."""
        known = self._opened.get(owner)
        return known[1] if known is not None else None

    def forget(self, owner: int) -> None:
        """Of an owner who was erased, nothing stays in memory."""
        self._opened.pop(owner, None)

    async def of(self, tx: Tx, owner: int) -> Cipher:
        return self.open(owner, await tx.fetchval(WRAPPED_KEY, owner))

    async def of_one_or_registry(self, tx: Tx, owner: int) -> Cipher:
        """The cipher of `owner`, or of the registry when there is none or it was erased: one statement either way."""
        wrapped = await tx.fetchval(WRAPPED_KEY, owner)
        if wrapped is not None:
            return self.open(owner, wrapped)
        return self._registry or await self.of(tx, REGISTRY)

    async def of_all(self, tx: Tx, owners: Collection[int]) -> dict[int, Cipher]:
        """The ciphers of those of `owners` that are open, by owner, in one statement."""
        rows = await tx.fetch(WRAPPED_KEYS, list(owners)) if owners else []
        return {row["owner"]: self.open(row["owner"], row["wrapped_key"]) for row in rows}


async def create_owner(tx: Tx, ciphers: Ciphers, keys: KeyRing, kind: str, now: datetime) -> Cipher:
    """A new owner of `kind` (citizen or directory) with a data key of its own."""
    owner, wrapped = new_owner(), keys.wrap(keys.new_data_key())
    # Among millions of random 48-bit numbers, two may be the same.
    while await tx.fetchval(CREATE, owner, kind, wrapped, now) is None:
        owner = new_owner()
    return ciphers.open(owner, wrapped)


async def change_state(tx: Tx, owner: int, state: str, now: datetime) -> None:
    await tx.execute(CHANGE_STATE, owner, state, now)


async def set_due(tx: Tx, owner: int, due: datetime | None) -> None:
    """When the next step of an owner's life comes by itself; None: no step is waiting."""
    await tx.execute(SET_DUE, owner, due)


async def state_of(tx: Tx, owner: int) -> str:
    state: str = await tx.fetchval(STATE_OF, owner)
    return state


async def life_of(tx: Tx, owner: int) -> tuple[str, datetime | None]:
    """The state of an owner, and when its next step comes by itself."""
    row = await tx.fetchrow(LIFE_OF, owner)
    assert row is not None  # noqa: S101 - owners are never deleted
    return row["state"], row["due"]


async def find_owners_due(database: Database, now: datetime, limit: int) -> list[tuple[int, str]]:
    """Owner and state of those whose next step has come, the longest due first."""
    async with database.reading() as tx:
        return [(row["owner"], row["state"]) for row in await tx.fetch(OWNERS_DUE, now, limit)]


async def erase_owner(tx: Tx, owner: int, pointers: Collection[int], claims: Collection[int], now: datetime) -> None:
    """Destroys the data key and every row but the trail's; `pointers` and `claims` are what leads to this owner by a hash."""
    await tx.execute(UNPOINT, list(pointers), owner)
    await tx.execute(UNCLAIM, list(claims), owner)
    await tx.execute(ERASE, owner, now)


async def open_registry(database: Database, ciphers: Ciphers, keys: KeyRing, now: datetime) -> Cipher:
    """The cipher of the registry, which seals the lines of the trail that concern nobody known."""
    async with database.transaction() as tx:
        await tx.execute(CREATE, REGISTRY, "registry", keys.wrap(keys.new_data_key()), now)
        return await ciphers.of(tx, REGISTRY)
