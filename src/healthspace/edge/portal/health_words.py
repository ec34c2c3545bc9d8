"""The words of the health pages: sections, statuses, details, measurements, units. One table each, in both languages by the catalogue."""

import re

from healthspace.edge.portal.language import NO_BREAK, Language, mark
from healthspace.profile.convert import Unit
from healthspace.profile.curves import Point
from healthspace.profile.elements import Standing
from healthspace.profile.ranges import Position, Range

SECTIONS = {
    "allergies": (mark("Allergies"), "alert"),
    "treatments": (mark("Treatments"), "pill"),
    "problems": (mark("Health problems"), "stethoscope"),
    "vaccinations": (mark("Vaccinations"), "syringe"),
    "procedures": (mark("Operations and procedures"), "hospital"),
    "devices": (mark("Devices and implants"), "heart"),
    "stays": (mark("Stays and visits"), "bed"),
    "family": (mark("Family history"), "users"),
    "habits": (mark("Lifestyle"), "user"),
    "pregnancy": (mark("Pregnancy"), "heart"),
    "autonomy": (mark("Daily life and independence"), "users"),
    "plans": (mark("Care plans and goals"), "path"),
    "wishes": (mark("Wishes"), "seal"),
}
NONE_KNOWN = {
    "allergies": mark("No known allergy"),
    "treatments": mark("No known treatment"),
    "problems": mark("No known health problem"),
    "vaccinations": mark("No known vaccination"),
    "procedures": mark("No known operation"),
    "devices": mark("No known device or implant"),
}
NONE_AT_ALL = mark("None known")
"""What a section says when somebody has looked, and there is none."""

STANDINGS = {
    Standing.PAST: (mark("In the past"), ""),
    Standing.REFUSED: (mark("Ruled out or refused"), "warn"),
    Standing.MASKED: (mark("Masked by its author"), "warn"),
    Standing.NONE_KNOWN: (mark("None known"), "ok"),
    Standing.UNKNOWN: (mark("Nothing is known"), ""),
}
DETAILS = {
    "reaction": mark("Reaction"),
    "severity": mark("Severity"),
    "criticality": mark("Risk"),
    "dose": mark("Dose"),
    "reason": mark("Reason"),
    "condition": mark("Condition"),
    "site": mark("Place on the body"),
    "value": mark("Value"),
    "place": mark("Where"),
    "note": mark("Note"),
}
CODED = {
    "mild": mark("mild"),
    "moderate": mark("moderate"),
    "severe": mark("severe"),
    "low": mark("low"),
    "high": mark("high"),
    "unable-to-assess": mark("not assessed"),
    "true": mark("Yes"),
    "false": mark("No"),
}
"""Words of the codes that details may hold."""

NAMED = {
    "MTH": mark("Mother"),
    "FTH": mark("Father"),
    "SIS": mark("Sister"),
    "BRO": mark("Brother"),
    "CHILD": mark("Child"),
    "GRPRN": mark("Grandparent"),
    "FAMMEMB": mark("Another relative"),
    "72166-2": mark("Tobacco"),
    "11331-6": mark("Alcohol"),
    "73985-4": mark("Physical activity"),
    "food": mark("Food"),
    "42348-3": mark("Advance directives"),
    "organs": mark("Organ donation"),
    "other": mark("Something else"),
}
"""Names of the kinds of what citizens enter, whose resources carry codes only."""

POSITIONS = {
    Position.INSIDE: mark("In the range"),
    Position.LOW: mark("Below the range"),
    Position.HIGH: mark("Above the range"),
    Position.OUTSIDE: mark("Out of the range"),
    Position.UNKNOWN: "",
}
METHODS = {
    "calculated": mark("calculated"),
    "direct": mark("direct measurement"),
    "automated": mark("automated count"),
    "manual": mark("manual count"),
    "high sensitivity": mark("high sensitivity"),
    "immunoassay": mark("immunoassay"),
    "electrophoresis": mark("electrophoresis"),
    "oral": mark("in the mouth"),
    "rectal": mark("rectal"),
    "tympanic": mark("in the ear"),
    "pulse oximeter": mark("pulse oximeter"),
}
MEASURES = {
    "weight": mark("Weight"),
    "pressure": mark("Blood pressure"),
    "height": mark("Height"),
    "head": mark("Head circumference"),
    "temperature": mark("Temperature"),
    "pulse": mark("Heart rate"),
    "saturation": mark("Oxygen saturation"),
    "waist": mark("Waist"),
    "glucose-capillary": mark("Capillary glucose"),
}
EVENTS = {
    "document": (mark("Document"), "doc"),
    "stay": (mark("Stay or visit"), "bed"),
    "procedure": (mark("Procedure"), "hospital"),
    "vaccination": (mark("Vaccine given"), "syringe"),
    "results": (mark("Results"), "flask"),
    "imaging": (mark("Imaging"), "scan"),
    "dispensation": (mark("Medicine handed over"), "bag"),
}
EVENTS_OF = {
    "document": mark("Documents"),
    "stay": mark("Stays and visits"),
    "procedure": mark("Procedures"),
    "vaccination": mark("Vaccinations"),
    "results": mark("Results"),
    "imaging": mark("Imaging"),
    "dispensation": mark("Medicines handed over"),
}
"""The same kinds as filters."""
UNITS = {"mm[Hg]": "mmHg", "Cel": "°C", "mL/min/{1.73_m2}": "mL/min/1,73 m²", "1": ""}
SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def write_unit(unit: Unit, language: Language) -> str:
    """A unit as people write it: "µmol/L", "10⁹/L", "UI/L"."""
    if unit.text and unit.text != unit.code:
        return unit.text
    code = unit.code or ""
    if code in UNITS:
        return UNITS[code].replace(",", "," if language.code == "fr" else ".")
    text = re.sub(r"10[*^](\d+)", lambda found: "10" + found[1].translate(SUPERSCRIPTS), code)
    text = re.sub(r"\{([^{}]*)\}", "", text)
    text = text.replace("[IU]", "UI" if language.code == "fr" else "IU").replace("[iU]", "UI" if language.code == "fr" else "IU")
    return re.sub(r"(^|[./])u(?=[a-zA-Z])", r"\1µ", text)


def write_value(value: float, unit: Unit, language: Language, comparator: str = "") -> str:
    """A value as people write it: "7,4 %", "< 5 mg/L"."""
    shown = write_number(value, language)
    sign = {"<=": "≤", ">=": "≥"}.get(comparator, comparator)
    return _join_unit(NO_BREAK.join(part for part in (sign, shown) if part), unit, language)


def _join_unit(shown: str, unit: Unit, language: Language) -> str:
    """A number with its unit: "7,4 %" in French, "7.4%" in English (CLDR, the patterns of percent)."""
    name = write_unit(unit, language)
    return f"{shown}%" if name == "%" and language.code == "en" else NO_BREAK.join(part for part in (shown, name) if part)


def write_number(value: float, language: Language) -> str:
    """A number in the language's own signs; as many digits as it has, but never more than five that tell."""
    text = f"{float(f'{value:.5g}') if abs(value) < 1e5 else round(value):,.6f}".rstrip("0").rstrip(".")
    signs = language.locale.number_symbols["latn"]
    return text.translate({ord(","): signs["group"], ord("."): signs["decimal"]})


def write_result(point: Point, language: Language) -> str:
    """A result as its laboratory wrote it."""
    if point.own_value is None:
        return {"true": language.say("Yes"), "false": language.say("No")}.get(point.words, point.words)
    return write_value(point.own_value, point.own_unit, language, point.comparator)


def write_range(bounds: Range, unit: Unit, language: Language) -> str:
    """A range in words: "0,7 – 1,1 g/L", "< 5 mg/L"; the laboratory's own words when it gave no numbers."""
    if not bounds.told:
        return bounds.text
    if bounds.low is None or bounds.high is None:
        only, sign = (bounds.high, "≤") if bounds.low is None else (bounds.low, "≥")
        return _join_unit(f"{sign}{NO_BREAK}{write_number(only or 0.0, language)}", unit, language)
    ends = f"{write_number(bounds.low, language)}{NO_BREAK}–{NO_BREAK}{write_number(bounds.high, language)}"
    return _join_unit(ends, unit, language)


def name_method(method: str, language: Language) -> str:
    """The name of a method: of our table, or as the laboratory wrote it."""
    return language.say(METHODS[method]) if method in METHODS else method
