"""The notification centre: what happened, read or not; and what one chooses to be told, by which channel."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from starlette.responses import Response

from healthspace.access.announce import Event
from healthspace.access.permit import Permit
from healthspace.access.rules import Action
from healthspace.base.errors import Invalid, NotFound
from healthspace.base.ids import parse_id
from healthspace.edge.portal.language import Language, mark
from healthspace.edge.portal.pages import go_to
from healthspace.edge.portal.patients import show_banner
from healthspace.edge.portal.visit import Visit, read_form
from healthspace.identity.caller import Kind
from healthspace.notifications.mailboxes import mailbox_of
from healthspace.notifications.model import ALWAYS_IN_PORTAL, Channel, Notification, Preferences, Subject, subject_of
from healthspace.notifications.operations import choose, delete_notification, mark_all_read, read_centre, read_choices
from healthspace.notifications.operations import mark as mark_one
from healthspace.record.spaces import patient_of

DOCUMENT = "DocumentReference/"
EVENTS: dict[str, tuple[str, str]] = {
    Event.DOCUMENT_ADDED: (mark("A document was added to your record"), "doc"),
    Event.DOCUMENT_CHANGED: (mark("A document of your record was changed"), "doc"),
    Event.DOCUMENT_WITHDRAWN: (mark("A document of your record was withdrawn"), "doc"),
    Event.DOCUMENT_READ: (mark("A professional read your documents"), "eye"),
    Event.DOCUMENT_RELEASED: (mark("A document is now visible to you"), "doc"),
    Event.CONFIRMATION_ASKED: (mark("You are of age: say that you keep this record"), "alert"),
    Event.CONSULTATION_ADVISED: (mark("A health professional has something to tell you: make an appointment"), "stethoscope"),
    Event.FIRST_ACCESS: (mark("A professional opened your record for the first time"), "eye"),
    Event.EMERGENCY_ACCESS: (mark("Your record was opened in an emergency"), "alert"),
    Event.CARER_INVITED: (mark("Someone invites you to be their carer"), "users"),
    Event.CARER_ACCEPTED: (mark("A carer accepted your invitation"), "users"),
    Event.CARER_REFUSED: (mark("A carer refused your invitation"), "users"),
    Event.CARER_ADDED: (mark("Someone was added to those around you"), "users"),
    Event.ENDED_BY_CARER: (mark("A carer stopped helping you"), "users"),
    Event.ENDED_BY_HOLDER: (mark("You no longer help someone"), "users"),
    Event.REPORT_ANSWERED: (mark("The agency answered your question"), "shield"),
    Event.ACCESS_CHANGED: (mark("A professional noted your consent"), "lock"),
}
"""What an event is called for the holder of the record, and its picture."""
FOR_DOCTOR = mark("A record was opened in an emergency: you are the treating doctor")
UNKNOWN = (mark("Something happened in your space"), "info")
SUBJECTS = {
    Subject.DOCUMENT: (mark("Documents"), mark("Added, changed, withdrawn, made visible")),
    Subject.CONSULTATION: (mark("Readings"), mark("Each day when a professional read documents")),
    Subject.ACCESS: (mark("First access"), mark("A professional opens the record for the first time, or notes a consent")),
    Subject.EMERGENCY: (mark("Emergency access"), mark("The record is opened in an emergency. Always told in the portal.")),
    Subject.CARER: (mark("Carers"), mark("Invitations, answers, ends")),
    Subject.SECURITY: (mark("Security"), mark("Answers to questions about accesses. Always told in the portal.")),
}
EMERGENCY_OF_PATIENTS = mark("The record of someone whose treating doctor you are is opened in an emergency. Always told in the portal.")


@dataclass(frozen=True, slots=True)
class Row:
    """A notification in words."""

    id: UUID
    title: str
    icon: str
    about: str
    when: str
    href: str
    read: bool
    urgent: bool


OF_A_RECORD: dict[str, str] = {
    Event.DOCUMENT_ADDED: mark("A document was added to the record"),
    Event.DOCUMENT_CHANGED: mark("A document of the record was changed"),
    Event.DOCUMENT_WITHDRAWN: mark("A document of the record was withdrawn"),
    Event.DOCUMENT_READ: mark("A professional read the documents"),
    Event.DOCUMENT_RELEASED: mark("A document is now visible"),
    Event.FIRST_ACCESS: mark("A professional opened the record for the first time"),
    Event.EMERGENCY_ACCESS: mark("The record was opened in an emergency"),
}
"""The same of a record that is not the reader's own."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One line of the table of choices."""

    code: str
    name: str
    detail: str
    portal: bool
    mail: bool
    locked: bool


async def show_centre(visit: Visit) -> Response:
    """GET …/notifications"""
    only_unread, after = visit.asked("show") == "unread", visit.asked("after", 400) or None
    async with visit.service.door.permit(visit.caller, Action.READ_NOTIFICATIONS, await _space(visit)) as p:
        centre, around = await read_centre(p, after=after, only_unread=only_unread), await _around(visit, p)
    every = f"{visit.prefix}/notifications"
    path = f"{every}?show=unread" if only_unread else every
    language, own = visit.language, visit.caller.patient is not None
    return visit.render(
        "notifications.html",
        **around,
        rows=[show_notification(one, language, own=own, prefix=visit.prefix) for one in centre.shown],
        unread=centre.unread,
        tabs=[
            (language.say("All notifications"), every, None, not only_unread),
            (language.say("Unread"), f"{every}?show=unread", centre.unread, only_unread),
        ],
        newest=path if after else "",
        older=f"{path}{'&' if only_unread else '?'}after={centre.next}" if centre.next else "",
        only_unread=only_unread,
        doctor=visit.caller.rpps is not None,
    )


async def change(visit: Visit) -> Response:
    """POST /notifications: read, unread, delete one; or all read."""
    form = await read_form(visit.request)
    act, identifier = form.get("act", ""), parse_id(form.get("id", ""))
    async with visit.service.door.permit(visit.caller, Action.CHANGE_NOTIFICATIONS, await _space(visit)) as p:
        if act == "all":
            await mark_all_read(p)
        elif identifier is None or act not in {"read", "unread", "delete"}:
            raise NotFound
        elif act == "delete":
            await delete_notification(p, identifier)
        else:
            await mark_one(p, identifier, read=act == "read")
    return go_to(f"{visit.prefix}/notifications{'?show=unread' if form.get('show') == 'unread' else ''}")


async def show_choices(visit: Visit, chosen: Preferences | None = None, wrong: dict[str, str] | None = None) -> Response:
    """GET /notifications/choices"""
    async with visit.service.door.permit(visit.caller, Action.READ_NOTIFICATIONS, await _space(visit)) as p:
        kept, around = await read_choices(p), await _around(visit, p)
    shown = chosen or kept
    return visit.render(
        "notification_choices.html",
        status=422 if wrong else 200,
        **around,
        here=False,
        choices=[_show_choice(subject, shown, visit) for subject in _subjects(visit)],
        address=shown.address,
        wrong=wrong or {},
    )


async def keep_choices(visit: Visit) -> Response:
    """POST /notifications/choices"""
    form = await read_form(visit.request)
    pairs = [(subject, channel) for subject in _subjects(visit) for channel in Channel]
    off = frozenset(
        (subject, channel)
        for subject, channel in pairs
        if f"{subject}-{channel}" not in form and not (channel is Channel.PORTAL and subject in ALWAYS_IN_PORTAL)
    )
    chosen = Preferences(off, form.get("address", ""), visit.language.code)
    try:
        async with visit.service.door.permit(visit.caller, Action.CHANGE_NOTIFICATIONS, await _space(visit)) as p:
            await choose(p, chosen)
    except Invalid:
        return await show_choices(visit, chosen, {"address": visit.language.say("Write an address such as name@example.org.")})
    return go_to(f"{visit.prefix}/notifications/choices?done=kept")


def show_notification(one: Notification, language: Language, *, own: bool, prefix: str = "") -> Row:
    """A notification in words. `own`: its reader decides for the record it is about, whose addresses begin with `prefix`."""
    title, icon = EVENTS.get(one.event, UNKNOWN)
    if prefix:
        title = OF_A_RECORD.get(one.event, title)
    elif not own and one.event == Event.EMERGENCY_ACCESS:
        title = FOR_DOCTOR
    about = ", ".join(part for part in (one.who, one.place) if part and part != "Healthspace")
    return Row(one.id, language.say(title), icon, about, language.at(one.at), _way(one, prefix) if own else "", one.read, icon == "alert")


def _way(one: Notification, prefix: str) -> str:
    """Where a notification leads: to the document, else to the history."""
    documents = [reference.removeprefix(DOCUMENT) for reference in one.about if reference.startswith(DOCUMENT)]
    if documents and one.event in {Event.DOCUMENT_ADDED, Event.DOCUMENT_CHANGED, Event.DOCUMENT_RELEASED}:
        return f"{prefix}/documents/{documents[0]}"
    lines = [reference.removeprefix("AuditEvent/") for reference in one.about if reference.startswith("AuditEvent/")]
    if lines and one.event in {Event.EMERGENCY_ACCESS, Event.FIRST_ACCESS, Event.REPORT_ANSWERED}:
        return f"{prefix}/access/{lines[0]}/question"
    if one.event == Event.CONFIRMATION_ASKED:
        return f"{prefix}/settings"
    if subject_of(one.event) is Subject.CARER:
        return f"{prefix}/relatives"
    return f"{prefix}/access" if lines else ""


def _subjects(visit: Visit) -> tuple[Subject, ...]:
    """What there is to choose about: professionals are told of emergencies in the records that they follow, and of nothing else."""
    return (Subject.EMERGENCY,) if visit.caller.rpps is not None else tuple(Subject)


def _show_choice(subject: Subject, chosen: Preferences, visit: Visit) -> Choice:
    language, (name, detail) = visit.language, SUBJECTS[subject]
    if visit.caller.rpps is not None:
        detail = EMERGENCY_OF_PATIENTS
    locked = subject in ALWAYS_IN_PORTAL
    mail = (subject, Channel.MAIL) not in chosen.off
    return Choice(subject, language.say(name), language.say(detail), chosen.wants(subject, Channel.PORTAL), mail, locked)


async def _space(visit: Visit) -> int | None:
    """Whose notifications: a citizen's own or those of whom they represent, or the mailbox of a professional.

    None for anybody else, whom the door refuses.
    """
    if visit.caller.rpps is not None:
        return None if visit.prefix else await mailbox_of(visit.service.door, visit.caller.rpps)
    return visit.owner


async def _around(visit: Visit, p: Permit) -> dict[str, Any]:
    """What these pages show around themselves: the visitor's name, or whose they are when they are those of whom the visitor represents."""
    holder = (await patient_of(p)).json() if visit.caller.kind is Kind.CITIZEN else None
    banner = show_banner(holder, p, visit.language) if holder is not None and not visit.own else None
    return {"current": "/notifications", "tab": "/notifications", "patient": banner, "holder": holder}
