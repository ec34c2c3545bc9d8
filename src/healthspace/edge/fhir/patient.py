"""TD02: is there a health space for this identity, and is it open? One answer for each state, and no trait of the person."""

import orjson
from starlette.requests import Request
from starlette.responses import Response

from healthspace.access.opening import Service
from healthspace.access.rules import Action
from healthspace.base.errors import Invalid, Refused
from healthspace.edge.fhir.act import base_url, read_terms
from healthspace.edge.fhir.answer import answer
from healthspace.identity.caller import Caller
from healthspace.identity.ins import read_ins
from healthspace.record.spaces import find_patient, locate, owner_of_patient

IGNORED = frozenset({"_format", "_pretty", "_count"})


async def search_patient(request: Request, service: Service, caller: Caller) -> Response:
    """`Patient?identifier=system|value`: none, one open, or one closed with when and why."""
    terms = [(name, value) for name, value in await read_terms(request) if name not in IGNORED]
    if [name for name, _ in terms] != ["identifier"]:
        wrong = next((name for name, _ in terms if name != "identifier"), "identifier")
        raise Invalid("a patient is searched by one identifier, and by nothing else", place=wrong)
    system, _, value = terms[0][1].partition("|")
    owner = owner_of_patient(await locate(service.door, read_ins(system, value, "identifier")))
    found = []
    try:
        async with service.door.permit(caller, Action.FIND_PATIENT, owner) as p:
            found.append(await find_patient(p))
    except Refused:
        pass  # traced; outside it reads like nobody of that name
    bundle = {
        "resourceType": "Bundle",
        "type": "searchset",
        "total": len(found),
        "link": [{"relation": "self", "url": f"{base_url(request)}/Patient"}],
    }
    if found:
        entries = [{"fullUrl": f"{base_url(request)}/Patient/{one['id']}", "resource": one, "search": {"mode": "match"}} for one in found]
        bundle["entry"] = entries
    return answer(orjson.dumps(bundle))
