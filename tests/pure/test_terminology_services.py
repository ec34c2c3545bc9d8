"""Expansion, lookup and validation on the code systems and value sets that are shipped."""

import pytest

from healthspace.base.errors import NotFound
from healthspace.fhir.codes.services import code_systems, codes_in, expand, lookup, validate_code, value_sets

GENDERS = "http://hl7.org/fhir/ValueSet/administrative-gender"
GENDER = "http://hl7.org/fhir/administrative-gender"
LOINC = "http://loinc.org"


def test_a_value_set_is_expanded_whole_and_by_pages_that_lose_nothing() -> None:
    whole = expand(GENDERS)
    assert {concept.code for concept in whole.contains} == {"male", "female", "other", "unknown"}
    pages = [expand(GENDERS, offset=offset, count=1) for offset in range(5)]
    assert [page.total for page in pages] == [4] * 5
    assert tuple(concept for page in pages for concept in page.contains) == whole.contains


def test_a_version_of_the_canonical_does_not_change_the_answer() -> None:
    assert expand(f"{GENDERS}|4.0.1") == expand(GENDERS)


def test_a_filter_knows_neither_case_nor_accents() -> None:
    assert expand(GENDERS, filter="FÉMALE").contains == expand(GENDERS, filter="female").contains
    assert [concept.code for concept in expand(GENDERS, filter="female").contains] == ["female"]


def test_every_listed_value_set_and_code_system_is_there() -> None:
    assert all(expand(url, count=1).total > 0 for url in value_sets())
    assert all(expand(url, count=1).total > 0 for url in code_systems())


def test_a_code_has_its_name_in_french_and_in_english() -> None:
    french, english = lookup(LOINC, "11502-2"), lookup(LOINC, "11502-2", language="en")
    assert french is not None
    assert english is not None
    assert french.display != english.display
    assert lookup(LOINC, "never") is None


def test_what_is_not_shipped_is_refused_and_not_said_to_be_empty() -> None:
    for ask in (lambda: expand("urn:nothing"), lambda: lookup("urn:nothing", "a"), lambda: validate_code("urn:nothing", None, "a")):
        with pytest.raises(NotFound):
            ask()
    assert codes_in("urn:nothing") is None


@pytest.mark.parametrize(
    ("system", "code", "valid"),
    [
        (GENDER, "male", True),
        (None, "male", True),
        (LOINC, "male", False),
        (GENDER, "Male", False),
    ],
)
def test_a_code_is_valid_in_its_system_by_its_exact_letters(system: str | None, code: str, valid: bool) -> None:
    verdict = validate_code(GENDERS, system, code)
    assert verdict.result is valid
    assert valid or verdict.message


def test_a_name_that_the_code_does_not_have_is_refused_with_the_one_it_has() -> None:
    known = lookup(LOINC, "11502-2")
    assert known is not None
    assert validate_code(LOINC, LOINC, "11502-2", known.display.upper()).result
    wrong = validate_code(LOINC, LOINC, "11502-2", "nobody calls it so")
    assert (wrong.result, wrong.display) == (False, known.display)
