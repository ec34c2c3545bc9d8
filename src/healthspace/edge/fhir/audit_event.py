"""AuditEvent (ITI-81, TDE): the trail as FHIR, read-only. Who may not read a trail finds nothing, as where there is nothing.

With `patient`, the trail of one record: all of it for its holder and treating doctor, one's own acts for another professional.
Without, a citizen's own trail, or a professional's own acts in every record. For the agency, the accesses under review.
The bounds of the date must be said.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode
from uuid import UUID

import orjson
from starlette.requests import Request
from starlette.responses import Response

from healthspace.access.opening import Service
from healthspace.access.permit import Permit
from healthspace.access.rules import Action
from healthspace.audit.line import Outcome
from healthspace.audit.reading import BEGINNING, END, TraceLine, Wanted
from healthspace.base.errors import Malformed, NotFound, Refused
from healthspace.base.ids import REGISTRY, owner_of, parse_id
from healthspace.edge.fhir.act import base_url, read_terms
from healthspace.edge.fhir.answer import Entries, answer, searchset
from healthspace.edge.fhir.read import read as read_stored
from healthspace.edge.fhir.search import BY_ID, BY_INS, owner_of_term, search_type
from healthspace.fhir.dates import instants_of
from healthspace.identity.caller import Caller, Kind
from healthspace.identity.directory import FINESS, RPPS
from healthspace.record.audit_event import audit_event, interaction_of, outcome_of
from healthspace.record.spaces import owner_of_patient
from healthspace.record.trail import patients_of, read_own_acts, read_trace, read_trail
from healthspace.resources.cursor import open_place, seal_place
from healthspace.resources.grammar import LARGEST_PAGE, UnknownParameter, printable
from healthspace.reviews.operations import list_reviewed, patient_in

IGNORED = frozenset({"_format", "_pretty", "_total"})
PREFIXED = re.compile(r"(eq|ge|gt|le|lt|sa|eb)?(\d.*)")
ABOUT = "AuditEvent"
PEOPLE = {RPPS: "rpps", FINESS: "finess"}
FARTHEST = 5000
"""Lines read for one page when most of them are filtered out; the next page goes on from there."""
Terms = list[tuple[str, str]]


@dataclass(slots=True)
class Asked:
    """A search as it was asked for: whose record, and which lines of it."""

    about: Terms = field(default_factory=list)
    since: datetime | None = None
    until: datetime | None = None
    actions: frozenset[str] = frozenset(Action)
    outcomes: frozenset[str] = frozenset(Outcome)
    agents: list[str] = field(default_factory=list)
    entities: list[frozenset[str]] = field(default_factory=list)
    count: int = 50
    cursor: str | None = None


async def search_audit(request: Request, service: Service, caller: Caller) -> Response:
    """`GET /AuditEvent?…` and `POST /AuditEvent/_search`. The technical caller searches the AuditEvents that were stored as resources."""
    if caller.kind is Kind.TECHNICAL:
        return await search_type(request, service, caller)
    terms = await read_terms(request)
    asked = read_asked(terms)
    if caller.kind is Kind.AGENCY:
        return await _search_reviewed(request, service, caller, asked, terms)
    owner = await _owner_of(service, caller, asked)
    wanted = _wanted(service, asked)
    try:
        async with service.door.permit(caller, Action.READ_TRAIL, owner) as p:
            lines, more = await _gather(p, asked, wanted)
            patients = await patients_of(p, {line.owner for line in lines})
    except Refused:
        lines, more, patients = [], None, {}
    base = base_url(request)
    links = {"self": f"{base}/{ABOUT}?{urlencode(terms)}"}
    if more is not None:
        place = seal_place(service.door.keys, ABOUT, [more.at.isoformat(), str(more.id)])
        rest = [term for term in terms if term[0] not in {"_cursor", *BY_ID, *BY_INS}]
        who = [("patient", f"Patient/{patients[owner]}")] if owner in patients and asked.about else []
        links["next"] = f"{base}/{ABOUT}?{urlencode([*who, *rest, ('_cursor', place)])}"
    entries = [(ABOUT, str(line.id), orjson.dumps(audit_event(line, patients.get(line.owner)))) for line in lines]
    return answer(searchset(base, Entries(entries), None, links))


async def _search_reviewed(request: Request, service: Service, caller: Caller, asked: Asked, terms: Terms) -> Response:
    """What auditors see: the accesses under review, without what was read."""
    wanted = _wanted(service, replace(asked, cursor=None))
    owners = {await owner_of_term(service, name, value) for name, value in asked.about}
    async with service.door.permit(caller, Action.READ_REVIEWS, REGISTRY) as p:
        reviewed = await list_reviewed(p, wanted.since, wanted.until)
    found = [
        line
        for line in reviewed
        if line.action in asked.actions
        and line.outcome in asked.outcomes
        and owners <= {line.owner}
        and all(entity & _targets(line) for entity in asked.entities)
        and all(agent == f"rpps|{line.rpps}" or agent == f"finess|{line.finess}" for agent in asked.agents)
    ][: asked.count]
    entries = [(ABOUT, str(line.id), orjson.dumps(audit_event(line, patient_in(line.targets[0])))) for line in found]
    base = base_url(request)
    return answer(searchset(base, Entries(entries), None, {"self": f"{base}/{ABOUT}?{urlencode(terms)}"}))


async def _read_reviewed(service: Service, caller: Caller, identifier: UUID) -> Response:
    async with service.door.permit(caller, Action.READ_REVIEWS, REGISTRY) as p:
        line = next((line for line in await list_reviewed(p, BEGINNING, END) if line.id == identifier), None)
    if line is None:
        raise NotFound
    return answer(orjson.dumps(audit_event(line, patient_in(line.targets[0]))), headers={"etag": 'W/"1"'})


async def read_audit(request: Request, service: Service, caller: Caller) -> Response:
    """`GET /AuditEvent/id`: one line, which never has a second version."""
    if caller.kind is Kind.TECHNICAL:
        return await read_stored(request, service, caller)
    identifier = parse_id(request.path_params["id"])
    if identifier is None or request.path_params.get("version", "1") != "1":
        raise NotFound
    if caller.kind is Kind.AGENCY:
        return await _read_reviewed(service, caller, identifier)
    async with service.door.permit(caller, Action.READ_TRAIL, owner_of(identifier) or None) as p:
        line = await read_trace(p, identifier)
        patients = await patients_of(p, {line.owner})
    return answer(orjson.dumps(audit_event(line, patients.get(line.owner))), headers={"etag": 'W/"1"'})


def read_asked(terms: Terms) -> Asked:
    """What `terms` ask for; Malformed names the parameter at fault. Both bounds of the date must be there (TDE)."""
    asked = Asked()
    for name, value in terms:
        if name in IGNORED or not value:
            continue
        if name in BY_ID or name in BY_INS:
            asked.about.append((name, value))
        elif (reader := READERS.get(name)) is not None:
            reader(asked, name, value)
        else:
            raise UnknownParameter(f"AuditEvent is not searched by {printable(name)} here", place=printable(name))
    if asked.since is None or asked.until is None:
        raise Malformed("say from when to when: date=ge2026-01-01&date=le2026-01-31", place="date")
    return asked


def _read_date(asked: Asked, name: str, value: str) -> None:
    match = PREFIXED.fullmatch(value)
    span = instants_of(match[2]) if match else None
    if match is None or span is None:
        raise Malformed("a bound is written ge, gt, le or lt and a date", place=name)
    first, last = (datetime.fromtimestamp(seconds, UTC) for seconds in span)
    after, prefix = min(last, END) + timedelta(milliseconds=1), match[1] or "eq"
    if prefix in {"ge", "eq"}:
        asked.since = max(asked.since or first, first)
    if prefix in {"gt", "sa"}:
        asked.since = max(asked.since or after, after)
    if prefix in {"le", "eq"}:
        asked.until = min(asked.until or END, after)
    if prefix in {"lt", "eb"}:
        asked.until = min(asked.until or END, first)


def _read_action(asked: Asked, name: str, value: str) -> None:
    wanted = {one.rpartition("|")[2] for one in value.split(",")}
    asked.actions &= {action for action in Action if interaction_of(action)[1] in wanted}


def _read_subtype(asked: Asked, name: str, value: str) -> None:
    wanted = {one.rpartition("|")[2] for one in value.split(",")}
    asked.actions &= {action for action in Action if interaction_of(action)[0] in wanted or action.value in wanted}


def _read_type(asked: Asked, name: str, value: str) -> None:
    if "rest" not in {one.rpartition("|")[2] for one in value.split(",")}:
        asked.actions = frozenset()


def _read_outcome(asked: Asked, name: str, value: str) -> None:
    wanted = {one.rpartition("|")[2] for one in value.split(",")}
    asked.outcomes &= {outcome for outcome in Outcome if outcome_of(outcome) in wanted}


def _read_agent(asked: Asked, name: str, value: str) -> None:
    """An agent as a caller's key: `Patient/id`, or a number of the directory."""
    if name == "agent":
        asked.agents.append(f"patient|{value.rpartition('/')[2]}")
        return
    system, _, number = value.partition("|")
    if system not in PEOPLE:
        raise Malformed(f"an agent is identified by {RPPS} or {FINESS}", place=name)
    asked.agents.append(f"{PEOPLE[system]}|{number}")


def _read_entity(asked: Asked, name: str, value: str) -> None:
    asked.entities.append(frozenset("/".join(one.split("/")[-2:]) for one in value.split(",")))


def _read_count(asked: Asked, name: str, value: str) -> None:
    if not value.isascii() or not value.isdecimal() or len(value) > 9:
        raise Malformed("_count must be a whole number", place="_count")
    asked.count = min(int(value), LARGEST_PAGE)


def _read_cursor(asked: Asked, name: str, value: str) -> None:
    asked.cursor = value


def _read_sort(asked: Asked, name: str, value: str) -> None:
    if value not in {"-date", "-period-start"}:
        raise Malformed("the trail is read newest first", place="_sort")


READERS = {
    "date": _read_date,
    "period-start": _read_date,
    "action": _read_action,
    "subtype": _read_subtype,
    "type": _read_type,
    "outcome": _read_outcome,
    "agent": _read_agent,
    "agent:identifier": _read_agent,
    "agent.identifier": _read_agent,
    "entity": _read_entity,
    "_count": _read_count,
    "_cursor": _read_cursor,
    "_sort": _read_sort,
}


async def _owner_of(service: Service, caller: Caller, asked: Asked) -> int | None:
    """Whose trail: the record that is named, else the citizen's own, else the caller's acts everywhere."""
    if asked.about:
        owners = {await owner_of_term(service, name, value) for name, value in asked.about}
        return owners.pop() if len(owners) == 1 else None
    return owner_of_patient(caller.patient) if caller.patient is not None else REGISTRY


def _wanted(service: Service, asked: Asked) -> Wanted:
    keys = service.door.keys
    place = open_place(keys, ABOUT, asked.cursor) if asked.cursor is not None else None
    agents = {keys.hash_caller(agent) for agent in asked.agents}
    return Wanted(
        since=asked.since or END,
        until=asked.until or END,
        before=(datetime.fromisoformat(place[0]), UUID(place[1])) if place else None,
        # Two different agents are none: no line has both.
        actions=asked.actions if len(agents) < 2 else frozenset(),
        outcomes=asked.outcomes,
        caller=agents.pop() if len(agents) == 1 else None,
    )


async def _gather(p: Permit, asked: Asked, wanted: Wanted) -> tuple[Sequence[TraceLine], TraceLine | None]:
    """A page of lines, and the line that the next page comes after (None on the last)."""
    found: list[TraceLine] = []
    batch = asked.count + 1 if not asked.entities else max(asked.count + 1, 250)
    read = 0
    while asked.count and read < FARTHEST:
        lines = await (read_own_acts if p.owner == REGISTRY else read_trail)(p, replace(wanted, limit=batch))
        for line in lines:
            if all(entity & _targets(line) for entity in asked.entities):
                if len(found) == asked.count:
                    return found, found[-1]
                found.append(line)
        if len(lines) < batch:
            return found, None
        read += len(lines)
        wanted = replace(wanted, before=(lines[-1].at, lines[-1].id))
    return found, lines[-1] if asked.count else None


def _targets(line: TraceLine) -> set[str]:
    return {"/".join(target.split("/")[:2]) for target in line.targets}
