"""The reading of whole documents: golden files of our own ones, and properties that hold for any, mutilated ones too."""

import copy
import json
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from healthspace.cda.clinical import FACT, extract
from healthspace.cda.parse import HL7, parse_cda
from tests.golden_files import same_as_golden
from tests.pure.cda_samples import ALLERGY, DONE, GIVEN, ITEM, PAST, PROBLEM, SAMPLES, TAKEN
from tests.pure.clinical.kinds import faults_in, of_type, read
from tests.pure.clinical.samples import codes_of

OURS = ["summary", "vaccination", "prescription", "dispensation", "discharge", "laboratory", "imaging", "medico-social"]
WORDS = [
    "",
    "x",
    "true",
    "-1",
    "1e999",
    "20231301",
    "2023",
    "202306011200",
    "1,5",
    "#",
    "#nope",
    "1.2.3",
    "not an oid",
    "{x}",
    "MSK",
    "UNK",
    "nullified",
    "active",
    "INT",
    "GOL",
    "EVN",
    "no-known-allergies",
    "a\tb",
    "é" * 3000,
]
ATTRIBUTES = ["value", "code", "codeSystem", "nullFlavor", "unit", "root", "extension", "moodCode", "negationInd", "typeCode"]


@pytest.mark.parametrize("kind", OURS)
def test_our_own_documents_are_read_as_the_golden_files_say(kind: str) -> None:
    found = read(SAMPLES[kind]())
    facts = [{"key": fact.key, "place": fact.place, "section": fact.section, "resource": fact.resource} for fact in found.facts]
    assert same_as_golden(f"clinical/{kind}.json", (json.dumps(facts, ensure_ascii=False, indent=1) + "\n").encode())
    assert not found.unread


@pytest.mark.parametrize("kind", SAMPLES)
def test_every_fact_of_our_own_documents_is_valid(kind: str) -> None:
    assert faults_in(read(SAMPLES[kind]())) == []


def test_what_we_write_into_a_summary_is_what_is_read_of_it() -> None:
    facts = read(SAMPLES["summary"]()).facts
    conditions = [(codes_of(each["code"]), each["onsetDateTime"], each.get("abatementDateTime")) for each in of_type(facts, "Condition")]
    assert conditions == [
        ({PROBLEM.code.code}, PROBLEM.start.isoformat(), None),
        ({PAST.code.code}, PAST.start.isoformat(), PAST.stop.isoformat() if PAST.stop else None),
    ]
    (act,), (allergy,) = of_type(facts, "Procedure"), of_type(facts, "AllergyIntolerance")
    (taken,), (given_,) = of_type(facts, "MedicationStatement"), of_type(facts, "Immunization")
    assert (codes_of(act["code"]), act["performedDateTime"]) == ({DONE.code.code}, DONE.when.isoformat())
    assert codes_of(allergy["code"]) == {ALLERGY.agent.atc.code}
    assert (taken["dosage"][0]["text"], taken["effectivePeriod"]["start"]) == (TAKEN.dosage, TAKEN.start.isoformat())
    assert (given_["lotNumber"], given_["occurrenceDateTime"]) == (GIVEN.lot, GIVEN.when.isoformat())


def test_a_dispensation_refers_to_the_item_that_the_prescription_has() -> None:
    (item,) = of_type(read(SAMPLES["prescription"]()).facts, "MedicationRequest")
    (handed,) = of_type(read(SAMPLES["dispensation"]()).facts, "MedicationDispense")
    assert item["identifier"] == [handed["authorizingPrescription"][0]["identifier"]]
    assert item["identifier"][0]["value"] == f"urn:uuid:{ITEM.lower()}"
    assert item["groupIdentifier"] == handed["authorizingPrescription"][0]["extension"][0]["valueIdentifier"]


@cache
def tree(kind: str) -> Any:
    return parse_cda(SAMPLES[kind]())


def references_in(value: Any) -> set[str]:
    if isinstance(value, list):
        return {reference for each in value for reference in references_in(each)}
    if not isinstance(value, dict):
        return set()
    own = {value["reference"]} if isinstance(value.get("reference"), str) and value["reference"].startswith(FACT) else set()
    return own | {reference for each in value.values() for reference in references_in(each)}


def mutilate(root: Any, draw: Any) -> None:
    """A few changes of the kinds that broken senders make."""
    for _ in range(draw(st.integers(1, 12))):
        elements = list(root.iter(etree.Element))
        element = elements[draw(st.integers(0, len(elements) - 1))]
        parent = element.getparent()
        change = draw(st.sampled_from(["set", "set", "set", "text", "remove", "repeat", "move"]))
        if change == "set":
            names = [*element.attrib, *ATTRIBUTES]
            element.set(draw(st.sampled_from(names)), draw(st.sampled_from(WORDS)))
        elif change == "text":
            element.text = draw(st.sampled_from(WORDS))
        elif parent is not None and change == "remove":
            parent.remove(element)
        elif parent is not None and change == "repeat":
            element.addnext(copy.deepcopy(element))
        elif parent is not None:
            elements[draw(st.integers(0, len(elements) - 1))].append(copy.deepcopy(element))


@given(st.sampled_from(OURS), st.data())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.data_too_large, HealthCheck.too_slow])
def test_any_document_is_read_without_fail_twice_the_same_and_into_valid_facts(kind: str, data: st.DataObject) -> None:
    root = copy.deepcopy(tree(kind))
    mutilate(root, data.draw)
    found = extract(root)
    assert extract(root) == found
    assert len({fact.key for fact in found.facts}) == len(found.facts)
    assert references_in([fact.resource for fact in found.facts]) <= {FACT + fact.key for fact in found.facts}
    assert faults_in(found) == []


@pytest.mark.parametrize("kind", OURS)
def test_what_is_said_of_somebody_else_gives_no_fact_of_the_citizen(kind: str) -> None:
    root = copy.deepcopy(tree(kind))
    for entry in root.iter(f"{{{HL7}}}entry"):
        entry[0].insert(0, etree.fromstring(f'<subject xmlns="{HL7}"><relatedSubject><code code="CHILD"/></relatedSubject></subject>'))
    assert {fact.resource["resourceType"] for fact in extract(root).facts if fact.section} == set()
