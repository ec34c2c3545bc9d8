"""The life of a record over HTTP, as operations on Patient: $close, $reopen, $erase, $object, $confirm, $suspend, $resume, and $open."""

import orjson
from starlette.requests import Request
from starlette.responses import Response

from healthspace.access.opening import Service
from healthspace.access.rules import Action
from healthspace.base.errors import Invalid
from healthspace.base.ids import owner_of, parse_id
from healthspace.edge.fhir.act import Handler, base_url, read_resource
from healthspace.edge.fhir.answer import PRIVATE, answer
from healthspace.edge.fhir.controls import named_in
from healthspace.edge.fhir.operations import read_values
from healthspace.identity.caller import Caller
from healthspace.identity.ins import SYSTEMS, read_ins
from healthspace.record import life
from healthspace.record.spaces import Traits, patient_state
from healthspace.resources.stored import Resource

AT_THE_HOLDERS_WISH = "patient-demande"
STEPS = {
    "$object": (Action.OBJECT_TO_SPACE, life.object_to_space),
    "$confirm": (Action.CONFIRM_SPACE, life.confirm_space),
    "$suspend": (Action.SUSPEND_SPACE, life.suspend_space),
    "$resume": (Action.RESUME_SPACE, life.resume_space),
    "$reopen": (Action.REOPEN_SPACE, life.reopen_space),
}


def step(name: str) -> Handler:
    """The handler of one of STEPS: `POST /Patient/id/$name`, answered with what TD02 tells from then on."""
    action, act = STEPS[name]

    async def handler(request: Request, service: Service, caller: Caller) -> Response:
        identifier = named_in(request)
        async with service.door.permit(caller, action, owner_of(identifier) or None) as p:
            stored = await act(p)
        return answer(orjson.dumps(patient_state(stored.json())))

    return handler


async def close(request: Request, service: Service, caller: Caller) -> Response:
    """`POST /Patient/id/$close` with `motive` (a code) and `reason` (text), both optional."""
    identifier = named_in(request)
    values = await read_values(request, service) if request.headers.get("content-length", "0") != "0" else {}
    motive, reason = str(values.get("motive", AT_THE_HOLDERS_WISH)), str(values.get("reason", ""))[:500]
    async with service.door.permit(caller, Action.CLOSE_SPACE, owner_of(identifier) or None) as p:
        stored = await life.close_space(p, motive, reason)
    return answer(orjson.dumps(patient_state(stored.json())))


async def erase(request: Request, service: Service, caller: Caller) -> Response:
    """`POST /Patient/id/$erase` with `confirm` true: nothing brings the record back."""
    identifier = named_in(request)
    values = await read_values(request, service)
    if values.get("confirm") is not True:
        raise Invalid("say that you mean it: confirm is true", place="confirm")
    async with service.door.permit(caller, Action.ERASE_SPACE, owner_of(identifier) or None) as p:
        await life.erase_space(p)
    return Response(status_code=204, headers=PRIVATE)


async def open_record(request: Request, service: Service, caller: Caller) -> Response:
    """`POST /Patient/$open`: `patient` (its INS and traits), `announce` (true: after the information period), `representative`."""
    sent = await read_resource(request, service.settings.body_limit)
    values = {one["name"]: one for one in sent.get("parameter", [])}
    named = str(values.get("representative", {}).get("valueReference", {}).get("reference", "")).removeprefix("Patient/")
    representative = parse_id(named) if named else None
    if named and representative is None:
        raise Invalid("a representative is a citizen who has a space: Patient/id", place="representative")
    traits = _traits(values.get("patient", {}).get("resource", {}))
    announced = values.get("announce", {}).get("valueBoolean") is True
    async with service.door.permit_to_open(caller) as p:
        identifier = await life.announce_space(p, traits, announced=announced, representative=representative)
    return answer(b"", 201, {"location": f"{base_url(request)}/Patient/{identifier}"})


def _traits(patient: Resource) -> Traits:
    place = "Parameters.parameter.resource"
    stated = next((one for one in patient.get("identifier", []) if one.get("system", "").removeprefix("urn:oid:") in SYSTEMS), None)
    name: Resource = next((one for one in patient.get("name", []) if one.get("family") and one.get("given")), {})
    if stated is None or not name or not patient.get("birthDate"):
        raise Invalid("a space is opened with the INS, the birth name, the given names and the birth date", place=place)
    ins = read_ins(stated["system"], stated.get("value", ""), place)
    return Traits(ins, name["family"], tuple(name["given"]), patient.get("gender", "unknown"), patient["birthDate"])
