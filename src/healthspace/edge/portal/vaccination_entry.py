"""A professional enters a vaccination: five fields, kept as a vaccination note of which they are the author."""

from dataclasses import dataclass
from datetime import date

from starlette.responses import Response

from healthspace.access.rules import Action
from healthspace.base.errors import Conflict, Invalid, NotFound
from healthspace.edge.portal.language import Language, mark
from healthspace.edge.portal.pages import go_to
from healthspace.edge.portal.patients import open_form
from healthspace.edge.portal.visit import Visit, read_form
from healthspace.identity.caller import Kind
from healthspace.profile.vaccines import GIVEN, name_class
from healthspace.record.vaccination import SITES, Injection, deposit_vaccination

OTHER = "other"
OLDEST = date(1900, 1, 1)
RANKS = tuple(str(number) for number in range(1, 10))
SITE_NAMES = {
    "left-arm": mark("Left arm"),
    "right-arm": mark("Right arm"),
    "left-thigh": mark("Left thigh"),
    "right-thigh": mark("Right thigh"),
}


@dataclass(frozen=True, slots=True)
class Form:
    """What was typed."""

    vaccine: str = ""
    name: str = ""
    when: str = ""
    lot: str = ""
    rank: str = ""
    site: str = ""

    @property
    def day(self) -> date | None:
        """The date, when it is one."""
        try:
            return date.fromisoformat(self.when)
        except ValueError:
            return None


async def show_form(visit: Visit) -> Response:
    """GET /patients/{patient}/vaccination/add"""
    _require_professional(visit)
    return await _show(visit, Form(when=visit.today.isoformat()), {})


async def add_vaccination(visit: Visit) -> Response:
    """POST /patients/{patient}/vaccination/add: through the same door and by the same operation as every other deposit."""
    _require_professional(visit)
    typed = await read_form(visit.request)
    form = read_typed(typed)
    if wrong := find_wrong(form, visit.language, visit.today):
        await visit.service.door.trace_failure(visit.caller, Action.DEPOSIT_DOCUMENT, visit.owner, Invalid("form"))
        return await _show(visit, form, wrong, status=422)
    assert form.day is not None  # noqa: S101 - found right above
    given = Injection(
        atc="" if form.vaccine == OTHER else form.vaccine,
        name=form.name,
        when=form.day,
        lot=form.lot,
        rank=int(form.rank),
        site=form.site,
        note=visit.id_of(typed),
    )
    reads = False
    try:
        async with visit.service.door.permit(visit.caller, Action.DEPOSIT_DOCUMENT, visit.owner) as p:
            reads = p.allows(Action.READ_RECORD)
            await deposit_vaccination(p, given, lenient=visit.service.door.demo)
    except Conflict:
        pass  # the form was sent twice: the dose is in the record
    except Invalid:
        incomplete = visit.language.say("The identity in this record is incomplete: the note cannot be written here")
        return await _show(visit, form, {"vaccine": incomplete}, status=422)
    return go_to(f"{visit.prefix}/vaccination{'' if reads else '/add'}?done=vaccinated")


def read_typed(fields: dict[str, str]) -> Form:
    """The fields of the form, no longer than a note takes."""
    fields = {name: "".join(character for character in text if character.isprintable()) for name, text in fields.items()}
    return Form(
        vaccine=fields.get("vaccine", "")[:10],
        name=fields.get("name", "")[:120],
        when=fields.get("date", "")[:20],
        lot=fields.get("lot", "")[:30].upper(),
        rank=fields.get("rank", "")[:1],
        site=fields.get("site", "")[:20],
    )


def find_wrong(form: Form, language: Language, today: date) -> dict[str, str]:
    """What to correct, by field, in the order of the form."""
    wrong = {}
    if form.vaccine not in {OTHER, *GIVEN}:
        wrong["vaccine"] = language.say("Choose what the vaccine protects from, or “Another vaccine”")
    if form.vaccine == OTHER and not form.name:
        wrong["name"] = language.say("Type the name of the vaccine, as on its box")
    if form.day is None or not OLDEST <= form.day <= today:
        wrong["date"] = language.say("Give a date that is not in the future, for example: %(date)s", date=language.on(today))
    if not form.lot:
        wrong["lot"] = language.say("Type the batch number, as on the box or the syringe. Example: AB1234")
    if form.rank not in RANKS:
        wrong["rank"] = language.say("Choose which dose of the series this is")
    if form.site not in {"", *SITES}:
        wrong["site"] = language.say("Choose where it was injected, or leave it empty")
    return wrong


def _require_professional(visit: Visit) -> None:
    """A vaccination has a person who vouches for it: a professional. NotFound for anybody else."""
    if visit.caller.kind is not Kind.PROFESSIONAL:
        raise NotFound


async def _show(visit: Visit, form: Form, wrong: dict[str, str], *, status: int = 200) -> Response:
    """The form."""
    async with visit.service.door.permit(visit.caller, Action.FIND_PATIENT, visit.owner) as p:
        holder, banner = await open_form(p, visit.language)
    say = visit.language.say
    classes = [(code, name_class(code, visit.language.code)) for code in GIVEN]
    return visit.render(
        "vaccination_entry.html",
        status=status,
        current="/",
        here=False,
        patient=banner,
        tab="/vaccination",
        holder=holder,
        form=form,
        wrong=wrong,
        vaccines=[*classes, (OTHER, say("Another vaccine"))],
        ranks=[(rank, say("Dose %(rank)s", rank=rank)) for rank in RANKS],
        sites=[(code, say(name)) for code, name in SITE_NAMES.items()],
        latest=visit.today.isoformat(),
    )
