"""The life of a record (CSP L1111-13-1, R1111-32 to R1111-38; `access/states.py`): each step, and when the next one comes.

A step writes the state of the owner, the holder's Patient (TD02 tells `active` and the closure) and a proof, in one transaction.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from healthspace.access.facts import ACCEPTED, EVERYBODY, INVITATION, INVITEE, Fact, derive_facts, forget_facts, keep_fact, keys_named_in
from healthspace.access.invitee import seal_invitee
from healthspace.access.permit import Permit
from healthspace.access.rules import Action, Reason, Tie
from healthspace.access.states import State
from healthspace.base.errors import Conflict, Invalid, Refused
from healthspace.base.ids import new_id
from healthspace.database.owners import change_state, erase_owner, life_of, set_due, state_of
from healthspace.identity.caller import Kind
from healthspace.identity.ins import SYSTEMS
from healthspace.record.carers import is_minor, leads, majority_of
from healthspace.record.proof import prove
from healthspace.record.spaces import CLOSURE, Traits, closure, open_space, patient_of
from healthspace.resources.hashing import hash_link, hash_name_claim
from healthspace.resources.indexing import index
from healthspace.resources.names import point
from healthspace.resources.store import insert, read_all, update
from healthspace.resources.stored import Resource, Stored
from healthspace.terminology.uris import ROLE_CODES

DEATH = "patient-deces"
"""Motive of the closure of a record whose holder has died; the guide gives no list of motives."""
STEPS = {
    State.ANNOUNCED: frozenset({Action.CONFIRM_SPACE, Action.OBJECT_TO_SPACE}),
    State.REFUSED: frozenset({Action.REOPEN_SPACE, Action.ERASE_SPACE}),
    State.OPEN: frozenset({Action.CLOSE_SPACE, Action.ERASE_SPACE}),
    State.SUSPENDED: frozenset({Action.CLOSE_SPACE}),
    State.CLOSED: frozenset({Action.REOPEN_SPACE, Action.ERASE_SPACE}),
}
"""The steps that lead somewhere from each state, for the holder and for who represents them."""
REPRESENTS = {"coding": [{"system": ROLE_CODES, "code": "PRN"}]}


@dataclass(frozen=True, slots=True)
class Life:
    """Where a record stands: its state, when the next step comes by itself, since when and why it is closed."""

    state: State
    due: datetime | None
    of_age: bool
    """The holder has come of age and has not confirmed their record yet."""
    closed: str = ""
    """A FHIR instant; `motive` is a code, `reason` the words of who closed it."""
    motive: str = ""
    reason: str = ""

    @property
    def steps(self) -> frozenset[Action]:
        """What changes it now, as far as the rules let the caller do it."""
        objects = self.state is State.SUSPENDED and self.due is not None
        more = {Action.CONFIRM_SPACE} if self.of_age else {Action.OBJECT_TO_SPACE} if objects else set[Action]()
        return STEPS.get(self.state, frozenset()) | more


async def read_life(p: Permit) -> Life:
    """Where the life of the record stands."""
    p.must_be_for(Action.READ_PATIENT)
    state, due = await life_of(p.tx, p.owner)
    known = [one for one in (await patient_of(p)).json().get("extension", []) if one["url"] == CLOSURE]
    told: Resource = {part["url"]: part for one in known[-1:] for part in one["extension"]}
    return Life(
        State(state),
        due,
        of_age=Tie.OF_AGE in p.relations,
        closed=told.get("dateFermeture", {}).get("valueDateTime", ""),
        motive=told.get("motifFermeture", {}).get("valueCoding", {}).get("code", ""),
        reason=told.get("raisonFermeture", {}).get("valueString", ""),
    )


async def announce_space(p: Permit, traits: Traits, *, announced: bool, representative: UUID | None = None) -> UUID:
    """Opens a space, or announces that it will open unless its holder objects in time; a minor's with their first representative.

    Conflict when this INS has a space; Invalid when a minor has no representative, or an adult one.
    """
    p.must_be_for(Action.OPEN_SPACE)
    identifier = await open_space(p, traits)
    holder = (await patient_of(p)).json()
    minor = is_minor(holder, p.now.date())
    if minor != (representative is not None):
        raise Invalid("a minor's space is opened by who represents them, an adult's by nobody else", place="Parameters.parameter")
    if representative is not None:
        await _keep_representative(p, holder, representative)
    if announced:
        await change_state(p.tx, p.owner, State.ANNOUNCED, p.now)
        await set_due(p.tx, p.owner, p.now + p.policy.information)
        await _tell_state(p, active=False)
    elif minor:
        await set_due(p.tx, p.owner, _midnight(majority_of(holder), p.now))
    return identifier


async def represent(p: Permit, representative: UUID) -> bool:
    """Makes a citizen represent a minor who is not represented by them yet; whether that was so."""
    p.must_be_for(Action.INVITE_CARER)
    holder = (await patient_of(p)).json()
    known = [key for one in await read_all(p.tx, p.cipher, "RelatedPerson") for key in keys_named_in(one.json(), p.keys)]
    if not is_minor(holder, p.now.date()) or f"patient|{representative}" in known:
        return False
    await _keep_representative(p, holder, representative)
    return True


async def object_to_space(p: Permit) -> Stored:
    """The holder objects: an announced record is not opened, and a suspended one is not closed until who suspended it decides."""
    p.must_be_for(Action.OBJECT_TO_SPACE)
    if await state_of(p.tx, p.owner) == State.SUSPENDED:
        await set_due(p.tx, p.owner, None)
        return await patient_of(p)
    return await _move(p, State.REFUSED, active=False)


async def confirm_space(p: Permit) -> Stored:
    """The record is wanted: an announced one opens now or on its date, and one that waits for its holder of age goes on.

    Refused for a record that was suspended for another reason.
    """
    p.must_be_for(Action.CONFIRM_SPACE)
    patient = await patient_of(p)
    if await state_of(p.tx, p.owner) == State.SUSPENDED and Tie.OF_AGE not in p.relations:
        raise Refused(Reason.RECORD_NOT_OPEN)
    await forget_facts(p.tx, p.owner, patient.id)
    return await _move(p, State.OPEN, active=True)


async def suspend_space(p: Permit) -> Stored:
    """Nothing goes on until it is resumed; it is closed when nobody objects in time (R1111-36)."""
    p.must_be_for(Action.SUSPEND_SPACE)
    return await _move(p, State.SUSPENDED, active=False, due=p.now + p.policy.information)


async def resume_space(p: Permit) -> Stored:
    """Ends a suspension, or a closure for a death that was told by mistake. Conflict when the record is open."""
    p.must_be_for(Action.RESUME_SPACE)
    if Tie.DECEASED in p.relations:
        await forget_facts(p.tx, p.owner, (await patient_of(p)).id)
    return await _move(p, State.OPEN, active=True)


async def close_space(p: Permit, motive: str, reason: str = "") -> Stored:
    """Closes the record: nothing is fed or read, all is kept for ten years (setting). Conflict when it is closed already.

    For a death (`DEATH`) it is closed to the holder's own access and their representatives too. Invalid when a citizen tells that motive.
    """
    p.must_be_for(Action.CLOSE_SPACE)
    if motive == DEATH:
        if p.caller.kind is Kind.CITIZEN:
            raise Invalid("a death is told by the insurance or by the service", place="motive")
        await keep_fact(p.tx, p.keys, p.owner, (await patient_of(p)).id, Fact(Tie.DECEASED, EVERYBODY))
    return await _move(p, State.CLOSED, active=False, closed=closure(motive, p.now, reason), due=p.now + p.policy.archive)


async def reopen_space(p: Permit) -> Stored:
    """Opens a closed or refused record again, with all that was kept."""
    p.must_be_for(Action.REOPEN_SPACE)
    return await _move(p, State.OPEN, active=True)


async def erase_space(p: Permit) -> None:
    """Destroys the data key, the rows and what leads to them. The trail's lines stay, as the proof that there was a record."""
    p.must_be_for(Action.ERASE_SPACE)
    patient = await patient_of(p)
    pointers = sorted({*index(patient.json(), p.keys, p.owner).across, hash_link(p.keys, f"Patient/{patient.name}")})
    claims = [
        hash_name_claim(p.keys, one["system"].removeprefix("urn:oid:"), one["value"])
        for one in patient.json().get("identifier", [])
        if one.get("system", "").removeprefix("urn:oid:") in SYSTEMS
    ]
    await erase_owner(p.tx, p.owner, pointers, claims, p.now)
    p.ciphers.forget(p.owner)
    p.note(f"Patient/{patient.id}")


async def come_of_age(p: Permit) -> None:
    """On the 18th birthday the holder has until a date to confirm their record; on that date it is suspended."""
    p.must_be_for(Action.SUSPEND_SPACE)
    if Tie.OF_AGE in p.relations:
        await _move(p, State.SUSPENDED, active=False)
        return
    p.action = Action.ASK_CONFIRMATION
    patient = await patient_of(p)
    await keep_fact(p.tx, p.keys, p.owner, patient.id, Fact(Tie.OF_AGE, EVERYBODY))
    await set_due(p.tx, p.owner, p.now + p.policy.majority_limit)
    p.note(f"Patient/{patient.id}")


async def _move(p: Permit, state: State, *, active: bool, closed: Resource | None = None, due: datetime | None = None) -> Stored:
    before = await state_of(p.tx, p.owner)
    if before == state and state != State.OPEN:
        raise Conflict("the record is in this state already")
    stored = await _tell_state(p, active=active, closed=closed)
    if state is State.OPEN and is_minor(holder := stored.json(), p.now.date()):
        due = _midnight(majority_of(holder), p.now)
    await change_state(p.tx, p.owner, state, p.now)
    await set_due(p.tx, p.owner, due)
    return stored


async def _tell_state(p: Permit, *, active: bool, closed: Resource | None = None) -> Stored:
    """The Patient, saying whether the record is active and, when it is closed, since when and why."""
    current = await patient_of(p)
    patient = current.exact()
    others = [one for one in patient.get("extension", []) if one["url"] != CLOSURE]
    told = [*others, *([closed] if closed else [])]
    kept = {**{name: value for name, value in patient.items() if name != "extension"}, "active": active}
    stored = await update(p.tx, p.cipher, p.keys, current, {**kept, **({"extension": told} if told else {})}, p.now)
    await prove(p, stored, "UPDATE")
    return stored


async def _keep_representative(p: Permit, holder: Resource, representative: UUID) -> None:
    """The first representative, who certifies by opening the space that they are one."""
    related = {
        "resourceType": "RelatedPerson",
        "active": True,
        "patient": {"reference": f"Patient/{holder['id']}"},
        "relationship": [REPRESENTS],
        "period": {"start": p.now.date().isoformat(), "end": majority_of(holder)},
        "extension": [
            {"url": INVITATION, "valueCode": ACCEPTED},
            {"url": INVITEE, "valueString": seal_invitee(p.keys, representative)},
        ],
    }
    identifier = new_id(p.owner)
    stored = await insert(p.tx, p.cipher, p.keys, identifier, related, p.now)
    await derive_facts(p.tx, p.keys, p.owner, identifier, related)
    await point(p.tx, leads(p.keys, "invited", representative), p.owner, identifier)
    p.note(f"RelatedPerson/{stored.id}")


def _midnight(day: str, now: datetime) -> datetime:
    return max(datetime.fromisoformat(day).replace(tzinfo=now.tzinfo), now + timedelta(seconds=1))
