"""Entries that several kinds of documents share: products, treatments, problems, allergies, measures."""

from dataclasses import dataclass
from datetime import date

from healthspace.cda.write.codes import (
    ABSENT_OR_UNKNOWN,
    ACT_CODE,
    CLINICAL_STATUS,
    EDQM,
    INTERPRETATION,
    LOINC,
    SNOMED,
    Code,
    coded,
    original_text,
    templates,
    text_reference,
)
from healthspace.cda.write.header import day
from healthspace.cda.write.xml import Node, e

DRUG = Code("DRUG", ACT_CODE, "Médicament")
DIAGNOSIS = Code("282291009", SNOMED, "interprétation diagnostique")
DRUG_ALLERGY = Code("416098002", SNOMED, "allergie médicamenteuse")
NO_KNOWN_ALLERGY = Code("no-known-allergies", ABSENT_OR_UNKNOWN, "Pas d’allergie ou d’hypersensibilité connue")
STATUS = Code("33999-4", LOINC, "Statut")
ACTIVE = Code("active", CLINICAL_STATUS, "Actif")
ORAL = Code("20053000", EDQM, "Voie orale")
BOX = "30009000"
"""EDQM's code of a box, the unit of a quantity prescribed or delivered."""

INTERPRETATIONS = {
    "L": Code("L", INTERPRETATION, "Anormalement bas"),
    "N": Code("N", INTERPRETATION, "Normal"),
    "H": Code("H", INTERPRETATION, "Anormalement haut"),
}


SHOWN_UNITS = {
    "10*9/L": "G/L",
    "10*12/L": "T/L",
    "umol/L": "µmol/L",
    "ug/L": "µg/L",
    "m[IU]/L": "mUI/L",
    "mL/min/{1.73_m2}": "mL/min/1,73 m²",
    "mm[Hg]": "mmHg",
}
"""Units as a French laboratory prints them, where that differs from the code (UCUM)."""


@dataclass(frozen=True, slots=True)
class Product:
    """A medicine: its name, its class (ATC), and its French numbers (CIS for the medicine, CIP for the box) when known."""

    name: str
    atc: Code
    cis: Code | None = None
    cip: Code | None = None
    form: Code | None = None


@dataclass(frozen=True, slots=True)
class Treatment:
    """A product taken since a day: `every_hours` between doses, `dose` units of `unit` at a time. `mark` is its #id."""

    product: Product
    dosage: str
    start: date
    stop: date | None
    every_hours: int
    dose: str
    unit: str
    route: Code
    reason: Code | None
    mark: str


@dataclass(frozen=True, slots=True)
class Problem:
    """A diagnosis (ICD-10). `stop` is None while it lasts."""

    code: Code
    start: date
    stop: date | None
    mark: str


@dataclass(frozen=True, slots=True)
class Measure:
    """A measured value. `low` and `high` bound what is usual, either may be absent. `flag` is L, N or H."""

    code: Code
    name: str
    value: str
    unit: str
    low: str | None
    high: str | None
    flag: str
    mark: str

    @property
    def shown(self) -> str:
        """The value and its unit in words."""
        return f"{decimal(self.value)} {SHOWN_UNITS.get(self.unit, self.unit)}"

    @property
    def usual(self) -> str:
        """The usual range in words."""
        if self.low and self.high:
            return f"{decimal(self.low)} – {decimal(self.high)}"
        if self.high:
            return f"< {decimal(self.high)}"
        return f"> {decimal(self.low)}" if self.low else ""


def decimal(value: str) -> str:
    """A number as a French reader expects it."""
    return value.replace(".", ",")


def interval(start: date, stop: date | None, *, name: str = "effectiveTime", xsi_type: str | None = None) -> Node:
    high = e("high", value=day(stop)) if stop else None
    return e(name, e("low", value=day(start)), high, xsi_type=xsi_type)


def product_entry(product: Product, mark: str, *, lot: str | None = None, pharmacy: bool = False) -> Node:
    """A manufacturedProduct. `pharmacy` adds what IHE Pharmacy carries: the form and the therapeutic class."""
    kind = None
    if pharmacy:
        generalised = e(
            "pharm:generalizedMedicineClass",
            e(
                "pharm:code",
                code=product.atc.code,
                displayName=product.atc.display,
                codeSystem=product.atc.system,
                codeSystemName="ATC",
            ),
            e("pharm:name", product.atc.display),
            classCode="MMAT",
        )
        kind = e("pharm:asSpecializedKind", generalised, classCode="GRIC")
    material = e(
        "manufacturedMaterial",
        *(templates("1.3.6.1.4.1.19376.1.9.1.3.1") if pharmacy else ()),
        _product_code(product, mark),
        e("name", product.name),
        coded("pharm:formCode", product.form) if pharmacy and product.form else None,
        e("lotNumberText", lot) if lot else None,
        kind,
        classCode="MMAT",
        determinerCode="KIND",
    )
    parents = ("2.16.840.1.113883.10.20.1.53", "1.3.6.1.4.1.19376.1.5.3.1.4.7.2", "1.2.250.1.213.1.1.3.43")
    return e("manufacturedProduct", *templates(*parents), material, classCode="MANU")


def _product_code(product: Product, mark: str) -> Node:
    # A medicine whose CIS is not known has no main code: only its class and its box, as pharmacies write it.
    others = tuple(code for code in (product.atc, product.cip) if code)
    if product.cis:
        return coded("code", Code(product.cis.code, product.cis.system, product.cis.display, others), mark)
    return e("code", original_text(mark), *(coded("translation", other) for other in others))


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
    return (
        interval(treatment.start, treatment.stop, xsi_type="IVL_TS"),
        e("effectiveTime", e("period", value=str(treatment.every_hours), unit="h"), xsi_type="PIVL_TS", operator="A"),
        coded("routeCode", treatment.route),
        e(
            "doseQuantity",
            e("low", value=treatment.dose, unit=treatment.unit),
            e("high", value=treatment.dose, unit=treatment.unit),
        ),
    )


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
        classCode="OBS",
        moodCode="EVN",
        negationInd="false",
    )
    concern = ("2.16.840.1.113883.10.20.1.27", "1.3.6.1.4.1.19376.1.5.3.1.4.5.1", "1.3.6.1.4.1.19376.1.5.3.1.4.5.2")
    return _concern((*concern, "1.2.250.1.213.1.1.3.39"), numbering[0], observation, problem.start, problem.stop)


def allergy_entry(agent: Product | None, start: date, numbering: tuple[str, str], mark: str) -> Node:
    """A drug allergy in its concern; without an agent it says that none is known, which is never an allergy."""
    parents = (
        "2.16.840.1.113883.10.20.1.18",
        "2.16.840.1.113883.10.20.1.28",
        "1.3.6.1.4.1.19376.1.5.3.1.4.5",
        "1.3.6.1.4.1.19376.1.5.3.1.4.6",
        "1.2.250.1.213.1.1.3.41",
    )
    value = e("value", original_text(mark), xsi_type="CD") if agent else coded("value", NO_KNOWN_ALLERGY, mark, xsi_type="CD")
    observation = e(
        "observation",
        *templates(*parents),
        e("id", root=numbering[1]),
        coded("code", DRUG_ALLERGY),
        text_reference(mark),
        e("statusCode", code="completed"),
        e("effectiveTime", e("low", value=day(start)) if agent else e("low", nullFlavor="UNK")),
        value,
        _agent(agent, mark) if agent else None,
        _active() if agent else None,
        classCode="OBS",
        moodCode="EVN",
        negationInd="false",
    )
    concern = ("2.16.840.1.113883.10.20.1.27", "1.3.6.1.4.1.19376.1.5.3.1.4.5.1", "1.3.6.1.4.1.19376.1.5.3.1.4.5.3")
    return _concern((*concern, "1.2.250.1.213.1.1.3.40"), numbering[0], observation, start, None)


def _agent(agent: Product, mark: str) -> Node:
    entity = e("playingEntity", _product_code(agent, mark), e("name", agent.name), classCode="MMAT")
    return e("participant", e("participantRole", entity, classCode="MANU"), typeCode="CSM")


def _active() -> Node:
    parents = (
        "2.16.840.1.113883.10.20.1.50",
        "2.16.840.1.113883.10.20.1.57",
        "1.3.6.1.4.1.19376.1.5.3.1.4.1.1",
        "1.2.250.1.213.1.1.3.30",
    )
    status = e(
        "observation",
        *templates(*parents),
        coded("code", STATUS),
        e("statusCode", code="completed"),
        coded("value", ACTIVE, xsi_type="CE"),
        classCode="OBS",
        moodCode="EVN",
    )
    return e("entryRelationship", status, typeCode="REFR", inversionInd="false")


def _concern(parents: tuple[str, ...], identifier: str, observation: Node, start: date, stop: date | None) -> Node:
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
        e("effectiveTime", value=day(when)),
        value,
        classCode="OBS",
        moodCode="EVN",
    )


def said(text: str) -> Node:
    return e("value", text, xsi_type="ST")


def quantity(value: str, unit: str) -> Node:
    return e("value", xsi_type="PQ", value=value, unit=unit)


def true_or_false(value: bool) -> Node:
    return e("value", xsi_type="BL", value="true" if value else "false")


def vital_sign(measure: Measure, when: date, identifier: str) -> Node:
    """FR-Signe-vital-observe."""
    parents = ("2.16.840.1.113883.10.20.1.31", "1.3.6.1.4.1.19376.1.5.3.1.4.13.2", "1.2.250.1.213.1.1.3.50")
    return observed(parents, identifier, measure.code, when, quantity(measure.value, measure.unit), measure.mark)
