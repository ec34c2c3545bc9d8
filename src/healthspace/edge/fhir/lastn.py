"""`Observation/$lastn` (R4 observation-operation-lastn.html): the last observations of each code, of one citizen."""

from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from healthspace.access.opening import Service
from healthspace.access.rules import Action
from healthspace.access.wide import permit_wide
from healthspace.base.errors import Invalid, Refused
from healthspace.edge.fhir.act import FORM, base_url, read_terms
from healthspace.edge.fhir.answer import Entries, answer, entries_of, searchset
from healthspace.edge.fhir.conditions import is_lenient
from healthspace.edge.fhir.operations import read_values
from healthspace.edge.fhir.search import Terms, owner_asked_for, separate
from healthspace.identity.caller import Caller, Kind
from healthspace.resources.grammar import LARGEST_PAGE, Asked, read_search
from healthspace.resources.lastn import read_last
from healthspace.resources.reach import Reach
from healthspace.resources.stored import Stored

NOT_HERE = ("_sort", "_count", "_cursor", "_total", "_include", "_revinclude", "_summary", "_elements")
"""What a search has and this operation has not: its order and its number are what it is about."""
KINDS = frozenset({"code", "category"})


async def lastn(request: Request, service: Service, caller: Caller) -> Response:
    """`GET` and `POST Observation/$lastn?patient=…&category=…&code=…&max=…`; `max` is 1 when it is not said."""
    terms = await _read_terms(request, service)
    most, told = _read_max(terms), [term for term in terms if term[0] != "max"]
    wide = caller.kind is Kind.TECHNICAL
    about, rest = ([], told) if wide else separate(told, "Observation")
    asked = read_search("Observation", rest, lenient=is_lenient(request))
    if not KINDS & {name.partition(":")[0] for name, _ in rest}:
        raise Invalid("say which observations: code or category", place="code")
    if wide:
        if not {"patient", "subject"} & {name.partition(":")[0].partition(".")[0] for name, _ in rest}:
            raise Invalid("say whose observations: patient or subject", place="patient")
        async with permit_wide(service.door, caller, Action.SEARCH_RESOURCES) as wide_permit:
            found = await read_last(Reach(wide_permit, base_url(request)), asked, most)
            for stored in found:
                wide_permit.note(stored.owner, f"{stored.type}/{stored.name}")
        return _answer(request, asked, terms, found)
    owner = await owner_asked_for(service, caller, about, "Observation", None)
    try:
        async with service.door.permit(caller, Action.SEARCH_RESOURCES, owner) as p:
            found = await read_last(Reach(p, base_url(request)), asked, most)
            p.note(*(f"{stored.type}/{stored.name}" for stored in found))
    except Refused:
        found = []
    return _answer(request, asked, terms, found)


def _answer(request: Request, asked: Asked, terms: Terms, found: list[Stored]) -> Response:
    base = base_url(request)
    kept = [term for term in terms if term[0] not in asked.warnings]
    links = {"self": f"{base}/Observation/$lastn?{urlencode(kept)}"}
    return answer(searchset(base, Entries(entries_of(found), (), asked.warnings, asked.notices), len(found), links))


async def _read_terms(request: Request, service: Service) -> Terms:
    """The parameters, of the query and of a form or a Parameters resource in the body."""
    media_type = request.headers.get("content-type", FORM).partition(";")[0].strip().lower()
    if request.method != "POST" or media_type == FORM:
        terms = await read_terms(request)
    else:
        terms = [(name, str(value)) for name, value in (await read_values(request, service)).items()]
    wrong = next((name for name, _ in terms if name in NOT_HERE), None)
    if wrong is not None:
        raise Invalid("this operation does not have that parameter", place=wrong)
    return terms


def _read_max(terms: Terms) -> int:
    values = [value for name, value in terms if name == "max"]
    text = values[-1] if values else "1"
    if not text.isdecimal() or not text.isascii() or not int(text[:9]) > 0 or len(text) > 9:
        raise Invalid("max is a whole number from 1", place="max")
    return min(int(text), LARGEST_PAGE)
