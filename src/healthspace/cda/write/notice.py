"""A document that a service writes by itself about a citizen: words in sections, by a device, signed by nobody (CI-SIS, SNR).

The parts follow what the national insurance sends of itself: an authoring device, and its name where the framework wants a signature.
"""

from dataclasses import dataclass
from datetime import datetime

from healthspace.cda.write.body import Numbering, Paragraph, Section, write_document
from healthspace.cda.write.codes import (
    CONFIDENTIALITY,
    FACILITY,
    LOINC,
    PERSON_ID,
    SETTING,
    STRUCTURE_ID,
    Code,
    Identifier,
    coded,
    identified,
    templates,
)
from healthspace.cda.write.header import FRENCH_HEADER, clock, record_target
from healthspace.cda.write.values import Patient
from healthspace.cda.write.xml import Node, e

NORMAL = Code("N", CONFIDENTIALITY, "Normal")
SERVICE_FACILITY = Code("SNR", FACILITY, "Service numérique référencé")
SERVICE_SETTING = Code("SNR", SETTING, "Service numérique référencé")
WORDS = Code("55112-7", LOINC, "Commentaire sur le document")


@dataclass(frozen=True, slots=True)
class Service:
    """A program that writes documents: its identifier as an author and as a structure, and its name."""

    identifier: str
    name: str


@dataclass(frozen=True, slots=True)
class Notice:
    """What such a document says: its type, and its sections, each a title and its paragraphs. `unique_id` is an OID."""

    unique_id: str
    title: str
    type: Code
    created: datetime
    patient: Patient
    service: Service
    sections: tuple[tuple[str, tuple[str, ...]], ...]


def write_notice(notice: Notice) -> bytes:
    """The document's bytes: level 2, the same for the same notice."""
    sections = tuple(
        Section(("2.16.840.1.113883.10.12.201", "1.3.6.1.4.1.19376.1.4.1.2.16"), WORDS, title, tuple(map(Paragraph, paragraphs)))
        for title, paragraphs in notice.sections
    )
    return write_document(_header(notice), sections, Numbering(notice.unique_id))


def _header(notice: Notice) -> tuple[Node, ...]:
    moment, service = clock(notice.created), notice.service
    author, place = identified(Identifier(PERSON_ID, service.identifier)), _place(service)
    facility = e("healthCareFacility", coded("code", SERVICE_FACILITY), e("location", e("name", service.name)))
    performer = e("assignedEntity", author, e("representedOrganization", coded("standardIndustryClassCode", SERVICE_SETTING)))
    return (
        e("realmCode", code="FR"),
        e("typeId", root="2.16.840.1.113883.1.3", extension="POCD_HD000040"),
        *templates(*FRENCH_HEADER),
        e("id", root=notice.unique_id),
        coded("code", notice.type),
        e("title", notice.title),
        e("effectiveTime", value=moment),
        coded("confidentialityCode", NORMAL),
        e("languageCode", code="fr-FR"),
        record_target(notice.patient),
        e("author", e("time", value=moment), e("assignedAuthor", author, *_unknown(), _device(service), place)),
        e("custodian", e("assignedCustodian", Node("representedCustodianOrganization", (), place.children))),
        e(
            "legalAuthenticator",
            e("time", value=moment),
            e("signatureCode", code="S"),
            e("assignedEntity", author, *_unknown(), e("assignedPerson", e("name", e("given", "."), e("family", service.name)))),
        ),
        e("documentationOf", e("serviceEvent", e("effectiveTime", e("low", value=moment)), e("performer", performer, typeCode="PRF"))),
        e("componentOf", e("encompassingEncounter", e("effectiveTime", nullFlavor="NA"), e("location", facility))),
    )


def _place(service: Service) -> Node:
    return e("representedOrganization", identified(Identifier(STRUCTURE_ID, service.identifier)), e("name", service.name))


def _device(service: Service) -> Node:
    return e("assignedAuthoringDevice", e("manufacturerModelName", "."), e("softwareName", service.name))


def _unknown() -> tuple[Node, ...]:
    return e("addr", nullFlavor="NASK"), e("telecom", nullFlavor="NASK")
