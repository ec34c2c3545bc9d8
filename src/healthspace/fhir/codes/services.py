"""Terminology services (R4 terminology-service.html) over what is shipped: the code systems that R4 publishes whole (its own, HL7 v2 and
v3) with the value sets made of them, and those of the French record. Labels are French first, where we have them.

Of other code systems only a part is kept (of LOINC, the types of documents), so an unknown code is said not to be kept here, never not to
exist. A French value set has its URL here only when we have all its codes or the table that the record itself decides by.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache

from healthspace.base.errors import Malformed, NotFound
from healthspace.base.text import fold
from healthspace.fhir.definitions import codes_of, concept_systems, concepts_of, published_sets, value_set_names
from healthspace.terminology.code_systems import (
    CONFIDENTIALITY,
    DOCUMENT_TYPES,
    FACILITY_TYPES,
    LOINC,
    PRACTICE_SETTINGS,
    VISIBILITY,
    one_name,
    published_name,
    system_of,
)
from healthspace.terminology.document_types import CLASS_OF_TYPE, class_system
from healthspace.terminology.formats import FALLBACK, FORMAT_OF_FILE, FORMAT_OF_TEMPLATE
from healthspace.terminology.labels import CLASSES, CONFIDENTIALITIES, FACILITIES, SETTINGS
from healthspace.terminology.type_labels import OUTSIDE_J07, TYPES

HL7_SETS = "http://hl7.org/fhir/ValueSet/"
FHIR, VERSIONS = "http://hl7.org/fhir/", frozenset({"", "4.0", "4.0.1"})
FRENCH, ENGLISH = "fr", "en"
CLASS_SET, TYPE_SET, SETTING_SET, FACILITY_SET, CONFIDENTIALITY_SET = (
    f"https://mos.esante.gouv.fr/NOS/JDV_{name}/FHIR/JDV-{name}"
    for name in (
        "J06-XdsClassCode-CISIS",
        "J07-XdsTypeCode-CISIS",
        "J04-XdsPracticeSettingCode-CISIS",
        "J02-XdsHealthcareFacilityTypeCode-CISIS",
        "J58-ConfidentialityCode-DMP",
    )
)
PRODUCERS = "1.2.250.1.213.1.1.4.6"
"""TRE_A00, producers of documents who are no professionals: their codes stand among the settings and the facilities."""
SIGNED = "https://mos.esante.gouv.fr/NOS/TRE_A12-NomenclatureASTM/FHIR/TRE-A12-NomenclatureASTM"
"""TRE_A12, the system of the type of signatures (E1762)."""

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
    return sorted(map(published_name, _code_systems()))


def expand(url: str, *, filter: str = "", offset: int = 0, count: int | None = None, language: str = FRENCH) -> Expansion:  # noqa: A002
    """The codes of a value set (a code system's URL stands for all its codes), those that hold `filter` in their code or display.

    NotFound for what is not shipped; Malformed for a negative offset or count (R4 valueset-operation-expand.html).
    """
    if offset < 0 or (count is not None and count < 0):
        raise Malformed("a page of an expansion neither begins before its first code nor has less than none", place="offset")
    listed = _concepts(_plain(url), _tongue(language))
    wanted = fold(filter)
    found = [one for one in listed if not wanted or wanted in fold(one.code) or wanted in fold(one.display)]
    end = None if count is None else offset + count
    return Expansion(len(found), tuple(found[offset:end]))


def lookup(system: str, code: str, *, language: str = FRENCH) -> Concept | None:
    """A code of a system that is shipped; None when it has no such code here. NotFound for a system that is not."""
    plain = _plain(system)
    labels = _code_systems().get(plain)
    if labels is None:
        raise NotFound("this code system is not one of those that are kept here")
    return _concept(plain, code, labels, _tongue(language)) if code in labels else None


def validate_code(url: str | None, system: str | None, code: str, display: str | None = None, *, language: str = FRENCH) -> Verdict:
    """Whether `code` (of `system`, or of any) is in the value set or code system `url`. NotFound when neither is shipped.

    A display that is none of ours for that code makes the answer false, and ours is told (R4 valueset-operation-validate-code.html).
    """
    within, listed = _plain(system) if system else "", _members(_plain(url or system or ""))
    home = next((one for one, codes in listed.items() if code in codes and within in {"", one}), None)
    found = _concept(home, code, _code_systems()[home], _tongue(language)) if home is not None else None
    if home is None or found is None:
        return Verdict(False, "the code is not one of those that are kept here", "")
    if display and found.display and fold(display) not in set(map(fold, _code_systems()[home][code])):
        return Verdict(False, "the code is one of them, with another display", found.display)
    return Verdict(True, "", found.display)


def codes_in(value_set: str) -> Collection[tuple[str, str]] | None:
    """(system, code) of a value set, for searches with :in and :not-in; None when it is not shipped."""
    try:
        return _pairs(_plain(value_set))
    except NotFound:
        return None


def descendants(system: str, code: str) -> Collection[str]:
    """The code and all below it."""
    known = concepts_of(one_name(system))
    below, found, waiting = _children(one_name(system)) if known else {}, {code}, [code]
    while waiting:
        new = set(below.get(waiting.pop(), ())) - found
        found |= new
        waiting += new
    return found


def ancestors(system: str, code: str) -> Collection[str]:
    """The code and all above it."""
    known, found, waiting = concepts_of(one_name(system)), {code}, [code]
    while waiting:
        concept = known.get(waiting.pop())
        new = set(concept.parents) - found if concept is not None else set()
        found |= new
        waiting += new
    return found


def _plain(url: str) -> str:
    """A canonical URL without its version. NotFound for what FHIR defines in another version than R4: its codes differ."""
    plain, _, version = url.partition("|")
    if plain.startswith(FHIR) and version not in VERSIONS:
        raise NotFound("this version of the value set or code system is not kept here, that of R4 (4.0.1) is")
    return one_name(plain)


def _tongue(language: str) -> str:
    return ENGLISH if language.lower().startswith(ENGLISH) else FRENCH


@cache
def _concepts(url: str, language: str) -> tuple[Concept, ...]:
    """By plain URL and one of two languages, so that the cache has no more entries than we have tables."""
    return tuple(_concept(system, code, _code_systems()[system], language) for system, codes in _members(url).items() for code in codes)


def _members(url: str) -> Mapping[str, Collection[str]]:
    """The codes of a value set or a code system, by code system. NotFound when it is not shipped."""
    if url in _value_sets():
        return _value_sets()[url]
    if url in _code_systems():
        return {url: _code_systems()[url]}
    raise NotFound("this value set or code system is not one of those that are kept here")


@cache
def _children(system: str) -> Mapping[str, list[str]]:
    """The codes right below each code of a system that is kept whole."""
    found: dict[str, list[str]] = {}
    for code, concept in concepts_of(system).items():
        for parent in concept.parents:
            found.setdefault(parent, []).append(code)
    return found


@cache
def _pairs(url: str) -> tuple[tuple[str, str], ...]:
    return tuple((one.system, one.code) for one in _concepts(url, FRENCH))


def _concept(system: str, code: str, labels: Labels, language: str) -> Concept:
    french, english = labels[code]
    return Concept(published_name(system), code, (english or french) if language == ENGLISH else (french or english))


@cache
def _value_sets() -> Mapping[str, Mapping[str, Mapping[str, None]]]:
    """URL → codes by system, in their order."""
    found: dict[str, Mapping[str, Collection[str]]] = {}
    for name in value_set_names():
        url = name if "://" in name else HL7_SETS + name
        found[url] = {system: tuple(sorted(several)) for system, several in (codes_of(name) or {}).items()}
    found |= published_sets()
    for url, labels in _french_sets().items():
        found[url] = {system: tuple(sorted(several)) for system, several in labels.items()}
    return {url: {system: dict.fromkeys(codes) for system, codes in sets.items()} for url, sets in found.items()}


@cache
def _code_systems() -> Mapping[str, Labels]:
    """URL → code → (French, English)."""
    found = {system: {code: ("", one.display) for code, one in concepts_of(system).items()} for system in concept_systems()}
    for sets in _value_sets().values():
        for system, codes in sets.items():
            known = found.setdefault(system, {})
            known |= {code: ("", "") for code in codes if code not in known}
    kept = {**dict.fromkeys(CLASS_OF_TYPE, ("", "")), **TYPES}
    for labelled in (*_french_sets().values(), _types(kept), _formats()):
        for system, labels in labelled.items():
            known = found.setdefault(system, {})
            known |= {code: (french, english or known.get(code, ("", ""))[1]) for code, (french, english) in labels.items()}
    return found


@cache
def _french_sets() -> Mapping[str, Mapping[str, Labels]]:
    """URL → system → code → (French, English)."""
    classes: dict[str, dict[str, tuple[str, str]]] = {}
    for code, names in CLASSES.items():
        classes.setdefault(class_system(code), {})[code] = names
    listed = {code: names for code, names in TYPES.items() if code not in OUTSIDE_J07}
    labels: dict[str, dict[str, tuple[str, str]]] = {}
    for code, names in CONFIDENTIALITIES.items():
        labels.setdefault(system_of(CONFIDENTIALITY if len(code) == 1 else VISIBILITY), {})[code] = names
    return {
        CLASS_SET: classes,
        TYPE_SET: _types(listed),
        SETTING_SET: _apart(SETTINGS, PRACTICE_SETTINGS),
        FACILITY_SET: _apart(FACILITIES, FACILITY_TYPES),
        CONFIDENTIALITY_SET: labels,
    }


def _types(names: Labels) -> Mapping[str, Labels]:
    """Types of documents by system: LOINC, TRE_A05, or that of signatures."""
    found: dict[str, dict[str, tuple[str, str]]] = {}
    for code, both in names.items():
        system = SIGNED if code == "E1762" else system_of(LOINC if code[0].isdigit() else DOCUMENT_TYPES)
        found.setdefault(system, {})[code] = both
    return found


def _apart(names: Labels, oid: str) -> Mapping[str, Labels]:
    """`names` by system: those of TRE_A00, and the others of `oid`."""
    producers = {code: names[code] for code in ("EXP_PATIENT", "SNR")}
    return {system_of(oid): {code: both for code, both in names.items() if code not in producers}, system_of(PRODUCERS): producers}


def _formats() -> Mapping[str, Labels]:
    found: dict[str, dict[str, tuple[str, str]]] = {}
    for one in {*FORMAT_OF_TEMPLATE.values(), *FORMAT_OF_FILE.values(), FALLBACK}:
        found.setdefault(system_of(one.scheme), {})[one.code] = ("", "")
    return found
