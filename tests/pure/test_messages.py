"""Every message of the portal is said in French, and says the same things."""

import re
from functools import cache

from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from healthspace.edge.portal.language import LOCALES
from healthspace.edge.portal.pages import HERE

METHODS = [("templates/**.html", "jinja2"), ("**.py", "python")]
OPTIONS = {"templates/**.html": {"extensions": "jinja2.ext.i18n"}}
KEYWORDS = {"_": None, "ngettext": (1, 2), "say": None, "count": (1, 2), "mark": None}
PLACE = re.compile(r"%\((\w+)\)s")
WIDE_SPACE = re.compile(r"[ \u00a0][:;?!»]|«[ \u00a0]")


@cache
def used() -> frozenset[str]:
    """The messages in the code and the templates; of a plural, its singular."""
    found = extract_from_dir(HERE, METHODS, OPTIONS, keywords=KEYWORDS)  # type: ignore[arg-type]
    return frozenset(message if isinstance(message, str) else message[0] for _, _, message, _, _ in found)


@cache
def catalogue() -> dict[str, tuple[tuple[str, ...], tuple[str, ...], bool]]:
    """By message: its English forms, its French forms, whether someone has to look at it again."""
    with (LOCALES / "fr" / "LC_MESSAGES" / "portal.po").open("rb") as source:
        entries = [entry for entry in read_po(source, locale="fr") if entry.id]
    return {forms(entry.id)[0]: (forms(entry.id), forms(entry.string), entry.fuzzy) for entry in entries}


def forms(text: str | tuple[str, ...] | list[str]) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)


def test_every_message_is_in_the_french_catalogue() -> None:
    assert not used() - catalogue().keys()


def test_no_message_of_the_catalogue_is_unused() -> None:
    assert not catalogue().keys() - used()


def test_every_french_message_is_written_and_final() -> None:
    assert [message for message, (_, french, fuzzy) in catalogue().items() if fuzzy or not all(french)] == []


def test_french_messages_have_the_places_of_the_english_ones() -> None:
    wrong = [
        message
        for message, (english, french, _) in catalogue().items()
        if {place for form in french for place in PLACE.findall(form)} != {place for form in english for place in PLACE.findall(form)}
    ]
    assert wrong == []


def test_a_message_with_a_place_has_no_stray_percent_sign() -> None:
    wrong = [message for message, (_, french, _) in catalogue().items() if any("%" in PLACE.sub("", form) for form in french)]
    assert wrong == []


def test_french_punctuation_has_a_narrow_space_that_does_not_break() -> None:
    assert [message for message, (_, french, _) in catalogue().items() if any(WIDE_SPACE.search(form) for form in french)] == []


def test_an_apostrophe_is_typographic() -> None:
    assert [message for message, (_, french, _) in catalogue().items() if any("'" in form for form in french)] == []
