"""Vaccination note (87273-9): CI-SIS VAC-NOTE, model 1.2.250.1.213.1.1.1.46."""

from dataclasses import dataclass
from datetime import date

from healthspace.cda.write.body import Marked, Numbering, Paragraph, Section, Table, write_document
from healthspace.cda.write.codes import ACT_CODE, EDQM, LOINC, SNOMED, Code, coded, templates, text_reference
from healthspace.cda.write.entries import reason_entry
from healthspace.cda.write.header import assigned_somebody, day, write_header
from healthspace.cda.write.products import Product, product_entry
from healthspace.cda.write.sections import french
from healthspace.cda.write.values import Header, Named, Professional
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
UNSPECIFIED = Code("IMMUNIZ", ACT_CODE, "Vaccination sans autre précision")
PLAN = Code("18776-5", LOINC, "Plan de traitement")
RECOMMENDATION = ("2.16.840.1.113883.10.20.1.25", "1.3.6.1.4.1.19376.1.5.3.1.4.12.2", "1.2.250.1.213.1.1.3.47")
IMMUNIZATION = ("2.16.840.1.113883.10.20.1.24", "1.3.6.1.4.1.19376.1.5.3.1.4.12", "1.2.250.1.213.1.1.3.45")


@dataclass(frozen=True, slots=True)
class Immunization:
    """One injection: `rank` is its place in the series, from 1. `site` is where on the body, `route` how; None where nobody says it.

    `kind` is what kind of dose it is; by default its rank tells. `amount` is a number and its unit.
    """

    product: Product
    against: str
    when: date
    lot: str
    rank: int | None
    site: Code | None
    vaccinator: Professional | Named | None
    mark: str
    route: Code | None = INTRAMUSCULAR
    kind: Code | None = None
    amount: tuple[str, str] | None = ("1", "{dose}")


@dataclass(frozen=True, slots=True)
class Refused:
    """A vaccination that was not done, and why when that is known."""

    product: Product
    against: str
    when: date
    reason: Code | None
    mark: str


@dataclass(frozen=True, slots=True)
class Advised:
    """A vaccination that is recommended, from a day to another."""

    product: Product
    against: str
    earliest: date
    latest: date
    rank: int
    mark: str


def write_vaccination_note(
    header: Header, immunizations: tuple[Immunization, ...], refused: tuple[Refused, ...] = (), advised: tuple[Advised, ...] = ()
) -> bytes:
    """The note's bytes."""
    numbering = Numbering(header.unique_id)
    sections = [vaccinations_section(immunizations, numbering, refused)]
    if advised:
        sections.append(_advice_section(advised, numbering))
    return write_document(write_header(header, model=MODEL, type_code=TYPE, events=(TYPE,)), tuple(sections), numbering)


def vaccinations_section(immunizations: tuple[Immunization, ...], numbering: Numbering, refused: tuple[Refused, ...] = ()) -> Section:
    done = tuple(
        (
            french(given.when),
            Marked(given.product.name, given.mark),
            given.against,
            given.lot,
            str(given.rank or ""),
            _called(given.vaccinator),
        )
        for given in immunizations
    )
    not_done = tuple((french(one.when), Marked(one.product.name, one.mark), one.against, "", "refusée", "") for one in refused)
    rows = (*done, *not_done)
    entries = (*(_entry(given, numbering) for given in immunizations), *(_refusal(one, numbering) for one in refused))
    return Section(
        ("2.16.840.1.113883.10.20.1.6", "1.3.6.1.4.1.19376.1.5.3.1.3.23", "1.2.250.1.213.1.1.2.147"),
        HISTORY,
        "Vaccinations",
        (
            Table(rows, ("Date", "Vaccin", "Contre", "Lot", "Dose", "Vaccinateur"))
            if rows
            else Paragraph("Aucune vaccination dans cette note."),
        ),
        entries,
    )


def _called(vaccinator: Professional | Named | None) -> str:
    if isinstance(vaccinator, Professional):
        return f"{vaccinator.given} {vaccinator.family}"
    return vaccinator.name if vaccinator else ""


def _advice_section(advised: tuple[Advised, ...], numbering: Numbering) -> Section:
    rows = tuple((f"{french(one.earliest)} – {french(one.latest)}", Marked(one.product.name, one.mark), one.against) for one in advised)
    return Section(
        ("2.16.840.1.113883.10.20.1.10", "1.3.6.1.4.1.19376.1.5.3.1.3.36", "1.2.250.1.213.1.1.2.158"),
        PLAN,
        "Vaccinations recommandées",
        (Table(rows, ("Période", "Vaccin", "Contre")),),
        tuple(_advice(one, numbering) for one in advised),
    )


def _refusal(one: Refused, numbering: Numbering) -> Node:
    return _administration(
        (IMMUNIZATION, "EVN", UNSPECIFIED, one.mark),
        numbering,
        e("statusCode", code="completed"),
        e("effectiveTime", value=day(one.when)),
        e("consumable", product_entry(one.product, one.mark)),
        e("entryRelationship", reason_entry(one.reason), typeCode="RSON") if one.reason else None,
        refused=True,
    )


def _advice(one: Advised, numbering: Numbering) -> Node:
    return _administration(
        (RECOMMENDATION, "INT", FIRST if one.rank == 1 else BOOSTER, one.mark),
        numbering,
        e("statusCode", code="active"),
        e("effectiveTime", e("low", value=day(one.earliest)), e("high", value=day(one.latest)), xsi_type="IVL_TS"),
        e("consumable", product_entry(one.product, one.mark)),
        e("entryRelationship", _rank(one.rank), typeCode="SUBJ"),
    )


def _rank(rank: int) -> Node:
    return e(
        "observation",
        *templates("2.16.840.1.113883.10.20.1.46", "1.2.250.1.213.1.1.3.82"),
        coded("code", RANK),
        e("statusCode", code="completed"),
        e("value", xsi_type="INT", value=str(rank)),
        classCode="OBS",
        moodCode="EVN",
    )


def _entry(given: Immunization, numbering: Numbering) -> Node:
    by_rank = FIRST if given.rank == 1 else BOOSTER if given.rank else UNSPECIFIED
    return _administration(
        (IMMUNIZATION, "EVN", given.kind or by_rank, given.mark),
        numbering,
        e("statusCode", code="completed"),
        e("effectiveTime", value=day(given.when)),
        coded("routeCode", given.route) if given.route else None,
        coded("approachSiteCode", given.site) if given.site else None,
        e("doseQuantity", value=given.amount[0], unit=given.amount[1] or None) if given.amount else None,
        e("consumable", product_entry(given.product, given.mark, lot=given.lot)),
        e("performer", assigned_somebody("assignedEntity", given.vaccinator), typeCode="PRF") if given.vaccinator else None,
        e("entryRelationship", _rank(given.rank), typeCode="SUBJ") if given.rank else None,
    )


def _administration(
    about: tuple[tuple[str, ...], str, Code, str], numbering: Numbering, *parts: Node | None, refused: bool = False
) -> Node:
    """A vaccine that was given, refused or advised. `about`: its templates, its mood, what kind of dose it is, its mark in the text."""
    kind, mood, dose, mark = about
    return e(
        "substanceAdministration",
        *templates(*kind),
        e("id", root=numbering.next()),
        coded("code", dose),
        text_reference(mark),
        *parts,
        classCode="SBADM",
        moodCode=mood,
        negationInd="true" if refused else "false",
    )
