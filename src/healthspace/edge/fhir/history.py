"""History of a resource, of a type and of the whole system (R4 http.html#history)."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode
from uuid import UUID

import orjson
from starlette.requests import Request
from starlette.responses import Response

from healthspace.access.opening import Service
from healthspace.access.rules import Action
from healthspace.access.wide import permit_wide
from healthspace.base.errors import Malformed
from healthspace.edge.fhir.act import base_url, read_terms
from healthspace.edge.fhir.answer import answer, etag_of
from healthspace.edge.fhir.conditions import moment_in
from healthspace.edge.fhir.read import locate
from healthspace.fhir.dates import instants_of
from healthspace.identity.caller import Caller
from healthspace.resources.cursor import open_place, seal_place
from healthspace.resources.grammar import LARGEST_PAGE, printable
from healthspace.resources.reach import Reach
from healthspace.resources.reading import Versions, Window, moment_of, read_history, read_history_of_all
from healthspace.resources.stored import Stored, instant

KNOWN = frozenset({"_since", "_at", "_count", "_cursor", "_format", "_pretty", "_sort"})
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


async def history_of_one(request: Request, service: Service, caller: Caller) -> Response:
    """`GET /Type/id/_history`."""
    type_, name = request.path_params["type"], request.path_params["id"]
    window = await _window(request, service, f"{type_}/{name}")
    owner, identifier = await locate(service, type_, name)
    async with service.door.permit(caller, Action.READ_HISTORY, owner) as p:
        versions = await read_history(p, type_, identifier, window)
    return _answer(request, service, f"{type_}/{name}", versions, name)


async def history_of_type(request: Request, service: Service, caller: Caller) -> Response:
    """`GET /Type/_history`."""
    type_: str = request.path_params["type"]
    return await _history_of_all(request, service, caller, type_)


async def history_of_system(request: Request, service: Service, caller: Caller) -> Response:
    """`GET /_history`."""
    return await _history_of_all(request, service, caller, None)


async def _history_of_all(request: Request, service: Service, caller: Caller, type_: str | None) -> Response:
    window = await _window(request, service, type_ or "")
    async with permit_wide(service.door, caller, Action.READ_HISTORY) as p:
        versions = await read_history_of_all(Reach(p, base_url(request)), type_, window)
        for entry in versions.entries:
            p.note(entry.owner, f"{entry.type}/{entry.id}/_history/{entry.version}")
    return _answer(request, service, type_ or "", versions, None)


async def _window(request: Request, service: Service, about: str) -> Window:
    terms = dict(await read_terms(request))
    unknown = next((name for name in terms if name not in KNOWN), None)
    if unknown is not None:
        raise Malformed("a history is narrowed by _since, _at and _count", place=printable(unknown))
    if terms.get("_sort", "-_lastUpdated") != "-_lastUpdated":
        raise Malformed("a history begins with its last version", place="_sort")
    since = moment_in(terms["_since"], "_since") if "_since" in terms else None
    # R4: _at asks for the versions that were current at some time in that period.
    standing, until = _period(terms["_at"]) if "_at" in terms else (None, None)
    count = terms.get("_count", "50")
    if not count.isdecimal() or len(count) > 9:
        raise Malformed("_count must be a whole number", place="_count")
    after = None
    if "_cursor" in terms:
        at, identifier, version = open_place(service.door.keys, f"history|{about}", terms["_cursor"])
        after = EPOCH + timedelta(microseconds=at), UUID(identifier), version
    return Window(since, until, standing, min(int(count), LARGEST_PAGE), after)


def _period(text: str) -> tuple[datetime, datetime]:
    """The first and the last instant of a date, or of a year, a month, an instant (R4 http.html#history)."""
    span = instants_of(text.strip().replace(" ", "+"))
    if span is None:
        raise Malformed("_at is a date", place="_at")
    return moment_of(span[0]), moment_of(span[1])


def _answer(request: Request, service: Service, about: str, versions: Versions, name: str | None) -> Response:
    base, terms = base_url(request), [(key, value) for key, value in request.query_params.multi_items() if key != "_cursor"]
    path = f"{base}/{about}/_history" if about else f"{base}/_history"
    links = {"self": path + (f"?{urlencode(terms)}" if terms else "")}
    if versions.more and versions.entries:
        last = versions.entries[-1]
        place = [(last.updated - EPOCH) // timedelta(microseconds=1), str(last.id), last.version]
        links["next"] = f"{path}?{urlencode([*terms, ('_cursor', seal_place(service.door.keys, f'history|{about}', place))])}"
    return answer(history_bundle(base, versions, links, name))


def history_bundle(base: str, versions: Versions, links: Mapping[str, str], name: str | None) -> bytes:
    """A history Bundle; the stored bytes are joined as they are."""
    head = {
        "resourceType": "Bundle",
        "type": "history",
        "total": versions.total,
        "link": [{"relation": relation, "url": url} for relation, url in links.items()],
    }
    parts = [_entry(base, stored, name) for stored in versions.entries]
    return orjson.dumps(head)[:-1] + (b',"entry":[' + b",".join(parts) + b"]}" if parts else b"}")


def _entry(base: str, stored: Stored, name: str | None) -> bytes:
    called = name or stored.name
    ours = called == str(stored.id)
    method = "DELETE" if stored.deleted else "POST" if stored.version == 1 and ours else "PUT"
    address = stored.type if method == "POST" else f"{stored.type}/{called}"
    entry = {
        "fullUrl": f"{base}/{stored.type}/{called}",
        "request": {"method": method, "url": address},
        "response": {
            "status": "204" if stored.deleted else "201" if stored.version == 1 else "200",
            "etag": etag_of(stored),
            "lastModified": instant(stored.updated),
        },
    }
    told = orjson.dumps(entry)
    return told if stored.deleted else told[:-1] + b',"resource":' + stored.body + b"}"
