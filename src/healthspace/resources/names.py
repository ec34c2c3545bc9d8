"""From the ids that clients use to ours. A server-made id says its owner by itself; one that a client chose leads there by a claim."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from healthspace.base.ids import owner_of, parse_id
from healthspace.database.database import Tx
from healthspace.database.keys import KeyRing
from healthspace.resources.hashing import hash_token

POINTED_TO = "SELECT owner, id FROM xref WHERE h = $1 ORDER BY owner, id"
POINTED_TO_BY_ANY = "SELECT owner, id FROM xref WHERE h = ANY ($1::bigint[]) ORDER BY array_position($1::bigint[], h), owner, id LIMIT 1"
CLAIM_NAME = "INSERT INTO claim (h, owner, id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING h"
CLAIMED = "SELECT owner, id FROM claim WHERE h = $1"
ALL_CLAIMED = "SELECT h, owner, id FROM claim WHERE h = ANY ($1::bigint[])"
CLAIM = "INSERT INTO claim (h, owner) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING h"
POINT = "INSERT INTO xref (h, owner, id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"
POINT_AWAY = "DELETE FROM xref WHERE h = $1 AND owner = $2 AND id = $3"
IDENTIFIED = "SELECT owner, id FROM ix_token WHERE h = ANY ($1::bigint[]) AND h & 1 = 1 ORDER BY owner, id LIMIT 20"
WAIT_FOR_TURN = "INSERT INTO claim (h, owner) VALUES ($1, 0) ON CONFLICT (h) DO UPDATE SET owner = excluded.owner"

Place = tuple[int, UUID]
"""Owner and id of a resource."""


async def locate_name(tx: Tx, keys: KeyRing, type_: str, name: str) -> Place | None:
    """Where the resource `type_`/`name` is, or would be; None for a name that nobody gave."""
    identifier = parse_id(name)
    if identifier is not None and owner_of(identifier):
        return owner_of(identifier), identifier
    row = await tx.fetchrow(CLAIMED, _hash_name(keys, type_, name))
    if row is not None:
        return row["owner"], row["id"]
    return (0, identifier) if identifier is not None and identifier.version == 8 else None


async def locate_names(tx: Tx, keys: KeyRing, names: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Place]:
    """Where those of several resources are that can be somewhere."""
    found, asked = dict[tuple[str, str], Place](), dict[int, tuple[str, str]]()
    for type_, name in names:
        identifier = parse_id(name)
        if identifier is not None and identifier.version == 8:
            found[type_, name] = owner_of(identifier), identifier
        else:
            asked[_hash_name(keys, type_, name)] = type_, name
    if asked:
        found |= {asked[row["h"]]: (row["owner"], row["id"]) for row in await tx.fetch(ALL_CLAIMED, list(asked)) if row["id"]}
    return found


async def claimed_place(tx: Tx, keys: KeyRing, type_: str, name: str) -> Place | None:
    """Where a name that a client chose leads, even one that looks like ours."""
    row = await tx.fetchrow(CLAIMED, _hash_name(keys, type_, name))
    return (row["owner"], row["id"]) if row is not None else None


async def claim_name(tx: Tx, keys: KeyRing, type_: str, name: str, place: Place) -> bool:
    """Gives a client's name to a resource; False when another transaction has given it first."""
    return await tx.fetchval(CLAIM_NAME, _hash_name(keys, type_, name), *place) is not None


async def claim(tx: Tx, keys: KeyRing, kind: str, system: str, value: str, owner: int) -> bool:
    """Takes an identifier that may name one thing only; False when another owner has it."""
    h = keys.hash64("claim", kind, system, value)
    if await tx.fetchval(CLAIM, h, owner) is not None:
        return True
    row = await tx.fetchrow(CLAIMED, h)
    return row is not None and bool(row["owner"] == owner)


async def claimed_owner(tx: Tx, keys: KeyRing, kind: str, system: str, value: str) -> int | None:
    """The owner that `claim` gave an identifier to, or None."""
    row = await tx.fetchrow(CLAIMED, keys.hash64("claim", kind, system, value))
    return row["owner"] if row is not None else None


async def pointed_to(tx: Tx, h: int) -> list[Place]:
    """Owner and id of what is found under a hash without knowing whose it is."""
    return [(row["owner"], row["id"]) for row in await tx.fetch(POINTED_TO, h)]


async def first_pointed_to(tx: Tx, hashes: Sequence[int]) -> Place | None:
    """What the first of `hashes` that leads anywhere leads to: one statement, whether any does or not."""
    row = await tx.fetchrow(POINTED_TO_BY_ANY, hashes)
    return (row["owner"], row["id"]) if row is not None else None


async def wait_for_turn(tx: Tx, keys: KeyRing, *condition: str) -> None:
    """Lets conditional writes of one condition follow each other: the second sees what the first one made."""
    await tx.execute(WAIT_FOR_TURN, keys.hash64("turn", *condition))


def _hash_name(keys: KeyRing, type_: str, name: str) -> int:
    return keys.hash64("name", type_, name)


async def find_identified(tx: Tx, keys: KeyRing, type_: str, system: str, value: str) -> list[Place]:
    """Where the resources of one type are that carry this identifier, whoever they belong to."""
    hashes = [hash_token(keys, type_, path, system, value) for path in ("masterIdentifier", "identifier")]
    return [(row["owner"], row["id"]) for row in await tx.fetch(IDENTIFIED, hashes)]


async def point(tx: Tx, h: int, owner: int, identifier: UUID) -> None:
    """Has `h` lead to a resource, for who does not know whose it is."""
    await tx.execute(POINT, h, owner, identifier)


async def point_away(tx: Tx, h: int, owner: int, identifier: UUID) -> None:
    """Takes back what `point` did."""
    await tx.execute(POINT_AWAY, h, owner, identifier)
