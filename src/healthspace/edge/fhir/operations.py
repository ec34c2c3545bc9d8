"""Operations (R4 operations.html): $validate, $convert, $meta, Patient/$everything and those of terminology.

Those that touch no citizen's data are traced as readings of the registry.
"""

from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from healthspace.access.opening import Service
from healthspace.access.rules import Action
from healthspace.base.errors import Invalid, Malformed
from healthspace.base.ids import REGISTRY
from healthspace.edge.fhir.act import read_body, read_resource
from healthspace.edge.fhir.answer import answer, issue, outcome, outcome_of
from healthspace.edge.fhir.formats import parse_body
from healthspace.edge.fhir.read import read_named
from healthspace.fhir.exact_json import write_json
from healthspace.fhir.validate import validate as find_faults
from healthspace.identity.caller import Caller
from healthspace.resources.stored import Resource

Values = dict[str, Any]


async def validate(request: Request, service: Service, caller: Caller) -> Response:
    """`POST /Type/$validate`: what a write would be told, without writing (R4 resource-operation-validate.html).

    Without a resource in the request, what is stored under the id that it names.
    """
    type_, name = request.path_params["type"], request.path_params.get("id")
    try:
        resource, profiled = await _read_to_validate(request, service)
        if resource is None and name is not None:
            resource = (await read_named(service, caller, Action.READ_RESOURCE, type_, name, None)).json()
        else:
            await _note_reading(service, caller)
        issues = [issue(fault.code, fault.message, fault.expression) for fault in find_faults(resource or {})]
        if resource is not None and resource.get("resourceType") not in {type_, None}:
            issues.append(issue("invalid", f"a {type_} is expected here", "Resource.resourceType"))
    except Invalid as error:  # XML is read by the definitions: what cannot be read is a fault of the resource
        await _note_reading(service, caller)
        issues, profiled = list(outcome_of(error)["issue"]), False
    if profiled:
        issues.append(issue("not-supported", "profiles are not checked here", "profile", "warning"))
    return answer(orjson.dumps(outcome(*issues) if issues else outcome(issue("informational", "no fault was found", type_, "information"))))


async def _note_reading(service: Service, caller: Caller) -> None:
    """The line of an operation that touches nobody's data."""
    async with service.door.permit(caller, Action.READ_RESOURCE, REGISTRY):
        pass


async def _read_to_validate(request: Request, service: Service) -> tuple[Resource | None, bool]:
    """The resource that was sent, alone or as a parameter, and whether a profile is asked for."""
    body = await read_body(request, service.settings.body_limit) if request.method == "POST" else b""
    sent: Resource | None = parse_body(body, request.headers.get("content-type", "")) if body else None
    profiled = "profile" in request.query_params
    if sent is None or sent.get("resourceType") != "Parameters" or request.path_params["type"] == "Parameters":
        return sent, profiled
    listed = sent.get("parameter", [])
    parameters = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    profiled = profiled or any(one.get("name") == "profile" for one in parameters)
    return next((one["resource"] for one in parameters if isinstance(one.get("resource"), dict)), None), profiled


async def convert(request: Request, service: Service, caller: Caller) -> Response:
    """`POST /$convert`: the resource that was sent, in the form that is asked for (R4 resource-operation-convert.html)."""
    resource = await read_resource(request, service.settings.body_limit)
    await _note_reading(service, caller)
    if resource["resourceType"] == "Parameters":
        resource = next((one["resource"] for one in resource.get("parameter", []) if "resource" in one), resource)
    return answer(write_json(resource))


async def meta(request: Request, service: Service, caller: Caller) -> Response:
    """`GET /Type/id/$meta`: profiles, tags and labels of a resource (R4 resource-operation-meta.html)."""
    type_, name = request.path_params["type"], request.path_params["id"]
    stored = await read_named(service, caller, Action.READ_RESOURCE, type_, name, None)
    found = {key: value for key, value in stored.json()["meta"].items() if key in {"profile", "security", "tag"}}
    versioned = {"versionId": str(stored.version), "lastUpdated": stored.json()["meta"]["lastUpdated"]}
    return answer(parameters_of({"return": ("valueMeta", {**versioned, **found})}))


def parameters_of(values: dict[str, tuple[str, Any]]) -> bytes:
    """A Parameters resource: name → (key of the value, value); without those that are None."""
    listed = [{"name": name, key: value} for name, (key, value) in values.items() if value is not None]
    return orjson.dumps({"resourceType": "Parameters", "parameter": listed})


async def read_values(request: Request, service: Service) -> Values:
    """The parameters of an operation: of the query and, when there is one, of the Parameters in the body; values as they are in JSON."""
    values: Values = dict(request.query_params)
    if request.method == "POST":
        sent: Resource = await read_resource(request, service.settings.body_limit)
        if sent["resourceType"] != "Parameters":
            raise Malformed("the parameters of an operation are sent as Parameters", place="Resource.resourceType")
        for one in sent.get("parameter", []):
            value = next((value for key, value in one.items() if key.startswith("value") or key == "resource"), None)
            values.setdefault(one["name"], value)
    return values
