"""Settings and rights: language, session, taking everything away, and where the life of the record stands (`life.py`).

Under `/patients/{patient}` they are those of a person whom the visitor represents; a carer has none.
"""

from starlette.responses import Response, StreamingResponse

from healthspace.access.changes import HOLDERS
from healthspace.access.rules import Action, Reason
from healthspace.access.states import State
from healthspace.base.errors import NotFound, Refused
from healthspace.edge.portal.document import SEALED
from healthspace.edge.portal.language import read_moment
from healthspace.edge.portal.life import MOTIVES, read_standing
from healthspace.edge.portal.patients import read_ins_of
from healthspace.edge.portal.sessions import list_sessions
from healthspace.edge.portal.visit import Visit
from healthspace.fhir.document_reference import read_name
from healthspace.identity.sessions import LIFETIME
from healthspace.record.export import gather_export, write_bundle

NO_SPACE = frozenset({Reason.NO_SPACE, Reason.RECORD_CLOSED})
"""Why not even the settings are open: there is no health space, it was erased, or its holder has died."""


async def show_settings(visit: Visit) -> Response:
    """GET …/settings: also when the record is closed, announced, refused or suspended."""
    try:
        standing = await read_standing(visit)
    except Refused as error:
        if visit.own and error.message in NO_SPACE:
            return visit.render("no_space.html", current="/settings")
        raise
    life = standing.life
    return visit.render(
        "settings.html",
        **standing.around,
        name=read_name(standing.holder.get("name")),
        number=read_ins_of(standing.holder),
        open=life.state is State.OPEN,
        life=life,
        steps=standing.steps,
        closed=read_moment(life.closed),
        motive=visit.language.say(MOTIVES[life.motive]) if life.motive in MOTIVES else life.motive,
        sessions=await list_sessions(visit) if visit.own else [],
        hours=int(LIFETIME.total_seconds() // 3600),
    )


async def export_record(visit: Visit) -> Response:
    """GET …/settings/export: everything that the visitor may see as a FHIR Bundle, files of the documents included."""
    if visit.patient is None:
        raise NotFound
    async with visit.service.door.permit(visit.caller, Action.SEARCH_RESOURCES, visit.owner) as p:
        if p.reason not in HOLDERS:  # a carer reads, and takes nothing away
            raise NotFound
        export = await gather_export(p, visit.patient)
    headers = {**SEALED, "Content-Disposition": 'attachment; filename="health-record.json"'}
    return StreamingResponse(write_bundle(export), media_type="application/fhir+json", headers=headers)
