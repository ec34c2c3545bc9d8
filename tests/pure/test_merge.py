"""The same fact from two documents is one fact with two sources, and no fact is ever lost to another."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from healthspace.profile.elements import Standing, source_of, standing_of
from healthspace.profile.merge import merge, places_of, same_time
from healthspace.terminology.uris import ABSENT_OR_UNKNOWN, ATC, SNOMED
from tests.pure.facts import Resource, a_fact, a_result, concept

CIP = "urn:oid:1.2.250.1.213.2.3.2"
PENICILLIN = (SNOMED, "91936005")


def an_allergy(source: str, **elements: object) -> Resource:
    return a_fact("AllergyIntolerance", source, code=concept(PENICILLIN, text="Pénicilline"), **elements)


def test_a_result_in_two_documents_is_shown_once_with_both_sources() -> None:
    found = merge([a_result("718-7", 13.2, "g/dL", source="a"), a_result("718-7", 132, "g/L", source="b")])
    assert [one.sources for one in found] == [("DocumentReference/a", "DocumentReference/b")]


def test_a_fact_is_told_once_by_each_document_and_first_by_the_one_that_says_most() -> None:
    much = an_allergy("a", onsetDateTime="2020-03-05", note=[{"text": "Urticaire"}])
    (found,) = merge([an_allergy("b"), an_allergy("a", onsetDateTime="2020"), much, an_allergy("b"), an_allergy("")])
    assert [source_of(one)[-1:] for one in found.told_by] == ["a", "b", ""]
    assert found.told_by[0] is much


def test_a_translation_is_enough_to_know_the_same_thing() -> None:
    local = ("urn:oid:1.2.3", "HB")
    one = a_result("718-7", 13.2, "g/dL", source="a")
    one["code"] = concept(("http://loinc.org", "718-7"), local)
    other = a_result("718-7", 13.2, "g/dL", source="b")
    other["code"] = concept(local)
    assert len(merge([one, other])) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"value": 13.3},
        {"time": "2024-03-06T08:00:00+01:00"},
        {"comparator": "<"},
        {"code": "4544-3"},
        {"unit": "g/L"},
    ],
)
def test_another_value_time_comparator_code_or_unit_is_another_result(change: dict[str, object]) -> None:
    asked: dict[str, object] = {"code": "718-7", "value": 13.2, "unit": "g/dL", **change}
    assert len(merge([a_result("718-7", 13.2, "g/dL"), a_result(**asked, source="b")])) == 2  # type: ignore[arg-type]


def test_one_document_that_writes_a_result_twice_means_it_twice() -> None:
    assert len(merge([a_result("718-7", 13.2, "g/dL"), a_result("718-7", 13.2, "g/dL")])) == 2


def test_two_products_of_one_class_are_two_treatments() -> None:
    metformin = (ATC, "A10BA02")
    small = a_fact("MedicationStatement", "a", status="active", medicationCodeableConcept=concept((CIP, "1"), metformin))
    large = a_fact("MedicationStatement", "b", status="active", medicationCodeableConcept=concept((CIP, "2"), metformin))
    vague = a_fact("MedicationStatement", "c", status="active", medicationCodeableConcept=concept(metformin))
    assert len(merge([small, large])) == 2
    assert len(merge([small, vague])) == 1
    assert len(merge([small, large, vague])) == 3  # it could be either: it joins neither


def test_an_allergy_lasts_whatever_each_document_says_of_its_beginning() -> None:
    found = merge([an_allergy("a"), an_allergy("b", onsetDateTime="2010"), an_allergy("c", onsetDateTime="2010-05-02")])
    assert len(found) == 1
    assert found[0].resource["onsetDateTime"] == "2010-05-02"
    assert set(found[0].sources) == {"DocumentReference/a", "DocumentReference/b", "DocumentReference/c"}


def test_a_refuted_allergy_never_joins_a_true_one() -> None:
    refuted = an_allergy(
        "b", verificationStatus=concept(("http://terminology.hl7.org/CodeSystem/allergyintolerance-verification", "refuted"))
    )
    assert len(merge([an_allergy("a"), refuted])) == 2


def test_what_was_entered_in_error_is_no_fact() -> None:
    assert merge([a_fact("Immunization", status="entered-in-error", vaccineCode=concept((ATC, "J07BB02")))]) == []


def test_what_the_citizen_entered_joins_what_a_document_says() -> None:
    found = merge([an_allergy("a"), an_allergy("")])
    assert [(len(one.statements), one.sources) for one in found] == [(2, ("DocumentReference/a",))]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2024", "2024-03-05", True),
        ("2024-03-05", "2024-03-05T23:30:00+01:00", True),
        ("2024-03-05", "2024-03-06T00:30:00+01:00", False),
        ("2024-03-05T08:00:00+01:00", "2024-03-05T07:00:00Z", True),
        ("2024-03-05T08:00:00+01:00", "2024-03-05T08:00:42+01:00", True),
        ("2024-03-05T08:00:10+01:00", "2024-03-05T08:00:42+01:00", False),
        ("", "2024", False),
        ("", "", True),
    ],
)
def test_times_are_compared_as_far_as_the_coarser_tells(one: str, other: str, same: bool) -> None:
    assert same_time(one, other) is same
    assert same_time(other, one) is same


@pytest.mark.parametrize(
    ("code", "standing"),
    [
        ("no-known-allergies", Standing.NONE_KNOWN),
        ("no-allergy-info", Standing.UNKNOWN),
        ("no-known-medications", Standing.NONE_KNOWN),
        ("no-medication-info", Standing.UNKNOWN),
    ],
)
def test_none_known_is_not_nothing_told(code: str, standing: Standing) -> None:
    assert standing_of(a_fact("AllergyIntolerance", code=concept((ABSENT_OR_UNKNOWN, code)))) is standing


results = st.builds(
    a_result,
    st.sampled_from(["718-7", "2345-7"]),
    st.sampled_from([1.0, 1.01, 13.2]),
    st.sampled_from(["g/L", "g/dL"]),
    st.sampled_from(["2024", "2024-03", "2024-03-05", "2024-03-05T08:00:00+01:00", "2024-04-01"]),
    source=st.sampled_from(["a", "b", "c"]),
)


@given(st.lists(results, max_size=8))
def test_every_statement_is_in_exactly_one_fact_and_no_document_twice(listed: list[Resource]) -> None:
    found = merge(listed)
    kept = [id(statement) for one in found for statement in one.statements]
    assert sorted(kept) == sorted(map(id, listed))
    assert all(len(one.statements) == len(one.sources) for one in found)


def a_device(source: str, code: str, system: str = "urn:oid:1.2.250.1.213.2.68", number: str = "") -> Resource:
    numbers = {"identifier": [{"system": "urn:oid:2.51.1.1", "value": number}]} if number else {}
    inside = {"resourceType": "Device", "id": "inside-1", "type": concept((system, code)), **numbers}
    return a_fact("DeviceUseStatement", source, status="active", contained=[inside], device={"reference": "#inside-1"})


def test_an_implant_that_two_documents_tell_is_one() -> None:
    assert len(merge([a_device("a", "J010104"), a_device("b", "J010104"), a_device("b", "J0105")])) == 2


def test_two_implants_of_one_kind_stay_two() -> None:
    assert len(merge([a_device("a", "P0704", number="1"), a_device("b", "P0704", number="2")])) == 2
    assert len(merge([a_device("a", "P0704"), a_device("a", "P0704")])) == 2


def test_no_known_device_is_none_known() -> None:
    assert standing_of(a_device("a", "no-known-devices", ABSENT_OR_UNKNOWN)) is Standing.NONE_KNOWN


DAYS = st.dates(min_value=date(2023, 12, 30), max_value=date(2024, 1, 2))
INSTANTS = st.builds(
    "{}T{:02}:{:02}:{:02}{}".format,
    DAYS,
    st.sampled_from([0, 1, 22, 23]),
    st.sampled_from([0, 59]),
    st.sampled_from([0, 1]),
    st.sampled_from(["Z", "+01:00", "-01:00", ""]),
)
TIMES = st.one_of(
    st.just(""),
    st.just("0001-01-01T00:00:00+14:00"),
    INSTANTS,
    st.builds(lambda day, width: f"{day}"[:width], DAYS, st.sampled_from([4, 7, 10])),
)


@given(TIMES, TIMES, st.booleans())
def test_two_times_that_may_be_one_always_meet_in_a_place(one: str, other: str, lasting: bool) -> None:
    fine, vague = sorted((one, other), key=lambda time: -len(time))
    widths = {len(time) for time in (one, other) if len(time) <= len("2024-03-05")}
    if same_time(fine, vague, lasting=lasting):
        assert places_of(vague, lasting, widths)[0] in places_of(fine, lasting, widths)
