"""What is valid can be walked without surprise: objects are objects, lists are lists, and texts have something in them."""

import copy
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from healthspace.access.labels import codes_of
from healthspace.database.keys import KeyRing
from healthspace.fhir.validate import validate
from healthspace.record.chain import replaced_identifiers, replaced_references, set_id_of, version_of
from healthspace.resources.indexing import index
from tests.documents import a_reference

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
def test_whatever_is_valid_can_be_indexed_and_read(data: st.DataObject) -> None:
    reference = a_full_reference()
    for _ in range(data.draw(st.integers(1, 3))):
        container, key = data.draw(st.sampled_from(places_in(reference)))
        container[key] = copy.deepcopy(data.draw(rubbish))
    if validate(reference):
        return
    index(reference, KeyRing(b"k" * 32), 1)
    codes_of(reference)
    for read in (replaced_identifiers, replaced_references, set_id_of, version_of):
        read(reference)


def test_the_reference_that_the_property_begins_with_is_valid() -> None:
    assert validate(a_full_reference()) == []
