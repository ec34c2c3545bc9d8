"""The review of accesses: each emergency access, and each access that a citizen questions, is looked at by two persons of the agency.

A review is a FHIR Task of the registry: the first person gives an opinion with a motive, the second, who must be another, closes it
with theirs or sends it back. The agency sees who acted, when, why and on which record, and opens no record by it.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import orjson

from healthspace.access.announce import EVENT, Event
from healthspace.access.labels import HOLDER_ONLY
from healthspace.access.permit import Permit
from healthspace.access.rules import Action, Scope
from healthspace.audit.line import Outcome
from healthspace.audit.reading import TraceLine, read_line
from healthspace.base.errors import Conflict, Invalid, NotFound
from healthspace.base.ids import REGISTRY, new_id, owner_of, parse_id
from healthspace.database.outbox import enqueue
from healthspace.resources.hashing import hash_code, hash_token
from healthspace.resources.query import Hashed, Query, Sort
from healthspace.resources.query import Scope as Searched
from healthspace.resources.reach import Reach
from healthspace.resources.search import search
from healthspace.resources.store import find, insert, read_all, update
from healthspace.resources.stored import Resource, Stored, instant
from healthspace.resources.tracing import labels_of_line, without_hidden

CODES = "urn:healthspace:review"
LONGEST_TEXT = 2000
SHORTEST_MOTIVE = 10
PAGE = 50
MOST_LISTED = 1000


KEPT = ("purpose", "why", "task", "kind", "name", "structure", "rpps", "finess", "action", "reason", "outcome")
"""What a review keeps of the line that it is about."""


class Subject(StrEnum):
    """Why an access is reviewed."""

    EMERGENCY = "emergency"
    REPORT = "report"


@dataclass(frozen=True, slots=True)
class Opinion:
    """What one person of the agency said."""

    who: str
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Review:
    """A review as the agency reads it. `status` is that of the Task: requested, in-progress (one opinion), completed (two)."""

    id: UUID
    subject: Subject
    status: str
    at: datetime
    actor: str
    place: str
    role: str
    purpose: str
    why: str
    question: str
    event: str
    record: str
    opinions: tuple[Opinion, ...]


# The citizen's side.


async def report_access(p: Permit, line: UUID, question: str, place: str = "question", identifier: UUID | None = None) -> Stored:
    """The holder questions one access of their record: kept as a Task of theirs, and posted to the agency.

    Invalid, at `place`, when the question is too short or too long; NotFound when the record has no such line.
    """
    p.must_be_for(Action.REPORT_ACCESS)
    if not SHORTEST_MOTIVE <= len(question) <= LONGEST_TEXT:
        raise Invalid(f"say what you ask in {SHORTEST_MOTIVE} to {LONGEST_TEXT} characters", place=place)
    found = await read_line(p.tx, p.cipher, line)
    shown = await without_hidden(p, [found]) if found is not None and p.scope is Scope.ALL else ()
    if not shown:
        raise NotFound
    found = shown[0]
    identifier = identifier or new_id(p.owner)
    hidden = await labels_of_line(p, found)
    kept = await insert(p.tx, p.cipher, p.keys, identifier, await _report(p, found, question, hidden), p.now)
    # A line of the trail carries no label: what is hidden is told by its Task alone, which does.
    p.note(f"Task/{identifier}", *([] if hidden else [f"AuditEvent/{line}"]))
    told = {
        "event": Event.ACCESS_REPORTED,
        "at": found.at.isoformat(),
        "line": str(line),
        "action": found.action,
        "reason": found.reason,
        "outcome": found.outcome,
        "rpps": found.rpps,
        "finess": found.finess,
        "purpose": found.purpose,
        "why": found.why,
        "targets": [],
        "caller": 0,
        "kind": found.kind,
        "role": found.role,
        "name": found.name,
        "structure": found.structure,
        "question": question,
        "task": str(identifier),
    }
    await enqueue(p.tx, p.cipher, EVENT, orjson.dumps(told), p.now)
    return kept


@dataclass(frozen=True, slots=True)
class Report:
    """A question of the holder: how far it is (the status of its Task), and the answer once there is one."""

    status: str
    question: str
    answer: str


async def list_reports(p: Permit) -> dict[str, Report]:
    """What the holder has questioned, by the line's id; the latest question about each."""
    p.must_be_for(Action.READ_TRAIL)
    code = Hashed((hash_token(p.keys, "Task", "code", CODES, Subject.REPORT),))
    query = Query("Task", conditions=[code], sort=(Sort("authored-on", descending=True),), count=500, total=False)
    page = await search(Reach(p), query, Searched((p.owner,)))
    found = dict[str, Report]()
    for stored in page.entries:
        task = stored.json()
        answer = task["note"][-1]["text"] if task.get("note") else ""
        found.setdefault(task["focus"]["reference"].removeprefix("AuditEvent/"), Report(task["status"], task["description"], answer))
    return found


async def answer_report(p: Permit, task: UUID, text: str) -> bool:
    """The service writes the agency's answer into the holder's Task; False when it stands there already."""
    p.must_be_for(Action.NOTIFY)
    stored = await find(p.tx, p.cipher, "Task", task)
    if stored is None or (resource := stored.json())["status"] == "completed":
        return False
    note = {"authorString": "Agency", "time": instant(p.now), "text": text}
    await update(p.tx, p.cipher, p.keys, stored, {**resource, "status": "completed", "note": [*resource.get("note", []), note]}, p.now)
    p.note(f"Task/{task}")
    return True


async def _report(p: Permit, line: TraceLine, question: str, hidden: Collection[str]) -> Resource:
    """`for` is the holder of the record, `requester` who asks: they may represent the holder."""
    holder = (await read_all(p.tx, p.cipher, "Patient"))[0].id
    return {
        "resourceType": "Task",
        "meta": {"security": [{"code": code} for code in sorted({HOLDER_ONLY, *hidden})]},
        "status": "requested",
        "intent": "order",
        "code": {"coding": [{"system": CODES, "code": Subject.REPORT}]},
        "description": question,
        "focus": {"reference": f"AuditEvent/{line.id}"},
        "for": {"reference": f"Patient/{holder}"},
        "authoredOn": instant(p.now),
        "requester": {"reference": f"Patient/{p.caller.patient}"},
    }


# The agency's side.


async def open_review(p: Permit, identifier: UUID, told: dict[str, Any]) -> None:
    """The service opens the review of an event, under the id that it has however often it comes."""
    p.must_be_for(Action.NOTIFY)
    if p.owner != REGISTRY or await find(p.tx, p.cipher, "Task", identifier) is not None:
        return
    report = told["event"] == Event.ACCESS_REPORTED
    inputs = {name: str(told.get(name) or "") for name in KEPT} | {"role": told.get("role") or told["kind"]}
    task: Resource = {
        "resourceType": "Task",
        "status": "requested",
        "intent": "order",
        "priority": "routine" if report else "urgent",
        "code": {"coding": [{"system": CODES, "code": Subject.REPORT if report else Subject.EMERGENCY}]},
        "focus": {"reference": f"AuditEvent/{told['line']}"},
        "for": {"reference": told["about"]},
        "authoredOn": told["at"],
        "requester": {"display": ", ".join(dict.fromkeys(part for part in (told.get("name"), told.get("structure")) if part)) or "?"},
        "input": [{"type": {"coding": [{"system": CODES, "code": name}]}, "valueString": text} for name, text in inputs.items() if text],
    }
    if report:
        task["description"] = told["question"]
    await insert(p.tx, p.cipher, p.keys, identifier, task, p.now)
    p.note(f"Task/{identifier}")


async def list_reviews(p: Permit, *, closed: bool = False) -> Sequence[Review]:
    """The reviews that are open (or the latest closed ones): emergencies first, each kind newest first."""
    p.must_be_for(Action.READ_REVIEWS)
    found: list[Review] = []
    statuses = ("completed",) if closed else ("requested", "in-progress")
    for subject in Subject:
        of_status = Hashed(tuple(hash_code(p.keys, "Task", "status", status) for status in statuses))
        of_subject = Hashed((hash_token(p.keys, "Task", "code", CODES, subject),))
        order = (Sort("authored-on", descending=True),)
        query = Query("Task", conditions=[of_subject, of_status], sort=order, count=PAGE, total=False)
        found += [_show(stored) for stored in (await search(Reach(p), query, Searched((REGISTRY,)))).entries]
    return found


async def list_reviewed(p: Permit, since: datetime, until: datetime) -> Sequence[TraceLine]:
    """The lines under review, open or closed, of acts from `since` to before `until`; newest first, at most MOST_LISTED of each kind."""
    p.must_be_for(Action.READ_REVIEWS)
    found: list[TraceLine] = []
    for subject in Subject:
        of_subject = Hashed((hash_token(p.keys, "Task", "code", CODES, subject),))
        order = (Sort("authored-on", descending=True),)
        query = Query("Task", conditions=[of_subject], sort=order, count=MOST_LISTED, total=False)
        found += [_line_of(stored) for stored in (await search(Reach(p), query, Searched((REGISTRY,)))).entries]
    # An emergency that a citizen questions as well is one line.
    unique = {line.id: line for line in found if since <= line.at < until}
    return sorted(unique.values(), key=lambda line: (line.at, line.id), reverse=True)


async def read_review(p: Permit, identifier: UUID) -> Review:
    """One review; NotFound when there is none."""
    p.must_be_for(Action.READ_REVIEWS, Action.CLOSE_REVIEW)
    return _show(await _task(p, identifier))


async def give_opinion(p: Permit, identifier: UUID, motive: str, *, back: bool = False) -> Review:
    """One person's opinion, with its motive. The second one, by another person, closes the review, or sends it `back`.

    Conflict when it is closed, or when the same person speaks twice (four eyes); the same words twice are one opinion.
    """
    p.must_be_for(Action.CLOSE_REVIEW)
    if not SHORTEST_MOTIVE <= len(motive) <= LONGEST_TEXT:
        raise Invalid(f"a motive has {SHORTEST_MOTIVE} to {LONGEST_TEXT} characters", place="motive")
    if p.caller.account is None:
        raise Invalid("an opinion is a person's, not an organisation's", place="motive")
    stored = await _task(p, identifier)
    task = stored.json()
    notes = task.get("note", [])
    first, own = task["status"] == "requested", bool(notes) and notes[-1]["extension"][0]["valueString"] == p.caller.account
    if own and notes[-1]["text"] == motive and first == back:
        return _show(stored)
    if task["status"] == "completed":
        raise Conflict("this review is closed")
    if not first and own:
        raise Conflict("a review is closed by two different persons")
    account = {"url": CODES, "valueString": p.caller.account}
    note = {"extension": [account], "authorString": p.caller.name, "time": instant(p.now), "text": motive}
    task["note"], task["status"] = [*notes, note], "in-progress" if first else "requested" if back else "completed"
    kept = await update(p.tx, p.cipher, p.keys, stored, task, p.now)
    p.note(f"Task/{identifier}")
    return _show(kept)


async def post_answer(p: Permit, review: Review, text: str) -> None:
    """Posts the answer to a citizen's question, once its review is closed."""
    p.must_be_for(Action.CLOSE_REVIEW)
    task = (await _task(p, review.id)).json()
    told = {"patient": review.record, "task": _inputs(task).get("task", ""), "text": text, "line": review.event}
    await enqueue(p.tx, p.cipher, ANSWER, orjson.dumps(told), p.now)


ANSWER = "answer"
"""The kind of letter that brings the agency's answer to the citizen."""


async def _task(p: Permit, identifier: UUID) -> Stored:
    stored = await find(p.tx, p.cipher, "Task", identifier) if owner_of(identifier) == REGISTRY else None
    if stored is None or stored.json().get("code", {}).get("coding", [{}])[0].get("system") != CODES:
        raise NotFound
    return stored


def _show(stored: Stored) -> Review:
    task = stored.json()
    inputs = _inputs(task)
    actor, _, place = task["requester"]["display"].partition(", ")
    notes = task.get("note", [])
    return Review(
        id=stored.id,
        subject=Subject(task["code"]["coding"][0]["code"]),
        status=task["status"],
        at=datetime.fromisoformat(task["authoredOn"]),
        actor=actor,
        place=place,
        role=inputs.get("role", ""),
        purpose=inputs.get("purpose", "TREAT"),
        why=inputs.get("why", ""),
        question=task.get("description", ""),
        event=task["focus"]["reference"].removeprefix("AuditEvent/"),
        record=task["for"]["reference"].removeprefix("Patient/"),
        opinions=tuple(Opinion(note["authorString"], note["text"], datetime.fromisoformat(note["time"])) for note in notes),
    )


def _line_of(stored: Stored) -> TraceLine:
    """The line that a review is about, as far as the agency sees it: no document, no query."""
    task = stored.json()
    kept = _inputs(task)
    patient = patient_in(task["for"]["reference"])
    return TraceLine(
        at=datetime.fromisoformat(task["authoredOn"]),
        id=UUID(task["focus"]["reference"].removeprefix("AuditEvent/")),
        action=kept.get("action", ""),
        outcome=kept.get("outcome", Outcome.DONE),
        reason=kept.get("reason", ""),
        kind=kept["kind"],
        role=kept.get("role"),
        name=kept.get("name", ""),
        structure=kept.get("structure", ""),
        targets=(task["for"]["reference"],),
        owner=owner_of(patient) if patient is not None else REGISTRY,
        rpps=kept.get("rpps", ""),
        finess=kept.get("finess", ""),
        purpose=kept.get("purpose", "TREAT"),
        why=kept.get("why", ""),
    )


def _inputs(task: Resource) -> dict[str, str]:
    return {one["type"]["coding"][0]["code"]: one["valueString"] for one in task.get("input", [])}


def patient_in(reference: str) -> UUID | None:
    """The id in `Patient/id`."""
    return parse_id(reference.removeprefix("Patient/"))
