"""The health profile by section; wishes and contacts."""

from collections.abc import Sequence
from dataclasses import dataclass

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
from healthspace.edge.portal.health_words import NONE_AT_ALL, NONE_KNOWN, SECTIONS
from healthspace.edge.portal.language import Language, mark
from healthspace.edge.portal.places import Pages
from healthspace.edge.portal.visit import Visit
from healthspace.fhir.document_reference import read_name
from healthspace.profile.elements import Resource, codings_of, name_concept, source_of
from healthspace.profile.entries import CONTACTS
from healthspace.profile.sections import OBSERVED, Item, Section, State, make_sections

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
FACTS_A_PAGE = 30
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
            return show_list((mark("Health summary"), "/summary"), asked.key, SECTIONS[asked.key][0], asked.items, sight, visit)
        await read_sources_of(sight, (item.fact for section in sections.values() for item in first_of(section)), most=NAMED_SOURCES)
    rows = [show_section(section, sight, visit) for key, section in sections.items() if key in ALWAYS or section.state is not State.EMPTY]
    missing = [SECTIONS[key][0] for key, section in sections.items() if key not in ALWAYS and section.state is State.EMPTY]
    return render(visit, sight, "summary.html", "/summary", sections=rows, missing=missing)


def show_list(parent: tuple[str, str], key: str, name: str, items: Sequence[Item], sight: Sight, visit: Visit) -> Response:
    """A long list of facts, a page of it by its number; `parent` is the name and the path of the page that it belongs to."""
    last = -(-len(items) // FACTS_A_PAGE)
    number = min(visit.number("page"), last)
    rows = [show_item_row(item, sight, visit) for item in page_of(items, visit)]
    pages = Pages(
        place=visit.language.say("Page %(number)s of %(last)s", number=number, last=last) if last > 1 else "",
        newer=f"?show={key}&page={number - 1}" if number > 1 else "",
        older=f"?show={key}&page={number + 1}" if number < last else "",
    )
    return render_list(parent, name, rows, pages, sight, visit, found=len(items))


def render_list(
    parent: tuple[str, str], name: str, rows: Sequence[FactRow], pages: Pages, sight: Sight, visit: Visit, *, found: int = 0
) -> Response:
    """A page of a list of facts; `found` in all, where they are counted."""
    said, path = visit.language.say(parent[0]), parent[1]
    return render(visit, sight, "fact_list.html", path, here=False, parent=said, path=path, name=name, rows=rows, pages=pages, found=found)


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
