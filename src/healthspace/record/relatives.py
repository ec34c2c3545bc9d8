"""Who helps or represents a citizen, and whom a citizen helps: the invitations of both sides, each with its state."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from healthspace.access.facts import ACCEPTED, ENDED, EXPIRED, EXPIRES, INVITATION, PENDING, is_tied, keys_named_in, value_of
from healthspace.access.origin import is_from_document
from healthspace.access.permit import Door, Permit
from healthspace.access.rules import Action, Tie
from healthspace.access.states import State
from healthspace.base import clock
from healthspace.base.errors import NotFound, Refused
from healthspace.base.ids import owner_of
from healthspace.database.owners import state_of
from healthspace.fhir.dates import instants_of
from healthspace.fhir.exact_json import write_json
from healthspace.identity.caller import Caller
from healthspace.record.carers import leads
from healthspace.record.spaces import patient_of
from healthspace.resources.names import Place, pointed_to
from healthspace.resources.reading import read_resource, why_hidden
from healthspace.resources.store import read_all
from healthspace.resources.stored import Resource, Stored

RELATED = frozenset({Tie.INVITED, Tie.CARER, Tie.REPRESENTATIVE})
REPRESENTING = frozenset({Tie.REPRESENTATIVE})


@dataclass(frozen=True, slots=True)
class Tied:
    """One who invited the caller: the invitation (RelatedPerson), the names of whose record it is (HumanName), and its state."""

    related: Stored
    names: tuple[Resource, ...]
    state: str = State.OPEN


async def list_relatives(p: Permit) -> list[Resource]:
    """Every invitation of a record, the latest first, whatever became of it; none of the people that a document tells of."""
    p.must_be_for(Action.READ_ACCESS, Action.INVITE_CARER)
    known = [one.json() for one in await read_all(p.tx, p.cipher, "RelatedPerson")]
    ours = [one for one in known if value_of(one, INVITATION) is not None and not is_from_document(one) and why_hidden(p, one) is None]
    return sorted(ours, key=lambda one: str(one["id"]), reverse=True)


async def list_tied(door: Door, caller: Caller) -> list[Tied]:
    """Who invited the caller and waits for an answer, and whose carer or representative they are. One line in the trail of each.

    A record that is not open is among them for who represents its holder: they decide what becomes of it. NotFound for a caller who is
    no citizen. Who invites is named to who is invited: else nobody could answer.
    """
    if caller.patient is None:
        raise NotFound
    live = list[tuple[Place, str]]()
    async with door.database.reading() as tx:
        for place in await pointed_to(tx, leads(door.keys, "invited", caller.patient)):
            state = await state_of(tx, place[0])
            # What has run out is not asked for: nobody finds refusals of it in their history.
            wanted = RELATED if state == State.OPEN else REPRESENTING
            if await is_tied(tx, door.keys, place[0], caller.key, wanted, clock.now()):
                live.append((place, state))
    found = [one for place, state in live if (one := await _read_tied(door, caller, place, state))]
    return [one for one in found if state_of_care(one.related.json(), clock.now()) in {PENDING, ACCEPTED}]


async def read_tied(door: Door, caller: Caller, identifier: UUID) -> Tied:
    """One invitation for the caller; NotFound when it is none, has ended or has run out."""
    tied = await _read_tied(door, caller, (owner_of(identifier), identifier))
    if tied is None or state_of_care(tied.related.json(), clock.now()) not in {PENDING, ACCEPTED}:
        raise NotFound
    return tied


async def _read_tied(door: Door, caller: Caller, place: Place, state: str = State.OPEN) -> Tied | None:
    owner, identifier = place
    action = Action.READ_ACCESS if state == State.OPEN else Action.READ_PATIENT
    try:
        async with door.permit(caller, action, owner) as p:
            related = await read_resource(p, "RelatedPerson", identifier)
            if caller.key not in keys_named_in(related.json(), p.keys):
                return None
            return Tied(related, tuple((await patient_of(p)).json().get("name", ())), state)
    except (Refused, NotFound):
        return None  # traced; it has ended, or run out


async def name_relatives(p: Permit) -> dict[str, str]:
    """The names of those who accepted to help, as invited, by the id of their Patient; nobody is told whom an invitation reached before."""
    p.must_be_for(Action.READ_TRAIL, Action.READ_RECORD)
    names: dict[str, str] = {}
    for stored in await read_all(p.tx, p.cipher, "RelatedPerson"):
        related = stored.json()
        accepted = state_of_care(related, p.now) in {ACCEPTED, ENDED} and "start" in related.get("period", {})
        name: Resource = next((one for one in related.get("name", ()) if one.get("family")), {})
        if accepted and name:
            written = " ".join([*name.get("given", ())[:1], name["family"]])
            names |= {key.removeprefix("patient|"): written for key in keys_named_in(related, p.keys)}
    return names


def state_of_care(related: Resource, now: datetime) -> str:
    """PENDING, ACCEPTED, REFUSED, EXPIRED or ENDED: what an invitation is at `now`, whether or not somebody wrote it down."""
    state = str(value_of(related, INVITATION))
    expires = instants_of(str(value_of(related, EXPIRES) or ""))
    end = instants_of(str(related.get("period", {}).get("end", "")))
    if state == PENDING and expires is not None and expires[1] <= now.timestamp():
        return EXPIRED
    if state in {PENDING, ACCEPTED} and end is not None and end[1] <= now.timestamp():
        return ENDED
    return state


def told_at(stored: Stored, now: datetime) -> Stored:
    """An invitation as it is told at `now`: one that has run out says EXPIRED, although nobody wrote it down. Anything else unchanged."""
    if stored.type != "RelatedPerson" or f'"{PENDING}"'.encode() not in stored.body:
        return stored
    related = stored.exact()
    if value_of(related, INVITATION) != PENDING or state_of_care(related, now) != EXPIRED:
        return stored
    told = [{**one, "valueCode": EXPIRED} if one.get("url") == INVITATION else one for one in related["extension"]]
    return stored._replace(body=write_json({**related, "extension": told}))
