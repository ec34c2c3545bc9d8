"""A structural checker of International Patient Summary documents, by hand from the definitions of IPS 1.1.0 and 2.0.1.

It knows cardinalities, fixed codes, allowed types of references, required bindings and invariants, and nothing of how the service makes a
summary: it shares no code with it.
"""

import re
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree

from tests.ips_nodes import CATEGORY, LOINC, UCUM, Node, codes_in, has_category, is_absent, is_ucum, targets, value_in

DOCUMENT = "DocumentReference"
# code → name, required, types of entry.
SECTIONS = {
    "11450-4": ("problems", True, {"Condition", DOCUMENT}),
    "48765-2": ("allergies", True, {"AllergyIntolerance", DOCUMENT}),
    "10160-0": (
        "medications",
        True,
        {"MedicationStatement", "MedicationRequest", "MedicationAdministration", "MedicationDispense", DOCUMENT},
    ),
    "11369-6": ("immunizations", False, {"Immunization", DOCUMENT}),
    "30954-2": ("results", False, {"Observation", "DiagnosticReport", DOCUMENT}),
    "47519-4": ("procedures", False, {"Procedure", DOCUMENT}),
    "46264-8": ("devices", False, {"DeviceUseStatement", DOCUMENT}),
    "42348-3": ("directives", False, {"Consent", DOCUMENT}),
    "104605-1": ("alerts", False, {"Flag", DOCUMENT}),
    "47420-5": ("functional", False, {"Condition", "ClinicalImpression", DOCUMENT}),
    "11348-0": ("past", False, {"Condition", DOCUMENT}),
    "10162-6": ("pregnancy", False, {"Observation", DOCUMENT}),
    "18776-5": ("plan", False, {"CarePlan", DOCUMENT}),
    "29762-2": ("social", False, {"Observation", DOCUMENT}),
    "8716-3": ("vitals", False, {"Observation", DOCUMENT}),
    "81338-6": ("story", False, set()),
}
MUST_HAVE_ENTRIES_1_1 = frozenset({"problems", "allergies", "medications", "immunizations", "procedures", "devices"})
DELIVERY = {"11778-8", "11779-6", "11780-4"}
OUTCOME = {"11636-8", "11637-6", "11638-4", "11639-2", "11640-0", "11612-9", "11613-7", "11614-5", "33065-4"}
BLOOD_PRESSURE = "85354-9"
PERSONS = {"Practitioner", "PractitionerRole", "Organization", "CareTeam", "Patient", "RelatedPerson"}
LAB_2, LAB_1 = {"final", "amended", "corrected", "registered", "preliminary", "cancelled", "unknown"}, {"final"}
ACTIVE_HTML = re.compile(r"<\s*(script|style|iframe|object|embed|form|input|img)|\son\w+=|javascript:", re.IGNORECASE)


class Checker:
    """One run over one Bundle; `version` is "1.1.0" or "2.0.1"."""

    def __init__(self, bundle: Node, version: str) -> None:
        self.bundle, self.version = bundle, version
        self.faults: list[str] = []
        self.entries = {entry.get("fullUrl"): entry.get("resource", {}) for entry in bundle.get("entry", [])}

    def check(self) -> list[str]:
        self._bundle()
        composition = self.bundle["entry"][0]["resource"]
        self._composition(composition)
        for place, resource in self.entries.items():
            self._references(place, resource)
            rule = RULES.get(resource["resourceType"])
            if rule is not None:
                rule(self, resource)
        self._sections(composition)
        return self.faults

    def want(self, holds: Any, what: str) -> bool:
        if not holds:
            self.faults.append(what)
        return bool(holds)

    # The Bundle.

    def _bundle(self) -> None:
        bundle = self.bundle
        self.want(bundle.get("type") == "document", "Bundle.type is document")
        self.want(bundle.get("identifier", {}).get("system") and bundle.get("identifier", {}).get("value"), "bdl-9: an identifier")
        self.want(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d.*(Z|[+-]\d\d:\d\d)", bundle.get("timestamp", "")), "bdl-10: a timestamp")
        self.want(not {"total", "link"} & bundle.keys(), "bdl-1: no total")
        types = [entry["resource"]["resourceType"] for entry in bundle["entry"]]
        self.want(types[0] == "Composition", "bdl-11: the Composition comes first")
        self.want(types.count("Composition") == 1, "bdl-ips-1: one Composition")
        self.want(types.count("Patient") == 1, "one Patient")
        self.want(len(self.entries) == len(bundle["entry"]), "bdl-7: each fullUrl once")
        for entry in bundle["entry"]:
            self.want(re.match(r"urn:uuid:[0-9a-f-]{36}$|https?://", entry.get("fullUrl", "")), "entry.fullUrl is absolute")
            self.want(not {"search", "request", "response"} & entry.keys(), "an entry has no search, request or response")

    def _references(self, place: str | None, resource: Node) -> None:
        contained = {f"#{one.get('id')}" for one in resource.get("contained", [])}
        met = {target for _, target in targets(resource, "")}
        self.want(contained <= met, f"dom-3: what {resource['resourceType']} contains is referred to")
        for where, target in targets(resource, resource["resourceType"]):
            self.want(target in self.entries or target in contained, f"{where} leads to an entry")

    # The Composition.

    def _composition(self, composition: Node) -> None:
        for name in ("status", "type", "subject", "date", "author", "title", "section"):
            self.want(composition.get(name), f"Composition.{name} is there")
        self.want(codes_in(composition.get("type"), LOINC) == {"60591-5"}, "Composition.type is 60591-5")
        self.want(self.type_of(composition.get("subject", {})) == "Patient", "Composition.subject is the Patient")
        allowed = {"Practitioner", "PractitionerRole", "Device", "Patient", "RelatedPerson", "Organization"}
        for author in composition.get("author", []):
            self.want(self.type_of(author) in allowed, "Composition.author is a person, a structure or a device")
        if "custodian" in composition:
            self.want(self.type_of(composition["custodian"]) == "Organization", "Composition.custodian is an Organization")
        for attester in composition.get("attester", []):
            self.want(attester.get("mode") in {"personal", "professional", "legal", "official"}, "Composition.attester.mode is known")

    def _sections(self, composition: Node) -> None:
        seen: list[str] = []
        for section in composition.get("section", []):
            codes = codes_in(section.get("code"), LOINC) & SECTIONS.keys()
            if not self.want(len(codes) == 1, "a section has one IPS code"):
                continue
            name, required, types = SECTIONS[codes.pop()]
            seen.append(name)
            self._section(section, name, required, types)
        self.want(len(seen) == len(set(seen)), "each section once")
        for name, required, _ in SECTIONS.values():
            self.want(not required or name in seen, f"the section {name} is there")

    def _section(self, section: Node, name: str, required: bool, types: set[str]) -> None:
        self.want(section.get("title"), f"{name} has a title")
        self.want("section" not in section, f"{name} has no inner section")
        self._narrative(section.get("text"), name)
        entries = section.get("entry", [])
        self.want("emptyReason" not in section, f"{name} has no emptyReason, which 1.1.0 does not know")
        if required or (self.version == "1.1.0" and name in MUST_HAVE_ENTRIES_1_1):
            self.want(any("reference" in entry for entry in entries), f"ips-comp-1: {name} has an entry")
        for entry in entries:
            self.want(not types or self.type_of(entry) in types, f"{name} does not hold a {self.type_of(entry)}")
        if name == "social":
            for code in ("72166-2", "74013-4"):
                self.want(
                    sum(code in codes_in(self.at(entry).get("code"), LOINC) for entry in entries) <= 1, f"{name}: {code} at most once"
                )
        if name == "results":
            for entry in (one for one in entries if self.type_of(one) == "Observation"):
                kinds = {code for one in self.at(entry).get("category", []) for code in codes_in(one, CATEGORY)}
                self.want(kinds & {"laboratory", "imaging"}, "a result is of a laboratory or of imaging")
        if name == "vitals":
            for entry in entries:
                self.want(has_category(self.at(entry), "vital-signs"), "a vital sign has that category")

    def _narrative(self, text: Node | None, name: str) -> None:
        told = text and text.get("div") and text.get("status") in {"generated", "extensions", "additional"}
        if not self.want(told, f"{name} has a text"):
            return
        assert text is not None
        self.want(not ACTIVE_HTML.search(text["div"]), f"{name}: txt-1, nothing active")
        root = ElementTree.fromstring(text["div"])
        self.want(root.tag == "{http://www.w3.org/1999/xhtml}div", f"{name}: the narrative is a div")
        self.want("".join(root.itertext()).strip(), f"{name}: txt-2, the narrative says something")

    # Helpers of the rules.

    def at(self, reference: Node) -> Node:
        return self.entries.get(reference.get("reference"), {})

    def type_of(self, reference: Node) -> str:
        return str(self.at(reference).get("resourceType", ""))

    def about_patient(self, resource: Node, element: str = "subject") -> None:
        self.want(self.type_of(resource.get(element, {})) == "Patient", f"{resource['resourceType']}.{element} is the Patient")

    def said(self, resource: Node, element: str, types: tuple[str, ...]) -> None:
        """A choice element is there once, as one of `types`, or as a dateTime that is said to be absent."""
        found = {key.removeprefix(element) for key in resource if re.fullmatch(element + "[A-Z]\\w*", key)}
        absent = {key.removeprefix(f"_{element}") for key, value in resource.items() if key.startswith(f"_{element}") and is_absent(value)}
        where = f"{resource['resourceType']}.{element}[x]"
        self.want(len(found | absent) == 1, f"{where} is there once")
        self.want((found | absent) <= set(types), f"{where} is of an allowed type")


def check(bundle: Node, version: str) -> list[str]:
    """What is wrong with an IPS document by `version`; none when it is right."""
    return Checker(bundle, version).check()


def _patient(checker: Checker, patient: Node) -> None:
    checker.want(patient.get("name"), "Patient.name is there")
    for name in patient.get("name", []):
        checker.want({"family", "given", "text"} & name.keys(), "ips-pat-1: a name is written")
    checker.want(patient.get("birthDate") or is_absent(patient.get("_birthDate", {})), "Patient.birthDate is there")


def _condition(checker: Checker, condition: Node) -> None:
    checker.want(condition.get("code"), "Condition.code is there")
    checker.about_patient(condition)
    status = {one.get("code") for one in condition.get("clinicalStatus", {}).get("coding", [])}
    checker.want(status, "con-3: Condition.clinicalStatus is there")
    checker.want(not _verified(condition) & {"entered-in-error", "refuted"}, "no Condition is denied")
    listed = {one.get("code") for each in condition.get("category", []) for one in each.get("coding", [])}
    checker.want("problem-list-item" in listed or "75326-9" in listed, "Condition.category has the problem list")


def _allergy(checker: Checker, allergy: Node) -> None:
    checker.want(allergy.get("code"), "AllergyIntolerance.code is there")
    checker.about_patient(allergy, "patient")
    checker.want(allergy.get("clinicalStatus"), "ait-1: AllergyIntolerance.clinicalStatus is there")
    checker.want(not _verified(allergy) & {"entered-in-error", "refuted"}, "no AllergyIntolerance is denied")
    for reaction in allergy.get("reaction", []):
        checker.want(reaction.get("manifestation"), "AllergyIntolerance.reaction.manifestation is there")


def _verified(resource: Node) -> set[str | None]:
    return {one.get("code") for one in resource.get("verificationStatus", {}).get("coding", [])}


def _statement(checker: Checker, statement: Node) -> None:
    checker.about_patient(statement)
    checker.want(statement.get("status") not in {None, "entered-in-error"}, "MedicationStatement.status")
    checker.said(statement, "effective", ("DateTime", "Period"))
    _medicated(checker, statement)


def _request(checker: Checker, request: Node) -> None:
    checker.about_patient(request)
    checker.want(request.get("intent") and request.get("status") not in {None, "entered-in-error"}, "MedicationRequest.status and intent")
    _medicated(checker, request)


def _medicated(checker: Checker, resource: Node) -> None:
    reference = resource.get("medicationReference")
    concept = resource.get("medicationCodeableConcept")
    checker.want((reference is None) != (concept is None), f"{resource['resourceType']}.medication[x] is there once")
    if reference is not None and not reference.get("reference", "").startswith("#"):
        checker.want(checker.type_of(reference) == "Medication", f"{resource['resourceType']}.medicationReference leads to a Medication")


def _immunization(checker: Checker, immunization: Node) -> None:
    checker.want(immunization.get("vaccineCode"), "Immunization.vaccineCode is there")
    checker.want(immunization.get("status") in {"completed", "not-done"}, "Immunization.status")
    checker.about_patient(immunization, "patient")
    checker.said(immunization, "occurrence", ("DateTime", "String"))
    for performer in immunization.get("performer", []):
        checker.want(performer.get("actor"), "Immunization.performer.actor is there")


def _procedure(checker: Checker, procedure: Node) -> None:
    checker.want(procedure.get("code"), "Procedure.code is there")
    checker.about_patient(procedure)
    checker.said(procedure, "performed", ("DateTime", "Period", "String", "Age", "Range"))
    for performer in procedure.get("performer", []):
        checker.want(performer.get("actor"), "Procedure.performer.actor is there")


def _use(checker: Checker, use: Node) -> None:
    checker.about_patient(use)
    checker.said(use, "timing", ("Timing", "Period", "DateTime"))
    checker.want(checker.type_of(use.get("device", {})) == "Device", "DeviceUseStatement.device is a Device")


def _device(checker: Checker, device: Node) -> None:
    checker.about_patient(device, "patient")


def _report(checker: Checker, report: Node) -> None:
    checker.want(len(report.get("category", [])) == 1, "DiagnosticReport.category is there once")
    checker.want(report.get("code"), "DiagnosticReport.code is there")
    checker.want(report.get("status") not in {None, "entered-in-error"}, "DiagnosticReport.status")
    checker.about_patient(report)
    checker.said(report, "effective", ("DateTime", "Period"))
    for performer in report.get("performer", []):
        checker.want(checker.type_of(performer) in PERSONS - {"Patient", "RelatedPerson"}, "DiagnosticReport.performer")
    for result in report.get("result", []):
        checker.want(checker.type_of(result) == "Observation", "DiagnosticReport.result is an Observation")


def _observation(checker: Checker, observation: Node) -> None:
    checker.want(observation.get("code"), "Observation.code is there")
    checker.about_patient(observation)
    codes = codes_in(observation.get("code"), LOINC)
    for wanted, rule in PLAIN:
        if codes & wanted:
            checker.said(observation, "effective", ("DateTime",))
            checker.want("component" not in observation, "habits and pregnancy have no component")
            rule(checker, observation)
            return
    if has_category(observation, "laboratory") or has_category(observation, "imaging"):
        _result(checker, observation)
    elif has_category(observation, "vital-signs"):
        _vital(checker, observation)


def _pregnant(checker: Checker, observation: Node) -> None:
    _value_of_type(checker, observation, "valueCodeableConcept")
    checker.want(not {"bodySite", "specimen", "device", "referenceRange"} & observation.keys(), "pregnancy: closed elements")
    for member in observation.get("hasMember", []):
        checker.want(codes_in(checker.at(member).get("code"), LOINC) & DELIVERY, "pregnancy: members are dates of delivery")


def _delivery(checker: Checker, observation: Node) -> None:
    _value_of_type(checker, observation, "valueDateTime")
    checker.want(not {"bodySite", "method", "specimen", "device", "referenceRange"} & observation.keys(), "delivery: closed elements")


def _outcome(checker: Checker, observation: Node) -> None:
    _value_of_type(checker, observation, "valueQuantity")


def _tobacco(checker: Checker, observation: Node) -> None:
    _value_of_type(checker, observation, "valueCodeableConcept")


def _alcohol(checker: Checker, observation: Node) -> None:
    _value_of_type(checker, observation, "valueQuantity")
    checker.want(is_ucum(observation.get("valueQuantity", {"system": UCUM, "code": "1"})), "alcohol in UCUM")


def _value_of_type(checker: Checker, observation: Node, wanted: str) -> None:
    found = value_in(observation)
    checker.want(found is None or found[0] == wanted, f"the value is a {wanted}")


def _result(checker: Checker, observation: Node) -> None:
    allowed = LAB_1 if checker.version == "1.1.0" else LAB_2
    checker.want(observation.get("status") in allowed, "a result has an allowed status")
    checker.said(observation, "effective", ("DateTime", "Period"))
    checker.want(len(observation.get("effectiveDateTime", "2000-01-01")) >= 10, "ips-1: a result is dated to the day")
    checker.want(observation.get("performer"), "a result has a performer")
    for performer in observation.get("performer", []):
        checker.want(checker.type_of(performer) in PERSONS, "a result is by a person or a structure")
    found = value_in(observation)
    checker.want(found is not None or observation.get("hasMember"), "ips-2: a result has a value or members")
    checker.want(not (observation.get("hasMember") and observation.get("component")), "components and members exclude each other")
    if found is not None and checker.version == "1.1.0":
        checker.want(found[0] not in {"valueInteger", "valueBoolean", "valueSampledData"}, "1.1.0: no such value")
        checker.want(found[0] != "valueQuantity" or is_ucum(found[1]), "1.1.0: quantities in UCUM")
    for part in observation.get("component", []):
        checker.want(value_in(part) is not None or "dataAbsentReason" in part, "ips-3: a component has a value")


def _vital(checker: Checker, observation: Node) -> None:
    checker.said(observation, "effective", ("DateTime", "Period"))
    checker.want(len(observation.get("effectiveDateTime", "2000-01-01")) >= 10, "vs-1: to the day")
    whole = value_in(observation) is not None or "dataAbsentReason" in observation
    checker.want(whole or observation.get("component") or observation.get("hasMember"), "vs-2: a vital sign has a value")
    if BLOOD_PRESSURE in codes_in(observation.get("code"), LOINC):
        parts = {code for part in observation.get("component", []) for code in codes_in(part.get("code"), LOINC)}
        checker.want({"8480-6", "8462-4"} <= parts, "a blood pressure has both components")
        checker.want(value_in(observation) is None, "a blood pressure has no value of its own")


def _named(checker: Checker, resource: Node) -> None:
    checker.want(resource.get("name"), f"{resource['resourceType']}.name is there")


def _specimen(checker: Checker, specimen: Node) -> None:
    checker.want(specimen.get("type"), "Specimen.type is there")
    checker.about_patient(specimen)


def _flag(checker: Checker, flag: Node) -> None:
    checker.want(flag.get("status") == "active" and flag.get("code"), "Flag.status is active, and it has a code")
    checker.about_patient(flag)


def _medication(checker: Checker, medication: Node) -> None:
    checker.want(medication.get("code"), "Medication.code is there")


PLAIN: list[tuple[set[str], Callable[[Checker, Node], None]]] = [
    (DELIVERY, _delivery),
    (OUTCOME, _outcome),
    ({"82810-3"}, _pregnant),
    ({"72166-2"}, _tobacco),
    ({"74013-4"}, _alcohol),
]
RULES: dict[str, Callable[[Checker, Node], None]] = {
    "AllergyIntolerance": _allergy,
    "Condition": _condition,
    "Device": _device,
    "DeviceUseStatement": _use,
    "DiagnosticReport": _report,
    "Flag": _flag,
    "Immunization": _immunization,
    "Medication": _medication,
    "MedicationRequest": _request,
    "MedicationStatement": _statement,
    "Observation": _observation,
    "Organization": _named,
    "Patient": _patient,
    "Practitioner": _named,
    "Procedure": _procedure,
    "Specimen": _specimen,
}
