"""The facts of a FHIR document: its entries about the citizen, each under its position; people and places as logical references. Pure."""

from typing import Any

from healthspace.access.origin import SAID_BY_DOCUMENTS
from healthspace.base.fhirjson import OURS, compact
from healthspace.cda.clinical import FACT, PATIENT, Extraction, Fact, Unread
from healthspace.fhir.bundle import Index, composition_of, dicts, index_of, patient_of, resolve, string
from healthspace.resources.stored import Resource

OF_CITIZEN = SAID_BY_DOCUMENTS - {"Provenance"}
"""Types of which an entry says something of the citizen. Where a fact comes from, the record says itself."""
OF_OTHERS = frozenset({"BiologicallyDerivedProduct", "Device", "Medication", "Substance"})
"""Types that are kept inside the facts that refer to them."""
ERROR = "entered-in-error"


def extract_bundle(bundle: Resource) -> Extraction:
    """The facts of a FHIR document, whose form was checked; what is about somebody else, or does not say about whom, is not one."""
    return _Reading(bundle).read()


class _Reading:
    """One run over a document."""

    def __init__(self, bundle: Resource) -> None:
        self.entries = bundle["entry"]
        self.index: Index = index_of(bundle)
        self.patient = patient_of(bundle)
        self.sections = _sections(composition_of(bundle), self.index)
        self.keys = {id(one): f"e{number}" for number, one in self._resources() if not _is_error(one)}

    def read(self) -> Extraction:
        facts, unread = [], []
        for number, resource in self._resources():
            key, place = self.keys.get(id(resource)), f"Bundle.entry[{number - 1}].resource"
            if key is None:
                continue  # withdrawn by its author: it says nothing
            reason = self._doubt(resource)
            if reason:
                unread.append(Unread(place, reason))
            else:
                facts.append(Fact(self._rewrite(resource, resource), key, place, self.sections.get(id(resource), "")))
        return Extraction(tuple(facts), tuple(unread))

    def _resources(self) -> list[tuple[int, Resource]]:
        """The entries that may be facts, each with its position from 1 on."""
        given = ((number, entry.get("resource")) for number, entry in enumerate(self.entries, 1))
        return [(number, one) for number, one in given if isinstance(one, dict) and one.get("resourceType") in OF_CITIZEN | OF_OTHERS]

    def _doubt(self, resource: Resource) -> str:
        """Why an entry is no fact of the citizen; "" when it is one."""
        whose = resource.get("patient", resource.get("subject"))
        if whose is None and resource["resourceType"] in OF_OTHERS:
            return ""
        if whose is None:
            return "no-subject"
        own = resolve(self.index, whose, resource) is self.patient
        return "" if own and "focus" not in resource else "other-subject"

    def _rewrite(self, value: Any, inside: Resource) -> Any:
        """`value` with references to the citizen and to other facts as the record reads them; the others as whom they name."""
        if isinstance(value, list):
            return [self._rewrite(item, inside) for item in value if not _is_ours(item)]
        if not isinstance(value, dict):
            return value
        rewritten = {name: self._rewrite(inner, inside) for name, inner in value.items()}
        if isinstance(value.get("reference"), str) and not value["reference"].startswith("#"):
            return self._refer(rewritten, inside)
        return rewritten

    def _refer(self, reference: Resource, inside: Resource) -> Resource:
        target = resolve(self.index, reference, inside)
        rest = {name: value for name, value in reference.items() if name != "reference"}
        if target is None:
            return rest
        if target is self.patient:
            return {**rest, "reference": PATIENT}
        if id(target) in self.keys:
            return {**rest, "reference": f"{FACT}{self.keys[id(target)]}"}
        return {**_identity(target), **rest}


def _is_ours(item: Any) -> bool:
    return isinstance(item, dict) and string(item.get("url")).startswith(OURS)


def _is_error(resource: Resource) -> bool:
    verified = resource.get("verificationStatus")
    codes = [string(coding.get("code")) for coding in dicts(verified.get("coding"))] if isinstance(verified, dict) else []
    return ERROR in {string(resource.get("status")), *codes}


def _identity(target: Resource) -> Resource:
    """Who or what a resource of the document is, by identifier and name."""
    identifier, names = next(iter(dicts(target.get("identifier"))), None), dicts(target.get("name"))
    name = string(target.get("name")) or (string(names[0].get("text")) or _spoken(names[0]) if names else "")
    return compact({"type": target.get("resourceType"), "identifier": identifier, "display": name})


def _spoken(name: Resource) -> str:
    given = name.get("given")
    parts = [*(given if isinstance(given, list) else []), name.get("family")]
    return " ".join(string(part) for part in parts if string(part))


def _sections(composition: Resource, index: Index) -> dict[int, str]:
    """The code of the first section that names an entry, by the identity of the entry's resource."""
    found: dict[int, str] = {}
    waiting = list(dicts(composition.get("section")))
    while waiting:
        section = waiting.pop(0)
        code = section.get("code")
        codes = [string(coding.get("code")) for coding in dicts(code.get("coding"))] if isinstance(code, dict) else []
        for entry in dicts(section.get("entry")):
            target = resolve(index, entry, composition)
            if target is not None:
                found.setdefault(id(target), next(filter(None, codes), ""))
        waiting += dicts(section.get("section"))
    return found
