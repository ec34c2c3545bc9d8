"""Sections that several kinds of documents share. Each numbers its own entries."""

from dataclasses import dataclass
from datetime import date

from healthspace.cda.write.body import Items, Marked, Numbering, Paragraph, Section, Table
from healthspace.cda.write.codes import LOINC, Code, coded, templates, text_reference
from healthspace.cda.write.entries import (
    Allergy,
    Problem,
    Treatment,
    allergy_entry,
    no_allergy_entry,
    problem_entry,
    treatment_entry,
    vital_sign,
)
from healthspace.cda.write.header import day
from healthspace.cda.write.measures import Measure
from healthspace.cda.write.xml import Node, e

ONGOING = Code("11450-4", LOINC, "Liste des problèmes actifs")
ONGOING_TEMPLATES = ("2.16.840.1.113883.10.20.1.11", "1.3.6.1.4.1.19376.1.5.3.1.3.6", "1.2.250.1.213.1.1.2.132")
PAST_TEMPLATES = ("1.3.6.1.4.1.19376.1.5.3.1.3.8", "1.2.250.1.213.1.1.2.134")
PAST = Code("11348-0", LOINC, "Antécédents médicaux")
ACTS = Code("47519-4", LOINC, "Historique des actes")
ALLERGIES = Code("48765-2", LOINC, "Allergies et hypersensibilités")
TREATMENTS = Code("10160-0", LOINC, "Traitements")
CARE_PLAN = Code("18776-5", LOINC, "Plan de soins")
RESULTS = Code("30954-2", LOINC, "Résultats d’examens")
VITAL_SIGNS = Code("8716-3", LOINC, "Signes vitaux")


@dataclass(frozen=True, slots=True)
class Act:
    """A procedure, done (`planned` False) or to be done."""

    code: Code
    when: date
    mark: str
    planned: bool = False


def french(value: date | None) -> str:
    return value.strftime("%d/%m/%Y") if value else "–"


def problems_section(problems: tuple[Problem, ...], numbering: Numbering, *, ongoing: bool) -> Section:
    rows = tuple((french(problem.start), Marked(problem.code.display, problem.mark)) for problem in problems)
    title = "Pathologies en cours" if ongoing else "Antécédents médicaux"
    return Section(
        templates=ONGOING_TEMPLATES if ongoing else PAST_TEMPLATES,
        code=ONGOING if ongoing else PAST,
        title=title,
        narrative=(Table(rows, ("Depuis" if ongoing else "Date", "Pathologie")),),
        entries=tuple(problem_entry(problem, (numbering.next(), numbering.next())) for problem in problems),
    )


def acts_section(acts: tuple[Act, ...], numbering: Numbering) -> Section:
    return Section(
        templates=(
            "2.16.840.1.113883.10.20.1.12",
            "1.3.6.1.4.1.19376.1.5.3.1.3.11",
            "1.3.6.1.4.1.19376.1.5.3.1.3.12",
            "1.2.250.1.213.1.1.2.136",
        ),
        code=ACTS,
        title="Antécédents chirurgicaux et actes",
        narrative=(Table(tuple((french(act.when), Marked(act.code.display, act.mark)) for act in acts), ("Date", "Acte")),),
        entries=tuple(act_entry(act, numbering.next()) for act in acts),
    )


def act_entry(act: Act, identifier: str) -> Node:
    """FR-Acte: done (EVN) or to be done (INT)."""
    first = "2.16.840.1.113883.10.20.1.25" if act.planned else "2.16.840.1.113883.10.20.1.29"
    return e(
        "procedure",
        *templates(first, "1.3.6.1.4.1.19376.1.5.3.1.4.19", "1.2.250.1.213.1.1.3.62"),
        e("id", root=identifier),
        coded("code", act.code),
        text_reference(act.mark),
        e("statusCode", code="active" if act.planned else "completed"),
        e("effectiveTime", value=day(act.when)),
        classCode="PROC",
        moodCode="INT" if act.planned else "EVN",
    )


def allergies_section(allergies: tuple[Allergy, ...], seen: date, numbering: Numbering) -> Section:
    parents = ("2.16.840.1.113883.10.20.1.2", "1.3.6.1.4.1.19376.1.5.3.1.3.13", "1.2.250.1.213.1.1.2.137")
    if not allergies:
        mark = "aucune-allergie"
        entry = no_allergy_entry(seen, (numbering.next(), numbering.next()), mark)
        narrative = (Paragraph(Marked("Aucune allergie connue.", mark)),)
        return Section(parents, ALLERGIES, "Allergies et intolérances", narrative, (entry,))
    rows = tuple((french(allergy.since), Marked(allergy.agent.name, allergy.mark), allergy.reaction) for allergy in allergies)
    entries = tuple(allergy_entry(allergy, (numbering.next(), numbering.next())) for allergy in allergies)
    table = Table(rows, ("Depuis", "Agent responsable", "Réaction"))
    return Section(parents, ALLERGIES, "Allergies et intolérances", (table,), entries)


def treatments_section(
    treatments: tuple[Treatment, ...],
    numbering: Numbering,
    *,
    parents: tuple[str, ...] = ("2.16.840.1.113883.10.20.1.8", "1.3.6.1.4.1.19376.1.5.3.1.3.19", "1.2.250.1.213.1.1.2.143"),
    code: Code = TREATMENTS,
    title: str = "Traitements au long cours",
) -> Section:
    rows = tuple(
        (
            french(treatment.start),
            french(treatment.stop),
            Marked(treatment.product.name, treatment.mark),
            treatment.dosage,
            treatment.route.display if treatment.route else "",
            treatment.reason.display if treatment.reason else "",
        )
        for treatment in treatments
    )
    return Section(
        templates=parents,
        code=code,
        title=title,
        narrative=(Table(rows, ("Début", "Fin", "Médicament", "Posologie", "Voie", "Motif")),),
        entries=tuple(treatment_entry(treatment, numbering.next()) for treatment in treatments),
    )


def vital_signs_section(measures: tuple[Measure, ...], when: date, numbering: Numbering) -> Section:
    rows = tuple((measure.name, Marked(measure.shown, measure.mark)) for measure in measures)
    organizer = e(
        "organizer",
        *templates(
            "2.16.840.1.113883.10.20.1.32",
            "2.16.840.1.113883.10.20.1.35",
            "1.3.6.1.4.1.19376.1.5.3.1.4.13.1",
            "1.2.250.1.213.1.1.3.49",
        ),
        e("id", root=numbering.next()),
        coded("code", Code("46680005", "2.16.840.1.113883.6.96", "signes vitaux")),
        e("statusCode", code="completed"),
        e("effectiveTime", value=day(when)),
        *(e("component", vital_sign(measure, when, numbering.next())) for measure in measures),
        classCode="CLUSTER",
        moodCode="EVN",
    )
    return Section(
        templates=(
            "2.16.840.1.113883.10.20.1.16",
            "1.3.6.1.4.1.19376.1.5.3.1.3.25",
            "1.3.6.1.4.1.19376.1.5.3.1.1.5.3.2",
            "1.2.250.1.213.1.1.2.75",
        ),
        code=VITAL_SIGNS,
        title="Signes vitaux",
        narrative=(Table(rows, ("Mesure", "Valeur")),),
        entries=(organizer,),
    )


def watch_section(points: tuple[str, ...]) -> Section:
    """Points of attention, in words."""
    parents = ("1.3.6.1.4.1.19376.1.5.3.1.3.27", "1.2.250.1.213.1.1.2.150")
    return Section(parents, RESULTS, "Points de vigilance", (Items(points),))


def care_plan_section(acts: tuple[Act, ...], advice: tuple[str, ...], numbering: Numbering, title: str = "Suites à donner") -> Section:
    rows = tuple((french(act.when), Marked(act.code.display, act.mark)) for act in acts)
    table = (Table(rows, ("Date prévue", "Acte ou examen")),) if rows else ()
    return Section(
        templates=("2.16.840.1.113883.10.20.1.10", "1.3.6.1.4.1.19376.1.5.3.1.3.36", "1.2.250.1.213.1.1.2.158"),
        code=CARE_PLAN,
        title=title,
        narrative=(*table, Items(advice)),
        entries=tuple(act_entry(act, numbering.next()) for act in acts),
    )
