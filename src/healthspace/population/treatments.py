"""Medicines and vaccines: real classes (ATC) and, where known, real French numbers (CIS, CIP)."""

from dataclasses import dataclass

from healthspace.cda.write.codes import ATC, CIP, CIS, EDQM, Code
from healthspace.cda.write.entries import ORAL
from healthspace.cda.write.products import Product

TABLET = Code("10219000", EDQM, "Comprimé")
CAPSULE = Code("10210000", EDQM, "Gélule")
SUSPENSION = Code("10502000", EDQM, "Suspension buvable")
DROPS = Code("10604000", EDQM, "Collyre en solution")
OCULAR = Code("20047000", EDQM, "Voie ophtalmique")


@dataclass(frozen=True, slots=True)
class Drug:
    """A medicine as it is usually prescribed: one `unit` of it every `every_hours`, `boxes` of it a month."""

    product: Product
    dosage: str
    every_hours: int
    dose: str
    unit: str
    boxes: int
    advice: str
    route: Code = ORAL


def _drug(
    name: str,
    atc: tuple[str, str],
    numbers: tuple[str, str],
    dosage: tuple[str, int, str, str],
    boxes: int = 1,
    advice: str = "",
    form: Code = TABLET,
    route: Code = ORAL,
) -> Drug:
    cis, cip = (Code(number, system, name) if number else None for number, system in zip(numbers, (CIS, CIP), strict=True))
    product = Product(name, Code(atc[0], ATC, atc[1]), cis, cip, form)
    return Drug(product, *dosage, boxes, advice, route)


_DAILY = ("1 comprimé par jour", 24, "1", "{tbl}")
_MORNING = ("1 comprimé le matin", 24, "1", "{tbl}")
_EVENING = ("1 comprimé le soir", 24, "1", "{tbl}")

# key: name, ATC, (CIS, CIP13), (dosage in words, hours between doses, dose, unit), boxes a month, advice
DRUGS = {
    "metformin": _drug(
        "METFORMINE SANDOZ 1000 mg, comprimé pelliculé",
        ("A10BA02", "metformine"),
        ("", "3400936670877"),
        ("1 comprimé matin et soir", 12, "1", "{tbl}"),
        2,
        "À prendre pendant les repas",
    ),
    "glimepiride": _drug(
        "GLIMÉPIRIDE ACCORD HEALTHCARE 2 mg, comprimé",
        ("A10BB12", "glimépiride"),
        ("", "3400921672763"),
        _MORNING,
        1,
        "Avant le petit déjeuner",
    ),
    "ramipril": _drug("RAMIPRIL ZENTIVA 5 mg, comprimé", ("C09AA05", "ramipril"), ("", "3400936704800"), _MORNING),
    "atorvastatin": _drug("ATORVASTATINE ZENTIVA 20 mg, comprimé pelliculé", ("C10AA05", "atorvastatine"), ("", "3400921651881"), _EVENING),
    "levothyroxine": _drug(
        "LEVOTHYROX 75 microgrammes, comprimé sécable",
        ("H03AA01", "lévothyroxine sodique"),
        ("62080626", ""),
        _MORNING,
        1,
        "À jeun, une demi-heure avant le petit déjeuner",
    ),
    "montelukast": _drug("MONTÉLUKAST ARROW 10 mg, comprimé pelliculé", ("R03DC03", "montélukast"), ("", "3400921795004"), _EVENING),
    "montelukast-child": _drug("MONTÉLUKAST PHR LAB 5 mg, comprimé à croquer", ("R03DC03", "montélukast"), ("", "3400921600506"), _EVENING),
    "warfarin": _drug(
        "COUMADINE 5 mg, comprimé sécable",
        ("B01AA03", "warfarine"),
        ("63245753", "3400935693099"),
        _EVENING,
        1,
        "Contrôler l’INR chaque mois",
    ),
    "amiodarone": _drug(
        "AMIODARONE SANDOZ 200 mg, comprimé sécable", ("C01BD01", "amiodarone"), ("", "3400936582729"), _DAILY, 1, "Se protéger du soleil"
    ),
    "furosemide": _drug(
        "FUROSÉMIDE ARROW 20 mg, comprimé", ("C03CA01", "furosémide"), ("", "3400936654730"), _MORNING, 1, "Se peser chaque semaine"
    ),
    "carvedilol": _drug(
        "KREDEX 6,25 mg, comprimé sécable",
        ("C07AG02", "carvédilol"),
        ("", "3400934234453"),
        ("1 comprimé matin et soir", 12, "1", "{tbl}"),
        2,
    ),
    "citalopram": _drug(
        "CITALOPRAM ARROW 20 mg, comprimé pelliculé sécable",
        ("N06AB04", "citalopram"),
        ("", "3400936677272"),
        _MORNING,
        1,
        "Ne pas arrêter brutalement",
    ),
    "donepezil": _drug("DONÉPÉZIL BIOGARAN 10 mg, comprimé pelliculé", ("N06DA02", "donépézil"), ("", "3400921659986"), _EVENING),
    "paracetamol": _drug(
        "PARACÉTAMOL MYLAN 500 mg, comprimé",
        ("N02BE01", "paracétamol"),
        ("63107752", "3400933516390"),
        ("1 à 2 comprimés en cas de douleur, 3 fois par jour au plus", 8, "1", "{tbl}"),
        3,
        "Ne pas dépasser 3 g par jour",
    ),
    "risedronate": _drug(
        "RISÉDRONATE ARROW 35 mg, comprimé pelliculé",
        ("M05BA07", "acide risédronique"),
        ("", "3400921717631"),
        ("1 comprimé par semaine", 168, "1", "{tbl}"),
        1,
        "À jeun, debout, avec un grand verre d’eau",
    ),
    "calcium": _drug(
        "CALCIUM VITAMINE D3 GNR 500 mg/400 UI, comprimé",
        ("A12AX", "calcium et vitamine D"),
        ("", "3400934236235"),
        ("1 comprimé matin et soir", 12, "1", "{tbl}"),
    ),
    "allopurinol": _drug("ALLOPURINOL ZENTIVA 200 mg, comprimé", ("M04AA01", "allopurinol"), ("", "3400921675894"), _DAILY),
    "esomeprazole": _drug(
        "ÉSOMÉPRAZOLE BIOGARAN 20 mg, comprimé gastro-résistant", ("A02BC05", "ésoméprazole"), ("", "3400921608199"), _MORNING
    ),
    "amoxicillin": _drug(
        "AMOXICILLINE BIOGARAN 500 mg, gélule",
        ("J01CA04", "amoxicilline"),
        ("", "3400934302732"),
        ("2 gélules matin et soir pendant 6 jours", 12, "2", "{caps}"),
        2,
        "Aller jusqu’au bout du traitement",
        CAPSULE,
    ),
    "amoxicillin-child": _drug(
        "AMOXICILLINE SANDOZ 250 mg/5 ml, poudre pour suspension buvable",
        ("J01CA04", "amoxicilline"),
        ("", "3400936582439"),
        ("1 dose-poids matin et soir pendant 6 jours", 12, "1", "{dose}"),
        1,
        "Conserver au réfrigérateur",
        SUSPENSION,
    ),
    "ibuprofen": _drug(
        "IBUPROFÈNE ARROW 400 mg, comprimé pelliculé",
        ("M01AE01", "ibuprofène"),
        ("", "3400936656161"),
        ("1 comprimé en cas de douleur, 3 fois par jour au plus", 8, "1", "{tbl}"),
        1,
        "Pendant le repas, 5 jours au plus",
    ),
    "desloratadine": _drug("DESLORATADINE ZENTIVA 5 mg, comprimé pelliculé", ("R06AX27", "desloratadine"), ("", "3400921749229"), _DAILY),
    "desogestrel": _drug(
        "DÉSOGESTREL MYLAN 75 microgrammes, comprimé pelliculé",
        ("G03AC09", "désogestrel"),
        ("", "3400921661538"),
        _DAILY,
        1,
        "À heure fixe",
    ),
    "latanoprost": _drug(
        "LATANOPROST BIOGARAN 0,005 %, collyre",
        ("S01EE01", "latanoprost"),
        ("", "3400921722314"),
        ("1 goutte dans chaque œil le soir", 24, "1", "[drp]"),
        1,
        "Attendre cinq minutes entre deux collyres",
        DROPS,
        OCULAR,
    ),
    "clopidogrel": _drug("CLOPIDOGREL ZYDUS FRANCE 75 mg, comprimé pelliculé", ("B01AC04", "clopidogrel"), ("", "3400921758733"), _DAILY),
    "prednisone": _drug(
        "PREDNISONE RATIOPHARM 20 mg, comprimé",
        ("H02AB07", "prednisone"),
        ("", "3400936665675"),
        ("2 comprimés le matin pendant 5 jours", 24, "2", "{tbl}"),
    ),
}

PENICILLIN = Product("Amoxicilline", Code("J01CA04", ATC, "amoxicilline"))

# key: name, ATC, CIP13 if known, what it protects from
VACCINES = {
    "hexavalent": (
        "INFANRIX HEXA, poudre et suspension pour suspension injectable",
        "J07CA09",
        "vaccin hexavalent",
        "",
        "Diphtérie, tétanos, coqueluche, poliomyélite, Hib, hépatite B",
    ),
    "pneumococcus": ("PREVENAR 13, suspension injectable", "J07AL02", "vaccin pneumococcique conjugué", "", "Pneumocoque"),
    "pneumococcus-adult": ("PREVENAR 20, suspension injectable", "J07AL02", "vaccin pneumococcique conjugué", "", "Pneumocoque"),
    "meningococcus-b": ("BEXSERO, suspension injectable", "J07AH09", "vaccin méningococcique B", "", "Méningocoque B"),
    "meningococcus": (
        "NIMENRIX, poudre et solvant pour solution injectable",
        "J07AH08",
        "vaccin méningococcique ACWY",
        "",
        "Méningocoques A, C, W et Y",
    ),
    "mmr": (
        "PRIORIX, poudre et solvant pour solution injectable",
        "J07BD52",
        "vaccin contre la rougeole, les oreillons et la rubéole",
        "",
        "Rougeole, oreillons, rubéole",
    ),
    "child-booster": (
        "INFANRIX TETRA, suspension injectable",
        "J07CA02",
        "vaccin DTCaP",
        "",
        "Diphtérie, tétanos, coqueluche, poliomyélite",
    ),
    "hpv": ("GARDASIL 9, suspension injectable", "J07BM03", "vaccin papillomavirus", "", "Papillomavirus humains"),
    "adult-booster": (
        "REVAXIS, suspension injectable en seringue préremplie",
        "J07CA01",
        "vaccin dTP",
        "3400936876293",
        "Diphtérie, tétanos, poliomyélite",
    ),
    "flu": ("VAXIGRIP, suspension injectable en seringue préremplie", "J07BB02", "vaccin grippal inactivé", "", "Grippe saisonnière"),
    "covid": ("COMIRNATY, dispersion injectable", "J07BN01", "vaccin à ARNm contre la covid-19", "", "Covid-19"),
    "zoster": ("SHINGRIX, poudre et suspension pour suspension injectable", "J07BK03", "vaccin zona recombinant", "", "Zona"),
}


def vaccine(key: str) -> tuple[Product, str]:
    """A vaccine and what it protects from."""
    name, code, display, cip, against = VACCINES[key]
    return Product(name, Code(code, ATC, display), None, Code(cip, CIP, name) if cip else None), against
