"""The documents of a record: search, filters, months; and the way from an old version to the newest."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from starlette.responses import Response

from healthspace.access.permit import Permit
from healthspace.access.rules import Action, Scope
from healthspace.edge.portal.language import Language
from healthspace.edge.portal.listing import Question, find_matching, lay_out, tell, telling
from healthspace.edge.portal.pages import go_to
from healthspace.edge.portal.patients import show_banner
from healthspace.edge.portal.trail_view import explain_ground
from healthspace.edge.portal.views import newest_version
from healthspace.edge.portal.visit import Visit
from healthspace.identity.caller import GIVE_CARE
from healthspace.record.carers import is_minor
from healthspace.record.find import DOCUMENT, Outline, list_documents, outline_documents
from healthspace.record.spaces import patient_of
from healthspace.record.words import find_words


async def show_documents(visit: Visit) -> Response:
    """GET /documents and /patients/{patient}"""
    asked, language, own = Question(visit.asked("q"), visit.asked("type"), visit.asked("after")), visit.language, visit.own
    async with visit.service.door.permit(visit.caller, Action.READ_RECORD, visit.owner) as p:
        outlines = await outline_documents(p, telling(asked.words, language))
        listing = lay_out(outlines, asked, await _search(p, asked.words, outlines, language))
        listing = tell(listing, await list_documents(p, only=listing.shown), language, p.now, own=own)
        patient, reason, scope, now = (await patient_of(p)).json(), p.reason, p.scope, p.now
        banner = None if own else show_banner(patient, p, language)
    return visit.render(
        "documents.html",
        current="/documents",
        holder=patient,
        patient=banner,
        heading=language.say("My documents") if own else language.say("Documents"),
        page=listing,
        path=visit.prefix or "/documents",
        aside=own,
        confidential=visit.caller.kind in GIVE_CARE and not visit.caller.secret and is_minor(patient, now.date()),
        ground=explain_ground(reason, language),
        nothing=_explain_nothing(visit, scope),
        incomplete=DOCUMENT in visit.service.door.stale,
    )


async def _search(p: Permit, words: str, outlines: Sequence[Outline], language: Language) -> set[UUID] | None:
    """The documents that hold words; None when no words are asked for."""
    if not words.strip():
        return None
    return find_matching(outlines, words, await find_words(p, words, [one.id for one in outlines]), language)


async def show_newest(visit: Visit) -> Response:
    """GET …/documents/{id}/newest: to the version that is valid today; to the list when it is not to be seen."""
    identifier = str(visit.identifier())
    async with visit.service.door.permit(visit.caller, Action.READ_RECORD, visit.owner) as p:
        references = [one.json() for one in await list_documents(p)]
    old: dict[str, Any] | None = next((one for one in references if one["id"] == identifier), None)
    newest = newest_version(old, references) if old else None
    return go_to(f"{visit.prefix}/documents/{newest}" if newest else visit.prefix or "/documents")


def _explain_nothing(visit: Visit, scope: Scope) -> str:
    if visit.own:
        return visit.language.say("No document yet. Your health professionals add them: a doctor, a laboratory, a hospital.")
    if scope is Scope.OWN_DEPOSITS:
        return visit.language.say("Your structure has added no document to this record.")
    return visit.language.say("This record holds no document that you may read.")
