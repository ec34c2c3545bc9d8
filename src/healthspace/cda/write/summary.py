"""Medical summary (60591-5): CI-SIS VSM, model 1.2.250.1.213.1.1.1.13."""

from dataclasses import dataclass
from datetime import date

from healthspace.cda.write.body import Numbering, Section, write_document
from healthspace.cda.write.codes import LOINC, Code
from healthspace.cda.write.entries import Allergy, Problem, Treatment
from healthspace.cda.write.header import write_header
from healthspace.cda.write.measures import Measure
from healthspace.cda.write.sections import (
    Act,
    acts_section,
    allergies_section,
    problems_section,
    treatments_section,
    vital_signs_section,
    watch_section,
)
from healthspace.cda.write.vaccination import Immunization, vaccinations_section
from healthspace.cda.write.values import Header

TYPE = Code("60591-5", LOINC, "Synthèse du dossier médical")
MODEL = ("1.2.250.1.213.1.1.1.13:201310",)
EVENT = Code("34117-2", LOINC, "Historique et clinique")
CONCLUSIONS = Code("46612-8", LOINC, "Conclusions de synthèse")
PLAN = Code("18776-5", LOINC, "Plan de traitement")


@dataclass(frozen=True, slots=True)
class Summary:
    """What a treating doctor holds as true of a patient on a day. Empty lists are left out; without allergies none is known, and None
    says nothing of them."""

    when: date
    ongoing: tuple[Problem, ...]
    past: tuple[Problem, ...]
    acts: tuple[Act, ...]
    allergies: tuple[Allergy, ...] | None
    treatments: tuple[Treatment, ...]
    vital_signs: tuple[Measure, ...]
    immunizations: tuple[Immunization, ...]
    points: tuple[str, ...]


def write_summary(header: Header, summary: Summary) -> bytes:
    """The summary's bytes."""
    numbering = Numbering(header.unique_id)
    history = clinical_sections(summary, numbering)
    parts = [
        Section(("1.2.250.1.213.1.1.2.30",), EVENT, "Pathologies en cours, antécédents et allergies", sections=history),
    ]
    whole = Section(("1.2.250.1.213.1.1.2.29",), CONCLUSIONS, "Pathologies, antécédents et allergies", sections=tuple(parts))
    sections = [whole] if history else []
    if summary.points:
        sections.append(watch_section(summary.points))
    if summary.treatments:
        drugs = treatments_section(summary.treatments, numbering)
        sections.append(Section(("1.2.250.1.213.1.1.2.32",), PLAN, "Traitements au long cours", sections=(drugs,)))
    if summary.vital_signs:
        sections.append(vital_signs_section(summary.vital_signs, summary.when, numbering))
    if summary.immunizations:
        sections.append(vaccinations_section(summary.immunizations, numbering))
    return write_document(write_header(header, model=MODEL, type_code=TYPE, events=(EVENT,)), tuple(sections), numbering)


def clinical_sections(summary: Summary, numbering: Numbering) -> tuple[Section, ...]:
    """Problems, past problems, acts and allergies: those of which something is said."""
    found = []
    if summary.ongoing:
        found.append(problems_section(summary.ongoing, numbering, ongoing=True))
    if summary.past:
        found.append(problems_section(summary.past, numbering, ongoing=False))
    if summary.acts:
        found.append(acts_section(summary.acts, numbering))
    if summary.allergies is not None:
        found.append(allergies_section(summary.allergies, summary.when, numbering))
    return tuple(found)
