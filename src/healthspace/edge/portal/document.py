"""One document: its page, its original, the files inside it."""

import asyncio

from starlette.responses import Response

from healthspace.access.changes import HOLDERS
from healthspace.access.depositor import depositor_of, is_by_citizen
from healthspace.access.rules import Action, Scope
from healthspace.base.errors import HealthspaceError, NotFound
from healthspace.edge.portal.content import open_content, read_attachments
from healthspace.edge.portal.document_changes import changes_for, is_masked
from healthspace.edge.portal.document_view import AttachedFile, explain_seers, name_file, name_format, view_document
from healthspace.edge.portal.pages import HEADERS
from healthspace.edge.portal.patients import show_banner
from healthspace.edge.portal.trail_view import explain_ground
from healthspace.edge.portal.visit import Visit
from healthspace.record.read import Document, read_document
from healthspace.record.spaces import patient_of

SEALED = {**HEADERS, "Content-Security-Policy": "sandbox; default-src 'none'; frame-ancestors 'none'"}
"""A file that came from outside runs nothing, wherever it is opened."""


async def show_document(visit: Visit) -> Response:
    """GET …/documents/{id}"""
    identifier = visit.identifier()
    async with visit.service.door.permit(visit.caller, Action.READ_DOCUMENT, visit.owner) as p:
        document, patient = await read_document(p, identifier), (await patient_of(p)).json()
        scope, now, takes, holds = p.scope, p.now, p.allows(Action.READ_CONTENT), p.reason in HOLDERS
        changes, masked = changes_for(document.reference, p, patient), is_masked(document.reference, p)
        banner = None if visit.own else show_banner(patient, p, visit.language)
        ground = explain_ground(p.reason, visit.language)
    language, own = visit.language, visit.own
    opened = await open_content(document, language, first=visit.number("page"))
    files = [AttachedFile(file.title, name_format(file.media_type, language), len(file.data)) for file in opened.attachments]
    return visit.render(
        "document.html",
        current="/documents",
        here=False,
        holder=patient,
        patient=banner,
        ground=ground,
        list=visit.prefix or "/documents",
        view=view_document(document.reference, language, now, size=len(document.content), own=own),
        changes=changes,
        seers=explain_seers(document.reference, language, own=own, masked=masked),
        content=opened.content,
        as_text=visit.asked("view") == "text",
        attachments=files if takes else [],
        takes=takes,
        corrections=_ways_to_correct(document, visit, holds=holds),
        trail=f"/access?document={identifier}" if own and scope is Scope.ALL else "",
    )


def _ways_to_correct(document: Document, visit: Visit, *, holds: bool) -> dict[str, str]:
    """Where a holder reports an error to whoever brought the document, and where the latter finds what was reported."""
    reference = document.reference
    asks = holds and depositor_of(reference) is not None and not is_by_citizen(reference)
    answers = not holds and depositor_of(reference) == visit.caller.depositor_key
    return {
        "report": f"{visit.prefix}/corrections/new?about=DocumentReference/{reference['id']}" if asks else "",
        "reported": f"{visit.prefix}/corrections" if answers else "",
    }


async def send_original(visit: Visit) -> Response:
    """GET …/documents/{id}/original: the bytes as they were received."""
    document = await _read(visit)
    return _send(document.content, document.media_type, name_file(str(visit.identifier()), document.media_type))


async def send_attachment(visit: Visit) -> Response:
    """GET …/documents/{id}/attachments/{number}: a file that the document carries, as it was put in."""
    document, number = await _read(visit), int(visit.request.path_params["number"])
    try:
        files = await asyncio.to_thread(read_attachments, document)
    except HealthspaceError:
        files = ()
    if not 1 <= number <= len(files):
        raise NotFound
    file = files[number - 1]
    return _send(file.data, file.media_type, name_file(f"{visit.identifier()}-{number}", file.media_type))


async def _read(visit: Visit) -> Document:
    async with visit.service.door.permit(visit.caller, Action.READ_CONTENT, visit.owner) as p:
        return await read_document(p, visit.identifier())


def _send(content: bytes, media_type: str, name: str) -> Response:
    headers = {**SEALED, "Content-Disposition": f'attachment; filename="{name}"', "Content-Type": media_type}
    return Response(content, headers=headers)
