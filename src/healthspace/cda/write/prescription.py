"""Prescription of health products (57833-6): CI-SIS eP-MED-DM, model 1.2.250.1.213.1.1.1.39, after IHE Pharmacy."""

from dataclasses import dataclass

from healthspace.cda.write.body import Marked, Numbering, Section, Table, write_document
from healthspace.cda.write.codes import IHE_ACT, LOINC, SUBSTITUTION, TA_ASIP, Code, coded, templates, text_reference
from healthspace.cda.write.entries import BOX, DRUG, Treatment, dosage, observed, reason_entry, true_or_false
from healthspace.cda.write.header import write_header
from healthspace.cda.write.products import product_entry
from healthspace.cda.write.sections import french
from healthspace.cda.write.values import Header
from healthspace.cda.write.xml import Node, e

TYPE = Code("57833-6", LOINC, "Prescription de produits de santé")
MODEL = ("1.3.6.1.4.1.19376.1.9.1.1.1", "1.3.6.1.4.1.19376.1.5.3.1.1.1", "1.2.250.1.213.1.1.1.39:2024.01")
ITEMS = Code("57828-6", LOINC, "Prescriptions")
LONG_TERM = Code("MED-574", TA_ASIP, "En rapport avec une ALD")
INSTRUCTION = Code("PINSTRUCT", IHE_ACT, "Instruction au patient")
SUBSTITUTABLE = Code("G", SUBSTITUTION, "Substitution générique permise")
ITEM = (
    "2.16.840.1.113883.10.20.1.24",
    "1.3.6.1.4.1.19376.1.5.3.1.4.7",
    "1.3.6.1.4.1.19376.1.9.1.3.2",
    "1.2.250.1.213.1.1.3.83",
    "1.3.6.1.4.1.19376.1.5.3.1.4.7.1",
)


@dataclass(frozen=True, slots=True)
class PrescribedItem:
    """One line. `identifier` is a UUID that the dispensation will name. `long_term` says that it treats a listed illness (ALD).

    0 boxes, None renewals or `long_term`: nobody says.
    """

    identifier: str
    treatment: Treatment
    boxes: int
    renewals: int | None
    advice: str
    long_term: bool | None
    substitutable: bool = True


def write_prescription(header: Header, items: tuple[PrescribedItem, ...]) -> bytes:
    """The prescription's bytes."""
    numbering = Numbering(header.unique_id)
    section = Section(
        ("1.3.6.1.4.1.19376.1.9.1.2.1", "1.2.250.1.213.1.1.2.171"),
        ITEMS,
        "Prescription de médicaments",
        (
            Table(
                tuple(_row(item) for item in items), ("Durée", "Médicament", "Posologie", "Quantité", "Renouvellements", "ALD", "Conseil")
            ),
        ),
        tuple(_entry(item, numbering) for item in items),
    )
    return write_document(write_header(header, model=MODEL, type_code=TYPE, events=(TYPE,)), (section,), numbering)


def _row(item: PrescribedItem) -> tuple[Marked | str, ...]:
    treatment = item.treatment
    mark = treatment.mark
    return (
        f"du {french(treatment.start)} au {french(treatment.stop)}",
        Marked(treatment.product.name, mark),
        Marked(treatment.dosage, f"{mark}-posologie"),
        f"{item.boxes} boîte{'s' if item.boxes > 1 else ''}" if item.boxes else "",
        "" if item.renewals is None else str(item.renewals),
        Marked({True: "Oui", False: "Non"}.get(item.long_term, "–"), f"{mark}-ald") if item.long_term is not None else "–",
        Marked(item.advice, f"{mark}-conseil"),
    )


def _entry(item: PrescribedItem, numbering: Numbering) -> Node:
    treatment = item.treatment
    return e(
        "substanceAdministration",
        *templates(*ITEM),
        e("id", root=item.identifier),
        coded("code", DRUG),
        text_reference(treatment.mark),
        e("statusCode", code="completed"),
        *_timed(item),
        e("consumable", product_entry(treatment.product, treatment.mark, pharmacy=True)),
        _related("RSON", reason_entry(treatment.reason)) if treatment.reason else None,
        _advice(item),
        _quantity(item) if item.boxes else None,
        _substitution() if item.substitutable else None,
        _long_term(item, numbering) if item.long_term is not None else None,
        classCode="SBADM",
        moodCode="INT",
    )


def _timed(item: PrescribedItem) -> tuple[Node, ...]:
    # The schema wants repeatNumber between the times and the route.
    nodes = dosage(item.treatment)
    times = tuple(node for node in nodes if node.name == "effectiveTime")
    renewals = () if item.renewals is None else (e("repeatNumber", value=str(item.renewals)),)
    return (*times, *renewals, *nodes[len(times) :])


def _related(kind: str, node: Node, *, inverted: bool = False) -> Node:
    return e("entryRelationship", node, typeCode=kind, inversionInd="true" if inverted else None)


def _advice(item: PrescribedItem) -> Node | None:
    if not item.advice:
        return None
    parents = ("2.16.840.1.113883.10.20.1.49", "1.3.6.1.4.1.19376.1.5.3.1.4.3", "1.2.250.1.213.1.1.3.33")
    act = e(
        "act",
        *templates(*parents),
        coded("code", INSTRUCTION),
        text_reference(f"{item.treatment.mark}-conseil"),
        e("statusCode", code="completed"),
        classCode="ACT",
        moodCode="INT",
    )
    return _related("SUBJ", act, inverted=True)


def _quantity(item: PrescribedItem) -> Node:
    supply = e(
        "supply",
        *templates("1.3.6.1.4.1.19376.1.9.1.3.8", "1.2.250.1.213.1.1.3.86"),
        e("independentInd", value="false"),
        e("quantity", value=str(item.boxes), unit=BOX),
        classCode="SPLY",
        moodCode="RQO",
    )
    return _related("COMP", supply)


def _substitution() -> Node:
    act = e(
        "act",
        *templates("1.3.6.1.4.1.19376.1.9.1.3.9.1", "1.2.250.1.213.1.1.3.87"),
        coded("code", SUBSTITUTABLE),
        e("statusCode", code="completed"),
        classCode="ACT",
        moodCode="DEF",
    )
    return _related("COMP", act)


def _long_term(item: PrescribedItem, numbering: Numbering) -> Node:
    treatment = item.treatment
    parents = ("1.2.250.1.213.1.1.3.48", "1.2.250.1.213.1.1.3.48.13")
    value = true_or_false(bool(item.long_term))
    return _related("COMP", observed(parents, numbering.next(), LONG_TERM, treatment.start, value, f"{treatment.mark}-ald"))
