"""Expansion, lookup and validation on the code systems and value sets that are shipped."""

import contextlib
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from healthspace.base.errors import HealthspaceError, Malformed, NotFound
from healthspace.fhir.codes.services import (
    CLASS_SET,
    CONFIDENTIALITY_SET,
    FACILITY_SET,
    SETTING_SET,
    SIGNED,
    TYPE_SET,
    ancestors,
    code_systems,
    codes_in,
    descendants,
    expand,
    lookup,
    validate_code,
    value_sets,
)
from healthspace.fhir.definitions import codes_of
from healthspace.terminology.code_systems import DOCUMENT_TYPES, FACILITY_TYPES, PRACTICE_SETTINGS, VISIBILITY, system_of
from healthspace.terminology.document_types import CLASS_OF_TYPE, CLASS_SYSTEM, SIGNATURE_CLASS
from healthspace.terminology.formats import ANS_SCHEME, FALLBACK, IHE_SCHEME
from healthspace.terminology.type_labels import OUTSIDE_J07

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


def test_a_required_binding_of_r4_is_expanded_to_exactly_its_codes() -> None:
    for name in ("administrative-gender", "observation-status", "publication-status"):
        told = {(one.system, one.code) for one in expand(f"http://hl7.org/fhir/ValueSet/{name}").contains}
        assert told == {(system, code) for system, codes in (codes_of(name) or {}).items() for code in codes}


def test_no_code_is_expanded_twice() -> None:
    for url in (*value_sets(), *code_systems()):
        listed = [(one.system, one.code) for one in expand(url).contains]
        assert len(listed) == len(set(listed)), url


def test_every_expanded_code_is_found_valid_and_searched() -> None:
    for url in value_sets():
        for one in expand(url).contains:
            assert lookup(one.system, one.code) == one
            assert validate_code(url, one.system, one.code, one.display).result
        assert set(codes_in(url) or ()) == {(one.system, one.code) for one in expand(url).contains}


@settings(deadline=None)
@given(st.sampled_from([GENDERS, TYPE_SET, CLASS_SET]), st.integers(1, 40), st.sampled_from(["", "compte", "e", "11"]))
def test_pages_of_any_size_make_up_the_whole(url: str, size: int, wanted: str) -> None:
    whole = expand(url, filter=wanted)
    pages = [expand(url, filter=wanted, offset=offset, count=size) for offset in range(0, whole.total + 1, size)]
    assert tuple(one for page in pages for one in page.contains) == whole.contains
    assert {page.total for page in pages} == {whole.total} == {len(whole.contains)}


def test_a_page_of_none_has_the_total_and_one_past_the_end_is_empty() -> None:
    assert (expand(GENDERS, count=0).total, expand(GENDERS, count=0).contains) == (4, ())
    assert expand(GENDERS, offset=10**9).contains == ()


@pytest.mark.parametrize("page", [{"offset": -1}, {"count": -1}])
def test_a_page_before_the_beginning_is_refused(page: dict[str, int]) -> None:
    with pytest.raises(Malformed):
        expand(GENDERS, **page)


def test_another_version_of_fhir_is_refused_and_not_answered_with_r4() -> None:
    for url in (f"{GENDERS}|5.0.0", f"{GENDER}|5.0.0"):
        with pytest.raises(NotFound):
            expand(url)
        assert codes_in(url) is None
    with pytest.raises(NotFound):
        lookup(f"{GENDER}|5.0.0", "male")


def test_a_version_of_the_system_does_not_change_the_verdict() -> None:
    assert lookup(f"{GENDER}|4.0.1", "male") == lookup(GENDER, "male")
    assert validate_code(GENDERS, f"{GENDER}|4.0.1", "male").result
    assert expand(f"{CLASS_SET}|20230922120000") == expand(CLASS_SET)


@pytest.mark.parametrize(
    ("url", "system", "code", "french"),
    [
        (CLASS_SET, CLASS_SYSTEM, "11", "Synthèse"),
        (CLASS_SET, "urn:ietf:rfc:3986", SIGNATURE_CLASS, "Signature électronique"),
        (TYPE_SET, LOINC, "101881-1", "Carte d’implant"),
        (TYPE_SET, system_of(DOCUMENT_TYPES), "SYNTH", "Synthèse"),
        (TYPE_SET, SIGNED, "E1762", "Signature électronique"),
        (SETTING_SET, system_of(PRACTICE_SETTINGS), "HAD", "Hospitalisation à domicile"),
        (SETTING_SET, "urn:oid:1.2.250.1.213.1.1.4.6", "EXP_PATIENT", "Expression du patient"),
        (CONFIDENTIALITY_SET, system_of(VISIBILITY), "MASQUE_PS", "Masqué aux professionnels de santé"),
    ],
)
def test_a_code_of_the_french_record_is_in_its_set_under_its_system(url: str, system: str, code: str, french: str) -> None:
    verdict = validate_code(url, system, code)
    assert (verdict.result, verdict.display) == (True, french)


def test_the_set_of_types_is_the_published_one_and_the_others_are_still_known() -> None:
    listed = {one.code for one in expand(TYPE_SET).contains}
    assert len(listed) == 123
    assert not listed & OUTSIDE_J07
    for code in CLASS_OF_TYPE.keys() - listed:
        assert code in OUTSIDE_J07
        assert lookup(LOINC if code[0].isdigit() else system_of(DOCUMENT_TYPES), code) is not None


def test_a_set_of_the_agency_is_answered_under_its_names_and_asked_under_either() -> None:
    found = {(one.system, one.code) for one in expand(FACILITY_SET).contains}
    url = "https://mos.esante.gouv.fr/NOS/TRE_R02-SecteurActivite/FHIR/TRE-R02-SecteurActivite"
    assert len(found) == 69
    assert (url, "SA69") in found
    for system in (url, system_of(FACILITY_TYPES)):
        assert validate_code(FACILITY_SET, system, "SA07").result
        assert lookup(system, "SA07") is not None


def test_a_producer_who_is_no_professional_is_no_setting_and_no_facility() -> None:
    assert lookup(system_of(PRACTICE_SETTINGS), "EXP_PATIENT") is None
    assert lookup(system_of(FACILITY_TYPES), "SNR") is None
    assert lookup(system_of(FACILITY_TYPES), "SA07") is not None


def test_formats_are_looked_up_in_the_scheme_of_each() -> None:
    assert lookup(system_of(ANS_SCHEME), FALLBACK.code) is not None
    assert lookup(system_of(IHE_SCHEME), "urn:ihe:iti:xds-sd:pdf:2008") is not None
    assert lookup(system_of(IHE_SCHEME), FALLBACK.code) is None


@pytest.mark.parametrize(("language", "name"), [("fr", "Synthèse"), ("fr-FR", "Synthèse"), ("EN-gb", "Summary"), ("de", "Synthèse")])
def test_a_language_that_we_lack_is_answered_in_french(language: str, name: str) -> None:
    concept = lookup(CLASS_SYSTEM, "11", language=language)
    assert concept is not None
    assert concept.display == name


def test_either_name_of_a_code_is_right_whatever_the_language_asked() -> None:
    for language in ("fr", "en"):
        assert all(validate_code(CLASS_SET, CLASS_SYSTEM, "11", name, language=language).result for name in ("SYNTHESE", "summary"))


def test_a_code_without_names_accepts_any_name() -> None:
    assert validate_code(system_of(ANS_SCHEME), None, FALLBACK.code, "Autre").result


def test_a_code_of_fhir_has_its_display_and_another_one_is_corrected() -> None:
    assert validate_code(GENDERS, GENDER, "male", "MALE").result
    verdict = validate_code(GENDERS, GENDER, "male", "Masculin")
    assert (verdict.result, verdict.display) == (False, "Male")


def test_codes_stand_below_each_other_as_published() -> None:
    doubts = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
    assert set(descendants(doubts, "unconfirmed")) == {"unconfirmed", "provisional", "differential"}
    assert set(ancestors(doubts, "provisional")) == {"provisional", "unconfirmed"}
    roles = "http://terminology.hl7.org/CodeSystem/v3-RoleCode"
    assert "MTH" in descendants(roles, "PRN")
    assert set(ancestors(roles, "MTH")) >= {"PRN", "FAMMEMB"}


def test_a_flat_code_stands_for_itself_alone() -> None:
    assert set(descendants(GENDER, "male")) == set(ancestors(GENDER, "male")) == {"male"}


ANYTHING = st.text(max_size=60) | st.sampled_from([GENDERS, GENDER, CLASS_SET, "|", f"{GENDERS}|", f"{GENDERS}||4.0.1", "\ud800", "\x00"])


@given(ANYTHING, ANYTHING, ANYTHING, st.integers(-3, 10**12), st.integers(-3, 10**12))
def test_whatever_is_asked_is_answered_or_refused_on_purpose(url: str, code: str, wanted: str, offset: int, count: int) -> None:
    asked = (
        lambda: expand(url, filter=wanted, offset=offset, count=count, language=code),
        lambda: lookup(url, code, language=wanted),
        lambda: validate_code(url, wanted, code, wanted),
        lambda: validate_code(None, url, code),
        lambda: codes_in(url),
    )
    for ask in asked:
        with contextlib.suppress(HealthspaceError):
            ask()


def test_a_refusal_does_not_repeat_what_was_asked() -> None:
    with pytest.raises(NotFound) as refused:
        lookup("urn:of:somebody", "a-secret")
    assert "somebody" not in refused.value.message
    assert "a-secret" not in validate_code(GENDERS, GENDER, "a-secret").message


def test_a_very_long_question_is_answered_at_once() -> None:
    began = time.monotonic()
    assert expand(TYPE_SET, filter="é" * 200_000).total == 0
    assert codes_in("u" * 200_000) is None
    assert not validate_code(GENDERS, GENDER, "m" * 200_000, "x" * 200_000).result
    assert time.monotonic() - began < 1
