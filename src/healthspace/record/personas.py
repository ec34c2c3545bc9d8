"""Which citizens the personas `citizen` and `parent` are, in demo mode."""

from uuid import UUID

from healthspace.access.permit import Door
from healthspace.identity.personas import Role

REMEMBER = "INSERT INTO installation (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value"
RECALL = "SELECT value FROM installation WHERE name = $1"


async def remember_persona(door: Door, role: Role, patient: UUID) -> None:
    async with door.database.transaction() as tx:
        await tx.execute(REMEMBER, f"persona-{role}", patient.bytes)


async def persona_patient(door: Door, role: Role) -> UUID | None:
    """The Patient that a citizen's persona stands for; None before a population was made."""
    async with door.database.reading() as tx:
        value: bytes | None = await tx.fetchval(RECALL, f"persona-{role}")
    return UUID(bytes=value) if value is not None else None
