"""UCUM units (ucum.org, case-sensitive codes) as a factor to a canonical unit, so that quantities of one kind compare.

The units are those of medicine, after the table of ucum-essence. Amounts (mol) and arbitrary units ([IU], [pH]…) are dimensions of their
own: no molar mass is guessed, and nothing converts that UCUM says does not.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from healthspace.terminology.uris import UCUM

UCUM_SYSTEMS = frozenset({UCUM, "urn:oid:2.16.840.1.113883.6.8"})

LONGEST_CODE = 100
TOKEN = re.compile(r"\{[^{}]*\}|[./()]|10[*^]|[^./(){}\s]+")
ATOM = re.compile(r"(?P<unit>.*?[^\d+-])(?P<exponent>[+-]?\d{1,2})?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Canonical:
    """A unit in canonical terms: canonical value = value × factor + offset; `code` names the canonical unit."""

    code: str
    factor: float
    offset: float


@dataclass(frozen=True, slots=True)
class _Unit:
    factor: float
    dimensions: dict[str, int]


PREFIXES = {
    "Y": 1e24,
    "Z": 1e21,
    "E": 1e18,
    "P": 1e15,
    "T": 1e12,
    "G": 1e9,
    "M": 1e6,
    "k": 1e3,
    "h": 1e2,
    "da": 1e1,
    "d": 1e-1,
    "c": 1e-2,
    "m": 1e-3,
    "u": 1e-6,
    "n": 1e-9,
    "p": 1e-12,
    "f": 1e-15,
    "a": 1e-18,
    "z": 1e-21,
    "y": 1e-24,
    "Ki": 1024.0,
    "Mi": 1024.0**2,
    "Gi": 1024.0**3,
    "Ti": 1024.0**4,
}
# Metric units, which take prefixes: code → (factor, in terms of).
METRIC = {
    "m": (1, "m"),
    "s": (1, "s"),
    "g": (1, "g"),
    "rad": (1, "rad"),
    "K": (1, "K"),
    "C": (1, "C"),
    "cd": (1, "cd"),
    "mol": (1, "mol"),
    "eq": (1, "mol"),
    "osm": (1, "osm"),
    "Hz": (1, "s-1"),
    "N": (1e3, "g.m.s-2"),
    "Pa": (1e3, "g.m-1.s-2"),
    "J": (1e3, "g.m2.s-2"),
    "W": (1e3, "g.m2.s-3"),
    "A": (1, "C.s-1"),
    "V": (1e3, "g.m2.s-2.C-1"),
    "F": (1e-3, "g-1.m-2.s2.C2"),
    "Ohm": (1e3, "g.m2.s-1.C-2"),
    "S": (1e-3, "g-1.m-2.s.C2"),
    "Wb": (1e3, "g.m2.s-1.C-1"),
    "T": (1e3, "g.s-1.C-1"),
    "H": (1e3, "g.m2.C-2"),
    "lm": (1, "cd.rad2"),
    "lx": (1, "cd.m-2.rad2"),
    "Bq": (1, "s-1"),
    "Gy": (1, "m2.s-2"),
    "Sv": (1, "m2.s-2"),
    "sr": (1, "rad2"),
    "l": (1e-3, "m3"),
    "L": (1e-3, "m3"),
    "t": (1e6, "g"),
    "bar": (1e8, "g.m-1.s-2"),
    "u": (1.66053906660e-24, "g"),
    "eV": (1.602176634e-16, "g.m2.s-2"),
    "kat": (1, "mol.s-1"),
    "U": (1 / 60 * 1e-6, "mol.s-1"),
    "cal": (4184, "g.m2.s-2"),
    "cal_th": (4184, "g.m2.s-2"),
    "cal_IT": (4186.8, "g.m2.s-2"),
    "dyn": (1e-2, "g.m.s-2"),
    "erg": (1e-4, "g.m2.s-2"),
    "P": (1e2, "g.m-1.s-1"),
    "St": (1e-4, "m2.s-1"),
    "Ci": (3.7e10, "s-1"),
    "R": (2.58e-7, "C.g-1"),
    "RAD": (1e-2, "m2.s-2"),
    "REM": (1e-2, "m2.s-2"),
    "G": (1e-1, "g.s-1.C-1"),
    "gf": (9.80665, "g.m.s-2"),
    "m[Hg]": (1.333220e8, "g.m-1.s-2"),
    "m[H2O]": (9.80665e6, "g.m-1.s-2"),
    "B": (1, "[B]"),
    "By": (8, "[bit]"),
    "bit": (1, "[bit]"),
    "Bd": (1, "s-1"),
    "[IU]": (1, "[IU]"),
    "[iU]": (1, "[IU]"),
    "st": (1, "m3"),
    "ar": (1e2, "m2"),
    "tex": (1e-3, "g.m-1"),
    "pc": (3.085678e16, "m"),
    "[g]": (9.80665, "m.s-2"),
    "[c]": (299792458, "m.s-1"),
    "Gal": (1e-2, "m.s-2"),
    "mho": (1e-3, "g-1.m-2.s.C2"),
    "sb": (1e4, "cd.m-2"),
    "cal_m": (4190.02, "g.m2.s-2"),
    "cal_[15]": (4185.8, "g.m2.s-2"),
    "cal_[20]": (4181.9, "g.m2.s-2"),
    "g%": (1e4, "g.m-3"),
    "Np": (1, "[Np]"),
    "B[SPL]": (1, "[B_SPL]"),
}
# Units that take no prefix.
PLAIN = {
    "%": (1e-2, ""),
    "[ppth]": (1e-3, ""),
    "[ppm]": (1e-6, ""),
    "[ppb]": (1e-9, ""),
    "[pptr]": (1e-12, ""),
    "[pi]": (3.141592653589793, ""),
    "min": (60, "s"),
    "h": (3600, "s"),
    "d": (86400, "s"),
    "wk": (604800, "s"),
    "mo": (2629800, "s"),
    "mo_j": (2629800, "s"),
    "mo_s": (2551442.976, "s"),
    "mo_g": (2629746, "s"),
    "a": (31557600, "s"),
    "a_j": (31557600, "s"),
    "a_g": (31556952, "s"),
    "a_t": (31556925.216, "s"),
    "deg": (0.017453292519943295, "rad"),
    "'": (0.0002908882086657216, "rad"),
    "''": (4.84813681109536e-06, "rad"),
    "gon": (0.015707963267948967, "rad"),
    "[in_i]": (0.0254, "m"),
    "[ft_i]": (0.3048, "m"),
    "[yd_i]": (0.9144, "m"),
    "[mi_i]": (1609.344, "m"),
    "[nmi_i]": (1852, "m"),
    "[fth_i]": (1.8288, "m"),
    "[kn_i]": (0.514444444444444, "m.s-1"),
    "[sin_i]": (0.00064516, "m2"),
    "[sft_i]": (0.09290304, "m2"),
    "[cin_i]": (1.6387064e-5, "m3"),
    "[cft_i]": (0.028316846592, "m3"),
    "[lb_av]": (453.59237, "g"),
    "[oz_av]": (28.349523125, "g"),
    "[dr_av]": (1.7718451953125, "g"),
    "[gr]": (0.06479891, "g"),
    "[stone_av]": (6350.29318, "g"),
    "[ston_av]": (907184.74, "g"),
    "[lbf_av]": (4448.2216152605, "g.m.s-2"),
    "[oz_tr]": (31.1034768, "g"),
    "[lb_tr]": (373.2417216, "g"),
    "[sc_ap]": (1.2959782, "g"),
    "[dr_ap]": (3.8879346, "g"),
    "[oz_ap]": (31.1034768, "g"),
    "[gal_us]": (3.785411784e-3, "m3"),
    "[qt_us]": (9.46352946e-4, "m3"),
    "[pt_us]": (4.73176473e-4, "m3"),
    "[foz_us]": (2.95735295625e-5, "m3"),
    "[cup_us]": (2.365882365e-4, "m3"),
    "[tbs_us]": (1.478676478125e-5, "m3"),
    "[tsp_us]": (4.92892159375e-6, "m3"),
    "[cup_m]": (2.4e-4, "m3"),
    "[tbs_m]": (1.5e-5, "m3"),
    "[tsp_m]": (5e-6, "m3"),
    "[foz_m]": (3e-5, "m3"),
    "[drp]": (5e-8, "m3"),
    "[gal_br]": (4.54609e-3, "m3"),
    "[pt_br]": (5.6826125e-4, "m3"),
    "[foz_br]": (2.84130625e-5, "m3"),
    "[Ch]": (3.333333333333333e-4, "m"),
    "[psi]": (6894757.293168, "g.m-1.s-2"),
    "atm": (101325000, "g.m-1.s-2"),
    "att": (98066500, "g.m-1.s-2"),
    "[in_i'Hg]": (3386378.8, "g.m-1.s-2"),
    "[in_i'H2O]": (249088.91, "g.m-1.s-2"),
    "[HP]": (745699.8715822702, "g.m2.s-3"),
    "[Btu_IT]": (1055055.85262, "g.m2.s-2"),
    "[Cal]": (4184000, "g.m2.s-2"),
    "[diop]": (1, "m-1"),
    "[MET]": (5.833333333333333e-11, "m3.g-1.s-1"),
    "[car_m]": (0.2, "g"),
    "[car_Au]": (1 / 24, ""),
    "[hd_i]": (0.1016, "m"),
    "[mil_i]": (2.54e-5, "m"),
    "[syd_i]": (0.83612736, "m2"),
    "[cyd_i]": (0.764554857984, "m3"),
    "[ft_us]": (1200 / 3937, "m"),
    "[in_us]": (100 / 3937, "m"),
    "[yd_us]": (3600 / 3937, "m"),
    "[mi_us]": (6336000 / 3937, "m"),
    "[gil_us]": (1.1829411825e-4, "m3"),
    "[fdr_us]": (3.6966911953125e-6, "m3"),
    "[min_us]": (6.161151992187500e-8, "m3"),
    "[qt_br]": (1.1365225e-3, "m3"),
    "[gil_br]": (1.420653125e-4, "m3"),
    "[fdr_br]": (3.5516328125e-6, "m3"),
    "[min_br]": (5.919388020833333e-8, "m3"),
    "[pwt_tr]": (1.55517384, "g"),
    "[lb_ap]": (373.2417216, "g"),
    "[oz_m]": (28, "g"),
    "[scwt_av]": (45359.237, "g"),
    "[lcwt_av]": (50802.34544, "g"),
    "[lton_av]": (1016046.9088, "g"),
    "[degR]": (5 / 9, "K"),
    "[Btu]": (1054350, "g.m2.s-2"),
    "[Btu_th]": (1054350, "g.m2.s-2"),
    "[PRU]": (1.33322e11, "g.m-4.s-1"),
    "[wood'U]": (7.99932e9, "g.m-4.s-1"),
    "[S]": (1e-13, "s"),
    "[den]": (1 / 9000, "g.m-1"),
    "[mesh_i]": (1 / 0.0254, "m-1"),
    "Ao": (1e-10, "m"),
    "b": (1e-28, "m2"),
    "circ": (6.283185307179586, "rad"),
    "sph": (12.566370614359172, "rad2"),
}
SPECIAL = {"Cel": ("K", 1.0, 273.15), "[degF]": ("K", 5 / 9, 459.67 * 5 / 9), "[degRe]": ("K", 1.25, 273.15)}
"""Units with a zero of their own: canonical unit, factor, offset."""
ARBITRARY = re.compile(r"\[[A-Za-z0-9_'*^:/-]{1,40}\]|[BM]\[[A-Za-z0-9_.]{1,10}\]")
"""Arbitrary and logarithmic units: each is its own dimension."""


@lru_cache(maxsize=4096)
def canonical(code: str) -> Canonical | None:
    """The unit `code` in canonical terms; None when it is no UCUM code."""
    if not 0 < len(code) <= LONGEST_CODE or not code.isascii() or any(character.isspace() for character in code):
        return None
    if code in SPECIAL:
        name, factor, offset = SPECIAL[code]
        return Canonical(name, factor, offset)
    try:
        unit = _Reader(code).read()
        # Twelve digits: the same unit reached by two ways is the same factor.
        return Canonical(_name(unit.dimensions), float(f"{unit.factor:.12g}"), 0.0) if 0 < unit.factor < float("inf") else None
    except (_NoUnit, OverflowError, ZeroDivisionError, RecursionError):
        return None


class _NoUnit(Exception):
    pass


class _Reader:
    """UCUM §2: terms of components, between them `.` and `/`."""

    def __init__(self, code: str) -> None:
        self._tokens = TOKEN.findall(code)
        if "".join(self._tokens) != code:
            raise _NoUnit
        self._at, self._depth = 0, 0

    def read(self) -> _Unit:
        unit = self._term()
        if self._at != len(self._tokens):
            raise _NoUnit
        return unit

    def _term(self) -> _Unit:
        whole, over = _Unit(1.0, {}), self._take("/")
        while True:
            part = self._component()
            whole = _multiply(whole, _power(part, -1) if over else part)
            if self._take("."):
                over = False
            elif self._take("/"):
                over = True
            else:
                return whole

    def _component(self) -> _Unit:
        if self._take("("):
            self._depth += 1
            if self._depth > 10:
                raise _NoUnit
            unit = self._term()
            if not self._take(")"):
                raise _NoUnit
            self._depth -= 1
            return unit
        token = self._next()
        if token.startswith("{"):
            return _Unit(1.0, {})
        if token in {"10*", "10^"}:
            exponent = self._next() if self._peek_number() else "1"
            unit = _Unit(10.0 ** _small(exponent), {})
        else:
            unit = _simple(token)
        if self._at < len(self._tokens) and self._tokens[self._at].startswith("{"):
            self._at += 1
        return unit

    def _peek_number(self) -> bool:
        return self._at < len(self._tokens) and re.fullmatch(r"[+-]?\d{1,3}", self._tokens[self._at]) is not None

    def _take(self, sign: str) -> bool:
        if self._at < len(self._tokens) and self._tokens[self._at] == sign:
            self._at += 1
            return True
        return False

    def _next(self) -> str:
        if self._at >= len(self._tokens) or self._tokens[self._at] in {".", "/", ")", "("}:
            raise _NoUnit
        self._at += 1
        token: str = self._tokens[self._at - 1]
        return token


def _simple(token: str) -> _Unit:
    if token.isdecimal() and len(token) < 16:
        return _Unit(float(token), {})
    match = ATOM.fullmatch(token)
    if match is None:
        raise _NoUnit
    unit = _atom(token) if match["exponent"] is None else None
    return unit if unit is not None else _power(_known(match["unit"]), _small(match["exponent"] or "1"))


def _known(text: str) -> _Unit:
    unit = _atom(text)
    if unit is None:
        raise _NoUnit
    return unit


def _atom(text: str) -> _Unit | None:
    if text in PLAIN or text in METRIC:
        factor, terms = PLAIN.get(text) or METRIC[text]
        return _Unit(float(factor), _dimensions(terms))
    for size in (1, 2):
        if text[:size] in PREFIXES and text[size:] in METRIC:
            factor, terms = METRIC[text[size:]]
            return _Unit(PREFIXES[text[:size]] * factor, _dimensions(terms))
    if text in SPECIAL or ARBITRARY.fullmatch(text):
        return _Unit(1.0, {text: 1})
    return None


def _dimensions(terms: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for term in terms.split(".") if terms else ():
        match = re.fullmatch(r"(\[\w+\]|[A-Za-z]+)(-?\d+)?", term)
        if match is None:
            raise _NoUnit
        found[match[1]] = int(match[2] or 1)
    return found


def _small(text: str) -> int:
    number = int(text)
    if abs(number) > 60:
        raise _NoUnit
    return number


def _multiply(one: _Unit, other: _Unit) -> _Unit:
    names = one.dimensions.keys() | other.dimensions.keys()
    summed = {name: one.dimensions.get(name, 0) + other.dimensions.get(name, 0) for name in names}
    return _Unit(one.factor * other.factor, {name: exponent for name, exponent in summed.items() if exponent})


def _power(unit: _Unit, exponent: int) -> _Unit:
    return _Unit(unit.factor**exponent, {name: each * exponent for name, each in unit.dimensions.items() if exponent})


def _name(dimensions: dict[str, int]) -> str:
    return ".".join(f"{name}{exponent if exponent != 1 else ''}" for name, exponent in sorted(dimensions.items())) or "1"
