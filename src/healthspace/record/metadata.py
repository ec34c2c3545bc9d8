"""The DocumentReference of a document that cannot describe itself (PDF, JPEG, TIFF, RTF, text), from what its depositor says."""

import hashlib
import re
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from healthspace.access.labels import with_labels
from healthspace.base.errors import Invalid
from healthspace.identity.caller import Caller, Kind
from healthspace.identity.directory import FINESS_OID, RPPS_OID
from healthspace.identity.ins import Ins
from healthspace.resources.stored import instant
from healthspace.terminology.code_systems import DOCUMENT_TYPES, LOINC, system_of
from healthspace.terminology.document_types import DEFAULT_CLASS, class_of_type, class_system
from healthspace.terminology.formats import format_of
from healthspace.terminology.labels import label_of_class, label_of_type
from healthspace.terminology.uris import CONFIDENTIALITY, URIS

NORMAL = {"coding": [{"system": CONFIDENTIALITY, "code": "N", "display": "normal"}]}
LOINC_CODE = re.compile(r"\d{1,7}-\d", re.ASCII)


@dataclass(frozen=True, slots=True)
class Described:
    """What a depositor says of a document: its type (a code of JDV_J07), its patient, its title and date, who it is from.

    `written_by` names whoever wrote a document that its depositor only brought; `labels` are visibility codes of TRE_A07.
    """

    type_code: str
    ins: Ins
    title: str | None
    date: datetime
    author: Caller
    unique_id: str | None = None
    written_by: str = ""
    labels: frozenset[str] = frozenset()


def describe(told: Described, content: bytes, media_type: str) -> dict[str, Any]:
    """A DocumentReference after PDSm, without identifier of ours; its unique id is derived from the bytes when none is given."""
    type_ = type_coding(told.type_code)
    format_ = format_of((), media_type)
    unique_id = told.unique_id or derive_unique_id(str(told.ins), content)
    return {
        "resourceType": "DocumentReference",
        "contained": _contained(told),
        "masterIdentifier": {"system": URIS, "value": unique_id},
        "status": "current",
        "type": {"coding": [type_]},
        "category": [{"coding": [class_coding(told.type_code)]}],
        "subject": {"identifier": {"system": f"urn:oid:{told.ins.system}", "value": told.ins.value}},
        "date": instant(told.date),
        "author": [{"reference": "#author"}, *([{"display": told.written_by}] if told.written_by else [])],
        "securityLabel": with_labels([NORMAL], told.labels),
        "content": [
            {
                "attachment": {
                    "contentType": media_type,
                    "language": "fr-FR",
                    "title": told.title or type_.get("display") or told.type_code,
                    "creation": instant(told.date),
                },
                "format": {"system": f"urn:oid:{format_.scheme}", "code": format_.code},
            }
        ],
        "context": {"sourcePatientInfo": {"reference": "#patient"}},
    }


def type_coding(code: str) -> dict[str, str]:
    """The Coding of a document type: LOINC when the code is written like one, else TRE_A05. Invalid when it is in neither."""
    if not LOINC_CODE.fullmatch(code) and class_of_type(code) is None:
        raise Invalid("this is no code of a document type: neither LOINC nor TRE_A05", place="DocumentReference.type")
    oid = LOINC if LOINC_CODE.fullmatch(code) else DOCUMENT_TYPES
    display = label_of_type(code, "fr")
    return {"system": system_of(oid), "code": code, **({"display": display} if display else {})}


def class_coding(type_code: str) -> dict[str, str]:
    """The Coding of the class that a document type belongs to."""
    code = class_of_type(type_code) or DEFAULT_CLASS
    display = label_of_class(code, "fr")
    return {"system": class_system(code), "code": code, **({"display": display} if display else {})}


def _contained(told: Described) -> list[dict[str, Any]]:
    patient: dict[str, Any] = {
        "resourceType": "Patient",
        "id": "patient",
        "identifier": [{"system": f"urn:oid:{told.ins.system}", "value": told.ins.value}],
    }
    author: dict[str, Any] = {"resourceType": "PractitionerRole", "id": "author"}
    caller = told.author
    if caller.kind is Kind.CITIZEN:
        return [patient, {**patient, "id": "author"}]
    if caller.rpps:
        author["practitioner"] = {"identifier": {"system": RPPS_OID, "value": f"8{caller.rpps}"}, "display": caller.name}
    if caller.finess:
        author["organization"] = {"identifier": {"system": FINESS_OID, "value": f"1{caller.finess}"}, "display": caller.structure}
    return [patient, author]


def derive_unique_id(patient: str, content: bytes) -> str:
    """The same bytes for the same citizen are the same document, so that a repeated deposit is recognised (RFC 9562, version 5)."""
    namespace = uuid.uuid5(uuid.NAMESPACE_OID, patient)
    return f"urn:uuid:{uuid.uuid5(namespace, hashlib.sha256(content).hexdigest())}"
