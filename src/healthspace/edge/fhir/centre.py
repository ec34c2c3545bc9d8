"""The notification centre and the questioning of an access over HTTP.

`DELETE /Communication/id` deletes a notification of one's own; `PUT` marks it as read (with `received`) or unread (without): nothing else
of it changes. `POST /Task` with `focus` an AuditEvent of one's own record, or of who one represents, asks the agency about that access.
"""

from starlette.requests import Request
from starlette.responses import Response

from healthspace.access.opening import Service
from healthspace.access.rules import Action
from healthspace.base.errors import Invalid, Malformed
from healthspace.base.ids import owner_of, parse_id
from healthspace.edge.fhir.act import base_url
from healthspace.edge.fhir.answer import PRIVATE
from healthspace.edge.fhir.conditions import preferred_return
from healthspace.edge.fhir.controls import named_in, read_typed
from healthspace.edge.fhir.write import answer_written
from healthspace.identity.caller import Caller
from healthspace.notifications.operations import delete_notification, mark
from healthspace.reviews.operations import report_access

EVENT = "AuditEvent/"


async def change_notification(request: Request, service: Service, caller: Caller) -> Response:
    """`PUT /Communication/id`"""
    identifier = named_in(request)
    resource = await read_typed(request, service, "Communication")
    if resource.get("id") != str(identifier):
        raise Malformed("the resource must carry the id that the request names", place="Communication.id")
    async with service.door.permit(caller, Action.CHANGE_NOTIFICATIONS, owner_of(identifier)) as p:
        stored = await mark(p, identifier, read="received" in resource)
    return answer_written(base_url(request), stored, 200, preferred_return(request))


async def remove_notification(request: Request, service: Service, caller: Caller) -> Response:
    """`DELETE /Communication/id`"""
    identifier = named_in(request)
    async with service.door.permit(caller, Action.CHANGE_NOTIFICATIONS, owner_of(identifier)) as p:
        await delete_notification(p, identifier)
    return Response(status_code=204, headers=PRIVATE)


async def ask(request: Request, service: Service, caller: Caller) -> Response:
    """`POST /Task`: a question about an access."""
    task = await read_typed(request, service, "Task")
    focus = str(task.get("focus", {}).get("reference", ""))
    line = parse_id(focus.rpartition("/")[2]) if EVENT in focus else None
    if line is None:
        raise Invalid("a question is about one access: Task.focus is its AuditEvent", place="Task.focus")
    async with service.door.permit(caller, Action.REPORT_ACCESS, owner_of(line) or None) as p:
        stored = await report_access(p, line, str(task.get("description", "")), place="Task.description")
    return answer_written(base_url(request), stored, 201, preferred_return(request))
