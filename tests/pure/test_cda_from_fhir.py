"""Documents written from FHIR resources: what is read of a document, written again, reads the same; what has no room is told."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from healthspace.base.errors import Invalid
from healthspace.cda.clinical import FACT, Extraction, extract
from healthspace.cda.parse import parse_cda
from healthspace.cda.write.codes import Code
from healthspace.cda.write.entries import Allergy, Problem, Treatment
from healthspace.cda.write.fhir import Written, write_resources
from healthspace.cda.write.laboratory import Chapter, write_laboratory_report
from healthspace.cda.write.measures import Measure
from healthspace.cda.write.prescription import PrescribedItem, write_prescription
from healthspace.cda.write.sections import Act
from healthspace.cda.write.summary import Summary, write_summary
from healthspace.cda.write.vaccination import Advised, Immunization, Refused, write_vaccination_note
from healthspace.fhir.exact_json import write_json
from healthspace.fhir.validate import validate
from healthspace.terminology.uris import ABSENT_OR_UNKNOWN
from tests.pure.cda_samples import DAY, SAMPLES, TYPES, header
from tests.pure.clinical.samples import as_stored, read_lent
from tests.pure.lent_documents import EXPECTED
from tests.pure.test_cda_round_trip import (
    CHAPTER,
    DAYS,
    SOME,
    TAKEN,
    allergies,
    coded,
    measures,
    problems,
    schema,
    treatments,
    vaccinations,
)
from tests.shared import needs_shared

Resource = dict[str, Any]
NOTE, SUMMARY, REPORT, PRESCRIPTION = "87273-9", "60591-5", "11502-2", "57833-6"
ACTS = st.lists(st.tuples(coded("2.16.840.1.113883.6.96"), DAYS), max_size=2)


def stored(found: Extraction) -> list[Resource]:
    """The facts of a document as the record would give them: each under its key, what it refers to by that."""
    types = {FACT + fact.key: f"{fact.resource['resourceType']}/{fact.key}" for fact in found.facts}

    def refer(value: Any) -> Any:
        if isinstance(value, list):
            return [refer(one) for one in value]
        if not isinstance(value, dict):
            return types.get(value, value) if isinstance(value, str) else value
        return {name: refer(one) for name, one in value.items()}

    return [{**refer(fact.resource), "id": fact.key} for fact in found.facts]


def told(resources: list[Resource], *types: str) -> list[bytes]:
    """What resources of some types say, but for their numbers."""
    kept = (one for one in resources if one["resourceType"] in types and "hasMember" not in one)
    return sorted(write_json({name: value for name, value in one.items() if name not in {"id", "identifier"}}) for one in kept)


def read(data: bytes) -> list[Resource]:
    found = extract(parse_cda(data))
    assert found.unread == ()
    assert not [fault for fact in found.facts for fault in validate(as_stored(fact))]
    return stored(found)


def says_again(data: bytes, kind: str, *types: str) -> None:
    """That a document written from what is read of `data` says the same."""
    facts = [one for one in read(data) if one["resourceType"] in {*types, "DiagnosticReport"}]
    written = write_resources(header(kind, service_start=TAKEN), TYPES[kind], facts)
    assert written.left_out == ()
    assert told(read(written.content), *types) == told(facts, *types)


@SOME
@given(measures())
def test_results_are_written_again_as_they_were_read(listed: list[Measure]) -> None:
    data = write_laboratory_report(header("laboratory", service_start=TAKEN), (Chapter(CHAPTER, tuple(listed), ""),))
    says_again(data, "laboratory", "Observation")
    again = read(write_resources(header("laboratory"), REPORT, read(data)).content)
    reports = [one for one in again if one["resourceType"] == "DiagnosticReport"]
    assert CHAPTER.code in {one["code"]["coding"][0]["code"] for one in reports}


@SOME
@given(problems(past=False), problems(past=True), allergies(), treatments(), ACTS)
def test_a_summary_is_written_again_as_it_was_read(
    ongoing: list[Problem], past: list[Problem], known: list[Allergy], taken: list[Treatment], acts: list[tuple[Code, date]]
) -> None:
    done = tuple(Act(code, day, f"acte-{number}") for number, (code, day) in enumerate(acts))
    summary = Summary(DAY, tuple(ongoing), tuple(past), done, tuple(known), tuple(taken), (), (), ())
    data = write_summary(header("summary", service_start=TAKEN), summary)
    says_again(data, "summary", "Condition", "AllergyIntolerance", "Procedure", "MedicationStatement")


@SOME
@given(treatments(), st.integers(1, 9), st.integers(0, 5), st.booleans())
def test_a_prescription_is_written_again_as_it_was_read(listed: list[Treatment], boxes: int, renewals: int, long_term: bool) -> None:
    items = tuple(
        PrescribedItem(f"6F7E8D9C-0000-4000-8000-00000000000{number}", one, boxes, renewals, "Pendant le repas", long_term)
        for number, one in enumerate(listed)
    )
    data = write_prescription(header("prescription", service_start=TAKEN), items)
    says_again(data, "prescription", "MedicationRequest")
    again = read(write_resources(header("prescription"), PRESCRIPTION, read(data)).content)
    assert [one["identifier"] for one in again] == [one["identifier"] for one in read(data)]


@SOME
@given(vaccinations().filter(any))
def test_vaccinations_are_written_again_as_they_were_read(facts: tuple[list[Immunization], list[Refused], list[Advised]]) -> None:
    done, refused, advised = facts
    data = write_vaccination_note(header("vaccination", service_start=TAKEN), tuple(done), tuple(refused), tuple(advised))
    says_again(data, "vaccination", "Immunization", "ImmunizationRecommendation")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"occurrenceDateTime": "2024-05"}, "time"),
        ({"status": "entered-in-error"}, "status"),
        (
            {
                "vaccineCode": {
                    "coding": [{"system": "http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips", "code": "no-known-immunizations"}]
                }
            },
            "none-known",
        ),
        ({"vaccineCode": {}}, "code"),
    ],
)
def test_what_a_note_has_no_room_for_is_left_out_with_the_reason(changes: Resource, reason: str) -> None:
    good = {
        "resourceType": "Immunization",
        "id": "a",
        "status": "completed",
        "vaccineCode": {"coding": [{"system": "http://www.whocc.no/atc", "code": "J07BB02"}]},
        "occurrenceDateTime": "2024-10-01",
    }
    written = write_resources(header("vaccination"), NOTE, [good, {**good, "id": "b", **changes}, {"resourceType": "Flag", "id": "c"}])
    assert [(one.about, one.reason) for one in written.left_out] == [("Immunization/b", reason), ("Flag/c", "type")]
    (only,) = read(written.content)
    # Nothing is made up: no lot, no rank, no dose, no place, nobody.
    assert {"lotNumber", "protocolApplied", "doseQuantity", "site", "route", "performer"}.isdisjoint(only)


def test_a_refuted_allergy_and_a_doubtful_one_are_not_told_as_sure() -> None:
    allergy = {
        "resourceType": "AllergyIntolerance",
        "id": "a",
        "code": {"text": "Latex"},
        "clinicalStatus": {"coding": [{"code": "inactive"}]},
        "verificationStatus": {"coding": [{"code": "unconfirmed"}]},
    }
    refuted = {**allergy, "id": "b", "verificationStatus": {"coding": [{"code": "refuted"}]}}
    written = write_resources(header("summary"), SUMMARY, [allergy, refuted])
    assert [one.reason for one in written.left_out] == ["refuted"]
    (found,) = (one for one in read(written.content) if one["resourceType"] == "AllergyIntolerance")
    assert found["verificationStatus"]["coding"][0]["code"] == "unconfirmed"
    assert found["clinicalStatus"]["coding"][0]["code"] == "inactive"


def test_a_summary_that_is_told_of_no_allergy_does_not_say_that_none_is_known() -> None:
    act = {"resourceType": "Procedure", "id": "a", "status": "completed", "performedDateTime": "2024-05-06"}
    acts = [{**act, "code": {"coding": [{"system": "http://snomed.info/sct", "code": "80146002", "display": "Appendicectomie"}]}}]
    none = {
        "resourceType": "AllergyIntolerance",
        "id": "b",
        "code": {"coding": [{"system": ABSENT_OR_UNKNOWN, "code": "no-known-allergies"}]},
    }
    for resources, kinds in ((acts, {"Procedure"}), ([*acts, none], {"Procedure", "AllergyIntolerance"})):
        assert {one["resourceType"] for one in read(write_resources(header("summary"), SUMMARY, resources).content)} - {"CareTeam"} == kinds


def test_nothing_that_can_be_written_is_no_document() -> None:
    for type_code, resources in ((NOTE, []), (NOTE, [{"resourceType": "Flag", "id": "c"}]), ("11490-0", [])):
        with pytest.raises(Invalid):
            write_resources(header("vaccination"), type_code, resources)


@needs_shared
@pytest.mark.parametrize("name", [str(each["file"]) for each in EXPECTED])
@pytest.mark.parametrize("type_code", [NOTE, SUMMARY, REPORT, PRESCRIPTION])
def test_what_others_wrote_is_written_again_or_left_out_and_valid_by_the_schema(name: str, type_code: str) -> None:
    facts = stored(read_lent(name))
    try:
        written: Written = write_resources(header("summary"), type_code, facts)
    except Invalid:
        return
    schema().assertValid(etree.fromstring(written.content).getroottree())
    left, types = {one.about for one in written.left_out}, {"Immunization", "Condition", "AllergyIntolerance", "MedicationRequest"}
    kept = [one for one in facts if f"{one['resourceType']}/{one['id']}" not in left and one["resourceType"] in types]
    again = [one for one in read(written.content) if one["resourceType"] in types]
    assert sorted(map(codes_of, again)) == sorted(map(codes_of, kept))


def codes_of(resource: Resource) -> list[str]:
    """The codes of what a resource is about that have an OID, and its status."""
    element = next(resource[name] for name in ("vaccineCode", "code", "medicationCodeableConcept") if name in resource)
    status = [one["code"] for name in ("clinicalStatus", "verificationStatus") for one in resource.get(name, {}).get("coding", ())]
    # Whether a prescription is over is told by the day of its document.
    status += [] if resource["resourceType"] == "MedicationRequest" else [str(resource.get("status"))]
    return [*sorted(one["code"] for one in element.get("coding", ()) if "code" in one), *status]


@pytest.mark.parametrize("kind", ["vaccination", "summary", "laboratory", "prescription"])
def test_our_samples_are_written_again_and_valid(kind: str) -> None:
    facts = [one for one in read(SAMPLES[kind]()) if one["resourceType"] != "CareTeam"]
    assert write_resources(header(kind), TYPES[kind], facts).left_out == ()
