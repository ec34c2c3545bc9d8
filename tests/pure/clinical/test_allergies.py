"""Allergies: with their agent and reactions, refuted, or none known; never one that is not there."""

import pytest

from healthspace.cda.clinical import Extraction
from healthspace.cda.clinical.allergies import ABATEMENT, SEVERITY_OF_ALL
from healthspace.terminology.uris import ABSENT_OR_UNKNOWN
from tests.pure.clinical.entries import (
    ABSENT,
    CHILD,
    SNOMED,
    agent,
    allergy,
    concern,
    linked,
    low,
    problem,
    small,
    value,
)
from tests.pure.clinical.kinds import faults_in, of_type, read_section
from tests.pure.clinical.samples import Resource, codes_of

ALLERGIES = "48765-2"
CRITICALITY = "2.16.840.1.113883.4.642.4.130"


def read_one(observation: str, attributes: str = "", status: str = "active") -> Resource:
    found = read_section(ALLERGIES, concern("40", observation, attributes=attributes, status=status))
    assert faults_in(found) == []
    (fact,) = found.facts
    resource: Resource = fact.resource
    return resource


def status_of(resource: Resource, name: str = "clinicalStatus") -> str:
    return next(iter(codes_of(resource.get(name, {}))), "")


def test_an_allergy_has_its_agent_type_and_category() -> None:
    found = read_one(allergy(low("20180603"), agent()))
    assert (found["type"], found["category"], found["onsetDateTime"]) == ("allergy", ["medication"], "2018-06-03")
    assert codes_of(found["code"]) == {"J01CA04"}
    assert status_of(found) == "active"
    assert "verificationStatus" not in found


@pytest.mark.parametrize(
    ("kind", "type_", "category"),
    [
        ("414285001", "allergy", ["food"]),
        ("59037007", "intolerance", ["medication"]),
        ("418471000", None, ["food"]),
        ("DNAINT", "intolerance", ["medication"]),
        ("420134006", None, None),
    ],
)
def test_the_kind_of_an_allergy_is_what_its_code_says(kind: str, type_: str | None, category: list[str] | None) -> None:
    found = read_one(allergy(agent(), kind=kind))
    assert (found.get("type"), found.get("category")) == (type_, category)


@pytest.mark.parametrize(
    ("code", "system", "said"),
    [
        ("no-known-allergies", ABSENT, "no-known-allergies"),
        ("no-known-food-allergies", ABSENT, "no-known-food-allergies"),
        ("no-allergy-info", ABSENT, "no-allergy-info"),
        ("716186003", SNOMED, "no-known-allergies"),
        ("409137002", SNOMED, "no-known-medication-allergies"),
    ],
)
@pytest.mark.parametrize("attributes", ["", 'negationInd="true"'])
def test_no_allergy_known_is_said_as_such_whatever_the_negation(code: str, system: str, said: str, attributes: str) -> None:
    none = read_one(allergy(value(code, system), attributes=attributes))
    assert none["code"]["coding"][0] == {"system": ABSENT_OR_UNKNOWN, "code": said}
    assert "verificationStatus" not in none


@pytest.mark.parametrize(
    ("observation", "around"),
    [
        (allergy(agent(), attributes='negationInd="true"'), ""),
        (allergy(agent()), 'negationInd="true"'),
        (allergy(agent(), small("171", value("refuted", CRITICALITY))), ""),
    ],
)
def test_a_denied_allergy_is_refuted_and_not_active(observation: str, around: str) -> None:
    denied = read_one(observation, around)
    assert (status_of(denied, "verificationStatus"), status_of(denied)) == ("refuted", "inactive")


def test_an_allergy_to_something_not_said_is_not_confirmed() -> None:
    bare = read_one(allergy('<value xsi:type="CD"><originalText><reference value="#"/></originalText></value>'))
    assert status_of(bare, "verificationStatus") == "unconfirmed"
    assert codes_of(bare["code"]) == {"416098002"}


def test_a_masked_agent_is_masked() -> None:
    masked = read_one(allergy(agent('<code nullFlavor="MSK"/>')))
    assert masked["code"]["extension"][0]["valueCode"] == "masked"
    assert "coding" not in masked["code"]


@pytest.mark.parametrize(
    ("said", "status"),
    [("active", "active"), ("inactive", "inactive"), ("resolved", "resolved"), ("73425007", "inactive")],
)
def test_the_status_of_an_allergy_is_its_own(said: str, status: str) -> None:
    assert status_of(read_one(allergy(agent(), small("30", value(said, CRITICALITY))))) == status


def test_an_allergy_that_is_over_is_inactive_and_keeps_its_end() -> None:
    over = read_one(allergy(low("20190630", "20190717"), agent()))
    assert status_of(over) == "inactive"
    assert {"url": ABATEMENT, "valueDateTime": "2019-07-17"} in over["extension"]


def test_certainty_and_criticality_are_told_apart_though_senders_confuse_their_systems() -> None:
    certain, critical = small("171", value("confirmed", CRITICALITY)), small("172", value("low", CRITICALITY))
    found = read_one(allergy(agent(), certain, critical))
    assert (status_of(found, "verificationStatus"), found["criticality"]) == ("confirmed", "low")


def test_reactions_have_their_own_severity_or_that_of_the_whole() -> None:
    hives = problem(low("20180603"), value("126485001", SNOMED), small("29", value("255604002", SNOMED)))
    nausea = problem(value("422587007", SNOMED))
    denied = problem(value("271807003", SNOMED), attributes='negationInd="true"')
    found = read_one(allergy(agent(), linked("MFST", hives, nausea, denied), small("29", value("24484000", SNOMED))))
    first, second = found["reaction"]
    assert (codes_of(first["manifestation"][0]), first["severity"], first["onset"]) == ({"126485001"}, "mild", "2018-06-03")
    assert (codes_of(second["manifestation"][0]), second["severity"]) == ({"422587007"}, "severe")


def test_a_severity_that_fhir_has_no_word_for_is_kept_beside() -> None:
    between = small("29", value("371923003", SNOMED))
    found = read_one(allergy(agent(), between, linked("MFST", problem(value("126485001", SNOMED)))))
    assert "severity" not in found["reaction"][0]
    assert codes_of(found["extension"][0]["valueCodeableConcept"]) == {"371923003"}
    assert found["extension"][0]["url"] == SEVERITY_OF_ALL


def test_what_was_found_is_a_reaction_when_the_agent_is_named_and_the_allergy_itself_when_not() -> None:
    named = read_one(allergy(value("L50.0"), agent()))
    assert codes_of(named["reaction"][0]["manifestation"][0]) == {"L50.0"}
    unnamed = read_one(allergy(value("294505008", SNOMED)))
    assert codes_of(unnamed["code"]) == {"294505008"}
    assert "reaction" not in unnamed


@pytest.mark.parametrize(
    ("observation", "status"),
    [(allergy(CHILD, agent()), "active"), (allergy(agent(), attributes='nullFlavor="UNK"'), "active"), (allergy(agent()), "nullified")],
)
def test_the_allergy_of_a_child_a_placeholder_and_one_taken_back_are_none(observation: str, status: str) -> None:
    assert read_section(ALLERGIES, concern("40", observation, status=status)) == Extraction()


def test_a_reaction_is_no_problem_of_its_own() -> None:
    found = read_section(ALLERGIES, concern("40", allergy(agent(), linked("MFST", problem(value("126485001", SNOMED))))))
    assert not of_type(found.facts, "Condition")
