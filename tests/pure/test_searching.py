"""Search parameters: every official one compiles, values are where they should be, terms mean what R4 says."""

import math
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from healthspace.base.errors import Invalid, Malformed
from healthspace.fhir.dates import instants_of, period_of
from healthspace.fhir.definitions import search_parameters
from healthspace.fhir.resource_types import NAMES
from healthspace.fhir.searching.boxes import date_boxes, meets, number_boxes
from healthspace.fhir.searching.escapes import split_at, unescape
from healthspace.fhir.searching.extract import clinical_date_parameter, extract
from healthspace.fhir.searching.match import matches
from healthspace.fhir.searching.model import Kind
from healthspace.fhir.searching.parameters import BESIDE, branches_of, compartment_parameters, fingerprint_of, parameters_of
from healthspace.fhir.searching.paths import parse
from healthspace.profile.analytes import ANALYTES
from healthspace.profile.measures import VITALS

OBSERVATION: dict[str, Any] = {
    "resourceType": "Observation",
    "identifier": [{"system": "urn:i", "value": "42", "type": {"coding": [{"system": "urn:t", "code": "MR"}]}}],
    "status": "final",
    "category": [{"coding": [{"system": "urn:c", "code": "laboratory"}]}],
    "code": {"coding": [{"system": "http://loinc.org", "code": "2345-7", "display": "Glucose"}], "text": "Glycémie à jeun"},
    "subject": {"reference": "Patient/p1/_history/3"},
    "performer": [{"reference": "http://elsewhere.org/Practitioner/9"}, {"identifier": {"system": "urn:rpps", "value": "8"}}],
    "effectivePeriod": {"start": "2024-03-05", "end": "2024-03-07"},
    "valueQuantity": {"value": 5, "system": "http://unitsofmeasure.org", "code": "mmol/L", "unit": "mmol/L"},
    "component": [
        {"code": {"coding": [{"code": "a"}]}, "valueQuantity": {"value": 1, "unit": "x"}},
        {"code": {"coding": [{"code": "b"}]}, "valueQuantity": {"value": 9, "unit": "x"}},
    ],
    "meta": {"tag": [{"system": "urn:tag", "code": "t"}], "profile": ["http://p.org/StructureDefinition/x"]},
}
PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "name": [{"family": "D’Aubigné", "given": ["Éloïse", "Marie"]}],
    "telecom": [{"system": "phone", "value": "0102"}, {"system": "email", "value": "a@b.c"}],
    "birthDate": "1980-05",
    "deceasedDateTime": "2020-01-01",
    "managingOrganization": {"reference": "Organization/o1"},
}


def says(resource: dict[str, Any], name: str, *values: str, base: str = "") -> bool:
    parameter, _, modifier = name.partition(":")
    return matches(resource, parameters_of(resource["resourceType"])[parameter], modifier, values, base=base)


def test_every_official_expression_compiles() -> None:
    compiled = {(name, code) for name in NAMES for code in parameters_of(name)}
    wanted = {
        (base, one.code)
        for one in search_parameters()
        for base in one.bases
        if base in NAMES and one.expression and one.code not in {"_text", "_content", "_query"}
    }
    assert wanted <= compiled
    assert len(compiled) > 2500


@pytest.mark.parametrize(
    "expression", ["Patient.name.repeat(x)", "Patient..name", "Patient.name[x]", "Patient.name + 1", "Patient.where(", ""]
)
def test_what_is_beyond_the_known_part_of_fhirpath_is_refused(expression: str) -> None:
    with pytest.raises(Invalid):
        parse(expression)


def test_every_type_has_a_fingerprint_that_tells_its_index() -> None:
    prints = {name: fingerprint_of(name) for name in NAMES}
    assert 0 not in prints.values()
    assert len(set(prints.values())) > 100
    assert all(branches_of(name) for name in NAMES)


def test_who_changes_what_makes_the_key_of_a_curve_has_results_indexed_anew() -> None:
    told = [(analyte.key, sorted(analyte.codes)) for analyte in ANALYTES], sorted(VITALS)
    assert (BESIDE["Observation"], zlib.crc32(repr(told).encode())) == ("curves of results, 1", 2048403984)


def test_patient_and_subject_share_their_values() -> None:
    known = parameters_of("Observation")
    assert [branch.key for branch in known["patient"].branches] == [branch.key for branch in known["subject"].branches] == ["subject"]
    assert known["patient"].branches[0].only == {"Patient"}


def test_whose_a_resource_is_is_said_by_its_subject_first() -> None:
    assert compartment_parameters("Observation") == ("subject", "performer")
    assert compartment_parameters("Practitioner") == compartment_parameters("Patient") == ()


def test_what_the_french_guides_ask_is_there() -> None:
    archived = {"url": "https://interop.esante.gouv.fr/ig/fhir/pdsm/StructureDefinition/pdsm-ext-is-archived", "valueBoolean": True}
    document = {"resourceType": "DocumentReference", "extension": [archived], "context": {"period": {"start": "2024", "end": "2025"}}}
    document |= {"masterIdentifier": {"system": "s", "value": "v"}}
    assert says(document, "isArchived", "true")
    assert says(document, "period-start", "2024")
    assert not says(document, "period-end", "2024")
    assert says(document, "identifier", "s|v")


def test_values_are_extracted_by_kind() -> None:
    found = extract(OBSERVATION)
    assert ("code", "http://loinc.org", "2345-7") in {(branch.key, system, code) for branch, system, code in found.tokens}
    assert {(branch.key, text) for branch, text, _ in found.references} >= {("subject", "Patient/p1")}
    assert [(system, value) for _, system, value in found.reference_identifiers] == [("urn:rpps", "8")]
    assert ("effective", *period_of("2024-03-05", "2024-03-07")) in {(branch.key, lo, hi) for branch, lo, hi in found.ranges}
    assert found.clinical_date == instants_of("2024-03-05")[0]
    assert clinical_date_parameter("Observation") == "date"
    assert clinical_date_parameter("Practitioner") is None


MET = [
    (OBSERVATION, "code", "2345-7"),
    (OBSERVATION, "code", "http://loinc.org|2345-7"),
    (OBSERVATION, "code", "http://loinc.org|"),
    (OBSERVATION, "code:text", "glycemie"),
    (OBSERVATION, "code:text", "gluc"),
    (OBSERVATION, "code:not", "x"),
    (OBSERVATION, "status", "final"),
    (OBSERVATION, "identifier:of-type", "urn:t|MR|42"),
    (OBSERVATION, "subject", "Patient/p1"),
    (OBSERVATION, "subject", "p1"),
    (OBSERVATION, "subject:Patient", "p1"),
    (OBSERVATION, "patient", "p1"),
    (OBSERVATION, "performer", "http://elsewhere.org/Practitioner/9"),
    (OBSERVATION, "performer:identifier", "urn:rpps|8"),
    (OBSERVATION, "date", "2024-03"),
    (OBSERVATION, "date", "ge2024-03-06"),
    (OBSERVATION, "date", "sa2024-03-04"),
    (OBSERVATION, "date", "eb2024-03-08"),
    (OBSERVATION, "value-quantity", "5"),
    (OBSERVATION, "value-quantity", "5.0|http://unitsofmeasure.org|mmol/L"),
    (OBSERVATION, "value-quantity", "5000|http://unitsofmeasure.org|umol/L"),
    (OBSERVATION, "value-quantity", "5||mmol/L"),
    (OBSERVATION, "value-quantity", "gt4.9|http://unitsofmeasure.org|mmol/L"),
    (OBSERVATION, "code-value-quantity", "2345-7$5"),
    (OBSERVATION, "component-code-value-quantity", "a$1"),
    (OBSERVATION, "_tag", "urn:tag|t"),
    (OBSERVATION, "_profile:below", "http://p.org/StructureDefinition"),
    (OBSERVATION, "value-string:missing", "true"),
    (OBSERVATION, "combo-code", "b"),
    (PATIENT, "name", "d'aub"),
    (PATIENT, "family:exact", "D’Aubigné"),
    (PATIENT, "given", "eloise"),
    (PATIENT, "name:contains", "ISE"),
    (PATIENT, "phone", "0102"),
    (PATIENT, "telecom", "phone|0102"),
    (PATIENT, "telecom", "|0102"),
    (PATIENT, "email", "a@b.c"),
    (PATIENT, "deceased", "true"),
    (PATIENT, "birthdate", "1980"),
    (PATIENT, "birthdate", "lt1981"),
    (PATIENT, "organization", "Organization/o1"),
    (PATIENT, "death-date", "ap2020"),
    ({"resourceType": "ConceptMap", "sourceCanonical": "http://v.org/a"}, "source-uri", "http://v.org/a"),
]
NOT_MET = [
    ({"resourceType": "RiskAssessment", "prediction": [{"probabilityRange": {"low": {"unit": "%"}}}]}, "probability", "gt0"),
    (OBSERVATION, "code", "|2345-7"),
    (OBSERVATION, "code", "other|2345-7"),
    (OBSERVATION, "code:not", "2345-7"),
    (OBSERVATION, "subject:Group", "p1"),
    (OBSERVATION, "patient", "p2"),
    (OBSERVATION, "date", "2024-03-05"),
    (OBSERVATION, "date", "lt2024-03-05"),
    (OBSERVATION, "value-quantity", "5.1"),
    (OBSERVATION, "value-quantity", "5|http://unitsofmeasure.org|mg/dL"),
    (OBSERVATION, "value-quantity", "ne5"),
    (OBSERVATION, "component-code-value-quantity", "a$9"),
    (OBSERVATION, "code:missing", "true"),
    (OBSERVATION, "value-string:missing", "false"),
    (PATIENT, "family:exact", "d’aubigné"),
    (PATIENT, "phone", "a@b.c"),
    (PATIENT, "telecom", "email|0102"),
    (PATIENT, "name", "ubigne"),
    (PATIENT, "deceased", "false"),
    (PATIENT, "birthdate", "1980-05-02"),
    (PATIENT, "organization", "Practitioner/o1"),
]


@pytest.mark.parametrize(("resource", "name", "value"), MET)
def test_a_term_is_met(resource: dict[str, Any], name: str, value: str) -> None:
    assert says(resource, name, value)
    assert says(resource, name, value, "never") or ":not" in name or ":missing" in name or "date" in name or "quantity" in name


@pytest.mark.parametrize(("resource", "name", "value"), NOT_MET)
def test_a_term_is_not_met(resource: dict[str, Any], name: str, value: str) -> None:
    assert not says(resource, name, value)


def test_our_own_base_and_none_are_the_same_reference() -> None:
    assert says(OBSERVATION, "subject", "http://us/fhir/Patient/p1", base="http://us/fhir")
    assert not says(OBSERVATION, "subject", "http://them/fhir/Patient/p1", base="http://us/fhir")


@given(st.text(max_size=12), st.sampled_from("|$,"))
def test_what_is_escaped_is_one_value(text: str, separator: str) -> None:
    escaped = "".join(f"\\{character}" if character in "\\|$," else character for character in text)
    assert unescape(escaped) == text
    assert split_at(escaped, separator) == [text]
    assert split_at(f"{escaped}{separator}x", separator) == [text, "x"]


PREFIXES = ("", "eq", "ne", "gt", "lt", "ge", "le", "sa", "eb")
dates = st.sampled_from(["2023", "2024", "2024-02", "2024-02-29", "2024-02-29T10:30:00Z", "2024-02-29T23:30:00-05:00", "2025-12"])


@given(st.sampled_from(PREFIXES), dates, dates)
def test_prefixes_of_dates_mean_what_r4_says(prefix: str, asked: str, stored: str) -> None:
    (first, last), (begins, ends) = instants_of(asked), instants_of(stored)
    contained = first <= begins and ends <= last
    meant = {
        "": contained,
        "eq": contained,
        "ne": not contained,
        "gt": ends > last,
        "lt": begins < first,
        "ge": ends > last or contained,
        "le": begins < first or contained,
        "sa": begins > last,
        "eb": ends < first,
    }[prefix]
    assert any(meets(box, begins, ends) for box in date_boxes(prefix + asked, "date")) == meant


@given(st.sampled_from(PREFIXES), st.decimals(-1000, 1000, places=2), st.floats(-1000, 1000))
def test_prefixes_of_numbers_mean_what_r4_says(prefix: str, asked: Any, stored: float) -> None:
    met = any(meets(box, stored, stored) for box in number_boxes(f"{prefix}{asked}", "value"))
    near = abs(stored - float(asked)) <= 0.005
    if abs(abs(stored - float(asked)) - 0.005) > 1e-9 and not math.isclose(stored, float(asked)):
        meant = {
            "": near,
            "eq": near,
            "ne": not near,
            "gt": stored > asked,
            "lt": stored < asked,
            "ge": stored >= asked,
            "le": stored <= asked,
        }
        assert met == {**meant, "sa": stored > asked, "eb": stored < asked}[prefix]


def test_a_number_is_as_exact_as_it_is_written() -> None:
    assert [meets(number_boxes("100", "x")[0], value, value) for value in (99.4, 99.5, 100, 100.4, 100.5)] == [
        False,
        True,
        True,
        True,
        False,
    ]
    assert meets(number_boxes("100.00", "x")[0], 100.004, 100.004)
    assert not meets(number_boxes("100.00", "x")[0], 100.4, 100.4)
    assert number_boxes("1e 2", "x") == number_boxes("1e+2", "x")
    many = 89.11900668291729  # half of its last digit is less than a float tells apart
    assert meets(number_boxes(str(many), "x")[0], many, many)


@pytest.mark.parametrize("text", ["", "x", "gt", "2024-13", "1e999", "0x1", "٣", "--1", "1" * 60])
def test_what_is_no_number_and_no_date_is_refused(text: str) -> None:
    for boxes in (number_boxes, date_boxes):
        with pytest.raises(Malformed):
            boxes(text, "x")


def test_kinds_of_parameters_are_those_of_r4() -> None:
    assert {parameter.kind for name in NAMES for parameter in parameters_of(name).values()} == set(Kind)


def test_a_code_element_is_found_under_the_system_it_implies() -> None:
    man = {"resourceType": "Patient", "gender": "male"}
    assert says(man, "gender", "http://hl7.org/fhir/administrative-gender|male")
    assert says(man, "gender", "http://hl7.org/fhir/administrative-gender|")
    assert says(man, "gender", "male")
    assert says(man, "gender", "|male")
    assert not says(man, "gender", "http://hl7.org/fhir/administrative-gender|female")
    assert not says(man, "gender", "http://hl7.org/fhir/observation-status|male")


def test_a_code_system_with_two_names_is_one() -> None:
    url, oid = (
        "https://mos.esante.gouv.fr/NOS/TRE_A05-TypeDocComplementaire/FHIR/TRE-A05-TypeDocComplementaire",
        "urn:oid:1.2.250.1.213.1.1.4.12",
    )
    for said, asked in ((url, oid), (oid, url), (oid, oid), (url, url)):
        document = {"resourceType": "DocumentReference", "type": {"coding": [{"system": said, "code": "SYNTH"}]}}
        assert says(document, "type", f"{asked}|SYNTH")
        assert not says(document, "type", f"{asked}|REMB")
