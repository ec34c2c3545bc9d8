"""Taking a professional, or all who work in a structure, into the care team; who is in it is told among the readers (`readers.py`)."""

from dataclasses import dataclass

from starlette.responses import Response

from healthspace.access.rules import Action
from healthspace.base.errors import Invalid
from healthspace.edge.portal.language import Language, mark
from healthspace.edge.portal.pages import go_to
from healthspace.edge.portal.privacy import read_privacy
from healthspace.edge.portal.readers import IN_TEAM
from healthspace.edge.portal.relative_forms import find_wrong_end
from healthspace.edge.portal.visit import Visit, read_form
from healthspace.record.care_team import Function, is_person, join
from healthspace.record.consents import who_has
from healthspace.record.controls import create_control

RIGHTS = {
    Function.TREATING: mark("Reads everything, hidden documents too, and sees who opened the record."),
    Function.ADMINISTRATOR: mark("Reads and sees as much as the treating doctor."),
    Function.PHARMACIST: mark("Reads as if you had authorised them."),
    Function.MIDWIFE: mark("Reads as if you had authorised them."),
    Function.MEMBER: mark("Reads as if you had authorised them. A place: all who work there."),
}


@dataclass(frozen=True, slots=True)
class Typed:
    """What was typed; `function` is one of Function, `end` a day."""

    number: str = ""
    function: str = Function.MEMBER
    end: str = ""


async def show_form(visit: Visit) -> Response:
    """GET /privacy/team"""
    return await _render(visit, Typed(), {})


async def add_member(visit: Visit) -> Response:
    """POST /privacy/team"""
    form = await read_form(visit.request)
    typed = Typed(**{name: form.get(name, "")[:100] for name in ("number", "function", "end")})
    wrong = _find_wrong(typed, visit.language) | find_wrong_end(typed.end, visit.language, visit.today)
    if wrong:
        await visit.service.door.trace_failure(visit.caller, Action.GRANT_ACCESS, visit.owner, Invalid("form"))
        return await _render(visit, typed, wrong)
    async with visit.service.door.permit(visit.caller, Action.GRANT_ACCESS, visit.owner) as p:
        if identifier := await visit.new_id(p, "CareTeam", form):
            await create_control(p, join(_bare(typed.number), Function(typed.function), typed.end), identifier)
    return go_to(f"{visit.prefix}/privacy?done=joined")


def _find_wrong(typed: Typed, language: Language) -> dict[str, str]:
    if typed.function not in set(Function):
        return {"function": language.say("Choose what they are")}
    try:
        person = is_person(who_has(_bare(typed.number)))
    except Invalid:
        said = language.say("Nobody in the directory has this number: type the 11 digits of a professional, or the 9 digits of a place")
        return {"number": said}
    if not person and typed.function != Function.MEMBER:
        return {"function": language.say("A place can only be a member of the care team")}
    return {}


def _bare(number: str) -> str:
    return number.replace(" ", "")


async def _render(visit: Visit, typed: Typed, wrong: dict[str, str]) -> Response:
    privacy = await read_privacy(visit)
    return visit.render(
        "care_team.html",
        status=422 if wrong else 200,
        **privacy.around,
        here=False,
        functions=[(one.value, visit.language.say(name), visit.language.say(RIGHTS[one])) for one, name in IN_TEAM.items()],
        typed=typed,
        wrong=wrong,
    )
