"""Medico-social letter (83981-1). The framework gives it a type and no model of its own, so it declares the header's templates only."""

from dataclasses import dataclass

from healthspace.cda.write.body import Items, Marked, Numbering, Paragraph, Section, Table, write_document
from healthspace.cda.write.codes import LOINC, Code
from healthspace.cda.write.entries import observed, said
from healthspace.cda.write.header import write_header
from healthspace.cda.write.sections import care_plan_section, treatments_section
from healthspace.cda.write.summary import EVENT, Summary, clinical_sections
from healthspace.cda.write.values import Header

TYPE = Code("83981-1", LOINC, "Lettre de liaison médico-sociale")
CONTEXT = Code("42349-1", LOINC, "Raison de la recommandation")
AUTONOMY = Code("47420-5", LOINC, "Évaluation de l’état fonctionnel")


@dataclass(frozen=True, slots=True)
class Residence:
    """How someone lives in a care home: what they can do alone, their habits, what the next team must know."""

    reason: str
    dependence: str
    abilities: tuple[tuple[str, str], ...]
    habits: tuple[str, ...]
    advice: tuple[str, ...]


def write_medico_social_letter(header: Header, residence: Residence, summary: Summary) -> bytes:
    """The letter's bytes: the life of a resident, then the medical facts that go with them."""
    numbering = Numbering(header.unique_id)
    context = Section(("1.3.6.1.4.1.19376.1.5.3.1.3.1", "1.2.250.1.213.1.1.2.127"), CONTEXT, "Contexte", (Paragraph(residence.reason),))
    rows = tuple((name, Marked(value, f"autonomie-{rank}")) for rank, (name, value) in enumerate(residence.abilities, 1))
    assessed = observed(("1.2.250.1.213.1.1.3.48",), numbering.next(), AUTONOMY, summary.when, said(residence.dependence), "dependance")
    autonomy = Section(
        (),
        AUTONOMY,
        "Autonomie et habitudes de vie",
        (Paragraph(Marked(residence.dependence, "dependance")), Table(rows, ("Acte", "Autonomie")), Items(residence.habits)),
        (assessed,),
    )
    drugs = (treatments_section(summary.treatments, numbering),) if summary.treatments else ()
    sections = (
        context,
        autonomy,
        *clinical_sections(summary, numbering),
        *drugs,
        care_plan_section((), residence.advice, numbering, "Consignes et points de vigilance"),
    )
    return write_document(write_header(header, model=(), type_code=TYPE, events=(EVENT,)), sections, numbering)
