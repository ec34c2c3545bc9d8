"""`Patient/$summary` (IPS 2.0.1, OperationDefinition summary): a citizen's International Patient Summary, made when it is asked for."""

from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from healthspace.access.opening import Service
from healthspace.access.rules import Action
from healthspace.base.errors import Invalid, Malformed
from healthspace.edge.fhir.act import base_url
from healthspace.edge.fhir.answer import answer
from healthspace.edge.fhir.operations import Values, read_values
from healthspace.edge.fhir.read import locate
from healthspace.identity.caller import Caller
from healthspace.identity.ins import Ins, read_ins
from healthspace.record.spaces import locate as locate_holder
from healthspace.record.spaces import owner_of_patient
from healthspace.record.summary.summarise import summarise
from healthspace.resources.grammar import printable

PROFILE = "http://hl7.org/fhir/uv/ips/StructureDefinition/Composition-uv-ips"
VERSIONS = frozenset({"", "1.1.0", "2.0.0", "2.0.1"})
KNOWN = frozenset({"identifier", "profile", "_format", "_pretty"})
NOBODY = UUID(int=0)
LANGUAGES = ("fr", "en")


async def summary(request: Request, service: Service, caller: Caller) -> Response:
    """`GET` and `POST Patient/id/$summary`; `Patient/$summary?identifier=system|value` when the id is not known."""
    values = await _read(request, service)
    name = request.path_params.get("id")
    if name is not None:
        owner, patient = await locate(service, "Patient", name)
    else:
        # Nobody of that identity, and nobody whom the caller may read, are refused alike.
        found = await locate_holder(service.door, _ins(values))
        owner, patient = owner_of_patient(found), found or NOBODY
    language = preferred(request.headers.get("accept-language", ""))
    async with service.door.permit(caller, Action.SEARCH_RESOURCES, owner) as p:
        body = await summarise(p, patient, language, base_url(request))
    return answer(body, headers={"content-language": language, "vary": "Accept-Language"})


async def _read(request: Request, service: Service) -> Values:
    """The operation's parameters, of the query or of a Parameters in the body; a POST without a body has those of its query."""
    has_body = request.headers.get("content-length", "0") != "0" or "transfer-encoding" in request.headers
    values = await read_values(request, service) if has_body else dict(request.query_params)
    unknown = next((name for name in values if name not in KNOWN), None)
    if unknown is not None:
        raise Malformed("this operation does not have that parameter", place=printable(unknown))
    profile, _, version = str(values.get("profile") or PROFILE).partition("|")
    if profile != PROFILE or version not in VERSIONS:
        raise Invalid("only the International Patient Summary is made here", place="profile")
    return values


def _ins(values: Values) -> Ins:
    told = values.get("identifier")
    system, separator, value = str(told or "").partition("|")
    if isinstance(told, dict):
        system, separator, value = told.get("system", ""), "|", told.get("value", "")
    if not separator:
        raise Invalid("say whose summary: identifier, written system|value", place="identifier")
    return read_ins(system, value, "identifier")


def preferred(accepted: str) -> str:
    """The language of an Accept-Language header (RFC 9110, 12.5.4) that is spoken here; French when none is."""
    weighed = []
    for place, part in enumerate(accepted.lower().split(",")[:50]):
        tag, _, weight = part.strip().partition(";q=")
        try:
            weighed.append((-float(weight or 1), place, tag.partition("-")[0]))
        except ValueError:
            continue
    return next((tag for weight, _, tag in sorted(weighed) if weight < 0 and tag in LANGUAGES), LANGUAGES[0])
