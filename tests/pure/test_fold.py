"""Text as people search for it."""

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


@given(st.text())
def test_what_is_folded_has_no_capital_and_no_doubled_space(text: str) -> None:
    folded = fold(text)
    assert folded == " ".join(folded.split())
