"""The lines of the trail in plain words: who did what, and by what right."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from healthspace.edge.portal.frame import name_role
from healthspace.edge.portal.language import Language, mark

ACTS = {
    "read-record": (mark("Opened the list of documents"), "folder"),
    "search-documents": (mark("Searched the documents"), "search"),
    "read-document": (mark("Read a document"), "eye"),
    "deposit-document": (mark("Added a document"), "plus"),
    "read-trail": (mark("Read who opened the record"), "eye"),
    "find-patient": (mark("Looked for the record by its health number"), "search"),
    "read-patient": (mark("Looked up the identity of the holder"), "user"),
    "grant-access": (mark("Changed who may read the record"), "lock"),
}
"""What an action is called, and its picture."""

REASONS = {
    "own-record": mark("It is your own record"),
    "treating-doctor": mark("Your treating doctor"),
    "authorised": mark("You authorised this professional"),
    "representative": mark("Your legal representative"),
    "depositor": mark("Wrote or added this document"),
    "feeding": mark("May add documents to an open record, without reading it"),
    "existence": mark("May ask whether a record exists, without reading it"),
    "no-right": mark("No right to read: nothing was shown"),
    "record-closed": mark("The record is closed: nothing was shown"),
    "no-record": mark("There is no such record: nothing was shown"),
}
"""The reasons of the access rules, told to the citizen."""

GROUNDS = {
    "treating-doctor": mark("This citizen chose you as their treating doctor."),
    "authorised": mark("This citizen authorised you to read their record."),
    "depositor": mark("You see only the documents that your structure added to this record."),
    "representative": mark("You are the legal representative of this child."),
    "feeding": mark("You may add documents to this record. You see only those that you added."),
}
"""The reasons of the access rules, told to the one who was let in."""

UNSUCCESSFUL = {
    "refused": mark("Refused"),
    "rejected": mark("Not accepted"),
    "failed": mark("Failed"),
}


@dataclass(frozen=True, slots=True)
class TrailEntry:
    """One line: `who` in which `role` and `place` did `what`, `why`. `outcome` is empty when the act was done."""

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
    target: str
    title: str


@dataclass(frozen=True, slots=True)
class TrailDay:
    """The lines of one day, under its heading."""

    heading: str
    anchor: str
    entries: tuple[TrailEntry, ...]


@dataclass(frozen=True, slots=True)
class SeenLine:
    """A line of the trail as it is read back: codes, names and the id of what was acted upon."""

    at: datetime
    action: str
    outcome: str
    reason: str
    who: str
    role: str
    place: str
    target: str


def show_line(line: SeenLine, language: Language, titles: Mapping[str, str]) -> TrailEntry:
    """`line` in words. `titles` names the documents that the reader may open, by id."""
    what, icon = ACTS.get(line.action, (mark("Another act"), "clock"))
    why, mine = REASONS.get(line.reason), line.reason == "own-record"
    outcome = UNSUCCESSFUL.get(line.outcome, "")
    return TrailEntry(
        at=line.at,
        who=language.say("You") if mine else line.who or language.say("Someone who could not be identified"),
        role="" if mine else name_role(line.role, language),
        place="" if mine or line.place == line.who else line.place,
        what=language.say(what),
        icon=icon,
        why="" if mine else language.say(why) if why else line.reason,
        outcome=language.say(outcome) if outcome else "",
        refused=line.outcome == "refused",
        mine=mine,
        target=line.target if line.target in titles else "",
        title=titles.get(line.target, ""),
    )


def group_by_day(entries: Sequence[TrailEntry], language: Language) -> list[TrailDay]:
    """`entries` under one heading a day, in the order given."""
    days: dict[str, list[TrailEntry]] = {}
    for entry in entries:
        days.setdefault(language.weekday(entry.at), []).append(entry)
    return [TrailDay(heading, f"d{number}", tuple(group)) for number, (heading, group) in enumerate(days.items(), 1)]


def explain_ground(reason: str, language: Language) -> str:
    """Why the one who reads was let in; empty when the record is their own."""
    ground = GROUNDS.get(reason)
    return language.say(ground) if ground else ""
