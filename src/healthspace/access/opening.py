"""Opening the door: what every command and the service itself need before the first permit."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from healthspace.access.matrix import load_matrix
from healthspace.access.permit import Door
from healthspace.access.policy import Policy
from healthspace.audit.trail import Trail
from healthspace.base import clock
from healthspace.database.blobs import BlobStore
from healthspace.database.keys import open_key_ring
from healthspace.database.opening import OpenDatabase, open_database
from healthspace.database.owners import Ciphers, open_registry
from healthspace.identity.sessions import Sessions
from healthspace.identity.tokens import Tokens
from healthspace.settings import Settings


@dataclass(frozen=True, slots=True)
class Service:
    """Everything that is open while a command or the service runs."""

    settings: Settings
    door: Door
    tokens: Tokens
    sessions: Sessions
    where: str


@asynccontextmanager
async def open_service(settings: Settings) -> AsyncIterator[Service]:
    """Opens database, keys, trail and documents; closes them in order. Misconfigured says what is wrong."""
    async with open_database(settings) as opened:
        door = await open_door(settings, opened)
        try:
            sessions = Sessions(opened.database, door.keys, door.ciphers)
            await sessions.renew()
            yield Service(settings, door, Tokens(door.keys, sessions, demo=opened.demo), sessions, opened.where)
        finally:
            await door.trail.close()


async def open_door(settings: Settings, opened: OpenDatabase) -> Door:
    """The door of an open database."""
    keys = await open_key_ring(opened.database, settings.master_key)
    ciphers = Ciphers(keys)
    await open_registry(opened.database, ciphers, keys, clock.now())
    trail, blobs = Trail(opened.database, keys), BlobStore(settings.data / "blobs")
    return Door(opened.database, keys, ciphers, trail, blobs, demo=opened.demo, policy=policy_of(settings))


def policy_of(settings: Settings) -> Policy:
    """The durations and the matrix of an installation. Misconfigured when the matrix cannot be read."""
    return Policy(
        authorisation=timedelta(days=settings.authorisation_days),
        information=timedelta(days=settings.information_days),
        announcement_notice=timedelta(days=settings.notice_days),
        announcement_limit=timedelta(days=settings.release_days),
        archive=timedelta(days=settings.archive_days),
        majority_limit=timedelta(days=settings.majority_days),
        matrix=load_matrix(settings.access_matrix),
    )
