"""The five strict traits of a person, together: how a Patient is found by who they are rather than by a number.

Référentiel INS, RNIV 1: birth family name, first given name, birth date, sex and birth place. Names are compared without accents, case,
hyphens or apostrophes; everything else as it is. One keyed hash stands for all five, so that no trait alone finds anybody.
"""

import re
from dataclasses import dataclass
from typing import Any

from healthspace.base.fhirjson import BIRTH_PLACE, INSEE_CODE
from healthspace.base.text import fold
from healthspace.database.keys import KeyRing

WHOLE_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
SEXES = frozenset({"male", "female"})


@dataclass(frozen=True, slots=True)
class StrictTraits:
    """Who a person is. `birth_date` is YYYY-MM-DD, `sex` FHIR's, `birth_place` an INSEE code (COG): a commune's, or 99 and a country's."""

    family: str
    given: str
    birth_date: str
    sex: str
    birth_place: str


def strict_traits_of(patient: dict[str, Any]) -> StrictTraits | None:
    """The traits that a FHIR Patient states; None unless it states all five. The official name is that of birth (fr-core)."""
    name: dict[str, Any] = next((one for one in patient.get("name", []) if one.get("use") == "official"), {})
    given = next((text for text in name.get("given", []) if text), "")
    traits = StrictTraits(
        fold(name.get("family") or ""), fold(given), patient.get("birthDate", ""), patient.get("gender", ""), _birth_place_of(patient)
    )
    whole = traits.family and traits.given and WHOLE_DATE.fullmatch(traits.birth_date) and traits.sex in SEXES and traits.birth_place
    return traits if whole else None


def hash_traits(keys: KeyRing, traits: StrictTraits) -> int:
    """The hash in `xref` that the Patients with these traits are pointed to from; even, like all that is no identifier."""
    told = fold(traits.family), fold(traits.given), traits.birth_date, traits.sex, traits.birth_place.upper()
    return keys.hash64("Patient", "strict traits", *told) & ~1


def _birth_place_of(patient: dict[str, Any]) -> str:
    address = _extended(patient, BIRTH_PLACE).get("valueAddress") or {}
    return str((_extended(address, INSEE_CODE).get("valueCoding") or {}).get("code", ""))


def _extended(element: dict[str, Any], url: str) -> dict[str, Any]:
    return next((one for one in element.get("extension", []) if one.get("url") == url), {})
