"""The lines of the trail in plain words: who did what, and by what right."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from healthspace.access.rules import Action, Reason
from healthspace.audit.line import Outcome
from healthspace.audit.reading import TraceLine
from healthspace.edge.portal.frame import name_role
from healthspace.edge.portal.language import Language, mark
from healthspace.identity.caller import Kind

DOCUMENT = "DocumentReference/"
UNKNOWN_ACT = (mark("Another act"), "clock")

ACTS: dict[str, tuple[str, str]] = {
    Action.OPEN_SPACE: (mark("Opened this health space"), "plus"),
    Action.CLOSE_SPACE: (mark("Closed this health space"), "lock"),
    Action.FIND_PATIENT: (mark("Asked whether this record exists"), "search"),
    Action.READ_PATIENT: (mark("Read the identity of the holder"), "user"),
    Action.READ_RECORD: (mark("Opened the record"), "folder"),
    Action.SEARCH_DOCUMENTS: (mark("Searched the documents"), "search"),
    Action.READ_DOCUMENT: (mark("Read a document"), "eye"),
    Action.READ_CONTENT: (mark("Downloaded a document"), "download"),
    Action.DEPOSIT_DOCUMENT: (mark("Added a document"), "plus"),
    Action.SEARCH_SUBMISSIONS: (mark("Searched what was sent to the record"), "search"),
    Action.READ_TRAIL: (mark("Read who opened the record"), "clock"),
    Action.REPORT_ACCESS: (mark("Questioned an access"), "alert"),
    Action.READ_STATISTICS: (mark("Read the figures of the service"), "chart"),
    Action.READ_REVIEWS: (mark("Read the reviews of accesses"), "shield"),
    Action.CLOSE_REVIEW: (mark("Gave an opinion on an access"), "shield"),
    Action.NOTIFY: (mark("Sent a notification"), "info"),
    Action.READ_NOTIFICATIONS: (mark("Read the notifications"), "info"),
    Action.CHANGE_NOTIFICATIONS: (mark("Changed the notifications"), "info"),
    Action.READ_SESSIONS: (mark("Read where they are signed in"), "user"),
    Action.END_SESSIONS: (mark("Ended a session"), "lock"),
    Action.READ_ACCESS: (mark("Read who may open the record"), "lock"),
    Action.GRANT_ACCESS: (mark("Authorised a professional"), "lock"),
    Action.END_ACCESS: (mark("Ended the access of a professional"), "lock"),
    Action.READ_RESOURCE: (mark("Read an item of the record"), "eye"),
    Action.SEARCH_RESOURCES: (mark("Searched the record"), "search"),
    Action.READ_HISTORY: (mark("Read the history of the record"), "clock"),
    Action.WRITE_RESOURCES: (mark("Changed the record"), "plus"),
    Action.WRITE_OWN_ENTRY: (mark("Changed their own entries"), "plus"),
    Action.ANSWER_CORRECTION: (mark("Answered a reported error"), "swap"),
    Action.READ_FACTS_AGAIN: (mark("Read the documents again with a newer program"), "clock"),
    Action.OBJECT_TO_SPACE: (mark("Objected to the opening of this health space"), "lock"),
    Action.REOPEN_SPACE: (mark("Reopened this health space"), "plus"),
    Action.ERASE_SPACE: (mark("Erased this health space"), "lock"),
    Action.SUSPEND_SPACE: (mark("Suspended this health space"), "lock"),
    Action.RESUME_SPACE: (mark("Ended the suspension of this health space"), "plus"),
    Action.CONFIRM_SPACE: (mark("Confirmed this health space"), "plus"),
    Action.ASK_CONFIRMATION: (mark("Asked the holder, who is of age now, to confirm this health space"), "clock"),
    Action.CHANGE_DOCUMENT: (mark("Asked to change a document"), "folder"),
    Action.MASK_DOCUMENT: (mark("Masked or showed a document"), "eye"),
    Action.RELEASE_DOCUMENT: (mark("Changed who of the family sees a document"), "eye"),
    Action.NOTICE_DOCUMENT: (mark("Noted that an announcement is awaited"), "clock"),
    Action.WITHDRAW_DOCUMENT: (mark("Withdrew a document"), "folder"),
    Action.ARCHIVE_DOCUMENT: (mark("Archived a document, or took it out of the archive"), "folder"),
    Action.COLLECT_ACCESS: (mark("Declared that you authorised a professional"), "lock"),
    Action.PREVIEW_ACCESS: (mark("Looked at what a professional would see"), "eye"),
    Action.INVITE_CARER: (mark("Changed the carers"), "user"),
    Action.ANSWER_INVITATION: (mark("Answered an invitation"), "user"),
    Action.REFUSE_INVITATION: (mark("Refused an invitation"), "user"),
    Action.LEAVE_CARE: (mark("Stopped caring for you"), "user"),
    Action.END_CARE: (mark("Ended the help of a carer"), "user"),
}
"""What an action is called, and its picture."""

REASONS: dict[str, str] = {
    Reason.OWN_RECORD: mark("It is your own record."),
    Reason.TREATING_DOCTOR: mark("This is your treating doctor."),
    Reason.AUTHORISED: mark("You authorised this professional."),
    Reason.DEPOSITOR: mark("A structure may see what it added itself, and nothing else."),
    Reason.OWN_MAILBOX: mark("Each professional reads their own notifications."),
    Reason.SERVICE: mark("The service itself tells people what happens."),
    Reason.REVIEW: mark("The agency reviews emergency accesses and questions, without opening a record."),
    Reason.OWN_ACTS: mark("Each professional may read what they did themselves, and nothing else."),
    Reason.FEEDING: mark("A professional may add to an open record without reading it."),
    Reason.DIRECTORY: mark("A professional may ask whether a record exists, without reading it."),
    Reason.DEMONSTRATION: mark("The demonstration makes its own invented people."),
    Reason.TECHNICAL: mark("A test program of the demonstration may do everything."),
    Reason.UPKEEP: mark("The program keeps the health profile true to your documents; nobody has seen them."),
    Reason.NO_SPACE: mark("There was no such record: nothing was shown."),
    Reason.RECORD_CLOSED: mark("The record was closed: nothing was shown."),
    Reason.NO_RIGHT: mark("You had not authorised this: nothing was shown."),
    Reason.NOT_IN_DEMONSTRATION: mark("This is possible in a demonstration only."),
    Reason.REPRESENTATIVE: mark("This person represents you legally."),
    Reason.CARER: mark("This person is your carer."),
    Reason.ADMINISTRATOR: mark("You gave this professional the rights of your treating doctor."),
    Reason.CARE_TEAM: mark("This professional is in your care team."),
    Reason.BREAK_GLASS: mark("It was an emergency: this professional wrote down why."),
    Reason.REGULATION: mark("It was an emergency call."),
    Reason.COLLECTED: mark("A professional may note that you authorised someone."),
    Reason.CONCERNED: mark("Anyone may read what names them."),
    Reason.INVITED: mark("You invited this person."),
    Reason.AGENCY: mark("The health insurance suspends or closes a space by law; it read nothing."),
    Reason.TIMER: mark("The law sets this date."),
    Reason.RECORD_NOT_OPEN: mark("The record was not open: nothing was shown."),
    Reason.BLOCKED: mark("You blocked this professional: nothing was shown."),
    Reason.EMERGENCY_OPPOSED: mark("You refused access in an emergency: nothing was shown."),
    Reason.REASON_MISSING: mark("No reason was written for the emergency: nothing was shown."),
    Reason.NOT_REGULATION: mark("Only emergency call doctors read in this way: nothing was shown."),
    Reason.EXPIRED: mark("Your authorisation had ended: nothing was shown."),
    Reason.NO_CONSENT: mark("This profession needs your express consent: nothing was shown."),
    Reason.PROFESSION: mark("This profession does not read this kind of document: nothing was shown."),
    Reason.MASKED: mark("You had masked this document: nothing was shown."),
    Reason.NOT_ANNOUNCED: mark("This document waits for an announcement: nothing was shown."),
    Reason.HIDDEN_FROM_REPRESENTATIVES: mark("This document is hidden from representatives: nothing was shown."),
    Reason.WITHDRAWN: mark("Its author had withdrawn this document: nothing was shown."),
    Reason.NOT_FOUND: mark("There was nothing there that this person may know of: nothing was shown."),
    Reason.NOT_AUTHOR: mark("Only its author may withdraw a document: nothing was changed."),
    Reason.UNKNOWN_CALLER: mark("This person could not prove who they are: nothing was shown."),
}
"""The reasons of the access rules, told to the citizen."""

GROUNDS: dict[str, str] = {
    Reason.TREATING_DOCTOR: mark("This citizen chose you as their treating doctor."),
    Reason.AUTHORISED: mark("This citizen authorised you to read their record."),
    Reason.CARER: mark("This person invited you as their carer: you see what they let carers see."),
    Reason.REPRESENTATIVE: mark("You represent this person legally: you decide for them."),
    Reason.DEPOSITOR: mark("You see only the documents that your structure added to this record."),
}
"""The reasons of the access rules, told to the one who was let in."""

FOR_THIS_REASON: dict[tuple[str, str], str] = {
    (Action.READ_RECORD, Reason.DEPOSITOR): mark("Looked at what it had added"),
    (Action.READ_ACCESS, Reason.INVITED): mark("Read an invitation to be a carer"),
}
"""Acts that have another name when they are allowed for this reason."""

UNSUCCESSFUL: dict[str, str] = {
    Outcome.REFUSED: mark("Refused"),
    Outcome.REJECTED: mark("Not accepted"),
    Outcome.FAILED: mark("Failed"),
}
TOGETHER = timedelta(minutes=15)
"""The same act by the same person, again and again within this time, is told once, with its number."""


@dataclass(frozen=True, slots=True)
class TrailEntry:
    """One act: `who` in which `role` and `place` did `what`, `why`, and how often in a row. `outcome` is empty when it was done."""

    at: datetime
    who: str
    role: str
    place: str
    what: str
    icon: str
    why: str
    outcome: str
    refused: bool
    mine: bool
    document: str
    title: str
    times: int = 1
    id: str = ""
    """The line's, where its reader may question it."""
    emergency: bool = False
    secret: bool = False
    """Whether it is hidden from who represents the holder."""
    motive: str = ""
    """Why, in the words of who opened the record in an emergency."""
    record: str = ""
    """The address of the record, for one who reads their own acts."""
    number: str = ""
    """The RPPS number of who acted, or the FINESS number of the structure: what a block is made of."""
    report: str = ""
    """How far the answer to the holder's question about it is."""


@dataclass(frozen=True, slots=True)
class TrailDay:
    """The acts of one day, under its heading."""

    heading: str
    anchor: str
    entries: tuple[TrailEntry, ...]


def show_line(
    line: TraceLine,
    language: Language,
    titles: Mapping[str, str] | None = None,
    questioned: Mapping[str, str] | None = None,
    *,
    own: bool = True,
    reader: str = "",
) -> TrailEntry:
    """`line` in words. `titles` names documents by their id, where they are known; `questioned` says of which lines an
    explanation was asked, and how far the answer is.

    `own`: the reader is the holder of the record, to whom the reasons are told; `reader` is the id of their Patient, or of who represents
    the holder.
    """
    what, icon = ACTS.get(line.action, UNKNOWN_ACT)
    what = FOR_THIS_REASON.get((line.action, line.reason), what)
    why = REASONS.get(line.reason, "") if own else ""
    mine, done = (own and is_own(line)) or is_by(line, reader), line.outcome == Outcome.DONE
    document = document_of(line)
    return TrailEntry(
        at=line.at,
        who=language.say("You") if mine else language.say("The holder of the record") if is_own(line) else _name_caller(line, language),
        role="" if mine else name_role(line.role, language),
        place="" if mine or line.structure == line.name else line.structure,
        what=language.say(what),
        icon=icon if done else "cross",
        why=language.say(why) if why and not mine else "",
        outcome="" if done else language.say(UNSUCCESSFUL.get(line.outcome, mark("Failed"))),
        refused=line.outcome == Outcome.REFUSED,
        mine=mine,
        document=document,
        title=(titles or {}).get(document, ""),
        id="" if mine or line.kind == Kind.SYSTEM else str(line.id),
        number="" if mine else line.rpps or line.finess,
        emergency=is_emergency(line),
        secret=line.secret,
        motive=line.why if is_emergency(line) else "",
        report=(questioned or {}).get(str(line.id), ""),
    )


def is_own(line: TraceLine) -> bool:
    """Whether the holder of the record did this."""
    return line.reason == Reason.OWN_RECORD


def is_by(line: TraceLine, patient: str) -> bool:
    """Whether this citizen did it, in whose record it may be; never for an empty `patient`."""
    return bool(patient) and line.patient == patient


def is_emergency(line: TraceLine) -> bool:
    """Whether this was done, or tried, in an emergency."""
    return line.purpose != "TREAT"


def document_of(line: TraceLine) -> str:
    """The id of the one document that `line` is about; empty when there is none, or several."""
    documents = [target.removeprefix(DOCUMENT) for target in line.targets if target.startswith(DOCUMENT)]
    return documents[0] if len(set(documents)) == 1 else ""


def tell_repeats_once(entries: Sequence[TrailEntry]) -> list[TrailEntry]:
    """`entries`, newest first, where an act repeated at once stands once with its number."""
    told: list[TrailEntry] = []
    for entry in entries:
        if told and _repeats(told[-1], entry):
            told[-1] = replace(told[-1], times=told[-1].times + 1)
        else:
            told.append(entry)
    return told


def group_by_day(entries: Sequence[TrailEntry], language: Language) -> list[TrailDay]:
    """`entries` under one heading a day, in the order given; repeats told once."""
    days: dict[str, list[TrailEntry]] = {}
    for entry in tell_repeats_once(entries):
        days.setdefault(language.weekday(entry.at), []).append(entry)
    return [TrailDay(heading, f"d{number}", tuple(group)) for number, (heading, group) in enumerate(days.items(), 1)]


def explain_ground(reason: Reason, language: Language) -> str:
    """Why the one who reads was let in; empty when the record is their own."""
    ground = GROUNDS.get(reason)
    return language.say(ground) if ground else ""


def _name_caller(line: TraceLine, language: Language) -> str:
    if line.name:
        return line.name
    return language.say("Another citizen") if line.kind == Kind.CITIZEN else language.say("Someone who could not be identified")


def _repeats(latest: TrailEntry, entry: TrailEntry) -> bool:
    """`entry` is the older one."""
    return latest.at - entry.at < TOGETHER and replace(entry, at=latest.at, times=latest.times, id=latest.id) == latest and not entry.report
