"""The form that finds a citizen by the five strict traits: what was typed, and what to correct in it."""

import re
from dataclasses import dataclass
from datetime import date

from healthspace.base.text import fold
from healthspace.edge.portal.language import Language
from healthspace.resources.traits import SEXES, StrictTraits

PLACE = re.compile(r"(\d{2}|2[AB])\d{3}", re.ASCII)
"""An INSEE code: a commune's, with Corsica's 2A and 2B; or 99 and the number of a country."""
LONGEST = 100
OLDEST = date(1850, 1, 1)


@dataclass(frozen=True, slots=True)
class TypedTraits:
    """The five fields as they were typed."""

    family: str = ""
    given: str = ""
    birth: str = ""
    sex: str = ""
    place: str = ""

    @property
    def traits(self) -> StrictTraits:
        """What is looked for, once nothing is wrong."""
        return StrictTraits(self.family, self.given, self.birth, self.sex, self.place.replace(" ", "").upper())


def read_traits(form: dict[str, str]) -> TypedTraits:
    """The fields of a form that are ours."""
    return TypedTraits(*(form.get(name, "")[:LONGEST] for name in ("family", "given", "birth", "sex", "place")))


def find_wrong_traits(typed: TypedTraits, language: Language, today: date) -> dict[str, str]:
    """What to correct, by field, in the order of the form."""
    wrong = {}
    if not fold(typed.family):
        wrong["family"] = language.say("Type the family name given at birth")
    if not fold(typed.given):
        wrong["given"] = language.say("Type the first of the given names, as on the identity card")
    if not _is_day(typed.birth, today):
        wrong["birth"] = language.say("Give the date of birth, for example: %(date)s", date=language.on(date(1979, 3, 28)))
    if typed.sex not in SEXES:
        wrong["sex"] = language.say("Choose the sex written on the identity card")
    if not PLACE.fullmatch(typed.traits.birth_place):
        wrong["place"] = language.say("Type the 5 characters of the code, for example: 49007. Abroad: 99 and the number of the country")
    return wrong


def _is_day(text: str, today: date) -> bool:
    try:
        return len(text) == 10 and OLDEST <= date.fromisoformat(text) <= today
    except ValueError:
        return False
