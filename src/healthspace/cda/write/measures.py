"""What was measured or found: a number, a bound, an interval, a code or words, with the laboratory's own range (CI-SIS, IHE XD-LAB)."""

from dataclasses import dataclass
from datetime import date

from healthspace.cda.write.codes import INTERPRETATION, Code, coded
from healthspace.cda.write.xml import Node, e

INTERPRETATIONS = {
    "LL": Code("LL", INTERPRETATION, "Très anormalement bas"),
    "L": Code("L", INTERPRETATION, "Anormalement bas"),
    "N": Code("N", INTERPRETATION, "Normal"),
    "H": Code("H", INTERPRETATION, "Anormalement haut"),
    "HH": Code("HH", INTERPRETATION, "Très anormalement haut"),
    "A": Code("A", INTERPRETATION, "Anormal"),
    "S": Code("S", INTERPRETATION, "Sensible"),
    "I": Code("I", INTERPRETATION, "Intermédiaire"),
    "R": Code("R", INTERPRETATION, "Résistant"),
}
_WORDS = {
    "LL": "très bas",
    "L": "bas",
    "H": "élevé",
    "HH": "très élevé",
    "A": "anormal",
    "S": "sensible",
    "I": "intermédiaire",
    "R": "résistant",
}
"""What people read of each; nothing where it is as usual."""

SHOWN_UNITS = {
    "10*9/L": "G/L",
    "10*12/L": "T/L",
    "umol/L": "µmol/L",
    "ug/L": "µg/L",
    "m[IU]/L": "mUI/L",
    "mL/min/{1.73_m2}": "mL/min/1,73 m²",
    "mm[Hg]": "mmHg",
}
"""Units as a French laboratory prints them, where that differs from the code (UCUM)."""
_SIGNS = {"<=": "≤", ">=": "≥"}


@dataclass(frozen=True, slots=True)
class Bounded:
    """A number of which only a bound is known: `sign` is <, <=, > or >=."""

    sign: str
    value: str


@dataclass(frozen=True, slots=True)
class Between:
    """An interval, both ends included."""

    low: str
    high: str


@dataclass(frozen=True, slots=True)
class Named:
    """A finding that has a code."""

    code: Code


@dataclass(frozen=True, slots=True)
class Said:
    """A finding in words."""

    text: str


Result = str | Bounded | Between | Named | Said
"""A text is a number as it is written."""


@dataclass(frozen=True, slots=True)
class Measure:
    """A measured value. `low` and `high` bound what is usual, either may be absent; `range_text` says it in words.

    `flag` is a key of INTERPRETATIONS, or "" when the laboratory does not judge.
    """

    code: Code
    name: str
    value: Result
    unit: str
    low: str | None
    high: str | None
    flag: str
    mark: str
    range_text: str = ""
    when: date | None = None
    """Its own day, or time to the second, if not that of its report."""

    @property
    def shown(self) -> str:
        """The value and its unit in words."""
        unit = SHOWN_UNITS.get(self.unit, self.unit)
        match self.value:
            case Named(code):
                return code.display
            case Said(text):
                return text
            case Bounded(sign, value):
                return f"{_SIGNS.get(sign, sign)} {decimal(value)} {unit}".rstrip()
            case Between(low, high):
                return f"{decimal(low)} – {decimal(high)} {unit}".rstrip()
            case number:
                return f"{decimal(number)} {unit}".rstrip()

    @property
    def judged(self) -> str:
        """The laboratory's judgement in words; nothing when the value is usual."""
        return _WORDS.get(self.flag, "")

    @property
    def usual(self) -> str:
        """The usual range in words."""
        if self.range_text:
            return self.range_text
        if self.low and self.high:
            return f"{decimal(self.low)} – {decimal(self.high)}"
        if self.high:
            return f"< {decimal(self.high)}"
        return f"> {decimal(self.low)}" if self.low else ""

    def value_node(self) -> Node:
        """The `value` of the observation."""
        match self.value:
            case Named(code):
                return coded("value", code, xsi_type="CD")
            case Said(text):
                return e("value", text, xsi_type="ST")
            case Bounded(sign, value):
                side, included = ("low" if sign[0] == ">" else "high"), ("true" if sign.endswith("=") else "false")
                return e("value", e(side, value=value, unit=self.unit or None, inclusive=included), xsi_type="IVL_PQ")
            case Between(low, high):
                return e("value", self._end("low", low), self._end("high", high), xsi_type="IVL_PQ")
            case number:
                return quantity(number, self.unit)

    def judgement(self) -> Node | None:
        return coded("interpretationCode", INTERPRETATIONS[self.flag]) if self.flag else None

    def usual_range(self) -> Node | None:
        """The `referenceRange`; None when none is said."""
        ends = [self._end(side, value) for side, value in (("low", self.low), ("high", self.high)) if value]
        if not ends and not self.range_text:
            return None
        bounds = e("value", *ends, xsi_type="IVL_PQ") if ends else None
        words = e("text", self.range_text) if self.range_text else None
        normal = coded("interpretationCode", INTERPRETATIONS["N"])
        return e("referenceRange", e("observationRange", words, bounds, normal, classCode="OBS", moodCode="EVN.CRT"), typeCode="REFV")

    def _end(self, side: str, value: str) -> Node:
        return e(side, value=value, unit=self.unit or None)


def decimal(value: str) -> str:
    """A number as a French reader expects it."""
    return value.replace(".", ",")


def quantity(value: str, unit: str) -> Node:
    return e("value", xsi_type="PQ", value=value, unit=unit or None)
