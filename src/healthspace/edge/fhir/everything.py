"""`Patient/id/$everything` (R4 patient-operation-everything.html): the citizen's record, a page at a time."""

from datetime import datetime
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from healthspace.access.opening import Service
from healthspace.access.rules import Action
from healthspace.base.errors import Malformed
from healthspace.edge.fhir.act import base_url
from healthspace.edge.fhir.answer import Entries, answer, entries_of, searchset
from healthspace.edge.fhir.conditions import moment_in
from healthspace.edge.fhir.operations import read_values
from healthspace.edge.fhir.read import locate
from healthspace.fhir.dates import instants_of
from healthspace.fhir.resource_types import NUMBER
from healthspace.identity.caller import Caller
from healthspace.resources.everything import Wanted, read_everything
from healthspace.resources.grammar import LARGEST_PAGE, printable
from healthspace.resources.reading import moment_of

KNOWN = frozenset({"_since", "_type", "_count", "_cursor", "start", "end", "_format", "_pretty"})


async def everything(request: Request, service: Service, caller: Caller) -> Response:
    """Everything that the caller may see of one citizen, with the professionals and places that it refers to."""
    name = request.path_params["id"]
    asked = {name: str(value) for name, value in (await read_values(request, service)).items()}
    wanted = _read_wanted(asked)
    owner, identifier = await locate(service, "Patient", name)
    async with service.door.permit(caller, Action.SEARCH_RESOURCES, owner) as p:
        page = await read_everything(p, identifier, wanted)
        p.note(*(f"{stored.type}/{stored.name}" for stored in page.entries))
    base = base_url(request)
    address = f"{base}/Patient/{name}/$everything"
    terms = [(key, value) for key, value in asked.items() if key != "_cursor"]
    links = {"self": f"{address}?{urlencode(terms)}" if terms else address}
    if page.next is not None:
        links["next"] = f"{address}?{urlencode([*terms, ('_cursor', page.next)])}"
    return answer(searchset(base, Entries(entries_of(page.entries), entries_of(page.included)), page.total, links))


def _read_wanted(asked: dict[str, str]) -> Wanted:
    unknown = next((name for name in asked if name not in KNOWN), None)
    if unknown is not None:
        raise Malformed("this operation does not have that parameter", place=printable(unknown))
    count, types = asked.get("_count", "100"), [one for one in asked.get("_type", "").split(",") if one]
    if not count.isdecimal() or len(count) > 9 or any(type_ not in NUMBER for type_ in types):
        raise Malformed("_count is a whole number, _type a list of resource types", place="_count")
    return Wanted(
        types=tuple(types),
        since=moment_in(asked["_since"], "_since") if "_since" in asked else None,
        start=_day(asked.get("start"), 0),
        end=_day(asked.get("end"), 1),
        count=min(int(count), LARGEST_PAGE) or 1,
        cursor=asked.get("_cursor"),
    )


def _day(text: str | None, end: int) -> datetime | None:
    if text is None:
        return None
    span = instants_of(text)
    if span is None:
        raise Malformed("start and end are dates", place="start")
    return moment_of(span[end])
