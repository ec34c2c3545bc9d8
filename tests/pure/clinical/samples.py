"""Clinical documents read whole, for the tests of their reader; the lent ones are beside the checkout when they are there."""

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

from healthspace.cda.clinical import FACT, PATIENT, Extraction, Fact, extract
from healthspace.cda.parse import parse_cda
from tests.shared import CDA

Resource = dict[str, Any]


@cache
def expectations() -> list[dict[str, Any]]:
    """What an independent reader found in each lent document; none when they are not there."""
    listed: list[dict[str, Any]] = json.loads((CDA / "expected.json").read_text()) if CDA.is_dir() else []
    return listed


@cache
def read_lent(name: str) -> Extraction:
    return extract(parse_cda((CDA / name).read_bytes(), limit=1 << 30))


def resources(extraction: Extraction, *types: str) -> Iterator[Resource]:
    return (fact.resource for fact in extraction.facts if not types or fact.resource["resourceType"] in types)


def category_of(observation: Resource) -> str:
    return next((str(coding["code"]) for concept in observation.get("category", ()) for coding in concept["coding"]), "")


def codes_of(concept: Resource) -> set[str]:
    return {coding["code"] for coding in concept.get("coding", ()) if "code" in coding}


def as_stored(fact: Fact) -> Resource:
    """A fact as the record would store it, its references resolved to something."""
    resolved: Resource = _resolve({**fact.resource, "id": "a"})
    return resolved


def _resolve(value: Any) -> Any:
    if isinstance(value, list):
        return [_resolve(item) for item in value]
    if not isinstance(value, dict):
        return value
    reference = value.get("reference")
    if reference == PATIENT:
        return {**value, "reference": "Patient/1"}
    if isinstance(reference, str) and reference.startswith(FACT):
        return {**value, "reference": "urn:uuid:00000000-0000-4000-8000-000000000000"}
    return {key: _resolve(item) for key, item in value.items()}
