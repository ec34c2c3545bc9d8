"""The vaccination card: by disease, each dose with its date, rank and lot; refused and recommended ones as such.

A vaccine tells its diseases by its ATC class (J07), or names them itself (protocolApplied.targetDisease, SNOMED CT). One that tells
neither is kept under no disease: nothing is guessed from a name.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from healthspace.profile.elements import Resource, Standing, codings_of, name_of, standing_of, time_of
from healthspace.profile.merge import Merged, merge
from healthspace.terminology.uris import ATC, SNOMED


@dataclass(frozen=True, slots=True)
class Disease:
    """A disease that vaccines protect from. `codes` are SNOMED CT codes of the disease."""

    key: str
    english: str
    french: str
    codes: tuple[str, ...]

    def name(self, language: str) -> str:
        return self.french if language == "fr" else self.english


DISEASES = (
    Disease("diphtheria", "Diphtheria", "Diphtérie", ("397430003", "276197005")),
    Disease("tetanus", "Tetanus", "Tétanos", ("76902006",)),
    Disease("polio", "Poliomyelitis", "Poliomyélite", ("398102009",)),
    Disease("pertussis", "Whooping cough", "Coqueluche", ("27836007",)),
    Disease("hib", "Haemophilus influenzae b", "Haemophilus influenzae b", ("709410003", "91428005")),
    Disease("hepatitis-b", "Hepatitis B", "Hépatite B", ("66071002",)),
    Disease("pneumococcus", "Pneumococcus", "Pneumocoque", ("16814004",)),
    Disease("meningococcus", "Meningococcus", "Méningocoque", ("23511006",)),
    Disease("measles", "Measles", "Rougeole", ("14189004",)),
    Disease("mumps", "Mumps", "Oreillons", ("36989005",)),
    Disease("rubella", "Rubella", "Rubéole", ("36653000",)),
    Disease("hpv", "Papillomavirus", "Papillomavirus", ("240532009",)),
    Disease("influenza", "Influenza", "Grippe", ("6142004",)),
    Disease("covid-19", "COVID-19", "Covid-19", ("840539006",)),
    Disease("zoster", "Shingles", "Zona", ("4740000",)),
    Disease("chickenpox", "Chickenpox", "Varicelle", ("38907003",)),
    Disease("rotavirus", "Rotavirus", "Rotavirus", ("18624000", "186150001")),
    Disease("rsv", "Respiratory syncytial virus", "Virus respiratoire syncytial", ("55735004",)),
    Disease("tuberculosis", "Tuberculosis", "Tuberculose", ("56717001",)),
    Disease("hepatitis-a", "Hepatitis A", "Hépatite A", ("40468003",)),
    Disease("yellow-fever", "Yellow fever", "Fièvre jaune", ("16541001",)),
    Disease("typhoid", "Typhoid fever", "Fièvre typhoïde", ("4834000",)),
    Disease("rabies", "Rabies", "Rage", ("14168008",)),
    Disease("tick-encephalitis", "Tick-borne encephalitis", "Encéphalite à tiques", ("712986001",)),
    Disease("japanese-encephalitis", "Japanese encephalitis", "Encéphalite japonaise", ("52947006",)),
    Disease("cholera", "Cholera", "Choléra", ("63650001",)),
    Disease("dengue", "Dengue", "Dengue", ("38362002",)),
)
"""In the order of the card."""
BY_KEY = {disease.key: disease for disease in DISEASES}
BY_SNOMED = {code: disease.key for disease in DISEASES for code in disease.codes}

ATC_DISEASES = {
    "J07AE": "cholera",
    "J07AF": "diphtheria",
    "J07AG": "hib",
    "J07AG52": "hib diphtheria pertussis tetanus",
    "J07AG53": "hib diphtheria polio pertussis tetanus",
    "J07AG54": "hib diphtheria tetanus",
    "J07AH": "meningococcus",
    "J07AJ": "pertussis",
    "J07AJ51": "pertussis diphtheria tetanus",
    "J07AJ52": "pertussis diphtheria tetanus",
    "J07AL": "pneumococcus",
    "J07AL52": "pneumococcus hib",
    "J07AM": "tetanus",
    "J07AM51": "tetanus diphtheria",
    "J07AN": "tuberculosis",
    "J07AP": "typhoid",
    "J07BA01": "tick-encephalitis",
    "J07BA02": "japanese-encephalitis",
    "J07BA03": "japanese-encephalitis",
    "J07BB": "influenza",
    "J07BC01": "hepatitis-b",
    "J07BC02": "hepatitis-a",
    "J07BC20": "hepatitis-a hepatitis-b",
    "J07BD": "measles",
    "J07BD51": "measles mumps",
    "J07BD52": "measles mumps rubella",
    "J07BD53": "measles rubella",
    "J07BD54": "measles mumps rubella chickenpox",
    "J07BE": "mumps",
    "J07BF": "polio",
    "J07BG": "rabies",
    "J07BH": "rotavirus",
    "J07BJ": "rubella",
    "J07BJ51": "rubella mumps",
    "J07BK01": "chickenpox",
    "J07BK02": "zoster",
    "J07BK03": "zoster",
    "J07BL": "yellow-fever",
    "J07BM": "hpv",
    "J07BN": "covid-19",
    "J07BX03": "covid-19",
    "J07BX04": "dengue",
    "J07BX05": "rsv",
    "J07CA01": "diphtheria tetanus polio",
    "J07CA02": "diphtheria tetanus polio pertussis",
    "J07CA03": "diphtheria tetanus rubella",
    "J07CA04": "hib polio",
    "J07CA05": "diphtheria tetanus pertussis hepatitis-b",
    "J07CA06": "diphtheria tetanus polio pertussis hib",
    "J07CA07": "diphtheria tetanus hepatitis-b",
    "J07CA08": "hib hepatitis-b",
    "J07CA09": "diphtheria tetanus polio pertussis hib hepatitis-b",
    "J07CA10": "typhoid hepatitis-a",
    "J07CA11": "diphtheria tetanus pertussis hib hepatitis-b",
    "J07CA12": "diphtheria tetanus polio pertussis hepatitis-b",
    "J07CA13": "diphtheria tetanus pertussis hib hepatitis-b meningococcus",
}
"""Diseases of the ATC classes of vaccines (WHO Collaborating Centre, ATC index J07); the longest class that is known decides."""

GIVEN = (
    "J07CA09 J07CA06 J07CA02 J07CA01 J07AL J07AH J07BD52 J07BD54 J07BM J07BB J07BN J07BX05 J07BK03 J07BK01 J07BH J07BC01 J07BC02 J07BC20 "
    "J07AN J07BL J07AP J07CA10 J07BG J07BA01 J07BA02 J07BX04 J07AE J07AM J07BF J07AG"
).split()
"""The classes that a person who vaccinates in France chooses among: those of the calendar first, then those of travellers."""


@dataclass(frozen=True, slots=True)
class Dose:
    """One dose, done or refused."""

    fact: Merged
    name: str
    time: str
    rank: int | None
    lot: str
    refused: bool


@dataclass(frozen=True, slots=True)
class Recommended:
    """A vaccine that a professional advises: for when, in their words."""

    fact: Merged
    name: str
    time: str


@dataclass(frozen=True, slots=True)
class Line:
    """The card's line of one disease (None: of vaccines that tell none); doses from the latest to the first."""

    disease: Disease | None
    doses: tuple[Dose, ...]
    recommended: tuple[Recommended, ...] = ()

    @property
    def done(self) -> tuple[Dose, ...]:
        return tuple(dose for dose in self.doses if not dose.refused)

    @property
    def refused(self) -> tuple[Dose, ...]:
        return tuple(dose for dose in self.doses if dose.refused)


def fill_card(resources: Iterable[Resource]) -> list[Line]:
    """The card of a record: a line for each disease that some Immunization or recommendation tells of, in the order of `DISEASES`."""
    listed = list(resources)
    doses: dict[str, list[Dose]] = {}
    advised: dict[str, list[Recommended]] = {}
    for fact in merge(one for one in listed if one.get("resourceType") == "Immunization"):
        if standing_of(fact.resource) in {Standing.PRESENT, Standing.REFUSED}:
            for key in diseases_of(fact.resource) or ("",):
                doses.setdefault(key, []).append(_read(fact, key))
    for fact in merge(one for one in listed if one.get("resourceType") == "ImmunizationRecommendation"):
        for part in fact.resource.get("recommendation") or ():
            for key in _advised_diseases(part) or ("",):
                advised.setdefault(key, []).append(_advise(fact, part))
    keys = [key for key in (*BY_KEY, "") if key in doses or key in advised]
    return [
        Line(
            BY_KEY.get(key),
            tuple(sorted(doses.get(key, ()), key=lambda dose: dose.time, reverse=True)),
            tuple(advised.get(key, ())),
        )
        for key in keys
    ]


def name_class(code: str, language: str) -> str:
    """What a class of vaccines protects from, in words: "Diphtérie, Tétanos, Poliomyélite"."""
    return ", ".join(BY_KEY[key].name(language) for key in _known([(ATC, code)]))


def diseases_of(immunization: Resource) -> tuple[str, ...]:
    """Keys of the diseases that a vaccine protects from, in the order of the card; empty when it tells none."""
    named = [target for protocol in immunization.get("protocolApplied") or () for target in protocol.get("targetDisease") or ()]
    return _known([*(coding for target in named for coding in codings_of(target)), *codings_of(immunization.get("vaccineCode"))])


def _advised_diseases(part: Resource) -> tuple[str, ...]:
    codings = [coding for concept in part.get("vaccineCode") or () for coding in codings_of(concept)]
    return _known([*codings, *codings_of(part.get("targetDisease"))])


def _known(codings: list[tuple[str, str]]) -> tuple[str, ...]:
    found: set[str] = set()
    for system, code in codings:
        if system == SNOMED and code in BY_SNOMED:
            found.add(BY_SNOMED[code])
        elif system == ATC:
            known = next((code[:length] for length in range(len(code), 4, -1) if code[:length] in ATC_DISEASES), "")
            found |= set(ATC_DISEASES.get(known, "").split())
    return tuple(key for key in BY_KEY if key in found)


def _read(fact: Merged, disease: str) -> Dose:
    resource = fact.resource
    protocols = resource.get("protocolApplied") or ()
    own = [one for one in protocols if disease in _known([c for target in one.get("targetDisease") or () for c in codings_of(target)])]
    rank = next((one["doseNumberPositiveInt"] for one in (*own, *protocols) if "doseNumberPositiveInt" in one), None)
    refused = standing_of(resource) is Standing.REFUSED
    return Dose(fact, name_of(resource), time_of(resource), rank, str(resource.get("lotNumber", "")), refused)


def _advise(fact: Merged, part: Resource) -> Recommended:
    names = [name_of({"code": concept}) for concept in part.get("vaccineCode") or ()]
    dates = [str(criterion["value"]) for criterion in part.get("dateCriterion") or () if criterion.get("value")]
    return Recommended(fact, next((name for name in names if name), name_of({"code": part.get("targetDisease")})), min(dates, default=""))
