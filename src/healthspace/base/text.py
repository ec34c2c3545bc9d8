"""Text as people search for it: without accents, case or doubled spaces."""

import unicodedata


def fold(text: str) -> str:
    """`text` in lower case, without diacritics, with apostrophes, hyphens and runs of spaces as one space."""
    # Decomposed twice: 𝐀 becomes a capital only then, and a small letter may decompose again.
    small = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    plain = "".join(character for character in small if not unicodedata.combining(character))
    return " ".join("".join(character if character.isalnum() else " " for character in plain.replace("œ", "oe").replace("æ", "ae")).split())
