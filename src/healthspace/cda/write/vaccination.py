"""Vaccination note (87273-9): CI-SIS VAC-NOTE, model 1.2.250.1.213.1.1.1.46."""

from dataclasses import dataclass
from datetime import date

from healthspace.cda.write.body import Marked, Numbering, Section, Table, write_document
from healthspace.cda.write.codes import ACT_CODE, EDQM, LOINC, SNOMED, Code, coded, templates, text_reference
from healthspace.cda.write.entries import Product, product_entry
from healthspace.cda.write.header import assigned, day, write_header
from healthspace.cda.write.sections import french
from healthspace.cda.write.values import Header, Professional
from healthspace.cda.write.xml import Node, e

TYPE = Code("87273-9", LOINC, "Note de vaccination")
MODEL = ("1.3.6.1.4.1.19376.1.5.3.1.1.18.1.2", "1.2.250.1.213.1.1.1.46:2023.01")
HISTORY = Code("11369-6", LOINC, "Historique des vaccinations")
RANK = Code("30973-2", LOINC, "Rang de la vaccination")
FIRST = Code("INITIMMUNIZ", ACT_CODE, "Première vaccination")
BOOSTER = Code("BOOSTER", ACT_CODE, "Rappel de vaccination")
INTRAMUSCULAR = Code("20035000", EDQM, "Voie intramusculaire")
DELTOID = Code("16217701000119102", SNOMED, "deltoïde gauche")
THIGH = Code("61396006", SNOMED, "cuisse gauche")
IMMUNIZATION = ("2.16.840.1.113883.10.20.1.24", "1.3.6.1.4.1.19376.1.5.3.1.4.12", "1.2.250.1.213.1.1.3.45")


@dataclass(frozen=True, slots=True)
class Immunization:
    """One injection: `rank` is its place in the series, from 1. `site` is where on the body."""

    product: Product
    against: str
    when: date
    lot: str
    rank: int
    site: Code
    vaccinator: Professional
    mark: str


def write_vaccination_note(header: Header, immunizations: tuple[Immunization, ...]) -> bytes:
    """The note's bytes."""
    numbering = Numbering(header.unique_id)
    section = vaccinations_section(immunizations, numbering)
    return write_document(write_header(header, model=MODEL, type_code=TYPE, events=(TYPE,)), (section,), numbering)


def vaccinations_section(immunizations: tuple[Immunization, ...], numbering: Numbering) -> Section:
    rows = tuple(
        (
            french(given.when),
            Marked(given.product.name, given.mark),
            given.against,
            given.lot,
            str(given.rank),
            f"{given.vaccinator.given} {given.vaccinator.family}",
        )
        for given in immunizations
    )
    return Section(
        ("2.16.840.1.113883.10.20.1.6", "1.3.6.1.4.1.19376.1.5.3.1.3.23", "1.2.250.1.213.1.1.2.147"),
        HISTORY,
        "Vaccinations",
        (Table(rows, ("Date", "Vaccin", "Contre", "Lot", "Dose", "Vaccinateur")),),
        tuple(_entry(given, numbering) for given in immunizations),
    )


def _entry(given: Immunization, numbering: Numbering) -> Node:
    rank = e(
        "observation",
        *templates("2.16.840.1.113883.10.20.1.46", "1.2.250.1.213.1.1.3.82"),
        coded("code", RANK),
        e("statusCode", code="completed"),
        e("value", xsi_type="INT", value=str(given.rank)),
        classCode="OBS",
        moodCode="EVN",
    )
    return e(
        "substanceAdministration",
        *templates(*IMMUNIZATION),
        e("id", root=numbering.next()),
        coded("code", FIRST if given.rank == 1 else BOOSTER),
        text_reference(given.mark),
        e("statusCode", code="completed"),
        e("effectiveTime", value=day(given.when)),
        coded("routeCode", INTRAMUSCULAR),
        coded("approachSiteCode", given.site),
        e("doseQuantity", value="1", unit="{dose}"),
        e("consumable", product_entry(given.product, given.mark, lot=given.lot)),
        e("performer", assigned("assignedEntity", given.vaccinator), typeCode="PRF"),
        e("entryRelationship", rank, typeCode="SUBJ"),
        classCode="SBADM",
        moodCode="EVN",
        negationInd="false",
    )
