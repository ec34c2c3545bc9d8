"""Terminology services (R4 terminology-service.html) over what is shipped: the code systems and value sets of the required bindings of
R4, and those of the French record. Labels are French first, where we have them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache

from healthspace.base.errors import NotFound
from healthspace.base.text import fold
from healthspace.fhir.definitions import codes_of, value_set_names
from healthspace.terminology.code_systems import (
    CONFIDENTIALITY,
    DOCUMENT_TYPES,
    FACILITY_TYPES,
    LOINC,
    PRACTICE_SETTINGS,
    VISIBILITY,
    system_of,
)
from healthspace.terminology.document_types import CLASS_OF_TYPE, CLASS_SYSTEM, SIGNATURE_CLASS
from healthspace.terminology.labels import CLASSES, CONFIDENTIALITIES, FACILITIES, SETTINGS, label_of_type

HL7_SETS = "http://hl7.org/fhir/ValueSet/"
FRENCH_SETS = "https://mos.esante.gouv.fr/NOS/"
FRENCH, ENGLISH = "fr", "en"

Labels = Mapping[str, tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Concept:
    """A code of a system; `display` is "" where we have none."""

    system: str
    code: str
    display: str = ""


@dataclass(frozen=True, slots=True)
class Expansion:
    """Part of a value set: `total` codes meet the filter, `contains` are those of the asked page."""

    total: int
    contains: tuple[Concept, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a code is one of those asked about, and why not."""

    result: bool
    message: str
    display: str


def value_sets() -> list[str]:
    """The URLs of the value sets that can be expanded."""
    return sorted(_value_sets())


def code_systems() -> list[str]:
    """The URLs of the code systems that codes are looked up in."""
    return sorted(_code_systems())


def expand(url: str, *, filter: str = "", offset: int = 0, count: int | None = None, language: str = FRENCH) -> Expansion:  # noqa: A002
    """The codes of a value set (a code system's URL stands for all its codes), those that hold `filter`. NotFound for others."""
    listed = _concepts(url, language)
    wanted = fold(filter)
    found = [one for one in listed if not wanted or wanted in fold(one.code) or wanted in fold(one.display)]
    end = None if count is None else offset + count
    return Expansion(len(found), tuple(found[offset:end]))


def lookup(system: str, code: str, *, language: str = FRENCH) -> Concept | None:
    """A code of a system that is shipped; None when it has no such code. NotFound for a system that is not."""
    labels = _code_systems().get(_plain(system))
    if labels is None:
        raise NotFound("this code system is not one of those that are kept here")
    return _concept(_plain(system), code, labels, language) if code in labels else None


def validate_code(url: str | None, system: str | None, code: str, display: str | None = None, *, language: str = FRENCH) -> Verdict:
    """Whether `code` (of `system`, or of any) is in the value set or code system `url`. NotFound when neither is shipped."""
    known = _concepts(url or system or "", language)
    found = next((one for one in known if one.code == code and system in {None, "", one.system}), None)
    if found is None:
        return Verdict(False, "the code is not one of them", "")
    if display and found.display and fold(display) not in {fold(found.display), *map(fold, _both(found))}:
        return Verdict(False, "the code is one of them, with another display", found.display)
    return Verdict(True, "", found.display)


def codes_in(url: str) -> Collection[tuple[str, str]] | None:
    """(system, code) of a value set, for searches with :in; None when it is not shipped."""
    try:
        return [(one.system, one.code) for one in _concepts(url, FRENCH)]
    except NotFound:
        return None


def descendants(system: str, code: str) -> Collection[str]:
    """The code and all below it. What is shipped is flat: each code stands alone."""
    return (code,)


def ancestors(system: str, code: str) -> Collection[str]:
    """The code and all above it."""
    return (code,)


def _concepts(url: str, language: str) -> list[Concept]:
    plain = _plain(url)
    if plain in _value_sets():
        return [
            _concept(system, code, _code_systems().get(system, {}), language)
            for system, codes in _value_sets()[plain].items()
            for code in codes
        ]
    if plain in _code_systems():
        labels = _code_systems()[plain]
        return [_concept(plain, code, labels, language) for code in labels]
    raise NotFound("this value set or code system is not one of those that are kept here")


def _concept(system: str, code: str, labels: Labels, language: str) -> Concept:
    french, english = labels.get(code, ("", ""))
    return Concept(system, code, (english or french) if language.startswith(ENGLISH) else (french or english))


def _both(concept: Concept) -> tuple[str, str]:
    return _code_systems().get(concept.system, {}).get(concept.code, ("", ""))


def _plain(url: str) -> str:
    """A canonical URL without its version."""
    return url.partition("|")[0]


@cache
def _value_sets() -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    """URL → codes by system."""
    found: dict[str, Mapping[str, tuple[str, ...]]] = {}
    for name in value_set_names():
        codes = codes_of(name)
        if codes:
            url = name if "://" in name else HL7_SETS + name
            found[url] = {system: tuple(sorted(several)) for system, several in codes.items()}
    loinc = tuple(sorted(code for code in CLASS_OF_TYPE if code[0].isdigit()))
    own = tuple(sorted(code for code in CLASS_OF_TYPE if not code[0].isdigit()))
    document_types = {system_of(LOINC): loinc, system_of(DOCUMENT_TYPES): own}
    found[f"{FRENCH_SETS}JDV_J07-XdsTypeCode-CISIS/FHIR/JDV-J07-XdsTypeCode-CISIS"] = document_types
    labels = {system_of(CONFIDENTIALITY): ("N", "R", "V"), system_of(VISIBILITY): _VISIBILITIES}
    found[f"{FRENCH_SETS}JDV_J58-ConfidentialityCode-DMP/FHIR/JDV-J58-ConfidentialityCode-DMP"] = labels
    return found


_VISIBILITIES = ("MASQUE_PS", "INVISIBLE_PATIENT", "INVISIBLE_REPRESENTANTS_LEGAUX")


@cache
def _code_systems() -> Mapping[str, Labels]:
    """URL → code → (French, English)."""
    found: dict[str, dict[str, tuple[str, str]]] = {}
    for sets in _value_sets().values():
        for system, codes in sets.items():
            found.setdefault(system, {}).update((code, ("", "")) for code in codes if code not in found.get(system, {}))
    found[CLASS_SYSTEM] = {code: CLASSES.get(code, ("", "")) for code in {*CLASS_OF_TYPE.values()} - {SIGNATURE_CLASS}}
    found[system_of(FACILITY_TYPES)] = dict(FACILITIES)
    found[system_of(PRACTICE_SETTINGS)] = dict(SETTINGS)
    for system in (system_of(LOINC), system_of(DOCUMENT_TYPES)):
        for code in found.get(system, {}):
            found[system][code] = (label_of_type(code, FRENCH), label_of_type(code, ENGLISH))
    for system in (system_of(CONFIDENTIALITY), system_of(VISIBILITY)):
        for code in found.get(system, {}):
            found[system][code] = CONFIDENTIALITIES.get(code, ("", ""))
    return found
