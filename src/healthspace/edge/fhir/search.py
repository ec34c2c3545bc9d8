"""Search (R4 http.html#search; ITI-66, ITI-67, TD3.1): GET and POST _search, on a type, in a compartment, on the whole system.

A search about a citizen that the caller may not read, or who does not exist, finds nothing: the two look the same.
"""

import re
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from healthspace.access.opening import Service
from healthspace.access.rules import Action
from healthspace.access.wide import permit_wide
from healthspace.base import clock
from healthspace.base.errors import Invalid, NotFound, Refused
from healthspace.base.ids import REGISTRY, owner_of, parse_id
from healthspace.edge.fhir.act import base_url, read_terms
from healthspace.edge.fhir.answer import Entries, answer, entries_of, searchset
from healthspace.edge.fhir.conditions import is_lenient
from healthspace.edge.fhir.search_types import Place, find_page, search_types
from healthspace.fhir.definitions import compartment
from healthspace.fhir.subset import part_of
from healthspace.identity.caller import Caller, Kind
from healthspace.identity.ins import read_ins
from healthspace.record.find import as_meant
from healthspace.record.relatives import told_at
from healthspace.record.spaces import locate
from healthspace.resources.grammar import Asked, read_search
from healthspace.resources.reach import Reach, belongs_to_citizens
from healthspace.resources.search import Page
from healthspace.resources.stored import Stored

Terms = list[tuple[str, str]]
Shown = list[tuple[str, str, bytes]]
"""Entries of an answer: type, name and body of each."""

BY_ID = frozenset({"patient", "subject", "patient:Patient", "subject:Patient"})
BY_INS = frozenset({"patient.identifier", "subject.identifier", "patient:identifier", "subject:identifier", "subject:Patient.identifier"})
PATIENT = re.compile(r"(?:.*/)?(?:Patient/)?([0-9a-f-]{36})")
SEARCH_ACTIONS = {
    "DocumentReference": Action.SEARCH_DOCUMENTS,
    "List": Action.SEARCH_SUBMISSIONS,
    "Consent": Action.READ_ACCESS,
    "RelatedPerson": Action.READ_ACCESS,
}


async def search_type(request: Request, service: Service, caller: Caller) -> Response:
    """`GET /Type?…` and `POST /Type/_search`."""
    return await _search(request, service, caller, request.path_params["type"], None)


async def search_compartment(request: Request, service: Service, caller: Caller) -> Response:
    """`GET /Patient/id/Type?…` (R4 compartmentdefinition.html)."""
    kind, name, type_ = (request.path_params[each] for each in ("type", "id", "inner"))
    if type_ == "*":
        return await search_types(request, service, caller, (kind, name))
    if type_ not in compartment(kind):
        raise NotFound
    return await _search(request, service, caller, type_, (kind, name))


async def _search(request: Request, service: Service, caller: Caller, type_: str, place: Place) -> Response:
    terms = await read_terms(request)
    wide = caller.kind is Kind.TECHNICAL
    about, rest = ([], terms) if wide else separate(terms, type_)
    asked = read_search(type_, as_meant(caller, type_, rest), lenient=is_lenient(request))
    if type_ in service.door.stale:
        asked.notices.append(f"{type_} is being indexed anew: what is found may be incomplete")
    found = Found(request, type_, place, terms, rest)
    if wide:
        async with permit_wide(service.door, caller, Action.SEARCH_RESOURCES) as wide_permit:
            page, included = await find_page(Reach(wide_permit, base_url(request)), asked, place)
            entries = _tell(page, included)
            for stored, (kind, name, _) in zip((*page.entries, *included), (*entries[0], *entries[1]), strict=True):
                wide_permit.note(stored.owner, f"{kind}/{name}")
        return found.answer(asked, page, entries, None)
    owner = await owner_asked_for(service, caller, about, type_, place)
    try:
        async with service.door.permit(caller, SEARCH_ACTIONS.get(type_, Action.SEARCH_RESOURCES), owner) as p:
            page, included = await find_page(Reach(p, base_url(request)), asked, place)
            entries = _tell(page, included)
            p.note(*(f"{kind}/{name}" for told in entries for kind, name, _ in told))
    except Refused:
        return found.answer(asked, Page((), 0 if asked.total else None, None), ([], []), None)
    return found.answer(asked, page, entries, _patient_of(page))


def _tell(page: Page, included: list[Stored]) -> tuple[Shown, Shown]:
    """What was found and what goes with it, as it is told now; their names are read once, for the answer and for the trail."""
    now = clock.now()
    return entries_of(told_at(one, now) for one in page.entries), entries_of(told_at(one, now) for one in included)


class Found:
    """The request that an answer belongs to: what its links repeat."""

    def __init__(self, request: Request, type_: str, place: Place, terms: Terms, rest: Terms) -> None:
        self._base = base_url(request)
        self._path = f"{place[0]}/{place[1]}/{type_}" if place else type_
        self._terms, self._rest = terms, rest

    def answer(self, asked: Asked, page: Page, entries: tuple[Shown, Shown], patient: str | None) -> Response:
        """The searchset; `patient` stands in the next link for whatever named the citizen, so that no INS is in it."""
        left_out = set(asked.warnings)
        told = [term for term in self._terms if term[0] not in left_out]
        links = {"self": f"{self._base}/{self._path}" + (f"?{urlencode(told)}" if told else "")}
        if page.next is not None:
            going_on = [term for term in self._rest if term[0] not in {"_cursor", *left_out}]
            who = [("patient", patient)] if patient else []
            links["next"] = f"{self._base}/{self._path}?{urlencode([*who, *going_on, ('_cursor', page.next)])}"
        matches, others = entries
        if asked.elements or asked.summary in {"true", "text", "data"}:
            matches = [(type_, name, part_of(body, asked.elements, asked.summary)) for type_, name, body in matches]
        return answer(searchset(self._base, Entries(matches, others, asked.warnings, asked.notices), page.total, links))


def _patient_of(page: Page) -> str | None:
    subject = page.entries[0].json().get("subject", page.entries[0].json().get("patient")) if page.entries else None
    reference = subject.get("reference") if isinstance(subject, dict) else None
    return reference if isinstance(reference, str) and reference.startswith("Patient/") else None


def separate(terms: Terms, type_: str) -> tuple[Terms, Terms]:
    """What says whose record, and what says which resources."""
    if not belongs_to_citizens(type_):
        return [], terms
    names = BY_ID | BY_INS
    return [term for term in terms if term[0] in names], [term for term in terms if term[0] not in names]


async def owner_asked_for(service: Service, caller: Caller, about: Terms, type_: str, place: Place) -> int | None:
    """The record that a search is about. A citizen who names none means their own; anyone else must say whose (ITI-67)."""
    if not belongs_to_citizens(type_):
        return REGISTRY
    if place is not None:
        about = [*about, ("patient", place[1])] if place[0] == "Patient" else about
    if not about:
        if caller.patient is None:
            raise Invalid("say whose resources: patient or patient.identifier", place="patient")
        return owner_of(caller.patient)
    owners = {await owner_of_term(service, name, value) for name, value in about}
    return owners.pop() if len(owners) == 1 else None


async def owner_of_term(service: Service, name: str, value: str) -> int | None:
    """The owner of the citizen whom a search term names, by our id or by INS; None when there is none."""
    """Whose record one parameter names; None when it is nobody's."""
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
    return owner_of(patient) or None if patient is not None else None
