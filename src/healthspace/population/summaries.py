"""The treating doctor's summary, and the letter of a care home."""

from datetime import date, timedelta

from healthspace.cda.write.codes import LOINC, Code
from healthspace.cda.write.entries import Allergy, Problem
from healthspace.cda.write.measures import Measure
from healthspace.cda.write.medico_social import Residence, write_medico_social_letter
from healthspace.cda.write.sections import Act
from healthspace.cda.write.summary import Summary, write_summary
from healthspace.cda.write.vaccination import Immunization
from healthspace.population.deeds import Order, treatment, usual_drugs
from healthspace.population.desk import Desk, age_on, at

# What a summary warns of, by illness.
POINTS = {
    "diabetes": "Objectif d’HbA1c : 7 %. Fond d’œil et examen des pieds chaque année.",
    "hypertension": "Objectif de pression artérielle : moins de 140/90 mmHg.",
    "fibrillation": "Sous anticoagulant : INR chaque mois, pas d’anti-inflammatoire.",
    "heart-failure": "Poids chaque semaine ; appeler si plus de 2 kg en trois jours.",
    "alzheimer": "Troubles de mémoire : toujours prévenir l’aidant principal.",
    "asthma": "Tabac à proscrire ; spirométrie chaque année.",
    "depression": "Ne pas arrêter le traitement sans avis.",
}


def summarise(
    desk: Desk,
    day: date,
    *,
    past: tuple[Problem, ...],
    acts: tuple[Act, ...],
    allergies: tuple[Allergy, ...],
    immunized: tuple[Immunization, ...],
) -> None:
    """A medical summary (VSM) by the treating doctor; only what was true on that day."""
    summary = _state(desk, day, past, acts, allergies, immunized)
    start = at(day, desk.random.randint(9, 18), 15)
    header = desk.header("Synthèse médicale", desk.staff.treating_doctor, start)
    desk.keep(header, write_summary(header, summary), "60591-5", "treating-doctor")


def _state(
    desk: Desk,
    day: date,
    past: tuple[Problem, ...],
    acts: tuple[Act, ...],
    allergies: tuple[Allergy, ...],
    immunized: tuple[Immunization, ...],
) -> Summary:
    conditions = desk.life.conditions
    since = [day - timedelta(days=desk.random.randint(900, 4500)) for _ in conditions]
    ongoing = tuple(Problem(condition.code, since[rank], None, f"pathologie-{rank + 1}") for rank, condition in enumerate(conditions))
    begun = {condition.key: since[rank] for rank, condition in enumerate(conditions)}
    drugs = usual_drugs(conditions, age_on(desk.life.traits.birth_date, day))
    treatments = tuple(
        treatment(Order(drug, 90, condition.code), begun[condition.key], rank, ongoing=True)
        for rank, (condition, drug) in enumerate(drugs, 1)
    )
    return Summary(
        when=day,
        ongoing=ongoing,
        past=tuple(
            Problem(problem.code, problem.start, problem.stop, f"antecedent-{rank}")
            for rank, problem in enumerate(past, 1)
            if problem.start and problem.start < day
        ),
        acts=tuple(act for act in acts if act.when < day),
        allergies=allergies,
        treatments=treatments,
        vital_signs=_vital_signs(desk),
        immunizations=tuple(given for given in immunized if given.when < day),
        points=tuple(POINTS[condition.key] for condition in conditions if condition.key in POINTS),
    )


def _vital_signs(desk: Desk) -> tuple[Measure, ...]:
    random = desk.random
    keys = {condition.key for condition in desk.life.conditions}
    height = round(random.gauss(1.76 if desk.life.traits.sex == "male" else 1.63, 0.05), 2)
    mass = round(random.gauss(28.5 if "diabetes" in keys else 24.5, 1.8) * height**2)
    pressure = random.randint(126, 146) if "hypertension" in keys else random.randint(112, 128)
    found = (
        ("29463-7", "Poids", str(mass), "kg", "poids"),
        ("8302-2", "Taille", f"{height:.2f}", "m", "taille"),
        ("8480-6", "Pression artérielle systolique", str(pressure), "mm[Hg]", "systolique"),
        ("8462-4", "Pression artérielle diastolique", str(pressure - random.randint(48, 60)), "mm[Hg]", "diastolique"),
    )
    return tuple(Measure(Code(code, LOINC, name), name, value, unit, None, None, "N", mark) for code, name, value, unit, mark in found)


def residence_letter(desk: Desk, day: date, past: tuple[Problem, ...], allergies: tuple[Allergy, ...]) -> None:
    """The medico-social letter of a care home about a resident."""
    memory = any(condition.key == "alzheimer" for condition in desk.life.conditions)
    residence = Residence(
        reason="Transmission des informations utiles à la prise en charge, à l’occasion d’une consultation hors de l’établissement.",
        dependence="GIR 2 : aide nécessaire pour la plupart des actes."
        if memory
        else "GIR 4 : aide ponctuelle pour la toilette et la marche.",
        abilities=(
            ("Toilette", "Aide d’une personne"),
            ("Habillage", "Aide d’une personne" if memory else "Seul, avec encouragement"),
            ("Repas", "Seul, texture normale" if not memory else "Surveillance, texture hachée"),
            ("Déplacements", "Déambulateur dans l’établissement"),
            ("Orientation", "Désorientation dans le temps" if memory else "Bonne"),
        ),
        habits=("Se lève à 7 h 30.", "Porte des lunettes et un appareil auditif.", "Apprécie les visites de sa famille le dimanche."),
        advice=(
            "Risque de chute : chaussures fermées, lumière de nuit.",
            "Prévenir la famille de toute hospitalisation.",
            "Directives anticipées connues de l’équipe.",
        ),
    )
    header = desk.header("Lettre de liaison médico-sociale", desk.staff.care_home_doctor, at(day, 11), hours=1)
    summary = _state(desk, day, past, (), allergies, ())
    desk.keep(header, write_medico_social_letter(header, residence, summary), "83981-1", "care-home")
