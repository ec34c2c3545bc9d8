"""Imaging report (18748-4): CI-SIS CR-IMG, model 1.2.250.1.213.1.1.1.45, after DICOM PS3.20."""

from dataclasses import dataclass

from healthspace.cda.write.body import Items, Marked, Numbering, Paragraph, Section, Table, write_document
from healthspace.cda.write.codes import LOINC, Code, coded, templates, text_reference
from healthspace.cda.write.header import clock, write_header
from healthspace.cda.write.values import Header
from healthspace.cda.write.xml import e

TYPE = Code("18748-4", LOINC, "CR d’imagerie médicale")
MODEL = ("1.2.840.10008.9.1", "1.2.840.10008.9.20", "1.2.840.10008.9.21", "1.2.250.1.213.1.1.1.45:2024.01")
CLINICAL = Code("55752-0", LOINC, "Informations cliniques")
REQUEST = Code("55115-0", LOINC, "Demande d’examen")
TECHNIQUE = Code("55111-9", LOINC, "Description de l’acte d’imagerie")
FINDINGS = Code("59776-5", LOINC, "Résultats de l’acte")
COMPARISON = Code("18834-2", LOINC, "Examen de comparaison radiologique")
CONCLUSION = Code("19005-8", LOINC, "Conclusions")


@dataclass(frozen=True, slots=True)
class Examination:
    """One examination: the act (LOINC, translated in CCAM), the modality (DCM), the body part (SNOMED), and the words."""

    act: Code
    modality: Code
    region: Code
    reason: str
    technique: str
    findings: tuple[str, ...]
    comparison: str
    conclusion: str


def write_imaging_report(header: Header, examination: Examination) -> bytes:
    """The report's bytes. The modality and the region go with the main act, as event codes of the header."""
    numbering = Numbering(header.unique_id)
    act = examination.act
    event = Code(act.code, act.system, act.display, (*act.translations, examination.modality, examination.region))
    reason = Section(("1.2.840.10008.9.7", "1.2.250.1.213.1.1.2.211"), REQUEST, "Justification de la demande", _said(examination.reason))
    clinical = Section(("1.2.840.10008.9.2", "1.2.250.1.213.1.1.2.205"), CLINICAL, "Informations cliniques", sections=(reason,))
    results = Section(("2.16.840.1.113883.10.20.6.1.2", "1.2.250.1.213.1.1.2.208"), FINDINGS, "Résultats", (Items(examination.findings),))
    sections = [clinical, _technique(header, examination, numbering), results]
    if examination.comparison:
        parents = ("1.2.840.10008.9.4", "1.2.250.1.213.1.1.2.207")
        sections.append(Section(parents, COMPARISON, "Comparaison", _said(examination.comparison)))
    parents = ("1.2.840.10008.9.5", "1.2.250.1.213.1.1.2.209")
    sections.append(Section(parents, CONCLUSION, "Conclusion", _said(examination.conclusion)))
    return write_document(write_header(header, model=MODEL, type_code=TYPE, events=(event,)), tuple(sections), numbering)


def _said(text: str) -> tuple[Paragraph, ...]:
    return (Paragraph(text),)


def _technique(header: Header, examination: Examination, numbering: Numbering) -> Section:
    names = {translation.system: translation.code for translation in examination.act.translations}
    numbers = ", ".join(names.values())
    row = (
        Marked(f"{examination.act.display} ({numbers})", "acte"),
        Marked(examination.modality.display, "modalite"),
        Marked(examination.region.display, "region"),
        Marked(examination.technique, "technique"),
    )
    procedure = e(
        "procedure",
        *templates("1.2.840.10008.9.14", "1.2.250.1.213.1.1.3.153"),
        e("id", root=numbering.next()),
        coded("code", examination.act, "acte"),
        text_reference("technique"),
        e("effectiveTime", value=clock(header.service_start)),
        coded("methodCode", examination.modality, "modalite"),
        coded("targetSiteCode", examination.region, "region"),
        classCode="PROC",
        moodCode="EVN",
    )
    table = Table((row,), ("Acte", "Modalité", "Région", "Technique"))
    return Section(("1.2.840.10008.9.3", "1.2.250.1.213.1.1.2.206"), TECHNIQUE, "Technique d’imagerie", (table,), (procedure,))
