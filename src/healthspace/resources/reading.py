"""Reading by id: the current version, an earlier one, the history (R4 http.html#read, #vread, #history)."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from healthspace.access.depositor import depositor_of
from healthspace.access.facts import INVITATION, keys_named_in, value_of
from healthspace.access.labels import REASONS, codes_of, is_shown_one_by_one, spelt
from healthspace.access.matrix import ALWAYS_OPEN, Admission
from healthspace.access.origin import CONTACTS, is_from_document
from healthspace.access.permit import Permit
from healthspace.access.rules import Action, Reason
from healthspace.base.errors import Gone, NotFound, Refused
from healthspace.fhir.resource_types import NUMBER
from healthspace.profile.elements import is_from_citizen
from healthspace.resources.reach import TAKEN_BACK, WITHDRAWN, Reach
from healthspace.resources.store import find, last_version, read_version
from healthspace.resources.stored import Resource, Stored, open_row

READ_ACTIONS = (Action.READ_RESOURCE, Action.READ_DOCUMENT, Action.READ_ACCESS)

HISTORY_OF_ONE = """
    SELECT type, id, version, updated, body FROM (
        SELECT type, id, version, updated, body, lead(updated) OVER (ORDER BY version) AS followed FROM (
            SELECT type, id, version, updated, body FROM resource WHERE owner = $1 AND type = $2 AND id = $3
            UNION ALL
            SELECT type, id, version, updated, body FROM resource_history WHERE owner = $1 AND type = $2 AND id = $3
        ) AS written
    ) AS versions
     WHERE ($4::timestamptz IS NULL OR updated >= $4) AND ($5::timestamptz IS NULL OR updated <= $5)
       AND ($6::timestamptz IS NULL OR followed IS NULL OR followed > $6)
       AND ($7::integer IS NULL OR version < $7)
     ORDER BY version DESC LIMIT $8
"""
COUNT_OF_ONE = """
    SELECT count(*) FROM (
        SELECT updated, lead(updated) OVER (ORDER BY version) AS followed FROM (
            SELECT version, updated FROM resource WHERE owner = $1 AND type = $2 AND id = $3
            UNION ALL
            SELECT version, updated FROM resource_history WHERE owner = $1 AND type = $2 AND id = $3
        ) AS written
    ) AS versions
     WHERE ($4::timestamptz IS NULL OR updated >= $4) AND ($5::timestamptz IS NULL OR updated <= $5)
       AND ($6::timestamptz IS NULL OR followed IS NULL OR followed > $6)
"""
HISTORY_OF_ALL = """
    SELECT owner, type, id, version, updated, body FROM (
        SELECT owner, type, id, version, updated, body FROM resource
         WHERE ($1::smallint IS NULL OR type = $1) AND ($2::timestamptz IS NULL OR updated >= $2)
           AND ($3::timestamptz IS NULL OR updated <= $3)
        UNION ALL
        SELECT owner, type, id, version, updated, body FROM resource_history AS r
         WHERE ($1::smallint IS NULL OR type = $1) AND ($2::timestamptz IS NULL OR updated >= $2)
           AND ($3::timestamptz IS NULL OR updated <= $3)
           AND ($4::timestamptz IS NULL OR updated > $4 OR NOT EXISTS (
               SELECT FROM resource AS n
                WHERE n.owner = r.owner AND n.type = r.type AND n.id = r.id AND n.version > r.version AND n.updated <= $4
               UNION ALL
               SELECT FROM resource_history AS n
                WHERE n.owner = r.owner AND n.type = r.type AND n.id = r.id AND n.version > r.version AND n.updated <= $4))
    ) AS versions
     WHERE $5::timestamptz IS NULL OR (updated, id, version) < ($5, $6, $7)
     ORDER BY updated DESC, id DESC, version DESC LIMIT $8
"""
COUNT_OF_ALL = """
    SELECT (SELECT count(*) FROM resource WHERE ($1::smallint IS NULL OR type = $1)
               AND ($2::timestamptz IS NULL OR updated >= $2) AND ($3::timestamptz IS NULL OR updated <= $3))
         + (SELECT count(*) FROM resource_history AS r WHERE ($1::smallint IS NULL OR type = $1)
               AND ($2::timestamptz IS NULL OR updated >= $2) AND ($3::timestamptz IS NULL OR updated <= $3)
               AND ($4::timestamptz IS NULL OR updated > $4 OR NOT EXISTS (
                   SELECT FROM resource AS n
                    WHERE n.owner = r.owner AND n.type = r.type AND n.id = r.id AND n.version > r.version AND n.updated <= $4
                   UNION ALL
                   SELECT FROM resource_history AS n
                    WHERE n.owner = r.owner AND n.type = r.type AND n.id = r.id AND n.version > r.version AND n.updated <= $4)))
"""


@dataclass(frozen=True, slots=True)
class Window:
    """Which versions a history shows: written from `since` to `until`, and not followed by another before `standing`; `count` of them,
    after the place `after`."""

    since: datetime | None = None
    until: datetime | None = None
    standing: datetime | None = None
    count: int = 50
    after: tuple[datetime, UUID, int] | None = None


@dataclass(frozen=True, slots=True)
class Versions:
    """A page of a history, latest first; `more` when it goes on."""

    entries: tuple[Stored, ...]
    total: int
    more: bool


async def read_resource(p: Permit, type_: str, identifier: UUID, version: int | None = None) -> Stored:
    """One resource that the permit shows, now or as it was in `version`; NotFound or Gone."""
    p.must_be_for(*READ_ACTIONS, Action.READ_PATIENT)
    current = await _find_shown(p, type_, identifier)
    if current is None:
        if version is None or await _last_shown(p, type_, identifier) is None:
            raise Gone if version is None and await _last_shown(p, type_, identifier) is not None else NotFound
        found = await read_version(p.tx, p.cipher, type_, identifier, version)
    elif version is None or version == current.version:
        found = current
    else:
        found = await read_version(p.tx, p.cipher, type_, identifier, version)
    p.note(f"{type_}/{found.name}")
    return found


async def read_history(p: Permit, type_: str, identifier: UUID, window: Window) -> Versions:
    """The versions of one resource, latest first; NotFound when the permit shows none."""
    p.must_be_for(Action.READ_HISTORY)
    if await _find_shown(p, type_, identifier) is None and await _last_shown(p, type_, identifier) is None:
        raise NotFound
    about = (p.owner, NUMBER[type_], identifier, window.since, window.until, window.standing)
    before = window.after[2] if window.after else None
    rows = await p.tx.fetch(HISTORY_OF_ONE, *about, before, window.count + 1)
    entries = tuple(open_row(p.cipher, row) for row in rows[: window.count])
    p.note(*(f"{type_}/{identifier}/_history/{entry.version}" for entry in entries))
    return Versions(entries, await p.tx.fetchval(COUNT_OF_ONE, *about), len(rows) > window.count)


async def read_history_of_all(reach: Reach, type_: str | None, window: Window) -> Versions:
    """The versions of every resource, or of every one of a type, latest first: for a caller whose reach has no bounds."""
    about = (NUMBER[type_] if type_ else None, window.since, window.until, window.standing)
    rows = await reach.tx.fetch(HISTORY_OF_ALL, *about, *(window.after or (None, None, None)), window.count + 1)
    entries = tuple(await reach.open_rows(rows[: window.count]))
    return Versions(entries, await reach.tx.fetchval(COUNT_OF_ALL, *about), len(rows) > window.count)


def is_shown(p: Permit, resource: Resource) -> bool:
    """Whether the permit shows this one resource."""
    return why_hidden(p, resource) is None


def all_shown(p: Permit, versions: Iterable[Stored]) -> Iterator[Stored]:
    """Of `versions`, those that the permit shows."""
    doubt = _doubt(p)
    return (one for one in versions if not doubt(one) or is_shown(p, one.json()))


def all_shown_resources(p: Permit, versions: Iterable[Stored]) -> Iterator[Resource]:
    """As `all_shown`, as resources: none is read twice."""
    doubt = _doubt(p)
    read = ((one, one.json()) for one in versions)
    return (resource for one, resource in read if not doubt(one) or is_shown(p, resource))


def _doubt(p: Permit) -> Callable[[Stored], bool]:
    """Whether a body must be read as JSON to know that it may be shown.

    It must where more than labels may hide it, or where it could carry one: bodies are written one way, without escapes in codes.
    """
    if p.admission is not None or p.only_own_deposits or p.only_shown:
        return lambda one: True
    labels = [f'"{label}"'.encode() for label in spelt(p.hidden)]
    read = {*TAKEN_BACK, *p.concerned}
    return lambda one: one.type in read or any(label in one.body for label in labels)


def why_hidden(p: Permit, resource: Resource) -> Reason | None:
    """Why the permit does not show this one resource; None when it does. What a search leaves out by its statement, told of one."""
    type_ = resource["resourceType"]
    if type_ in TAKEN_BACK and resource.get("status") in WITHDRAWN and not p.unbounded:
        return Reason.WITHDRAWN
    said = p.admission is not None and not p.only_shown and is_from_document(resource)
    concerned = type_ in p.concerned and not said
    if concerned and not set(keys_named_in(resource, p.keys)) & set(p.caller.keys):
        return Reason.NO_RIGHT
    if depositor_of(resource) == p.caller.depositor_key:
        return None
    if p.only_own_deposits:
        return Reason.NO_RIGHT
    shown = not is_from_document(resource) if type_ in ALWAYS_OPEN else is_shown_one_by_one(resource)
    if p.only_shown and not concerned and not shown:
        return Reason.MASKED
    if p.admission is not None and not concerned and not _is_admitted(p.admission, resource):
        return Reason.PROFESSION
    found = codes_of(resource) & p.hidden
    return REASONS[min(found)] if found else None


def _is_admitted(admission: Admission, resource: Resource) -> bool:
    """Whether the matrix shows a resource; of related people, only contacts that the citizen entered: an invitation is no contact."""
    if resource["resourceType"] != CONTACTS:
        return admission.shows(resource)
    return is_from_citizen(resource) and value_of(resource, INVITATION) is None


async def find_about(p: Permit, type_: str, identifier: UUID) -> Stored | None:
    """The current version, whoever may see it; that which the permit is about came with its facts, or is known not to be there."""
    if p.about == (NUMBER[type_], identifier):
        return open_row(p.cipher, p.fetched) if p.fetched is not None else None
    return await find(p.tx, p.cipher, type_, identifier)


async def _find_shown(p: Permit, type_: str, identifier: UUID) -> Stored | None:
    if p.owner not in (Reach(p).scope(type_).owners or ()):
        return None
    current = await find_about(p, type_, identifier)
    # An earlier version is shown by the labels of today: hiding a resource hides its past.
    if current is not None and (p.bounded or type_ in TAKEN_BACK) and (reason := why_hidden(p, current.json())):
        raise Refused(reason, about=f"{type_}/{current.name}")
    return current


async def _last_shown(p: Permit, type_: str, identifier: UUID) -> Stored | None:
    """The deletion of what was deleted; nobody whom labels or deposits bind is told of one."""
    if p.bounded or p.owner not in (Reach(p).scope(type_).owners or ()):
        return None
    return await last_version(p.tx, p.cipher, type_, identifier)


def moment_of(seconds: float) -> datetime:
    """An instant at the millisecond."""
    return datetime.fromtimestamp(round(seconds, 3), UTC)
