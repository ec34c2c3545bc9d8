"""What decisions need, kept beside the resources that say it: derived from Consent, CareTeam and RelatedPerson as they are written."""

from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

from healthspace.access import labels
from healthspace.access.invitee import NOBODY, open_invitee
from healthspace.access.origin import is_from_document
from healthspace.access.terms import Tie
from healthspace.database.database import Tx
from healthspace.database.keys import KeyRing
from healthspace.fhir.dates import instants_of
from healthspace.identity.directory import FINESS, FINESS_OID, RPPS, RPPS_OID

FORGET = "DELETE FROM access_fact WHERE owner = $1 AND source = $2"
KEEP = """
    INSERT INTO access_fact (owner, kind, subject, source, since, until)
    SELECT DISTINCT ON (kind, subject) $1::bigint, kind, subject, $2::uuid, since, until
      FROM unnest($3::text[], $4::bigint[], $5::timestamptz[], $6::timestamptz[]) AS new (kind, subject, since, until)
     ORDER BY kind, subject, until DESC NULLS FIRST
"""
TIED = """
    SELECT EXISTS (SELECT 1 FROM access_fact WHERE owner = $1 AND kind = ANY ($2::text[]) AND subject = $3
                      AND (since IS NULL OR since <= $4) AND (until IS NULL OR until > $4))
"""

OWN_PURPOSES = "urn:healthspace:emergency"
MASKED_PURPOSE = "MASKED"
"""Purpose of ours: masked documents, read in an emergency."""

TREATING_DOCTOR = "PCP"
"""Functional role of the médecin traitant (JDV_J47)."""
TEAM_ROLES = "urn:healthspace:care-team-role"
ROLES = {
    TREATING_DOCTOR: Tie.TREATING_DOCTOR,
    "administrator": Tie.ADMINISTRATOR,
    "pharmacist": Tie.PHARMACIST,
    "midwife": Tie.MIDWIFE,
}
"""What a participant of the care team is; any other role makes a member."""
REPRESENTING = frozenset("PRN NPRN MTH FTH NMTH NFTH ADOPTP GUARD HPOWATT SPOWATT POWATT".split())
"""Relationships (v3-RoleCode) of those who represent a person; any other makes a carer."""

INVITATION = "urn:healthspace:invitation"
INVITEE = "urn:healthspace:invitee"
SCOPE = "urn:healthspace:scope"
EXPIRES = "urn:healthspace:invitation-expires"
PENDING, ACCEPTED, REFUSED, EXPIRED, ENDED = "PENDING", "ACCEPTED", "REFUSED", "EXPIRED", "ENDED"
FEED = "FEED"

STATED_BY_NONE = UUID(int=0)
"""The source of a fact that no resource states."""
OPPOSED = {"ETREAT": Tie.NO_REGULATION, "BTG": Tie.NO_BREAK_GLASS}
"""Which emergency mode a citizen refuses, by the purpose that their Consent denies."""

EVERYBODY = "record"
"""The key of facts that hold whoever calls."""

Resource = dict[str, Any]


class Fact(NamedTuple):
    """Kind (Tie), key of the caller it holds for (as `Caller.key`, or EVERYBODY), from when and until when."""

    kind: str
    key: str
    since: datetime | None = None
    until: datetime | None = None


def facts_in(resource: Resource, keys: KeyRing | None = None) -> list[Fact]:
    """The facts that one resource states; none when it is not active, or is what a document says. `keys` open whom an invitation is for."""
    if is_from_document(resource):
        return []
    match resource["resourceType"]:
        case "Consent":
            return list(_consent_facts(resource)) if resource.get("status") == "active" else []
        case "CareTeam":
            return list(_team_facts(resource)) if resource.get("status") == "active" else []
        case "RelatedPerson":
            return list(_related_facts(resource, keys)) if resource.get("active", True) else []
    return []


def keys_named_in(resource: Resource, keys: KeyRing | None = None) -> list[str]:
    """Whom a Consent or a RelatedPerson concerns, active or not, as keys of callers; nobody, when a document says it.

    `keys` open whom an invitation is for.
    """
    if is_from_document(resource):
        return []
    if resource["resourceType"] == "Consent":
        return [key for actor in resource.get("provision", {}).get("actor", []) if (key := key_of(actor.get("reference", {})))]
    if resource["resourceType"] == "RelatedPerson":
        invited = open_invitee(keys, str(value_of(resource, INVITEE) or "")) if keys is not None else None
        return [f"patient|{invited}"] if invited is not None else []
    return []


def key_of(reference: Resource) -> str | None:
    """The key of the professional or structure that a logical reference names, under either system of its number."""
    identifier = reference.get("identifier", {})
    system, value = identifier.get("system"), str(identifier.get("value", ""))
    if system == RPPS_OID and len(value) == 12 and value.startswith("8"):
        system, value = RPPS, value[1:]
    if system == FINESS_OID and len(value) == 10 and value.startswith("1"):
        system, value = FINESS, value[1:]
    kind = {RPPS: "rpps", FINESS: "finess"}.get(str(system))
    return f"{kind}|{value}" if kind and value else None


def value_of(resource: Resource, url: str) -> Any:
    """The value of the first extension `url`, or None."""
    for extension in resource.get("extension", []):
        if extension.get("url") == url:
            return next((value for name, value in extension.items() if name.startswith("value")), None)
    return None


async def derive_facts(tx: Tx, keys: KeyRing, owner: int, source: UUID, resource: Resource) -> None:
    """Puts what `resource` states in the place of what it stated before, in the transaction that writes it."""
    await tx.execute(FORGET, owner, source)
    if facts := facts_in(resource, keys):
        kinds, named, since, until = zip(*facts, strict=True)
        await tx.execute(KEEP, owner, source, [str(kind) for kind in kinds], [keys.hash_caller(key) for key in named], since, until)


async def keep_fact(tx: Tx, keys: KeyRing, owner: int, source: UUID, fact: Fact) -> None:
    """Keeps one fact that no resource states: of a step in the life of the record."""
    await tx.execute(KEEP, owner, source, [str(fact.kind)], [keys.hash_caller(fact.key)], [fact.since], [fact.until])


async def is_tied(tx: Tx, keys: KeyRing, owner: int, key: str, kinds: Collection[Tie], now: datetime) -> bool:
    """Whether any of `kinds` ties a caller to this citizen at `now`."""
    return bool(await tx.fetchval(TIED, owner, [str(kind) for kind in kinds], keys.hash_caller(key), now))


async def forget_facts(tx: Tx, owner: int, source: UUID) -> None:
    """Takes back what `source` stated."""
    await tx.execute(FORGET, owner, source)


def _consent_facts(consent: Resource) -> Iterator[Fact]:
    provision = consent.get("provision", {})
    span = _span_of(provision.get("period", {}))
    permits, actors = provision.get("type") == "permit", [actor.get("reference", {}) for actor in provision.get("actor", [])]
    if not actors:
        yield from (Fact(kind, EVERYBODY, *span) for kind in _choices(provision, permits=permits))
        return
    secret = labels.HIDDEN_FROM_REPRESENTATIVES in labels.codes_of(consent)
    express = any(str(performer.get("reference", "")).startswith("Patient/") for performer in consent.get("performer", []))
    for actor in actors:
        if not permits and provision.get("type") == "deny" and str(actor.get("reference", "")).startswith("CareTeam/"):
            yield Fact(Tie.NO_TEAM, EVERYBODY, *span)
        elif (key := key_of(actor)) is None or provision.get("type") not in {"permit", "deny"}:
            continue
        elif not permits:
            yield Fact(Tie.BLOCKED, key, *span)
        else:
            yield Fact(Tie.AUTHORISED_SECRETLY if secret else Tie.AUTHORISED, key, *span)
            if express and key.startswith("rpps|"):
                yield Fact(Tie.EXPRESS, key, *span)


def _choices(provision: Resource, *, permits: bool) -> Iterator[str]:
    """What a Consent that names nobody says about everybody: the emergency switches, and masking by default."""
    purposes = {purpose.get("code") for purpose in provision.get("purpose", [])}
    if permits:
        if MASKED_PURPOSE in purposes:
            yield Tie.MASKED_IN_EMERGENCY
        return
    if provision.get("type") != "deny":
        return
    yield from (tie for purpose, tie in OPPOSED.items() if purpose in purposes)
    if any(label.get("code") == labels.MASKED for label in provision.get("securityLabel", [])):
        yield Tie.MASKED_BY_DEFAULT


def _team_facts(team: Resource) -> Iterator[Fact]:
    for participant in team.get("participant", []):
        key = key_of(participant.get("member", {}))
        if key is None:
            continue
        codes = [coding.get("code") for role in participant.get("role", []) for coding in role.get("coding", [])]
        kinds = [ROLES[code] for code in codes if code in ROLES] or [Tie.MEMBER]
        # Only a person can treat, or be given the treating doctor's rights.
        kinds = kinds if key.startswith("rpps|") else [Tie.MEMBER]
        yield from (Fact(kind, key, *_span_of(participant.get("period", {}))) for kind in kinds)


def _related_facts(related: Resource, keys: KeyRing | None) -> Iterator[Fact]:
    state, named = value_of(related, INVITATION), keys_named_in(related, keys)
    since, until = _span_of(related.get("period", {}))
    if state == PENDING:
        # One who is not there is invited too: as much is written whoever the traits lead to.
        ends = _end_of(str(value_of(related, EXPIRES) or ""))
        yield from (Fact(Tie.INVITED, key, None, ends) for key in named or [f"patient|{NOBODY}"])
        return
    for key in named:
        if state == ACCEPTED and represents(related):
            yield Fact(Tie.REPRESENTATIVE, key, since, until)
        elif state == ACCEPTED:
            yield Fact(Tie.CARER, key, since, until)
            if FEED in scopes_of(related):
                yield Fact(Tie.CARER_FEEDS, key, since, until)


def represents(related: Resource) -> bool:
    """Whether a RelatedPerson represents the citizen; a carer otherwise."""
    codes = {coding.get("code") for concept in related.get("relationship", []) for coding in concept.get("coding", [])}
    return bool(codes & REPRESENTING)


def scopes_of(related: Resource) -> set[str]:
    """What a carer may do beside reading."""
    return {str(extension.get("valueCode")) for extension in related.get("extension", []) if extension.get("url") == SCOPE}


def _span_of(period: dict[str, str]) -> tuple[datetime | None, datetime | None]:
    start = instants_of(period.get("start", ""))
    return datetime.fromtimestamp(start[0], UTC) if start else None, _end_of(period.get("end", ""))


def _end_of(text: str) -> datetime | None:
    span = instants_of(text)
    return datetime.fromtimestamp(span[1], UTC) if span else None
