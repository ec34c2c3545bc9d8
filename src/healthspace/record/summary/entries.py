"""The entries of a summary Bundle: every reference leads to another entry, or is no reference (R4 documents.html, bdl-9 to bdl-12).

What a resource refers to and the summary does not hold is left out; a person who is only named becomes an entry.
"""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from healthspace.base.fhirjson import Resource
from healthspace.base.ids import CANONICAL
from healthspace.fhir.exact_json import write_json
from healthspace.record.summary.conform import conform
from healthspace.record.summary.people import ORGANIZATION_ONLY, PEOPLE, of_registry, person_of
from healthspace.record.summary.words import Words

SUBJECTS = frozenset({"subject", "patient"})
REGISTERED = frozenset({"Practitioner", "PractitionerRole", "Organization"})
COMING_ALONG = REGISTERED | {"Specimen"}
"""What becomes an entry because another one refers to it."""
SIMPLE = frozenset(
    "bodySite category clinicalStatus code component dosage dosageInstruction interpretation meta method note "
    "referenceRange severity vaccineCode valueCodeableConcept valueQuantity verificationStatus medicationCodeableConcept".split()
)
"""Elements in which only an extension, or the author of a note, could be a reference."""
NEEDED = frozenset({"actor", "link", "manipulated", "other"})
"""References without which R4 does not allow the element that holds them."""


class Entries:
    """A Bundle's entries under construction. `known` are the resources that may be referred to, by `Type/name`."""

    def __init__(self, patient: Resource, known: Mapping[str, Resource], words: Words, base: str) -> None:
        self._known, self._words, self._base = known, words, base
        self.patient = place_of("Patient", patient["id"])
        self._placed: dict[str, str] = {f"Patient/{patient['id']}": self.patient}
        self._people: dict[str, str] = {}
        self._named: dict[tuple[str | None, ...], str | None] = {}
        self._entries: dict[str, Resource] = {}

    def expect(self, resources: Iterable[Resource]) -> None:
        """These will be entries: what refers to them keeps its reference."""
        for one in resources:
            self._placed[f"{one['resourceType']}/{one['id']}"] = place_of(one["resourceType"], one["id"])

    def add(self, resource: Resource, place: str | None = None) -> str:
        """Adds `resource`, its references made those of the Bundle; gives its fullUrl."""
        found = place or self._placed[f"{resource['resourceType']}/{resource['id']}"]
        local = {f"#{one['id']}" for one in resource.get("contained", ()) if "id" in one}
        linked: Resource = self._link_all(resource, local)
        for subject in SUBJECTS & resource.keys():
            linked[subject] = {"reference": self.patient}
        self._entries[found] = {"resourceType": resource["resourceType"], "id": found.removeprefix("urn:uuid:"), **_without_id(linked)}
        return found

    def at(self, place: str) -> Resource:
        """The entry of that fullUrl, to complete."""
        return self._entries[place]

    def listed(self) -> list[Resource]:
        return [{"fullUrl": place, "resource": resource} for place, resource in self._entries.items()]

    def _link_all(self, resource: Resource, local: set[str]) -> Resource:
        """`resource` with its references led to entries. Where nothing is extended, concepts and quantities hold none: most of a record."""
        said = write_json(resource)
        simple = SIMPLE if b'"extension"' not in said and b'"authorReference"' not in said else frozenset[str]()
        linked = {key: one if key in simple else self._link(one, key, local) for key, one in resource.items()}
        kept = {key: one for key, one in linked.items() if one is not None}
        if "contained" in kept:
            # dom-3: what is contained is referred to.
            met = write_json(kept)
            inside = [one for one in kept.pop("contained") if b'"#%s"' % one.get("id", "").encode() in met]
            kept |= {"contained": inside} if inside else {}
        return kept

    def _link(self, value: Any, element: str, local: set[str]) -> Any:
        """`value` with its references led to entries; None where nothing is left of it."""
        if type(value) is list:
            kept = [inner for one in value if (inner := self._link(one, element, local)) is not None]
            return kept or None
        if type(value) is not dict:
            return value
        if isinstance(value.get("reference"), str) or ((element in PEOPLE or element in ORGANIZATION_ONLY) and "resourceType" not in value):
            linked = self._lead(value, element, local)
            if linked is not None or isinstance(value.get("reference"), str) or {"identifier", "display"} & value.keys():
                return linked
        made = {
            key: inner
            for key, one in value.items()
            if (inner := self._link(one, key, local) if type(one) is dict or type(one) is list else one) is not None
        }
        return made if made and (not element or _is_whole(value, made)) else None

    def _lead(self, reference: Resource, element: str, local: set[str]) -> Resource | None:
        target = reference.get("reference")
        if isinstance(target, str):
            if target in local:
                return reference
            place = self._place(target.removeprefix(f"{self._base}/").partition("/_history/")[0])
            if place is not None:
                return {**{key: one for key, one in reference.items() if key == "display"}, "reference": place}
        if element in PEOPLE or element in ORGANIZATION_ONLY:
            place = self._person(element, reference)
            if place is not None:
                return {**({"display": reference["display"]} if "display" in reference else {}), "reference": place}
        rest = {key: one for key, one in reference.items() if key in {"identifier", "display", "type"}}
        return rest if "identifier" in rest or "display" in rest else None

    def _person(self, element: str, reference: Resource) -> str | None:
        """The entry of whom a logical reference names; None when it names nobody who may stand there."""
        number = reference.get("identifier") or {}
        key = (element, reference.get("display"), reference.get("type"), number.get("system"), number.get("value"))
        if key not in self._named:
            person = person_of(element, reference)
            self._named[key] = self.person(person) if person is not None else None
        return self._named[key]

    def _place(self, target: str) -> str | None:
        """The fullUrl of the entry that `Type/name` is, which a person of the registry becomes when first named."""
        if target in self._entries:
            return target
        if target not in self._placed and target in self._known:
            found = self._known[target]
            came = of_registry(found) if found["resourceType"] in REGISTERED else conform(found, self._words)
            if came is not None and came["resourceType"] in COMING_ALONG:
                self._placed[target] = place_of(came["resourceType"], came["id"])
                self.add(came)
        return self._placed.get(target)

    def person(self, person: Resource) -> str:
        """The entry of a person or structure, each once."""
        key = repr(person)
        if key not in self._people:
            place = f"urn:uuid:{uuid5(NAMESPACE_URL, key)}"
            self._people[key] = place
            self._entries[place] = {"resourceType": person["resourceType"], "id": place.removeprefix("urn:uuid:"), **person}
        return self._people[key]


def _without_id(resource: Resource) -> Resource:
    return {key: value for key, value in resource.items() if key != "id"}


def _is_whole(value: Resource, made: Resource) -> bool:
    """Whether what is left of an element is still one: an extension keeps its value, a performer its actor."""
    if value.keys() > {"url"} and made.keys() == {"url"}:
        return False
    lost = value.keys() - made.keys()
    return not lost & NEEDED and not ("reference" in lost and isinstance(value["reference"], dict))


def place_of(type_: str, name: str) -> str:
    """The fullUrl of a resource: its own id where that is a UUID, else one made of its name."""
    return f"urn:uuid:{name if CANONICAL.fullmatch(name) else uuid5(NAMESPACE_URL, f'{type_}/{name}')}"
