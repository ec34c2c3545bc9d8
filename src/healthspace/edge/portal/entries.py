"""What citizens enter about themselves: one short form for each kind, nothing typed is lost, an implausible value is asked about."""

from dataclasses import dataclass

from starlette.responses import Response

from healthspace.access.rules import Action
from healthspace.base.errors import NotFound
from healthspace.edge.portal.health import Sight, open_sight, render
from healthspace.edge.portal.health_words import MEASURES
from healthspace.edge.portal.language import mark
from healthspace.edge.portal.pages import go_to
from healthspace.edge.portal.visit import Visit, read_form
from healthspace.profile.entries import READERS, SHARED, read_entry
from healthspace.record.own_entries import keep_entry, remove_entry, share_entry


@dataclass(frozen=True, slots=True)
class Field:
    """One field: `options` of a choice (code, name); `type` of an input otherwise."""

    name: str
    label: str
    hint: str = ""
    type: str = "text"
    """Of an input, or "area" for a text of several lines."""
    options: tuple[tuple[str, str], ...] = ()
    required: bool = True


@dataclass(frozen=True, slots=True)
class Form:
    """The form of one kind of entry, and the page that shows what was entered."""

    heading: str
    tab: str
    fields: tuple[Field, ...]


NAME, PHONE = mark("Name"), mark("Telephone")
FORMS = {
    "measure": Form(
        mark("Add a measurement"),
        "/measures",
        (
            Field("kind", mark("What did you measure?"), options=tuple(MEASURES.items())),
            Field("value", mark("Value"), mark("Example: 72.5. For blood pressure, both numbers: 124/78")),
            Field("date", mark("Date"), type="date"),
        ),
    ),
    "treatment": Form(
        mark("Add a treatment"),
        "/treatments",
        (
            Field("name", mark("Medicine"), mark("As it is written on the box")),
            Field("dose", mark("Dose"), mark("Example: one tablet in the morning"), required=False),
            Field("reason", mark("Reason"), required=False),
            Field("date", mark("Since"), type="date", required=False),
        ),
    ),
    "allergy": Form(
        mark("Add an allergy"),
        "/summary",
        (
            Field("name", mark("To what?"), mark("A medicine, a food, pollen, latex…")),
            Field("reaction", mark("What happens?"), required=False),
            Field("date", mark("Since"), type="date", required=False),
        ),
    ),
    "family": Form(
        mark("Add an illness in the family"),
        "/summary",
        (
            Field(
                "kind",
                mark("Who?"),
                options=(
                    ("mother", mark("Mother")),
                    ("father", mark("Father")),
                    ("sister", mark("Sister")),
                    ("brother", mark("Brother")),
                    ("child", mark("Child")),
                    ("grandparent", mark("Grandparent")),
                    ("other", mark("Another relative")),
                ),
            ),
            Field("name", mark("Which illness?")),
        ),
    ),
    "habit": Form(
        mark("Add something about your lifestyle"),
        "/summary",
        (
            Field(
                "kind",
                mark("About what?"),
                options=(
                    ("tobacco", mark("Tobacco")),
                    ("alcohol", mark("Alcohol")),
                    ("activity", mark("Physical activity")),
                    ("food", mark("Food")),
                    ("other", mark("Something else")),
                ),
            ),
            Field("text", mark("In your words"), type="area"),
        ),
    ),
    "contact": Form(
        mark("Add a contact"),
        "/wishes",
        (
            Field(
                "kind",
                mark("Who is it?"),
                options=(("emergency", mark("Emergency contact")), ("trusted", mark("Trusted person")), ("carer", mark("Carer"))),
            ),
            Field("name", NAME, mark("First name and surname")),
            Field("phone", PHONE, type="tel"),
        ),
    ),
    "wish": Form(
        mark("Add a wish"),
        "/wishes",
        (
            Field(
                "kind",
                mark("About what?"),
                options=(("directives", mark("Advance directives")), ("organs", mark("Organ donation")), ("other", mark("Another wish"))),
            ),
            Field("text", mark("In your words"), type="area"),
        ),
    ),
}
FAULTS = {
    "required": mark("Fill in “%(field)s”"),
    "number": mark("Type a number. Example: 72.5"),
    "pressure": mark("Type both numbers with a slash. Example: 124/78"),
    "date": mark("Type a date in the past. Example: 05/03/2026"),
    "long": mark("Shorten this to 300 characters"),
}


async def show_form(visit: Visit) -> Response:
    """GET /entries/{kind}"""
    kind = _kind(visit)
    sight = await open_sight(visit, ())
    return _render(visit, sight, kind, {"kind": visit.asked("of", 20), "date": sight.today.isoformat() if kind == "measure" else ""})


async def add_entry(visit: Visit) -> Response:
    """POST /entries/{kind}"""
    kind = _kind(visit)
    typed = await read_form(visit.request)
    fields = {field.name: typed.get(field.name, "") for field in FORMS[kind].fields} | {"sure": typed.get("sure", "")}
    sight = await open_sight(visit, ())
    read = read_entry(kind, fields, sight.today.isoformat())
    if read.resource is None or read.doubt:
        labels = {field.name: visit.language.say(field.label) for field in FORMS[kind].fields}
        wrong = {name: visit.language.say(FAULTS[fault], field=labels.get(name, "")) for name, fault in read.wrong.items()}
        return _render(visit, sight, kind, fields, wrong=wrong, doubt=read.doubt, status=422)
    async with visit.service.door.permit(visit.caller, Action.WRITE_OWN_ENTRY, visit.owner) as p:
        if identifier := await visit.new_id(p, read.resource["resourceType"], typed):
            await keep_entry(p, read.resource, shared=kind in SHARED, identifier=identifier)
    return go_to(f"{visit.prefix}{FORMS[kind].tab}?done=entered")


async def remove(visit: Visit) -> Response:
    """POST /entries/{type}/{id}/remove"""
    form = await read_form(visit.request)
    async with visit.service.door.permit(visit.caller, Action.WRITE_OWN_ENTRY, visit.owner) as p:
        await remove_entry(p, visit.request.path_params["type"], visit.identifier())
    return go_to(f"{visit.prefix}{_back(form)}?done=removed")


async def share(visit: Visit) -> Response:
    """POST /entries/{type}/{id}/share: shown to professionals, or hidden again."""
    form = await read_form(visit.request)
    async with visit.service.door.permit(visit.caller, Action.WRITE_OWN_ENTRY, visit.owner) as p:
        await share_entry(p, visit.request.path_params["type"], visit.identifier(), shared=form.get("shared") == "yes")
    return go_to(f"{visit.prefix}{_back(form)}?done={'shared' if form.get('shared') == 'yes' else 'unshared'}")


def _kind(visit: Visit) -> str:
    kind = str(visit.request.path_params["kind"])
    if kind not in READERS:
        raise NotFound
    return kind


def _back(form: dict[str, str]) -> str:
    tabs = {shown.tab for shown in FORMS.values()}
    return form["back"] if form.get("back") in tabs else "/summary"


def _render(
    visit: Visit,
    sight: Sight,
    kind: str,
    values: dict[str, str],
    *,
    wrong: dict[str, str] | None = None,
    doubt: bool = False,
    status: int = 200,
) -> Response:
    if not sight.enters:
        raise NotFound
    form = FORMS[kind]
    return render(
        visit,
        sight,
        "entry.html",
        form.tab,
        here=False,
        status=status,
        form=form,
        kind=kind,
        values=values,
        options={one.name: [(code, visit.language.say(name)) for code, name in one.options] for one in form.fields},
        latest=sight.today.isoformat(),
        wrong=wrong or {},
        doubt=doubt,
        shared=kind in SHARED,
    )
