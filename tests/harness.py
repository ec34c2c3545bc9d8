"""The whole service in one process, on a real database whose changes are rolled back after each test."""

import asyncio
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import httpx

from healthspace.access.opening import Service
from healthspace.access.permit import Door
from healthspace.access.rules import Action
from healthspace.audit.trail import Trail
from healthspace.base import clock
from healthspace.database.blobs import BlobStore
from healthspace.database.database import Database
from healthspace.database.keys import KeyRing
from healthspace.database.owners import Ciphers, open_registry
from healthspace.identity.caller import SERVICE, Caller, Purpose, caller_of_citizen
from healthspace.identity.ins import TEST, Ins, control_key
from healthspace.identity.personas import Role
from healthspace.identity.sessions import Sessions
from healthspace.identity.tokens import Tokens, caller_of_role
from healthspace.record.authorise import authorise, name_treating_doctor
from healthspace.record.spaces import Traits, open_space, owner_of_patient
from healthspace.settings import Settings

LINES = "SELECT action, outcome, reason FROM audit ORDER BY writer, seq"


class OneConnection:
    """Poses as a pool: every transaction becomes a savepoint of the test's own, one at a time."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection, self._turn = connection, asyncio.Lock()

    @asynccontextmanager
    async def acquire(self, *, timeout: float | None = None) -> AsyncIterator[asyncpg.Connection]:
        async with self._turn:
            yield self._connection

    def get_max_size(self) -> int:
        return 1


async def open_test_service(
    database: asyncpg.Connection | asyncpg.Pool, folder: Path, *, demo: bool = True, lease: float = math.inf
) -> Service:
    """A service on one connection or on a pool, with a fixed master key and its documents under `folder`.

    `lease` is how long it answers by what it knows of ended sessions: alone, for ever.
    """
    acquires = OneConnection(database) if isinstance(database, asyncpg.Connection) else database
    database, keys = Database(acquires), KeyRing(b"k" * 32)
    ciphers = Ciphers(keys)
    await open_registry(database, ciphers, keys, clock.now())
    door = Door(database, keys, ciphers, Trail(database, keys), BlobStore(folder / "blobs"), demo=demo)
    sessions = Sessions(database, keys, ciphers, lease=lease)
    await sessions.renew()
    settings = Settings(data=folder, master_key=folder / "master.key")
    return Service(settings, door, Tokens(keys, sessions, demo=demo), sessions, "a test")


def some_traits(number: int = 1, **changes: Any) -> Traits:
    """The traits of an invented woman; each `number` is another person."""
    thirteen = f"27903511{number:05d}"
    ins = Ins(TEST, thirteen + control_key(thirteen))
    given = {"ins": ins, "family": "DUPRÉ", "given": ("LÉA", "ROSE"), "gender": "female", "birth_date": "1979-03-28", "birthplace": "51215"}
    return Traits(**{**given, **changes})


async def a_citizen(service: Service, number: int = 1, **changes: Any) -> UUID:
    """Opens a space; the id of its Patient."""
    async with service.door.permit_to_open(SERVICE) as p:
        return await open_space(p, some_traits(number, **changes))


async def authorised(service: Service, patient: UUID, role: Role) -> None:
    """Has the citizen authorise the persona of `role`."""
    async with service.door.permit(caller_of_citizen(patient), Action.GRANT_ACCESS, owner_of_patient(patient)) as p:
        await authorise(p, rpps_of(role))


async def treated(service: Service, patient: UUID, role: Role = Role.TREATING_DOCTOR) -> None:
    """Makes the persona of `role` the citizen's treating doctor."""
    async with service.door.permit(caller_of_citizen(patient), Action.GRANT_ACCESS, owner_of_patient(patient)) as p:
        await name_treating_doctor(p, rpps_of(role))


def rpps_of(role: Role) -> str:
    caller = caller_of_role(role)
    assert caller.rpps is not None
    return caller.rpps


@dataclass(frozen=True)
class Urgent:
    """A persona in an emergency: the mode and the reason that its token carries."""

    role: Role
    purpose: Purpose
    reason: str


def urgent(role: Role, purpose: Purpose = Purpose.BTG, reason: str = "Found unconscious") -> Urgent:
    return Urgent(role, purpose, reason)


def token_of(service: Service, who: Role | Caller | UUID | Urgent) -> str:
    """A token of a persona, or of the citizen whose Patient id is given."""
    if isinstance(who, Urgent):
        return service.tokens.issue(who.role, clock.now(), purpose=who.purpose, reason=who.reason)
    if isinstance(who, UUID):
        return service.tokens.issue(Role.CITIZEN, clock.now(), patient=who)
    assert isinstance(who, Role)
    return service.tokens.issue(who, clock.now())


def as_caller(service: Service, who: Role | UUID | Urgent) -> dict[str, str]:
    """The headers of a request by a persona or a citizen."""
    return {"authorization": f"Bearer {token_of(service, who)}"}


def client_of(app: Any) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app, raise_app_exceptions=False), base_url="http://space.test")


async def lines_of(connection: asyncpg.Connection) -> list[tuple[str, str, str]]:
    """The trail so far: action, outcome and reason of each line."""
    return [(row["action"], row["outcome"], row["reason"]) for row in await connection.fetch(LINES)]
