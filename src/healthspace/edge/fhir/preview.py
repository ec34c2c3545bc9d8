"""`GET /Patient/id/$preview-access?professional=RPPS`: what that professional sees, or would see once authorised."""

from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from healthspace.access.opening import Service
from healthspace.access.rules import Action
from healthspace.base.ids import owner_of
from healthspace.edge.fhir.act import base_url
from healthspace.edge.fhir.answer import Entries, answer, entries_of, searchset
from healthspace.edge.fhir.controls import named_in
from healthspace.identity.caller import Caller
from healthspace.record.preview import preview_access


async def preview(request: Request, service: Service, caller: Caller) -> Response:
    """A searchset of documents, with an OperationOutcome that says on which ground; `authorised=true` asks as if they were authorised."""
    identifier, asked = named_in(request), request.query_params
    async with service.door.permit(caller, Action.PREVIEW_ACCESS, owner_of(identifier) or None) as p:
        found = await preview_access(p, asked.get("professional", ""), authorised=asked.get("authorised") == "true")
    base = base_url(request)
    links = {"self": f"{base}/Patient/{identifier}/$preview-access?{urlencode(asked.multi_items())}"}
    return answer(searchset(base, Entries(entries_of(found.documents), notices=[f"ground: {found.reason}"]), len(found.documents), links))
