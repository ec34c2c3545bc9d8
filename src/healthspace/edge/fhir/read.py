"""Reading by id, current and earlier versions (R4 http.html#read, #vread; ITI-68)."""

import base64
import re
from uuid import UUID

import orjson
from starlette.requests import Request
from starlette.responses import Response

from healthspace.access.opening import Service
from healthspace.access.permit import Permit
from healthspace.access.rules import Action
from healthspace.base import clock
from healthspace.base.errors import Malformed, NotFound
from healthspace.base.ids import owner_of, parse_id
from healthspace.edge.fhir.answer import PRIVATE, answer, etag_of, version_headers
from healthspace.edge.fhir.conditions import is_unmodified
from healthspace.fhir.resource_types import NUMBER
from healthspace.fhir.subset import part_of
from healthspace.identity.caller import Caller, Kind
from healthspace.record.read import Document, read_content, read_reference, read_submission
from healthspace.record.relatives import told_at
from healthspace.record.spaces import read_patient
from healthspace.resources.grammar import SUMMARIES
from healthspace.resources.names import claimed_place, locate_name
from healthspace.resources.reading import read_resource
from healthspace.resources.stored import Stored

VERSION = re.compile(r"[1-9]\d{0,8}", re.ASCII)
SANDBOX = {"content-security-policy": "sandbox; default-src 'none'", "content-disposition": "attachment"}
"""A document is never a page of ours: nothing in it runs, wherever it is opened."""
RECORD_ACTIONS = {
    "DocumentReference": Action.READ_DOCUMENT,
    "List": Action.READ_DOCUMENT,
    "Patient": Action.READ_PATIENT,
    "Consent": Action.READ_ACCESS,
    "RelatedPerson": Action.READ_ACCESS,
}


async def read(request: Request, service: Service, caller: Caller) -> Response:
    """`GET /Type/id` and `GET /Type/id/_history/version`."""
    type_, name, version = request.path_params["type"], request.path_params["id"], _version(request)
    action = Action.READ_RESOURCE if caller.kind is Kind.TECHNICAL else RECORD_ACTIONS.get(type_, Action.READ_RESOURCE)
    stored = await read_named(service, caller, action, type_, name, version)
    if is_unmodified(request, stored, etag_of(stored)):
        return Response(status_code=304, headers={**version_headers(stored), **PRIVATE})
    return answer(_part(request, told_at(stored, clock.now()).body), headers=version_headers(stored))


async def read_named(service: Service, caller: Caller, action: Action, type_: str, name: str, version: int | None) -> Stored:
    """The resource of that name, through the door; NotFound when it is not there or not shown."""
    owner, identifier = await locate(service, type_, name)
    try:
        async with service.door.permit(caller, action, owner, about=(NUMBER[type_], identifier)) as p:
            return await _read_through(p, type_, identifier, version)
    except NotFound:
        place = await _chosen_place(service, type_, name, identifier)
        if place is None:
            raise
    async with service.door.permit(caller, action, place[0]) as p:
        return await _read_through(p, type_, place[1], version)


async def _read_through(p: Permit, type_: str, identifier: UUID, version: int | None) -> Stored:
    if p.action is Action.READ_DOCUMENT:
        return await (read_reference if type_ == "DocumentReference" else read_submission)(p, identifier, version)
    if p.action is Action.READ_PATIENT:
        patient = await read_patient(p, identifier)
        if version not in {None, patient.version}:
            raise NotFound
        return patient
    return await read_resource(p, type_, identifier, version)


async def locate(service: Service, type_: str, name: str) -> tuple[int | None, UUID]:
    """The owner and our id of what is called `type_`/`name`; an owner that is nobody's when nothing is."""
    identifier = parse_id(name)
    if identifier is not None and owner_of(identifier):
        return owner_of(identifier), identifier
    async with service.door.database.reading() as tx:
        place = await locate_name(tx, service.door.keys, type_, name)
    return place if place is not None else (None, UUID(int=0))


async def _chosen_place(service: Service, type_: str, name: str, tried: UUID) -> tuple[int, UUID] | None:
    """Where a name leads that looks like one of our ids and was chosen by a client."""
    if str(tried) != name:
        return None
    async with service.door.database.reading() as tx:
        return await claimed_place(tx, service.door.keys, type_, name)


async def read_binary(request: Request, service: Service, caller: Caller) -> Response:
    """The bytes as they were deposited; as a FHIR Binary when the client asks for FHIR (ITI-68)."""
    if caller.kind is Kind.TECHNICAL:
        return await _read_stored_binary(request, service, caller)
    identifier = parse_id(request.path_params["id"])
    if identifier is None:
        raise NotFound
    async with service.door.permit(caller, Action.READ_CONTENT, owner_of(identifier)) as p:
        document = await read_content(p, identifier)
    if _is_fhir_wanted(request):
        return answer(_as_fhir(identifier, document))
    return _as_bytes(document.content, document.media_type)


async def _read_stored_binary(request: Request, service: Service, caller: Caller) -> Response:
    name, version = request.path_params["id"], _version(request)
    stored = await read_named(service, caller, Action.READ_RESOURCE, "Binary", name, version)
    binary = stored.json()
    if "data" not in binary and "sha256" in binary:
        async with service.door.permit(caller, Action.READ_CONTENT, stored.owner) as p:
            document = await read_content(p, stored.id)
        if _is_fhir_wanted(request):
            return answer(_as_fhir(stored.id, document), headers=version_headers(stored))
        return _as_bytes(document.content, document.media_type)
    if _is_fhir_wanted(request) or not request.headers.get("accept"):
        return answer(stored.body, headers=version_headers(stored))
    accepted = request.headers["accept"]
    if "*/*" in accepted and binary.get("contentType", "?") not in accepted:
        return answer(stored.body, headers=version_headers(stored))
    return _as_bytes(base64.b64decode(binary.get("data", "")), binary.get("contentType", "application/octet-stream"))


def _is_fhir_wanted(request: Request) -> bool:
    accept = request.headers.get("accept", "")
    fhir = "fhir+json" in accept or "fhir+xml" in accept or accept.strip() in {"application/json", "application/xml"}
    return fhir or "_format" in request.query_params


def _as_bytes(content: bytes, media_type: str) -> Response:
    # No charset: a document names its own encoding.
    return Response(content, headers={"content-type": media_type, **SANDBOX, **PRIVATE})


def _as_fhir(identifier: UUID, document: Document) -> bytes:
    return orjson.dumps(
        {
            "resourceType": "Binary",
            "id": str(identifier),
            "contentType": document.media_type,
            "securityContext": {"reference": f"DocumentReference/{document.reference['id']}"},
            "data": base64.b64encode(document.content).decode(),
        }
    )


def _part(request: Request, body: bytes) -> bytes:
    """The part of a resource that `_elements` or `_summary` asks for."""
    if not request.scope["query_string"]:
        return body
    elements, summary = request.query_params.get("_elements"), request.query_params.get("_summary")
    if summary and summary not in SUMMARIES:
        raise Malformed(f"_summary is one of {', '.join(sorted(SUMMARIES))}", place="_summary")
    return part_of(body, elements.split(",") if elements else (), summary)


def _version(request: Request) -> int | None:
    text = request.path_params.get("version")
    if text is None:
        return None
    if VERSION.fullmatch(text) is None:
        raise NotFound
    return int(text)
