"""FHIRPath Patch (R4 fhirpatch.html): the behaviours of the published cases, and the forms of the French guides."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from healthspace.access.labels import SYSTEM
from healthspace.base.errors import HealthspaceError, Invalid, Malformed, UnsupportedMedia
from healthspace.base.fhirjson import ARCHIVED
from healthspace.fhir.patching.fhirpath_patch import apply_fhirpath_patch
from healthspace.fhir.patching.tolerated import JSON_PATCH, read_patch

PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "p",
    "identifier": [{"system": "urn:a", "value": "1"}, {"system": "urn:b", "value": "2"}, {"system": "urn:c", "value": "3"}],
    "name": [{"use": "official", "family": "A", "given": ["x", "y"]}, {"use": "usual", "family": "B"}],
    "birthDate": "1920-01-01",
    "contact": [{"name": {"text": "a name"}}],
}


def operation(kind: str, path: str, **parts: Any) -> dict[str, Any]:
    told = [{"name": "type", "valueCode": kind}, {"name": "path", "valueString": path}]
    for name, value in parts.items():
        told.append(
            {"name": name, **value}
            if isinstance(value, dict)
            else {"name": name, "valueInteger" if isinstance(value, int) else "valueString": value}
        )
    return {"name": "operation", "part": told}


def patched(*operations: dict[str, Any], resource: dict[str, Any] = PATIENT) -> dict[str, Any]:
    before = copy.deepcopy(resource)
    result = apply_fhirpath_patch(resource, {"resourceType": "Parameters", "parameter": list(operations)})
    assert resource == before
    return result


DONE: dict[str, tuple[list[dict[str, Any]], dict[str, Any]]] = {
    "nothing": ([], {}),
    "replaces a primitive": ([operation("replace", "Patient.birthDate", value={"valueDate": "1930-01-01"})], {"birthDate": "1930-01-01"}),
    "deletes a primitive": ([operation("delete", "Patient.birthDate")], {"birthDate": None}),
    "deletes what is not there": ([operation("delete", "Patient.maritalStatus")], {}),
    "adds a primitive": ([operation("add", "Patient", name="gender", value={"valueCode": "male"})], {"gender": "male"}),
    "adds to a list": (
        [operation("add", "Patient", name="identifier", value={"valueIdentifier": {"value": "4"}})],
        {"identifier": [*PATIENT["identifier"], {"value": "4"}]},
    ),
    "inserts first": (
        [operation("insert", "Patient.identifier", index=0, value={"valueIdentifier": {"value": "0"}})],
        {"identifier": [{"value": "0"}, *PATIENT["identifier"]]},
    ),
    "inserts last": (
        [operation("insert", "Patient.identifier", index=3, value={"valueIdentifier": {"value": "4"}})],
        {"identifier": [*PATIENT["identifier"], {"value": "4"}]},
    ),
    "moves down": (
        [operation("move", "Patient.identifier", source=0, destination=2)],
        {"identifier": [PATIENT["identifier"][n] for n in (1, 2, 0)]},
    ),
    "moves up": (
        [operation("move", "Patient.identifier", source=2, destination=0)],
        {"identifier": [PATIENT["identifier"][n] for n in (2, 0, 1)]},
    ),
    "deletes one of a list": ([operation("delete", "Patient.identifier[1]")], {"identifier": [PATIENT["identifier"][n] for n in (0, 2)]}),
    "deletes by a condition": (
        [operation("delete", "Patient.identifier.where(system = 'urn:b')")],
        {"identifier": [PATIENT["identifier"][n] for n in (0, 2)]},
    ),
    "replaces inside a list": (
        [operation("replace", "Patient.name.where(use='usual').family", value={"valueString": "C"})],
        {"name": [PATIENT["name"][0], {"use": "usual", "family": "C"}]},
    ),
    "replaces one of a list of primitives": (
        [operation("replace", "Patient.name[0].given[1]", value={"valueString": "z"})],
        {"name": [{**PATIENT["name"][0], "given": ["x", "z"]}, PATIENT["name"][1]]},
    ),
    "adds a part without a type of its own": (
        [
            operation(
                "add",
                "Patient",
                name="contact",
                value={"part": [{"name": "name", "valueHumanName": {"text": "b"}}, {"name": "gender", "valueCode": "male"}]},
            )
        ],
        {"contact": [*PATIENT["contact"], {"name": {"text": "b"}, "gender": "male"}]},
    ),
    "adds a choice": ([operation("add", "Patient", name="deceased", value={"valueBoolean": True})], {"deceasedBoolean": True}),
    "adds nested": (
        [operation("add", "Patient.contact[0]", name="gender", value={"valueCode": "male"})],
        {"contact": [{"name": {"text": "a name"}, "gender": "male"}]},
    ),
    "the last of a list takes the list away": ([operation("delete", "Patient.contact[0]")], {"contact": None}),
    "what is left empty goes too": (
        [
            operation("add", "Patient.contact[0]", name="gender", value={"valueCode": "male"}),
            operation("delete", "Patient.contact[0].name.text"),
        ],
        {"contact": [{"gender": "male"}]},
    ),
    "what was emptied may be filled again": (
        [
            operation("delete", "Patient.contact[0].name.text"),
            operation("add", "Patient.contact[0].name", name="family", value={"valueString": "b"}),
        ],
        {"contact": [{"name": {"family": "b"}}]},
    ),
    "several, one after the other": (
        [
            operation("delete", "Patient.identifier[0]"),
            operation("delete", "Patient.identifier[0]"),
            operation("delete", "Patient.identifier[0]"),
        ],
        {"identifier": None},
    ),
    "first and last": (
        [operation("delete", "Patient.identifier.first()"), operation("delete", "Patient.identifier.last()")],
        {"identifier": [PATIENT["identifier"][1]]},
    ),
    "without the type": ([operation("replace", "birthDate", value={"valueDate": "1930"})], {"birthDate": "1930"}),
}


@pytest.mark.parametrize("name", DONE)
def test_a_patch_is_applied(name: str) -> None:
    operations, change = DONE[name]
    expected = {key: value for key, value in {**PATIENT, **change}.items() if value is not None}
    assert patched(*operations) == expected


UNDONE = {
    "several": [operation("replace", "Patient.identifier", value={"valueIdentifier": {"value": "x"}})],
    "several to delete": [operation("delete", "Patient.identifier")],
    "nothing to replace": [operation("replace", "Patient.gender", value={"valueCode": "male"})],
    "nothing to add to": [operation("add", "Patient.maritalStatus", name="text", value={"valueString": "x"})],
    "no such element": [operation("add", "Patient", name="foo", value={"valueString": "x"})],
    "beyond the list": [operation("insert", "Patient.identifier", index=9, value={"valueIdentifier": {"value": "x"}})],
    "a move beyond": [operation("move", "Patient.identifier", source=0, destination=3)],
    "the whole": [operation("delete", "Patient")],
    "a path that is none": [operation("delete", "Patient..x")],
    "an unknown function": [operation("delete", "Patient.name.repeat(given)")],
    "a second of one": [operation("add", "Patient", name="birthDate", value={"valueDate": "1930"})],
    "an unknown type": [operation("spam", "Patient.birthDate")],
    "no value": [operation("add", "Patient", name="gender")],
    "no name": [operation("add", "Patient", value={"valueCode": "x"})],
    "a negative place": [operation("insert", "Patient.identifier", index=-1, value={"valueIdentifier": {"value": "x"}})],
}


@pytest.mark.parametrize("name", UNDONE)
def test_a_patch_that_cannot_be_done_says_where(name: str) -> None:
    with pytest.raises((Invalid, Malformed)) as refused:
        patched(*UNDONE[name])
    assert str(refused.value.place).startswith("Parameters.parameter[0]")


def test_extensions_of_values_move_with_them() -> None:
    resource = {"resourceType": "Patient", "name": [{"given": ["a", "b"], "_given": [None, {"id": "x"}]}]}
    moved = patched(operation("move", "Patient.name[0].given", source=1, destination=0), resource=resource)
    assert moved["name"][0] == {"given": ["b", "a"], "_given": [{"id": "x"}, None]}
    deleted = patched(operation("delete", "Patient.name[0].given[0]"), resource=moved)
    assert deleted["name"][0] == {"given": ["a"]}


@given(st.text(alphabet="Patient.name[0]where(use='x')=and first()|`$", max_size=60))
def test_whatever_the_path_it_is_done_or_refused(path: str) -> None:
    try:
        patched(operation("delete", path))
    except HealthspaceError as error:
        assert error.place


MASKED, NORMAL = ({"coding": [{"system": SYSTEM, "code": code}]} for code in ("MASQUE_PS", "N"))
HIDDEN = {"coding": [{"system": SYSTEM, "code": "INVISIBLE_PATIENT"}]}


def document(*labels: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"resourceType": "DocumentReference", "id": "d", "status": "current", "securityLabel": list(labels), **more}


def changed(resource: dict[str, Any], *operations: dict[str, Any]) -> dict[str, Any]:
    return read_patch(JSON_PATCH, list(operations), resource["resourceType"])(resource)


def replace_label(value: dict[str, Any], place: int = 0) -> dict[str, Any]:
    return {"op": "replace", "path": f"/securityLabel/{place}", "value": value}


def test_masking_a_document_keeps_its_other_labels() -> None:
    assert changed(document(NORMAL, HIDDEN), replace_label(MASKED))["securityLabel"] == [NORMAL, HIDDEN, MASKED]
    assert changed(document(MASKED), replace_label(MASKED))["securityLabel"] == [MASKED]


def test_unmasking_takes_away_the_mask_that_is_meant() -> None:
    assert changed(document(MASKED, HIDDEN), replace_label(NORMAL))["securityLabel"] == [NORMAL, HIDDEN]
    assert changed(document(NORMAL, MASKED, HIDDEN), replace_label(NORMAL, 2))["securityLabel"] == [NORMAL, MASKED]
    assert changed(document(NORMAL, MASKED), replace_label(NORMAL))["securityLabel"] == [NORMAL]


def test_archiving_by_the_address_of_the_extension() -> None:
    told = {"op": "replace", "path": f"/extension[url:'{ARCHIVED}']/valueBoolean", "value": True}
    archived = changed(document(NORMAL), told)
    assert archived["extension"] == [{"url": ARCHIVED, "valueBoolean": True}]
    again = changed({**archived, "extension": [{"url": "urn:x", "valueCode": "y"}, *archived["extension"]]}, {**told, "value": False})
    assert again["extension"] == [{"url": "urn:x", "valueCode": "y"}, {"url": ARCHIVED, "valueBoolean": False}]
    assert "extension" not in changed(archived, {"op": "remove", "path": told["path"]})


def test_ordinary_patches_of_other_types_are_what_they_say() -> None:
    labelled = {"resourceType": "Consent", "id": "c", "securityLabel": [NORMAL, HIDDEN]}
    assert changed(labelled, replace_label(MASKED))["securityLabel"] == [MASKED, HIDDEN]


@pytest.mark.parametrize(
    "operations",
    [[{"op": "replace", "path": "/id", "value": "x"}], [{"op": "remove", "path": "/id"}], [{"op": "replace", "path": "", "value": 1}]],
)
def test_a_patch_does_not_turn_a_resource_into_another(operations: list[dict[str, Any]]) -> None:
    with pytest.raises(Malformed):
        changed(PATIENT, *operations)


def test_the_engine_goes_by_the_media_type() -> None:
    with pytest.raises(UnsupportedMedia):
        read_patch("text/plain", [], "Patient")
    with pytest.raises(Malformed):
        read_patch("application/fhir+json", {"resourceType": "Patient"}, "Patient")
    assert read_patch("application/json", [], "Patient")(PATIENT) == PATIENT
