"""What professionals do that leaves a document: each verb writes one, at the desk of one citizen."""

from dataclasses import dataclass, replace
from datetime import date, timedelta

from healthspace.cda.write.codes import Code, Identifier
from healthspace.cda.write.discharge import Stay, write_discharge_letter
from healthspace.cda.write.dispensation import DispensedItem, Prescribed, write_dispensation
from healthspace.cda.write.entries import Allergy, Problem, Treatment
from healthspace.cda.write.imaging import Examination, write_imaging_report
from healthspace.cda.write.laboratory import write_laboratory_report
from healthspace.cda.write.prescription import PrescribedItem, write_prescription
from healthspace.cda.write.sections import Act
from healthspace.cda.write.vaccination import DELTOID, THIGH, Immunization, write_vaccination_note
from healthspace.cda.write.values import Header
from healthspace.cda.write.values import Professional as Author
from healthspace.population.conditions import Condition
from healthspace.population.desk import Desk, age_on, at, workday
from healthspace.population.examinations import KINDS
from healthspace.population.laboratory import Subject, chapters_of
from healthspace.population.stays import Reason
from healthspace.population.treatments import DRUGS, vaccine


@dataclass(frozen=True, slots=True)
class Order:
    """A line to prescribe: a drug (key of `treatments`), for how many days, why, and how often it may be renewed."""

    drug: str
    days: int
    reason: Code | None = None
    renewals: int = 0
    listed: bool = False


@dataclass(frozen=True, slots=True)
class Prescription:
    """A prescription as the pharmacist receives it."""

    header: Header
    items: tuple[PrescribedItem, ...]
    day: date


def treatment(order: Order, start: date, rank: int, *, ongoing: bool = False) -> Treatment:
    """A drug as taken from a day on."""
    drug = DRUGS[order.drug]
    stop = None if ongoing else start + timedelta(days=order.days - 1)
    return Treatment(
        drug.product, drug.dosage, start, stop, drug.every_hours, drug.dose, drug.unit, drug.route, order.reason, f"med-{rank}"
    )


def take_blood(
    desk: Desk,
    day: date,
    panels: tuple[str, ...],
    *,
    fixed: dict[str, float] | None = None,
    corrected: dict[str, float] | None = None,
) -> None:
    """A laboratory report. `corrected` gives the values of a second version that replaces it two days later."""
    life, staff = desk.life, desk.staff
    keys = tuple(condition.key for condition in life.conditions)
    start = at(day, desk.random.randint(7, 10), desk.random.randint(0, 59))
    title = "Compte rendu d’examens biologiques"
    state = desk.random.getstate()
    subject = Subject(life.traits.sex, age_on(life.traits.birth_date, day), keys)
    chapters = chapters_of(desk.random, panels, subject, fixed)
    header = desk.header(title, staff.biologist, start, hours=6, ordered_by=staff.treating_doctor)
    desk.keep(header, write_laboratory_report(header, chapters), "11502-2", "laboratory")
    if corrected:
        # The second version differs by the corrected values alone.
        after = desk.random.getstate()
        desk.random.setstate(state)
        again = chapters_of(desk.random, panels, subject, {**(fixed or {}), **corrected})
        desk.random.setstate(after)
        comment = "Annule et remplace la version précédente : résultat corrigé après contrôle."
        again = (*again[:-1], replace(again[-1], comment=comment))
        second = desk.header(title, staff.biologist, start, hours=54, ordered_by=staff.treating_doctor, corrects=header)
        desk.keep(second, write_laboratory_report(second, again), "11502-2", "laboratory")


def prescribe(desk: Desk, day: date, orders: tuple[Order, ...]) -> Prescription:
    """A prescription by the treating doctor."""
    items = []
    for rank, order in enumerate(orders, 1):
        drug = DRUGS[order.drug]
        boxes = drug.boxes
        items.append(PrescribedItem(desk.item(), treatment(order, day, rank), boxes, order.renewals, drug.advice, order.listed))
    start = at(day, desk.random.randint(9, 18), desk.random.choice((0, 15, 30, 45)))
    header = desk.header("Prescription de médicaments", desk.staff.treating_doctor, start)
    desk.keep(header, write_prescription(header, tuple(items)), "57833-6", "treating-doctor")
    return Prescription(header, tuple(items), day)


def dispense(desk: Desk, prescription: Prescription, days: int) -> None:
    """The dispensation of a prescription, `days` after it; nothing if that day has not come."""
    day = prescription.day + timedelta(days=days)
    if day >= desk.life.today:
        return
    day = max(workday(day), prescription.day)
    items = tuple(DispensedItem(item.identifier, _from(item.treatment, day), item.boxes, _lot(desk)) for item in prescription.items)
    start = max(at(day, desk.random.randint(10, 18), desk.random.randint(0, 59)), prescription.header.created + timedelta(minutes=40))
    signed = prescription.header
    header = desk.header("Dispensation de médicaments", desk.staff.pharmacist, start, hours=0.1, order=Identifier(signed.unique_id))
    answered = Prescribed(signed.unique_id, signed.author, signed.created)
    desk.keep(header, write_dispensation(header, answered, items), "60593-1", "pharmacist")


def _from(taken: Treatment, day: date) -> Treatment:
    late = day - taken.start
    return replace(taken, start=day, stop=taken.stop + late if taken.stop else None)


def _lot(desk: Desk) -> str:
    return f"{desk.random.choice('ABCDEFGHJKLMNPRSTUVWXYZ')}{desk.random.randint(1000, 99999)}"


def immunizations(desk: Desk, day: date, doses: tuple[tuple[str, int], ...], vaccinator: Author) -> tuple[Immunization, ...]:
    """Injections of one visit: each a vaccine (key of `treatments`) and its rank in the series."""
    months = (day - desk.life.traits.birth_date).days / 30.4
    site = THIGH if months < 15 else DELTOID
    given = []
    for rank, (key, dose) in enumerate(doses, 1):
        product, against = vaccine(key)
        given.append(Immunization(product, against, day, _lot(desk), dose, site, vaccinator, f"vaccin-{rank}"))
    return tuple(given)


def vaccinate(desk: Desk, day: date, doses: tuple[tuple[str, int], ...], depositor: str = "treating-doctor") -> tuple[Immunization, ...]:
    """A vaccination note by the treating doctor, the nurse or the pharmacist."""
    staff = desk.staff
    writer = {"nurse": staff.nurse, "pharmacist": staff.pharmacist}.get(depositor, staff.treating_doctor)
    given = immunizations(desk, day, doses, writer)
    header = desk.header("Note de vaccination", writer, at(day, desk.random.randint(9, 17), 20), hours=0.2)
    desk.keep(header, write_vaccination_note(header, given), "87273-9", depositor)
    return given


def take_image(desk: Desk, day: date, kind: str, *, comparison: str = "") -> None:
    """An imaging report."""
    seen = KINDS[kind]
    start = at(day, desk.random.randint(9, 17), desk.random.randint(0, 59))
    staff = desk.staff
    header = desk.header(
        f"Compte rendu d’imagerie – {seen.title}",
        staff.radiologist,
        start,
        hours=2,
        stop=start + timedelta(minutes=25),
        ordered_by=staff.treating_doctor,
    )
    examination = Examination(seen.act, seen.modality, seen.region, seen.reason, seen.technique, seen.findings, comparison, seen.conclusion)
    desk.keep(header, write_imaging_report(header, examination), "18748-4", "imaging-centre")


def hospitalise(desk: Desk, day: date, reason: Reason, allergies: tuple[Allergy, ...]) -> Problem:
    """A stay that begins that day, and its letter. Gives the problem that it leaves in the history."""
    left = day + timedelta(days=reason.nights)
    problem = Problem(reason.diagnosis, day, left, "diagnostic")
    acts = (Act(reason.act, day + timedelta(days=min(1, reason.nights)), "acte-1"),) if reason.act else ()
    drugs = tuple(treatment(Order(drug, 10, reason.diagnosis), left, rank) for rank, drug in enumerate(reason.drugs, 1))
    usual = tuple(
        treatment(Order(drug, 90, condition.code), left, len(drugs) + rank)
        for rank, (condition, drug) in enumerate(usual_drugs(desk.life.conditions, age_on(desk.life.traits.birth_date, day)), 1)
    )
    stay = Stay(day, left, reason.motive, problem, reason.course, acts, (*drugs, *usual), allergies, (), reason.advice)
    start, stop = at(day, desk.random.randint(8, 20), 10), at(left, 14, 30)
    header = desk.header("Lettre de liaison à la sortie de l’hôpital", desk.staff.hospital_doctor, start, stop=stop)
    desk.keep(header, write_discharge_letter(header, stay), "11490-0", "hospital")
    return problem


def usual_drugs(conditions: tuple[Condition, ...], age: int) -> tuple[tuple[Condition, str], ...]:
    """The drugs of long illnesses, children's in their own form."""
    return tuple(
        (condition, "montelukast-child" if drug == "montelukast" and age < 15 else drug)
        for condition in conditions
        for drug in condition.drugs
    )
