"""The health profile by section; treatments; wishes and contacts; the timeline of the whole record."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from starlette.responses import Response

from healthspace.edge.portal.health import (
    NAMED_SOURCES,
    FactRow,
    Sight,
    SourceRow,
    look,
    open_sight,
    read_sources_of,
    render,
    show_item_row,
    show_source,
)
from healthspace.edge.portal.health_words import EVENTS, EVENTS_OF, NONE_AT_ALL, NONE_KNOWN, SECTIONS
from healthspace.edge.portal.language import Language, Moment, mark, read_moment
from healthspace.edge.portal.views import read_name
from healthspace.edge.portal.visit import Visit
from healthspace.profile.elements import Resource, Standing, codings_of, name_concept, source_of
from healthspace.profile.entries import CONTACTS
from healthspace.profile.merge import merge
from healthspace.profile.sections import OBSERVED, Item, Section, State, make_sections, show_item
from healthspace.profile.timeline import KINDS, Event, make_timeline

PROFILE_TYPES = (
    "AllergyIntolerance",
    "MedicationStatement",
    "Condition",
    "Immunization",
    "Procedure",
    "Device",
    "DeviceUseStatement",
    "FamilyMemberHistory",
    "Observation",
    "ClinicalImpression",
    "CarePlan",
    "Goal",
)
ALWAYS = frozenset({"allergies", "treatments", "problems", "vaccinations"})
"""Sections that are shown even when nobody filled them in: a reader looks for them."""
MOST_SHOWN = 12
"""Current facts of one section before "see all"; what is over, when it is no more than half as many."""
EVENTS_A_PAGE = 60
FIRST, FACTS_A_PAGE = 10, 30
"""Of a long list of treatments: what the first page shows, and what each page of the list."""
CURRENT, PAST = "current", "past"
CURRENT_SHOWN = 20
"""Current treatments on the first page: few people take more."""
LISTS = {"prescribed": (mark("Prescribed"), "MedicationRequest"), "dispensed": (mark("Handed over by a pharmacy"), "MedicationDispense")}
ADDED_HERE = {"allergies": "allergy", "treatments": "treatment", "family": "family", "habits": "habit", "wishes": "wish"}


@dataclass(frozen=True, slots=True)
class SectionRow:
    """One section on a page. `empty` says what stands there instead of facts."""

    key: str
    name: str
    icon: str
    current: tuple[FactRow, ...]
    past: tuple[FactRow, ...]
    """What is over; none where it is too long for a page that tells what is so."""
    ended: int
    """How much is over."""
    refused: tuple[FactRow, ...]
    empty: str
    known: bool
    more: str
    add: str


@dataclass(frozen=True, slots=True)
class EventRow:
    """One event of the timeline."""

    kind: str
    icon: str
    name: str
    when: Moment | None
    count: int
    source: SourceRow


@dataclass(slots=True)
class Contact:
    """Somebody to call."""

    name: str
    role: str
    phone: str
    about: str
    """`Type/id` of what the citizen may take back; "" for what a document says."""
    sources: tuple[SourceRow, ...] = ()


CLASSES = {"emergency": "ECON", "trusted": "NOK"}
"""What documents call them (HL7 v3 RoleClass)."""
CLASS_CODES = frozenset(CLASSES.values())
CONTACT_NAMES = {"emergency": mark("Emergency contact"), "trusted": mark("Trusted person"), "carer": mark("Carer")}


async def show_summary(visit: Visit) -> Response:
    """GET /summary; ?show= one section whole, by pages."""
    async with look(visit, PROFILE_TYPES, observed=OBSERVED) as sight:
        made = make_sections(sight.picture.facts, sight.today.isoformat())
        sections = {section.key: section for section in made if section.key != "wishes"}
        asked = sections.get(visit.asked("show", 20))
        if asked is not None and asked.items:
            await read_sources_of(sight, (item.fact for item in page_of(asked.items, visit)), most=NAMED_SOURCES)
            return _show_list((mark("Health summary"), "/summary"), asked.key, SECTIONS[asked.key][0], asked.items, sight, visit)
        await read_sources_of(sight, (item.fact for section in sections.values() for item in first_of(section)), most=NAMED_SOURCES)
    rows = [show_section(section, sight, visit) for key, section in sections.items() if key in ALWAYS or section.state is not State.EMPTY]
    missing = [SECTIONS[key][0] for key, section in sections.items() if key not in ALWAYS and section.state is State.EMPTY]
    return render(visit, sight, "summary.html", "/summary", sections=rows, missing=missing)


async def show_treatments(visit: Visit) -> Response:
    """GET /treatments: what is taken now, what was prescribed and handed over; ?show= one of the long lists, by pages."""
    sight = await open_sight(visit, ("MedicationStatement", *(type_ for _, type_ in LISTS.values())))
    section = next(one for one in make_sections(_of_type(sight, "MedicationStatement"), sight.today.isoformat()) if one.key == "treatments")
    lists = {key: (name, _newest(_of_type(sight, type_), sight)) for key, (name, type_) in LISTS.items()}
    lists |= {CURRENT: (mark("Current treatments"), list(section.current)), PAST: (mark("Treatments that have ended"), list(section.past))}
    asked = visit.asked("show", 20)
    if lists.get(asked, ("", []))[1]:
        return _show_list((mark("Treatments"), "/treatments"), asked, *lists[asked], sight, visit)
    groups = [
        (key, name, [show_item_row(item, sight, visit) for item in items[:FIRST]], len(items))
        for key, (name, items) in lists.items()
        if items and key in LISTS
    ]
    row = replace(show_section(section, sight, visit, most=CURRENT_SHOWN), past=(), ended=0, more="")
    if len(section.current) > CURRENT_SHOWN:
        row = replace(row, more=f"{visit.prefix}/treatments?show={CURRENT}")
    return render(visit, sight, "treatments.html", "/treatments", section=row, groups=groups, past=len(section.past))


def _show_list(parent: tuple[str, str], key: str, name: str, items: Sequence[Item], sight: Sight, visit: Visit) -> Response:
    """A long list of facts, a page of it; `parent` is the name and the path of the page that it belongs to."""
    last = -(-len(items) // FACTS_A_PAGE)
    rows = [show_item_row(item, sight, visit) for item in page_of(items, visit)]
    return render(
        visit,
        sight,
        "fact_list.html",
        parent[1],
        here=False,
        parent=visit.language.say(parent[0]),
        path=parent[1],
        key=key,
        name=name,
        rows=rows,
        found=len(items),
        number=min(visit.number("page"), last),
        last=last,
    )


def page_of(items: Sequence[Item], visit: Visit) -> Sequence[Item]:
    """The page of a long list that is asked for, or the last one."""
    number = min(visit.number("page"), -(-len(items) // FACTS_A_PAGE))
    return items[(number - 1) * FACTS_A_PAGE :][:FACTS_A_PAGE]


async def show_wishes(visit: Visit) -> Response:
    """GET /wishes"""
    sight = await open_sight(visit, ("Observation", "Consent", "RelatedPerson"), observed=OBSERVED)
    section = next(one for one in make_sections(sight.picture.facts, sight.today.isoformat()) if one.key == "wishes")
    contacts = show_contacts(sight, visit)
    row = show_section(section, sight, visit, most=500)
    return render(visit, sight, "wishes.html", "/wishes", section=row, contacts=contacts)


async def show_timeline(visit: Visit) -> Response:
    """GET /timeline; ?kind= of one kind."""
    sight = await open_sight(visit, KINDS)
    events = make_timeline(one for one in sight.picture.facts if one.get("status") != "superseded")
    asked = visit.asked("kind", 20)
    kinds = [kind for kind in EVENTS if any(event.kind == kind for event in events)]
    chosen = [event for event in events if asked not in kinds or event.kind == asked]
    number, last = visit.number("page"), max(1, -(-len(chosen) // EVENTS_A_PAGE))
    shown = chosen[(min(number, last) - 1) * EVENTS_A_PAGE :][:EVENTS_A_PAGE]
    return render(
        visit,
        sight,
        "timeline.html",
        "/timeline",
        years=_by_year(shown, sight, visit),
        found=len(chosen),
        kinds=[(kind, EVENTS_OF[kind]) for kind in kinds],
        kind=asked if asked in kinds else "",
        number=min(number, last),
        last=last,
    )


def show_section(section: Section, sight: Sight, visit: Visit, *, most: int = MOST_SHOWN) -> SectionRow:
    """A section as a page shows it."""
    name, icon = SECTIONS[section.key]
    language = visit.language
    told = section.state is State.TOLD
    current, past = section.current, section.past
    few = len(past) <= most // 2
    return SectionRow(
        key=section.key,
        name=language.say(name),
        icon=icon,
        current=tuple(show_item_row(item, sight, visit) for item in current[:most]) if told else (),
        past=tuple(show_item_row(item, sight, visit) for item in past) if told and few else (),
        ended=len(past),
        refused=tuple(show_item_row(item, sight, visit) for item in section.refused[:most]) if told else (),
        empty="" if told else explain_empty(section, language),
        known=section.state is State.NONE_KNOWN,
        more=_more(section, visit, len(current) > most or not few),
        add=f"/entries/{ADDED_HERE[section.key]}" if sight.enters and section.key in ADDED_HERE else "",
    )


def first_of(section: Section, most: int = MOST_SHOWN) -> tuple[Item, ...]:
    """What `show_section` shows of a section."""
    past = section.past if len(section.past) <= most // 2 else ()
    return (*section.current[:most], *past, *section.refused[:most])


def explain_empty(section: Section, language: Language) -> str:
    """Why a section holds no fact: somebody looked and found none, somebody said that nothing is known, or nobody filled it in."""
    if section.state is State.NONE_KNOWN:
        return language.say(NONE_KNOWN.get(section.key, NONE_AT_ALL))
    if section.state is State.UNKNOWN:
        return language.say("A professional wrote that nothing is known.")
    if section.key == "vaccinations":
        return language.say("No proof recorded")
    if section.key == "wishes":
        return language.say("Nothing noted yet: advance directives, organ donation, another wish.")
    return language.say("Not filled in")


def show_contacts(sight: Sight, visit: Visit) -> list[Contact]:
    """Whom to call: those whom the citizen entered, then those whom documents name, each once with all its sources."""
    people = [person for person in _of_type(sight, "RelatedPerson") if _is_contact(person)]
    shown: dict[tuple[str, str, str], Contact] = {}
    for person in sorted(people, key=lambda one: bool(source_of(one))):
        said = _show_contact(person, visit.language)
        known = shown.setdefault((said.name.casefold(), said.role, _digits(said.phone)), said)
        if source_of(person):
            known.sources += (show_source(person, sight, visit),)
    return list(shown.values())


def _show_contact(person: Resource, language: Language) -> Contact:
    codes = {code for concept in person.get("relationship") or () for _, code in codings_of(concept)}
    kinds = [key for key, code in CONTACTS.items() if (code or key) in codes or CLASSES.get(key) in codes]
    others = [name_concept(one) for one in person.get("relationship") or () if not {code for _, code in codings_of(one)} & CLASS_CODES]
    role = ", ".join([*(language.say(CONTACT_NAMES[kind]) for kind in kinds), *(others if not kinds or source_of(person) else ())])
    phone = next((str(one.get("value", "")) for one in person.get("telecom") or () if one.get("system") == "phone"), "")
    return Contact(read_name(person.get("name")), role, phone, "" if source_of(person) else f"RelatedPerson/{person.get('id', '')}")


def _digits(phone: str) -> str:
    """A telephone number without what people put between its digits, the French prefix as a 0."""
    digits = "".join(letter for letter in phone if letter.isdigit() or letter == "+")
    return "0" + digits[3:] if digits.startswith("+33") else digits


def _is_contact(person: Resource) -> bool:
    return person.get("active") is not False and bool(person.get("telecom"))


def _more(section: Section, visit: Visit, cut: bool) -> str:
    pages = {"treatments": "/treatments", "vaccinations": "/vaccination"}
    if section.key in pages:
        return f"{visit.prefix}{pages[section.key]}"
    return f"{visit.prefix}/summary?show={section.key}" if cut else ""


def _of_type(sight: Sight, type_: str) -> list[Resource]:
    return [one for one in sight.picture.facts if one["resourceType"] == type_]


def _newest(listed: Sequence[Resource], sight: Sight) -> list[Item]:
    items = [show_item(fact, sight.today.isoformat()) for fact in merge(listed)]
    told = [item for item in items if item.standing in {Standing.PRESENT, Standing.PAST, Standing.MASKED}]
    return sorted(told, key=lambda item: item.time, reverse=True)


def _by_year(events: Sequence[Event], sight: Sight, visit: Visit) -> list[tuple[str, list[EventRow]]]:
    years: dict[str, list[EventRow]] = {}
    for event in events:
        name, icon = EVENTS[event.kind]
        source = _source_of(event, sight, visit)
        # A document is called here as in every list.
        title = (source.title if event.kind == "document" else event.name) or visit.language.say("Without a name in its source")
        row = EventRow(visit.language.say(name), icon, title, read_moment(event.time), event.count, source)
        years.setdefault(event.time[:4], []).append(row)
    return list(years.items())


def _source_of(event: Event, sight: Sight, visit: Visit) -> SourceRow:
    if event.kind == "document":
        return show_source({"resourceType": "Basic", "meta": {"source": event.source}}, sight, visit)
    return show_source(event.fact.resource, sight, visit)
