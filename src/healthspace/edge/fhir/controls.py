"""The citizen's controls over HTTP: Consent and CareTeam are created, changed and ended by whom the access rules allow.

`POST /Consent` of a professional notes an authorisation that they have collected. `DELETE` ends: what has ended stays readable.
"""

from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from healthspace.access.opening import Service
from healthspace.access.rules import Action
from healthspace.base.errors import Invalid, Malformed, NotFound
from healthspace.base.ids import owner_of, parse_id
from healthspace.edge.fhir.act import base_url, read_resource
from healthspace.edge.fhir.answer import PRIVATE, etag_of
from healthspace.edge.fhir.conditions import if_match, preferred_return
from healthspace.edge.fhir.deposit import owner_of_subject
from healthspace.edge.fhir.write import answer_written
from healthspace.identity.caller import Caller, Kind
from healthspace.record.controls import change_control, collect_consent, create_control, end_control
from healthspace.record.provided import subject_of
from healthspace.resources.stored import Resource

CONTROLS = frozenset({"Consent", "CareTeam"})
SUBJECTS = {"Consent": "patient", "CareTeam": "subject", "RelatedPerson": "patient"}


async def create(request: Request, service: Service, caller: Caller) -> Response:
    """`POST /Consent`, `POST /CareTeam`."""
    type_: str = request.path_params["type"]
    resource = await read_typed(request, service, type_)
    owner = await owner_named_in(service, caller, resource)
    if caller.kind is Kind.PROFESSIONAL and type_ == "Consent":
        async with service.door.permit(caller, Action.COLLECT_ACCESS, owner) as p:
            stored = await collect_consent(p, resource)
    else:
        async with service.door.permit(caller, Action.GRANT_ACCESS, owner) as p:
            stored = await create_control(p, resource)
    return answer_written(base_url(request), stored, 201, preferred_return(request))


async def update(request: Request, service: Service, caller: Caller) -> Response:
    """`PUT /Consent/id`, `PUT /CareTeam/id`: of one that is there."""
    type_, identifier = request.path_params["type"], named_in(request)
    resource = await read_typed(request, service, type_)
    if resource.get("id") != str(identifier):
        raise Malformed("the resource must carry the id that the request names", place=f"{type_}.id")
    async with service.door.permit(caller, Action.GRANT_ACCESS, owner_of(identifier)) as p:
        stored = await change_control(p, identifier, resource, if_match(request))
    return answer_written(base_url(request), stored, 200, preferred_return(request))


async def delete(request: Request, service: Service, caller: Caller) -> Response:
    """`DELETE /Consent/id`, `DELETE /CareTeam/id`: ends it."""
    type_, identifier = request.path_params["type"], named_in(request)
    async with service.door.permit(caller, Action.END_ACCESS, owner_of(identifier)) as p:
        stored = await end_control(p, type_, identifier)
    return Response(status_code=204, headers={"etag": etag_of(stored), **PRIVATE})


async def read_typed(request: Request, service: Service, type_: str) -> Resource:
    """The resource in the body, valid and of the type that the address names."""
    resource = await read_resource(request, service.settings.body_limit)
    if resource["resourceType"] != type_:
        raise Malformed(f"a {type_} is expected here", place="Resource.resourceType")
    return resource


def named_in(request: Request) -> UUID:
    """The id in the address; NotFound when it is none of ours."""
    identifier = parse_id(request.path_params["id"])
    if identifier is None:
        raise NotFound
    return identifier


async def owner_named_in(service: Service, caller: Caller, resource: Resource) -> int | None:
    """Whose record a resource is about: the citizen it names, by id or INS; a citizen who names none means their own."""
    name = SUBJECTS[resource["resourceType"]]
    subject = resource.get(name)
    if subject is None:
        if caller.patient is None:
            raise Invalid("say whose record it is about", place=f"{resource['resourceType']}.{name}")
        return owner_of(caller.patient)
    named = subject_of({"subject": subject}, resource["resourceType"])
    return await owner_of_subject(service, named)
