"""What is told, how it is sorted into subjects, and what a person has chosen of it. Values and rules, no I/O.

An alert about an emergency or about security is always in the portal: a choice can add the e-mail, and never leave both off.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from healthspace.access.announce import Event
from healthspace.access.labels import HOLDER_ONLY
from healthspace.resources.stored import Resource, instant
from healthspace.terminology.uris import ACT_REASONS

CATEGORIES = "urn:healthspace:category"
EVENTS = "urn:healthspace:event"
TAGS = "urn:healthspace:tag"
NOTIFICATION = "notification"
UNREAD = "unread"
PREFERENCES = "notification-preferences"
CODES = "urn:healthspace:code"
CHOICE = "urn:healthspace:notification-choice"
ADDRESS = "urn:healthspace:notification-address"
LANGUAGE = "urn:healthspace:notification-language"


class Channel(StrEnum):
    """Where a person is told."""

    PORTAL = "portal"
    MAIL = "mail"


class Subject(StrEnum):
    """What a person chooses about: a group of events."""

    DOCUMENT = "document"
    CONSULTATION = "consultation"
    ACCESS = "access"
    EMERGENCY = "emergency"
    CARER = "carer"
    SECURITY = "security"


SUBJECTS: dict[str, Subject] = {
    Event.DOCUMENT_ADDED: Subject.DOCUMENT,
    Event.DOCUMENT_CHANGED: Subject.DOCUMENT,
    Event.DOCUMENT_WITHDRAWN: Subject.DOCUMENT,
    Event.DOCUMENT_RELEASED: Subject.DOCUMENT,
    Event.CONSULTATION_ADVISED: Subject.DOCUMENT,
    Event.DOCUMENT_READ: Subject.CONSULTATION,
    Event.FIRST_ACCESS: Subject.ACCESS,
    Event.ACCESS_CHANGED: Subject.ACCESS,
    Event.EMERGENCY_ACCESS: Subject.EMERGENCY,
    Event.CONFIRMATION_ASKED: Subject.SECURITY,
    Event.ACCESS_REPORTED: Subject.SECURITY,
    Event.REPORT_ANSWERED: Subject.SECURITY,
}
"""Events that are not here are about carers."""
ALWAYS_IN_PORTAL = frozenset({Subject.EMERGENCY, Subject.SECURITY})
OFF_AT_FIRST = frozenset({(Subject.CONSULTATION, Channel.PORTAL), (Subject.CONSULTATION, Channel.MAIL)})
"""Being told of each reading is asked for, not imposed: the history has them all."""


def subject_of(event: str) -> Subject:
    return SUBJECTS.get(event, Subject.CARER)


@dataclass(frozen=True, slots=True)
class Preferences:
    """What a person has chosen: the pairs that are off, their address for e-mail (empty: none), and its language."""

    off: frozenset[tuple[Subject, Channel]] = OFF_AT_FIRST
    address: str = ""
    language: str = "fr"

    def wants(self, subject: Subject, channel: Channel) -> bool:
        if channel is Channel.PORTAL and subject in ALWAYS_IN_PORTAL:
            return True
        return (subject, channel) not in self.off and (channel is Channel.PORTAL or bool(self.address))


@dataclass(frozen=True, slots=True)
class Happened:
    """An event as its letter tells it: who did what to what, in which mode. `line` is the AuditEvent that traces it."""

    event: str
    at: datetime
    line: str
    caller: int
    kind: str
    name: str = ""
    role: str = ""
    structure: str = ""
    rpps: str = ""
    purpose: str = "TREAT"
    why: str = ""
    secret: bool = False
    """Done in a secret connection: not for who represents the holder."""
    targets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Notification:
    """A notification as its reader sees it."""

    id: UUID
    event: str
    at: datetime
    read: bool
    who: str
    place: str
    purpose: str
    about: tuple[str, ...] = ()
    labels: frozenset[str] = field(default_factory=frozenset)


def read_happened(told: dict[str, Any]) -> Happened:
    """The event in the body of a letter."""
    words = {name: str(told[name]) for name in ("name", "role", "structure", "rpps", "purpose", "why") if told.get(name)}
    at, targets = datetime.fromisoformat(told["at"]), tuple(told["targets"])
    event, line, secret = told["event"], told["line"], bool(told.get("secret"))
    return Happened(event=event, at=at, line=line, caller=told["caller"], kind=told["kind"], secret=secret, targets=targets, **words)


def communication(happened: Happened, recipient: Resource, patient: str | None, labels: Iterable[str]) -> Resource:
    """The notification as a FHIR Communication. It names who and what, and holds nothing of a document.

    `labels` are those of what it is about: whatever hides that hides this. `patient` is whose record it is about ("Patient/…").
    """
    line = [f"AuditEvent/{happened.line}"] if happened.line else []
    about = [*line, *(target for target in happened.targets if target.startswith("DocumentReference/"))]
    sender = {"display": ", ".join(dict.fromkeys(part for part in (happened.name, happened.structure) if part)) or "Healthspace"}
    security = [{"code": label} for label in sorted({*labels, HOLDER_ONLY})]
    return {
        "resourceType": "Communication",
        "meta": {"security": security, "tag": [{"system": TAGS, "code": UNREAD}]},
        "status": "completed",
        "category": [{"coding": [{"system": CATEGORIES, "code": NOTIFICATION}]}],
        "priority": "urgent" if subject_of(happened.event) is Subject.EMERGENCY else "routine",
        "medium": [{"coding": [{"system": CODES, "code": Channel.PORTAL}]}],
        **({"subject": {"reference": patient}} if patient else {}),
        "topic": {"coding": [{"system": EVENTS, "code": happened.event}]},
        **({"about": [{"reference": reference} for reference in about]} if about else {}),
        "sent": instant(happened.at),
        "recipient": [recipient],
        "sender": sender,
        **({"reasonCode": [{"coding": [{"system": ACT_REASONS, "code": happened.purpose}]}]} if happened.purpose != "TREAT" else {}),
    }


def read_notification(resource: Resource, identifier: UUID) -> Notification:
    """The notification in a Communication that `communication` made."""
    sender, _, place = resource["sender"].get("display", "").partition(", ")
    purposes = [coding["code"] for concept in resource.get("reasonCode", []) for coding in concept.get("coding", [])]
    return Notification(
        id=identifier,
        event=resource["topic"]["coding"][0]["code"],
        at=datetime.fromisoformat(resource["sent"]),
        read="received" in resource,
        who=sender,
        place=place,
        purpose=purposes[0] if purposes else "TREAT",
        about=tuple(reference["reference"] for reference in resource.get("about", [])),
    )


def as_read(resource: Resource, now: datetime) -> Resource:
    """`resource`, read now: FHIR calls it received."""
    tags = [tag for tag in resource["meta"].get("tag", []) if tag.get("code") != UNREAD]
    meta = {name: value for name, value in resource["meta"].items() if name != "tag"}
    return {**resource, "meta": {**meta, **({"tag": tags} if tags else {})}, "received": instant(now)}


def as_unread(resource: Resource) -> Resource:
    meta = {**resource["meta"], "tag": [{"system": TAGS, "code": UNREAD}]}
    return {**{name: value for name, value in resource.items() if name != "received"}, "meta": meta}


def preferences_resource(chosen: Preferences, subject: Resource) -> Resource:
    """What a person has chosen, as a FHIR Basic."""
    choices = [{"url": CHOICE, "valueCode": f"{subject_}-{channel}-off"} for subject_, channel in sorted(chosen.off)]
    address = [{"url": ADDRESS, "valueString": chosen.address}] if chosen.address else []
    return {
        "resourceType": "Basic",
        "meta": {"security": [{"code": HOLDER_ONLY}]},
        "extension": [*choices, *address, {"url": LANGUAGE, "valueCode": chosen.language}],
        "code": {"coding": [{"system": CODES, "code": PREFERENCES}]},
        "subject": subject,
    }


def read_preferences(resource: Resource | None) -> Preferences:
    """What a Basic made by `preferences_resource` says; the first choices when there is none."""
    if resource is None:
        return Preferences()
    said = [(extension["url"], extension) for extension in resource.get("extension", [])]
    codes = {extension["valueCode"] for url, extension in said if url == CHOICE}
    pairs = frozenset((subject, channel) for subject in Subject for channel in Channel if f"{subject}-{channel}-off" in codes)
    address = next((extension["valueString"] for url, extension in said if url == ADDRESS), "")
    return Preferences(pairs, address, next((extension["valueCode"] for url, extension in said if url == LANGUAGE), "fr"))
