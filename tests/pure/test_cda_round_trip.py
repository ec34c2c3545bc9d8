"""What is written into a clinical document is read out of it again: the same facts, for any facts (property)."""

import string
from datetime import date, datetime, timedelta, timezone
from functools import cache
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from healthspace.cda.clinical import extract
from healthspace.cda.parse import parse_cda
from healthspace.cda.write.codes import ATC, CIS, EDQM, ICD10, LOINC, SNOMED, Code
from healthspace.cda.write.entries import (
    ALLERGY,
    CLINICAL_STATES,
    CRITICALITIES,
    DRUG_ALLERGY,
    FOOD_ALLERGY,
    ORAL,
    SEVERITIES,
    Allergy,
    Problem,
    Reaction,
    Treatment,
)
from healthspace.cda.write.laboratory import Chapter, write_laboratory_report
from healthspace.cda.write.measures import INTERPRETATIONS, Between, Bounded, Measure, Named, Said
from healthspace.cda.write.prescription import PrescribedItem, write_prescription
from healthspace.cda.write.products import Ingredient, Product
from healthspace.cda.write.sections import Act
from healthspace.cda.write.summary import Summary, write_summary
from healthspace.cda.write.vaccination import DELTOID, Advised, Immunization, Refused, write_vaccination_note
from healthspace.fhir.validate import validate
from tests.pure.cda_samples import DAY, DOCTOR, header
from tests.shared import CDA, needs_shared

Resource = dict[str, Any]
SOME = settings(max_examples=20, deadline=None)
WORDS = st.text(string.ascii_letters + "éèàçœ’-()/", min_size=1, max_size=12).filter(lambda text: any(each.isalpha() for each in text))
DIGITS = st.tuples(st.integers(0, 9999), st.integers(0, 3)).map(lambda both: f"{both[0] / 10 ** both[1]:.{both[1]}f}")
DAYS = st.dates(date(1990, 1, 1), date(2024, 12, 31))
UNITS = st.sampled_from(["g/L", "mmol/L", "%", "10*9/L", "umol/L", "mg"])
CODES = st.integers(1000, 99999)
CHAPTER = Code("18719-5", LOINC, "Biochimie")
TAKEN = datetime(2024, 5, 6, 7, 8, tzinfo=timezone(timedelta(hours=2)))


def coded(system: str, prefix: str = "") -> st.SearchStrategy[Code]:
    return st.builds(lambda number, name: Code(f"{prefix}{number}", system, name), CODES, WORDS)


@st.composite
def measures(draw: st.DrawFn) -> list[Measure]:
    results = st.one_of(
        DIGITS,
        st.builds(Bounded, st.sampled_from(["<", "<=", ">", ">="]), DIGITS),
        st.tuples(DIGITS, DIGITS).map(lambda ends: Between(*sorted(ends, key=float))),
        st.builds(Named, coded(SNOMED)),
        st.builds(Said, WORDS),
    )
    listed = []
    for number in range(draw(st.integers(1, 5))):
        low, high = draw(st.one_of(st.none(), DIGITS)), draw(st.one_of(st.none(), DIGITS))
        flag, unit = draw(st.sampled_from(["", *INTERPRETATIONS])), draw(UNITS)
        code, text = draw(coded(LOINC)), draw(st.one_of(st.just(""), WORDS))
        listed.append(Measure(code, code.display, draw(results), unit, low, high, flag, f"resultat-{number}", text))
    return listed


def products(*, magistral: bool = False) -> st.SearchStrategy[Product]:
    if not magistral:
        return st.builds(Product, WORDS, atc=coded(ATC, "N02"), cis=st.one_of(st.none(), coded(CIS)))
    ingredients = st.builds(Ingredient, WORDS, st.one_of(st.none(), coded(SNOMED)), DIGITS, st.just("g"), st.just("100"), st.just("g"))
    return st.builds(Product, WORDS, form=coded(EDQM), ingredients=st.lists(ingredients, min_size=1, max_size=3).map(tuple))


@st.composite
def treatments(draw: st.DrawFn) -> list[Treatment]:
    listed = []
    for number in range(draw(st.integers(1, 3))):
        said, start = draw(st.booleans()), draw(DAYS)
        stop = start + timedelta(days=draw(st.integers(0, 400))) if draw(st.booleans()) else None
        dose = (8, "2", "{tbl}", ORAL) if said else (0, "", "", None)
        product = draw(products(magistral=draw(st.booleans())))
        reason = draw(st.one_of(st.none(), coded(ICD10, "A")))
        listed.append(Treatment(product, draw(WORDS), start, stop, *dose, reason, f"med-{number}"))
    return listed


def of_type(data: bytes, type_: str) -> list[Resource]:
    """The facts of one type, all of the document having been read, and every fact being valid."""
    extraction = extract(parse_cda(data))
    assert extraction.unread == ()
    for fact in extraction.facts:
        assert not validate({**fact.resource, "id": "a"}), fact
    return [fact.resource for fact in extraction.facts if fact.resource["resourceType"] == type_]


def first(concept: Resource) -> str:
    return str(concept["coding"][0]["code"])


def value_of(measure: Measure) -> Resource:
    """What FHIR has for the value of a measure: its key, and what tells it."""

    def quantity(value: str, sign: str = "") -> Resource:
        return {"value": float(value), "code": measure.unit, **({"comparator": sign} if sign else {})}

    match measure.value:
        case Bounded(sign, value):
            return {"valueQuantity": quantity(value, sign)}
        case Between(low, high):
            return {"valueRange": {"low": quantity(low), "high": quantity(high)}}
        case Named(code):
            return {"valueCodeableConcept": code.code}
        case Said(text):
            return {"valueString": text}
        case value:
            return {"valueQuantity": quantity(value)}


def told(value: Any) -> Any:
    """A value as `value_of` tells it: without displays and systems."""
    if isinstance(value, dict) and "coding" in value:
        return first(value)
    if isinstance(value, dict):
        return {key: told(one) for key, one in value.items() if key in {"value", "code", "comparator", "low", "high"}}
    return float(value) if isinstance(value, int | float) else value


@SOME
@given(measures())
def test_a_laboratory_report_says_its_results_again(listed: list[Measure]) -> None:
    data = write_laboratory_report(header("laboratory", service_start=TAKEN), (Chapter(CHAPTER, tuple(listed), ""),))
    results = [one for one in of_type(data, "Observation") if "hasMember" not in one]
    assert [first(one["code"]) for one in results] == [measure.code.code for measure in listed]
    assert CHAPTER.code in {first(one["code"]) for one in of_type(data, "DiagnosticReport")}
    for result, measure in zip(results, listed, strict=True):
        assert {key: told(one) for key, one in result.items() if key.startswith("value")} == value_of(measure)
        assert result["effectiveDateTime"].startswith("2024-05-06T07:08")
        assert [first(one) for one in result.get("interpretation", [])] == ([measure.flag] if measure.flag else [])
        ranges = result.get("referenceRange", [])
        assert len(ranges) == bool(measure.low or measure.high or measure.range_text)
        for one in ranges:
            assert one.get("text", "") == measure.range_text
            for side, bound in (("low", measure.low), ("high", measure.high)):
                assert one.get(side, {}).get("value") == (float(bound) if bound else None)


@st.composite
def allergies(draw: st.DrawFn) -> list[Allergy]:
    reactions = st.builds(Reaction, coded(SNOMED), st.one_of(st.none(), st.sampled_from(list(SEVERITIES.values()))))
    kinds, risks = (
        st.sampled_from([DRUG_ALLERGY, FOOD_ALLERGY, ALLERGY]),
        st.one_of(st.none(), st.sampled_from(list(CRITICALITIES.values()))),
    )
    return [
        Allergy(
            draw(products()), draw(DAYS), "", f"allergie-{number}", draw(kinds), tuple(draw(st.lists(reactions, max_size=2))), draw(risks)
        )
        for number in range(draw(st.integers(0, 3)))
    ]


@st.composite
def problems(draw: st.DrawFn, *, past: bool) -> list[Problem]:
    states = ["inactive", "remission", "resolved"] if past else ["active", "recurrence", "relapse"]
    severities = st.one_of(st.none(), st.sampled_from(list(SEVERITIES.values())))
    listed = []
    for number in range(draw(st.integers(0, 3))):
        start = draw(DAYS)
        stop = start + timedelta(days=draw(st.integers(1, 400))) if past else None
        state = draw(st.one_of(st.none(), st.sampled_from([CLINICAL_STATES[each] for each in states])))
        listed.append(
            Problem(draw(coded(ICD10, "B")), start, stop, f"{'antecedent' if past else 'pathologie'}-{number}", state, draw(severities))
        )
    return listed


@SOME
@given(problems(past=False), problems(past=True), allergies(), treatments(), st.lists(st.tuples(coded(SNOMED), DAYS), max_size=2))
def test_a_medical_summary_says_its_facts_again(
    ongoing: list[Problem], past: list[Problem], known: list[Allergy], taken: list[Treatment], acts: list[tuple[Code, date]]
) -> None:
    done = tuple(Act(code, day, f"acte-{number}") for number, (code, day) in enumerate(acts))
    summary = Summary(DAY, tuple(ongoing), tuple(past), done, tuple(known), tuple(taken), (), (), ())
    data = write_summary(header("summary"), summary)
    conditions = of_type(data, "Condition")
    assert [first(one["code"]) for one in conditions] == [one.code.code for one in (*ongoing, *past)]
    for condition, problem in zip(conditions, (*ongoing, *past), strict=True):
        usual = "resolved" if problem.stop else "active"
        assert first(condition["clinicalStatus"]) in ({problem.status.code} if problem.status else {usual, "inactive"})
        assert condition["onsetDateTime"] == problem.start.isoformat()
        assert condition.get("abatementDateTime") == (problem.stop.isoformat() if problem.stop else None)
        assert condition.get("severity") is None if problem.severity is None else first(condition["severity"]) == problem.severity.code
    _check_allergies(of_type(data, "AllergyIntolerance"), known)
    assert [(first(one["code"]), one["performedDateTime"]) for one in of_type(data, "Procedure")] == [
        (code.code, day.isoformat()) for code, day in acts
    ]
    statements = of_type(data, "MedicationStatement")
    assert len(statements) == len(taken)
    for statement, treatment in zip(statements, taken, strict=True):
        _check_product(statement, treatment.product)
        assert statement["effectivePeriod"]["start"] == treatment.start.isoformat()
        assert statement["effectivePeriod"].get("end") == (treatment.stop.isoformat() if treatment.stop else None)
        _check_dosage(statement["dosage"], treatment)


def _check_allergies(found: list[Resource], known: list[Allergy]) -> None:
    if not known:
        assert [first(one["code"]) for one in found] == ["no-known-allergies"]
        return
    for allergy, written in zip(found, known, strict=True):
        assert written.agent.atc is not None
        assert written.agent.atc.code in {one["code"] for one in allergy["code"]["coding"]}
        assert allergy["onsetDateTime"] == written.since.isoformat()
        assert first(allergy["clinicalStatus"]) == "active"
        assert allergy.get("criticality") == (written.criticality.code if written.criticality else None)
        category = {DRUG_ALLERGY: ["medication"], FOOD_ALLERGY: ["food"]}.get(written.kind)
        assert allergy.get("category") == category
        reactions = [(first(one["manifestation"][0]), one.get("severity")) for one in allergy.get("reaction", [])]
        words = {code.code: word for word, code in SEVERITIES.items()}
        assert reactions == [(one.code.code, words[one.severity.code] if one.severity else None) for one in written.reactions]


def _check_product(resource: Resource, product: Product) -> None:
    concept = resource["medicationCodeableConcept"]
    codes = {code.code for code in (product.atc, product.cis) if code}
    assert {one["code"] for one in concept.get("coding", [])} == codes
    assert product.name in {concept.get("text"), *(one.get("display") for one in concept.get("coding", []))}
    inside = resource.get("contained", [{}])[0].get("ingredient", [])
    names = [one["itemCodeableConcept"].get("text") or one["itemCodeableConcept"]["coding"][0]["display"] for one in inside]
    assert len(names) == len(product.ingredients)
    for one, ingredient in zip(inside, product.ingredients, strict=True):
        assert one["strength"]["numerator"]["value"] == float(ingredient.amount)
        assert one["strength"]["denominator"]["value"] == 100
        if ingredient.code:
            assert first(one["itemCodeableConcept"]) == ingredient.code.code


def _check_dosage(dosages: list[Resource], treatment: Treatment) -> None:
    assert len(dosages) == 1
    assert dosages[0]["text"] == treatment.dosage
    if treatment.every_hours:
        repeat = dosages[0]["timing"]["repeat"]
        assert (repeat["period"], repeat["periodUnit"]) == (treatment.every_hours, "h")
        assert dosages[0]["doseAndRate"][0]["doseQuantity"]["value"] == float(treatment.dose)
        assert first(dosages[0]["route"]) == ORAL.code
    else:
        assert "doseAndRate" not in dosages[0]


@SOME
@given(treatments(), st.integers(1, 9), st.integers(0, 5), st.booleans())
def test_a_prescription_says_its_lines_again(listed: list[Treatment], boxes: int, renewals: int, long_term: bool) -> None:
    items = tuple(
        PrescribedItem(f"6F7E8D9C-0000-4000-8000-00000000000{number}", one, boxes, renewals, "Pendant le repas", long_term)
        for number, one in enumerate(listed)
    )
    requests = of_type(write_prescription(header("prescription"), items), "MedicationRequest")
    assert len(requests) == len(items)
    for request, item in zip(requests, items, strict=True):
        _check_product(request, item.treatment.product)
        _check_dosage(request["dosageInstruction"], item.treatment)
        assert request["intent"] == "order"
        assert request["dispenseRequest"]["numberOfRepeatsAllowed"] == renewals
        assert request["dispenseRequest"]["quantity"]["value"] == boxes
        assert request["dosageInstruction"][0]["patientInstruction"] == "Pendant le repas"
        assert bool(request.get("category")) == long_term


@st.composite
def vaccinations(draw: st.DrawFn) -> tuple[list[Immunization], list[Refused], list[Advised]]:
    product, several = products(), st.integers(0, 2)
    lot, reason = st.text(string.ascii_uppercase + string.digits, min_size=1, max_size=8), st.one_of(st.none(), coded(SNOMED))
    done = [
        Immunization(draw(product), draw(WORDS), draw(DAYS), draw(lot), draw(st.integers(1, 9)), DELTOID, DOCTOR, f"vaccin-{number}")
        for number in range(draw(several))
    ]
    refused = [Refused(draw(product), draw(WORDS), draw(DAYS), draw(reason), f"refus-{number}") for number in range(draw(several))]
    advised = [
        Advised(draw(product), draw(WORDS), date(2030, 1, 1), date(2030, 6, 1), draw(st.integers(1, 9)), f"conseil-{number}")
        for number in range(draw(several))
    ]
    return done, refused, advised


@SOME
@given(vaccinations())
def test_a_vaccination_note_says_what_was_done_refused_and_advised_again(
    facts: tuple[list[Immunization], list[Refused], list[Advised]],
) -> None:
    done, refused, advised = facts
    data = write_vaccination_note(header("vaccination"), tuple(done), tuple(refused), tuple(advised))
    found = of_type(data, "Immunization")
    given_, not_given = ([one for one in found if one["status"] == status] for status in ("completed", "not-done"))
    assert [(one["lotNumber"], one["occurrenceDateTime"], one["protocolApplied"][0]["doseNumberPositiveInt"]) for one in given_] == [
        (one.lot, one.when.isoformat(), one.rank) for one in done
    ]
    assert [one["occurrenceDateTime"] for one in not_given] == [one.when.isoformat() for one in refused]
    reasons = [first(one["statusReason"]) if "statusReason" in one else None for one in not_given]
    assert reasons == [one.reason.code if one.reason else None for one in refused]
    for one, written in zip((*given_, *not_given), (*done, *refused), strict=True):
        assert written.product.atc is not None
        assert written.product.atc.code in {each["code"] for each in one["vaccineCode"]["coding"]}
    recommendations = of_type(data, "ImmunizationRecommendation")
    assert [one["recommendation"][0]["doseNumberPositiveInt"] for one in recommendations] == [one.rank for one in advised]
    for one, advice in zip(recommendations, advised, strict=True):
        dates = {criterion["value"] for criterion in one["recommendation"][0]["dateCriterion"]}
        assert dates == {advice.earliest.isoformat(), advice.latest.isoformat()}


@cache
def schema() -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(CDA / "schema" / "CDA_extended.xsd"))


@needs_shared
@SOME
@given(
    listed=measures(), known=allergies(), taken=treatments(), facts=vaccinations(), ongoing=problems(past=False), past=problems(past=True)
)
def test_whatever_is_written_is_valid_by_the_schema(
    listed: list[Measure],
    known: list[Allergy],
    taken: list[Treatment],
    facts: tuple[list[Immunization], list[Refused], list[Advised]],
    ongoing: list[Problem],
    past: list[Problem],
) -> None:
    items = tuple(PrescribedItem("6F7E8D9C-0000-4000-8000-000000000001", one, 1, 0, "", False) for one in taken)
    summary = Summary(DAY, tuple(ongoing), tuple(past), (), tuple(known), tuple(taken), (), (), ())
    done, refused, advised = facts
    for data in (
        write_laboratory_report(header("laboratory", service_start=TAKEN), (Chapter(CHAPTER, tuple(listed), ""),)),
        write_summary(header("summary"), summary),
        write_prescription(header("prescription"), items),
        write_vaccination_note(header("vaccination"), tuple(done), tuple(refused), tuple(advised)),
    ):
        schema().assertValid(etree.fromstring(data).getroottree())
