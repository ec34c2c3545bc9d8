"""What an act sets off: the event that the citizen (or others) will be told of, posted with the act.

The events are those of the national health space (the codes of its notification centre). Who is told, and by which channel, is
decided by whoever handles the letter. A read posts its letter in the commit of its line, so that it needs no statement of its own.
"""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from uuid import UUID

import orjson

from healthspace.access.rules import Action, Reason
from healthspace.audit.line import Line
from healthspace.base.ids import REGISTRY, event_id, made_at, parse_id
from healthspace.database.outbox import Letter, write_letter
from healthspace.database.seal import Cipher
from healthspace.identity.caller import Caller, Kind

EVENT = "event"
"""The kind of letter that tells an event."""
MET = "met"
"""Kind of `access_fact`: this professional has read this record before."""
MET_SECRETLY = "met-secretly"
"""The same in a secret connection, which says nothing of what is told outside it."""
REMEMBERED = 10_000
START = datetime(2020, 1, 1, tzinfo=UTC)


class Event(StrEnum):
    """Codes of the notification centre (ENS `notification_center`); ours are the four before the last. Stored: never renamed."""

    DOCUMENT_ADDED = "AJOUT_DOCUMENT"
    DOCUMENT_CHANGED = "MODIF_DOCUMENT"
    DOCUMENT_WITHDRAWN = "SUPP_DOC"
    DOCUMENT_READ = "CONSULT_DOCUMENT"
    DOCUMENT_RELEASED = "REMISE_VISIBILITE_AUTO"
    FIRST_ACCESS = "ACCES_DMP_PS"
    EMERGENCY_ACCESS = "ACCES_BRIS_GLACE"
    CARER_INVITED = "PARTAGE_PROFIL_AIDANT"
    CARER_ACCEPTED = "ACCORD_PARTAGE_PROFIL"
    CARER_REFUSED = "REFUS_PARTAGE_PROFIL"
    CARER_ADDED = "AJOUT_ENTOURAGE"
    ENDED_BY_CARER = "REVOCATION_PAR_AIDANT"
    ENDED_BY_HOLDER = "REVOCATION_PAR_AIDE"
    ACCESS_REPORTED = "SIGNALEMENT_PS"
    REPORT_ANSWERED = "REPONSE_SIGNALEMENT"
    ACCESS_CHANGED = "MODIF_ACCES"
    CONSULTATION_ADVISED = "INVITATION_CONSULTATION"
    CONFIRMATION_ASKED = "RAPPEL_CONSENT_PASSAGE_MAJO"


BY_ACTION: dict[str, Event] = {
    Action.DEPOSIT_DOCUMENT: Event.DOCUMENT_ADDED,
    Action.CHANGE_DOCUMENT: Event.DOCUMENT_CHANGED,
    Action.RELEASE_DOCUMENT: Event.DOCUMENT_RELEASED,
    Action.WITHDRAW_DOCUMENT: Event.DOCUMENT_WITHDRAWN,
    Action.COLLECT_ACCESS: Event.ACCESS_CHANGED,
    Action.INVITE_CARER: Event.CARER_INVITED,
    Action.ANSWER_INVITATION: Event.CARER_ACCEPTED,
    Action.NOTICE_DOCUMENT: Event.CONSULTATION_ADVISED,
    Action.ASK_CONFIRMATION: Event.CONFIRMATION_ASKED,
    Action.REFUSE_INVITATION: Event.CARER_REFUSED,
    Action.LEAVE_CARE: Event.ENDED_BY_CARER,
    Action.END_CARE: Event.ENDED_BY_HOLDER,
    Action.MASK_DOCUMENT: Event.DOCUMENT_CHANGED,
    Action.ARCHIVE_DOCUMENT: Event.DOCUMENT_CHANGED,
}
"""What an act that writes sets off."""
OWN_EVENTS = frozenset({Event.CARER_INVITED, Event.ENDED_BY_HOLDER})
"""Told to others even when the holder did it."""
LOOKS = frozenset(
    {
        Action.READ_PATIENT,
        Action.READ_RECORD,
        Action.SEARCH_DOCUMENTS,
        Action.READ_DOCUMENT,
        Action.READ_CONTENT,
        Action.READ_RESOURCE,
        Action.SEARCH_RESOURCES,
        Action.READ_HISTORY,
        Action.SEARCH_SUBMISSIONS,
    }
)
EMERGENCIES = frozenset({Reason.BREAK_GLASS, Reason.REGULATION})
"""The reasons of verdicts in an emergency."""


@dataclass(frozen=True, slots=True)
class Act:
    """An act that was allowed: what is needed to tell what it sets off."""

    caller: Caller
    action: str
    reason: Reason
    relations: frozenset[str]
    targets: tuple[str, ...]
    line: Line


class Announcer:
    """Makes the letters of acts. Remembers the ones that were posted lately, so that a visit of many looks posts each of them once."""

    def __init__(self) -> None:
        self.quiet = False
        """While a demonstration is being made, nobody is told of anything."""
        self._posted: OrderedDict[UUID, None] = OrderedDict()

    def letters_of(self, act: Act, cipher: Cipher) -> list[Letter]:
        """The letters of `act`, sealed for the owner of the record."""
        if self.quiet or cipher.owner == REGISTRY or act.caller.kind is Kind.TECHNICAL:
            return []
        return [
            write_letter(cipher, EVENT, _tell(act, event), act.line.at, identifier=identifier)
            for event, identifier in _events_of(act, cipher.owner)
            if identifier not in self._posted
        ]

    def posted(self, letters: list[Letter]) -> None:
        """Remembers letters that are durable now."""
        for letter in letters:
            self._posted[letter.id] = None
        while len(self._posted) > REMEMBERED:
            self._posted.popitem(last=False)


def _events_of(act: Act, owner: int) -> list[tuple[Event, UUID]]:
    """What an act sets off, each with the id that it has however often it is told."""
    if act.action in LOOKS:
        return _events_of_look(act, owner)
    event = BY_ACTION.get(act.action)
    if event is None or (act.reason is Reason.OWN_RECORD and event not in OWN_EVENTS):
        return []
    if event is not Event.DOCUMENT_ADDED:
        return [(event, act.line.id)]
    first = parse_id(act.targets[0].rpartition("/")[2]) if act.targets else None
    # A document that is sent again is the same document.
    return [(event, event_id(owner, made_at(first) or START, event, act.targets[0]))] if first is not None else []


def _events_of_look(act: Act, owner: int) -> list[tuple[Event, UUID]]:
    """A professional's first look ever, their look in an emergency, and their reading of documents, told once a day."""
    if act.caller.kind is not Kind.PROFESSIONAL:
        return []
    day = act.line.at.replace(hour=0, minute=0, second=0, microsecond=0)
    who = (act.caller.key, *(["secret"] if act.caller.secret else []))
    found = []
    # What is told as an emergency is not told as a first access too.
    if met_of(secret=act.caller.secret) not in act.relations and act.reason not in EMERGENCIES:
        found.append((Event.FIRST_ACCESS, event_id(owner, day, Event.FIRST_ACCESS, *who)))
    if act.reason in EMERGENCIES:
        # One emergency is one sign-in with one written reason.
        parts = (Event.EMERGENCY_ACCESS, act.caller.key, str(act.caller.session or day), act.caller.why)
        found.append((Event.EMERGENCY_ACCESS, event_id(owner, START, *parts)))
    if act.action in {Action.READ_DOCUMENT, Action.READ_CONTENT}:
        found.append((Event.DOCUMENT_READ, event_id(owner, day, Event.DOCUMENT_READ, *who)))
    return found


def met_of(*, secret: bool) -> str:
    """The kind of fact that says that a professional has read a record before."""
    return MET_SECRETLY if secret else MET


def _tell(act: Act, event: Event) -> bytes:
    caller = act.caller
    return orjson.dumps(
        {
            "event": event,
            "at": act.line.at.isoformat(),
            "line": str(act.line.id),
            "action": act.action,
            "reason": act.reason,
            "purpose": caller.purpose,
            "why": caller.why,
            "secret": caller.secret,
            "targets": act.targets,
            "caller": act.line.caller,
            "kind": caller.kind,
            "role": caller.role,
            "name": caller.name,
            "structure": caller.structure,
            "rpps": caller.rpps,
            "finess": caller.finess,
            "patient": str(caller.patient) if caller.patient else None,
        }
    )
