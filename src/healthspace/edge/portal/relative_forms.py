"""Inviting a carer, or the second representative of a minor; giving a carer another scope or end. What was typed is never lost."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from starlette.responses import Response

from healthspace.access.facts import FEED, SCOPE
from healthspace.access.rules import Action
from healthspace.base.errors import Invalid, NotFound
from healthspace.edge.portal.language import Language, mark
from healthspace.edge.portal.pages import go_to
from healthspace.edge.portal.relatives import RELATIONS, Circle, Relative, Resource, read_circle
from healthspace.edge.portal.visit import Visit, read_form
from healthspace.identity.ins import NIR, key_is_right
from healthspace.record.carers import change_carer, invite
from healthspace.terminology.uris import ROLE_CODES

REPRESENTS = "GUARD"
OLDEST = date(1900, 1, 1)
READ = "READ"
FIELDS = ("ins", "family", "given", "birth", "relation", "scope", "end")


@dataclass(frozen=True, slots=True)
class Typed:
    """What was typed; `relation` is a code of RELATIONS or REPRESENTS, `scope` READ or FEED, dates YYYY-MM-DD."""

    ins: str = ""
    family: str = ""
    given: str = ""
    birth: str = ""
    relation: str = ""
    scope: str = READ
    end: str = ""


async def show_invite(visit: Visit) -> Response:
    """GET …/relatives/invite"""
    return _render(visit, await read_circle(visit), Typed(relation=visit.asked("as", 10)), {})


async def send_invite(visit: Visit) -> Response:
    """POST …/relatives/invite. The answer is the same whoever, if anybody, is found."""
    form = await read_form(visit.request)
    typed = Typed(**{name: form.get(name, "")[:100] for name in FIELDS})
    circle = await read_circle(visit)
    wrong = find_wrong(typed, visit.language, visit.today)
    if wrong:
        await visit.service.door.trace_failure(visit.caller, Action.INVITE_CARER, visit.owner, Invalid("form"))
        return _render(visit, circle, typed, wrong)
    try:
        async with visit.service.door.permit(visit.caller, Action.INVITE_CARER, visit.owner) as p:
            if identifier := await visit.new_id(p, "RelatedPerson", form):
                await invite(p, _related(typed), identifier)
    except Invalid as error:
        return _render(visit, circle, typed, {"ins": visit.language.say(REFUSALS.get(error.place or "", UNREADABLE))})
    return go_to(f"{visit.prefix}/relatives?done=invited")


async def show_change(visit: Visit) -> Response:
    """GET …/relatives/{id}/change"""
    circle = await read_circle(visit)
    relative = _open_carer(visit, circle)
    end = relative.until.at.date().isoformat() if relative.until and not relative.pending else ""
    return _render_change(visit, circle, Typed(scope=FEED if relative.feeds else READ, end=end), {})


async def keep_change(visit: Visit) -> Response:
    """POST …/relatives/{id}/change"""
    form = await read_form(visit.request)
    typed = Typed(scope=form.get("scope", "")[:10], end=form.get("end", "")[:10])
    circle = await read_circle(visit)
    _open_carer(visit, circle)
    wrong = find_wrong_end(typed.end, visit.language, visit.today) | _wrong_scope(typed, visit.language)
    if wrong:
        await visit.service.door.trace_failure(visit.caller, Action.INVITE_CARER, visit.owner, Invalid("form"))
        return _render_change(visit, circle, typed, wrong)
    async with visit.service.door.permit(visit.caller, Action.INVITE_CARER, visit.owner) as p:
        await change_carer(p, visit.identifier(), {"resourceType": "RelatedPerson", **_bounds(typed)})
    return go_to(f"{visit.prefix}/relatives?done=carer-changed")


UNREADABLE = mark("This invitation cannot be sent: check what you typed")
REFUSALS = {
    "RelatedPerson.patient": mark("There is no room for another carer: end one first"),
    "RelatedPerson.relationship": mark("A minor has two legal representatives at most, an adult none by invitation"),
    "RelatedPerson.identifier": mark("This is the number of the person who is to be helped: type that of the carer"),
}
"""Why an invitation is not sent, by the place that the record names."""


def find_wrong(typed: Typed, language: Language, today: date) -> dict[str, str]:
    """What to correct, by field, in the order of the form."""
    wrong = {}
    if not key_is_right(typed.ins.replace(" ", "").upper()):
        wrong["ins"] = language.say("Check the 15 characters of the number, key included: one of them is not right")
    if not typed.family:
        wrong["family"] = language.say("Type the birth name, as on the identity card")
    if not typed.given:
        wrong["given"] = language.say("Type the first of the given names, as on the identity card")
    born = _day(typed.birth)
    if born is None or not OLDEST <= born <= today:
        wrong["birth"] = language.say("Give the date of birth. Example: 28/03/1979")
    if typed.relation not in {*RELATIONS, REPRESENTS}:
        wrong["relation"] = language.say("Choose who this person is")
    if typed.relation != REPRESENTS:
        wrong |= _wrong_scope(typed, language) | find_wrong_end(typed.end, language, today)
    return wrong


def _wrong_scope(typed: Typed, language: Language) -> dict[str, str]:
    return {} if typed.scope in {READ, FEED} else {"scope": language.say("Choose what they may do")}


def find_wrong_end(typed: str, language: Language, today: date) -> dict[str, str]:
    """What is wrong with the day on which something is to end; nothing when it was left empty."""
    end = _day(typed)
    if not typed or (end is not None and end > today):
        return {}
    return {"end": language.say("Give a date to come, or leave it empty")}


def _related(typed: Typed) -> Resource:
    bounds = {} if typed.relation == REPRESENTS else _bounds(typed)
    return {
        "resourceType": "RelatedPerson",
        "identifier": [{"use": "official", "system": f"urn:oid:{NIR}", "value": typed.ins.replace(" ", "").upper()}],
        "name": [{"use": "official", "family": typed.family, "given": [typed.given]}],
        "birthDate": typed.birth,
        "relationship": [{"coding": [{"system": ROLE_CODES, "code": typed.relation}]}],
        **bounds,
    }


def _bounds(typed: Typed) -> Resource:
    """What a carer may do and until when, as the invitation says it."""
    return {
        "extension": [{"url": SCOPE, "valueCode": typed.scope}],
        **({"period": {"end": typed.end}} if typed.end else {}),
    }


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _open_carer(visit: Visit, circle: Circle) -> Relative:
    identifier = str(visit.identifier())
    found = next((one for one in circle.open if one.id == identifier and not one.represents), None)
    if found is None:
        raise NotFound
    return found


def _render(visit: Visit, circle: Circle, typed: Typed, wrong: dict[str, str]) -> Response:
    return visit.render(
        "relative_invite.html",
        **_form(circle, typed, wrong),
        circle=circle,
        represents=typed.relation == REPRESENTS and circle.room_to_represent,
        relations=[(code, visit.language.say(name)) for code, name in RELATIONS.items()],
        days=visit.service.door.policy.invitation.days,
        latest=visit.today.isoformat(),
        own=visit.own,
    )


def _render_change(visit: Visit, circle: Circle, typed: Typed, wrong: dict[str, str]) -> Response:
    return visit.render("relative_change.html", **_form(circle, typed, wrong), relative=_open_carer(visit, circle))


def _form(circle: Circle, typed: Typed, wrong: dict[str, str]) -> dict[str, Any]:
    """What the pages of both forms hold."""
    place = {"current": "/relatives", "here": False, "holder": circle.holder, "patient": circle.banner, "tab": "/relatives"}
    return {"status": 422 if wrong else 200, **place, "typed": typed, "wrong": wrong}
