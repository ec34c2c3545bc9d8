"""Reasons to be in hospital: the diagnosis (ICD-10), the act (CCAM), the words of the discharge letter, the drugs after it."""

from dataclasses import dataclass

from healthspace.cda.write.codes import CCAM, ICD10, Code


@dataclass(frozen=True, slots=True)
class Reason:
    """A stay of some `nights`, of people between two ages; `sex` empty means anyone. `drugs` are keys of `treatments`."""

    key: str
    ages: tuple[int, int]
    sex: str
    diagnosis: Code
    act: Code | None
    nights: int
    motive: str
    course: str
    drugs: tuple[str, ...]
    advice: tuple[str, ...]
    imaging: str = ""


def _reason(
    key: str,
    ages: tuple[int, int],
    diagnosis: tuple[str, str],
    act: tuple[str, str] | None,
    nights: int,
    words: tuple[str, str],
    drugs: tuple[str, ...],
    advice: tuple[str, ...],
    imaging: str = "",
    sex: str = "",
) -> Reason:
    done = Code(act[0], CCAM, act[1]) if act else None
    return Reason(key, ages, sex, Code(diagnosis[0], ICD10, diagnosis[1]), done, nights, *words, drugs, advice, imaging)


REASONS = (
    _reason(
        "bronchiolitis",
        (0, 1),
        ("J21.0", "Bronchiolite aiguë due au virus respiratoire syncytial"),
        None,
        2,
        (
            "Gêne respiratoire fébrile avec difficultés à boire.",
            "Oxygène par lunettes pendant 24 heures, alimentation fractionnée, évolution simple. Sortie sans oxygène.",
        ),
        (),
        ("Surveiller la respiration et la prise des biberons.", "Consulter le médecin traitant sous 48 heures."),
    ),
    _reason(
        "appendicitis",
        (6, 45),
        ("K35.8", "Appendicite aiguë, autre et sans précision"),
        ("HHFA016", "Appendicectomie, par cœlioscopie"),
        2,
        (
            "Douleur de la fosse iliaque droite depuis 24 heures, fièvre à 38,4 °C.",
            "Appendicectomie par cœlioscopie sans incident. Reprise du transit au premier jour, pansements propres à la sortie.",
        ),
        ("paracetamol",),
        ("Pas de sport pendant trois semaines.", "Ablation des fils par l’infirmier au dixième jour."),
    ),
    _reason(
        "delivery",
        (24, 40),
        ("O80.0", "Accouchement spontané par présentation du sommet"),
        ("JQGD012", "Accouchement céphalique unique par voie naturelle, chez une multipare"),
        3,
        (
            "Travail spontané à 39 semaines d’aménorrhée.",
            "Accouchement par voie basse, périnée intact. Suites simples, allaitement maternel. Mère et enfant sortent ensemble.",
        ),
        ("paracetamol", "desogestrel"),
        ("Visite de la sage-femme à domicile sous 48 heures.", "Consultation postnatale à six semaines."),
        sex="female",
    ),
    _reason(
        "gallbladder",
        (35, 75),
        ("K80.2", "Calcul de la vésicule biliaire sans cholécystite"),
        ("HMFC004", "Cholécystectomie, par cœlioscopie"),
        1,
        (
            "Coliques hépatiques répétées, lithiase vésiculaire à l’échographie.",
            "Cholécystectomie par cœlioscopie, suites simples, sortie au lendemain.",
        ),
        ("paracetamol",),
        ("Alimentation légère pendant une semaine.", "Contrôle par le chirurgien à un mois."),
        imaging="abdomen",
    ),
    _reason(
        "pneumonia",
        (55, 99),
        ("J18.9", "Pneumopathie, sans précision"),
        None,
        5,
        (
            "Toux fébrile, essoufflement, foyer basal droit à la radiographie.",
            "Antibiothérapie et oxygène, apyrexie au troisième jour, sevrage de l’oxygène au quatrième.",
        ),
        ("amoxicillin",),
        ("Radiographie de contrôle dans six semaines.", "Vaccination contre le pneumocoque à vérifier."),
        imaging="chest",
    ),
    _reason(
        "knee-prosthesis",
        (62, 85),
        ("M17.1", "Autres gonarthroses primaires"),
        (
            "NFKA007",
            (
                "Remplacement de l’articulation du genou par prothèse tricompartimentaire sur une articulation présentant une laxité "
                "passive ou une déviation, dans le plan frontal, inférieure ou égale à 10°"
            ),
        ),
        4,
        (
            "Gonarthrose droite évoluée, marche limitée à 200 mètres.",
            "Prothèse totale du genou droit. Lever le jour même, flexion à 90° à la sortie, marche avec deux cannes.",
        ),
        ("paracetamol",),
        ("Kinésithérapie trois fois par semaine.", "Bas de contention six semaines.", "Consultation du chirurgien à six semaines."),
        imaging="knee",
    ),
    _reason(
        "hip-fracture",
        (78, 99),
        ("S72.0", "Fracture du col du fémur"),
        ("NEKA018", "Remplacement de l’articulation coxofémorale par prothèse fémorale cervicocéphalique"),
        9,
        (
            "Chute de sa hauteur au domicile, impotence du membre inférieur droit.",
            (
                "Prothèse intermédiaire de hanche droite le lendemain de l’admission. Anémie modérée non transfusée. Verticalisation au "
                "deuxième jour."
            ),
        ),
        ("paracetamol", "calcium"),
        ("Poursuivre la rééducation à la marche.", "Numération de contrôle à quinze jours.", "Prévention des chutes."),
        imaging="hip",
    ),
    _reason(
        "pyelonephritis",
        (50, 70),
        ("N10", "Pyélonéphrite aiguë"),
        None,
        4,
        (
            "Fièvre à 39,2 °C, douleur lombaire droite, glycémie à 2,8 g/L.",
            (
                "Pyélonéphrite aiguë à Escherichia coli sensible, sans obstacle. Apyrexie à 48 heures. Insuline quelques jours, puis "
                "retour au traitement oral, glycémies revenues à l’objectif."
            ),
        ),
        ("amoxicillin",),
        ("Contrôle de la créatinine et de la glycémie dans une semaine.", "Revoir le médecin traitant sous dix jours."),
        sex="female",
    ),
)
BY_KEY = {reason.key: reason for reason in REASONS}


def possible_stays(age: int, sex: str) -> tuple[Reason, ...]:
    """The stays that someone of that age and sex may have had lately, the two that belong to a story left out."""
    told = ("delivery", "pyelonephritis")
    return tuple(
        reason for reason in REASONS if reason.ages[0] <= age <= reason.ages[1] and reason.sex in ("", sex) and reason.key not in told
    )
