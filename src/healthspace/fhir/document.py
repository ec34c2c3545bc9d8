"""From a FHIR document to its description in the record (a DocumentReference) and to what a person reads."""

import re
from collections.abc import Collection
from typing import Any

from healthspace.base import fhirjson, html
from healthspace.base.documents import Attachment, Rendered
from healthspace.base.errors import Invalid
from healthspace.base.fhirjson import Contained, Resource, compact, extension
from healthspace.base.media import checked_type, decode_base64
from healthspace.fhir.bundle import (
    composition_of,
    dicts,
    index_of,
    ins_of,
    patient_of,
    patient_traits,
    read_document_bundle,
    resolve,
    string,
)
from healthspace.fhir.dates import instants_of
from healthspace.fhir.narrative import XhtmlWriter
from healthspace.terminology.code_systems import CONFIDENTIALITY, system_of
from healthspace.terminology.document_types import DEFAULT_CLASS, class_of_type, class_system
from healthspace.terminology.formats import FALLBACK
from healthspace.terminology.labels import label_of_class
from healthspace.terminology.uris import URIS

__all__ = ["document_reference", "patient_traits", "read_document_bundle", "render"]

_STATUSES = {"preliminary": "preliminary", "final": "final", "amended": "amended", "entered-in-error": "entered-in-error"}
_KEPT = {
    "Patient": "identifier name telecom gender birthDate deceasedBoolean deceasedDateTime address",
    "Practitioner": "identifier name telecom address",
    "PractitionerRole": "identifier code specialty telecom",
    "Organization": "identifier type name telecom address",
    "Device": "identifier deviceName type manufacturer modelNumber version",
    "RelatedPerson": "identifier relationship name telecom address",
}
"""What is kept, in a DocumentReference, of the people and places that the document carries."""
_LINKS = {"PractitionerRole": ("practitioner", "organization"), "Device": ("owner",)}
_AUTHENTICATORS = frozenset({"Practitioner", "PractitionerRole", "Organization"})
_DEPTH_LIMIT = 20
_WHOLE_TIME = re.compile(r"[\d-]{10}T\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", re.ASCII)


def document_reference(bundle: Resource, data: bytes) -> Resource:
    """The DocumentReference of the document `bundle`, received as `data`; the same shape as that of a CDA document.

    Raises Invalid (FHIRPath) when it has no identifier, type, readable date or national health identity.
    """
    composition, patient, keeper = composition_of(bundle), patient_of(bundle), _Keeper(bundle)
    ins, kind = ins_of(patient), _require_type(composition)
    source = keeper.keep(patient)
    parts = {
        "meta": {"profile": [fhirjson.PROFILE]},
        "masterIdentifier": _master_identifier(bundle, composition),
        "status": "current",
        "docStatus": _STATUSES.get(string(composition.get("status"))),
        "type": kind,
        "category": [_category(kind)],
        "subject": {"type": "Patient", "identifier": {"system": f"urn:oid:{ins.system}", "value": ins.value}},
        "date": _require_date(composition),
        "author": _authors(keeper, composition),
        "authenticator": _authenticator(keeper, composition),
        "custodian": keeper.refer(composition.get("custodian"), ("Organization",)),
        "relatesTo": _relations(composition),
        "securityLabel": [_confidentiality(composition)],
        "content": [
            {"attachment": _attachment(composition, data), "format": {"system": f"urn:oid:{FALLBACK.scheme}", "code": FALLBACK.code}}
        ],
        "context": _context(composition, source),
    }
    return compact({"resourceType": "DocumentReference", "contained": keeper.contained.resources, **parts})


def _master_identifier(bundle: Resource, composition: Resource) -> Resource:
    """The identifier of this version of the document: the Bundle's (R4: documents.html), else the Composition's."""
    for given in (bundle.get("identifier"), composition.get("identifier")):
        system, value = (string(given.get("system")), string(given.get("value"))) if isinstance(given, dict) else ("", "")
        if not value:
            continue
        if system.startswith("urn:oid:"):
            return {"system": URIS, "value": f"{system}^{value}"}
        return compact({"system": system, "value": value.lower() if value.lower().startswith("urn:uuid:") else value})
    raise Invalid("The document has no identifier.", place="Bundle.identifier")


def _require_type(composition: Resource) -> Resource:
    kind = composition.get("type")
    codes = [code for code in dicts(kind.get("coding")) if string(code.get("code"))] if isinstance(kind, dict) else []
    if not codes:
        raise Invalid("The document does not say of what type it is.", place="Bundle.entry[0].resource.type")
    return compact({"coding": codes, "text": string(kind.get("text")) if isinstance(kind, dict) else ""})


def _require_date(composition: Resource) -> str:
    """Composition.date as an instant; a date alone is its first moment, in UTC as FHIR reads dates without a zone."""
    date = string(composition.get("date"))
    if instants_of(date) is None or ("T" in date and not _WHOLE_TIME.fullmatch(date)):
        raise Invalid(
            "The document does not say when it was made, or says it in a way that is no date.", place="Bundle.entry[0].resource.date"
        )
    return date if "T" in date else f"{(date + '-01-01')[:10]}T00:00:00Z"


def _category(kind: Resource) -> Resource:
    known = next(filter(None, (class_of_type(string(code.get("code"))) for code in kind["coding"])), None)
    code = known or DEFAULT_CLASS
    assumed = extension(fhirjson.ASSUMED, "valueBoolean", True) if known is None else None
    return {"coding": [compact({"extension": assumed, "system": class_system(code), "code": code, "display": label_of_class(code, "fr")})]}


def _confidentiality(composition: Resource) -> Resource:
    code = string(composition.get("confidentiality")) or "N"
    return {"coding": [{"system": system_of(CONFIDENTIALITY), "code": code}]}


class _Keeper:
    """Keeps, inside a DocumentReference, the identity of the people and places that the document carries."""

    def __init__(self, bundle: Resource) -> None:
        self.contained = Contained()
        self._composition, self._index = composition_of(bundle), index_of(bundle)
        self._kept: dict[int, str] = {}

    def keep(self, resource: Resource) -> str:
        """The local reference to what is kept of `resource`, and of what it points to."""
        if id(resource) not in self._kept:
            self._kept[id(resource)] = self._contain(resource)
        return self._kept[id(resource)]

    def refer(self, reference: Any, kinds: Collection[str]) -> Resource | None:
        """A reference to what is kept, of one of `kinds`; what lies outside the document keeps its identifier and name only."""
        target = resolve(self._index, reference, self._composition)
        if target is not None:
            return {"reference": self.keep(target)} if target.get("resourceType") in kinds else None
        if not isinstance(reference, dict) or string(reference.get("type")) not in {"", *kinds}:
            return None
        return compact({key: reference.get(key) for key in ("type", "identifier", "display")}) or None

    def _contain(self, resource: Resource) -> str:
        kind = resource["resourceType"]
        kept = {key: resource.get(key) for key in _KEPT[kind].split()}
        if kind == "Patient":
            kept["extension"] = [each for each in dicts(resource.get("extension")) if each.get("url") == fhirjson.BIRTH_PLACE]
        if kind == "RelatedPerson":
            kept["patient"] = {"reference": "#patient-1"}
        for link in _LINKS.get(kind, ()):
            target = resolve(self._index, resource.get(link), resource)
            if target is not None and target.get("resourceType") in ("Practitioner", "Organization"):
                kept[link] = {"reference": self.keep(target)}
        return self.contained.add(compact({"resourceType": kind, **kept}), kind.lower())


def _authors(keeper: _Keeper, composition: Resource) -> list[Resource]:
    found = (keeper.refer(author, _KEPT) for author in dicts(composition.get("author")))
    return [author for author in found if author is not None]


def _authenticator(keeper: _Keeper, composition: Resource) -> Resource | None:
    """Who attests the document: a legal attestation first."""
    attesters = sorted(dicts(composition.get("attester")), key=lambda each: each.get("mode") != "legal")
    for attester in attesters:
        party = keeper.refer(attester.get("party"), _AUTHENTICATORS)
        if party is not None:
            when = string(attester.get("time"))
            return compact({"extension": extension(fhirjson.PART_TIME, "valueDateTime", when if instants_of(when) else ""), **party})
    return None


def _relations(composition: Resource) -> list[Resource]:
    relations = []
    for related in dicts(composition.get("relatesTo")):
        identifier, reference = related.get("targetIdentifier"), related.get("targetReference")
        target = {"identifier": identifier} if isinstance(identifier, dict) else _outside(reference)
        if target and related.get("code") in ("replaces", "transforms", "signs", "appends"):
            relations.append({"code": related["code"], "target": target})
    return relations


def _outside(reference: Any) -> Resource:
    """A reference to another document: by its identifier, or by its URI when it has only that."""
    if not isinstance(reference, dict):
        return {}
    if isinstance(reference.get("identifier"), dict):
        return {"identifier": reference["identifier"]}
    uri = string(reference.get("reference"))
    return {"identifier": {"system": URIS, "value": uri}} if uri.startswith("urn:") else {}


def _attachment(composition: Resource, data: bytes) -> Resource:
    return compact(
        {
            "contentType": "application/fhir+json",
            "language": string(composition.get("language")),
            **fhirjson.describe_bytes(data),
            "title": string(composition.get("title")),
            "creation": string(composition.get("date")),
        }
    )


def _context(composition: Resource, source: str) -> Resource:
    events = dicts(composition.get("event"))
    period = next((event["period"] for event in events if isinstance(event.get("period"), dict)), None)
    codes = [code for event in events for code in dicts(event.get("code"))]
    return compact({"event": codes, "period": period, "sourcePatientInfo": {"reference": source}})


def render(bundle: Resource, *, level: int = 2, prefix: str = "document-", language: str = "fr") -> Rendered:
    """Renders a FHIR document: the narratives of its sections in order, then that of the Composition itself.

    `level`, `prefix` and `language` are as in `healthspace.cda.render`; none of our own words is needed here.
    """
    composition = composition_of(bundle)
    warnings: list[str] = []
    files = read_files(bundle, warnings)
    pictures = {url: (file.data, file.media_type) for url, file in files if url}
    writer = XhtmlWriter(prefix, pictures.get)
    shown = "".join(_render_section(section, writer, level, 0) for section in dicts(composition.get("section")))
    shown += _narrative(composition, writer, level)
    warnings += writer.warnings
    return Rendered(shown, tuple(file for _, file in files), tuple(dict.fromkeys(warnings)))


def _render_section(section: Resource, writer: XhtmlWriter, level: int, depth: int) -> str:
    code = section.get("code")
    displays = [string(each.get("display")) for each in dicts(code.get("coding"))] if isinstance(code, dict) else []
    title = string(section.get("title")) or (string(code.get("text")) if isinstance(code, dict) else "") or next(filter(None, displays), "")
    heading = html.heading(level, html.text(title)) if title else ""
    below = level + 1 if title else level
    inside = (
        "".join(_render_section(each, writer, below, depth + 1) for each in dicts(section.get("section"))) if depth < _DEPTH_LIMIT else ""
    )
    return html.element("section", heading + _narrative(section, writer, below) + inside, {"class": "document-section"})


def _narrative(element: Resource, writer: XhtmlWriter, level: int) -> str:
    text = element.get("text")
    div = string(text.get("div")) if isinstance(text, dict) else ""
    return writer.write(div, level) if div else ""


def read_files(bundle: Resource, warnings: list[str]) -> list[tuple[str, Attachment]]:
    """The files in the document, each with its fullUrl: Binary resources, and data inside DocumentReference, Media and reports."""
    found = []
    for entry in bundle["entry"]:
        resource = entry.get("resource")
        if not isinstance(resource, dict):
            continue
        for content in _file_contents(resource):
            if content.get("data") is None:
                continue
            data = decode_base64(string(content["data"]))
            if data is None:
                warnings.append("a file is not valid base64")
                continue
            media_type = checked_type(data, string(content.get("contentType")))
            found.append((string(entry.get("fullUrl")), Attachment(string(content.get("title")), media_type, data)))
    return found


def _file_contents(resource: Resource) -> list[Resource]:
    kind = resource.get("resourceType")
    if kind == "Binary":
        return [resource]
    if kind == "DocumentReference":
        return [part["attachment"] for part in dicts(resource.get("content")) if isinstance(part.get("attachment"), dict)]
    if kind == "Media":
        return dicts([resource.get("content")])
    return dicts(resource.get("presentedForm")) if kind == "DiagnosticReport" else []
