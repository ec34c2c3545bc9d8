"""Treatments, vaccinations, allergies, problems and acts, compared with what an independent reader found in published documents."""

from functools import cache
from typing import Any

import pytest

from healthspace.cda.clinical import Extraction
from tests.pure.clinical.kinds import KINDS, positive, read
from tests.pure.lent_documents import EXPECTED
from tests.shared import CDA, needs_shared

CANCELLED = "DLU-EHPAD-FLUDT_2022.01.xml"
"""The one document whose act, without any code, is `cancelled`: the independent reader looks at its mood only."""
ABSENCES = {
    "medication": "MedicationStatement",
    "allergy": "AllergyIntolerance",
    "problem": "Condition",
    "procedure": "Procedure",
    "immunization": "Immunization",
}

pytestmark = needs_shared
each_document = pytest.mark.parametrize("expected", EXPECTED, ids=[str(each["file"]) for each in EXPECTED])


@cache
def facts_of(file: str) -> Extraction:
    return read((CDA / file).read_bytes())


@each_document
@pytest.mark.parametrize("kind", KINDS)
def test_a_document_gives_as_many_facts_of_each_kind_as_the_independent_reader_found(expected: dict[str, Any], kind: str) -> None:
    wanted = expected["counts"]["dispense"] if kind == "dispense" else expected["asserted"].get(kind, 0)
    if kind == "procedure" and expected["file"] == CANCELLED:
        wanted = 0
    assert len(positive(facts_of(expected["file"]).facts, kind)) == wanted
