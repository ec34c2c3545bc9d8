"""Laboratory results, vital signs and other observations, read from the documents lent to us and from copies that we change."""

import re
from typing import Any

import pytest

from healthspace.cda.clinical import extract
from healthspace.cda.parse import parse_cda
from healthspace.fhir.exact_json import ExactNumber
from healthspace.fhir.validate import validate
from tests.pure.clinical.samples import as_stored, category_of, codes_of, expectations, read_lent, resources
from tests.shared import CDA, needs_shared

NAMES = [expected["file"] for expected in expectations()]
EXPECTED = {expected["file"]: expected for expected in expectations()}


def results_of(name: str) -> list[dict[str, Any]]:
    found = [one for one in resources(read_lent(name), "Observation") if category_of(one) == "laboratory"]
    found += imaging_results(name)
    return [one for one in found if "hasMember" not in one]


def imaging_results(name: str) -> list[dict[str, Any]]:
    """The results of imaging that a patient summary lists beside those of the laboratory."""
    facts = [fact for fact in read_lent(name).facts if fact.resource["resourceType"] == "Observation" and fact.section == "30954-2"]
    return [fact.resource for fact in facts if category_of(fact.resource) == "imaging"]


def signs_of(name: str) -> list[dict[str, Any]]:
    return [one for one in resources(read_lent(name), "Observation") if category_of(one) == "vital-signs"]


def written(quantity: dict[str, Any] | None) -> str:
    value = quantity["value"] if quantity else ""
    return value.text if isinstance(value, ExactNumber) else str(value)


def says(observation: dict[str, Any], entry: dict[str, Any]) -> bool:
    """Whether an observation has the code, value, unit and time that the independent reader found."""
    code = entry["code"] or {}
    wanted = code.get("code") or next((each["code"] for each in code.get("translation", ())), None)
    value, quantity = entry.get("value") or {}, observation.get("valueQuantity")
    time = (entry.get("time") or {}).get("value") or (entry.get("time") or {}).get("start")
    when = observation.get("effectiveDateTime") or observation.get("effectivePeriod", {}).get("start")
    if value.get("type") in {"PQ", "REAL"} and value.get("value") is not None:
        same = written(quantity) == value["value"] and (
            value.get("unit") in {None, "", "1"} or (quantity or {}).get("unit") == value["unit"]
        )
    elif value.get("type") in {"CD", "CE"} and "code" in value:
        same = value["code"] in codes_of(observation.get("valueCodeableConcept", {}))
    else:
        same = True
    return same and (wanted is None or wanted in codes_of(observation["code"])) and (time is None or when == time)


@needs_shared
@pytest.mark.parametrize("name", NAMES)
def test_results_and_vital_signs_are_as_many_as_the_document_asserts(name: str) -> None:
    expected = EXPECTED[name]
    assert len(results_of(name)) == expected["asserted"]["lab"] + expected["counts"]["result"]
    assert len(signs_of(name)) == expected["asserted"]["vital"]


@needs_shared
@pytest.mark.parametrize("name", NAMES)
def test_each_result_and_each_vital_sign_has_its_code_value_unit_and_time(name: str) -> None:
    entries = EXPECTED[name]["entries"]
    for entry in (*entries["lab"], *entries["result"]):
        assert any(says(one, entry) for one in results_of(name)), entry["code"]
    for entry in entries["vital"]:
        assert any(says(one, entry) for one in signs_of(name)), entry["code"]


@needs_shared
@pytest.mark.parametrize("name", NAMES)
def test_every_fact_is_valid_and_has_a_key_of_its_own(name: str) -> None:
    facts = read_lent(name).facts
    assert len({fact.key for fact in facts}) == len(facts)
    assert [fault for fact in facts for fault in validate(as_stored(fact))] == []


@needs_shared
def test_bounded_values_keep_their_sign_and_their_number_as_written() -> None:
    crp = next(one for one in results_of("BIO-CR-BIO_2021.01_Auto-Presentable.xml") if "1988-5" in codes_of(one["code"]))
    assert (crp["valueQuantity"]["comparator"], written(crp["valueQuantity"]), crp["valueQuantity"]["code"]) == ("<", "1.0", "mg/L")
    resistance = [
        one["valueQuantity"]
        for one in results_of("BIO-CR-BIO_2021.01_Microbiologie_V1.xml")
        if "comparator" in one.get("valueQuantity", {})
    ]
    assert {(one["comparator"], written(one)) for one in resistance} >= {(">=", "0.512"), ("<", "0.128")}


@needs_shared
def test_a_result_keeps_its_other_unit_its_range_and_what_the_laboratory_makes_of_it() -> None:
    fats = next(one for one in results_of("BIO-CR-BIO_2021.01_Auto-Presentable.xml") if "2571-8" in codes_of(one["code"]))
    other = fats["valueQuantity"]["extension"][0]["valueQuantity"]
    assert (written(other), other["code"]) == ("0.71", "mmol/L")
    assert (written(fats["referenceRange"][0]["low"]), written(fats["referenceRange"][0]["high"])) == ("0.50", "1.50")
    assert codes_of(fats["interpretation"][0]) == {"N"}


@needs_shared
def test_an_isolate_names_its_organism_and_holds_its_antibiogram() -> None:
    found = list(resources(read_lent("BIO-CR-BIO_2021.01_Microbiologie_V1.xml"), "Observation"))
    isolates = [one for one in found if "112283007" in codes_of(one.get("valueCodeableConcept", {}))]
    assert isolates
    assert all(one["hasMember"] for one in isolates)


# Copies of the lent documents, changed.


@needs_shared
@pytest.mark.parametrize("name", NAMES)
def test_other_values_units_and_times_are_read_as_they_are(name: str) -> None:
    """Another person, much more of everything, a century later."""
    data = (CDA / name).read_bytes()
    changed = re.sub(rb'(<(?:\w+:)?value\b[^>]*\bvalue=["\'])(\d)', rb"\g<1>9\2", data)
    changed = re.sub(rb'(<(?:\w+:)?(?:effectiveTime|low|high)\b[^>]*\bvalue=["\'])20(\d)', rb"\g<1>21\2", changed)
    changed = changed.replace(b"279035121518989", b"150067512345672")
    before, after = read_lent(name), extract(parse_cda(changed, limit=1 << 30))
    measured = {fact.key: fact.resource for fact in after.facts}
    for fact in before.facts:
        if fact.resource["resourceType"] != "Observation" or "hasMember" in fact.resource:
            continue
        other = measured[fact.key]
        if "valueQuantity" in fact.resource and "comparator" not in fact.resource["valueQuantity"]:
            assert written(other["valueQuantity"]) == f"9{written(fact.resource['valueQuantity'])}"
            assert other["valueQuantity"].get("unit") == fact.resource["valueQuantity"].get("unit")
        if fact.resource.get("effectiveDateTime", "").startswith("20"):
            assert other["effectiveDateTime"][:3] == f"21{fact.resource['effectiveDateTime'][2]}"
