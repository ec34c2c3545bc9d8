"""One value in another unit: by UCUM, and between mass and amount of substance by the molar mass of what was measured.

Nothing is converted that is not known to convert: a wrong value is worse than a second curve.
"""

import re
from dataclasses import dataclass

from healthspace.fhir.ucum import UCUM_SYSTEMS, Canonical, canonical

FRACTIONS = frozenset({"%", "1", "L/L", "l/l", "[ppth]"})
"""Units without a dimension that say the same thing; `mmol/mol` and `g/g` have none either, and do not."""
EQUIVALENTS = re.compile(r"(?:^|[./(])[a-z]{0,2}eq(?![a-z])", re.IGNORECASE)
"""An equivalent is a mole of charges: for calcium, half a mole. UCUM counts both as moles; we do not."""
MASS, AMOUNT = "g", "mol"


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit as a result states it: a UCUM code (None: it has none), and what people read."""

    code: str | None
    text: str

    @property
    def shown(self) -> str:
        return self.text or self.code or ""


_PRINTED = {"µ": "u", "μ": "u", "UI": "[IU]", "mmHg": "mm[Hg]", "°C": "Cel"}
"""What laboratories print (UCUM print symbols; UI: the French for international units), and what UCUM writes."""
_SYMBOL = re.compile(r"[µμ](?=[A-Za-z])|(?<![A-Za-z])mmHg(?![A-Za-z])|°C(?![A-Za-z])|(?<![A-JLN-Za-jln-z])UI(?![A-Za-z])")


def unit_of(quantity: dict[str, object]) -> Unit:
    """The unit of a FHIR Quantity. A text that nobody calls UCUM is a text, unless it only prints a unit otherwise ("µg/L")."""
    text = str(quantity.get("unit") or "")
    if quantity.get("system") in UCUM_SYSTEMS and quantity.get("code"):
        return Unit(str(quantity["code"]), text or str(quantity["code"]))
    spelt = _SYMBOL.sub(lambda found: _PRINTED[found[0]], text)
    return Unit(spelt if spelt != text and canonical(spelt) is not None else None, text)


def convert(value: float, unit: Unit, to: Unit, molar_mass: float | None = None, charge: int | None = None) -> float | None:
    """`value` in another unit; None when it is not known to convert.

    `molar_mass` is in grams per mole, `charge` the number of charges of the ion, which equivalents count.
    """
    if _is_same(unit, to):
        return value
    if unit.code is None or to.code is None:
        return None
    here, there = canonical(unit.code), canonical(to.code)
    if here is None or there is None:
        return None
    charges = _counts_charges(unit) - _counts_charges(to)
    if charges:
        if charge is None:
            return None
        value = value / charge if charges > 0 else value * charge
    if here.code == there.code:
        if here.code == "1" and not {_bare(unit.code), _bare(to.code)} <= FRACTIONS:
            return None
        return _tidy((value * here.factor + here.offset - there.offset) / there.factor)
    return _exchange(value, here, there, molar_mass) if molar_mass else None


def _exchange(value: float, here: Canonical, there: Canonical, molar_mass: float) -> float | None:
    """Between grams and moles per the same thing (a volume, a time)."""
    base, other = _per(here.code), _per(there.code)
    if base is None or other is None or base[1] != other[1] or base[0] == other[0]:
        return None
    amount = value * here.factor
    moved = amount / molar_mass if base[0] == MASS else amount * molar_mass
    return _tidy(moved / there.factor)


def _per(code: str) -> tuple[str, str] | None:
    """What a canonical unit counts once (grams or moles), and the rest of it."""
    terms = code.split(".")
    for counted in (MASS, AMOUNT):
        if counted in terms:
            return counted, ".".join(term for term in terms if term != counted)
    return None


def _is_same(unit: Unit, to: Unit) -> bool:
    if unit.code is not None and to.code is not None:
        return unit.code == to.code
    return unit.shown == to.shown


def _counts_charges(unit: Unit) -> int:
    """1 when a unit counts charges, else 0."""
    return int(EQUIVALENTS.search(unit.code or "") is not None)


def _bare(code: str) -> str:
    return re.sub(r"\{[^{}]*\}", "", code)


def _tidy(value: float) -> float:
    """Without the noise of binary arithmetic: twelve digits."""
    return float(f"{value:.12g}")
