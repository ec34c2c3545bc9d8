"""Deposit: simplified publish of one DocumentReference (ITI-105; TD2-A) and transaction Bundles (ITI-65; TD2-B, TD2.1)."""

import asyncio
from dataclasses import replace
from uuid import UUID

import orjson
from starlette.requests import Request
from starlette.responses import Response

from healthspace.access.opening import Service
from healthspace.access.rules import Action
from healthspace.base.errors import Invalid
from healthspace.base.ids import owner_of
from healthspace.edge.fhir.act import base_url, read_resource
from healthspace.edge.fhir.answer import answer, answer_resource, etag_of
from healthspace.edge.fhir.conditions import preferred_return
from healthspace.edge.fhir.submission import Package, read_package
from healthspace.identity.caller import Caller
from healthspace.identity.ins import Ins
from healthspace.record.deposit import Receipt, Submission, deposit
from healthspace.record.draft import Draft, Reading, complete_words
from healthspace.record.provided import decode_data, read_provided, subject_of
from healthspace.record.spaces import locate
from healthspace.resources.stored import Resource, Stored, instant


async def publish(request: Request, service: Service, caller: Caller) -> Response:
    """`POST /DocumentReference` with the document in attachment.data: 201, or 200 when it is there already, byte for byte."""
    reference = await read_resource(request, service.settings.body_limit)
    if reference["resourceType"] != "DocumentReference":
        raise Invalid("a DocumentReference is expected here", place="DocumentReference.resourceType")
    draft = _read_inline(reference, _reading(service))
    owner = await owner_of_subject(service, subject_of(reference, "DocumentReference"))
    draft = await complete_words(draft)
    async with service.door.permit(caller, Action.DEPOSIT_DOCUMENT, owner) as p:
        receipt = await deposit(p, Submission((draft,)))
    document = receipt.documents[0]
    location = f"{base_url(request)}/DocumentReference/{document.reference.id}/_history/{document.reference.version}"
    status = 201 if document.created else 200
    if preferred_return(request) == "minimal":
        return answer(b"", status, {"location": location, "etag": etag_of(document.reference)})
    return answer_resource(document.reference, status, {"location": location})


async def provide_package(request: Request, service: Service, caller: Caller, bundle: Resource) -> Response:
    """`POST /` with a transaction Bundle of a submission (ITI-65): all of it or nothing."""
    package = read_package(bundle, _reading(service))
    owners = {await owner_of_subject(service, subject) for subject in package.subjects}
    if len(owners) != 1:
        raise Invalid("a submission is about one patient", place="Bundle.entry")
    drafts = tuple(await asyncio.gather(*map(complete_words, package.submission.drafts)))
    async with service.door.permit(caller, Action.DEPOSIT_DOCUMENT, owners.pop()) as p:
        receipt = await deposit(p, replace(package.submission, drafts=drafts))
    return answer(_transaction_response(base_url(request), package, receipt))


async def owner_of_subject(service: Service, subject: Ins | UUID) -> int | None:
    """The record of a patient named by INS or by our own id; None when there is none."""
    if isinstance(subject, UUID):
        return owner_of(subject) or None
    patient = await locate(service.door, subject)
    return owner_of(patient) if patient is not None else None


def _reading(service: Service) -> Reading:
    return Reading(service.settings.document_limit, lenient=service.door.demo)


def _read_inline(reference: Resource, reading: Reading) -> Draft:
    place = "DocumentReference"
    attachment: Resource = next((content.get("attachment", {}) for content in reference.get("content", [])), {})
    if "url" in attachment:
        raise Invalid("the document travels in attachment.data here", place=f"{place}.content[0].attachment.url")
    data = decode_data(attachment.get("data"), reading.limit, f"{place}.content[0].attachment.data")
    return read_provided(reference, data, reading, place)


def _transaction_response(base: str, package: Package, receipt: Receipt) -> bytes:
    """One entry for each entry of the request, in its order (R4 http.html#transaction-response)."""
    entries = []
    for role, position in package.roles:
        if role == "document":
            document = receipt.documents[position]
            entries.append(_entry(base, document.reference, created=document.created))
        elif role == "binary":
            document = receipt.documents[position]
            location = f"{base}/Binary/{document.binary}/_history/1"
            entries.append({"response": {"status": "201 Created" if document.created else "200 OK", "location": location, "etag": 'W/"1"'}})
        elif role == "patch":
            entries.append(_entry(base, receipt.superseded[position], created=False))
        else:
            stored = receipt.submission_set if role == "submission-set" else receipt.folders[position] if receipt.folders else None
            entries.append(_entry(base, stored, created=True) if stored else {"response": {"status": "200 OK"}})
    return orjson.dumps({"resourceType": "Bundle", "type": "transaction-response", "entry": entries})


def _entry(base: str, stored: Stored, *, created: bool) -> dict[str, object]:
    return {
        "fullUrl": f"{base}/{stored.type}/{stored.id}",
        "response": {
            "status": "201 Created" if created else "200 OK",
            "location": f"{base}/{stored.type}/{stored.id}/_history/{stored.version}",
            "etag": etag_of(stored),
            "lastModified": instant(stored.updated),
        },
    }
