"""Blood tests: what is measured (LOINC), in which unit (UCUM), what is usual, and how a value moves over the years."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from healthspace.cda.write.codes import LOINC, Code
from healthspace.cda.write.laboratory import Chapter
from healthspace.cda.write.measures import Measure


@dataclass(frozen=True, slots=True)
class Analyte:
    """A measured quantity. Bounds of what is usual for women and men; `mean` and `spread` of a healthy adult; decimals shown."""

    code: Code
    name: str
    unit: str
    women: tuple[float | None, float | None]
    men: tuple[float | None, float | None]
    mean: float
    spread: float
    decimals: int


def _analyte(
    code: str,
    name: str,
    display: str,
    unit: str,
    women: tuple[float | None, float | None],
    men: tuple[float | None, float | None] | None,
    healthy: tuple[float, float, int],
) -> Analyte:
    return Analyte(Code(code, LOINC, display), name, unit, women, men or women, *healthy)


# key: (LOINC, French name, long name, unit, usual for women, for men if different, (mean, spread, decimals))
ANALYTES = {
    "hba1c": _analyte(
        "4548-4",
        "Hémoglobine glyquée (HbA1c)",
        "Hémoglobine A1c/Hémoglobine totale [Fraction massique] Sang",
        "%",
        (4.0, 6.0),
        None,
        (5.4, 0.2, 1),
    ),
    "glucose": _analyte("2345-7", "Glycémie à jeun", "Glucose [Masse/Volume] Sérum/Plasma", "g/L", (0.7, 1.1), None, (0.9, 0.06, 2)),
    "creatinine": _analyte("14682-9", "Créatinine", "Créatinine [Moles/Volume] Sérum/Plasma", "umol/L", (45, 84), (59, 104), (72, 7, 0)),
    "filtration": _analyte(
        "62238-1", "Débit de filtration glomérulaire (CKD-EPI)", "DFG estimé par CKD-EPI", "mL/min/{1.73_m2}", (60, None), None, (88, 7, 0)
    ),
    "potassium": _analyte("2823-3", "Potassium", "Potassium [Moles/Volume] Sérum/Plasma", "mmol/L", (3.5, 5.1), None, (4.2, 0.25, 1)),
    "sodium": _analyte("2951-2", "Sodium", "Sodium [Moles/Volume] Sérum/Plasma", "mmol/L", (136, 145), None, (140, 1.6, 0)),
    "haemoglobin": _analyte("718-7", "Hémoglobine", "Hémoglobine [Masse/Volume] Sang", "g/dL", (12.0, 16.0), (13.0, 17.0), (14.1, 0.6, 1)),
    "leukocytes": _analyte("6690-2", "Leucocytes", "Leucocytes [Nombre/Volume] Sang", "10*9/L", (4.0, 10.0), None, (6.6, 1.1, 2)),
    "platelets": _analyte("777-3", "Plaquettes", "Plaquettes [Nombre/Volume] Sang", "10*9/L", (150, 400), None, (255, 38, 0)),
    "erythrocytes": _analyte("789-8", "Hématies", "Hématies [Nombre/Volume] Sang", "10*12/L", (3.8, 5.9), None, (4.7, 0.25, 2)),
    "volume": _analyte("787-2", "Volume globulaire moyen", "Volume globulaire moyen", "fL", (80, 100), None, (90, 3, 0)),
    "cholesterol": _analyte(
        "2093-3", "Cholestérol total", "Cholestérol [Masse/Volume] Sérum/Plasma", "g/L", (None, 2.0), None, (1.85, 0.18, 2)
    ),
    "ldl": _analyte(
        "13457-7",
        "Cholestérol LDL (calculé)",
        "Cholestérol LDL [Masse/Volume] Sérum/Plasma ; calculé",
        "g/L",
        (None, 1.6),
        None,
        (1.1, 0.15, 2),
    ),
    "hdl": _analyte("2085-9", "Cholestérol HDL", "Cholestérol HDL [Masse/Volume] Sérum/Plasma", "g/L", (0.4, None), None, (0.55, 0.07, 2)),
    "triglycerides": _analyte(
        "2571-8", "Triglycérides", "Triglycérides [Masse/Volume] Sérum/Plasma", "g/L", (None, 1.5), None, (1.0, 0.2, 2)
    ),
    "alt": _analyte(
        "1742-6", "ALAT (TGP)", "Alanine aminotransférase [Activité/Volume] Sérum/Plasma", "U/L", (None, 35), (None, 45), (22, 5, 0)
    ),
    "ast": _analyte(
        "1920-8", "ASAT (TGO)", "Aspartate aminotransférase [Activité/Volume] Sérum/Plasma", "U/L", (None, 35), (None, 40), (21, 4, 0)
    ),
    "tsh": _analyte("3016-3", "TSH", "Thyréostimuline [Arbitraire/Volume] Sérum/Plasma", "m[IU]/L", (0.27, 4.2), None, (1.9, 0.5, 2)),
    "crp": _analyte(
        "1988-5", "Protéine C réactive (CRP)", "Protéine C réactive [Masse/Volume] Sérum/Plasma", "mg/L", (None, 5), None, (1.8, 0.8, 1)
    ),
    "ferritin": _analyte("2276-4", "Ferritine", "Ferritine [Masse/Volume] Sérum/Plasma", "ug/L", (15, 150), (30, 400), (85, 25, 0)),
    "inr": _analyte("6301-6", "INR", "INR", "{INR}", (2.0, 3.0), None, (2.5, 0.3, 1)),
    "bnp": _analyte(
        "33762-6",
        "NT-proBNP",
        "Pro-peptide natriurétique B, N-terminal [Masse/Volume] Sérum/Plasma",
        "ng/L",
        (None, 450),
        None,
        (160, 60, 0),
    ),
    "urate": _analyte("14933-6", "Acide urique", "Urate [Moles/Volume] Sérum/Plasma", "umol/L", (150, 360), (200, 420), (310, 35, 0)),
    "vitamin-d": _analyte(
        "1989-3", "25-OH vitamine D", "25-hydroxyvitamine D3 [Masse/Volume] Sérum/Plasma", "ng/mL", (30, 60), None, (36, 5, 0)
    ),
    "calcium": _analyte("2000-8", "Calcium", "Calcium [Moles/Volume] Sérum/Plasma", "mmol/L", (2.15, 2.55), None, (2.36, 0.06, 2)),
}

HAEMATOLOGY = Code("18723-7", LOINC, "Hématologie")
BIOCHEMISTRY = Code("18719-5", LOINC, "Biochimie")
COAGULATION = Code("18720-3", LOINC, "Hémostase")
BLOOD_COUNT = ("haemoglobin", "erythrocytes", "volume", "leukocytes", "platelets")

# What a doctor asks for: key → the chapters of the report.
PANELS: dict[str, tuple[tuple[Code, tuple[str, ...]], ...]] = {
    "blood": ((HAEMATOLOGY, BLOOD_COUNT), (BIOCHEMISTRY, ("crp", "glucose"))),
    "iron": ((HAEMATOLOGY, BLOOD_COUNT), (BIOCHEMISTRY, ("ferritin",))),
    "diabetes": ((BIOCHEMISTRY, ("glucose", "hba1c", "creatinine", "filtration")),),
    "lipids": ((BIOCHEMISTRY, ("cholesterol", "hdl", "ldl", "triglycerides")),),
    "kidney": ((BIOCHEMISTRY, ("creatinine", "filtration", "sodium", "potassium")),),
    "liver": ((BIOCHEMISTRY, ("alt", "ast")),),
    "thyroid": ((BIOCHEMISTRY, ("tsh",)),),
    "clotting": ((COAGULATION, ("inr",)),),
    "heart": ((BIOCHEMISTRY, ("bnp", "potassium")),),
    "urate": ((BIOCHEMISTRY, ("urate", "creatinine")),),
    "bone": ((BIOCHEMISTRY, ("vitamin-d", "calcium")),),
    "infection": ((HAEMATOLOGY, BLOOD_COUNT), (BIOCHEMISTRY, ("crp",))),
}

# What an illness does to a value: condition → analyte → (mean, spread).
SHIFTS: dict[str, dict[str, tuple[float, float]]] = {
    "diabetes": {"hba1c": (7.3, 0.5), "glucose": (1.45, 0.2)},
    "cholesterol": {"cholesterol": (2.35, 0.2), "ldl": (1.5, 0.2)},
    "thyroid": {"tsh": (3.4, 1.1)},
    "heart-failure": {"bnp": (1450, 500)},
    "gout": {"urate": (440, 45)},
    "osteoporosis": {"vitamin-d": (24, 6)},
    "hypertension": {"creatinine": (80, 9)},
}


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose blood it is, as far as values depend on it."""

    sex: str
    age: int
    conditions: tuple[str, ...]


def chapters_of(random: Random, panels: tuple[str, ...], subject: Subject, fixed: dict[str, float] | None = None) -> tuple[Chapter, ...]:
    """The chapters of one report: every analyte once, whatever number of panels asks for it. `fixed` imposes values."""
    wanted: dict[Code, dict[str, None]] = {}
    for panel in panels:
        for chapter, analytes in PANELS[panel]:
            wanted.setdefault(chapter, {}).update(dict.fromkeys(analytes))
    values: dict[str, float] = {}
    for key in dict.fromkeys(key for analytes in wanted.values() for key in analytes):
        values[key] = _draw(random, key, subject, (fixed or {}).get(key))
    values |= {key: derive(values, subject) for key, (needs, derive) in DERIVED.items() if key in values and needs <= values.keys()}
    return tuple(Chapter(code, tuple(_measured(key, values[key], subject.sex) for key in analytes)) for code, analytes in wanted.items())


def _draw(random: Random, key: str, subject: Subject, fixed: float | None) -> float:
    analyte = ANALYTES[key]
    mean, spread = analyte.mean, analyte.spread
    for condition in subject.conditions:
        mean, spread = SHIFTS.get(condition, {}).get(key, (mean, spread))
    if key == "creatinine" and subject.sex == "female":
        mean *= 0.85  # women have less muscle
    drawn = max(random.gauss(mean, spread), mean * 0.3)
    return round(drawn if fixed is None else fixed, analyte.decimals)


def _filtration(values: dict[str, float], subject: Subject) -> float:
    """CKD-EPI 2009, as French laboratories compute it: from creatinine (here in µmol/L), age and sex."""
    female = subject.sex == "female"
    ratio = values["creatinine"] / 88.4 / (0.7 if female else 0.9)
    low: float = min(ratio, 1.0) ** (-0.329 if female else -0.411)
    high: float = max(ratio, 1.0) ** -1.209
    ageing: float = 0.993**subject.age
    return 141 * low * high * ageing * (1.018 if female else 1)


def _ldl(values: dict[str, float], subject: Subject) -> float:
    """Friedewald, in g/L."""
    return values["cholesterol"] - values["hdl"] - values["triglycerides"] / 5


# What a laboratory computes instead of measuring: what it needs, and how.
DERIVED: dict[str, tuple[frozenset[str], Callable[[dict[str, float], Subject], float]]] = {
    "filtration": (frozenset({"creatinine"}), _filtration),
    "ldl": (frozenset({"cholesterol", "hdl", "triglycerides"}), _ldl),
}


def _measured(key: str, drawn: float, sex: str) -> Measure:
    analyte = ANALYTES[key]
    value = round(drawn, analyte.decimals)
    low, high = analyte.men if sex == "male" else analyte.women
    flag = "L" if low is not None and value < low else "H" if high is not None and value > high else "N"
    shown = (f"{number:.{analyte.decimals}f}" if number is not None else None for number in (value, low, high))
    text, low_text, high_text = shown
    return Measure(analyte.code, analyte.name, text or "", analyte.unit, low_text, high_text, flag, f"resultat-{key}")
