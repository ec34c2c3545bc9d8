"""Events of the outbox become notifications, reviews and e-mails. Each effect settles its letter in its own transaction."""

from dataclasses import replace
from uuid import UUID

import orjson

from healthspace.access.announce import Event
from healthspace.access.permit import Door
from healthspace.access.rules import Action
from healthspace.audit.reading import read_line
from healthspace.base.errors import NotFound, Refused
from healthspace.base.ids import REGISTRY, event_id, made_at, owner_of, parse_id
from healthspace.database.database import Tx
from healthspace.database.outbox import Claimed, enqueue
from healthspace.identity.caller import SERVICE, Kind
from healthspace.notifications.carers import FOR_CARERS, carer_told
from healthspace.notifications.mailboxes import mailbox_of
from healthspace.notifications.model import Happened, read_happened
from healthspace.notifications.operations import START
from healthspace.notifications.tell import tell, tell_elsewhere
from healthspace.reviews.operations import answer_report, open_review, patient_in

DOCTOR, REVIEW, CARER = "doctor", "review", "carer"
REVIEWED = frozenset({Event.EMERGENCY_ACCESS, Event.ACCESS_REPORTED})
"""What the agency looks at: each break-glass, and each access that a citizen questions."""


async def handle_event(door: Door, letter: Claimed) -> None:
    """Tells the holder, and posts what must follow: to the treating doctors, to the agency."""
    told = orjson.loads(letter.body)
    happened = read_happened(told)
    try:
        # Who represents the holder is not told that there was something to tell.
        async with door.permit(replace(SERVICE, secret=happened.secret), Action.NOTIFY, letter.owner) as p:
            if happened.event in FOR_CARERS:
                carer = await carer_told(p, happened)
                if carer is not None:
                    await _follow(p.tx, letter, CARER, {**told, "carer": str(carer)}, CARER)
                await letter.settle(p.tx)
                return
            came = await tell(p, happened, letter.id)
            for rpps in came.doctors:
                await _follow(p.tx, letter, DOCTOR, {**told, "doctor": rpps, "about": came.patient}, rpps)
            if happened.event in REVIEWED:
                await _follow(p.tx, letter, REVIEW, {**told, "about": came.patient}, REVIEW)
            await letter.settle(p.tx)
    except (Refused, NotFound):
        return  # closed since: there is nobody to tell


async def handle_doctor(door: Door, letter: Claimed) -> None:
    """Tells one treating doctor."""
    told = orjson.loads(letter.body)
    mailbox = await mailbox_of(door, told["doctor"])
    identifier = event_id(mailbox, made_at(letter.id) or START, str(letter.id))
    async with door.permit(SERVICE, Action.NOTIFY, mailbox) as p:
        await tell_elsewhere(p, read_happened(told), identifier, told["about"])
        await letter.settle(p.tx)


async def handle_carer(door: Door, letter: Claimed) -> None:
    """Tells a carer in their own space."""
    told = orjson.loads(letter.body)
    carer = parse_id(told["carer"])
    owner = owner_of(carer) if carer is not None else REGISTRY
    if not owner:
        return
    identifier = event_id(owner, made_at(letter.id) or START, str(letter.id))
    try:
        async with door.permit(SERVICE, Action.NOTIFY, owner) as p:
            await tell_elsewhere(p, read_happened(told), identifier)
            await letter.settle(p.tx)
    except (Refused, NotFound):
        return


async def handle_review(door: Door, letter: Claimed) -> None:
    """Opens the agency's review of what happened."""
    told = orjson.loads(letter.body)
    identifier = event_id(REGISTRY, made_at(letter.id) or START, str(letter.id))
    async with door.permit(SERVICE, Action.NOTIFY, REGISTRY) as p:
        await open_review(p, identifier, told)
        await letter.settle(p.tx)


async def handle_answer(door: Door, letter: Claimed) -> None:
    """Brings the agency's answer to the citizen who asked, and tells them that it is there."""
    told = orjson.loads(letter.body)
    patient, task = patient_in(told["patient"]), parse_id(told["task"])
    if patient is None or task is None:
        return
    owner = owner_of(patient)
    try:
        async with door.permit(SERVICE, Action.NOTIFY, owner) as p:
            if await answer_report(p, task, told["text"]):
                happened = Happened(Event.REPORT_ANSWERED, letter.created, told["line"], 0, Kind.AGENCY, name="Healthspace")
                if (line := await read_line(p.tx, p.cipher, UUID(told["line"]))) is not None:
                    # Whoever may not see the access is not told that it was questioned.
                    happened = replace(happened, secret=line.secret, targets=line.targets)
                await tell(p, happened, event_id(owner, letter.created, Event.REPORT_ANSWERED, str(task)))
            await letter.settle(p.tx)
    except (Refused, NotFound):
        return


async def _follow(tx: Tx, letter: Claimed, kind: str, told: dict[str, object], part: str) -> None:
    """Posts what follows from `letter`, once however often it is worked on."""
    identifier = event_id(letter.owner, made_at(letter.id) or START, kind, part, str(letter.id))
    await enqueue(tx, letter.cipher, kind, orjson.dumps(told), letter.created, identifier=identifier)
