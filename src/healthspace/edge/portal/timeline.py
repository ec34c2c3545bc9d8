"""The timeline of a record: what happened, the latest first, a page at a time from any year on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from starlette.responses import Response

from healthspace.edge.portal.health import Sight, SourceRow, look, render, show_source
from healthspace.edge.portal.health_words import EVENTS, EVENTS_OF
from healthspace.edge.portal.language import Moment, read_moment
from healthspace.edge.portal.places import address_of, lead_on, read_place, year_of
from healthspace.edge.portal.visit import Visit
from healthspace.profile.timeline import Event, make_timeline
from healthspace.record.picture import read_sources
from healthspace.record.stretch import Stretch, find_told_years, read_stretch, timeline_queries

EVENTS_A_PAGE = 40
Chip = tuple[str, str, None, bool]
"""As the macro `chips` takes it: name, address, no count, whether it is the one chosen."""


@dataclass(frozen=True, slots=True)
class EventRow:
    """One event of the timeline."""

    kind: str
    icon: str
    name: str
    when: Moment | None
    count: int
    source: SourceRow


async def show_timeline(visit: Visit) -> Response:
    """GET /timeline; ?kind= of one kind, ?until= from a day or a year on."""
    place, zone, path = read_place(visit), visit.language.zone, f"{visit.prefix}/timeline"
    async with look(visit, ()) as sight:
        told = await find_told_years(sight.permit, zone)
        kind = asked if (asked := visit.asked("kind", 20)) in told else ""
        queries = timeline_queries(sight.permit.keys, kind)
        tell = partial(make_timeline, language=visit.language.code)
        stretch = await read_stretch(sight.permit, queries, tell, place, EVENTS_A_PAGE, zone)
        sight.picture.documents.update({event.source: event.fact.resource for event in stretch.events if event.kind == "document"})
        await read_sources(sight.permit, sight.picture, (event.fact.resource for event in stretch.events))
    return render(
        visit,
        sight,
        "timeline.html",
        "/timeline",
        path=path,
        groups=_by_year(stretch.events, sight, visit),
        kind=visit.language.say(EVENTS_OF[kind]) if kind else "",
        kinds=_offer_kinds(told, kind, path, visit),
        years=_offer_years(told, kind, path, stretch),
        pages=lead_on(visit, path, place, stretch, kind=kind),
    )


def _offer_kinds(told: Mapping[str, Sequence[int]], chosen: str, path: str, visit: Visit) -> list[Chip]:
    """All kinds, then each that the record tells; in the year that is shown."""
    names = {"": visit.language.say("All")} | {kind: visit.language.say(name) for kind, name in EVENTS_OF.items() if kind in told}
    return [(name, address_of(path, kind=kind, until=year_of(visit)), None, kind == chosen) for kind, name in names.items()]


def _offer_years(told: Mapping[str, Sequence[int]], kind: str, path: str, stretch: Stretch) -> list[Chip]:
    """Each year in which something of `kind`, or of any, is told; that of the first event shown is marked."""
    years = {year for one, listed in told.items() if kind in {"", one} for year in listed}
    first = stretch.events[0].day.year if stretch.events else None
    return [(str(year), address_of(path, kind=kind, until=f"{year:04d}"), None, year == first) for year in sorted(years, reverse=True)]


def _by_year(events: Sequence[Event], sight: Sight, visit: Visit) -> list[tuple[int, list[EventRow]]]:
    years: dict[int, list[EventRow]] = {}
    for event in events:
        name, icon = EVENTS[event.kind]
        source = _source_of(event, sight, visit)
        # A document is called here as in every list.
        title = (source.title if event.kind == "document" else event.name) or visit.language.say("Without a name in its source")
        row = EventRow(visit.language.say(name), icon, title, read_moment(event.time), event.count, source)
        years.setdefault(event.day.year, []).append(row)
    return list(years.items())


def _source_of(event: Event, sight: Sight, visit: Visit) -> SourceRow:
    if event.kind == "document":
        return show_source({"resourceType": "Basic", "meta": {"source": event.source}}, sight, visit)
    return show_source(event.fact.resource, sight, visit)
