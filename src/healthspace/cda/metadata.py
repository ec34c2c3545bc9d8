"""From the header of a clinical document to its description in the record: a FHIR R4 DocumentReference.

Profile: French document sharing (PDSm), comprehensive. The table header → XDS → FHIR is that of the French framework's
minimal structure and of IHE XDS and MHD.
"""

from healthspace.base import fhirjson
from healthspace.base.errors import Invalid
from healthspace.base.fhirjson import Contained, Resource, compact, extension
from healthspace.cda.contained import (
    coding,
    concept,
    concepts,
    contain_author,
    contain_organization,
    contain_patient,
    contain_professional,
    dated,
    identifier,
    period,
    raw_time,
    unique_id,
)
from healthspace.cda.header import Header, require_ins
from healthspace.cda.people import Party
from healthspace.cda.times import Time
from healthspace.cda.values import Code, Identifier, every_code
from healthspace.terminology.code_systems import CONFIDENTIALITY, is_instance_root, uri_of
from healthspace.terminology.document_types import DEFAULT_CLASS, class_of_type, class_system
from healthspace.terminology.formats import format_of
from healthspace.terminology.labels import label_of_class
from healthspace.terminology.uris import URIS

XML = "text/xml"
SELF_PRESENTING = "application/xslt+xml"
_RELATIONS = {"RPLC": "replaces", "APND": "appends", "XFRM": "transforms"}
_STATUSES = {"completed": "final", "aborted": "final", "cancelled": "final", "nullified": "entered-in-error"}
_NORMAL = Code(code="N", system=CONFIDENTIALITY, display="Normal")


def document_reference(header: Header, data: bytes, *, self_presenting: bool) -> Resource:
    """The DocumentReference of the document `data`, ready to be stored: `id`, `identifier` and the attachment's `url` are the record's.

    Raises Invalid, with the place in the document, when it has no identifier, type, readable time or national health identity.
    """
    contained = Contained()
    patient = contain_patient(contained, header)
    parts = {
        "meta": {"profile": [fhirjson.PROFILE]},
        "extension": _version(header),
        "masterIdentifier": {"system": URIS, "value": unique_id(_require_id(header))},
        "status": "current",
        "docStatus": _doc_status(header),
        "type": concept(_require_type(header)),
        "category": [_category(_require_type(header))],
        "subject": {"type": "Patient", "identifier": identifier(require_ins(header.patient))},
        **dated("date", _require_time(header), instant=True),
        "author": _authors(contained, header),
        "authenticator": _authenticator(contained, header.legal_authenticator),
        "custodian": _reference(contain_organization(contained, header.custodian)),
        "relatesTo": _relations(header),
        "securityLabel": concepts(*header.confidentiality) or concepts(_NORMAL),
        "content": [_content(header, data, self_presenting=self_presenting)],
        "context": _context(header, patient),
    }
    return compact({"resourceType": "DocumentReference", "contained": contained.resources, **parts})


def _require_id(header: Header) -> Identifier:
    if header.id is None:
        raise Invalid("The document has no identifier.", place="ClinicalDocument/id")
    if not is_instance_root(header.id.root):
        raise Invalid("The root of the document's identifier is neither an OID nor a UUID.", place="ClinicalDocument/id")
    return header.id


def _require_type(header: Header) -> Code:
    if header.type is None or next(every_code(header.type), None) is None:
        raise Invalid("The document does not say of what type it is.", place="ClinicalDocument/code")
    return header.type


def _require_time(header: Header) -> Time:
    if header.time is None or not header.time.fhir:
        raise Invalid(
            "The document does not say when it was made, or says it in a way that is no date.", place="ClinicalDocument/effectiveTime"
        )
    return header.time


def _version(header: Header) -> list[Resource]:
    lot = {"system": URIS, "value": unique_id(header.set_id)} if header.set_id else None
    return [*extension(fhirjson.SET_ID, "valueIdentifier", lot), *extension(fhirjson.VERSION_NUMBER, "valueString", header.version)]


def _doc_status(header: Header) -> str | None:
    """The laboratory's own word first; else a signed document is final, and of an unsigned one nothing is known."""
    if header.status:
        return _STATUSES.get(header.status, "preliminary")
    signatory = header.legal_authenticator
    return "final" if signatory is not None and signatory.signature == "S" else None


def _category(kind: Code) -> Resource:
    known = next(filter(None, (class_of_type(code.code) for code in every_code(kind))), None)
    code = known or DEFAULT_CLASS
    assumed = extension(fhirjson.ASSUMED, "valueBoolean", True) if known is None else None
    return {"coding": [compact({"extension": assumed, "system": class_system(code), "code": code, "display": label_of_class(code, "fr")})]}


def _authors(contained: Contained, header: Header) -> list[Resource]:
    found = ((party, contain_author(contained, party, header.patient)) for party in header.authors)
    return [_dated_reference(target, party.time) for party, target in found if target is not None]


def _authenticator(contained: Contained, party: Party | None) -> Resource | None:
    target = contain_professional(contained, party) if party is not None else None
    return _dated_reference(target, party.time) if party is not None and target is not None else None


def _reference(target: str | None) -> Resource | None:
    return {"reference": target} if target else None


def _dated_reference(target: str, time: Time | None) -> Resource:
    when = extension(fhirjson.PART_TIME, "valueDateTime", time.fhir if time else None) + raw_time(time)
    return compact({"extension": when, "reference": target})


def _relations(header: Header) -> list[Resource]:
    return [
        {"code": _RELATIONS[related.kind], "target": {"identifier": {"system": URIS, "value": unique_id(old)}}}
        for related in header.related
        if related.kind in _RELATIONS
        for old in related.ids
    ]


def _content(header: Header, data: bytes, *, self_presenting: bool) -> Resource:
    kind = header.type
    attachment = compact(
        {
            "contentType": SELF_PRESENTING if self_presenting else XML,
            "language": header.language,
            **fhirjson.describe_bytes(data),
            "title": header.title or (kind.display or kind.text if kind else ""),
            **dated("creation", header.time),
        }
    )
    chosen = format_of((template.root for template in header.templates), header.file_type)
    return {"attachment": attachment, "format": {"system": uri_of(chosen.scheme), "code": chosen.code}}


def _context(header: Header, patient: str) -> Resource:
    stay = header.encounter
    visit = extension(fhirjson.ENCOUNTER_CLASS, "valueCoding", coding(stay.code) if stay.code else None)
    visit += extension(fhirjson.ENCOUNTER_PERIOD, "valuePeriod", period(stay.period))
    related = [*_referenced(header.orders, "PLAC"), *_referenced(header.accession_numbers, "ACSN")]
    return compact(
        {
            "extension": visit,
            "event": concepts(*(event.code for event in header.events)),
            "period": period(header.service),
            "facilityType": concept(stay.facility_type),
            "practiceSetting": concept(header.setting),
            "sourcePatientInfo": {"reference": patient},
            "related": related,
        }
    )


def _referenced(ids: tuple[Identifier, ...], kind: str) -> list[Resource]:
    """Identifiers of orders (PLAC) or imaging accession numbers (ACSN), each said once."""
    type_ = {"coding": [{"system": fhirjson.IDENTIFIER_TYPES, "code": kind}]}
    return [{"identifier": identifier(each, type=type_)} for each in dict.fromkeys(ids)]
