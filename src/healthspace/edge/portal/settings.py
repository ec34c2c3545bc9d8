"""Settings and rights: language, session, taking everything away, closing the record and opening it again."""

from starlette.responses import Response, StreamingResponse

from healthspace.access.rules import Action
from healthspace.base.errors import NotFound
from healthspace.edge.portal.document import SEALED
from healthspace.edge.portal.language import read_moment
from healthspace.edge.portal.pages import go_to
from healthspace.edge.portal.patients import read_ins_of
from healthspace.edge.portal.sessions import list_sessions
from healthspace.edge.portal.views import Resource, read_name
from healthspace.edge.portal.visit import Visit, read_form
from healthspace.identity.caller import Kind
from healthspace.identity.sessions import LIFETIME
from healthspace.record.export import gather_export, write_bundle
from healthspace.record.life import close_space, reopen_space
from healthspace.record.spaces import CLOSURE, patient_of

AT_THE_HOLDERS_WISH = "patient-demande"
"""Code of the French list of closure motives."""


async def show_settings(visit: Visit) -> Response:
    """GET /settings: also when the record is closed."""
    holder = await _read_holder(visit)
    closed_at = next((one for one in _closure(holder) if one["url"] == "dateFermeture"), None)
    return visit.render(
        "settings.html",
        current="/settings",
        holder=holder,
        name=read_name(holder.get("name")),
        number=read_ins_of(holder),
        active=holder.get("active") is not False,
        closed_at=read_moment(closed_at["valueDateTime"]) if closed_at else None,
        sessions=await list_sessions(visit),
        hours=int(LIFETIME.total_seconds() // 3600),
    )


async def ask_to_close(visit: Visit) -> Response:
    """GET /settings/close: what it changes, before it is done."""
    return visit.render("close.html", current="/settings", here=False, holder=await _read_holder(visit), reason="")


async def close(visit: Visit) -> Response:
    """POST /settings/close"""
    form = await read_form(visit.request)
    if not form.get("sure"):
        wrong = {"sure": visit.language.say("Tick the box to say that you understood")}
        return visit.render(
            "close.html",
            status=422,
            current="/settings",
            here=False,
            holder=await _read_holder(visit),
            reason=form.get("reason", ""),
            wrong=wrong,
        )
    if not _closure(await _read_holder(visit)):  # else the form was sent twice
        async with visit.service.door.permit(visit.caller, Action.CLOSE_SPACE, visit.owner) as p:
            await close_space(p, AT_THE_HOLDERS_WISH, form.get("reason", "")[:500])
    return go_to("/settings?done=closed")


async def reopen(visit: Visit) -> Response:
    """POST /settings/reopen"""
    async with visit.service.door.permit(visit.caller, Action.REOPEN_SPACE, visit.owner) as p:
        await reopen_space(p)
    return go_to("/settings?done=reopened")


async def export_record(visit: Visit) -> Response:
    """GET /settings/export: everything as a FHIR Bundle, files of the documents included."""
    if visit.patient is None or visit.caller.kind is not Kind.CITIZEN:
        raise NotFound
    async with visit.service.door.permit(visit.caller, Action.SEARCH_RESOURCES, visit.owner) as p:
        export = await gather_export(p, visit.patient)
    headers = {**SEALED, "Content-Disposition": 'attachment; filename="health-record.json"'}
    return StreamingResponse(write_bundle(export), media_type="application/fhir+json", headers=headers)


async def _read_holder(visit: Visit) -> Resource:
    async with visit.service.door.permit(visit.caller, Action.READ_PATIENT, visit.owner) as p:
        holder: Resource = (await patient_of(p)).json()
    return holder


def _closure(holder: Resource) -> list[Resource]:
    """What the closure of a record says; empty while it is open."""
    if holder.get("active") is not False:
        return []
    told: Resource = next((one for one in reversed(holder.get("extension", [])) if one.get("url") == CLOSURE), {})
    return list(told.get("extension", []))
