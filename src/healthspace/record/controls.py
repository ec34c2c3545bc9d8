"""The citizen's controls as resources: Consent (authorise, block, emergency switches, masking by default) and CareTeam.

Each change checks what is sent, writes it, proves who did it and derives the access facts in one transaction.
"""

from collections.abc import Callable
from uuid import UUID

from healthspace.access.facts import derive_facts, key_of, keys_named_in
from healthspace.access.labels import HIDDEN_FROM_REPRESENTATIVES, SYSTEM, codes_of
from healthspace.access.origin import is_from_document
from healthspace.access.permit import Permit
from healthspace.access.rules import Action
from healthspace.base.errors import Invalid, NotFound, PreconditionFailed
from healthspace.base.ids import new_id
from healthspace.identity.directory import professionals_of
from healthspace.record.choices import check_consent, check_team, is_verified
from healthspace.record.consents import is_over
from healthspace.record.proof import prove, who_is
from healthspace.record.spaces import patient_of
from healthspace.resources.reading import is_shown
from healthspace.resources.store import find, insert, read_all, update
from healthspace.resources.stored import Resource, Stored, instant

CHECKS = {"Consent": check_consent, "CareTeam": check_team}
ENDED = "inactive"


async def create_control(p: Permit, resource: Resource, identifier: UUID | None = None) -> Stored:
    """Stores a choice of the citizen. Invalid, with the place, when it is not one that this record can honour."""
    p.must_be_for(Action.GRANT_ACCESS)
    CHECKS[resource["resourceType"]](resource, p.now)
    if resource["status"] == ENDED:
        raise Invalid("a new choice is active", place=f"{resource['resourceType']}.status")
    await _end_authorisations(p, _blocked_by(resource))
    return await _keep(p, resource, identifier or new_id(p.owner))


async def collect_consent(p: Permit, consent: Resource) -> Stored:
    """Stores an authorisation that a professional has collected, for themselves or for another (R1111-46).

    Invalid when it is anything else than a permit that names professionals, or when they do not state that the person said so.
    """
    p.must_be_for(Action.COLLECT_ACCESS)
    check_consent(consent, p.now)
    provision = consent["provision"]
    if provision["type"] != "permit" or not provision.get("actor"):
        raise Invalid("a professional notes an authorisation that the person gives, and no other choice", place="Consent.provision.type")
    if not is_verified(consent):
        raise Invalid("state that the person has consented: verification.verified", place="Consent.verification")
    longest = p.now + p.policy.authorisation
    period = provision.get("period", {})
    end = min(str(period.get("end") or "9999"), instant(longest))
    provision["period"] = {**period, "end": end}
    return await _keep(p, consent, new_id(p.owner))


async def change_control(p: Permit, identifier: UUID, resource: Resource, if_match: int | None) -> Stored:
    """Puts a choice in the place of an earlier one. NotFound when there is none; PreconditionFailed when it is not that version."""
    p.must_be_for(Action.GRANT_ACCESS)
    type_ = resource["resourceType"]
    current = await _own(p, type_, identifier)
    if if_match not in {None, current.version}:
        raise PreconditionFailed("this is not the current version", place="If-Match")
    if current.json()["status"] == ENDED and resource["status"] != ENDED:
        raise Invalid("a choice that has ended stays so: make a new one", place=f"{type_}.status")
    CHECKS[type_](resource, p.now)
    secret = HIDDEN_FROM_REPRESENTATIVES in codes_of(current.json())
    replaced = await _replace(p, current, await _complete(p, resource, secret=secret), "UPDATE")
    await _end_authorisations(p, _blocked_by(resource))
    return replaced


async def end_control(p: Permit, type_: str, identifier: UUID) -> Stored:
    """Ends a choice now; it stays readable as ended. Ending it twice changes nothing."""
    p.must_be_for(Action.END_ACCESS)
    current = await _own(p, type_, identifier)
    return await _end(p, current) if current.json()["status"] != ENDED else current


async def end_for(p: Permit, type_: str, identifier: UUID, meant: Callable[[Resource], bool]) -> Stored:
    """Ends a choice for those whom it names (references) and who are meant; wholly when it names nobody else. Twice changes nothing."""
    p.must_be_for(Action.END_ACCESS)
    current = await _own(p, type_, identifier)
    return current if current.json()["status"] == ENDED else await _end_for(p, current, meant)


async def _end_for(p: Permit, current: Stored, meant: Callable[[Resource], bool]) -> Stored:
    resource: Resource = current.exact()
    left = _leave_out(resource, meant)
    if left is None:
        return await _end(p, current)
    return await _replace(p, current, left, "UPDATE") if left != resource else current


def _leave_out(resource: Resource, meant: Callable[[Resource], bool]) -> Resource | None:
    """A choice without those who are meant; None when it names nobody else."""
    consent = resource["resourceType"] == "Consent"
    inner, names, who = (resource["provision"], "actor", "reference") if consent else (resource, "participant", "member")
    left = [one for one in inner.get(names, []) if not meant(one.get(who, {}))]
    if not left:
        return None
    return {**resource, "provision": {**inner, names: left}} if consent else {**inner, names: left}


async def _end(p: Permit, current: Stored) -> Stored:
    ended = {**current.exact(), "status": ENDED}
    if current.type == "Consent":
        provision = ended.get("provision", {})
        if not is_over(provision, p.now):
            ended["provision"] = {**provision, "period": {**provision.get("period", {}), "end": instant(p.now)}}
    return await _replace(p, current, ended, "DELETE")


def _blocked_by(resource: Resource) -> set[str]:
    """The keys of those whom a choice blocks: who it names, and who works in a structure that it names."""
    if resource["resourceType"] != "Consent" or resource["status"] == ENDED or resource["provision"]["type"] != "deny":
        return set()
    named = keys_named_in(resource)
    places = [key.removeprefix("finess|") for key in named if key.startswith("finess|")]
    return {*named, *(f"rpps|{person.rpps}" for place in places for person in professionals_of(place))}


async def _end_authorisations(p: Permit, keys: set[str]) -> None:
    """Who is blocked loses their authorisations, and nobody beside them: after the block ends, consent is asked again."""
    if not keys:
        return
    for known in await read_all(p.tx, p.cipher, "Consent"):
        consent = known.json()
        permits = consent["status"] == "active" and consent.get("provision", {}).get("type") == "permit"
        if permits and not is_from_document(consent) and set(keys_named_in(consent)) & keys:
            await _end_for(p, known, lambda named: key_of(named) in keys)


async def _own(p: Permit, type_: str, identifier: UUID) -> Stored:
    """A choice that was made here: what a document tells of consents and teams is none."""
    current = await find(p.tx, p.cipher, type_, identifier)
    if current is None or is_from_document(current.json()) or not is_shown(p, current.json()):
        raise NotFound
    return current


async def _keep(p: Permit, resource: Resource, identifier: UUID) -> Stored:
    kept = await _complete(p, resource, secret=p.caller.secret)
    stored = await insert(p.tx, p.cipher, p.keys, identifier, kept, p.now)
    await derive_facts(p.tx, p.keys, p.owner, identifier, kept)
    await prove(p, stored, "CREATE")
    return stored


async def _replace(p: Permit, current: Stored, resource: Resource, activity: str) -> Stored:
    stored = await update(p.tx, p.cipher, p.keys, current, resource, p.now)
    await derive_facts(p.tx, p.keys, p.owner, current.id, resource)
    await prove(p, stored, activity)
    return stored


async def _complete(p: Permit, resource: Resource, *, secret: bool) -> Resource:
    """What only the record knows: whose it is, who said it, from when and, for an authorisation, until when.

    `secret`: a minor agreed to it in a secret connection. Who represents them is not told, and it holds in such a connection alone.
    """
    patient = await patient_of(p)
    subject = "patient" if resource["resourceType"] == "Consent" else "subject"
    kept = {**resource, subject: {"reference": f"Patient/{patient.id}"}}
    meta = {name: value for name, value in resource.get("meta", {}).items() if name in {"profile", "tag"}}
    kept.pop("meta", None)
    if secret:
        meta["security"] = [{"system": SYSTEM, "code": HIDDEN_FROM_REPRESENTATIVES}]
    if meta:
        kept["meta"] = meta
    if kept["resourceType"] == "Consent":
        kept["performer"] = [who_is(p.caller)]
        kept.setdefault("dateTime", instant(p.now))
        provision = kept["provision"]
        period = {"start": instant(p.now), **provision.get("period", {})}
        if provision["type"] == "permit" and provision.get("actor") and "end" not in period:
            period["end"] = instant(p.now + p.policy.authorisation)
        kept["provision"] = {**provision, "period": period}
    return kept
