"""What every health page has: the record opened once, its menu, and each fact with its sources."""

import re
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime

from starlette.responses import Response

from healthspace.access.changes import HOLDERS
from healthspace.access.labels import MASKED, codes_of
from healthspace.access.permit import Permit
from healthspace.access.rules import Action, Scope
from healthspace.base.text import fold
from healthspace.edge.portal.frame import PatientBanner
from healthspace.edge.portal.health_words import CODED, DETAILS, NAMED, STANDINGS
from healthspace.edge.portal.language import Language, Moment, mark, read_moment
from healthspace.edge.portal.patients import show_banner
from healthspace.edge.portal.trail_view import explain_ground
from healthspace.edge.portal.views import read_date, read_type
from healthspace.edge.portal.visit import Visit
from healthspace.fhir.document_reference import authors_of, read_title
from healthspace.profile.elements import Resource, Standing, is_from_citizen, people_of, source_of
from healthspace.profile.merge import Merged
from healthspace.profile.sections import Item, show_item
from healthspace.record.picture import Picture, read_picture, read_sources
from healthspace.resources.gathering import Codes


@dataclass(frozen=True, slots=True)
class Tab:
    """One page of the health part of a record."""

    name: str
    path: str
    icon: str


TABS = (
    Tab(mark("Summary"), "/summary", "clipboard"),
    Tab(mark("Results"), "/results", "flask"),
    Tab(mark("Measurements"), "/measures", "heart"),
    Tab(mark("Treatments"), "/treatments", "pill"),
    Tab(mark("Vaccinations"), "/vaccination", "syringe"),
    Tab(mark("Wishes and contacts"), "/wishes", "seal"),
    Tab(mark("Timeline"), "/timeline", "clock"),
)


@dataclass(frozen=True, slots=True)
class Sight:
    """A record as one visit sees it."""

    permit: Permit
    picture: Picture
    banner: PatientBanner | None
    ground: str
    now: datetime
    today: date
    enters: bool = False
    """Whether the visitor may enter what a citizen enters: the holder, or who represents them."""
    takes: bool = True
    """Whether the visitor may take a copy away."""


@dataclass(frozen=True, slots=True)
class SourceRow:
    """Where a fact comes from: a document with its date and author, the citizen, or people who wrote it directly."""

    title: str
    when: Moment | None
    author: str
    href: str
    mine: bool = False


@dataclass(frozen=True, slots=True)
class FactRow:
    """One fact on a page."""

    name: str
    when: Moment | None
    until: Moment | None
    tags: tuple[tuple[str, str], ...]
    details: tuple[tuple[str, str], ...]
    people: tuple[str, ...]
    sources: tuple[SourceRow, ...]
    others: int
    """Sources that are not among the first `NAMED_SOURCES`."""
    past: bool
    mine: bool
    shared: bool
    about: str
    """`Type/id` of the resource that says most of it."""


CIVILITY = re.compile(r"^(?:M|MM|MR|MME|MLLE)\.? (?=\S)", re.IGNORECASE)
TITLE = re.compile(r"^(?:Dr|Pr|Me) ")

NAMED_SOURCES = 3
"""Of the sources of one fact of a list: people read no more, and are told how many others there are."""
OWN_WORDS = {"value": "note"}


@asynccontextmanager
async def look(visit: Visit, types: Iterable[str], *, observed: Codes | None = None) -> AsyncIterator[Sight]:
    """The record that a visit is about, through the door. Inside, a page reads the sources of what it will show, and of nothing else."""
    async with visit.service.door.permit(visit.caller, Action.READ_RECORD, visit.owner) as p:
        picture = await read_picture(p, types, observed=observed)
        banner = None if visit.own else show_banner(picture.patient, p, visit.language)
        ground = explain_ground(p.reason, visit.language) if p.scope is not Scope.OWN_DEPOSITS else ""
        yield Sight(p, picture, banner, ground, p.now, visit.language.day(p.now), p.reason in HOLDERS, p.allows(Action.READ_CONTENT))


async def open_sight(visit: Visit, types: Iterable[str], *, observed: Codes | None = None) -> Sight:
    """As `look`, for a page that shows all: with the sources of everything."""
    async with look(visit, types, observed=observed) as sight:
        await read_sources(sight.permit, sight.picture, sight.picture.facts)
        return sight


async def read_sources_of(sight: Sight, facts: Iterable[Merged], *, most: int | None = None) -> None:
    """Reads what `show_sources` says of each of `facts`."""
    await read_sources(sight.permit, sight.picture, (one for fact in facts for one in fact.told_by[:most]))


def render(visit: Visit, sight: Sight, template: str, tab: str, *, here: bool = True, status: int = 200, **values: object) -> Response:
    """A health page, under its tab."""
    return visit.render(
        template,
        status=status,
        current=tab if visit.own else "",
        here=here,
        holder=sight.picture.patient,
        patient=sight.banner,
        tabs=TABS,
        tab=tab,
        ground=sight.ground,
        unread=0,
        own="you" if visit.own else "acting" if sight.enters else "",
        takes=sight.takes,
        **values,
    )


def show_fact(fact: Merged, sight: Sight, visit: Visit) -> FactRow:
    """A fact as a row."""
    return show_item_row(show_item(fact, sight.today.isoformat()), sight, visit)


def show_item_row(item: Item, sight: Sight, visit: Visit, *, named: int = NAMED_SOURCES) -> FactRow:
    """An item of the profile as a row, with so many of its sources `named`."""
    language = visit.language
    tag = STANDINGS.get(item.standing)
    resource, sources = item.fact.resource, show_sources(item.fact, sight, visit, most=named)
    return FactRow(
        name=(language.say(NAMED[item.name]) if item.name in NAMED else item.name) or language.say("Without a name in its source"),
        when=read_moment(item.time),
        until=read_moment(item.end),
        tags=((language.say(tag[0]), tag[1]),) if tag else (),
        # What a citizen enters in their own words is kept as a value, and is a note to its reader.
        details=tuple(
            (language.say(DETAILS[OWN_WORDS.get(key, key) if item.mine else key]), _word(words, language)) for key, words in item.details
        ),
        people=name_others(item.people, sources),
        sources=sources,
        others=max(0, len(item.fact.told_by) - named),
        past=item.standing is Standing.PAST,
        mine=item.mine,
        shared=MASKED not in codes_of(resource),
        about=f"{resource['resourceType']}/{resource.get('id', '')}",
    )


def name_others(people: Iterable[str], sources: Iterable[SourceRow]) -> tuple[str, ...]:
    """Those of `people` who are not the author of a source, which is shown anyway; without their civility, as everywhere."""
    authors = {fold(TITLE.sub("", source.author)) for source in sources if source.author}
    names = dict.fromkeys(CIVILITY.sub("", name) for name in people)
    return tuple(name for name in names if not any(fold(name).startswith(author) for author in authors))


def show_sources(fact: Merged, sight: Sight, visit: Visit, *, most: int | None = None) -> tuple[SourceRow, ...]:
    """The first `most` sources of a fact, or every one, each once."""
    return tuple(dict.fromkeys(show_source(statement, sight, visit) for statement in fact.told_by[:most]))


def show_source(statement: Resource, sight: Sight, visit: Visit) -> SourceRow:
    """Where one resource comes from."""
    language = visit.language
    document = sight.picture.documents.get(source_of(statement))
    if document is not None:
        author = next(iter(authors_of(document)), None)
        title = read_title(document) or read_type(document, language.code)[1]
        href = f"{visit.prefix}/documents/{document['id']}"
        return SourceRow(title, read_date(document), (author.name or author.place) if author else "", href)
    if is_from_citizen(statement):
        said = language.say("Added by you") if visit.own else language.say("Added by the citizen")
        return SourceRow(said, read_moment((statement.get("meta") or {}).get("lastUpdated")), "", "", mine=True)
    people = people_of(statement, "performer", "asserter", "recorder", "requester", "author")
    return SourceRow(", ".join(people), read_moment((statement.get("meta") or {}).get("lastUpdated")), "", "")


def _word(words: str, language: Language) -> str:
    return language.say(CODED[words]) if words in CODED else words
