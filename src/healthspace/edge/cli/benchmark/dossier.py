"""One long record as documents: a citizen with years of laboratory reports and one medical summary. Invented, the same in every run."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from random import Random

from healthspace.cda.write.codes import ATC, CCAM, FACILITY, ICD10, LOINC, PROFESSION, SETTING, Code, Identifier
from healthspace.cda.write.entries import ORAL, Problem, Treatment
from healthspace.cda.write.laboratory import Chapter, write_laboratory_report
from healthspace.cda.write.measures import Measure
from healthspace.cda.write.products import Product
from healthspace.cda.write.sections import Act
from healthspace.cda.write.summary import Summary, write_summary
from healthspace.cda.write.vaccination import Immunization
from healthspace.cda.write.values import NOWHERE, Header, Organization, Patient, Professional
from healthspace.edge.cli.benchmark.synthetic import ANALYTES
from healthspace.identity.ins import TEST

REPORTS, RESULTS, ANALYSES = 66, 20, 150
"""Laboratory reports, results of each, and analyses that they are of: with the facts of the summary, about 2,000 resources."""
PROBLEMS, TREATMENTS, DOSES, ACTS = 70, 70, 40, 40
FIRST_DAY = date(2014, 1, 6)
ROOT = "2.25.314159265358979"
PLACE = Organization(
    "1990000052", "Laboratoire des Mesures", "Angers", Code("SA25", FACILITY, "Laboratoire"), Code("AMBULATOIRE", SETTING, "Ambulatoire")
)
AUTHOR = Professional("881000000086", "ROBIN", "Julie", "MME", "DR", Code("G15_10/SM26", PROFESSION, "Médecin"), PLACE)
VACCINES = (("J07BB02", "Grippe"), ("J07CA01", "Diphtérie, tétanos, poliomyélite"), ("J07BD52", "Rougeole, oreillons, rubéole"))


def long_record(ins: str) -> Iterator[bytes]:
    """The documents of the record whose citizen has the number `ins`, the oldest first."""
    for number in range(REPORTS):
        yield _report(ins, number)
    yield _summary(ins)


def _header(ins: str, number: int, day: date, title: str) -> Header:
    patient = Patient(
        Identifier(TEST, ins), None, "MESURE", "MESURE", ("Camille",), "Camille", "female", date(1979, 3, 28), "49007", "Angers", NOWHERE
    )
    when = datetime(day.year, day.month, day.day, 9, tzinfo=UTC)
    return Header(f"{ROOT}.{number + 1}", f"{ROOT}.0.{number + 1}", title, when, patient, AUTHOR, when)


def _report(ins: str, number: int) -> bytes:
    draw = Random(number)  # noqa: S311 - drawn from a seed, on purpose
    measures = tuple(_measure(draw, (number * RESULTS + place) % ANALYSES) for place in range(RESULTS))
    header = _header(ins, number, FIRST_DAY + timedelta(days=60 * number), "Compte rendu d’examens biologiques")
    return write_laboratory_report(header, (Chapter(Code("18719-5", LOINC, "Biochimie"), measures),))


def _measure(draw: Random, place: int) -> Measure:
    code, name, unit, low, high = ANALYTES[place % len(ANALYTES)]
    if place >= len(ANALYTES):
        code, name = f"{place}", f"{name} {place}"  # an analysis that no table knows
    value = f"{draw.uniform(low * 0.9, high * 1.1):.2f}"
    return Measure(Code(code, LOINC, name), name, value, unit, f"{low}", f"{high}", "", f"resultat-{place}")


def _summary(ins: str) -> bytes:
    days = [FIRST_DAY + timedelta(days=40 * turn) for turn in range(PROBLEMS)]
    state = Summary(
        when=FIRST_DAY + timedelta(days=60 * REPORTS),
        ongoing=tuple(Problem(_illness(turn), days[turn], None, f"probleme-{turn}") for turn in range(PROBLEMS // 2)),
        past=tuple(
            Problem(_illness(turn), days[turn], days[turn] + timedelta(days=30), f"passe-{turn}") for turn in range(PROBLEMS // 2, PROBLEMS)
        ),
        acts=tuple(Act(Code(f"HHFA{turn:03d}", CCAM, f"Acte {turn}"), days[turn], f"acte-{turn}") for turn in range(ACTS)),
        allergies=(),
        treatments=tuple(_treatment(turn, days[turn]) for turn in range(TREATMENTS)),
        vital_signs=(Measure(Code("29463-7", LOINC, "Poids"), "Poids", "61.5", "kg", None, None, "", "poids"),),
        immunizations=tuple(_dose(turn, days[turn]) for turn in range(DOSES)),
        points=(),
    )
    return write_summary(_header(ins, REPORTS, state.when, "Synthèse du dossier médical"), state)


def _illness(turn: int) -> Code:
    return Code(f"{'EFGIJKMN'[turn % 8]}{turn:02d}", ICD10, f"Affection {turn}")


def _treatment(turn: int, since: date) -> Treatment:
    product = Product(f"MÉDICAMENT {turn}", Code(f"C{turn % 10:02d}AA{turn % 100:02d}", ATC, f"substance {turn}"))
    return Treatment(product, "1 comprimé le matin", since, None, 24, "1", "{tbl}", ORAL, None, f"traitement-{turn}")


def _dose(turn: int, day: date) -> Immunization:
    code, against = VACCINES[turn % len(VACCINES)]
    product = Product(f"Vaccin {against}", Code(code, ATC, against))
    return Immunization(product, against, day, f"LOT{turn}", turn // len(VACCINES) + 1, None, AUTHOR, f"vaccin-{turn}")
