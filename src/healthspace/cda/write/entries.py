"""Entries that several kinds of documents share: products, treatments, problems, allergies, measures."""

from dataclasses import dataclass
from datetime import date

from healthspace.cda.write.codes import (
    ABSENT_OR_UNKNOWN,
    ACT_CODE,
    CLINICAL_STATUS,
    EDQM,
    LOINC,
    SNOMED,
    VERIFICATION,
    Code,
    coded,
    original_text,
    templates,
    text_reference,
)
from healthspace.cda.write.codes import (
    CRITICALITY as CRITICALITIES_OID,
)
from healthspace.cda.write.header import at, day
from healthspace.cda.write.measures import Measure
from healthspace.cda.write.products import Product, product_code, product_entry
from healthspace.cda.write.xml import Node, e

DRUG = Code("DRUG", ACT_CODE, "Médicament")
DIAGNOSIS = Code("282291009", SNOMED, "interprétation diagnostique")
DRUG_ALLERGY = Code("416098002", SNOMED, "allergie médicamenteuse")
FOOD_ALLERGY = Code("414285001", SNOMED, "allergie alimentaire")
ALLERGY = Code("609328004", SNOMED, "allergie")
FINDING = Code("404684003", SNOMED, "constatation clinique")
NO_KNOWN_ALLERGY = Code("no-known-allergies", ABSENT_OR_UNKNOWN, "Pas d’allergie ou d’hypersensibilité connue")
STATUS = Code("33999-4", LOINC, "Statut")
ACTIVE = Code("active", CLINICAL_STATUS, "Actif")
CLINICAL_STATES = {
    "active": ACTIVE,
    "recurrence": Code("recurrence", CLINICAL_STATUS, "Récidive"),
    "relapse": Code("relapse", CLINICAL_STATUS, "Rechute"),
    "inactive": Code("inactive", CLINICAL_STATUS, "Inactif"),
    "remission": Code("remission", CLINICAL_STATUS, "Rémission"),
    "resolved": Code("resolved", CLINICAL_STATUS, "Résolu"),
}
SEVERITY = Code("SEV", ACT_CODE, "Sévérité")
SEVERITIES = {
    "mild": Code("255604002", SNOMED, "léger"),
    "moderate": Code("6736007", SNOMED, "modéré"),
    "severe": Code("24484000", SNOMED, "sévère"),
}
CRITICALITY = Code("82606-5", LOINC, "Criticité")
CRITICALITIES = {
    "low": Code("low", CRITICALITIES_OID, "Risque faible"),
    "high": Code("high", CRITICALITIES_OID, "Risque élevé"),
    "unable-to-assess": Code("unable-to-assess", CRITICALITIES_OID, "Risque impossible à évaluer"),
}
CERTAINTY = Code("66455-7", LOINC, "Certitude")
CERTAINTIES = {
    "confirmed": Code("confirmed", VERIFICATION, "Confirmé"),
    "unconfirmed": Code("unconfirmed", VERIFICATION, "Non confirmé"),
    "provisional": Code("provisional", VERIFICATION, "Provisoire"),
    "differential": Code("differential", VERIFICATION, "Diagnostic différentiel"),
    "presumed": Code("presumed", VERIFICATION, "Présumé"),
}
ORAL = Code("20053000", EDQM, "Voie orale")
BOX = "30009000"
"""EDQM's code of a box, the unit of a quantity prescribed or delivered."""

STATUS_TEMPLATES = (
    "2.16.840.1.113883.10.20.1.50",
    "2.16.840.1.113883.10.20.1.57",
    "1.3.6.1.4.1.19376.1.5.3.1.4.1.1",
    "1.2.250.1.213.1.1.3.30",
)
SEVERITY_TEMPLATES = ("2.16.840.1.113883.10.20.1.55", "1.3.6.1.4.1.19376.1.5.3.1.4.1", "1.2.250.1.213.1.1.3.29")
CERTAINTY_TEMPLATES = ("1.2.250.1.213.1.1.3.171",)
CRITICALITY_TEMPLATES = ("1.2.250.1.213.1.1.3.172",)


@dataclass(frozen=True, slots=True)
class Treatment:
    """A product taken since a day: `every_hours` between doses, `dose` units of `unit` at a time. `mark` is its #id.

    0 hours, an empty dose, no route: that is said in the words of `dosage` only.
    """

    product: Product
    dosage: str
    start: date
    stop: date | None
    every_hours: int
    dose: str
    unit: str
    route: Code | None
    reason: Code | None
    mark: str


@dataclass(frozen=True, slots=True)
class Problem:
    """A diagnosis (ICD-10). `stop` is None while it lasts. `status` is one of CLINICAL_STATES, said when it is not plain."""

    code: Code
    start: date | None
    stop: date | None
    mark: str
    status: Code | None = None
    severity: Code | None = None
    certainty: Code | None = None


@dataclass(frozen=True, slots=True)
class Reaction:
    """What an allergy does (SNOMED CT), and how badly."""

    code: Code
    severity: Code | None = None


def interval(start: date | None, stop: date | None, *, name: str = "effectiveTime", xsi_type: str | None = None) -> Node:
    """From `start`, which may be unknown, to `stop`, if it has ended."""
    low = e("low", value=day(start)) if start else e("low", nullFlavor="UNK")
    return e(name, low, e("high", value=day(stop)) if stop else None, xsi_type=xsi_type)


def treatment_entry(treatment: Treatment, identifier: str) -> Node:
    """A treatment that the patient takes (FR-Traitement, normal dosage)."""
    parents = (
        "2.16.840.1.113883.10.20.1.24",
        "1.3.6.1.4.1.19376.1.5.3.1.4.7",
        "1.2.250.1.213.1.1.3.42",
        "1.3.6.1.4.1.19376.1.5.3.1.4.7.1",
    )
    reason = e("entryRelationship", reason_entry(treatment.reason), typeCode="RSON") if treatment.reason else None
    return e(
        "substanceAdministration",
        *templates(*parents),
        e("id", root=identifier),
        coded("code", DRUG),
        text_reference(treatment.mark),
        e("statusCode", code="completed"),
        *dosage(treatment),
        e("consumable", product_entry(treatment.product, treatment.mark)),
        reason,
        classCode="SBADM",
        moodCode="EVN",
    )


def dosage(treatment: Treatment) -> tuple[Node, ...]:
    """The times, the route and the dose of a treatment, in the order of the schema."""
    times = [interval(treatment.start, treatment.stop, xsi_type="IVL_TS")]
    if treatment.every_hours:
        rhythm = e("period", value=str(treatment.every_hours), unit="h")
        times.append(e("effectiveTime", rhythm, xsi_type="PIVL_TS", operator="A"))
    ends = (e(side, value=treatment.dose, unit=treatment.unit or None) for side in ("low", "high"))
    amount = e("doseQuantity", *ends) if treatment.dose else None
    route = coded("routeCode", treatment.route) if treatment.route else None
    return (*times, *(one for one in (route, amount) if one is not None))


def reason_entry(reason: Code) -> Node:
    """FR-Reference-interne: why a treatment or an act is there."""
    parents = templates("1.3.6.1.4.1.19376.1.5.3.1.4.4.1", "1.2.250.1.213.1.1.3.36")
    return e("act", *parents, e("id", nullFlavor="NA"), coded("code", reason), classCode="ACT", moodCode="EVN")


def problem_entry(problem: Problem, numbering: tuple[str, str]) -> Node:
    """A problem in its concern. `numbering` is the identifiers of the two."""
    parents = ("2.16.840.1.113883.10.20.1.28", "1.3.6.1.4.1.19376.1.5.3.1.4.5", "1.2.250.1.213.1.1.3.37")
    observation = e(
        "observation",
        *templates(*parents),
        e("id", root=numbering[1]),
        coded("code", DIAGNOSIS),
        text_reference(problem.mark),
        e("statusCode", code="completed"),
        interval(problem.start, problem.stop),
        coded("value", problem.code, problem.mark, xsi_type="CD"),
        _part(SEVERITY_TEMPLATES, SEVERITY, problem.severity, "SUBJ", inverted=True),
        _part(STATUS_TEMPLATES, STATUS, problem.status, "REFR"),
        _part(CERTAINTY_TEMPLATES, CERTAINTY, problem.certainty, "REFR"),
        classCode="OBS",
        moodCode="EVN",
        negationInd="false",
    )
    concern = ("2.16.840.1.113883.10.20.1.27", "1.3.6.1.4.1.19376.1.5.3.1.4.5.1", "1.3.6.1.4.1.19376.1.5.3.1.4.5.2")
    return _concern((*concern, "1.2.250.1.213.1.1.3.39"), numbering[0], observation, problem.start, problem.stop)


@dataclass(frozen=True, slots=True)
class Allergy:
    """A known allergy; an empty list of them means that none is known. `reaction` is for people, `reactions` for software.

    `kind` is what it is (DRUG_ALLERGY, FOOD_ALLERGY…); `criticality` one of CRITICALITIES.
    """

    agent: Product
    since: date | None
    reaction: str
    mark: str
    kind: Code = DRUG_ALLERGY
    reactions: tuple[Reaction, ...] = ()
    criticality: Code | None = None
    status: Code = ACTIVE
    certainty: Code | None = None


def allergy_entry(allergy: Allergy, numbering: tuple[str, str]) -> Node:
    """An allergy in its concern, with its agent and what it does."""
    parts = (
        _agent(allergy.agent, allergy.mark),
        *(_reaction(each) for each in allergy.reactions),
        _part(STATUS_TEMPLATES, STATUS, allergy.status, "REFR"),
        _part(CERTAINTY_TEMPLATES, CERTAINTY, allergy.certainty, "REFR"),
        _part(CRITICALITY_TEMPLATES, CRITICALITY, allergy.criticality, "REFR"),
    )
    value = e("value", original_text(allergy.mark), xsi_type="CD")
    since = e("low", value=day(allergy.since)) if allergy.since else e("low", nullFlavor="UNK")
    return _allergy_concern(allergy.kind, value, since, parts, numbering, allergy.since, allergy.mark)


def no_allergy_entry(seen: date, numbering: tuple[str, str], mark: str) -> Node:
    """That none is known, which is never an allergy."""
    value = coded("value", NO_KNOWN_ALLERGY, mark, xsi_type="CD")
    return _allergy_concern(DRUG_ALLERGY, value, e("low", nullFlavor="UNK"), (), numbering, seen, mark)


def _allergy_concern(
    kind: Code, value: Node, since: Node, parts: tuple[Node | None, ...], numbering: tuple[str, str], start: date | None, mark: str
) -> Node:
    parents = (
        "2.16.840.1.113883.10.20.1.18",
        "2.16.840.1.113883.10.20.1.28",
        "1.3.6.1.4.1.19376.1.5.3.1.4.5",
        "1.3.6.1.4.1.19376.1.5.3.1.4.6",
        "1.2.250.1.213.1.1.3.41",
    )
    observation = e(
        "observation",
        *templates(*parents),
        e("id", root=numbering[1]),
        coded("code", kind),
        text_reference(mark),
        e("statusCode", code="completed"),
        e("effectiveTime", since),
        value,
        *parts,
        classCode="OBS",
        moodCode="EVN",
        negationInd="false",
    )
    concern = ("2.16.840.1.113883.10.20.1.27", "1.3.6.1.4.1.19376.1.5.3.1.4.5.1", "1.3.6.1.4.1.19376.1.5.3.1.4.5.3")
    return _concern((*concern, "1.2.250.1.213.1.1.3.40"), numbering[0], observation, start, None)


def _agent(agent: Product, mark: str) -> Node:
    entity = e("playingEntity", product_code(agent, mark), e("name", agent.name), classCode="MMAT")
    return e("participant", e("participantRole", entity, classCode="MANU"), typeCode="CSM")


def _reaction(reaction: Reaction) -> Node:
    """What was seen when it happened (FR-Probleme), with its severity."""
    parents = ("2.16.840.1.113883.10.20.1.54", "1.3.6.1.4.1.19376.1.5.3.1.4.5", "1.2.250.1.213.1.1.3.37")
    observation = e(
        "observation",
        *templates(*parents),
        e("id", nullFlavor="NA"),
        coded("code", FINDING),
        e("statusCode", code="completed"),
        e("effectiveTime", e("low", nullFlavor="UNK")),
        coded("value", reaction.code, xsi_type="CD"),
        _part(SEVERITY_TEMPLATES, SEVERITY, reaction.severity, "SUBJ", inverted=True),
        classCode="OBS",
        moodCode="EVN",
        negationInd="false",
    )
    return e("entryRelationship", observation, typeCode="MFST", inversionInd="true")


def _part(parents: tuple[str, ...], question: Code, answer: Code | None, kind: str, *, inverted: bool = False) -> Node | None:
    """A small observation that completes another: its status, its severity, its criticality."""
    if answer is None:
        return None
    observation = e(
        "observation",
        *templates(*parents),
        coded("code", question),
        e("statusCode", code="completed"),
        coded("value", answer, xsi_type="CE" if kind == "REFR" else "CD"),
        classCode="OBS",
        moodCode="EVN",
    )
    return e("entryRelationship", observation, typeCode=kind, inversionInd="true" if inverted else "false")


def _concern(parents: tuple[str, ...], identifier: str, observation: Node, start: date | None, stop: date | None) -> Node:
    return e(
        "act",
        *templates(*parents),
        e("id", root=identifier),
        e("code", nullFlavor="NA"),
        e("statusCode", code="completed" if stop else "active"),
        interval(start, stop),
        e("entryRelationship", observation, typeCode="SUBJ", inversionInd="false"),
        classCode="ACT",
        moodCode="EVN",
    )


def observed(
    parents: tuple[str, ...],
    identifier: str,
    code: Code,
    when: date,
    value: Node,
    mark: str | None = None,
) -> Node:
    """A simple observation (FR-Simple-Observation and its children): one coded question, one value."""
    return e(
        "observation",
        *templates("1.3.6.1.4.1.19376.1.5.3.1.4.13", *parents),
        e("id", root=identifier),
        coded("code", code),
        text_reference(mark) if mark else None,
        e("statusCode", code="completed"),
        e("effectiveTime", value=at(when)),
        value,
        classCode="OBS",
        moodCode="EVN",
    )


def said(text: str) -> Node:
    return e("value", text, xsi_type="ST")


def true_or_false(value: bool) -> Node:
    return e("value", xsi_type="BL", value="true" if value else "false")


def vital_sign(measure: Measure, when: date, identifier: str) -> Node:
    """FR-Signe-vital-observe."""
    parents = ("2.16.840.1.113883.10.20.1.31", "1.3.6.1.4.1.19376.1.5.3.1.4.13.2", "1.2.250.1.213.1.1.3.50")
    return observed(parents, identifier, measure.code, measure.when or when, measure.value_node(), measure.mark)
