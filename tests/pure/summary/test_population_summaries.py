"""The summary of every citizen of the demonstration, and of those of the shared documents, is right by IPS 1.1.0 and 2.0.1."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import pytest

from healthspace.base.ids import new_id
from healthspace.cda.clinical import extract
from healthspace.cda.parse import parse_cda
from healthspace.database.keys import KeyRing
from healthspace.fhir.validate import validate
from healthspace.population import SyntheticCitizen, build
from healthspace.record.clinical.form import form_facts
from tests.pure.summary.records import ME, Resource, of_type, section, summary_of
from tests.pure.test_population import DIRECTORY
from tests.shared import CDA, needs_shared

KEYS, OWNER = KeyRing(b"k" * 32), 7
TODAY = date(2025, 11, 24)


def facts_of(data: bytes) -> Iterator[Resource]:
    """The resources that the record keeps of one CDA document."""
    reference = {"resourceType": "DocumentReference", "subject": ME, "masterIdentifier": {"value": "1.2.3"}}
    yield from form_facts(KEYS, new_id(OWNER), reference, extract(parse_cda(data))).resources


@pytest.fixture(scope="module")
def citizens() -> tuple[SyntheticCitizen, ...]:
    return tuple(build(1, 50, TODAY, DIRECTORY))


def test_every_citizen_of_the_demonstration_has_a_valid_summary_in_both_languages(citizens: tuple[SyntheticCitizen, ...]) -> None:
    entries = 0
    for citizen in citizens:
        documents = [document.data for document in citizen.documents if document.media_type == "application/xml"]
        resources = [resource for data in documents for resource in facts_of(data)]
        french = summary_of(*resources)
        english = summary_of(*resources, language="en")
        assert len(french["entry"]) == len(english["entry"])
        entries += len(french["entry"])
    assert entries > 10 * len(citizens)


@needs_shared
@pytest.mark.parametrize("path", sorted(CDA.rglob("*.xml")) if CDA.exists() else [], ids=lambda path: path.stem)
def test_a_record_of_one_shared_document_has_a_valid_summary(path: Path) -> None:
    summary_of(*facts_of(path.read_bytes()))


@needs_shared
def test_a_record_of_all_shared_documents_has_a_valid_summary() -> None:
    bundle = summary_of(*(fact for path in sorted(CDA.rglob("*.xml")) for fact in facts_of(path.read_bytes())))
    assert len(section(bundle, "30954-2")) == len(set(map(str, section(bundle, "30954-2"))))
    assert of_type(bundle, "Observation")


def pruned(value: Any, random: Random) -> Any:
    """`value` with elements left out here and there."""
    if isinstance(value, list):
        return [pruned(one, random) for one in value]
    if not isinstance(value, dict):
        return value
    gone = random.choice(list(value)) if value and random.random() < 0.25 else ""
    return {key: pruned(one, random) for key, one in value.items() if key != gone or key in {"resourceType", "id"}}


@needs_shared
@pytest.mark.parametrize("seed", range(3))
def test_resources_that_say_less_have_a_valid_summary_too(seed: int) -> None:
    random = Random(seed)
    facts = [fact for path in sorted(CDA.glob("BIO*.xml")) + sorted(CDA.glob("IPS*.xml")) for fact in facts_of(path.read_bytes())]
    for _ in range(10):
        sample = [pruned(fact, random) for fact in random.sample(facts, 25)]
        summary_of(*(fact for fact in sample if not validate(fact)))


def test_ids_of_entries_are_those_of_the_record() -> None:
    resource = {"resourceType": "Flag", "id": str(UUID(int=5)), "status": "active", "code": {"text": "x"}, "subject": ME}
    assert of_type(summary_of(resource), "Flag")[0]["id"] == str(UUID(int=5))
