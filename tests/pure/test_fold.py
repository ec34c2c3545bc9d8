"""Text as people search for it."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from healthspace.base.text import fold


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Éléonore", "eleonore"),
        ("DUPRÉ-MARTIN", "dupre martin"),
        ("d’Œuf  et   d'æther", "d oeuf et d aether"),
        ("Straße", "strasse"),
        ("  \t\n", ""),
        ("N° 12 (bis)", "n 12 bis"),
        ("ﬁèvre", "fievre"),
    ],
)
def test_accents_case_and_punctuation_do_not_count(text: str, folded: str) -> None:
    assert fold(text) == folded


@given(st.text())
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)


def fold_letter_by_letter(text: str) -> str:
    """What folding means, said plainly: the quick way must say the same."""
    small = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold()).replace("œ", "oe").replace("æ", "ae")
    return re.sub(r"[\W_]+", " ", "".join(one for one in small if not unicodedata.combining(one))).strip()


@given(st.text() | st.text("aé’_-\u0301\u05b0\u093eœ ٣\u00a0€«z", max_size=12))
def test_folding_is_what_it_means(text: str) -> None:
    assert fold(text) == fold_letter_by_letter(text)


@given(st.text())
def test_what_is_folded_has_no_capital_and_no_doubled_space(text: str) -> None:
    folded = fold(text)
    assert folded == " ".join(folded.split())
