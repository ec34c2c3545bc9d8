"""What our writer puts into a document is what our reader finds there, whatever it is (properties)."""

import string
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from healthspace.cda.write.codes import ATC, CCAM, CIP, CIS, ICD10, SNOMED, Code
from healthspace.cda.write.dispensation import DispensedItem, Prescribed, write_dispensation
from healthspace.cda.write.entries import ORAL, Problem, Product, Treatment
from healthspace.cda.write.prescription import PrescribedItem, write_prescription
from healthspace.cda.write.sections import Act, Allergy
from healthspace.cda.write.summary import Summary, write_summary
from healthspace.cda.write.vaccination import Immunization, write_vaccination_note
from tests.pure.cda_samples import DAY, DOCTOR, NOON, header
from tests.pure.clinical.kinds import faults_in, of_type, read
from tests.pure.clinical.samples import Resource, codes_of

LETTERS = string.ascii_uppercase + string.digits
SHOWN = st.characters(codec="utf-8", categories=["L", "N", "P", "S"])
WORDS = st.text(SHOWN, min_size=1, max_size=20).filter(lambda text: any(map(str.isalnum, text)))
DAYS = st.dates(date(1950, 1, 1), DAY)


def codes(system: str) -> st.SearchStrategy[Code]:
    return st.builds(lambda code, name: Code(code, system, name), st.text(LETTERS, min_size=3, max_size=8), WORDS)


def marked(make: Callable[..., Any], **parts: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    """A few things of one kind, each with a place of its own in the narrative."""
    made = st.lists(st.builds(lambda **given: make(mark="", **given), **parts), min_size=1, max_size=4)
    return made.map(lambda found: [replace(each, mark=f"{type(each).__name__.lower()}-{number}") for number, each in enumerate(found, 1)])


PRODUCTS = st.builds(Product, name=WORDS, atc=codes(ATC), cis=st.none() | codes(CIS), cip=st.none() | codes(CIP))
SPANS = st.tuples(DAYS, st.none() | st.integers(0, 400))
PROBLEMS = marked(
    lambda code, span, mark: Problem(code, span[0], span[0] + timedelta(days=span[1]) if span[1] is not None else None, mark),
    code=codes(ICD10),
    span=SPANS,
)
TREATMENTS = marked(
    lambda product, dosage, span, hours, dose, reason, mark: Treatment(
        product, dosage, span[0], span[0] + timedelta(days=span[1] or 0), hours, str(dose), "{tbl}", ORAL, reason, mark
    ),
    product=PRODUCTS,
    dosage=WORDS,
    span=SPANS,
    hours=st.integers(1, 48),
    dose=st.integers(1, 9),
    reason=st.none() | codes(ICD10),
)
IMMUNIZATIONS = marked(
    lambda product, when, lot, rank, site, mark: Immunization(product, "Grippe", when, lot, rank, site, DOCTOR, mark),
    product=PRODUCTS,
    when=DAYS,
    lot=st.text(LETTERS, min_size=1, max_size=8),
    rank=st.integers(1, 9),
    site=codes(SNOMED),
)
ACTS = marked(Act, code=codes(CCAM), when=DAYS)
ALLERGIES = marked(Allergy, agent=PRODUCTS, since=DAYS, reaction=WORDS)
few = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def codes_in(product: Product) -> set[str]:
    return {code.code for code in (product.atc, product.cis, product.cip) if code}


def taken(resource: Resource) -> tuple[Any, ...]:
    """What a resource says of a treatment."""
    (dosage,) = resource.get("dosage") or resource["dosageInstruction"]
    period = resource.get("effectivePeriod") or dosage["timing"]["repeat"]["boundsPeriod"]
    repeat, amount = dosage["timing"]["repeat"], dosage["doseAndRate"][0]["doseQuantity"]
    reasons = [code for each in resource.get("reasonCode", ()) for code in codes_of(each)]
    return codes_of(resource["medicationCodeableConcept"]), dosage["text"], period, repeat["period"], amount["value"], reasons


def written(treatment: Treatment) -> tuple[Any, ...]:
    assert treatment.stop
    period = {"start": treatment.start.isoformat(), "end": treatment.stop.isoformat()}
    reasons = [treatment.reason.code] if treatment.reason else []
    return codes_in(treatment.product), treatment.dosage, period, treatment.every_hours, int(treatment.dose), reasons


@few
@given(st.tuples(PROBLEMS, PROBLEMS), ACTS, st.just([]) | ALLERGIES, TREATMENTS, IMMUNIZATIONS)
def test_a_summary(
    problems: tuple[list[Problem], list[Problem]],
    acts: list[Act],
    allergies: list[Allergy],
    treatments: list[Treatment],
    given_: list[Immunization],
) -> None:
    ongoing, past = problems[0], [replace(each, mark=f"past-{each.mark}") for each in problems[1]]
    state = Summary(DAY, tuple(ongoing), tuple(past), tuple(acts), tuple(allergies), tuple(treatments), (), tuple(given_), ())
    found = read(write_summary(header("summary"), state))
    assert faults_in(found) == []
    assert not found.unread
    conditions = [(codes_of(each["code"]), each["onsetDateTime"]) for each in of_type(found.facts, "Condition")]
    assert conditions == [({each.code.code}, each.start.isoformat()) for each in (*ongoing, *past)]
    done = [(codes_of(each["code"]), each["performedDateTime"]) for each in of_type(found.facts, "Procedure")]
    assert done == [({each.code.code}, each.when.isoformat()) for each in acts]
    agents = [codes_of(each["code"]) for each in of_type(found.facts, "AllergyIntolerance")]
    assert agents == ([codes_in(each.agent) for each in allergies] or [{"no-known-allergies"}])
    assert [taken(each) for each in of_type(found.facts, "MedicationStatement")] == [written(each) for each in treatments]
    assert [vaccinated(each) for each in of_type(found.facts, "Immunization")] == [injected(each) for each in given_]


def vaccinated(resource: Resource) -> tuple[Any, ...]:
    (rank,) = resource["protocolApplied"]
    codes_found = codes_of(resource["vaccineCode"])
    return codes_found, resource["occurrenceDateTime"], resource["lotNumber"], rank["doseNumberPositiveInt"], codes_of(resource["site"])


def injected(given_: Immunization) -> tuple[Any, ...]:
    return codes_in(given_.product), given_.when.isoformat(), given_.lot, given_.rank, {given_.site.code}


@few
@given(IMMUNIZATIONS)
def test_a_vaccination_note(given_: list[Immunization]) -> None:
    found = read(write_vaccination_note(header("vaccination"), tuple(given_)))
    assert faults_in(found) == []
    assert [vaccinated(each) for each in of_type(found.facts, "Immunization")] == [injected(each) for each in given_]


LINES = st.lists(st.uuids().map(lambda one: str(one).upper()), min_size=4, max_size=4, unique=True)


@few
@given(TREATMENTS, LINES, st.integers(1, 9), st.integers(0, 5), st.booleans())
def test_a_prescription_and_its_dispensation(
    treatments: list[Treatment], ids: list[str], boxes: int, renewals: int, long_term: bool
) -> None:
    lines = list(zip(ids, treatments, strict=False))
    items = tuple(PrescribedItem(identifier, treatment, boxes, renewals, "", long_term) for identifier, treatment in lines)
    prescription = read(write_prescription(header("prescription"), items))
    asked = of_type(prescription.facts, "MedicationRequest")
    assert [taken(each) for each in asked] == [written(each) for _, each in lines]
    assert {(each["dispenseRequest"]["numberOfRepeatsAllowed"], each["dispenseRequest"]["quantity"]["value"]) for each in asked} == {
        (renewals, boxes)
    }
    assert [bool(each.get("category")) for each in asked] == [long_term] * len(asked)
    answered = Prescribed(header("prescription").unique_id, DOCTOR, NOON)
    delivered = tuple(DispensedItem(identifier, treatment, boxes, "B777") for identifier, treatment in lines)
    dispensation = read(write_dispensation(header("dispensation"), answered, delivered))
    handed = of_type(dispensation.facts, "MedicationDispense")
    assert [each["authorizingPrescription"][0]["identifier"] for each in handed] == [each["identifier"][0] for each in asked]
    assert [each["contained"][0]["batch"]["lotNumber"] for each in handed] == ["B777"] * len(handed)
    assert faults_in(prescription) == faults_in(dispensation) == []
