"""Imaging examinations: the act (LOINC where it has one, CCAM always), the modality, the body part, and what is found."""

from dataclasses import dataclass

from healthspace.cda.write.codes import CCAM, DCM, LOINC, SNOMED, Code

RADIOGRAPHY = Code("DX", DCM, "Radiographie numérique")
MAMMOGRAPHY = Code("MG", DCM, "Mammographie")
ULTRASOUND = Code("US", DCM, "Échographie")
SCANNER = Code("CT", DCM, "Tomodensitométrie")
RESONANCE = Code("MR", DCM, "Imagerie par résonance magnétique")
BREAST = Code("76752008", SNOMED, "sein")
THORAX = Code("51185008", SNOMED, "thorax")
KNEE = Code("72696002", SNOMED, "genou")
ABDOMEN = Code("113345001", SNOMED, "abdomen")
BRAIN = Code("12738006", SNOMED, "encéphale")
WRIST = Code("8205005", SNOMED, "poignet")
HIP = Code("24136001", SNOMED, "hanche")
HEART = Code("80891009", SNOMED, "cœur")


@dataclass(frozen=True, slots=True)
class Kind:
    """An examination as this population has it: its acts, where it looks, and the words of request and report."""

    title: str
    act: Code
    modality: Code
    region: Code
    reason: str
    technique: str
    findings: tuple[str, ...]
    conclusion: str


def _act(ccam: tuple[str, str], loinc: tuple[str, str] | None = None) -> Code:
    act = Code(ccam[0], CCAM, ccam[1])
    return Code(loinc[0], LOINC, loinc[1], (act,)) if loinc else act


KINDS = {
    "mammography": Kind(
        "Mammographie de dépistage",
        _act(("QEQK004", "Mammographie de dépistage"), ("24606-6", "Mammographie de dépistage")),
        MAMMOGRAPHY,
        BREAST,
        "Dépistage organisé du cancer du sein, tous les deux ans de 50 à 74 ans.",
        "Deux incidences par sein, face et oblique externe. Double lecture.",
        (
            "Seins de densité intermédiaire (type b).",
            "Pas d’opacité suspecte ni de distorsion architecturale.",
            "Quelques calcifications rondes et dispersées, d’allure bénigne.",
            "Creux axillaires libres.",
        ),
        "Examen normal des deux côtés, classé ACR 2. Prochain contrôle dans deux ans.",
    ),
    "chest": Kind(
        "Radiographie du thorax",
        _act(("ZBQK002", "Radiographie du thorax"), ("36643-5", "Radiographie du thorax, deux incidences")),
        RADIOGRAPHY,
        THORAX,
        "Toux fébrile depuis cinq jours.",
        "Clichés de face et de profil, en inspiration.",
        (
            "Foyer de condensation du lobe inférieur droit.",
            "Pas d’épanchement pleural.",
            "Silhouette cardiaque de taille normale.",
        ),
        "Foyer pulmonaire basal droit. Contrôle conseillé dans six semaines.",
    ),
    "knee": Kind(
        "Radiographie du genou",
        _act(("NFQK001", "Radiographie unilatérale du genou selon 1 ou 2 incidences")),
        RADIOGRAPHY,
        KNEE,
        "Douleur mécanique du genou droit.",
        "Clichés de face en charge et de profil.",
        (
            "Pincement de l’interligne fémoro-tibial interne.",
            "Ostéophytes marginaux.",
            "Pas d’épanchement visible.",
        ),
        "Gonarthrose fémoro-tibiale interne modérée.",
    ),
    "abdomen": Kind(
        "Échographie de l’abdomen",
        _act(("ZCQM008", "Échographie transcutanée de l’abdomen"), ("24558-9", "Échographie de l’abdomen")),
        ULTRASOUND,
        ABDOMEN,
        "Douleurs de l’hypocondre droit après les repas.",
        "Voie transcutanée, à jeun.",
        (
            "Foie de taille et d’échostructure normales.",
            "Vésicule à paroi fine, contenant plusieurs calculs mobiles.",
            "Voies biliaires non dilatées. Reins sans anomalie.",
        ),
        "Lithiase vésiculaire non compliquée.",
    ),
    "brain": Kind(
        "IRM de l’encéphale",
        _act(("ACQN001", "Remnographie du crâne et de son contenu, sans injection"), ("24590-2", "IRM de l’encéphale")),
        RESONANCE,
        BRAIN,
        "Plainte de mémoire depuis un an.",
        "Séquences T1, T2, FLAIR et diffusion, sans injection.",
        (
            "Atrophie des hippocampes, un peu plus marquée à gauche.",
            "Rares hypersignaux de la substance blanche, d’allure vasculaire.",
            "Pas de lésion récente en diffusion.",
        ),
        "Atrophie hippocampique bilatérale, à confronter au bilan neuropsychologique.",
    ),
    "wrist": Kind(
        "Radiographie du poignet",
        _act(("MGQK001", "Radiographie du poignet selon 1 ou 2 incidences")),
        RADIOGRAPHY,
        WRIST,
        "Chute au sport, douleur du poignet gauche.",
        "Clichés de face et de profil.",
        ("Fracture en motte de beurre du radius distal, sans déplacement.", "Cartilages de croissance respectés."),
        "Fracture du radius gauche non déplacée. Immobilisation trois semaines.",
    ),
    "hip": Kind(
        "Radiographie de la hanche",
        _act(("NEQK010", "Radiographie de l’articulation coxofémorale selon 1 ou 2 incidences")),
        RADIOGRAPHY,
        HIP,
        "Chute de sa hauteur, impotence du membre inférieur droit.",
        "Clichés de bassin de face et de hanche droite de profil.",
        ("Fracture cervicale vraie du fémur droit, déplacée (Garden III).", "Déminéralisation diffuse."),
        "Fracture du col du fémur droit. Avis chirurgical en urgence.",
    ),
    "density": Kind(
        "Ostéodensitométrie",
        _act(("PAQK007", "Ostéodensitométrie [Absorptiométrie osseuse] sur 2 sites, par méthode biphotonique")),
        RADIOGRAPHY,
        HIP,
        "Antécédent de fracture du poignet, ménopause précoce.",
        "Absorptiométrie biphotonique du rachis lombaire et du col fémoral.",
        ("Rachis lombaire : T-score de -2,7.", "Col fémoral : T-score de -2,3."),
        "Ostéoporose du rachis lombaire, ostéopénie du col fémoral.",
    ),
}
