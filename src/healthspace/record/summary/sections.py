"""The sections of an International Patient Summary (IPS 2.0.1, Composition-uv-ips), in its order, with what 1.1.0 asks as well.

Version 1.1.0 wants an entry in every section and knows no other way to say "nothing": absence and ignorance are therefore entries with
a code of its absent-unknown system, never an `emptyReason`.
"""

from dataclasses import dataclass

IPS = "http://hl7.org/fhir/uv/ips/StructureDefinition/"


@dataclass(frozen=True, slots=True)
class Section:
    """One section: the key that the rest of the package knows it by, its LOINC code with the name that LOINC gives it, its titles.

    `unknown` is the code of the entry of a section that must be there when nothing is known of its subject.
    """

    key: str
    code: str
    display: str
    titles: dict[str, str]
    unknown: str = ""


def _section(key: str, code: str, display: str, french: str, english: str, unknown: str = "") -> Section:
    return Section(key, code, display, {"fr": french, "en": english}, unknown)


SECTIONS = (
    _section(
        *("problems", "11450-4", "Problem list - Reported", "Problèmes de santé", "Problems"),
        "no-problem-info",
    ),
    _section(
        *("allergies", "48765-2", "Allergies and adverse reactions Document", "Allergies et intolérances", "Allergies and intolerances"),
        "no-allergy-info",
    ),
    _section(
        *("medications", "10160-0", "History of Medication use Narrative", "Traitements", "Medications"),
        "no-medication-info",
    ),
    _section("immunizations", "11369-6", "History of Immunization Narrative", "Vaccinations", "Immunizations"),
    _section("results", "30954-2", "Relevant diagnostic tests/laboratory data Narrative", "Résultats d’examens", "Results"),
    _section("procedures", "47519-4", "History of Procedures Document", "Actes et interventions", "Procedures"),
    _section("devices", "46264-8", "History of medical device use", "Dispositifs médicaux", "Medical devices"),
    _section("directives", "42348-3", "Advance directives", "Directives anticipées", "Advance directives"),
    _section("alerts", "104605-1", "Alert", "Alertes", "Alerts"),
    _section("past", "11348-0", "History of Past illness Narrative", "Antécédents", "Past illnesses"),
    _section("pregnancy", "10162-6", "History of pregnancies Narrative", "Grossesses", "Pregnancies"),
    _section("plan", "18776-5", "Plan of care note", "Plan de soins", "Plan of care"),
    _section("social", "29762-2", "Social history Narrative", "Habitudes de vie", "Social history"),
    _section("vitals", "8716-3", "Vital signs", "Signes vitaux et mesures", "Vital signs"),
)
BY_KEY = {section.key: section for section in SECTIONS}

# What "none" is called: by IPS 1.1.0 and, as its map to SNOMED CT has it, there (ConceptMap absence-to-snomed-uv-ips).
NONE_KNOWN = {
    "no-known-allergies": ("No known allergies", "716186003"),
    "no-known-medication-allergies": ("No known medication allergies", "409137002"),
    "no-known-environmental-allergies": ("No known environmental allergies", "428607008"),
    "no-known-food-allergies": ("No known food allergies", "429625007"),
    "no-known-devices": ("No known devices in use", "787483001"),
    "no-known-immunizations": ("No known immunizations", "787482006"),
    "no-known-medications": ("No known medications", "787481004"),
    "no-known-problems": ("No known problems", "160245001"),
    "no-known-procedures": ("No known procedures", "787480003"),
}
UNKNOWN = {
    "no-allergy-info": "No information about allergies",
    "no-device-info": "No information about devices",
    "no-immunization-info": "No information about immunizations",
    "no-medication-info": "No information about medications",
    "no-problem-info": "No information about problems",
    "no-procedure-info": "No information about past history of procedures",
}
PARTLY_NONE = frozenset({"no-known-medication-allergies", "no-known-environmental-allergies", "no-known-food-allergies"})
"""These say nothing against other entries of their section."""
BY_SNOMED = {snomed: code for code, (_, snomed) in NONE_KNOWN.items()} | {"160244002": "no-known-allergies"}
DENIED = {
    **dict.fromkeys(("419199007", "106190000", "420134006", "609328004"), "no-known-allergies"),
    "416098002": "no-known-medication-allergies",
    "414285001": "no-known-food-allergies",
    "55607006": "no-known-problems",
}
"""SNOMED CT codes of what is denied in general ("allergy": refuted), with what that says."""
