"""Hiding, showing, releasing and deleting a document: each says what it changes, then asks, then does it."""

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.responses import Response

from healthspace.access import labels
from healthspace.access.changes import HOLDERS, may_change_label, may_show_to_representatives, may_withdraw
from healthspace.access.depositor import depositor_of
from healthspace.access.permit import Permit
from healthspace.access.rules import Action, Tie
from healthspace.base.errors import NotFound
from healthspace.base.fhirjson import ARCHIVED
from healthspace.edge.portal.language import mark
from healthspace.edge.portal.pages import go_to
from healthspace.edge.portal.patients import show_banner
from healthspace.edge.portal.views import Resource, show_row
from healthspace.edge.portal.visit import Visit
from healthspace.fhir.resource_types import NUMBER
from healthspace.record.attributes import change_document, has_withdrawn, withdraw_document
from healthspace.record.carers import is_minor
from healthspace.record.clinical.keep import is_archived
from healthspace.record.read import read_reference
from healthspace.record.spaces import patient_of


@dataclass(frozen=True, slots=True)
class Change:
    """What is asked before a change: a question, what follows, the button, and what is told when it is done."""

    code: str
    link: str
    question: str
    follows: str
    button: str
    icon: str
    tone: str = ""


CHANGES: Mapping[str, Change] = {
    change.code: change
    for change in (
        Change(
            "hide",
            mark("Hide it from professionals"),
            mark("Hide this document from professionals?"),
            mark("Your care team will not see this document. This can affect your care. Its author and your treating doctor still see it."),
            mark("Hide the document"),
            "eyeoff",
        ),
        Change(
            "show",
            mark("Show it to professionals"),
            mark("Show this document to professionals?"),
            mark("The professionals you authorised will see it, as the other documents."),
            mark("Show the document"),
            "eye",
        ),
        Change(
            "secret",
            mark("Hide it from representatives"),
            mark("Hide this document from the legal representatives?"),
            mark("Parents and carers no longer see it, nor who opened it, nor what it says in the health profile. Professionals still do."),
            mark("Hide it from them"),
            "lock",
        ),
        Change(
            "unsecret",
            mark("Show it to representatives"),
            mark("Show this document to the legal representatives?"),
            mark("Parents and carers will see it as the other documents, and who opened it."),
            mark("Show it to them"),
            "eye",
        ),
        Change(
            "release",
            mark("Let the patient see it"),
            mark("Let the patient see this document?"),
            mark("They see it at once, and are told that a document arrived. Do it once you have told them what it says."),
            mark("Let them see it"),
            "eye",
        ),
        Change(
            "archive",
            mark("Put it in the archive"),
            mark("Put this document in the archive?"),
            mark("Professionals find it only when they ask for the archive, and what it says leaves the health profile. It stays here."),
            mark("Archive the document"),
            "folder",
        ),
        Change(
            "unarchive",
            mark("Take it out of the archive"),
            mark("Take this document out of the archive?"),
            mark("It is among the other documents again, for those who may see it."),
            mark("Take it out"),
            "folder",
        ),
        Change(
            "delete",
            mark("Delete"),
            mark("Delete this document?"),
            mark("Nobody will find it any more, in any list or search. What it says leaves the health profile. You cannot undo this."),
            mark("Delete the document"),
            "trash",
            "bad",
        ),
    )
}


LABELS = {
    "release": labels.NOT_ANNOUNCED,
    "secret": labels.HIDDEN_FROM_REPRESENTATIVES,
    "unsecret": labels.HIDDEN_FROM_REPRESENTATIVES,
}
"""Which label a change is about, where it is not the mask."""
ARCHIVING = {"archive": True, "unarchive": False}
ADDING = frozenset({"hide", "secret"})


def changes_for(reference: Resource, p: Permit, holder: Resource) -> list[Change]:
    """What the caller of a permit may do to a document that it shows: nothing that would be refused. Only a minor has representatives."""
    codes = labels.codes_of(reference)
    offered, changes = [], p.allows(Action.CHANGE_DOCUMENT)
    if changes and p.reason in HOLDERS and labels.HOLDER_ONLY not in codes:
        offered.append("show" if is_masked(reference, p) else "hide")
    if changes and labels.HIDDEN_FROM_REPRESENTATIVES in codes and may_show_to_representatives(p.caller, p.reason, reference):
        offered.append("unsecret")
    elif changes and is_minor(holder, p.now.date()) and may_change_label(p.caller, p.reason, labels.HIDDEN_FROM_REPRESENTATIVES):
        offered += ["secret"] if labels.HIDDEN_FROM_REPRESENTATIVES not in codes else []
    if changes and labels.NOT_ANNOUNCED in codes and may_change_label(p.caller, p.reason, labels.NOT_ANNOUNCED):
        offered.append("release")
    if changes and p.reason in HOLDERS:
        offered.append("unarchive" if is_archived(reference) else "archive")
    if p.allows(Action.WITHDRAW_DOCUMENT) and may_withdraw(p.caller, depositor_of(reference)):
        offered.append("delete")
    return [CHANGES[code] for code in offered]


def is_masked(reference: Resource, p: Permit) -> bool:
    """Whether a document is hidden from professionals, by its own label or since its citizen hides all but what they show one by one."""
    hidden_with_all = Tie.MASKED_BY_DEFAULT in p.relations and not labels.is_shown_one_by_one(reference)
    return hidden_with_all or labels.MASKED in labels.codes_of(reference)


async def ask(visit: Visit) -> Response:
    """GET …/documents/{id}/change/{change}: the question. NotFound when this change is not the visitor's to make."""
    async with visit.service.door.permit(visit.caller, Action.READ_DOCUMENT, visit.owner) as p:
        reference = (await read_reference(p, visit.identifier())).json()
        holder, now = (await patient_of(p)).json(), p.now
        offered = changes_for(reference, p, holder)
        banner = None if visit.own else show_banner(holder, p, visit.language)
    change = next((one for one in offered if one.code == visit.request.path_params["change"]), None)
    if change is None:
        raise NotFound
    return visit.render(
        "change.html",
        current="/documents",
        here=False,
        holder=holder,
        patient=banner,
        row=show_row(reference, visit.language, now, own=visit.own),
        change=change,
        address=f"{visit.prefix}/documents/{visit.identifier()}",
        list=visit.prefix or "/documents",
    )


async def carry_out(visit: Visit) -> Response:
    """POST of the question."""
    code, identifier = visit.request.path_params["change"], visit.identifier()
    if code not in CHANGES:
        raise NotFound
    about = (NUMBER["DocumentReference"], identifier)
    if code == "delete":
        async with visit.service.door.permit(visit.caller, Action.WITHDRAW_DOCUMENT, visit.owner, about=about) as p:
            if not await has_withdrawn(p, identifier):  # a second click
                await withdraw_document(p, identifier)
        return go_to(f"{visit.prefix or '/documents'}?done=deleted")
    async with visit.service.door.permit(visit.caller, Action.CHANGE_DOCUMENT, visit.owner, about=about) as p:
        await change_document(p, identifier, lambda document: _edit(document, code))
    return go_to(f"{visit.prefix}/documents/{identifier}?done={code}")


def _edit(document: Resource, code: str) -> Resource:
    if code in ARCHIVING:
        others = [one for one in document.get("extension", []) if one.get("url") != ARCHIVED]
        return {**document, "extension": [*others, {"url": ARCHIVED, "valueBoolean": ARCHIVING[code]}]}
    wanted = labels.codes_of({"securityLabel": document.get("securityLabel", [])}) & set(labels.VISIBILITY)
    label = LABELS.get(code, labels.MASKED)
    wanted = wanted | {label} if code in ADDING else wanted - {label}
    return {**document, "securityLabel": labels.with_labels(document.get("securityLabel", []), wanted)}
