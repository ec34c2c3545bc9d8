"""Which LOINC codes measure the same thing, and how much a mole of it weighs.

A code stands here only if what it measures is certain; any other code is a thing of its own. Fasting and casual samples, blood and serum,
free and total, mass ratios and molar ratios are different things. One thing measured by different methods stays one, under
another `method`: its curve breaks there. Where a mole has no agreed weight (haemoglobin, proteins, phosphate as phosphorus) none is given.

Molar masses: IUPAC standard atomic weights (2021), as PubChem computes them; triglycerides by the convention of triolein.
"""

from dataclasses import dataclass
from functools import cache

from healthspace.profile.elements import Coding
from healthspace.terminology.uris import LOINC


@dataclass(frozen=True, slots=True)
class Analyte:
    """One measured thing. `codes` maps its LOINC codes to the method that each names (empty: none)."""

    key: str
    english: str
    french: str
    codes: dict[str, str]
    molar_mass: float | None = None
    charge: int | None = None

    def name(self, language: str) -> str:
        return self.french if language == "fr" else self.english


def _one(*codes: str) -> dict[str, str]:
    return dict.fromkeys(codes, "")


ANALYTES = (
    # Mass and amount of substance of one thing: LOINC codes of both, and the molar mass.
    Analyte("glucose", "Glucose", "Glucose", _one("2345-7", "14749-6"), 180.156),
    Analyte("glucose-fasting", "Fasting glucose", "Glycémie à jeun", _one("1558-6", "14771-0"), 180.156),
    Analyte("glucose-premeal", "Glucose before a meal", "Glycémie à jeun (avant un repas)", _one("53049-3", "40193-5"), 180.156),
    Analyte("creatinine", "Creatinine", "Créatinine", _one("2160-0", "14682-9"), 113.12),
    Analyte("creatinine-urine", "Creatinine in urine", "Créatinine urinaire", _one("2161-8", "14683-7"), 113.12),
    Analyte("urea", "Urea", "Urée", _one("3091-6", "22664-7"), 60.056),
    Analyte("urate", "Uric acid", "Acide urique", _one("3084-1", "14933-6"), 168.11),
    Analyte("cholesterol", "Total cholesterol", "Cholestérol total", _one("2093-3", "14647-2"), 386.65),
    Analyte("hdl", "HDL cholesterol", "Cholestérol HDL", _one("2085-9", "14646-4"), 386.65),
    Analyte(
        "ldl",
        "LDL cholesterol",
        "Cholestérol LDL",
        {**_one("2089-1", "22748-8"), "13457-7": "calculated", "39469-2": "calculated", "18262-6": "direct", "69419-0": "direct"},
        386.65,
    ),
    Analyte("triglycerides", "Triglycerides", "Triglycérides", _one("2571-8", "14927-8"), 885.4),
    Analyte("calcium", "Calcium", "Calcium", _one("17861-6", "2000-8"), 40.078, 2),
    Analyte("magnesium", "Magnesium", "Magnésium", _one("19123-9", "2601-3"), 24.305, 2),
    Analyte("iron", "Iron", "Fer", _one("2498-4", "14798-3"), 55.845),
    Analyte("bilirubin", "Total bilirubin", "Bilirubine totale", _one("1975-2", "14631-6"), 584.66),
    Analyte("bilirubin-direct", "Direct bilirubin", "Bilirubine conjuguée", _one("1968-7", "14629-0"), 584.66),
    Analyte("vitamin-d3", "25-OH vitamin D3", "25-OH vitamine D3", _one("1989-3", "14635-7"), 400.64),
    Analyte("vitamin-b12", "Vitamin B12", "Vitamine B12", _one("2132-9", "14685-2"), 1355.4),
    Analyte("folate", "Folate", "Folates", _one("2284-8", "14732-2"), 441.4),
    Analyte("t4-free", "Free thyroxine (T4)", "Thyroxine libre (T4)", _one("3024-7", "14920-3"), 776.87),
    Analyte("t3-free", "Free triiodothyronine (T3)", "Triiodothyronine libre (T3)", _one("3051-0", "14928-6"), 650.97),
    Analyte("testosterone", "Testosterone", "Testostérone", _one("2986-8", "14913-8"), 288.42),
    Analyte("estradiol", "Estradiol", "Estradiol", _one("2243-4", "14715-7"), 272.38),
    Analyte("progesterone", "Progesterone", "Progestérone", _one("2839-9", "14890-8"), 314.46),
    Analyte("cortisol", "Cortisol", "Cortisol", _one("2143-6", "14675-3"), 362.46),
    # Ions that some laboratories count in equivalents.
    Analyte("sodium", "Sodium", "Sodium", _one("2951-2"), 22.990, 1),
    Analyte("potassium", "Potassium", "Potassium", _one("2823-3"), 39.098, 1),
    Analyte("chloride", "Chloride", "Chlorure", _one("2075-0"), 35.45, 1),
    # One thing by several methods.
    Analyte(
        "hba1c",
        "Haemoglobin A1c",
        "Hémoglobine glyquée (HbA1c)",
        {**_one("4548-4", "59261-8"), "17856-6": "HPLC", "4549-2": "electrophoresis"},
    ),
    Analyte(
        "filtration",
        "Glomerular filtration rate",
        "Débit de filtration glomérulaire",
        {"62238-1": "CKD-EPI 2009", "98979-8": "CKD-EPI 2021", "33914-3": "MDRD", "77147-7": "MDRD"},
    ),
    Analyte("tsh", "TSH", "TSH", {"3016-3": "", "11579-0": "detection limit 0.05", "11580-8": "detection limit 0.005"}),
    Analyte("crp", "C-reactive protein", "Protéine C réactive (CRP)", {"1988-5": "", "30522-7": "high sensitivity"}),
    Analyte("ferritin", "Ferritin", "Ferritine", {"2276-4": "", "20567-4": "immunoassay"}),
    Analyte("alt", "ALT", "ALAT (TGP)", {"1742-6": "", "1743-4": "with P-5'-P", "1744-2": "without P-5'-P"}),
    Analyte("ast", "AST", "ASAT (TGO)", {"1920-8": "", "30239-8": "with P-5'-P", "88112-8": "without P-5'-P"}),
    Analyte("leukocytes", "White blood cells", "Leucocytes", {"26464-8": "", "6690-2": "automated", "804-5": "manual"}),
    Analyte("erythrocytes", "Red blood cells", "Hématies", {"26453-1": "", "789-8": "automated", "790-6": "manual"}),
    Analyte("platelets", "Platelets", "Plaquettes", {"26515-7": "", "777-3": "automated", "778-1": "manual"}),
    Analyte("haemoglobin", "Haemoglobin", "Hémoglobine", {"718-7": "", "20509-6": "calculated"}),
    Analyte("cell-volume", "Mean cell volume", "Volume globulaire moyen", {"30428-7": "", "787-2": "automated"}),
    Analyte(
        "cell-haemoglobin", "Mean cell haemoglobin", "Teneur corpusculaire moyenne en hémoglobine", {"28539-5": "", "785-6": "automated"}
    ),
    Analyte(
        "cell-concentration",
        "Mean cell haemoglobin concentration",
        "Concentration corpusculaire moyenne en hémoglobine",
        {"28540-3": "", "786-4": "automated"},
    ),
    Analyte("haematocrit", "Haematocrit", "Hématocrite", {"20570-8": "", "4544-3": "automated"}),
    # What is measured on a person.
    Analyte("weight", "Weight", "Poids", _one("29463-7", "3141-9")),
    Analyte("height", "Height", "Taille", _one("8302-2", "8306-3", "3137-7")),
    Analyte("head", "Head circumference", "Périmètre crânien", _one("9843-4", "8287-5")),
    Analyte("bmi", "Body mass index", "Indice de masse corporelle", _one("39156-5")),
    Analyte(
        "temperature",
        "Temperature",
        "Température",
        {"8310-5": "", "8331-1": "oral", "8332-9": "rectal", "8333-7": "tympanic"},
    ),
    Analyte("pulse", "Heart rate", "Fréquence cardiaque", _one("8867-4", "8889-8")),
    Analyte("respiration", "Respiratory rate", "Fréquence respiratoire", _one("9279-1")),
    Analyte("saturation", "Oxygen saturation", "Saturation en oxygène", {"59408-5": "pulse oximeter", "2708-6": ""}),
    Analyte("waist", "Waist", "Tour de taille", _one("8280-0")),
    Analyte("glucose-capillary", "Capillary glucose", "Glycémie capillaire", _one("41653-7", "14743-9"), 180.156),
)

HBA1C = "hba1c"
IFCC_SLOPE, IFCC_OFFSET = 0.09148, 2.152
"""HbA1c in % (NGSP) = 0.09148 × mmol/mol (IFCC) + 2.152: the master equation of the IFCC network (Hoelzel et al., Clin Chem 2004)."""


@cache
def _by_code() -> dict[str, Analyte]:
    return {code: analyte for analyte in ANALYTES for code in analyte.codes}


def analyte_of(codings: list[Coding]) -> tuple[Analyte, str] | None:
    """The analyte that some codings measure, and the LOINC code that says so; None when none of them does, or two disagree."""
    known = _by_code()
    found = {code: known[code] for system, code in codings if system == LOINC and code in known}
    if len(found) != 1 and len({analyte.key for analyte in found.values()}) != 1:
        return None
    code, analyte = next(iter(found.items()))
    return analyte, code


def analyte_called(key: str) -> Analyte | None:
    """The analyte with this key."""
    return next((analyte for analyte in ANALYTES if analyte.key == key), None)
