"""The FHIR REST edge, mounted under /fhir."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from healthspace.access.rules import Action
from healthspace.base.errors import NotAllowed, NotFound
from healthspace.edge.fhir.act import act
from healthspace.edge.fhir.answer import answer_error
from healthspace.edge.fhir.deposit import provide, publish
from healthspace.edge.fhir.metadata import metadata
from healthspace.edge.fhir.patient import search_patient
from healthspace.edge.fhir.read import read_binary, read_document_reference, read_list, read_patient_by_id
from healthspace.edge.fhir.search import search_documents, search_submissions

READS = {
    "DocumentReference": act(Action.READ_DOCUMENT, read_document_reference),
    "List": act(Action.READ_DOCUMENT, read_list),
    "Patient": act(Action.READ_PATIENT, read_patient_by_id),
}
SEARCHES = {
    "DocumentReference": act(Action.SEARCH_DOCUMENTS, search_documents),
    "List": act(Action.SEARCH_SUBMISSIONS, search_submissions),
    "Patient": act(Action.FIND_PATIENT, search_patient),
}


async def _not_here(request: Request) -> Response:
    return answer_error(NotFound())


async def _not_allowed(request: Request) -> Response:
    return answer_error(NotAllowed(place="method"))


def routes() -> list[BaseRoute]:
    """The interactions of this server; any other path under /fhir is answered with an OperationOutcome."""
    provided = act(Action.DEPOSIT_DOCUMENT, provide)
    found: list[BaseRoute] = [
        Route("/metadata", metadata, methods=["GET"]),
        Route("/", provided, methods=["POST"]),
        Route("/DocumentReference", act(Action.DEPOSIT_DOCUMENT, publish), methods=["POST"]),
        Route("/Binary/{id}", act(Action.READ_CONTENT, read_binary), methods=["GET"]),
    ]
    for type_, endpoint in SEARCHES.items():
        found.append(Route(f"/{type_}", endpoint, methods=["GET"]))
        found.append(Route(f"/{type_}/_search", endpoint, methods=["POST"]))
    for type_, endpoint in READS.items():
        found.append(Route(f"/{type_}/{{id}}", endpoint, methods=["GET"]))
        found.append(Route(f"/{type_}/{{id}}/_history/{{version}}", endpoint, methods=["GET"]))
    known = [*SEARCHES, "Binary"]
    found += [
        Route(f"/{type_}{rest}", _not_allowed, methods=["POST", "PUT", "PATCH", "DELETE"]) for type_ in known for rest in ("", "/{id}")
    ]
    return [*found, Route("/{rest:path}", _not_here, methods=["GET", "POST", "PUT", "PATCH", "DELETE"])]


async def provide_at_base(request: Request) -> Response:
    """`POST /fhir` without a final slash is the same base."""
    if request.method != "POST":
        return answer_error(NotFound())
    return await act(Action.DEPOSIT_DOCUMENT, provide)(request)
