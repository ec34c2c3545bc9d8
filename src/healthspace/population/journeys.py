"""Histories: what happens to someone of that age with those illnesses, as documents in the order of time."""

from datetime import timedelta

from healthspace.cda.write.entries import Allergy, Problem
from healthspace.cda.write.sections import Act
from healthspace.cda.write.vaccination import Immunization
from healthspace.population import correspondence, stays, vaccines
from healthspace.population.deeds import (
    Order,
    dispense,
    hospitalise,
    immunizations,
    prescribe,
    take_blood,
    take_image,
    usual_drugs,
    vaccinate,
)
from healthspace.population.desk import Desk
from healthspace.population.summaries import residence_letter, summarise
from healthspace.population.treatments import PENICILLIN

ADULT = 18
SUMMARISED_FROM = 60
FEWEST = 4
CORRECTION_EVERY = 11
"""One person in so many, if followed for a long illness, has a laboratory report that a second version replaces."""

CORRECTED = {"creatinine": 77.0, "haemoglobin": 13.2, "tsh": 2.1, "inr": 2.6, "urate": 352.0, "vitamin-d": 31.0, "cholesterol": 1.9}


def live(desk: Desk) -> None:
    """Write the whole history of one citizen, then put it in order of time."""
    allergies = _allergies(desk)
    if desk.life.kind == "first":
        _first_story(desk)
    elif desk.life.age < ADULT:
        _childhood(desk)
    else:
        _adulthood(desk, allergies)
    while len(desk.documents) < FEWEST:
        correspondence.visit(desk, desk.days_ago(desk.random.randint(20, 1000)))
    # The sort is stable: two documents of the same instant keep the order in which they were written.
    desk.documents.sort(key=lambda document: document.date)


def _allergies(desk: Desk) -> tuple[Allergy, ...]:
    if desk.life.kind == "first" or desk.life.age < ADULT or desk.random.random() > 0.12:
        return ()
    since = desk.days_ago(desk.random.randint(4, 15) * 365)
    return (Allergy(PENICILLIN, since, "Éruption cutanée", "allergie-1"),)


def _first_story(desk: Desk) -> None:
    """A woman of 58: diabetes and hypertension followed over years, a stay in hospital, the screening of her age."""
    # (days ago, HbA1c, glucose, HbA1c of the corrected version)
    values = ((1190, 8.2, 1.71, None), (780, 7.6, 1.49, None), (540, 7.9, 1.31, 7.1), (330, 7.4, 1.38, None), (60, 6.8, 1.22, None))
    for days, haemoglobin, glucose, right in values:
        fixed = {"hba1c": haemoglobin, "glucose": glucose}
        take_blood(desk, desk.days_ago(days), ("diabetes", "lipids"), fixed=fixed, corrected={"hba1c": right} if right else None)
    for days in (540, 300, 45):
        _renew(desk, days)
    for season in vaccines.flu_seasons(desk.life.today, 2):
        vaccinate(desk, season, (("flu", 1),), "pharmacist")
    take_image(desk, desk.days_ago(1010), "mammography")
    take_image(desk, desk.days_ago(270), "mammography", comparison="Comparé à l’examen d’il y a deux ans : pas de changement.")
    stay = hospitalise(desk, desk.days_ago(610), stays.BY_KEY["pyelonephritis"], ())
    correspondence.imaging_request(desk, desk.days_ago(290), "mammography")
    correspondence.specialist_letter(desk, desk.days_ago(200))
    flu = immunizations(desk, vaccines.flu_seasons(desk.life.today, 1)[0], (("flu", 1),), desk.staff.pharmacist)
    summarise(desk, desk.days_ago(40), past=(stay,), acts=(), allergies=(), immunized=flu)


def _renew(desk: Desk, days: int) -> None:
    """Three months of every usual drug, and the pharmacy two days later."""
    life = desk.life
    drugs = usual_drugs(life.conditions, life.age)
    if not drugs:
        return
    orders = tuple(Order(drug, 90, condition.code, 2, condition.listed) for condition, drug in drugs)
    dispense(desk, prescribe(desk, desk.days_ago(days), orders), desk.random.randint(0, 3))


def _childhood(desk: Desk) -> None:
    life = desk.life
    for day, doses in vaccines.child_visits(life.traits.birth_date, life.today):
        vaccinate(desk, day, doses)
    correspondence.child_letters(desk)
    if life.age < 3 and desk.random.random() < 0.5:
        day = life.traits.birth_date + timedelta(days=95)
        if day + timedelta(days=5) < life.today:
            hospitalise(desk, day, stays.BY_KEY["bronchiolitis"], ())
    ear = desk.days_ago(desk.random.randint(90, 500)) if life.age >= 1 else None
    if ear:
        dispense(desk, prescribe(desk, ear, (Order("amoxicillin-child", 6),)), 0)
    if life.age >= 7 and desk.random.random() < 0.6:
        take_image(desk, desk.days_ago(desk.random.randint(60, 900)), "wrist")
    if life.age >= 6 and desk.random.random() < 0.15:
        hospitalise(desk, desk.days_ago(desk.random.randint(100, 900)), stays.BY_KEY["appendicitis"], ())
    if life.conditions:
        _renew(desk, desk.random.randint(20, 120))
    if life.age >= 12:
        take_blood(desk, desk.days_ago(desk.random.randint(60, 700)), ("iron",))


def _adulthood(desk: Desk, allergies: tuple[Allergy, ...]) -> None:
    life = desk.life
    _follow(desk)
    given = _vaccinations(desk)
    _screening(desk)
    past = _stay(desk, allergies)
    if life.kind != "care-home":
        _passing_illness(desk, allergies)
    correspondence.adult_letters(desk)
    if life.kind == "care-home":
        residence_letter(desk, desk.days_ago(desk.random.randint(20, 200)), tuple(past), allergies)
    if life.age >= SUMMARISED_FROM or len(life.conditions) >= 2:
        acts = tuple(Act(reason.act, problem.start, "acte-1") for problem, reason in past.items() if reason.act and problem.start)
        summarise(desk, desk.days_ago(desk.random.randint(10, 150)), past=tuple(past), acts=acts, allergies=allergies, immunized=given)


def _follow(desk: Desk) -> None:
    """The blood tests and renewals of long illnesses, over three years; a healthy adult has one test."""
    life, random = desk.life, desk.random
    if not life.conditions:
        take_blood(desk, desk.days_ago(random.randint(60, 1000)), ("blood", "lipids") if life.age >= 40 else ("iron",))
        return
    panels = tuple(dict.fromkeys(panel for condition in life.conditions for panel in condition.tests))[:4]
    count = 3 if life.listed else 2
    for rank in range(count):
        corrected = CORRECTED if life.index % CORRECTION_EVERY == CORRECTION_EVERY - 1 and rank == 0 else None
        days = random.randint(30, 90) + rank * (1050 // count)
        take_blood(desk, desk.days_ago(days), panels, corrected=corrected)
    for rank in range(2 if life.listed else 1):
        _renew(desk, random.randint(15, 80) + rank * 180)


def _vaccinations(desk: Desk) -> tuple[Immunization, ...]:
    """The vaccines of adults. Gives the last flu vaccine, for the summary."""
    life, staff = desk.life, desk.staff
    booster = vaccines.booster_day(life.traits.birth_date, life.today)
    if booster:
        vaccinate(desk, booster, (("adult-booster", 1),))
    if life.age < vaccines.FLU_FROM and not life.listed:
        return ()
    at_home = "nurse" if life.kind == "care-home" else desk.random.choice(("pharmacist", "nurse"))
    season, before = vaccines.flu_seasons(life.today, 2)
    vaccinate(desk, before, (("flu", 1),), at_home)
    vaccinate(desk, season, (("flu", 1), ("covid", 1)) if life.age >= vaccines.FLU_FROM else (("flu", 1),), at_home)
    if life.age >= vaccines.FLU_FROM and desk.random.random() < 0.3:
        first = desk.days_ago(desk.random.randint(200, 700))
        vaccinate(desk, first, (("zoster", 1), ("pneumococcus-adult", 1)))
        vaccinate(desk, min(first + timedelta(days=70), desk.days_ago(1)), (("zoster", 2),))
    return immunizations(desk, season, (("flu", 1),), staff.nurse if at_home == "nurse" else staff.pharmacist)


def _screening(desk: Desk) -> None:
    life, random = desk.life, desk.random
    if life.traits.sex == "female" and 50 <= life.age < 75:
        take_image(desk, desk.days_ago(random.randint(100, 700)), "mammography")
    keys = {condition.key for condition in life.conditions}
    for key, kind in (("osteoarthritis", "knee"), ("osteoporosis", "density"), ("alzheimer", "brain")):
        if key in keys:
            day = random.randint(200, 1500)
            take_image(desk, desk.days_ago(day), kind)
            correspondence.imaging_request(desk, desk.days_ago(day + 12), kind)


def _stay(desk: Desk, allergies: tuple[Allergy, ...]) -> dict[Problem, stays.Reason]:
    """At most one stay, more likely with age. Gives the problem that it leaves, and why."""
    life, random = desk.life, desk.random
    if life.last_birth:
        reason = stays.BY_KEY["delivery"]
        return {hospitalise(desk, life.last_birth, reason, allergies): reason}
    possible = tuple(
        reason for reason in stays.possible_stays(life.age, life.traits.sex) if not (allergies and "amoxicillin" in reason.drugs)
    )
    chance = 0.8 if life.age >= 75 else 0.45 if life.age >= 50 else 0.25
    if not possible or random.random() > chance:
        return {}
    reason = random.choice(possible)
    day = desk.days_ago(random.randint(40, 1000))
    if reason.imaging:
        take_image(desk, day - timedelta(days=3) if reason.key in ("gallbladder", "knee-prosthesis") else day, reason.imaging)
    return {hospitalise(desk, day, reason, allergies): reason}


def _passing_illness(desk: Desk, allergies: tuple[Allergy, ...]) -> None:
    """A cold, a sprain, a hay fever: a prescription, most often taken to the pharmacy."""
    random = desk.random
    choices = ["ibuprofen", "desloratadine", "prednisone"] + ([] if allergies else ["amoxicillin"])
    drug = random.choice(choices) if desk.life.age < SUMMARISED_FROM else "paracetamol"
    prescription = prescribe(desk, desk.days_ago(random.randint(30, 900)), (Order(drug, 6),))
    if random.random() < 0.85:
        dispense(desk, prescription, random.randint(0, 1))
    if "hypertension" in {condition.key for condition in desk.life.conditions} and random.random() < 0.6:
        correspondence.specialist_letter(desk, desk.days_ago(random.randint(60, 900)))
