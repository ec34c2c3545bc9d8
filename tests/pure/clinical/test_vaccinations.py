"""Vaccinations: done, refused, recommended, not known; with what is missing left out, and nothing put in its place."""

import pytest

from healthspace.cda.clinical import FACT, Extraction, Unread
from healthspace.terminology.uris import ABSENT_OR_UNKNOWN
from tests.pure.clinical.entries import (
    ATC,
    CHILD,
    ICD10,
    SNOMED,
    administration,
    at,
    coded,
    comment,
    linked,
    low,
    observation,
    problem,
    product,
    reason,
    vaccination,
    value,
)
from tests.pure.clinical.kinds import faults_in, of_type, read_section
from tests.pure.clinical.samples import Resource, codes_of

HISTORY, PLAN = "11369-6", "18776-5"
RANK = linked("SUBJ", observation("82", '<value xsi:type="INT" value="3"/>'))


def read_one(entry: str, section: str = HISTORY, narrative: str = "") -> Resource:
    found = read_section(section, entry, narrative=narrative)
    assert faults_in(found) == []
    (fact,) = found.facts[:1]
    resource: Resource = fact.resource
    return resource


def reason_without_date(immunization: Resource) -> str:
    assert "occurrenceDateTime" not in immunization
    said: str = immunization["_occurrenceDateTime"]["extension"][0]["valueCode"]
    return said


@pytest.mark.parametrize(("time", "why"), [("", "unknown"), ('<effectiveTime nullFlavor="NASK"/>', "not-asked")])
def test_a_vaccine_with_its_rank_only_was_given_at_a_time_that_is_not_known(time: str, why: str) -> None:
    given = read_one(vaccination(time, RANK))
    assert (given["status"], given["protocolApplied"]) == ("completed", [{"doseNumberPositiveInt": 3}])
    assert reason_without_date(given) == why


def test_a_time_that_is_none_is_kept_in_the_words_of_the_sender_and_noted() -> None:
    found = read_section(HISTORY, vaccination(at("20241399")))
    assert found.facts[0].resource["occurrenceString"] == "20241399"
    assert found.unread == (Unread(found.facts[0].place, "value"),)
    assert faults_in(found) == []


def test_a_refused_vaccine_is_not_done_for_its_reason() -> None:
    refused = read_one(vaccination(at("20240105"), reason("Z28.2"), attributes='negationInd="true"'))
    assert (refused["status"], refused["occurrenceDateTime"]) == ("not-done", "2024-01-05")
    assert codes_of(refused["statusReason"]) == {"Z28.2"}
    assert "reasonCode" not in refused


@pytest.mark.parametrize("status", ["cancelled", "aborted", "held"])
def test_a_vaccination_that_was_called_off_is_not_done(status: str) -> None:
    assert read_one(administration("45", f'<statusCode code="{status}"/>', at("20240105")))["status"] == "not-done"


def test_a_nullified_vaccination_says_nothing() -> None:
    assert read_section(HISTORY, administration("45", '<statusCode code="nullified"/>', at("20240105"))) == Extraction()


@pytest.mark.parametrize(
    "code",
    [
        coded("code", "no-known-immunizations", "2.16.840.1.113883.5.1150.1"),
        coded("code", "no-known-vaccination", "1.2.250.1.999"),
        coded("code", "787482006", SNOMED),
    ],
)
def test_no_vaccine_known_is_said_as_such(code: str) -> None:
    none = read_one(vaccination(code, drug=product('<code nullFlavor="NA"/>')))
    assert none["vaccineCode"]["coding"][0]["system"] == ABSENT_OR_UNKNOWN
    assert none["vaccineCode"]["coding"][0]["code"] == "no-known-immunizations"
    assert none["status"] == "not-done"


def test_a_masked_vaccine_is_masked_and_nothing_else_is_told_of_it() -> None:
    narrative = '<content ID="v">Vaccin contre l’hépatite B</content>'
    masked = read_one(vaccination('<text><reference value="#v"/></text>', drug=product('<code nullFlavor="MSK"/>')), narrative=narrative)
    assert list(masked["vaccineCode"]) == ["extension"]
    assert masked["vaccineCode"]["extension"][0]["valueCode"] == "masked"


def test_the_class_of_a_vaccine_is_read_where_pharmacies_write_it() -> None:
    kind = (
        '<p:asSpecializedKind xmlns:p="urn:ihe:pharm:medication"><p:generalizedMedicineClass>'
        f'<p:code code="J07BM" codeSystem="{ATC}"/></p:generalizedMedicineClass></p:asSpecializedKind>'
    )
    given = read_one(vaccination(drug=product('<code nullFlavor="NA"/>', f"<name>GARDASIL 9</name>{kind}")))
    assert given["vaccineCode"] == {"coding": [{"system": "http://www.whocc.no/atc", "code": "J07BM"}], "text": "GARDASIL 9"}


@pytest.mark.parametrize(
    ("entry", "section"),
    [
        (administration("47", low("20250101", "20250331"), RANK, mood="INT"), PLAN),
        (vaccination(low("20250101", "20250331"), RANK), PLAN),
        (vaccination(low("20250101", "20250331"), RANK, mood="PRP"), HISTORY),
    ],
)
def test_a_vaccine_to_come_is_recommended_and_never_given(entry: str, section: str) -> None:
    recommended = read_one(entry, section)
    assert recommended["resourceType"] == "ImmunizationRecommendation"
    advice = recommended["recommendation"][0]
    assert codes_of(advice["forecastStatus"]) == {"due"}
    assert advice["doseNumberPositiveInt"] == 3
    assert [each["value"] for each in advice["dateCriterion"]] == ["2025-01-01", "2025-03-31"]


def test_a_vaccine_that_is_advised_against_is_not_recommended() -> None:
    found = read_section(PLAN, administration("47", mood="INT", attributes='negationInd="true"'))
    assert not found.facts
    assert [each.reason for each in found.unread] == ["denied-recommendation"]


def test_the_vaccine_of_a_child_is_not_the_citizen_s() -> None:
    assert read_section(HISTORY, vaccination(at("20240105"), CHILD)) == Extraction()


def test_a_reaction_is_an_observation_that_the_vaccination_refers_to() -> None:
    felt = problem(low("20240106"), value("R50.2"))
    found = read_section(HISTORY, vaccination(at("20240105"), linked("CAUS", felt)))
    given, reaction = found.facts
    assert given.resource["reaction"] == [{"date": "2024-01-06", "detail": {"reference": FACT + reaction.key}}]
    assert codes_of(reaction.resource["valueCodeableConcept"]) == {"R50.2"}
    assert not of_type(found.facts, "Condition")
    assert faults_in(found) == []


def test_a_reaction_that_is_denied_is_none() -> None:
    felt = problem(value("R50.2"), attributes='negationInd="true"')
    found = read_section(HISTORY, vaccination(at("20240105"), linked("CAUS", felt)))
    assert [fact.resource["resourceType"] for fact in found.facts] == ["Immunization"]
    assert "reaction" not in found.facts[0].resource


def test_the_lot_the_site_the_way_the_performer_and_the_comment_are_kept() -> None:
    performer = (
        '<performer typeCode="PRF"><assignedEntity><id root="1.2.250.1.71.4.2.1" extension="810000000011"/>'
        "<assignedPerson><name><given>Hélène</given><family>MOREL</family></name></assignedPerson></assignedEntity></performer>"
    )
    given = read_one(
        vaccination(
            at("202401051030+0100"),
            coded("routeCode", "20035000", "0.4.0.127.0.16.1.1.2.1"),
            coded("approachSiteCode", "16217701000119102", SNOMED),
            '<doseQuantity value="0.5" unit="mL"/>',
            performer,
            comment("c"),
            drug=product(more="<lotNumberText>A1234</lotNumberText>"),
        ),
        narrative='<content ID="c">Bien supporté</content>',
    )
    assert given["occurrenceDateTime"] == "2024-01-05T10:30:00+01:00"
    assert (given["lotNumber"], codes_of(given["site"]), codes_of(given["route"])) == ("A1234", {"16217701000119102"}, {"20035000"})
    assert (given["doseQuantity"]["code"], str(given["doseQuantity"]["value"])) == ("mL", "0.5")
    assert given["performer"][0]["actor"]["identifier"]["value"] == "810000000011"
    assert given["note"] == [{"text": "Bien supporté"}]


def test_what_the_entry_does_not_know_is_left_out() -> None:
    bare = read_one(vaccination('<routeCode nullFlavor="UNK"/><doseQuantity nullFlavor="NA"/>'))
    assert set(bare) == {"resourceType", "status", "vaccineCode", "patient", "_occurrenceDateTime"}


def test_a_reason_to_vaccinate_is_one() -> None:
    given = read_one(vaccination(at("20240105"), reason("Z23.5", ICD10)))
    assert [codes_of(each) for each in given["reasonCode"]] == [{"Z23.5"}]
