"""Discharge letter (11490-0): CI-SIS LDL-SES, model 1.2.250.1.213.1.1.1.29."""

from dataclasses import dataclass
from datetime import date

from healthspace.cda.write.body import Marked, Numbering, Paragraph, Section, Table, write_document
from healthspace.cda.write.codes import LOINC, SNOMED, TA_ASIP, Code, coded
from healthspace.cda.write.entries import Allergy, Problem, Treatment, observed, problem_entry, said, true_or_false
from healthspace.cda.write.header import INPATIENT, write_header
from healthspace.cda.write.sections import Act, allergies_section, care_plan_section, french, treatments_section
from healthspace.cda.write.values import Header
from healthspace.cda.write.xml import Node

TYPE = Code("11490-0", LOINC, "Lettre de liaison à la sortie d’un établissement de soins")
MODEL = ("1.2.250.1.213.1.1.1.29:2022.01",)
STATUS = Code("33557-0", LOINC, "État d’achèvement")
REASON = Code("42349-1", LOINC, "Raison de la recommandation")
EVENTS = Code("42545-4", LOINC, "Évènements observés")
DISCHARGE_DRUGS = Code("10183-2", LOINC, "Traitements à la sortie")
FINAL = Code("385658003", SNOMED, "terminé")
SIMPLE = "1.2.250.1.213.1.1.3.48"
"""FR-Simple-Observation, whose children ask one question each."""


@dataclass(frozen=True, slots=True)
class Stay:
    """A hospital stay: why, what was found and done, what the patient goes home with. `diagnosis` is the main one."""

    admitted: date
    left: date
    reason: str
    diagnosis: Problem
    course: str
    acts: tuple[Act, ...]
    treatments: tuple[Treatment, ...]
    allergies: tuple[Allergy, ...]
    follow_up: tuple[Act, ...]
    advice: tuple[str, ...]


def write_discharge_letter(header: Header, stay: Stay) -> bytes:
    """The letter's bytes. `header.service_start` and `service_stop` are the times of admission and discharge."""
    numbering = Numbering(header.unique_id)
    discharge_drugs = treatments_section(
        stay.treatments,
        numbering,
        parents=("1.3.6.1.4.1.19376.1.5.3.1.3.22", "1.2.250.1.213.1.1.2.146"),
        code=DISCHARGE_DRUGS,
        title="Traitements à la sortie",
    )
    sections = (
        _status(stay, numbering),
        Section(
            ("1.3.6.1.4.1.19376.1.5.3.1.3.1", "1.2.250.1.213.1.1.2.127"),
            REASON,
            "Motif de l’hospitalisation",
            (Paragraph(stay.reason),),
        ),
        _events(stay, numbering),
        discharge_drugs,
        allergies_section(stay.allergies, stay.admitted, numbering),
        care_plan_section(stay.follow_up, stay.advice, numbering),
    )
    events = (INPATIENT, stay.diagnosis.code, *(act.code for act in stay.acts))
    return write_document(
        write_header(header, model=MODEL, type_code=TYPE, events=events, encounter=INPATIENT),
        sections,
        numbering,
    )


def _status(stay: Stay, numbering: Numbering) -> Section:
    parents = (SIMPLE, f"{SIMPLE}.16", f"{SIMPLE}.16.1")
    code = Code("GEN-065", TA_ASIP, "Statut du document")
    entry = observed(parents, numbering.next(), code, stay.left, coded("value", FINAL, xsi_type="CD"), "statut")
    return Section(
        ("1.2.250.1.213.1.1.2.35", "1.2.250.1.213.1.1.2.35.1"),
        STATUS,
        "Statut du document",
        (Paragraph(Marked("Document validé", "statut")),),
        (entry,),
    )


def _events(stay: Stay, numbering: Numbering) -> Section:
    acts = ", ".join(act.code.display for act in stay.acts) or "Aucun"
    rows: tuple[tuple[Marked | str, ...], ...] = (
        ("Date d’entrée", french(stay.admitted)),
        ("Date de sortie", french(stay.left)),
        ("Diagnostic principal", Marked(stay.diagnosis.code.display, stay.diagnosis.mark)),
        ("Actes", acts),
        ("Synthèse médicale", Marked(stay.course, "synthese")),
        ("Évènements indésirables", Marked("Aucun", "evenements")),
        ("Transfusion de produits sanguins", Marked("Non", "transfusion")),
    )
    return Section(
        (
            "1.3.6.1.4.1.19376.1.5.3.1.1.21.2.9",
            "1.3.6.1.4.1.19376.1.7.3.1.1.13.7",
            "1.2.250.1.213.1.1.2.163",
            "1.2.250.1.213.1.1.2.163.1",
        ),
        EVENTS,
        "Synthèse médicale du séjour",
        (Table(rows),),
        _event_entries(stay, numbering),
    )


def _event_entries(stay: Stay, numbering: Numbering) -> tuple[Node, ...]:
    asked = (
        ("9", Code("MED-142", TA_ASIP, "Synthèse médicale"), said(stay.course), "synthese"),
        ("3", Code("MED-143", TA_ASIP, "Évènements indésirables survenus pendant l’hospitalisation"), said("Aucun"), "evenements"),
        ("10", Code("MED-145", TA_ASIP, "Transfusion de produits sanguins"), true_or_false(False), "transfusion"),
    )
    answers = (observed((SIMPLE, f"{SIMPLE}.{kind}"), numbering.next(), code, stay.left, value, mark) for kind, code, value, mark in asked)
    return (*answers, problem_entry(stay.diagnosis, (numbering.next(), numbering.next())))
