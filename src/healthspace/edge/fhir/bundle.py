"""`POST /` with a batch or a transaction (R4 http.html#transaction): reading the entries, and answering each."""

import re
from base64 import b64decode
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, unquote

import orjson
from starlette.requests import Request
from starlette.responses import Response

from healthspace.access.opening import Service
from healthspace.access.rules import Action
from healthspace.access.wide import permit_wide
from healthspace.base.errors import HealthspaceError, Invalid, Malformed
from healthspace.edge.errors import status_of
from healthspace.edge.fhir.act import base_url, check, read_unchecked
from healthspace.edge.fhir.answer import answer, etag_of, outcome_of
from healthspace.edge.fhir.conditions import is_only_new, preferred_return, read_condition, retry, version_of
from healthspace.edge.fhir.deposit import provide_package
from healthspace.edge.fhir.inner import Answered, send_inner
from healthspace.edge.fhir.write import checked
from healthspace.fhir.exact_json import read_json, write_json
from healthspace.fhir.patching.tolerated import read_patch
from healthspace.fhir.resource_types import NUMBER
from healthspace.identity.caller import Caller, Kind
from healthspace.record.clinical.follow import follow_plainly
from healthspace.resources.stored import Resource, Stored, instant
from healthspace.resources.transaction import ORDER, Entry, transact
from healthspace.resources.work import Work

LARGEST_BUNDLE = 5000
ADDRESS = re.compile(r"(?P<type>[A-Za-z]+)(?:/(?P<id>[A-Za-z0-9.-]{1,64}))?(?:\?(?P<query>.*))?", re.DOTALL)


async def process(request: Request, service: Service, caller: Caller) -> Response:
    """A batch or a transaction of the technical caller; an ITI-65 submission of anyone else."""
    bundle = await read_unchecked(request, service.settings.body_limit)
    check(_without_resources(bundle) if bundle.get("type") == "batch" else bundle)
    if caller.kind is not Kind.TECHNICAL:
        return await provide_package(request, service, caller, bundle)
    if bundle["resourceType"] != "Bundle" or bundle.get("type") not in {"batch", "transaction"}:
        raise Invalid("a batch or a transaction Bundle is expected here", place="Bundle.type")
    given = bundle.get("entry", [])
    if len(given) > LARGEST_BUNDLE:
        raise Invalid(f"a Bundle may have {LARGEST_BUNDLE} entries at most", place="Bundle.entry")
    if bundle["type"] == "batch":
        return _bundle("batch-response", [await _do_alone(request, number, item) for number, item in enumerate(given)])
    return await _do_together(request, service, caller, given)


def _without_resources(batch: Resource) -> Resource:
    """A batch as such: what its entries bring is judged with each entry, because one must not fail for another."""
    entries = batch.get("entry")
    if not isinstance(entries, list):
        return batch
    bare = [{key: value for key, value in entry.items() if key != "resource"} if isinstance(entry, dict) else entry for entry in entries]
    return {**batch, "entry": bare}


async def _do_together(request: Request, service: Service, caller: Caller, given: list[Resource]) -> Response:
    base = base_url(request)

    async def attempt() -> list[Entry]:
        entries = [read_entry(f"Bundle.entry[{number}]", item, base) for number, item in enumerate(given)]
        async with permit_wide(service.door, caller, Action.WRITE_RESOURCES) as p:
            await transact(Work(p, base, follow_plainly), entries)
        return entries

    entries = await retry(attempt)
    whole = "return=representation" in request.headers.get("prefer", "")
    answers = []
    for number, entry in enumerate(entries):
        if entry.method in {"GET", "HEAD"}:
            answers.append(await _do_alone(request, number, given[number]))
        else:
            answers.append(_tell(base, entry, whole=whole and preferred_return(request) == "representation"))
    return _bundle("transaction-response", answers)


def read_entry(place: str, item: Resource, base: str) -> Entry:
    """One entry of a transaction; Invalid tells what is missing or contradicts itself."""
    asked = item.get("request")
    if asked is None or asked.get("method") not in ORDER:
        raise Invalid("an entry of a batch or transaction says what to do", place=f"{place}.request")
    method, address = asked["method"], unquote_base(asked["url"], base)
    match = ADDRESS.fullmatch(address)
    if method in {"GET", "HEAD"}:
        if match is None or match["type"] not in NUMBER:
            return Entry(place, "", method, "", None, None)
        terms = parse_qsl(match["query"] or "", keep_blank_values=True, max_num_fields=50) if match["id"] is None else None
        return Entry(place, "", method, match["type"], match["id"], None, terms)
    if match is None or match["type"] not in NUMBER:
        raise Invalid("this address is of no resource type", place=f"{place}.request.url")
    entry = Entry(place, item.get("fullUrl", ""), method, match["type"], match["id"], item.get("resource"))
    entry.if_match, entry.only_new = version_of(asked.get("ifMatch")), is_only_new(asked.get("ifNoneMatch"))
    entry.terms = _terms(asked, method, match["query"], place)
    _check(entry, place)
    if method == "PATCH":
        entry.edit, entry.resource = _edit_of(entry, place), None
    return entry


def _terms(asked: Resource, method: str, query: str | None, place: str) -> list[tuple[str, str]] | None:
    if method == "POST":
        return read_condition(asked["ifNoneExist"], f"{place}.request.ifNoneExist") if "ifNoneExist" in asked else None
    return parse_qsl(query, keep_blank_values=True, max_num_fields=50) if query else None


def _check(entry: Entry, place: str) -> None:
    resource, method = entry.resource, entry.method
    if method in {"POST", "PUT"} and (resource is None or resource["resourceType"] != entry.type):
        raise Invalid("the resource is not of the type that the request names", place=f"{place}.resource")
    if method == "POST" and entry.name is not None:
        raise Invalid("a creation names no id; use PUT", place=f"{place}.request.url")
    if method in {"PUT", "PATCH", "DELETE"} and entry.name is None and not entry.terms:
        raise Invalid("the address names no resource", place=f"{place}.request.url")
    if method == "PUT" and resource is not None and entry.name is not None and resource.get("id", entry.name) != entry.name:
        raise Malformed("the id in the resource is not that of the request", place=f"{place}.resource.id")


def _edit_of(entry: Entry, place: str) -> Any:
    """A patch travels as Parameters (FHIRPath Patch), or as a Binary that holds a JSON Patch (R4 http.html#transaction)."""
    resource = entry.resource
    if resource is None or resource["resourceType"] not in {"Parameters", "Binary"}:
        raise Invalid("a patch is a Parameters, or a Binary with a JSON Patch", place=f"{place}.resource")
    if resource["resourceType"] == "Parameters":
        return checked(read_patch("application/fhir+json", resource, entry.type))
    return checked(read_patch("application/json-patch+json", read_json(b64decode(resource.get("data", ""))), entry.type))


def unquote_base(address: str, base: str) -> str:
    """An address relative to the base: whole ones of ours may be given too."""
    relative = address.removeprefix(base).lstrip("/")
    path, mark, query = relative.partition("?")
    return unquote(path) + mark + query


async def _do_alone(request: Request, number: int, item: Resource) -> bytes:
    """One entry of a batch, by a request of its own."""
    place = f"Bundle.entry[{number}]"
    asked = item.get("request", {})
    address = unquote_base(asked.get("url", ""), base_url(request))
    if asked.get("method") not in ORDER or not address:
        return _refused(Invalid("an entry of a batch says what to do, and to what", place=f"{place}.request"))
    headers = {"content-type": "application/fhir+json"}
    pairs = (("ifMatch", "if-match"), ("ifNoneMatch", "if-none-match"), ("ifNoneExist", "if-none-exist"))
    headers |= {header: asked[name] for name, header in pairs if name in asked}
    if "prefer" in request.headers:
        headers["prefer"] = request.headers["prefer"]
    body = write_json(item["resource"]) if "resource" in item else b""
    if asked["method"] == "PATCH" and item.get("resource", {}).get("resourceType") == "Binary":
        headers["content-type"], body = "application/json-patch+json", b64decode(item["resource"].get("data", ""))
    answered = await send_inner(request, asked["method"], address, headers, body)
    return _tell_alone(answered, asked["method"])


def _tell_alone(answered: Answered, method: str) -> bytes:
    response: dict[str, Any] = {"status": _status(answered.status)}
    if "location" in answered.headers:
        response["location"] = answered.headers["location"]
    if "etag" in answered.headers:
        response["etag"] = answered.headers["etag"]
    if "last-modified" in answered.headers:
        response["lastModified"] = parsedate_to_datetime(answered.headers["last-modified"]).isoformat()
    if answered.status >= 400:
        outcome = answered.body if answered.is_fhir else b'{"resourceType":"OperationOutcome"}'
        return b'{"response":' + orjson.dumps(response)[:-1] + b',"outcome":' + outcome + b"}}"
    if answered.is_fhir and method != "HEAD":
        return b'{"resource":' + answered.body + b',"response":' + orjson.dumps(response) + b"}"
    return b'{"response":' + orjson.dumps(response) + b"}"


def _refused(error: HealthspaceError) -> bytes:
    return orjson.dumps({"response": {"status": _status(status_of(error)), "outcome": outcome_of(error)}})


def _tell(base: str, entry: Entry, *, whole: bool) -> bytes:
    done = entry.done
    stored: Stored | None = done.stored if done is not None else None
    if stored is None or stored.deleted:
        return orjson.dumps({"response": {"status": _status(204), **({"etag": etag_of(stored)} if stored else {})}})
    response = {
        "status": _status(201 if done is not None and done.created else 200),
        "location": f"{base}/{stored.type}/{stored.name}/_history/{stored.version}",
        "etag": etag_of(stored),
        "lastModified": instant(stored.updated),
    }
    told = b'{"fullUrl":%s,"response":%s' % (orjson.dumps(f"{base}/{stored.type}/{stored.name}"), orjson.dumps(response))
    return told + (b',"resource":' + stored.body + b"}" if whole else b"}")


def _bundle(kind: str, entries: list[bytes]) -> Response:
    head = b'{"resourceType":"Bundle","type":"%s"' % kind.encode()
    return answer(head + (b',"entry":[' + b",".join(entries) + b"]}" if entries else b"}"))


def _status(code: int) -> str:
    return f"{code} {HTTPStatus(code).phrase}"
