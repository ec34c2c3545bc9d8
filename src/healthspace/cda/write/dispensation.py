"""Dispensation (60593-1): CI-SIS eDISP-MED, model 1.2.250.1.213.1.1.1.54, after IHE Pharmacy."""

from dataclasses import dataclass
from datetime import datetime

from healthspace.cda.write.body import Marked, Numbering, Section, Table, write_document
from healthspace.cda.write.codes import LOINC, PRESCRIPTION_ITEM, Code, coded, templates, text_reference
from healthspace.cda.write.entries import BOX, Treatment, dosage
from healthspace.cda.write.header import write_header, written_by
from healthspace.cda.write.products import product_entry
from healthspace.cda.write.sections import french
from healthspace.cda.write.values import Header, Professional
from healthspace.cda.write.xml import Node, e

TYPE = Code("60593-1", LOINC, "Dispensation médicamenteuse")
MODEL = ("1.3.6.1.4.1.19376.1.5.3.1.1.1", "1.3.6.1.4.1.19376.1.9.1.1.3", "1.2.250.1.213.1.1.1.54:2024.01")
DELIVERED = Code("60590-7", LOINC, "Médicaments délivrés")
ITEM = Code("PREItem", PRESCRIPTION_ITEM, "Prescription Item")
SUPPLY = (
    "2.16.840.1.113883.10.20.1.34",
    "1.3.6.1.4.1.19376.1.5.3.1.4.7.3",
    "1.3.6.1.4.1.19376.1.9.1.3.4",
    "1.2.250.1.213.1.1.3.204",
)
DOSAGE = (
    "2.16.840.1.113883.10.20.1.24",
    "1.3.6.1.4.1.19376.1.5.3.1.4.7",
    "1.2.250.1.213.1.1.3.42",
    "1.3.6.1.4.1.19376.1.9.1.3.6",
    "1.3.6.1.4.1.19376.1.5.3.1.4.7.1",
)


@dataclass(frozen=True, slots=True)
class Prescribed:
    """The prescription that is answered: its unique id, its author, its day."""

    unique_id: str
    author: Professional
    signed: datetime


@dataclass(frozen=True, slots=True)
class DispensedItem:
    """One delivered product, the line of the prescription it answers (a UUID), and its lot."""

    prescribed: str
    treatment: Treatment
    boxes: int
    lot: str


def write_dispensation(header: Header, prescribed: Prescribed, items: tuple[DispensedItem, ...]) -> bytes:
    """The dispensation's bytes."""
    numbering = Numbering(header.unique_id)
    rows = tuple(
        (
            Marked(item.treatment.product.name, item.treatment.mark),
            f"{item.boxes} boîte{'s' if item.boxes > 1 else ''}",
            item.lot,
            item.treatment.dosage,
            f"du {french(item.treatment.start)} au {french(item.treatment.stop)}",
        )
        for item in items
    )
    section = Section(
        ("1.3.6.1.4.1.19376.1.9.1.2.3", "2.16.840.1.113883.10.20.1.8", "1.2.250.1.213.1.1.2.236"),
        DELIVERED,
        "Médicaments délivrés",
        (Table(rows, ("Médicament", "Quantité", "Lot", "Posologie", "Durée")),),
        tuple(_entry(item, prescribed, numbering) for item in items),
    )
    return write_document(write_header(header, model=MODEL, type_code=TYPE, events=(TYPE,)), (section,), numbering)


def _entry(item: DispensedItem, prescribed: Prescribed, numbering: Numbering) -> Node:
    mark = item.treatment.mark
    return e(
        "supply",
        *templates(*SUPPLY),
        e("id", root=numbering.next()),
        text_reference(mark),
        e("quantity", value=str(item.boxes), unit=BOX),
        e("product", product_entry(item.treatment.product, mark, lot=item.lot, pharmacy=True)),
        _answers(item, prescribed),
        _dosage(item, numbering),
        classCode="SPLY",
        moodCode="EVN",
    )


def _no_product() -> Node:
    material = e("manufacturedMaterial", e("name", nullFlavor="NA"), nullFlavor="NA")
    return e("consumable", e("manufacturedProduct", material))


def _answers(item: DispensedItem, prescribed: Prescribed) -> Node:
    """FR-Reference-item-prescription: the line that is answered, in the prescription it belongs to."""
    line = e(
        "substanceAdministration",
        *templates("1.3.6.1.4.1.19376.1.9.1.3.11", "1.2.250.1.213.1.1.3.90"),
        e("id", root=item.prescribed),
        coded("code", ITEM),
        _no_product(),
        written_by(prescribed.author, prescribed.signed),
        e("reference", e("externalDocument", e("id", root=prescribed.unique_id)), typeCode="XCRPT"),
        classCode="SBADM",
        moodCode="INT",
    )
    return e("entryRelationship", line, typeCode="REFR", inversionInd="false")


def _dosage(item: DispensedItem, numbering: Numbering) -> Node:
    taking = e(
        "substanceAdministration",
        *templates(*DOSAGE),
        e("id", root=numbering.next()),
        text_reference(item.treatment.mark),
        e("statusCode", code="completed"),
        *dosage(item.treatment),
        _no_product(),
        classCode="SBADM",
        moodCode="INT",
    )
    return e("entryRelationship", taking, typeCode="COMP")
