"""The words of a document, for searching inside its text."""

import orjson
import pytest

from healthspace.base.text import fold
from healthspace.record.words import LONGEST, strip_rtf, words_in, words_of
from tests.documents import JPEG, a_cda, a_fhir_document


def test_a_clinical_document_gives_the_words_of_its_sections_and_not_of_its_header() -> None:
    words = words_of(a_cda(words="Glycémie à jeun : 1,05 g/L", title="Bilan")).split()
    assert {"glycemie", "jeun"} <= set(words)
    assert words == sorted(set(words))
    assert fold("Julie") not in words


def test_a_fhir_document_gives_the_words_of_its_narratives_without_its_tags() -> None:
    words = words_of(orjson.dumps(a_fhir_document())).split()
    assert "section" in words
    assert "div" not in words


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("Douleur à l’épaule".encode(), "douleur epaule l"),
        (b"{\\rtf1\\ansi\\deff0 Bonjour {\\b Ren\\'e9}\\par}", "bonjour rene"),
        (JPEG, ""),
        (b"%PDF-1.4 x", ""),
    ],
)
def test_other_files_give_what_they_say(content: bytes, found: str) -> None:
    assert set(found.split()) <= set(words_of(content).split())
    assert bool(words_of(content)) == bool(found)


def test_a_very_long_text_is_cut() -> None:
    assert len(words_in([" ".join(str(number) for number in range(50_000))])) <= LONGEST


def test_rtf_without_words_is_empty() -> None:
    assert strip_rtf("{\\rtf1\\ansi\\par}").split() == []
