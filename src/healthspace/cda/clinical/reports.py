"""The reports of laboratories and imaging as a whole: one DiagnosticReport that holds all that the document reports."""

from collections.abc import Iterable, Iterator

from healthspace.base.fhirjson import Resource, compact
from healthspace.cda.clinical.imaging import accession_numbers, events_of
from healthspace.cda.clinical.laboratory import SERVICE_SECTIONS, report_status
from healthspace.cda.clinical.model import FACT, PATIENT, Fact
from healthspace.cda.clinical.statement import Source, Statement, narrated
from healthspace.cda.clinical.values import author_of, concept_of, effective_of, performer_of
from healthspace.cda.contained import identifier
from healthspace.cda.parse import HL7
from healthspace.cda.values import attribute, child, children, read_identifier

_KINDS = {"11502-2": ("LAB", "laboratory"), "18748-4": ("RAD", "imaging")}
"""Service section and category of observations, by the type (LOINC) of the report."""
_CONCLUSIONS = frozenset({"19005-8", "55110-1"})
"""Sections (LOINC) that conclude a report."""
_PLACE = "ClinicalDocument"


def whole_report(source: Source, facts: Iterable[Fact]) -> Iterator[Fact]:
    """The report itself, when the document is one and holds results or studies: what it holds, who signed it, what it concludes."""
    code = child(source.root, "code")
    kind, category = _KINDS.get(attribute(code, "code"), ("", ""))
    listed = list(facts)
    results, studies = _results(listed, category), _of_type(listed, "ImagingStudy")
    if not kind or not (results or studies):
        return
    document = Statement(source, source.root, "report", _PLACE)
    author, signatory = author_of(document), child(source.root, "legalAuthenticator")
    report = {
        "resourceType": "DiagnosticReport",
        "identifier": accession_numbers(source),
        "basedOn": _orders(source),
        "status": report_status(source),
        "category": [{"coding": [{"system": SERVICE_SECTIONS, "code": kind}]}],
        "code": concept_of(document, code),
        "subject": {"reference": PATIENT},
        **_when(source),
        "issued": source.time.instant,
        "performer": [author] if author and author.get("type") != "Device" else None,
        "resultsInterpreter": _signed(performer_of(document, signatory) if signatory is not None else None),
        "specimen": _of_type(listed, "Specimen"),
        "result": results,
        "imagingStudy": studies,
        "conclusion": "\n".join(filter(None, _conclusions(source))),
    }
    yield Fact(compact(report), "report", _PLACE)


def _of_type(facts: list[Fact], kind: str) -> list[Resource]:
    return [{"reference": FACT + fact.key} for fact in facts if fact.resource["resourceType"] == kind]


def _results(facts: list[Fact], category: str) -> list[Resource]:
    """The observations of one category that no other holds."""
    found = [fact for fact in facts if fact.resource["resourceType"] == "Observation" and category in _categories(fact.resource)]
    held = {member["reference"] for fact in found for member in fact.resource.get("hasMember", ())}
    return [{"reference": FACT + fact.key} for fact in found if FACT + fact.key not in held]


def _categories(observation: Resource) -> set[str]:
    return {coding["code"] for concept in observation.get("category", ()) for coding in concept["coding"]}


def _orders(source: Source) -> list[Resource]:
    orders = (read_identifier(child(link, "order", "id")) for link in children(source.root, "inFulfillmentOf"))
    return [{"type": "ServiceRequest", "identifier": identifier(order)} for order in orders if order is not None]


def _when(source: Source) -> Resource:
    """When the act that the header names first took place."""
    return next(filter(None, (effective_of(Statement(source, event, "", "")) for event in events_of(source))), {})


def _signed(who: Resource | None) -> list[Resource]:
    return [who] if who and "reference" not in who else []


def _conclusions(source: Source) -> Iterator[str]:
    for section in source.root.iter(f"{{{HL7}}}section"):
        if attribute(child(section, "code"), "code") in _CONCLUSIONS:
            yield narrated(child(section, "text"))
