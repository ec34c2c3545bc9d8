"""Create, update, patch and delete, with their conditional forms (R4 http.html#create, #update, #patch, #delete)."""

from collections.abc import Awaitable, Callable

import orjson
from starlette.requests import Request
from starlette.responses import Response

from healthspace.access.opening import Service
from healthspace.access.rules import Action
from healthspace.access.wide import permit_wide
from healthspace.base.errors import Malformed, NotFound, PreconditionFailed
from healthspace.base.media import describe_raw
from healthspace.edge.fhir.act import base_url, check, read_body, read_resource
from healthspace.edge.fhir.answer import PRIVATE, answer, etag_of, issue, outcome, version_headers
from healthspace.edge.fhir.conditions import if_match, is_only_new, preferred_return, read_condition, retry
from healthspace.edge.fhir.formats import JSON_TYPES, XML_TYPES, parse_body
from healthspace.fhir.exact_json import read_json
from healthspace.fhir.patching.tolerated import read_patch
from healthspace.fhir.validate import validate
from healthspace.identity.caller import Caller, Kind
from healthspace.record.clinical.follow import follow_plainly
from healthspace.resources.alone import create_alone
from healthspace.resources.stored import Resource, Stored
from healthspace.resources.work import Done, Work

Act = Callable[[Work], Awaitable[Done]]
FHIR_TYPES = frozenset({"application/fhir+json", "application/json+fhir"}) | XML_TYPES


async def create(request: Request, service: Service, caller: Caller) -> Response:
    """`POST /Type`, with `If-None-Exist` only when nothing meets it."""
    type_: str = request.path_params["type"]
    resource = await _read_of_type(request, service, caller, type_)
    condition = request.headers.get("if-none-exist")
    terms = read_condition(condition, "If-None-Exist") if condition is not None else None
    stored = await create_alone(service.door, caller, resource) if terms is None else None
    if stored is not None:
        return answer_written(base_url(request), stored, 201, preferred_return(request))
    return await _act(request, service, caller, lambda work: work.create(resource, condition=terms))


async def update(request: Request, service: Service, caller: Caller) -> Response:
    """`PUT /Type/id`; creates it when it is not there."""
    type_, name = request.path_params["type"], request.path_params["id"]
    resource = await _read_of_type(request, service, caller, type_)
    if "id" not in resource:
        raise Malformed("the resource must carry the id that the request names", place=f"{type_}.id")
    faults = [fault for fault in validate({"resourceType": "Basic", "id": name, "code": {"text": "-"}}) if fault.expression == "Basic.id"]
    if faults:
        raise Malformed("this is no id of FHIR", place="url")
    expected, only_new = if_match(request), is_only_new(request.headers.get("if-none-match"))
    return await _act(request, service, caller, lambda work: work.update(type_, name, resource, if_match=expected, only_new=only_new))


async def update_matching(request: Request, service: Service, caller: Caller) -> Response:
    """`PUT /Type?…`: updates the one that meets the conditions, or creates it."""
    type_: str = request.path_params["type"]
    resource, terms = await _read_of_type(request, service, caller, type_), _terms(request)
    expected = if_match(request)
    return await _act(request, service, caller, lambda work: update_conditionally(work, type_, resource, terms, expected))


async def update_conditionally(
    work: Work, type_: str, resource: Resource, terms: list[tuple[str, str]], expected: int | None = None
) -> Done:
    """R4 http.html#cond-update: none → create, one → update, several → PreconditionFailed."""
    known = await work.match(type_, terms)
    if known is not None:
        if resource.get("id", known.name) != known.name:
            raise Malformed("the id in the resource is not that of the one that meets the conditions", place=f"{type_}.id")
        return await work.update(type_, known.name, {**resource, "id": known.name}, if_match=expected)
    if "id" in resource:
        return await work.update(type_, resource["id"], resource, if_match=expected)
    if expected is not None:
        raise PreconditionFailed("there is no such version", place="If-Match")
    return await work.create(resource)


async def patch(request: Request, service: Service, caller: Caller) -> Response:
    """`PATCH /Type/id` by JSON Patch or FHIRPath Patch."""
    type_, name = request.path_params["type"], request.path_params["id"]
    edit, expected = await _read_edit(request, service, type_), if_match(request)
    return await _act(request, service, caller, lambda work: work.change(type_, name, edit, if_match=expected))


async def patch_matching(request: Request, service: Service, caller: Caller) -> Response:
    """`PATCH /Type?…`."""
    type_: str = request.path_params["type"]
    edit, terms, expected = await _read_edit(request, service, type_), _terms(request), if_match(request)
    return await _act(request, service, caller, lambda work: patch_conditionally(work, type_, edit, terms, expected))


async def patch_conditionally(
    work: Work, type_: str, edit: Callable[[Resource], Resource], terms: list[tuple[str, str]], expected: int | None = None
) -> Done:
    known = await work.match(type_, terms)
    if known is None:
        raise NotFound
    return await work.change(type_, known.name, edit, if_match=expected)


async def delete(request: Request, service: Service, caller: Caller) -> Response:
    """`DELETE /Type/id`: done when it is not there any more, whoever deleted it."""
    type_, name = request.path_params["type"], request.path_params["id"]
    expected = if_match(request)
    return _deleted(await _do(request, service, caller, lambda work: work.delete(type_, name, if_match=expected)))


async def delete_matching(request: Request, service: Service, caller: Caller) -> Response:
    """`DELETE /Type?…`: the one that meets the conditions."""
    type_, terms, expected = request.path_params["type"], _terms(request), if_match(request)
    return _deleted(await _do(request, service, caller, lambda work: delete_conditionally(work, type_, terms, expected)))


async def delete_conditionally(work: Work, type_: str, terms: list[tuple[str, str]], expected: int | None = None) -> Done:
    known = await work.match(type_, terms)
    return await work.delete(type_, known.name, if_match=expected) if known is not None else Done(None)


def checked(edit: Callable[[Resource], Resource]) -> Callable[[Resource], Resource]:
    """`edit`, whose result must be a valid resource."""

    def edit_and_check(resource: Resource) -> Resource:
        edited = edit(resource)
        check(edited)
        return edited

    return edit_and_check


async def _do(request: Request, service: Service, caller: Caller, act: Act) -> Done:
    async def attempt() -> Done:
        async with permit_wide(service.door, caller, Action.WRITE_RESOURCES) as p:
            work = Work(p, base_url(request), follow_plainly)
            done = await act(work)
            await work.flush()
            return done

    return await retry(attempt)


async def _act(request: Request, service: Service, caller: Caller, act: Act) -> Response:
    done = await _do(request, service, caller, act)
    assert done.stored is not None  # noqa: S101 - only a deletion leaves nothing
    return answer_written(base_url(request), done.stored, 201 if done.created else 200, preferred_return(request))


def answer_written(base: str, stored: Stored, status: int, preferred: str) -> Response:
    """The answer to a write, in the form that the client prefers."""
    headers = version_headers(stored)
    if status == 201:
        headers["location"] = f"{base}/{stored.type}/{stored.name}/_history/{stored.version}"
    if preferred == "minimal":
        return answer(b"", status, headers)
    if preferred == "OperationOutcome":
        return answer(orjson.dumps(outcome(issue("informational", "done", stored.type, "information"))), status, headers)
    return answer(stored.body, status, headers)


def _deleted(done: Done) -> Response:
    headers = {"etag": etag_of(done.stored)} if done.stored is not None else {}
    return Response(status_code=204, headers={**PRIVATE, **headers})


async def _read_of_type(request: Request, service: Service, caller: Caller, type_: str) -> Resource:
    settings = service.settings
    limit = settings.exchange_limit if caller.kind is Kind.TECHNICAL else settings.body_limit
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if type_ == "Binary" and media_type and media_type not in JSON_TYPES | XML_TYPES:
        # R4 binary.html: a Binary may be sent as what it is.
        return describe_raw(await read_body(request, limit), media_type, request.path_params.get("id"))
    resource = await read_resource(request, limit)
    if resource["resourceType"] != type_:
        raise Malformed(f"a {type_} is expected here", place="Resource.resourceType")
    return resource


async def _read_edit(request: Request, service: Service, type_: str) -> Callable[[Resource], Resource]:
    """The patch in the body, by its media type (R4 http.html#patch)."""
    content_type = request.headers.get("content-type", "")
    return read_edit(await read_body(request, service.settings.body_limit), content_type, type_)


def read_edit(body: bytes, content_type: str, type_: str) -> Callable[[Resource], Resource]:
    """The change that a patch document asks for; Malformed or UnsupportedMedia when it is none."""
    media_type = content_type.partition(";")[0].strip().lower()
    document = parse_body(body, media_type) if media_type in FHIR_TYPES else read_json(body)
    return checked(read_patch(media_type, document, type_))


def _terms(request: Request) -> list[tuple[str, str]]:
    return [term for term in read_condition(request.url.query, "url") if term[0] not in {"_format", "_pretty"}]
