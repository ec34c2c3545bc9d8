"""Long illnesses: who has them, how they are followed and treated."""

from dataclasses import dataclass
from random import Random

from healthspace.cda.write.codes import ICD10, Code


@dataclass(frozen=True, slots=True)
class Condition:
    """An illness (ICD-10), its share of people by age, its drugs (keys of `treatments`), its blood tests (keys of `laboratory`).

    `shares` are the chances to have it before 18, 40, 60, 75 and after. `listed` says that care is paid in full (ALD).
    """

    key: str
    code: Code
    shares: tuple[float, float, float, float, float]
    drugs: tuple[str, ...]
    tests: tuple[str, ...]
    listed: bool
    sex: str = ""


def _icd(code: str, display: str) -> Code:
    return Code(code, ICD10, display)


# Shares follow the order of magnitude of French prevalence, raised a little so that fifty people show every illness.
CONDITIONS = (
    Condition(
        "diabetes",
        _icd("E11.9", "Diabète sucré de type 2, sans complication"),
        (0, 0.01, 0.08, 0.16, 0.18),
        ("metformin", "glimepiride"),
        ("diabetes", "lipids", "kidney"),
        listed=True,
    ),
    Condition(
        "hypertension",
        _icd("I10", "Hypertension essentielle (primitive)"),
        (0, 0.03, 0.25, 0.5, 0.65),
        ("ramipril",),
        ("kidney", "lipids"),
        listed=False,
    ),
    Condition(
        "cholesterol",
        _icd("E78.0", "Hypercholestérolémie essentielle"),
        (0, 0.02, 0.15, 0.3, 0.3),
        ("atorvastatin",),
        ("lipids", "liver"),
        listed=False,
    ),
    Condition(
        "thyroid",
        _icd("E03.9", "Hypothyroïdie, sans précision"),
        (0, 0.05, 0.1, 0.12, 0.15),
        ("levothyroxine",),
        ("thyroid",),
        listed=False,
        sex="female",
    ),
    Condition("asthma", _icd("J45.9", "Asthme, sans précision"), (0.15, 0.1, 0.06, 0.05, 0.03), ("montelukast",), ("blood",), listed=False),
    Condition(
        "fibrillation",
        _icd("I48.9", "Fibrillation et flutter auriculaires, sans précision"),
        (0, 0, 0.02, 0.12, 0.25),
        ("warfarin", "amiodarone"),
        ("clotting", "thyroid"),
        listed=True,
    ),
    Condition(
        "heart-failure",
        _icd("I50.9", "Insuffisance cardiaque, sans précision"),
        (0, 0, 0.01, 0.06, 0.2),
        ("furosemide", "carvedilol"),
        ("heart", "kidney"),
        listed=True,
    ),
    Condition(
        "depression",
        _icd("F32.1", "Épisode dépressif moyen"),
        (0, 0.1, 0.12, 0.08, 0.1),
        ("citalopram",),
        ("blood", "thyroid"),
        listed=False,
    ),
    Condition(
        "alzheimer", _icd("G30.9", "Maladie d’Alzheimer, sans précision"), (0, 0, 0, 0.02, 0.2), ("donepezil",), ("blood",), listed=True
    ),
    Condition(
        "osteoarthritis",
        _icd("M17.9", "Gonarthrose, sans précision"),
        (0, 0, 0.12, 0.3, 0.4),
        ("paracetamol",),
        ("blood",),
        listed=False,
    ),
    Condition(
        "osteoporosis",
        _icd("M81.9", "Ostéoporose, sans précision"),
        (0, 0, 0.05, 0.2, 0.3),
        ("risedronate", "calcium"),
        ("bone",),
        listed=False,
        sex="female",
    ),
    Condition("gout", _icd("M10.9", "Goutte, sans précision"), (0, 0.01, 0.05, 0.08, 0.08), ("allopurinol",), ("urate",), False, "male"),
    Condition(
        "reflux",
        _icd("K21.9", "Reflux gastro-œsophagien sans œsophagite"),
        (0, 0.08, 0.12, 0.15, 0.15),
        ("esomeprazole",),
        ("blood",),
        listed=False,
    ),
)
BY_KEY = {condition.key: condition for condition in CONDITIONS}


def pick_conditions(random: Random, age: int, sex: str) -> tuple[Condition, ...]:
    """The long illnesses of someone of that age: four at most, the ones that weigh most first."""
    column = sum(age >= bound for bound in (18, 40, 60, 75))
    found = [condition for condition in CONDITIONS if random.random() < condition.shares[column] and condition.sex in ("", sex)]
    return tuple(found[:4])
