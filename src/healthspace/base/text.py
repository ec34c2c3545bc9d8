"""Text as people search for it: without accents, case or doubled spaces."""

import re
import unicodedata

MARKS = re.compile(r"[\u0300-\u036f]")
"""The diacritics of European languages: nearly all that a text holds."""
BETWEEN_WORDS = re.compile(r"[\W_]+")


def fold(text: str) -> str:
    """`text` in lower case, without diacritics, with apostrophes, hyphens and runs of spaces as one space."""
    # Decomposed twice: 𝐀 becomes a capital only then, and a small letter may decompose again.
    small = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    plain = MARKS.sub("", small).replace("œ", "oe").replace("æ", "ae")
    if not plain.isascii():
        plain = "".join(character for character in plain if not unicodedata.combining(character))
    return BETWEEN_WORDS.sub(" ", plain).strip()
