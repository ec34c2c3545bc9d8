"""Relatives and carers: who helps or represents me, whom I help, who invites me; each ended or answered here.

Under `/patients/{patient}` it is the page of a person whom the visitor represents; a carer has none.
"""

from dataclasses import dataclass, replace
from typing import Any

from starlette.responses import Response

from healthspace.access.facts import ACCEPTED, ENDED, EXPIRED, EXPIRES, FEED, PENDING, REFUSED, represents, scopes_of, value_of
from healthspace.access.rules import Action, Reason
from healthspace.access.states import State
from healthspace.base import clock
from healthspace.base.errors import Invalid, NotFound, Refused
from healthspace.base.ids import owner_of
from healthspace.edge.portal.frame import PatientBanner
from healthspace.edge.portal.language import Language, Moment, mark, read_moment
from healthspace.edge.portal.pages import go_to
from healthspace.edge.portal.patients import show_banner
from healthspace.edge.portal.visit import Visit, read_form
from healthspace.fhir.document_reference import read_name
from healthspace.identity.caller import Kind
from healthspace.record.carers import answer, end_care, is_minor
from healthspace.record.relatives import Tied, list_relatives, list_tied, read_tied, state_of_care
from healthspace.record.spaces import patient_of

Resource = dict[str, Any]

STATES = {
    PENDING: (mark("Waiting for an answer"), "warn"),
    ACCEPTED: (mark("Accepted"), "ok"),
    REFUSED: (mark("Refused"), ""),
    EXPIRED: (mark("Nobody answered in time"), ""),
    ENDED: (mark("Ended"), ""),
}
RELATIONS = {
    "SPS": mark("Spouse or partner"),
    "CHILD": mark("Son or daughter"),
    "FAMMEMB": mark("Another member of the family"),
    "FRND": mark("Friend or neighbour"),
}
"""What a carer is to the person (v3-RoleCode)."""
REPRESENTATIVE = mark("Legal representative")
STANDINGS: dict[str, str] = {
    State.ANNOUNCED: mark("It is not open yet"),
    State.REFUSED: mark("It was objected to"),
    State.SUSPENDED: mark("It is suspended"),
    State.CLOSED: mark("It is closed"),
}
NOT_OPEN = frozenset({Reason.RECORD_CLOSED, Reason.RECORD_NOT_OPEN})


@dataclass(frozen=True, slots=True)
class Relative:
    """One invitation in words. `name` is as it was typed; `until` is the end of the help, or of the time to answer."""

    id: str
    name: str
    relation: str
    state: str
    tone: str
    scope: str
    since: Moment | None
    until: Moment | None
    pending: bool
    open: bool
    represents: bool
    feeds: bool
    patient: str = ""
    """The Patient whose record it is, for one who helps."""
    standing: str = ""
    """What has become of that record, in words, when it is not open."""


@dataclass(frozen=True, slots=True)
class Circle:
    """Those around one person, and what of it the visitor may change."""

    holder: Resource
    banner: PatientBanner | None
    minor: bool
    relatives: tuple[Relative, ...]
    most: int

    @property
    def open(self) -> list[Relative]:
        return [one for one in self.relatives if one.open]

    @property
    def past(self) -> list[Relative]:
        return [one for one in self.relatives if not one.open]

    @property
    def room(self) -> bool:
        """Whether one more carer may be invited."""
        return sum(not one.represents for one in self.open) < self.most

    @property
    def room_to_represent(self) -> bool:
        """Whether a minor may have one more representative."""
        return self.minor and sum(one.represents for one in self.open) < 2


async def show_relatives(visit: Visit) -> Response:
    """GET /relatives, and /patients/{patient}/relatives for who represents them.

    Whose own record is not open has nobody around it now, and still acts for others.
    """
    try:
        circle = await read_circle(visit)
    except Refused as error:
        if not visit.own or error.message not in NOT_OPEN:
            raise
        circle = Circle({}, None, minor=False, relatives=(), most=0)
    tied = await list_tied(visit.service.door, visit.caller) if visit.own else []
    helped = [show_tied(one, visit.language) for one in tied]
    return visit.render(
        "relatives.html",
        current="/relatives",
        holder=circle.holder,
        patient=circle.banner,
        tab="/relatives",
        circle=circle,
        helped=[one for one in helped if not one.pending],
        invitations=[one for one in helped if one.pending],
        most_helped=visit.service.door.policy.most_cared_for,
        own=visit.own,
    )


async def ask_to_end(visit: Visit) -> Response:
    """GET …/relatives/{id}/end: what ending it changes, before it is done; by the person, or by who helps them."""
    identifier = visit.identifier()
    if visit.own and owner_of(identifier) != visit.owner:
        relative = show_tied(await read_tied(visit.service.door, visit.caller, identifier), visit.language)
        return visit.render("relative_end.html", current="/relatives", here=False, relative=relative, helping=True, own=True)
    circle = await read_circle(visit)
    found = next((one for one in circle.open if one.id == str(identifier)), None)
    if found is None:
        raise NotFound
    return visit.render(
        "relative_end.html",
        current="/relatives",
        here=False,
        holder=circle.holder,
        patient=circle.banner,
        tab="/relatives",
        relative=found,
        helping=False,
        own=visit.own,
    )


async def end(visit: Visit) -> Response:
    """POST …/relatives/{id}/end"""
    identifier = visit.identifier()
    leaving = visit.own and owner_of(identifier) != visit.owner
    action = Action.ANSWER_INVITATION if leaving else Action.INVITE_CARER
    async with visit.service.door.permit(visit.caller, action, owner_of(identifier)) as p:
        await end_care(p, identifier)
    return go_to("/relatives?done=left" if leaving else f"{visit.prefix}/relatives?done=care-ended")


async def ask_to_answer(visit: Visit, *, full: bool = False) -> Response:
    """GET /relatives/{id}/answer: what accepting and refusing change."""
    tied = await read_tied(visit.service.door, visit.caller, visit.identifier())
    relative = show_tied(tied, visit.language)
    if not relative.pending:
        return go_to("/relatives")
    return visit.render(
        "invitation.html",
        status=422 if full else 200,
        current="/relatives",
        here=False,
        relative=relative,
        full=full,
        most_helped=visit.service.door.policy.most_cared_for,
    )


async def give_answer(visit: Visit) -> Response:
    """POST /relatives/{id}/answer"""
    said = (await read_form(visit.request)).get("answer", "")
    if said not in {"accept", "refuse"}:
        raise NotFound
    identifier, accepts = visit.identifier(), said == "accept"
    try:
        async with visit.service.door.permit(visit.caller, Action.ANSWER_INVITATION, owner_of(identifier)) as p:
            await answer(p, identifier, accepts=accepts)
    except Invalid:  # one person too many, or answered in another window meanwhile
        return await ask_to_answer(visit, full=True)
    return go_to("/relatives?done=accepted" if accepts else "/relatives?done=refused")


async def read_circle(visit: Visit) -> Circle:
    """Those around the person whose record it is. NotFound for whoever may not change them."""
    if visit.caller.kind is not Kind.CITIZEN:
        raise NotFound
    async with visit.service.door.permit(visit.caller, Action.READ_ACCESS, visit.owner) as p:
        if not p.allows(Action.INVITE_CARER):
            raise NotFound
        known, holder = await list_relatives(p), (await patient_of(p)).json()
        banner = None if visit.own else show_banner(holder, p, visit.language)
        minor, most = is_minor(holder, p.now.date()), p.policy.most_carers
    return Circle(holder, banner, minor, tuple(show_relative(one, visit.language) for one in known), most)


def show_relative(related: Resource, language: Language, name: str = "") -> Relative:
    """An invitation in words. `name`: of the person who is helped, told to who helps."""
    state = state_of_care(related, clock.now())
    words, tone = STATES[state]
    codes = [coding.get("code") for concept in related.get("relationship", []) for coding in concept.get("coding", [])]
    represented = represents(related)
    relation = REPRESENTATIVE if represented else next((RELATIONS[code] for code in codes if code in RELATIONS), mark("Carer"))
    feeds = represented or FEED in scopes_of(related)
    period = related.get("period", {})
    until = value_of(related, EXPIRES) if state == PENDING else period.get("end")
    return Relative(
        id=str(related["id"]),
        name=name or read_name(related.get("name")),
        relation=language.say(relation),
        state=language.say(words),
        tone=tone,
        scope=_name_scope(language, represented=represented, feeds=feeds),
        since=read_moment(period.get("start")) if state != PENDING else None,
        until=read_moment(until),
        pending=state == PENDING,
        open=state in {PENDING, ACCEPTED},
        represents=represented,
        feeds=feeds,
        patient=str(related.get("patient", {}).get("reference", "")).removeprefix("Patient/"),
    )


def show_tied(tied: Tied, language: Language) -> Relative:
    """The same, for who is invited or helps."""
    shown = show_relative(tied.related.json(), language, read_name(tied.names))
    return replace(shown, standing=language.say(STANDINGS[tied.state])) if tied.state in STANDINGS else shown


def _name_scope(language: Language, *, represented: bool, feeds: bool) -> str:
    if represented:
        return language.say("Decides for the person")
    return language.say("Reads, and adds documents") if feeds else language.say("Reads only")
