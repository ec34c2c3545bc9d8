"""Carers and second representatives: invited by the citizen, matched by INS and traits, who accept or refuse (RelatedPerson).

At most three carers for a person and five people for a carer (settings). Who invites learns nothing of who is invited until they accept:
an invitation with wrong traits reaches nobody and runs out.
"""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from healthspace.access.facts import (
    ACCEPTED,
    ENDED,
    EXPIRED,
    EXPIRES,
    FEED,
    INVITATION,
    INVITEE,
    PENDING,
    REFUSED,
    SCOPE,
    derive_facts,
    keys_named_in,
    represents,
    scopes_of,
    value_of,
)
from healthspace.access.invitee import seal_invitee
from healthspace.access.origin import is_from_document
from healthspace.access.permit import Permit
from healthspace.access.rules import Action, Tie
from healthspace.base.errors import Forbidden, Invalid, NotFound
from healthspace.base.ids import new_id
from healthspace.base.text import fold
from healthspace.database.keys import KeyRing
from healthspace.database.waiting import forget_waiting, wait_for
from healthspace.fhir.dates import instants_of
from healthspace.fhir.resource_types import NUMBER
from healthspace.identity.ins import SYSTEMS, read_ins
from healthspace.record.certificates import Turn, ask_certificate
from healthspace.record.choices import check_period
from healthspace.record.proof import prove
from healthspace.record.spaces import patient_of
from healthspace.resources.hashing import hash_token
from healthspace.resources.names import first_pointed_to, point, point_away, pointed_to, wait_for_turn
from healthspace.resources.store import find, insert, read_all, update
from healthspace.resources.stored import Resource, Stored, instant, open_row

OTHERS_PATIENT = """
    SELECT r.type, r.id, r.version, r.updated, r.body, o.wrapped_key FROM resource r JOIN owner o ON o.owner = r.owner
     WHERE r.owner = $1 AND r.type = $2 AND r.id = $3 AND o.state = 'open'
"""

MAJORITY = 18
MOST_REPRESENTATIVES = 2
OURS = frozenset({INVITATION, INVITEE, EXPIRES, SCOPE})
SCOPES = frozenset({"READ", FEED})


async def invite(p: Permit, related: Resource, identifier: UUID | None = None) -> Stored:
    """Invites a carer, or the second representative of a minor. The answer is the same whoever, if anybody, the traits lead to."""
    p.must_be_for(Action.INVITE_CARER)
    patient = await patient_of(p)
    holder = patient.json()
    _check(related, p)
    await _check_number(p, holder, related)
    person = await _match(p, related, patient.id)
    if person == patient.id:
        raise Invalid("nobody is their own carer", place="RelatedPerson.identifier")
    kept = _complete(p, related, holder, person)
    identifier = identifier or new_id(p.owner)
    stored = await insert(p.tx, p.cipher, p.keys, identifier, kept, p.now)
    await derive_facts(p.tx, p.keys, p.owner, identifier, kept)
    # One who is invited by a row that leads nowhere is invited all the same, as far as anyone can tell.
    await point(p.tx, leads(p.keys, "invited", person or identifier), p.owner, identifier)
    await prove(p, stored, "CREATE")
    return stored


async def change_carer(p: Permit, identifier: UUID, related: Resource) -> Stored:
    """Gives a carer another period or scope; nothing else of an invitation changes."""
    p.must_be_for(Action.INVITE_CARER)
    current = await _invitation(p, identifier)
    kept = current.exact()
    if value_of(kept, INVITATION) not in {PENDING, ACCEPTED}:
        raise Invalid("this invitation is over: make a new one", place="RelatedPerson.active")
    check_period(related.get("period", {}), p.now, "RelatedPerson.period")
    scopes = [one for one in related.get("extension", []) if one.get("url") == SCOPE]
    _check_scopes(related)
    kept["extension"] = [*(one for one in kept["extension"] if one["url"] != SCOPE), *scopes]
    kept["period"] = {**kept.get("period", {}), **related.get("period", {})}
    return await _wait_for_end(p, await _replace(p, current, kept, "UPDATE"))


async def answer(p: Permit, identifier: UUID, *, accepts: bool) -> Stored:
    """The answer of who is invited. NotFound when it is not for them; Invalid when it was answered, has run out, or is one too many."""
    p.must_be_for(Action.ANSWER_INVITATION)
    current = await _invitation(p, identifier)
    related = current.exact()
    if p.caller.key not in keys_named_in(related, p.keys):
        raise NotFound
    if value_of(related, INVITATION) != PENDING:
        raise Invalid("this invitation was answered before", place="RelatedPerson.extension")
    if not accepts:
        p.action = Action.REFUSE_INVITATION
        await point_away(p.tx, leads(p.keys, "invited", p.caller.patient), p.owner, identifier)
        return await _replace(p, current, {**_said(related, REFUSED), "active": False}, "UPDATE")
    if not represents(related):
        await _check_cared_for(p)
    await point(p.tx, leads(p.keys, "cares", p.caller.patient), p.owner, identifier)
    period = {"start": instant(p.now), **related.get("period", {})}
    accepted = await _replace(p, current, {**_said(related, ACCEPTED), "period": period}, "UPDATE")
    if not represents(related):
        await ask_certificate(p, accepted, Turn.BEGUN)
    return await _wait_for_end(p, accepted)


async def end_care(p: Permit, identifier: UUID) -> Stored:
    """Ends it: by the citizen or who represents them, or by the carer themselves."""
    p.must_be_for(Action.INVITE_CARER, Action.ANSWER_INVITATION)
    current = await _invitation(p, identifier)
    related = current.exact()
    named = keys_named_in(related, p.keys)
    if p.action is Action.ANSWER_INVITATION and p.caller.key not in named and Tie.REPRESENTATIVE not in p.relations:
        raise NotFound
    if represents(related) and p.caller.key not in named and value_of(related, INVITATION) == ACCEPTED:
        raise Forbidden("a representative is ended by themselves, or by the law", place="RelatedPerson.relationship")
    if value_of(related, INVITATION) in {ENDED, REFUSED, EXPIRED}:
        return current
    leaves = p.caller.key in named
    p.action = Action.LEAVE_CARE if leaves else Action.END_CARE
    ended = await _end(p, current, {**related.get("period", {}), "end": instant(p.now)})
    if value_of(related, INVITATION) == ACCEPTED and not represents(related):
        await ask_certificate(p, ended, Turn.ENDED_BY_CARER if leaves else Turn.ENDED_BY_HOLDER)
    return ended


async def end_on_date(p: Permit, identifier: UUID) -> None:
    """The service writes down that a carer's help is over on the date that was set; nothing changes when it is not."""
    p.must_be_for(Action.END_CARE)
    current = await find(p.tx, p.cipher, "RelatedPerson", identifier)
    end = _care_end(current.json()) if current is not None else None
    if current is None or end is None:
        await forget_waiting(p.tx, p.owner, identifier)
    elif end <= p.now:
        await ask_certificate(p, await _end(p, current, current.json()["period"]), Turn.ENDED_ON_DATE)


async def _end(p: Permit, current: Stored, period: Resource) -> Stored:
    """Ends an invitation, whatever it had become: nothing leads to it any more."""
    related: Resource = current.exact()
    for person in [key.removeprefix("patient|") for key in keys_named_in(related, p.keys)] or [str(current.id)]:
        for how in ("invited", "cares"):
            await point_away(p.tx, leads(p.keys, how, person), p.owner, current.id)
    await forget_waiting(p.tx, p.owner, current.id)
    return await _replace(p, current, {**_said(related, ENDED), "active": False, "period": period}, "DELETE")


async def _wait_for_end(p: Permit, care: Stored) -> Stored:
    """Puts the end of a carer's help into the calendar of the service."""
    if (end := _care_end(care.json())) is not None:
        await wait_for(p.tx, p.owner, care.id, "care-end", end)
    return care


def _care_end(related: Resource) -> datetime | None:
    """When the help of a carer who accepted ends by itself; None when no date was set, or it is nobody's help."""
    end = instants_of(related.get("period", {}).get("end", ""))
    helps = value_of(related, INVITATION) == ACCEPTED and not represents(related)
    return datetime.fromtimestamp(end[1], UTC) if helps and end is not None else None


def is_minor(patient: Resource, today: date) -> bool:
    """Whether a citizen is under 18 today; never when the birth date is not known whole."""
    try:
        born = date.fromisoformat(patient.get("birthDate", ""))
    except ValueError:
        return False
    return (today.year - born.year, today.month, today.day) < (MAJORITY, born.month, born.day)


def majority_of(patient: Resource) -> str:
    """The 18th birthday of a citizen, as a FHIR date."""
    born = date.fromisoformat(patient["birthDate"])
    day = 28 if (born.month, born.day) == (2, 29) else born.day
    return date(born.year + MAJORITY, born.month, day).isoformat()


def _check(related: Resource, p: Permit) -> None:
    """What matching needs, and what a carer may be given."""
    official: Resource = next((name for name in related.get("name", []) if name.get("family") and name.get("given")), {})
    if not official:
        raise Invalid("give the birth name and the first given name", place="RelatedPerson.name")
    if len(str(related.get("birthDate", ""))) != len("1970-01-01"):
        raise Invalid("give the birth date", place="RelatedPerson.birthDate")
    if not any(one.get("system", "").removeprefix("urn:oid:") in SYSTEMS for one in related.get("identifier", [])):
        raise Invalid("give the national health identity (INS) of who is invited", place="RelatedPerson.identifier")
    if "modifierExtension" in related or "implicitRules" in related:
        raise Invalid("what may change the meaning is not accepted", place="RelatedPerson.modifierExtension")
    _check_scopes(related)
    check_period(related.get("period", {}), p.now, "RelatedPerson.period")


def _check_scopes(related: Resource) -> None:
    if scopes_of(related) - SCOPES:
        raise Invalid("a carer reads (READ), and may add documents (FEED)", place="RelatedPerson.extension")


async def _check_number(p: Permit, holder: Resource, related: Resource) -> None:
    known = [one.json() for one in await read_all(p.tx, p.cipher, "RelatedPerson")]
    open_ones = [one for one in known if not is_from_document(one) and _is_open(p, one)]
    if represents(related):
        if not is_minor(holder, p.now.date()):
            raise Invalid("an adult is represented by a decision of justice, not by an invitation", place="RelatedPerson.relationship")
        if sum(map(represents, open_ones)) >= MOST_REPRESENTATIVES:
            raise Invalid("a minor has two representatives at most", place="RelatedPerson.relationship")
    elif len(open_ones) - sum(map(represents, open_ones)) >= p.policy.most_carers:
        raise Invalid(f"a person has {p.policy.most_carers} carers at most", place="RelatedPerson.patient")


def _is_open(p: Permit, related: Resource) -> bool:
    state = value_of(related, INVITATION)
    expires = instants_of(str(value_of(related, EXPIRES) or ""))
    return state == ACCEPTED or (state == PENDING and (expires is None or expires[1] > p.now.timestamp()))


async def _check_cared_for(p: Permit) -> None:
    """One after the other, so that two acceptances at the same moment do not both find room."""
    h = leads(p.keys, "cares", p.caller.patient)
    await wait_for_turn(p.tx, p.keys, "RelatedPerson", str(h))
    if len(await pointed_to(p.tx, h)) >= p.policy.most_cared_for:
        raise Invalid(f"a carer cares for {p.policy.most_cared_for} people at most", place="RelatedPerson.patient")


async def _match(p: Permit, related: Resource, holder: UUID) -> UUID | None:
    """The citizen whose INS, birth name, first given name and birth date are those of the invitation; None when one of them is not."""
    name: Resource = next(name for name in related["name"] if name.get("family") and name.get("given"))
    stated = next(one for one in related["identifier"] if one.get("system", "").removeprefix("urn:oid:") in SYSTEMS)
    ins = read_ins(stated["system"], stated.get("value", ""), "RelatedPerson.identifier")
    # People write a number without its kind: it is sought under each, the stated one first.
    systems = sorted(SYSTEMS, key=lambda system: system != ins.system)
    hashes = [hash_token(p.keys, "Patient", "identifier", f"urn:oid:{system}", ins.value) for system in systems]
    found = await first_pointed_to(p.tx, hashes)
    # Somebody's traits are read and compared in any case: how long the answer takes says nothing of who is there.
    owner, identifier = found or (p.owner, holder)
    row = await p.tx.fetchrow(OTHERS_PATIENT, owner, NUMBER["Patient"], identifier)
    person: Resource = open_row(p.ciphers.open(owner, row["wrapped_key"]), row).json() if row is not None else {}
    official: Resource = next((one for one in person.get("name", []) if one.get("use") == "official"), {})
    stated_traits = fold(name["family"]), fold(name["given"][0]), related["birthDate"]
    known_traits = fold(official.get("family", "")), fold((official.get("given") or [""])[0]), person.get("birthDate")
    return identifier if known_traits == stated_traits and found is not None else None


def _complete(p: Permit, related: Resource, holder: Resource, person: UUID | None) -> Resource:
    """The invitation as it is kept: pending, sealed for whom it is, with its end; a minor is represented until their majority."""
    others = [one for one in related.get("extension", []) if one.get("url") not in OURS - {SCOPE}]
    ours = [
        {"url": INVITATION, "valueCode": PENDING},
        {"url": INVITEE, "valueString": seal_invitee(p.keys, person)},
        {"url": EXPIRES, "valueDateTime": instant(p.now + p.policy.invitation)},
    ]
    kept = {**related, "active": True, "patient": {"reference": f"Patient/{holder['id']}"}, "extension": [*others, *ours]}
    kept.pop("meta", None)
    if represents(related):
        kept["period"] = {**related.get("period", {}), "end": majority_of(holder)}
    return kept


def _said(related: Resource, state: str) -> Resource:
    others = [one for one in related["extension"] if one["url"] != INVITATION]
    return {**related, "extension": [*others, {"url": INVITATION, "valueCode": state}]}


def leads(keys: KeyRing, how: str, person: Any) -> int:
    """The hash that leads from a person to those who invited them (`invited`), or whom they care for (`cares`)."""
    return keys.hash64("carer", how, str(person))


async def _invitation(p: Permit, identifier: UUID) -> Stored:
    current = await find(p.tx, p.cipher, "RelatedPerson", identifier)
    if current is None or value_of(current.json(), INVITATION) is None:
        raise NotFound
    return current


async def _replace(p: Permit, current: Stored, related: Resource, activity: str) -> Stored:
    stored = await update(p.tx, p.cipher, p.keys, current, related, p.now)
    await derive_facts(p.tx, p.keys, p.owner, current.id, related)
    await prove(p, stored, activity)
    return stored
