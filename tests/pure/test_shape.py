"""The types of what comes in: whatever passes can be walked without surprise."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from healthspace.access.labels import codes_of
from healthspace.base.errors import Invalid
from healthspace.database.keys import KeyRing
from healthspace.fhir.shape import DEEPEST, check_shape
from healthspace.fhir.validate import validate
from healthspace.record.chain import replaced_identifiers, replaced_references, set_id_of, version_of
from healthspace.resources.indexing import index
from tests.documents import a_bundle, a_folder, a_reference


def fault_of(resource: dict[str, Any]) -> str | None:
    try:
        check_shape(resource)
    except Invalid as fault:
        return fault.place
    return None


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"masterIdentifier": []}, "DocumentReference.masterIdentifier"),
        ({"masterIdentifier": {"value": 5}}, "DocumentReference.masterIdentifier.value"),
        ({"masterIdentifier": {"value": " "}}, "DocumentReference.masterIdentifier.value"),
        ({"identifier": {"value": "x"}}, "DocumentReference.identifier"),
        ({"status": None}, "DocumentReference.status"),
        ({"type": {"coding": [1]}}, "DocumentReference.type.coding[0]"),
        ({"type": {"coding": [{}, {"code": ["a"]}]}}, "DocumentReference.type.coding[1].code"),
        ({"subject": "Patient/1"}, "DocumentReference.subject"),
        ({"subject": {"reference": {}}}, "DocumentReference.subject.reference"),
        ({"date": "yesterday"}, "DocumentReference.date"),
        ({"date": "0001-01-01T00:00:00+14:00"}, "DocumentReference.date"),
        ({"date": 2024}, "DocumentReference.date"),
        ({"content": {}}, "DocumentReference.content"),
        ({"content": [[]]}, "DocumentReference.content[0]"),
        ({"content": [{"attachment": {"size": "12"}}]}, "DocumentReference.content[0].attachment.size"),
        ({"content": [{"attachment": {"size": True}}]}, "DocumentReference.content[0].attachment.size"),
        ({"content": [{"attachment": {"data": 1}}]}, "DocumentReference.content[0].attachment.data"),
        ({"context": {"period": {"start": "x"}}}, "DocumentReference.context.period.start"),
        ({"contained": [{"resourceType": "Patient", "id": 1}]}, "DocumentReference.contained[0].id"),
        ({"extension": [{"url": "u", "valueIdentifier": "x"}]}, "DocumentReference.extension[0].valueIdentifier"),
        ({"securityLabel": [{"coding": [{"code": {}}]}]}, "DocumentReference.securityLabel[0].coding[0].code"),
        ({"meta": {"security": {}}}, "DocumentReference.meta.security"),
        (
            {"relatesTo": [{"code": "replaces", "target": {"identifier": {"value": 1}}}]},
            "DocumentReference.relatesTo[0].target.identifier.value",
        ),
        ({"description": "a\x00b"}, "DocumentReference.description"),
    ],
)
def test_what_is_of_another_type_is_refused_with_its_place(change: dict[str, Any], place: str) -> None:
    assert fault_of({**a_reference(), **change}) == place


def test_the_place_inside_a_bundle_names_the_entry() -> None:
    bundle = a_bundle()
    bundle["entry"][1]["resource"]["type"] = []
    assert fault_of(bundle) == "Bundle.entry[1].resource.type"
    bundle["entry"][1]["resource"] = 5
    assert fault_of(bundle) == "Bundle.entry[1].resource"


def test_what_we_do_not_read_is_left_alone() -> None:
    assert fault_of({**a_reference(), "custom": {"a": [1, [2]]}, "_status": {"extension": 5}}) is None
    assert fault_of({"resourceType": "Observation", "value": [[]]}) is None


@pytest.mark.parametrize("opening", ["list", "object"])
def test_deep_nesting_is_refused_however_deep(opening: str) -> None:
    nested: Any = "end"
    for _ in range(900):
        nested = [nested] if opening == "list" else {"a": nested}
    assert fault_of({**a_reference(), "custom": nested}) == "Resource"


def test_a_nesting_within_the_limit_passes() -> None:
    nested: Any = "end"
    for _ in range(DEEPEST - 2):
        nested = [nested]
    assert fault_of({**a_reference(), "custom": nested}) is None


rubbish = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=3)
    | st.just([])
    | st.just({})
    | st.just([None])
    | st.just([{}])
    | st.just([[]])
)


def places_in(value: Any) -> list[tuple[Any, Any]]:
    """Every (container, key) of a JSON value."""
    pairs = list(value.items() if isinstance(value, dict) else enumerate(value)) if isinstance(value, dict | list) else []
    return [(value, key) for key, _ in pairs] + [place for _, inner in pairs for place in places_in(inner)]


def a_full_reference() -> dict[str, Any]:
    code = {"coding": [{"system": "s", "code": "c"}]}
    return a_reference(
        b"x",
        meta={"security": [{"code": "MASQUE_PS"}]},
        masterIdentifier={"system": "urn:ietf:rfc:3986", "value": "urn:uuid:1"},
        identifier=[{"value": "v"}],
        extension=[
            {"url": "urn:healthspace:set-id", "valueIdentifier": {"value": "v"}},
            {"url": "urn:healthspace:version-number", "valueString": "2"},
        ],
        type=code,
        category=[code],
        date="2024-03-05T10:00:00Z",
        author=[{"reference": "#a", "identifier": {"value": "v"}}],
        contained=[{"resourceType": "Patient", "id": "a", "identifier": [{"value": "v"}]}],
        relatesTo=[{"code": "replaces", "target": {"identifier": {"value": "v"}, "reference": "DocumentReference/1"}}],
        securityLabel=[code],
        context={"event": [code], "period": {"start": "2024", "end": "2025"}, "related": [{"identifier": {"value": "v"}}]},
    )


@given(st.data())
def test_whatever_passes_can_be_indexed_and_read(data: st.DataObject) -> None:
    reference = a_full_reference()
    for _ in range(data.draw(st.integers(1, 3))):
        container, key = data.draw(st.sampled_from(places_in(reference)))
        container[key] = copy.deepcopy(data.draw(rubbish))
    if reference.get("resourceType") != "DocumentReference" or fault_of(reference) is not None:
        return
    if not validate(reference):
        index(reference, KeyRing(b"k" * 32), 1)
    codes_of(reference)
    for read in (replaced_identifiers, replaced_references, set_id_of, version_of):
        read(reference)


def test_the_requests_of_the_tests_pass() -> None:
    bundle = a_bundle(patches=("1",))
    bundle["entry"].append(a_folder())
    assert fault_of(bundle) is fault_of(a_full_reference()) is None
