"""Search on DocumentReference and List (ITI-67, ITI-66; TD3.1): GET and POST _search, within one citizen's record.

A search about a citizen that the caller may not read, or who does not exist, finds nothing: the two look the same.
"""

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from healthspace.access.opening import Service
from healthspace.access.permit import Permit
from healthspace.access.rules import Action
from healthspace.base.errors import Invalid, Refused
from healthspace.base.ids import owner_of, parse_id
from healthspace.edge.fhir.act import base_url, read_terms
from healthspace.edge.fhir.answer import answer, searchset
from healthspace.identity.caller import Caller
from healthspace.identity.ins import read_ins
from healthspace.record.find import find_documents, find_submissions
from healthspace.record.spaces import locate
from healthspace.resources.grammar import build_query
from healthspace.resources.search import Page

Terms = list[tuple[str, str]]

BY_ID = frozenset({"patient", "subject", "patient:Patient", "subject:Patient"})
BY_INS = frozenset({"patient.identifier", "subject.identifier", "patient:identifier", "subject:identifier", "subject:Patient.identifier"})
CURSOR = "_cursor"
CURSOR_SHAPE = re.compile(r"(-?\d{1,18})~([0-9a-f-]{36})", re.ASCII)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
PATIENT = re.compile(r"(?:.*/)?(?:Patient/)?([0-9a-f-]{36})")


async def search_documents(request: Request, service: Service, caller: Caller) -> Response:
    return await _search(request, service, caller, "DocumentReference", Action.SEARCH_DOCUMENTS)


async def search_submissions(request: Request, service: Service, caller: Caller) -> Response:
    return await _search(request, service, caller, "List", Action.SEARCH_SUBMISSIONS)


async def _search(request: Request, service: Service, caller: Caller, type_: str, action: Action) -> Response:
    asked = await read_terms(request)
    about, terms, cursor = _separate(asked)
    query = build_query(type_, terms, service.door.keys)
    query.after = _read_cursor(cursor)
    own = f"{base_url(request)}/{type_}?{urlencode(asked)}"
    owner = await _owner_asked_for(service, caller, about)
    try:
        async with service.door.permit(caller, action, owner) as p:
            page = await (find_documents if action is Action.SEARCH_DOCUMENTS else find_submissions)(p, query)
            p.note(*(f"{entry.type}/{entry.id}" for entry in page.entries))
    except Refused:
        return answer(searchset(base_url(request), (), 0, {"self": own}))
    return answer(searchset(base_url(request), page.entries, page.total, {"self": own, **_next(request, type_, terms, p, page)}))


def _separate(terms: Terms) -> tuple[Terms, Terms, str | None]:
    """What says whose record, what says which documents, and the place to go on from."""
    about = [(name, value) for name, value in terms if name in BY_ID | BY_INS]
    cursors = [value for name, value in terms if name == CURSOR]
    rest = [(name, value) for name, value in terms if name not in BY_ID | BY_INS | {CURSOR}]
    return about, rest, cursors[-1] if cursors else None


async def _owner_asked_for(service: Service, caller: Caller, about: Terms) -> int | None:
    """The record that a search is about. A citizen who names none means their own; anyone else must say whose (ITI-67)."""
    if not about:
        if caller.patient is None:
            raise Invalid("say whose documents: patient or patient.identifier", place="patient")
        return owner_of(caller.patient)
    owners = {await _owner_of_term(service, name, value) for name, value in about}
    return owners.pop() if len(owners) == 1 else None


async def _owner_of_term(service: Service, name: str, value: str) -> int | None:
    if name in BY_INS:
        system, separator, number = value.partition("|")
        if not separator:
            raise Invalid("an identifier is written system|value", place=name)
        patient = await locate(service.door, read_ins(system, number, name))
    else:
        match = PATIENT.fullmatch(value)
        if match is None:
            raise Invalid("a patient is named by Patient/id", place=name)
        patient = parse_id(match[1])
    return owner_of(patient) if patient is not None else None


def _next(request: Request, type_: str, terms: Terms, p: Permit, page: Page) -> dict[str, str]:
    """The link to the page after: by our own patient id, never by the INS."""
    if page.next is None:
        return {}
    at, identifier = page.next
    patient = page.entries[0].json()["subject"]["reference"]
    place = f"{(at - EPOCH) // timedelta(microseconds=1)}~{identifier}"
    return {"next": f"{base_url(request)}/{type_}?{urlencode([('patient', patient), *terms, (CURSOR, place)])}"}


def _read_cursor(text: str | None) -> tuple[datetime, UUID] | None:
    if text is None:
        return None
    match = CURSOR_SHAPE.fullmatch(text)
    identifier = parse_id(match[2]) if match else None
    if match is None or identifier is None:
        raise Invalid("this is not a place that a page of ours led to", place=CURSOR)
    try:
        return EPOCH + timedelta(microseconds=int(match[1])), identifier
    except OverflowError:
        raise Invalid("this is not a place that a page of ours led to", place=CURSOR) from None
