"""Parts of resources, as `_summary` and `_elements` ask for them."""

from typing import Any

import pytest

from healthspace.fhir.subset import SUBSETTED, select_elements, summarise

OBSERVATION: dict[str, Any] = {
    "resourceType": "Observation",
    "id": "a",
    "meta": {"versionId": "1", "tag": [{"code": "kept"}]},
    "text": {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">a</div>'},
    "status": "final",
    "_status": {"extension": [{"url": "urn:why", "valueBoolean": True}]},
    "code": {"text": "Pouls"},
    "valueQuantity": {"value": 60},
    "note": [{"text": "assis"}],
}


def test_the_whole_is_not_marked_as_a_part() -> None:
    assert summarise(OBSERVATION, "false") is OBSERVATION


@pytest.mark.parametrize(
    ("summary", "left"),
    [
        ("true", {"status", "_status", "code", "valueQuantity"}),
        ("text", {"text", "status", "_status", "code"}),
        ("data", {"status", "_status", "code", "valueQuantity", "note"}),
    ],
)
def test_a_summary_keeps_what_the_standard_says(summary: str, left: set[str]) -> None:
    assert summarise(OBSERVATION, summary).keys() == {"resourceType", "id", "meta"} | left


@pytest.mark.parametrize("asked", [["value"], ["Observation.value"], ["value.unit"], ["value", "Patient.name"]])
def test_elements_are_named_alone_or_with_their_type_and_what_is_mandatory_stays(asked: list[str]) -> None:
    assert select_elements(OBSERVATION, asked).keys() == {"resourceType", "id", "meta", "status", "_status", "code", "valueQuantity"}


def test_a_part_says_so_beside_its_own_tags_and_the_stored_resource_does_not_change() -> None:
    part = select_elements(OBSERVATION, [])
    assert part["meta"] == {"versionId": "1", "tag": [{"code": "kept"}, SUBSETTED]}
    assert OBSERVATION["meta"]["tag"] == [{"code": "kept"}]
    assert select_elements({"resourceType": "Basic", "code": {}}, [])["meta"] == {"tag": [SUBSETTED]}
