"""What decisions need, kept beside the resources that say it: derived from Consent and CareTeam as they are written."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from healthspace.database.database import Tx
from healthspace.database.keys import KeyRing
from healthspace.fhir.dates import instants_of

FORGET = "DELETE FROM access_fact WHERE owner = $1 AND source = $2"
KEEP = "INSERT INTO access_fact (owner, kind, subject, source, until) VALUES ($1, $2, $3, $4, $5)"

RPPS = "https://rpps.esante.gouv.fr"
TREATING_DOCTOR = "PCP"
"""Functional role of the médecin traitant (JDV_J47)."""

Fact = tuple[str, str, datetime | None]
"""Kind, key of the caller it holds for (as `Caller.key`), and until when."""


def facts_in(resource: dict[str, Any]) -> list[Fact]:
    """The facts that one resource states; none when it is not active."""
    if resource.get("status") != "active":
        return []
    if resource["resourceType"] == "Consent":
        provision = resource.get("provision", {})
        until = _end_of(provision.get("period", {}))
        actors = [actor["reference"] for actor in provision.get("actor", [])]
        return [("authorised", key, until) for actor in actors if provision.get("type") == "permit" and (key := _caller_key(actor))]
    return [
        ("treating-doctor", key, _end_of(participant.get("period", {})))
        for participant in resource.get("participant", [])
        if _has_role(participant, TREATING_DOCTOR) and (key := _caller_key(participant.get("member", {})))
    ]


async def derive_facts(tx: Tx, keys: KeyRing, owner: int, source: UUID, resource: dict[str, Any]) -> None:
    """Puts what `resource` states in the place of what it stated before, in the transaction that writes it."""
    await tx.execute(FORGET, owner, source)
    for kind, key, until in facts_in(resource):
        await tx.execute(KEEP, owner, kind, keys.hash_caller(key), source, until)


def _caller_key(reference: dict[str, Any]) -> str | None:
    identifier = reference.get("identifier", {})
    return f"rpps|{identifier['value']}" if identifier.get("system") == RPPS and "value" in identifier else None


def _has_role(participant: dict[str, Any], code: str) -> bool:
    return any(coding.get("code") == code for role in participant.get("role", []) for coding in role.get("coding", []))


def _end_of(period: dict[str, str]) -> datetime | None:
    span = instants_of(period.get("end", ""))
    return datetime.fromtimestamp(span[1], UTC) if span else None
