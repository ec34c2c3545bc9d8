"""Treatments: what is taken, of which every statement is compared; what was prescribed and handed over, read as far as it is shown."""

from dataclasses import replace

from starlette.responses import Response

from healthspace.edge.portal.health import NAMED_SOURCES, Sight, look, read_sources_of, render, show_fact
from healthspace.edge.portal.language import mark
from healthspace.edge.portal.places import lead_on, read_place
from healthspace.edge.portal.summary import FACTS_A_PAGE, first_of, page_of, render_list, show_list, show_section
from healthspace.edge.portal.visit import Visit
from healthspace.profile.elements import Standing
from healthspace.profile.sections import Section, make_sections
from healthspace.profile.timeline import make_list
from healthspace.record.stretch import Place, Stretch, read_stretch
from healthspace.resources.query import Query

PARENT = mark("Treatments"), "/treatments"
LISTS = {"prescribed": (mark("Prescribed"), "MedicationRequest"), "dispensed": (mark("Handed over by a pharmacy"), "MedicationDispense")}
FIRST = 6
"""Of what was prescribed, and of what was handed over: what the first page shows."""
CURRENT_SHOWN = 20
"""Current treatments on the first page: few people take more."""


async def show_treatments(visit: Visit) -> Response:
    """GET /treatments: what is taken now, what was prescribed and handed over; ?show= one of the long lists, by pages."""
    asked = visit.asked("show", 20)
    if asked in LISTS:
        return await _show_long(asked, visit)
    async with look(visit, ("MedicationStatement",)) as sight:
        sections = make_sections(sight.picture.facts, sight.today.isoformat())
        section = next(one for one in sections if one.key == "treatments")
        lists = {"current": (mark("Current treatments"), section.current), "past": (mark("Treatments that have ended"), section.past)}
        if asked in lists and lists[asked][1]:
            await read_sources_of(sight, (item.fact for item in page_of(lists[asked][1], visit)), most=NAMED_SOURCES)
            return show_list(PARENT, asked, *lists[asked], sight, visit)
        stretches = {key: await _read(key, Place(), FIRST, sight, visit) for key in LISTS}
        going_on = replace(section, items=tuple(item for item in section.items if item.standing is not Standing.PAST))
        shown = [item.fact for item in first_of(going_on, CURRENT_SHOWN)]
        shown += [event.fact for stretch in stretches.values() for event in stretch.events]
        await read_sources_of(sight, shown, most=NAMED_SOURCES)
    return _show_first(section, going_on, stretches, sight, visit)


def _show_first(section: Section, going_on: Section, stretches: dict[str, Stretch], sight: Sight, visit: Visit) -> Response:
    more = f"{visit.prefix}/treatments?show=current" if len(section.current) > CURRENT_SHOWN else ""
    groups = [
        (key, LISTS[key][0], [show_fact(event.fact, sight, visit) for event in stretch.events], stretch.older is not None)
        for key, stretch in stretches.items()
        if stretch.events
    ]
    return render(
        visit,
        sight,
        "treatments.html",
        "/treatments",
        section=replace(show_section(going_on, sight, visit, most=CURRENT_SHOWN), more=more),
        groups=groups,
        past=len(section.past),
    )


async def _show_long(key: str, visit: Visit) -> Response:
    """What was prescribed, or handed over, the latest first from ?until= on."""
    place, path = read_place(visit), f"{visit.prefix}/treatments"
    async with look(visit, ()) as sight:
        stretch = await _read(key, place, FACTS_A_PAGE, sight, visit)
        await read_sources_of(sight, (event.fact for event in stretch.events), most=NAMED_SOURCES)
    rows = [show_fact(event.fact, sight, visit) for event in stretch.events]
    return render_list(PARENT, LISTS[key][0], rows, lead_on(visit, path, place, stretch, show=key), sight, visit)


async def _read(key: str, place: Place, most: int, sight: Sight, visit: Visit) -> Stretch:
    return await read_stretch(sight.permit, [Query(LISTS[key][1])], make_list, place, most, visit.language.zone)
