"""Search of several types at once (R4 http.html#search): on the whole system, and in a compartment (`GET /Patient/id/*`).

Each type in turn, for a caller whose reach has no bounds; pages lead through one type after the other.
"""

from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from healthspace.access.opening import Service
from healthspace.access.rules import Action
from healthspace.access.wide import permit_wide
from healthspace.base.errors import Malformed
from healthspace.edge.fhir.act import base_url, read_terms
from healthspace.edge.fhir.answer import Entries, answer, entries_of, searchset
from healthspace.edge.fhir.conditions import is_lenient
from healthspace.fhir.definitions import compartment
from healthspace.fhir.resource_types import NAMES, NUMBER
from healthspace.fhir.subset import part_of
from healthspace.identity.caller import Caller
from healthspace.resources.compartments import in_compartment
from healthspace.resources.grammar import Asked, printable, read_search
from healthspace.resources.including import include
from healthspace.resources.planning import plan
from healthspace.resources.reach import Reach
from healthspace.resources.search import Page, search
from healthspace.resources.stored import Stored

Terms = list[tuple[str, str]]
Place = tuple[str, str] | None
"""A compartment: its type and the name of its resource."""


async def search_system(request: Request, service: Service, caller: Caller) -> Response:
    """`GET /?_type=A,B&…`, `POST /_search`; without `_type`, every type, when something is asked of them."""
    return await search_types(request, service, caller, None)


async def search_types(request: Request, service: Service, caller: Caller, place: Place) -> Response:
    """Those of the types that are asked for, or else all (of the compartment `place`)."""
    terms = await read_terms(request)
    searches = _read(terms, place, lenient=is_lenient(request))
    async with permit_wide(service.door, caller, Action.SEARCH_RESOURCES) as p:
        found = await _search_each(Reach(p, base_url(request)), searches, terms, place)
        for stored in (*found.entries, *found.included):
            p.note(stored.owner, f"{stored.type}/{stored.name}")
    address = base_url(request) + (f"/{place[0]}/{place[1]}/*" if place is not None else "")
    first, left_out = searches[0], set(searches[0].warnings)
    told = [term for term in terms if term[0] not in left_out]
    links = {"self": address + (f"?{urlencode(told)}" if told else "")}
    if found.next is not None:
        links["next"] = f"{address}?{urlencode([*(term for term in told if term[0] != '_cursor'), ('_cursor', found.next)])}"
    matches = [(type_, name, part_of(body, first.elements, first.summary)) for type_, name, body in entries_of(found.entries)]
    return answer(searchset(base_url(request), Entries(matches, entries_of(found.included), first.warnings), found.total, links))


async def find_page(reach: Reach, asked: Asked, place: Place) -> tuple[Page, list[Stored]]:
    """The page of one type that `asked` means, and what is included with it."""
    query, scope = await plan(reach, asked)
    if place is not None:
        scope = await in_compartment(reach, query, scope, *place)
    if asked.summary == "count":
        query.count = 0
    page = await search(reach, query, scope)
    return page, await include(reach, asked, page.entries) if asked.includes or asked.revincludes else []


class _Found:
    """What was found so far, and where a next page begins."""

    def __init__(self, *, total: bool) -> None:
        self.entries: list[Stored] = []
        self.included: list[Stored] = []
        self.total: int | None = 0 if total else None
        self.next: str | None = None


def _read(terms: Terms, place: Place, *, lenient: bool) -> list[Asked]:
    """What is asked of each type; Malformed when no type is meant."""
    known = [name for name in NAMES if place is None or name in compartment(place[0])]
    types = [one for name, value in terms if name == "_type" for one in value.split(",") if one]
    if unknown := [one for one in types if one not in NUMBER]:
        raise Malformed(f"there is no resource type {printable(unknown[0])}", place="_type")
    rest = [term for term in terms if term[0] not in {"_type", "_cursor"}]
    searches = [read_search(type_, rest, lenient=lenient) for type_ in types or known if type_ in known]
    if not searches or (not types and place is None and not searches[0].terms):
        raise Malformed("say which types to search (_type), or what is looked for", place="_type")
    return searches


async def _search_each(reach: Reach, searches: list[Asked], terms: Terms, place: Place) -> _Found:
    at, _, cursor = next((value for name, value in terms if name == "_cursor"), "0.").partition(".")
    number = int(at) if at.isdecimal() and len(at) < 4 and int(at) < len(searches) else 0
    found, wanted = _Found(total=searches[0].total), searches[0].count
    for turn, asked in enumerate(searches):
        left = wanted - len(found.entries)
        page_ended = turn >= number and found.next is None and left == 0 and wanted > 0
        elsewhere = turn < number or found.next is not None or left == 0
        if elsewhere and not asked.total:
            found.next = f"{turn}." if page_ended else found.next
            continue
        asked.cursor, asked.count = (cursor or None if turn == number else None), (0 if elsewhere else left)
        page, included = await find_page(reach, asked, place)
        found.total = found.total + (page.total or 0) if found.total is not None else None
        found.entries += page.entries
        found.included += [one for one in included if one not in found.included]
        if page.next is not None:
            found.next = f"{turn}.{page.next}"
        elif page_ended and page.total:
            found.next = f"{turn}."
    return found
