"""Reading by id: DocumentReference, List, Patient, Binary; current and earlier versions (R4 http.html#read, #vread; ITI-68)."""

import base64
import re
from collections.abc import Awaitable, Callable
from uuid import UUID

import orjson
from starlette.requests import Request
from starlette.responses import Response

from healthspace.access.opening import Service
from healthspace.access.permit import Permit
from healthspace.access.rules import Action
from healthspace.base.errors import NotFound
from healthspace.base.ids import owner_of, parse_id
from healthspace.edge.fhir.answer import PRIVATE, answer, answer_resource, etag_of, version_headers
from healthspace.identity.caller import Caller
from healthspace.record.read import Document, read_content, read_reference, read_submission
from healthspace.record.spaces import read_patient
from healthspace.resources.store import Stored

Reader = Callable[[Permit, UUID, int | None], Awaitable[Stored]]

VERSION = re.compile(r"[1-9]\d{0,8}", re.ASCII)
SANDBOX = {"content-security-policy": "sandbox; default-src 'none'", "content-disposition": "attachment"}
"""A document is never a page of ours: nothing in it runs, wherever it is opened."""


async def read_document_reference(request: Request, service: Service, caller: Caller) -> Response:
    return await _read(request, service, caller, Action.READ_DOCUMENT, read_reference)


async def read_list(request: Request, service: Service, caller: Caller) -> Response:
    return await _read(request, service, caller, Action.READ_DOCUMENT, read_submission)


async def read_patient_by_id(request: Request, service: Service, caller: Caller) -> Response:
    async def reader(p: Permit, identifier: UUID, version: int | None) -> Stored:
        patient = await read_patient(p, identifier)
        if version not in {None, patient.version}:
            raise NotFound
        return patient

    return await _read(request, service, caller, Action.READ_PATIENT, reader)


async def read_binary(request: Request, service: Service, caller: Caller) -> Response:
    """The bytes as they were deposited; as a FHIR Binary when the client asks for FHIR (ITI-68)."""
    identifier = _identifier(request)
    async with service.door.permit(caller, Action.READ_CONTENT, owner_of(identifier)) as p:
        document = await read_content(p, identifier)
    accept = request.headers.get("accept", "")
    if "fhir+json" in accept or accept.strip() == "application/json" or "_format" in request.query_params:
        return answer(_as_fhir(identifier, document))
    # No charset: a document names its own encoding.
    return Response(document.content, headers={"content-type": document.media_type, **SANDBOX, **PRIVATE})


async def _read(request: Request, service: Service, caller: Caller, action: Action, reader: Reader) -> Response:
    identifier, version = _identifier(request), _version(request)
    async with service.door.permit(caller, action, owner_of(identifier)) as p:
        stored = await reader(p, identifier, version)
    if request.headers.get("if-none-match") == etag_of(stored):
        return Response(status_code=304, headers={**version_headers(stored), **PRIVATE})
    return answer_resource(stored)


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


def _identifier(request: Request) -> UUID:
    identifier = parse_id(request.path_params["id"])
    if identifier is None:
        raise NotFound
    return identifier


def _version(request: Request) -> int | None:
    text = request.path_params.get("version")
    if text is None:
        return None
    if VERSION.fullmatch(text) is None:
        raise NotFound
    return int(text)
