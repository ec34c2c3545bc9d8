"""Imaging (DICOM PS3.20 §9; CI-SIS 151 to 157, 165, 173): the studies, their series and instances, what was injected and received.

The acts of a report name a study by its UID, the header by the act and its modality, a section by the technique: they are put together
by UID or by act. Addresses of images are never followed, nor kept: UIDs are.
"""

from collections.abc import Iterator
from dataclasses import replace

from healthspace.base.fhirjson import IDENTIFIER_TYPES, Resource, compact
from healthspace.cda.clinical.absence import about_the_citizen, fact, is_denied, is_void, reason_of, says_nothing, why_no_finding
from healthspace.cda.clinical.model import PATIENT, Fact, Unread
from healthspace.cda.clinical.observations import not_said, observation
from healthspace.cda.clinical.parts import FRENCH, identifiers_of, notes_of, remaining, site_of
from healthspace.cda.clinical.products import consumed, medication
from healthspace.cda.clinical.statement import Found, Source, Statement
from healthspace.cda.clinical.values import author_of, code_or_text, concept_of, effective_of, quantity_of, time_at
from healthspace.cda.contained import coding, identifier
from healthspace.cda.parse import HL7
from healthspace.cda.values import Code, Element, attribute, child, children, every_code, read_code, read_identifier
from healthspace.terminology.code_systems import uri_of
from healthspace.terminology.uris import URIS

STUDY = ("1.2.840.10008.9.16", FRENCH + "155")
SERIES = ("1.2.840.10008.9.17", FRENCH + "156")
INSTANCE = ("1.2.840.10008.9.18", FRENCH + "157")
TECHNIQUE = ("1.2.840.10008.9.14", FRENCH + "153")
PRODUCT = ("1.2.840.10008.9.13", FRENCH + "151", FRENCH + "173")
RADIATION = ("1.2.840.10008.9.8", FRENCH + "165")
REPORT = "18748-4"
"""LOINC type of an imaging report: only there the acts of the header are the examinations that it reports."""

_DICOM = "1.2.840.10008.2.16.4"
_MODALITY = "121139"
_DICOM_UID = "urn:dicom:uid"
_ACCESSION = {"coding": [{"system": IDENTIFIER_TYPES, "code": "ACSN"}]}
_NUMBER = "{urn:dicom-org:ps3-20}accessionNumber"


@about_the_citizen
def read_study(statement: Statement) -> Found:
    """A study that was done, with the series and the instances that the document names."""
    if says_nothing(statement) or is_void(statement):
        return
    uid = read_identifier(child(statement.element, "id"))
    if uid is None or why_no_finding(statement) or is_denied(statement):
        yield Unread(statement.place, "no-uid" if uid is None else "not-done")
        return
    event = next((each for each in events_of(statement.source) if read_identifier(child(each, "id")) == uid), None)
    technique = _technique_like(statement.source, read_code(child(event, "code")))
    series = list(filter(None, map(_series, statement.find(*SERIES))))
    said = _study(statement, event, technique)
    modalities = [each["modality"] for each in series if "code" in each["modality"]] or said.get("modality", [])
    yield fact(
        statement,
        compact(
            {
                **said,
                "identifier": [{"system": _DICOM_UID, "value": uri_of(uid.root)}, *_accessions(statement.source)],
                "status": "available" if series else "unknown",
                "modality": _distinct(modalities),
                "series": series,
            }
        ),
    )


def _study(statement: Statement, event: Element | None, technique: Element | None) -> Resource:
    """What is known of a study besides its UID: from its act, the header's event, the section on the technique."""
    coded = next((child(each, "code") for each in (event, technique) if each is not None), None)
    about = replace(statement, element=technique) if technique is not None else statement
    own = effective_of(statement).get("effectiveDateTime")
    author = author_of(statement)
    return compact(
        {
            "resourceType": "ImagingStudy",
            "modality": _distinct([coding(code) for each in (event, technique) for code in _modalities(each)]),
            "subject": {"reference": PATIENT},
            "started": own or _began(statement.source, event) or _began(statement.source, technique),
            "interpreter": [author] if author and author.get("type") == "Practitioner" else None,
            "procedureCode": [said] if (said := concept_of(statement, coded)) else None,
            "description": about.text if technique is not None else None,
            "note": notes_of(about) if technique is not None else None,
        }
    )


def _series(statement: Statement) -> Resource | None:
    """A series; None without its UID."""
    uid = read_identifier(child(statement.element, "id"))
    if uid is None:
        return None
    instances = (_instance(inner) for inner in statement.find(*INSTANCE))
    code = child(statement.element, "code")
    return compact(
        {
            "uid": uid.root,
            "modality": next((coding(each) for each in _qualified(code) if each.code), None) or reason_of(""),
            "bodySite": _site(statement),
            "started": effective_of(statement).get("effectiveDateTime"),
            "instance": [each for each in instances if each],
        }
    )


def _site(statement: Statement) -> Resource | None:
    said = site_of(statement, child(statement.element, "targetSiteCode"))
    return next(iter(said.get("coding", ())), None) if said else None


def _instance(statement: Statement) -> Resource | None:
    """An image or another object (a Key Object Selection, a dose report): its UID and the UID of its class."""
    uid, kind = read_identifier(child(statement.element, "id")), attribute(child(statement.element, "code"), "code")
    if uid is None:
        return None
    named = {"system": URIS, "code": uri_of(kind)} if kind else reason_of("")
    return {"uid": uid.root, "sopClass": named}


def _qualified(code: Element | None) -> list[Code]:
    """The modality that a series' code is qualified with."""
    found = []
    for qualifier in children(code, "qualifier"):
        if attribute(child(qualifier, "name"), "code") == _MODALITY:
            found += [code for code in (read_code(child(qualifier, "value")),) if code is not None]
    return found


def _modalities(element: Element | None) -> Iterator[Code]:
    """The modalities (DICOM codes) of an act: among the translations of its code, and as its method."""
    for code in (read_code(child(element, "code")), read_code(child(element, "methodCode"))):
        yield from (each for each in every_code(code) if each.system == _DICOM) if code is not None else ()


def _distinct(codings: list[Resource]) -> list[Resource]:
    return list({each["code"]: each for each in reversed(codings) if "code" in each}.values())[::-1]


def _began(source: Source, element: Element | None) -> str | None:
    when = child(element, "effectiveTime")
    time = time_at(source, when) or time_at(source, child(when, "low"))
    return time.fhir if time else None


def _accessions(source: Source) -> list[Resource]:
    """The accession number of the order that the document answers to; none when several could be this study's."""
    numbers = accession_numbers(source)
    return numbers if len(numbers) == 1 else []


def accession_numbers(source: Source) -> list[Resource]:
    """The accession numbers of the orders that the document answers to."""
    return [found for order in children(source.root, "inFulfillmentOf") for found in _numbers(child(order, "order"))]


def _numbers(order: Element | None) -> list[Resource]:
    elements = list(order.iterchildren(_NUMBER)) if order is not None else []
    return [{"type": _ACCESSION, **identifier(number)} for each in elements if (number := read_identifier(each)) is not None]


def events_of(source: Source) -> list[Element]:
    """The acts of the header."""
    return [event for link in children(source.root, "documentationOf") if (event := child(link, "serviceEvent")) is not None]


def _technique_like(source: Source, code: Code | None) -> Element | None:
    """The section entry on the technique of the same act."""
    wanted = _codes(code)
    return next((each for each in _with_template(source, "procedure", TECHNIQUE) if wanted & _codes(read_code(child(each, "code")))), None)


def _codes(code: Code | None) -> set[tuple[str, str]]:
    return {(each.system, each.code) for each in every_code(code) if each.system != _DICOM} if code is not None else set()


def _with_template(source: Source, kind: str, templates: tuple[str, ...]) -> Iterator[Element]:
    for element in source.root.iter(f"{{{HL7}}}{kind}"):
        if any(attribute(template, "root") in templates for template in children(element, "templateId")):
            yield element


@about_the_citizen
def read_technique(statement: Statement) -> Found:
    """How an examination was done: part of its study. Where no study and no event of the header is of the same act, it is told alone."""
    if says_nothing(statement) or is_void(statement):
        return
    if why_no_finding(statement) or is_denied(statement):
        yield Unread(statement.place, "not-done")
        return
    same = _codes(read_code(child(statement.element, "code")))
    if not any(same & _codes(read_code(child(event, "code"))) for event in _reported(statement.source)):
        study = _study(statement, None, statement.element)
        yield fact(statement, compact({**study, "identifier": identifiers_of(statement), "status": "unknown"}))
    yield from remaining(statement)


def _reported(source: Source) -> list[Element]:
    """The examinations of the header of an imaging report: what has a modality."""
    if attribute(child(source.root, "code"), "code") != REPORT:
        return []
    return [event for event in events_of(source) if any(_modalities(event))]


def header_studies(source: Source) -> Iterator[Fact]:
    """The studies of an imaging report that only its header names."""
    reported = _reported(source)
    named = {read_identifier(child(act, "id")) for act in _with_template(source, "act", STUDY)} if reported else set()
    for number, event in enumerate(events_of(source), 1):
        uid = read_identifier(child(event, "id"))
        if event not in reported or (uid is not None and uid in named):
            continue
        place = f"ClinicalDocument/documentationOf[{number}]/serviceEvent"
        statement = Statement(source, event, f"event.{number}", place)
        study = _study(statement, event, _technique_like(source, read_code(child(event, "code"))))
        ids = [_numbered(event), *_accessions(source)]
        yield fact(statement, compact({**study, "identifier": list(filter(None, ids)), "status": "unknown"}))


def _numbered(event: Element) -> Resource | None:
    """The number of an act of the header: a UID of DICOM when it is an OID alone."""
    uid = read_identifier(child(event, "id"))
    if uid is None or uid.extension:
        return identifier(uid) if uid else None
    return {"system": _DICOM_UID, "value": uri_of(uid.root)} if uri_of(uid.root).startswith("urn:oid:") else identifier(uid)


@about_the_citizen
def read_product(statement: Statement) -> Found:
    """A contrast or radiopharmaceutical product that was given for the examination."""
    if says_nothing(statement) or is_void(statement):
        return
    if why_no_finding(statement) or is_denied(statement):
        yield Unread(statement.place, "not-done")
        return
    amount = child(statement.element, "doseQuantity")
    dose = quantity_of(amount) or quantity_of(child(amount, "low")) or quantity_of(child(amount, "center"))
    # R4 wants a dose in a dosage (mad-1).
    dosage = compact({"route": concept_of(statement, child(statement.element, "routeCode")), "dose": dose}) if dose else None
    when = effective_of(statement)
    yield fact(
        statement,
        compact(
            {
                "resourceType": "MedicationAdministration",
                **medication(consumed(statement)),
                "identifier": identifiers_of(statement),
                "status": {"aborted": "stopped", "cancelled": "not-done"}.get(statement.status, "completed"),
                "subject": {"reference": PATIENT},
                **(when or {"_effectiveDateTime": reason_of("")}),
                "note": notes_of(statement),
                "dosage": dosage,
            }
        ),
    )
    yield from remaining(statement)


@about_the_citizen
def read_radiation(statement: Statement) -> Found:
    """The exposure to ionising radiation, with who authorised it; what was measured stands beside it."""
    code = code_or_text(statement)
    if says_nothing(statement) or is_void(statement):
        return
    if code is None or is_denied(statement) or why_no_finding(statement):
        yield Unread(statement.place, "no-code" if code is None else "not-done")
        return
    said = {"valueString": code["text"]} if code.get("coding") and code.get("text") else not_said()
    yield fact(statement, observation(statement, code, said, "imaging"))
    yield from remaining(statement)
