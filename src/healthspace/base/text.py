"""Text as people search for it: without accents, case or doubled spaces."""

import re
import unicodedata

MARKS = re.compile(r"[\u0300-\u036f]")
"""The diacritics of European languages: nearly all that a text holds."""
BETWEEN_WORDS = re.compile(r"[\W_]+")
SPACED = {code: chr(code) if chr(code).isalnum() else " " for code in range(128)}


def fold(text: str) -> str:
    """`text` in lower case, without diacritics, with apostrophes, hyphens and runs of spaces as one space."""
    # Decomposed twice: 𝐀 becomes a capital only then, and a small letter may decompose again.
    small = text.lower() if text.isascii() else unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    plain = MARKS.sub("", small).replace("œ", "oe").replace("æ", "ae")
    if not plain.isascii():
        # Few different ones are left in a text: each is looked at once, not at each of its places.
        for character in {one for one in set(plain) if not one.isascii() and not one.isalnum()}:
            plain = plain.replace(character, "" if unicodedata.combining(character) else " ")
    if plain.isascii():
        return " ".join(plain.translate(SPACED).split())
    return BETWEEN_WORDS.sub(" ", plain).strip()
