"""The health profile by section, allergies first: each fact with what a reader must know of it.

A section says one of four things: what there is; that there is none, as somebody found; that nothing is known; or nothing, because
nobody filled it in. The last three are not the same.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from healthspace.profile.elements import (
    Resource,
    Standing,
    codings_of,
    day_of,
    end_of,
    is_from_citizen,
    name_concept,
    name_of,
    notes_of,
    people_of,
    time_of,
)
from healthspace.profile.merge import Merged, merge

SECTIONS: dict[str, tuple[str, ...]] = {
    "allergies": ("AllergyIntolerance",),
    "treatments": ("MedicationStatement",),
    "problems": ("Condition",),
    "vaccinations": ("Immunization",),
    "procedures": ("Procedure",),
    "devices": ("Device", "DeviceUseStatement"),
    "stays": ("Encounter",),
    "family": ("FamilyMemberHistory",),
    "habits": ("Observation",),
    "pregnancy": ("Observation",),
    "autonomy": ("ClinicalImpression", "Observation"),
    "plans": ("CarePlan", "Goal"),
    "wishes": ("Consent", "Observation"),
}
"""The sections in their order, and the types of resources that fill them."""
HABITS = frozenset("72166-2 11367-0 74013-4 11331-6 74011-8 11343-1 88028-6 85647-6".split())
PREGNANCY = frozenset("82810-3 11778-8 11779-6 11780-4 11996-6 11640-0 11612-9 8665-2 11977-6".split())
WISHES = frozenset("42348-3 75320-2 81378-6 45473-6".split())
"""LOINC codes of advance directives."""
ENDING = frozenset({"MedicationStatement", "MedicationRequest", "Condition", "CarePlan", "DeviceUseStatement"})
"""Facts that go on until an end; the others are events."""
SOCIAL, PREGNANT = "social-history", "pregnancy"
WISHED, SURVEYS = "wishes", frozenset({"survey", "functional-status"})
OBSERVED = {"code": HABITS | PREGNANCY | WISHES, "category": SURVEYS | {SOCIAL, PREGNANT, WISHED}}
"""What tells, by code or by category, the Observations that a section holds."""


class State(StrEnum):
    """What a section says as a whole."""

    TOLD = "told"
    NONE_KNOWN = "none-known"
    UNKNOWN = "unknown"
    EMPTY = "empty"


@dataclass(frozen=True, slots=True)
class Item:
    """One fact as it is read: when, until when, whether it still is; its words are found when they are asked for."""

    fact: Merged
    standing: Standing
    time: str
    end: str

    @property
    def id(self) -> str:
        return str(self.fact.resource.get("id", ""))

    @property
    def name(self) -> str:
        return name_item(self.fact.resource)

    @property
    def details(self) -> tuple[tuple[str, str], ...]:
        """What else is said of it: the name of the detail, its words."""
        return tuple((key, words) for key, words in _details(self.fact.resource) if words)

    @property
    def people(self) -> tuple[str, ...]:
        """Who said it."""
        elements = ("requester", "performer", "asserter", "recorder", "informationSource", "author", "participant")
        return tuple(people_of(self.fact.resource, *elements))

    @property
    def mine(self) -> bool:
        """Whether the citizen alone says it."""
        return all(is_from_citizen(one) for one in self.fact.statements)


@dataclass(frozen=True, slots=True)
class Section:
    """One section. `items` holds facts, and what is masked; what says that there is none is its state."""

    key: str
    state: State
    items: tuple[Item, ...]

    @property
    def current(self) -> tuple[Item, ...]:
        return tuple(item for item in self.items if item.standing not in {Standing.PAST, Standing.REFUSED})

    @property
    def refused(self) -> tuple[Item, ...]:
        """What was ruled out, refused or not done: never among what there is."""
        return tuple(item for item in self.items if item.standing is Standing.REFUSED)

    @property
    def past(self) -> tuple[Item, ...]:
        return tuple(item for item in self.items if item.standing is Standing.PAST)


def make_sections(resources: Iterable[Resource], today: str = "") -> list[Section]:
    """Every section of the profile, whether or not it says something; what ended before `today` is past, whatever its status says."""
    by_section: dict[str, list[Resource]] = {key: [] for key in SECTIONS}
    for resource in resources:
        key = section_of(resource)
        if key is not None:
            by_section[key].append(resource)
    return [_make(key, merge(listed), today) for key, listed in by_section.items()]


def section_of(resource: Resource) -> str | None:
    """The section that a resource belongs to; None when it belongs to another page (results, measurements, prescriptions)."""
    type_ = resource.get("resourceType", "")
    if type_ == "Observation":
        return _section_of_observation(resource)
    if type_ == "Consent":
        scopes = {code for _, code in codings_of(resource.get("scope"))}
        return "wishes" if scopes & {"adr", "treatment"} else None
    return next((key for key, types in SECTIONS.items() if type_ in types), None)


def show_item(fact: Merged, today: str = "") -> Item:
    """A fact as it is read."""
    resource = fact.resource
    standing, end = fact.standing, end_of(resource)
    if standing is Standing.PRESENT and end and resource["resourceType"] in ENDING and day_of(end) < today[: len(day_of(end))]:
        standing = Standing.PAST
    return Item(fact, standing, time_of(resource), end)


def name_item(resource: Resource) -> str:
    """What the fact is about, in words; empty when its source says nothing (the page then says so)."""
    if resource["resourceType"] == "FamilyMemberHistory":
        return str(resource.get("name") or name_concept(resource.get("relationship")))
    if resource["resourceType"] in {"CarePlan", "Goal"}:
        described = resource.get("description")
        words = name_concept(described) if isinstance(described, dict) else str(described or "")
        return str(resource.get("title") or words or name_of(resource))
    if resource["resourceType"] == "DeviceUseStatement":
        return str((resource.get("device") or {}).get("display") or name_of(resource))
    if resource["resourceType"] == "Device":
        names = [str(one["name"]) for one in resource.get("deviceName") or () if one.get("name")]
        return next(iter(names), name_concept(resource.get("type")))
    if resource["resourceType"] == "Encounter":
        reasons = [name_concept(reason) for reason in resource.get("reasonCode") or ()]
        kind = next((name_concept(one) for one in resource.get("type") or ()), "")
        return kind or next(iter(reasons), "") or str((resource.get("class") or {}).get("display", ""))
    return name_of(resource)


def _make(key: str, facts: list[Merged], today: str) -> Section:
    items = [show_item(fact, today) for fact in facts]
    told = [item for item in items if item.standing in {Standing.PRESENT, Standing.PAST, Standing.MASKED, Standing.REFUSED}]
    standings = {item.standing for item in items}
    if told:
        state = State.TOLD
    elif Standing.NONE_KNOWN in standings:
        state = State.NONE_KNOWN
    else:
        state = State.UNKNOWN if Standing.UNKNOWN in standings else State.EMPTY
    # What says that there is none keeps its source: it is shown when nothing else is.
    shown = told or [item for item in items if item.standing in {Standing.NONE_KNOWN, Standing.UNKNOWN}]
    return Section(key, state, tuple(sorted(shown, key=lambda item: item.time, reverse=True)))


def _section_of_observation(resource: Resource) -> str | None:
    categories = {code for concept in resource.get("category") or () for _, code in codings_of(concept)}
    codes = {code for _, code in codings_of(resource.get("code"))}
    if codes & WISHES or WISHED in categories:
        return "wishes"
    if codes & PREGNANCY or PREGNANT in categories:
        return "pregnancy"
    if SOCIAL in categories or codes & HABITS:
        return "habits"
    return "autonomy" if categories & SURVEYS else None


def _details(resource: Resource) -> list[tuple[str, str]]:
    """What else a reader must know, by type of resource."""
    found: list[tuple[str, str]] = []
    for reaction in resource.get("reaction") or ():
        found.append(("reaction", ", ".join(filter(None, (name_concept(one) for one in reaction.get("manifestation") or ())))))
        found.append(("severity", str(reaction.get("severity", ""))))
    found.append(("criticality", str(resource.get("criticality", ""))))
    found.append(("dose", "; ".join(filter(None, (word_dose(one) for one in (*_doses(resource),))))))
    found.append(("reason", ", ".join(filter(None, (name_concept(one) for one in resource.get("reasonCode") or ())))))
    found += [("condition", name_concept(one.get("code"))) for one in resource.get("condition") or ()]
    found.append(("site", ", ".join(filter(None, (name_concept(one) for one in _listed(resource.get("bodySite")))))))
    found.append(("value", word_value(resource)))
    found.append(
        (
            "place",
            ", ".join(people_of({"p": [one.get("location") for one in resource.get("location") or () if isinstance(one, dict)]}, "p")),
        )
    )
    return [*found, *(("note", note) for note in notes_of(resource))]


def _doses(resource: Resource) -> list[Resource]:
    return (
        [*(resource.get("dosage") or ()), *(resource.get("dosageInstruction") or ())]
        if isinstance(resource.get("dosage"), list | None)
        else []
    )


def word_dose(dosage: Resource) -> str:
    """A dosage in words: its text, else its dose and frequency as numbers and units."""
    if dosage.get("text"):
        return str(dosage["text"])
    if dosage.get("patientInstruction"):
        return str(dosage["patientInstruction"])
    quantity = next((one.get("doseQuantity") for one in dosage.get("doseAndRate") or () if one.get("doseQuantity")), None)
    repeat = (dosage.get("timing") or {}).get("repeat") or {}
    parts = [_words(quantity)] if quantity else []
    if repeat.get("frequency") and repeat.get("period"):
        parts.append(f"{repeat['frequency']:g} × / {repeat['period']:g} {repeat.get('periodUnit', '')}".strip())
    elif repeat.get("period"):
        parts.append(f"/ {repeat['period']:g} {repeat.get('periodUnit', '')}".strip())
    return " ".join(parts)


def word_value(resource: Resource) -> str:
    """The value of an Observation in words."""
    if resource["resourceType"] != "Observation":
        return ""
    if "valueQuantity" in resource:
        return _words(resource["valueQuantity"])
    if "valueCodeableConcept" in resource:
        return name_concept(resource["valueCodeableConcept"])
    value = next((value for key, value in resource.items() if key.startswith("value") and isinstance(value, str | int | float)), "")
    return str(value).lower() if isinstance(value, bool) else str(value)


def _words(quantity: Resource) -> str:
    unit = str(quantity.get("unit") or quantity.get("code") or "")
    shown = "" if unit in {"1", "{tbl}"} else unit
    return f"{quantity.get('comparator', '')}{quantity.get('value', ''):g} {shown}".strip() if "value" in quantity else ""


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else [value] if value else []
