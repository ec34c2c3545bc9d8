"""Synthetic documents to deposit, and the FHIR requests that carry them. Factories take only what a test is about."""

import base64
import hashlib
from typing import Any
from uuid import UUID, uuid4

from healthspace.identity.ins import TEST
from tests.harness import some_traits

LIST_TYPES = "https://profiles.ihe.net/ITI/MHD/CodeSystem/MHDlistTypes"
PDF = b"%PDF-1.4\n%an invented letter\n%%EOF\n"
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00 an invented picture"
TEXT = "Compte rendu inventé : tout va bien, à bientôt.\n".encode()

_CDA = """<?xml version="1.0" encoding="{encoding}"?>
<ClinicalDocument xmlns="urn:hl7-org:v3" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
  <realmCode code="FR"/><typeId root="2.16.840.1.113883.1.3" extension="POCD_HD000040"/>
  <templateId root="1.2.250.1.213.1.1.1.55"/>
  <id root="{root}"{extension}/>
  <code code="{type_code}" codeSystem="2.16.840.1.113883.6.1" displayName="Un document"/>
  <title>{title}</title>
  <effectiveTime value="{time}"/>
  <confidentialityCode code="N" codeSystem="2.16.840.1.113883.5.25" displayName="Normal"/>
  <languageCode code="fr-FR"/>
  {versions}
  <recordTarget><patientRole>
    <id root="{ins_system}" extension="{ins}"/>
    <patient>
      <name><given>{given}</given><family qualifier="BR">{family}</family></name>
      <administrativeGenderCode code="{sex}" codeSystem="2.16.840.1.113883.5.1"/>
      <birthTime value="{birth}"/>
    </patient>
  </patientRole></recordTarget>
  <author><time value="{time}"/><assignedAuthor>
    <id root="1.2.250.1.71.4.2.1" extension="881000000086"/>
    <assignedPerson><name><family>ROBIN</family><given>Julie</given></name></assignedPerson>
  </assignedAuthor></author>
  <custodian><assignedCustodian><representedCustodianOrganization>
    <id root="1.2.250.1.71.4.2.2" extension="1990000052"/><name>Un laboratoire</name>
  </representedCustodianOrganization></assignedCustodian></custodian>
  <documentationOf><serviceEvent>
    <code code="{event}" codeSystem="1.2.250.1.213.1.1.4.322" displayName="Un acte"/>
    <effectiveTime><low value="{began}"/><high value="{ended}"/></effectiveTime>
    <performer typeCode="PRF"><assignedEntity><id root="1.2.250.1.71.4.2.1" extension="881000000086"/>
      <representedOrganization><name>Un laboratoire</name>
        <standardIndustryClassCode code="{setting}" codeSystem="1.2.250.1.213.1.1.4.9" displayName="Un cadre"/>
      </representedOrganization></assignedEntity></performer>
  </serviceEvent></documentationOf>
  {replaces}
  <componentOf><encompassingEncounter>
    <effectiveTime><low value="{began}"/></effectiveTime>
    <location><healthCareFacility>
      <code code="{facility}" codeSystem="1.2.250.1.71.4.2.4" displayName="Un lieu"/>
    </healthCareFacility></location>
  </encompassingEncounter></componentOf>
  <component><structuredBody><component><section>
    <title>Résultats</title><text><paragraph>{words}</paragraph></text>
  </section></component></structuredBody></component>
</ClinicalDocument>
"""


def a_cda(number: int = 1, *, encoding: str = "UTF-8", **changes: Any) -> bytes:
    """A clinical document about citizen `number` of `some_traits`, with a new unique id unless `root` says which.

    `replaces` is the root of the document it replaces; `set_root` and `version` its place in a set.
    """
    traits = some_traits(number)
    set_root, version, replaces = (changes.pop(name, None) for name in ("set_root", "version", "replaces"))
    versions = f'<setId root="{set_root}"/><versionNumber value="{version}"/>' if set_root else ""
    relation = (
        f'<relatedDocument typeCode="RPLC"><parentDocument><id root="{replaces}"/></parentDocument></relatedDocument>' if replaces else ""
    )
    extension = f' extension="{changes.pop("extension")}"' if "extension" in changes else ""
    facts = {
        "root": a_root(),
        "type_code": "11502-2",
        "title": "Résultats d’analyses",
        "time": "20240305103000+0100",
        "ins_system": TEST,
        "ins": traits.ins.value,
        "family": traits.family,
        "given": " ".join(traits.given),
        "sex": "F",
        "birth": traits.birth_date.replace("-", ""),
        "event": "ACTE-1",
        "began": "20240304080000+0100",
        "ended": "20240304090000+0100",
        "setting": "AMBULATOIRE",
        "facility": "SA25",
        "words": "Tout va bien.",
    }
    written = _CDA.format(encoding=encoding, versions=versions, replaces=relation, extension=extension, **{**facts, **changes})
    return written.encode(encoding, "xmlcharrefreplace")


def a_root() -> str:
    """A new unique id, as the root of an HL7 identifier."""
    return f"2.25.{uuid4().int}"


def subject_of(number: int = 1) -> dict[str, Any]:
    """The subject of a resource, by INS."""
    return {"identifier": {"system": f"urn:oid:{TEST}", "value": some_traits(number).ins.value}}


def query_by_ins(number: int = 1) -> str:
    return f"urn:oid:{TEST}|{some_traits(number).ins.value}"


def a_reference(content: bytes | None = None, *, number: int = 1, media_type: str = "text/xml", **changes: Any) -> dict[str, Any]:
    """The body of an ITI-105 deposit: a DocumentReference with the document inside."""
    attachment = {"contentType": media_type, "data": base64.b64encode(a_cda(number) if content is None else content).decode()}
    reference = {
        "resourceType": "DocumentReference",
        "status": "current",
        "subject": subject_of(number),
        "content": [{"attachment": attachment}],
    }
    return {**reference, **changes}


def of_type(code: str = "60591-5") -> dict[str, Any]:
    return {"coding": [{"system": "http://loinc.org", "code": code}]}


def labelled(code: str) -> list[dict[str, Any]]:
    """`securityLabel` with a masking code of the French list."""
    return [{"coding": [{"system": "urn:oid:1.2.250.1.213.1.1.4.13", "code": code}]}]


def a_bundle(
    *contents: bytes, number: int = 1, references: list[dict[str, Any]] | None = None, patches: tuple[UUID | str, ...] = ()
) -> dict[str, Any]:
    """The body of an ITI-65 deposit; `references` are changes to each DocumentReference, `patches` what is declared superseded."""
    documents = contents or (a_cda(number),)
    changes = references or [{} for _ in documents]
    entries = [_post(a_submission_set(number, len(documents)), "urn:uuid:set")]
    for position, (content, change) in enumerate(zip(documents, changes, strict=True)):
        media_type = "text/xml" if content.lstrip()[:1] == b"<" or b"\x00" in content else "application/pdf"
        reference = {
            "resourceType": "DocumentReference",
            "status": "current",
            "subject": subject_of(number),
            "content": [{"attachment": {"contentType": media_type, "url": f"urn:uuid:binary-{position}"}}],
            **change,
        }
        binary = {"resourceType": "Binary", "contentType": media_type, "data": base64.b64encode(content).decode()}
        entries += [_post(reference, f"urn:uuid:document-{position}"), _post(binary, f"urn:uuid:binary-{position}")]
    return {"resourceType": "Bundle", "type": "transaction", "entry": [*entries, *(a_patch(named) for named in patches)]}


def a_submission_set(number: int = 1, documents: int = 1, code: str = "submissionset", **changes: Any) -> dict[str, Any]:
    named = [{"item": {"reference": f"urn:uuid:document-{position}"}} for position in range(documents)]
    given = {
        "resourceType": "List",
        "status": "current",
        "mode": "working",
        "code": {"coding": [{"system": LIST_TYPES, "code": code}]},
        "subject": subject_of(number),
        "date": "2024-03-05T10:30:00+01:00",
        "entry": named,
    }
    return {**given, **changes}


def a_folder(number: int = 1, documents: int = 1) -> dict[str, Any]:
    return _post(a_submission_set(number, documents, "folder", title="Un dossier"), "urn:uuid:folder")


def a_patch(named: UUID | str, value: str = "superseded", path: str = "DocumentReference.status") -> dict[str, Any]:
    """The entry that declares a document superseded (FHIRPath Patch; TD2.1)."""
    parts = [{"name": "type", "valueCode": "replace"}, {"name": "path", "valueString": path}, {"name": "value", "valueCode": value}]
    parameters = {"resourceType": "Parameters", "parameter": [{"name": "operation", "part": parts}]}
    return {"resource": parameters, "request": {"method": "PATCH", "url": f"DocumentReference/{named}"}}


def a_fhir_document(number: int = 1, identifier: str | None = None, **patient: Any) -> dict[str, Any]:
    """A FHIR document Bundle about citizen `number`."""
    traits = some_traits(number)
    person = {
        "resourceType": "Patient",
        "id": "p",
        "identifier": [{"system": f"urn:oid:{traits.ins.system}", "value": traits.ins.value}],
        "name": [{"use": "official", "family": traits.family, "given": list(traits.given)}],
        "gender": traits.gender,
        "birthDate": traits.birth_date,
        **patient,
    }
    composition = {
        "resourceType": "Composition",
        "status": "final",
        "type": {"coding": [{"system": "http://loinc.org", "code": "60591-5"}]},
        "subject": {"reference": "urn:uuid:p"},
        "date": "2024-03-05T10:30:00+01:00",
        "title": "Synthèse",
        "author": [{"display": "Un médecin"}],
        "section": [
            {"title": "Une section", "text": {"status": "generated", "div": "<div xmlns='http://www.w3.org/1999/xhtml'>Rien</div>"}}
        ],
    }
    return {
        "resourceType": "Bundle",
        "type": "document",
        "identifier": {"system": "urn:ietf:rfc:3986", "value": identifier or f"urn:uuid:{uuid4()}"},
        "timestamp": "2024-03-05T10:30:00+01:00",
        "entry": [{"fullUrl": "urn:uuid:c", "resource": composition}, {"fullUrl": "urn:uuid:p", "resource": person}],
    }


def sha1_of(content: bytes) -> str:
    return base64.b64encode(hashlib.sha1(content, usedforsecurity=False).digest()).decode()


def _post(resource: dict[str, Any], full_url: str) -> dict[str, Any]:
    return {"fullUrl": full_url, "resource": resource, "request": {"method": "POST", "url": resource["resourceType"]}}
