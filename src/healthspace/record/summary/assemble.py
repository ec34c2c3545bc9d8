"""From a citizen's resources to an International Patient Summary document (Bundle-uv-ips 2.0.1, valid by 1.1.0 as well). No I/O."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from html import escape
from uuid import UUID, uuid5

from healthspace.base.fhirjson import Resource, compact
from healthspace.record.summary.conform import conform
from healthspace.record.summary.entries import Entries
from healthspace.record.summary.narrative import division, narrate
from healthspace.record.summary.people import organization
from healthspace.record.summary.referred import settle
from healthspace.record.summary.sections import IPS, SECTIONS, Section
from healthspace.record.summary.select import Selection, select
from healthspace.record.summary.values import CODES, absence, absent_concept, is_about, value_of
from healthspace.record.summary.words import Words
from healthspace.terminology.uris import HL7, LOINC, URIS

CUSTODIAN = "Healthspace"
_EMPTY: dict[str, Resource] = {
    "problems": {
        "resourceType": "Condition",
        "clinicalStatus": {"coding": [{"system": f"{HL7}condition-clinical", "code": "active", "display": "Active"}]},
    },
    "allergies": {
        "resourceType": "AllergyIntolerance",
        "clinicalStatus": {"coding": [{"system": f"{HL7}allergyintolerance-clinical", "code": "active", "display": "Active"}]},
    },
    "medications": {"resourceType": "MedicationStatement", "status": "unknown"},
}
"""What stands in a section that must be there when nothing is known."""


def _same(resource: Resource) -> Resource:
    return resource


def assemble(
    patient: Resource,
    resources: Iterable[Resource],
    identifier: UUID,
    now: datetime,
    words: Words,
    *,
    exact: Callable[[Resource], Resource] = _same,
    registry: Mapping[str, Resource] | None = None,
    base: str = "",
) -> Resource:
    """The summary Bundle of `patient` as of `now`.

    `resources` are the citizen's, as far as the reader may see them; `exact` gives one again with its decimals as they were written;
    `registry` the professionals and places that they refer to, by `Type/name`; `base` our own URL, which references may begin with.
    """
    # A record may hold what others are the subject of: the mother's results beside her child's.
    listed = [one for one in resources if is_about(one, patient["id"], base)]
    known = {f"{one['resourceType']}/{one['id']}": one for one in listed} | dict(registry or {})
    chosen = select(listed, now.timestamp())
    return _Assembly(patient, known, chosen, identifier, now, words, exact, base).write()


class _Assembly:
    """One document under construction."""

    def __init__(
        self,
        patient: Resource,
        known: Mapping[str, Resource],
        chosen: Selection,
        identifier: UUID,
        now: datetime,
        words: Words,
        exact: Callable[[Resource], Resource],
        base: str,
    ) -> None:
        self._patient, self._known, self._chosen, self._words, self._exact = patient, known, chosen, words, exact
        self._identifier, self._now, self._base = identifier, now.isoformat(timespec="seconds"), base
        self._entries = Entries(patient, known, words, base)

    def write(self) -> Resource:
        """The Bundle: Composition first, then the citizen, then who and what it tells of."""
        shaped = self._shape()
        self._entries.expect(one for listed in shaped.values() for one in listed)
        own = conform(self._patient, self._words) or {}
        own = {**{key: one for key, one in own.items() if key != "link"}, "identifier": self._patient.get("identifier")}
        written = [one for one in own.get("name", ()) if {"family", "given", "text"} & one.keys()]
        named = written or [{"text": self._words.say("Not stated")}]
        self._entries.add({**compact(own), "name": named, **({} if "birthDate" in own else {"_birthDate": absence()})})
        custodian = self._entries.person(organization(CUSTODIAN))
        sections = [made for section in SECTIONS if (made := self._section(section, shaped.get(section.key, []))) is not None]
        for member in shaped.get("", []):
            self._put(member)
        place = f"urn:uuid:{uuid5(self._identifier, 'Composition')}"
        composition = self._composition(place.removeprefix("urn:uuid:"), custodian, sections)
        return {
            "resourceType": "Bundle",
            "id": str(self._identifier),
            "meta": {"profile": [f"{IPS}Bundle-uv-ips"]},
            "language": self._words.code,
            "identifier": {"system": URIS, "value": f"urn:uuid:{self._identifier}"},
            "type": "document",
            "timestamp": self._now,
            "entry": [{"fullUrl": place, "resource": composition}, *self._entries.listed()],
        }

    def _shape(self) -> dict[str, list[Resource]]:
        """The chosen resources after their profiles, by section; what stands in none under ""."""
        shaped: dict[str, list[Resource]] = {}
        for key, chosen in {**self._chosen.sections, "": self._chosen.members}.items():
            made = [conform(self._exact(one), self._words) for one in chosen]
            shaped[key] = [one for one in made if one is not None]
        _drop_empty_panels(shaped)
        for section in SECTIONS:
            if section.unknown and not shaped.get(section.key):
                shaped[section.key] = [self._unknown(section)]
        return shaped

    def _unknown(self, section: Section) -> Resource:
        template = _EMPTY[section.key]
        concept = CODES.get(template["resourceType"], "code")
        subject = "patient" if template["resourceType"] == "AllergyIntolerance" else "subject"
        name = str(uuid5(self._identifier, section.key))
        made = {**template, "id": name, concept: absent_concept(section.unknown), subject: {}}
        return conform(made, self._words) or made

    def _section(self, section: Section, resources: list[Resource]) -> Resource | None:
        if not resources:
            return None
        settled = [settle(one, self._known, self._exact) for one in resources]
        places = [self._put(one, about) for one, about in settled]
        told = [(one, _name_of(about, self._words)) for one, about in settled]
        return {
            "title": section.titles[self._words.code],
            "code": {"coding": [{"system": LOINC, "code": section.code, "display": section.display}]},
            "text": narrate(section.key, told, self._words),
            "entry": [{"reference": place} for place in places],
        }

    def _put(self, resource: Resource, about: Resource | None = None) -> str:
        """Makes an entry of `resource`, and of the device or medication that it is about; gives its fullUrl."""
        if about is not None and (shaped := conform(about, self._words)) is not None:
            self._entries.expect([about])
            self._entries.add(shaped)
        place = self._entries.add(resource)
        profiles = resource.get("meta", {}).get("profile", ())
        if any("-results-" in profile or "DiagnosticReport" in profile for profile in profiles):
            self._settle_performers(self._entries.at(place))
        return place

    def _settle_performers(self, made: Resource) -> None:
        """Performers that are entries; where none is known, a result, whose profile wants one, says so."""
        known = [one for one in made.pop("performer", ()) if "reference" in one]
        if not known and made["resourceType"] == "Observation":
            known = [{"reference": self._entries.person(organization(self._words.say("Laboratory not stated")))}]
        if known:
            made["performer"] = known

    def _composition(self, name: str, custodian: str, sections: list[Resource]) -> Resource:
        words = self._words
        title = words.say("International Patient Summary")
        called = self._patient.get("name", [{}])[0]
        whole = called.get("text") or " ".join([*called.get("given", ()), called.get("family", "")])
        told = f"<p>{escape(title)} – {escape(whole)} – {words.day(self._now)}</p>"
        return compact(
            {
                "resourceType": "Composition",
                "id": name,
                "meta": {"profile": [f"{IPS}Composition-uv-ips"]},
                "language": words.code,
                "text": division(told, words),
                "identifier": {"system": URIS, "value": f"urn:uuid:{self._identifier}"},
                "status": "final",
                "type": {"coding": [{"system": LOINC, "code": "60591-5", "display": "Patient summary Document"}]},
                "subject": {"reference": self._entries.patient},
                "date": self._now,
                "author": [{"reference": custodian}],
                "title": title,
                "confidentiality": "N",
                "attester": [{"mode": "official", "time": self._now, "party": {"reference": custodian}}],
                "custodian": {"reference": custodian},
                "event": [{"code": [{"coding": [{"system": f"{HL7}v3-ActClass", "code": "PCPR"}]}], "period": {"end": self._now}}],
                "section": sections,
            }
        )


def _drop_empty_panels(shaped: dict[str, list[Resource]]) -> None:
    """Leaves out panels that have no value of their own and no member in the document: the reader may not see what they held (ips-2)."""
    while True:
        names = {f"Observation/{one['id']}" for listed in shaped.values() for one in listed if one["resourceType"] == "Observation"}
        empty = {id(one) for listed in shaped.values() for one in listed if _is_empty_panel(one, names)}
        if not empty:
            return
        for key, listed in shaped.items():
            shaped[key] = [one for one in listed if id(one) not in empty]


def _is_empty_panel(resource: Resource, names: set[str]) -> bool:
    if "hasMember" not in resource or value_of(resource) is not None:
        return False
    return not any(one.get("reference") in names for one in resource["hasMember"])


def _name_of(about: Resource | None, words: Words) -> str:
    """What the device or medication of a statement is called."""
    if about is None:
        return ""
    names = [one["name"] for one in about.get("deviceName", ()) if "name" in one]
    return words.concept(about.get("type") or about.get("code")) or next(iter(names), "")
