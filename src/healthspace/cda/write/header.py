"""The header of a document: who, about whom, where, when, in which version (CI-SIS, volet structuration minimale)."""

from datetime import date, datetime

from healthspace.cda.write.codes import (
    ACT_CODE,
    CONFIDENTIALITY,
    GENDER,
    PERSON_ID,
    STRUCTURE_ID,
    Code,
    Identifier,
    coded,
    identified,
    templates,
)
from healthspace.cda.write.values import NOWHERE, TREATING, Address, Header, Named, Organization, Patient, Professional
from healthspace.cda.write.xml import Node, e

FRENCH_HEADER = ("2.16.840.1.113883.2.8.2.1", "1.2.250.1.213.1.1.1.1")
"""Conformance to HL7 France's header and to the CI-SIS, declared by every document before its own model."""

FEMALE = Code("F", GENDER, "Féminin")
MALE = Code("M", GENDER, "Masculin")
NORMAL = Code("N", CONFIDENTIALITY, "Normal")
AMBULATORY = Code("AMB", ACT_CODE, "Ambulatoire (hors établissement)")
INPATIENT = Code("IMP", ACT_CODE, "Hospitalisation (établissement, y compris HAD)")


def clock(instant: datetime) -> str:
    """A CDA time to the second with its offset from UTC."""
    return instant.strftime("%Y%m%d%H%M%S%z")


def day(value: date) -> str:
    return value.strftime("%Y%m%d")


def at(moment: date) -> str:
    """A day, or a time to the second."""
    return clock(moment) if isinstance(moment, datetime) else day(moment)


def write_header(
    header: Header,
    *,
    model: tuple[str, ...],
    type_code: Code,
    events: tuple[Code, ...],
    encounter: Code = AMBULATORY,
    finished: bool = False,
) -> tuple[Node, ...]:
    """The children of ClinicalDocument before its body.

    `model` is the templates of the document's kind. The first of `events` is the main act, which carries the time and the
    performer. `finished` says, in a laboratory report, that every result is there.
    """
    return (
        e("realmCode", code="FR"),
        e("typeId", root="2.16.840.1.113883.1.3", extension="POCD_HD000040"),
        *templates(*FRENCH_HEADER, *model),
        e("id", root=header.unique_id),
        coded("code", type_code),
        e("title", header.title),
        e("effectiveTime", value=clock(header.created)),
        coded("confidentialityCode", NORMAL),
        e("languageCode", code="fr-FR"),
        e("setId", root=header.set_id),
        e("versionNumber", value=str(header.version)),
        record_target(header.patient),
        _author(header),
        e("custodian", e("assignedCustodian", _organization("representedCustodianOrganization", header.author.organization))),
        *(_recipient(recipient) for recipient in header.recipients),
        _legal_authenticator(header),
        *_participants(header),
        *(e("inFulfillmentOf", e("order", identified(order))) for order in header.orders),
        _main_act(header, events[0], finished=finished),
        *(e("documentationOf", e("serviceEvent", coded("code", event))) for event in events[1:]),
        *_replaced(header.replaces),
        _encounter(header, encounter),
    )


def record_target(patient: Patient) -> Node:
    given = " ".join(patient.givens)
    names = e(
        "name",
        e("family", patient.birth_family, qualifier="BR"),
        e("given", given),
        e("given", patient.givens[0], qualifier="BR"),
        e("family", patient.used_family, qualifier="CL"),
        e("given", patient.used_given, qualifier="CL"),
    )
    person = e(
        "patient",
        names,
        coded("administrativeGenderCode", MALE if patient.sex == "male" else FEMALE),
        e("birthTime", value=day(patient.birth_date)),
        _guardian(patient),
        _birthplace(patient),
        classCode="PSN",
    )
    role = e(
        "patientRole",
        identified(patient.ins),
        identified(patient.local) if patient.local else None,
        _address(patient.address, use="H"),
        e("telecom", value=f"tel:{patient.phone}", use="MC") if patient.phone else e("telecom", nullFlavor="NASK"),
        e("telecom", value=f"mailto:{patient.ins.extension}@patient.mssante.fr"),
        person,
    )
    return e("recordTarget", role)


def _birthplace(patient: Patient) -> Node | None:
    if not patient.birth_place:
        return None
    city = e("city", patient.birth_place_name) if patient.birth_place_name else None
    return e("birthplace", e("place", e("addr", e("county", patient.birth_place), city)))


def _guardian(patient: Patient) -> Node | None:
    guardian = patient.guardian
    if guardian is None:
        return None
    name = e("name", e("prefix", guardian.prefix), e("family", guardian.family), e("given", guardian.given))
    return e(
        "guardian",
        _address(patient.address, use="H"),
        e("telecom", value=f"tel:{guardian.phone}", use="H") if guardian.phone else None,
        e("guardianPerson", name),
    )


def _address(address: Address, use: str | None = None) -> Node:
    if address == NOWHERE:
        return e("addr", nullFlavor="NASK")
    return e(
        "addr",
        e("houseNumber", address.house_number) if address.house_number else None,
        e("streetName", address.street) if address.street else None,
        e("postalCode", address.postal_code) if address.postal_code else None,
        e("city", address.city),
        e("country", address.country) if address.country else None,
        use=use,
    )


def _organization(name: str, organization: Organization, *, with_setting: bool = False) -> Node:
    return e(
        name,
        identified(Identifier(STRUCTURE_ID, organization.identifier)),
        e("name", organization.name),
        e("telecom", nullFlavor="NASK"),
        e("addr", e("city", organization.city)),
        coded("standardIndustryClassCode", organization.setting) if with_setting else None,
    )


def _person_name(professional: Professional) -> Node:
    return e(
        "name",
        e("prefix", professional.prefix) if professional.prefix else None,
        e("given", professional.given),
        e("family", professional.family),
        e("suffix", professional.suffix) if professional.suffix else None,
    )


def assigned(name: str, professional: Professional, *, with_setting: bool = False) -> Node:
    """An assignedAuthor or an assignedEntity: the person, their profession, their structure."""
    return e(
        name,
        identified(Identifier(PERSON_ID, professional.identifier)),
        coded("code", professional.role),
        e("addr", e("city", professional.organization.city)),
        e("telecom", nullFlavor="NASK"),
        e("assignedPerson", _person_name(professional)),
        _organization("representedOrganization", professional.organization, with_setting=with_setting),
    )


def assigned_somebody(name: str, who: Professional | Named) -> Node:
    """As `assigned`; of somebody of whom only a name and a number are known, these."""
    if isinstance(who, Professional):
        return assigned(name, who)
    number = identified(who.identifier) if who.identifier else e("id", nullFlavor="UNK")
    unsaid = (e("addr", nullFlavor="NASK"), e("telecom", nullFlavor="NASK"))
    return e(name, number, *unsaid, e("assignedPerson", e("name", who.name)))


def written_by(professional: Professional, instant: datetime) -> Node:
    """The author of an entry or of a section."""
    return e("author", e("time", value=clock(instant)), assigned("assignedAuthor", professional))


def _author(header: Header) -> Node:
    return e(
        "author",
        coded("functionCode", header.function) if header.function else None,
        e("time", value=clock(header.created)),
        assigned("assignedAuthor", header.author),
    )


def _recipient(professional: Professional) -> Node:
    return e(
        "informationRecipient",
        e(
            "intendedRecipient",
            identified(Identifier(PERSON_ID, professional.identifier)),
            e("informationRecipient", _person_name(professional)),
            _organization("receivedOrganization", professional.organization),
        ),
    )


def _legal_authenticator(header: Header) -> Node:
    return e(
        "legalAuthenticator",
        e("time", value=clock(header.created)),
        e("signatureCode", code="S"),
        assigned("assignedEntity", header.author, with_setting=True),
    )


def _participants(header: Header) -> tuple[Node, ...]:
    found = []
    if header.prescriber:
        found.append(_participant("REF", header.prescriber, e("time", nullFlavor="NAV")))
    if header.treating_doctor:
        found.append(_participant("INF", header.treating_doctor, e("time", nullFlavor="NA"), TREATING))
    return tuple(found)


def _participant(kind: str, professional: Professional, time: Node, function: Code | None = None) -> Node:
    entity = e(
        "associatedEntity",
        identified(Identifier(PERSON_ID, professional.identifier)),
        coded("code", professional.role),
        e("addr", e("city", professional.organization.city)),
        e("telecom", nullFlavor="NASK"),
        e("associatedPerson", _person_name(professional)),
        _organization("scopingOrganization", professional.organization),
        classCode="PROV",
    )
    return e("participant", coded("functionCode", function) if function else None, time, entity, typeCode=kind)


def _period(header: Header) -> Node:
    stop = e("high", value=clock(header.service_stop)) if header.service_stop else None
    return e("effectiveTime", e("low", value=clock(header.service_start)), stop)


def _main_act(header: Header, event: Code, *, finished: bool) -> Node:
    act = e(
        "serviceEvent",
        coded("code", event),
        e("lab:statusCode", code="completed") if finished else None,
        _period(header),
        e("performer", assigned("assignedEntity", header.author, with_setting=True), typeCode="PRF"),
    )
    return e("documentationOf", act)


def _replaced(unique_id: str | None) -> tuple[Node, ...]:
    if unique_id is None:
        return ()
    return (e("relatedDocument", e("parentDocument", e("id", root=unique_id)), typeCode="RPLC"),)


def _encounter(header: Header, encounter: Code) -> Node:
    organization = header.author.organization
    facility = e(
        "healthCareFacility",
        coded("code", organization.facility),
        e("location", e("name", organization.name), e("addr", e("city", organization.city))),
    )
    return e("componentOf", e("encompassingEncounter", coded("code", encounter), _period(header), e("location", facility)))
