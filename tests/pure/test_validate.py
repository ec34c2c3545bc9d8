"""Validation by the definitions of R4: every fault is found, with its place, and nothing else."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from healthspace.fhir.definitions import resource_types
from healthspace.fhir.exact_json import copy_json
from healthspace.fhir.validate import MOST_FAULTS, Fault, validate

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
LOINC, UNITS = "http://loinc.org", "http://unitsofmeasure.org"
CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"
NOTE: dict[str, Any] = {"url": "http://example.org/note", "valueString": "a"}


def an_observation(**changes: Any) -> dict[str, Any]:
    whole = {
        "resourceType": "Observation",
        "id": "a",
        "meta": {"versionId": "1", "lastUpdated": "2024-01-01T00:00:00Z", "profile": ["http://example.org/p"], "tag": [{"code": "t"}]},
        "text": {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml"><p>a</p></div>'},
        "contained": [{"resourceType": "Practitioner", "id": "p", "name": [{"family": "B"}]}],
        "extension": [NOTE, {"url": "http://example.org/several", "extension": [{"url": "part", "valueDecimal": 1.5}]}],
        "status": "final",
        "category": [{"coding": [{"system": CATEGORY, "code": "laboratory"}]}],
        "code": {"coding": [{"system": LOINC, "code": "718-7"}], "text": "a"},
        "subject": {"reference": "Patient/1", "identifier": {"use": "official", "value": "1"}},
        "performer": [{"reference": "#p"}],
        "effectivePeriod": {"start": "2024-01-01", "_end": {"extension": [NOTE]}},
        "valueQuantity": {"value": 1.5, "comparator": "<", "unit": "g/dL", "system": UNITS, "code": "g/dL"},
        "referenceRange": [{"low": {"value": 1}, "text": "a"}],
        "component": [{"code": {"text": "a"}, "valueInteger": 3}, {"code": {"text": "b"}, "dataAbsentReason": {"text": "c"}}],
    }
    return {key: value for key, value in {**whole, **changes}.items() if value is not ...}


def a_patient(**changes: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", **changes}


def a_bundle(*resources: Any) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": resource} for resource in resources]}


def faults_of(resource: Any) -> list[tuple[str, str]]:
    return [(fault.code, fault.expression) for fault in validate(resource)]


@pytest.mark.parametrize(
    "resource",
    [
        an_observation(),
        a_patient(),
        a_patient(name=[{"given": ["A", None], "_given": [None, {"extension": [NOTE]}]}]),
        a_patient(name=[{"given": ["A", "B"], "_given": [{"id": "x"}, None]}]),
        a_patient(name=[{"_given": [{"extension": [NOTE]}]}]),
        a_patient(birthDate="1970-03", _birthDate={"id": "x", "extension": [NOTE]}),
        a_patient(_birthDate={"extension": [NOTE]}),
        a_patient(deceasedBoolean=False, _deceasedBoolean={"extension": [NOTE]}),
        a_patient(managingOrganization={"reference": "http://example.org/fhir/Organization/1/_history/2"}),
        a_patient(managingOrganization={"reference": "Organization?identifier=a|b"}),
        a_patient(managingOrganization={"reference": "urn:uuid:c757873d-ec9a-4326-a141-556f43239520"}),
        a_patient(managingOrganization={"reference": "https://example.org/anything"}),
        a_patient(managingOrganization={"type": "Organization", "identifier": {"value": "1"}}),
        a_patient(contact=[{"name": {"family": "A"}, "organization": {"display": "B"}}]),
        a_patient(contained=[{"resourceType": "Organization", "id": "o"}], managingOrganization={"reference": "#o"}),
        an_observation(status=..., _status={"extension": [NOTE]}),
        an_observation(subject={"reference": "#"}, component=...),
        an_observation(effectivePeriod={"start": "2024-03-01T23:00:00Z", "end": "2024-03-01"}),
        an_observation(subject={"reference": "Patient?name=a b"}),
        a_bundle(an_observation(), a_patient()),
        {"resourceType": "Parameters", "parameter": [{"name": "a", "resource": a_patient()}]},
        {"resourceType": "Parameters", "parameter": [{"name": "b", "part": [{"name": "c", "valueId": "d"}]}]},
        {"resourceType": "Binary", "contentType": "application/pdf", "data": "AAAA"},
    ],
)
def test_a_valid_resource_has_no_faults(resource: Any) -> None:
    assert validate(resource) == []


@pytest.mark.parametrize(
    ("changes", "code", "place"),
    [
        ({"colour": "red"}, "structure", "colour"),
        ({"_subject": {"id": "a"}}, "structure", "_subject"),
        ({"fhir_comments": ["a"]}, "structure", "fhir_comments"),
        ({"value": 1}, "structure", "value"),
        ({"valueMoney": {"value": 1}}, "structure", "valueMoney"),
        ({"<b>{secret: 1}": 1}, "structure", "bsecret1"),
        ({"status": ...}, "required", "status"),
        ({"code": ...}, "required", "code"),
        ({"status": ["final"]}, "structure", "status"),
        ({"status": {"value": "final"}}, "structure", "status"),
        ({"status": None}, "value", "status"),
        ({"status": 1}, "value", "status"),
        ({"status": "Final"}, "code-invalid", "status"),
        ({"status": ..., "_status": {"id": "a"}}, "invariant", "status"),
        ({"_status": {}}, "structure", "status"),
        ({"_status": "a"}, "structure", "status"),
        ({"_status": {"value": "a"}}, "structure", "status.value"),
        ({"id": "a b"}, "value", "id"),
        ({"_id": {"extension": [NOTE]}}, "structure", "_id"),
        ({"category": {"text": "a"}}, "structure", "category"),
        ({"category": []}, "structure", "category"),
        ({"category": [None]}, "structure", "category[0]"),
        ({"category": [{"text": "a"}, {}]}, "structure", "category[1]"),
        ({"category": [{"id": "a"}]}, "invariant", "category[0]"),
        ({"category": [{"text": ""}]}, "value", "category[0].text"),
        ({"category": [{"resourceType": "CodeableConcept", "text": "a"}]}, "structure", "category[0].resourceType"),
        ({"code": [{"text": "a"}]}, "structure", "code"),
        ({"code": "a"}, "structure", "code"),
        ({"code": {"coding": [{"system": "a b", "code": "a"}]}}, "value", "code.coding[0].system"),
        ({"code": {"coding": [{"userSelected": "true"}]}}, "value", "code.coding[0].userSelected"),
        ({"valueString": "a"}, "structure", "value"),
        ({"_valueString": {"extension": [NOTE]}}, "structure", "value"),
        ({"effectiveDateTime": "2024"}, "structure", "effective"),
        ({"valueQuantity": ..., "valueDateTime": "2023-02-29"}, "value", "value"),
        ({"valueQuantity": {"value": "1.5"}}, "value", "value.value"),
        ({"valueQuantity": {"value": 1, "comparator": "~"}}, "code-invalid", "value.comparator"),
        ({"referenceRange": [{"low": {"value": 1, "comparator": "<"}}]}, "structure", "referenceRange[0].low.comparator"),
        ({"component": [{"valueInteger": 3}]}, "required", "component[0].code"),
        ({"component": [{"code": {"text": "a"}, "valueInteger": 1.5}]}, "value", "component[0].value"),
        ({"component": [{"code": {"text": "a"}, "referenceRange": [{"age": 1}]}]}, "structure", "component[0].referenceRange[0].age"),
        ({"subject": {"reference": "Organization/1"}}, "value", "subject.reference"),
        ({"subject": {"reference": "https://example.org/fhir/Organization/1"}}, "value", "subject.reference"),
        ({"subject": {"reference": "Organization?name=a"}}, "value", "subject.reference"),
        ({"subject": {"type": "Organization", "display": "a"}}, "value", "subject.type"),
        ({"subject": {"reference": "Patient/a b"}}, "value", "subject.reference"),
        ({"subject": {"reference": " Patient/a"}}, "value", "subject.reference"),
        ({"effectivePeriod": {"start": "2024-03-02", "end": "2024-03-01T23:59:59Z"}}, "invariant", "effective"),
        ({"effectivePeriod": {"start": "2024-03", "end": "2024-02-29"}}, "invariant", "effective"),
        ({"performer": [{"reference": "#q"}]}, "invariant", "performer[0].reference"),
        ({"extension": [{"url": "http://example.org/a"}]}, "invariant", "extension[0]"),
        ({"extension": [{**NOTE, "extension": [NOTE]}]}, "invariant", "extension[0]"),
        ({"extension": [{**NOTE, "valueCode": "a"}]}, "structure", "extension[0].value"),
        ({"extension": [{"valueString": "a"}]}, "required", "extension[0].url"),
        ({"text": {"status": "generated"}}, "required", "text.div"),
        ({"text": {"status": "generated", "div": "<div>a</div>"}}, "value", "text.div"),
        ({"meta": {"lastUpdated": "2024"}}, "value", "meta.lastUpdated"),
        ({"meta": {"profile": "http://example.org/p"}}, "structure", "meta.profile"),
        ({"contained": [{"resourceType": "Practitioner"}], "performer": ...}, "required", "contained[0].id"),
        ({"contained": [{"resourceType": "Person", "id": "p", "gender": "x"}]}, "code-invalid", "contained[0].gender"),
        ({"contained": [{"resourceType": "Person", "id": "p", "contained": []}]}, "invariant", "contained[0].contained"),
        ({"contained": [{"id": "p"}]}, "structure", "contained[0].resourceType"),
        ({"contained": ["p"], "performer": ...}, "structure", "contained[0]"),
    ],
)
def test_a_fault_is_found_with_its_place(changes: dict[str, Any], code: str, place: str) -> None:
    assert (code, f"Observation.{place}") in faults_of(an_observation(**changes))


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ({"given": "A"}, "given"),
        ({"given": []}, "given"),
        ({"given": [None]}, "given[0]"),
        ({"given": [["A"]]}, "given[0]"),
        ({"given": ["A", None], "_given": [{"extension": [NOTE]}, None]}, "given[1]"),
        ({"given": ["A", "B"], "_given": [{"extension": [NOTE]}]}, "given"),
        ({"given": ["A"], "_given": {"extension": [NOTE]}}, "given"),
        ({"given": ["A"], "_given": []}, "given"),
        ({"_given": [None]}, "given[0]"),
        ({"_given": [{"id": "a"}]}, "given[0]"),
        ({"given": ["A"], "_given": [{}]}, "given[0]"),
        ({"given": ["A"], "_given": ["B"]}, "given[0]"),
        ({"_family": [{"extension": [NOTE]}]}, "family"),
    ],
)
def test_lists_of_values_and_of_their_extensions_must_match(name: dict[str, Any], place: str) -> None:
    assert f"Patient.name[0].{place}" in {expression for _, expression in faults_of(a_patient(name=[name]))}


@pytest.mark.parametrize(
    ("codings", "valid"),
    [
        ([{"system": CLINICAL, "code": "active"}], True),
        ([{"system": "http://example.org/own", "code": "x"}, {"system": CLINICAL, "code": "active"}], True),
        ([{"display": "only words"}], True),
        ([{"system": CLINICAL, "code": "x"}], False),
        ([{"system": "http://example.org/own", "code": "active"}], False),
        ([{"code": "active"}], False),
    ],
)
def test_one_coding_must_be_of_a_required_value_set(codings: list[dict[str, str]], valid: bool) -> None:
    condition = {"resourceType": "Condition", "subject": {"display": "a"}, "clinicalStatus": {"coding": codings}}
    assert faults_of(condition) == ([] if valid else [("code-invalid", "Condition.clinicalStatus")])


@pytest.mark.parametrize("resource", [None, True, 1, 1.5, "Patient", [], [{"resourceType": "Patient"}]])
def test_only_an_object_is_a_resource(resource: Any) -> None:
    assert faults_of(resource) == [("structure", "Resource")]


NO_TYPES = [..., None, 1, [], {}, "", "patient", "Patients", "Resource", "DomainResource", "Element", "HumanName", "Patient.contact"]


@pytest.mark.parametrize("kind", NO_TYPES)
def test_a_resource_names_a_type_that_can_be_stored(kind: Any) -> None:
    resource = {"id": "a"} if kind is ... else {"resourceType": kind, "id": "a"}
    assert faults_of(resource) == [("structure", "Resource.resourceType")]


@pytest.mark.parametrize("kind", sorted(resource_types()))
def test_every_type_is_known_and_an_unknown_element_is_found_in_each(kind: str) -> None:
    assert ("structure", f"{kind}.unknown") in faults_of({"resourceType": kind, "unknown": 1})


def test_resources_inside_others_are_checked_with_their_whole_path() -> None:
    wrong = a_patient(gender="x")
    assert faults_of(a_bundle(a_patient(), wrong)) == [("code-invalid", "Bundle.entry[1].resource.gender")]
    parameters = {"resourceType": "Parameters", "parameter": [{"name": "a", "part": [{"name": "b", "resource": wrong}]}]}
    assert faults_of(parameters) == [("code-invalid", "Parameters.parameter[0].part[0].resource.gender")]


def test_a_contained_id_is_known_only_inside_its_own_resource() -> None:
    assert faults_of(a_bundle(an_observation(), an_observation(contained=...))) == [
        ("invariant", "Bundle.entry[1].resource.performer[0].reference")
    ]


def test_contained_resources_may_refer_to_each_other() -> None:
    first = {"resourceType": "Organization", "id": "a", "partOf": {"reference": "#b"}}
    second = {"resourceType": "Organization", "id": "b", "partOf": {"reference": "#c"}}
    assert faults_of(a_patient(contained=[first, second])) == [("invariant", "Patient.contained[1].partOf.reference")]


def test_all_faults_are_told_but_no_more_than_anybody_reads() -> None:
    assert len(validate(a_patient(gender="x", birthDate="x", active="x", colour="x"))) == 4
    assert len(validate(a_patient(**{f"k{number}": 1 for number in range(1000)}))) == MOST_FAULTS


def test_no_fault_repeats_what_the_resource_says() -> None:
    secret = "Zyx9 <secret>"
    for path, _ in places(an_observation()):
        for fault in validate(changed(an_observation(), path, secret)):
            assert "Zyx9" not in fault.message
            assert "Zyx9" not in fault.expression


def test_an_id_of_any_kind_is_answered() -> None:
    for identifier in ([], {}, 1, None, True):
        resource = a_patient(contained=[{"resourceType": "Person", "id": identifier}], managingOrganization={"reference": "#a"})
        assert ("invariant", "Patient.managingOrganization.reference") in faults_of(resource)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Every place inside a JSON value, with what is there."""
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield (*path, key), inner
        yield from places(inner, (*path, key))


def changed(resource: dict[str, Any], path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    """A copy of `resource` with `value` at one place."""
    copied: Any = copy_json(resource)
    target = copied
    for step in path[:-1]:
        target = target[step]
    target[path[-1]] = value
    return copied


PLACES = [path for path, _ in places(an_observation())]
OBJECTS = [path for path, inner in places(an_observation()) if isinstance(inner, dict)]


@given(st.sampled_from(PLACES), JSON)
def test_anything_anywhere_is_answered_with_faults(path: tuple[Any, ...], value: Any) -> None:
    faults = validate(changed(an_observation(), path, value))
    assert len(faults) <= MOST_FAULTS
    assert all(fault.code and fault.message and fault.expression for fault in faults)


@given(JSON)
def test_any_json_is_answered(value: Any) -> None:
    assert validate(value)


@pytest.mark.parametrize("path", PLACES, ids=lambda path: ".".join(map(str, path)))
def test_a_value_of_a_wrong_json_type_is_found_at_every_place(path: tuple[Any, ...]) -> None:
    for value in (None, [], {}, [[]], ""):
        assert validate(changed(an_observation(), path, value))


@pytest.mark.parametrize("path", OBJECTS, ids=lambda path: ".".join(map(str, path)))
def test_an_unknown_element_is_found_in_every_object(path: tuple[Any, ...]) -> None:
    found = validate(changed(an_observation(), (*path, "unknown"), 1))
    assert [fault.message for fault in found if fault.expression.endswith(".unknown")] == ["there is no such element here"]


def nested(innermost: dict[str, Any], key: str, depth: int, *, list_: bool = True, **others: Any) -> dict[str, Any]:
    value = innermost
    for _ in range(depth):
        value = {**others, key: [value] if list_ else value}
    return value


@pytest.mark.parametrize(
    "resource",
    [
        a_patient(extension=[nested(NOTE, "extension", 20_000, url="http://example.org/a")]),
        a_patient(extension=[nested({}, "valueReference", 20_000, list_=False, url="a")]),
        nested(a_patient(), "contained", 20_000, resourceType="Patient", id="a"),
        {"resourceType": "Questionnaire", "status": "draft", "item": [nested({}, "item", 20_000, linkId="a", type="group")]},
        {"resourceType": "Parameters", "parameter": [nested({"name": "a"}, "part", 20_000, name="a")]},
        a_patient(**{f"k{number}": number for number in range(200_000)}),
        a_patient(name=[{}] * 200_000),
        a_patient(name=[{"given": [None] * 200_000, "_given": [None] * 200_000}]),
        a_patient(managingOrganization={"reference": "/Aaaa" * 200_000}),
        a_patient(managingOrganization={"reference": "A" + "a" * 1_000_000}),
        a_patient(managingOrganization={"reference": "/Organization/" + "a" * 1_000_000}),
        a_patient(
            contained=[{"resourceType": "Person", "id": f"a{n}", "link": [{"target": {"reference": f"#a{n}"}}]} for n in range(20_000)]
        ),
    ],
    ids=range(12),
)
def test_hostile_resources_take_no_long_time(resource: dict[str, Any]) -> None:
    began = time.perf_counter()
    faults = validate(resource)
    assert time.perf_counter() - began < 3
    assert all(isinstance(fault, Fault) and len(fault.expression) < 10_000 for fault in faults)
