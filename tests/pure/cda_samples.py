"""One small document of each kind, from invented facts."""

from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone

from healthspace.cda.write.codes import ATC, CCAM, CIP, CIS, DCM, FACILITY, ICD10, LOINC, PROFESSION, SETTING, SNOMED, Code, Identifier
from healthspace.cda.write.discharge import Stay, write_discharge_letter
from healthspace.cda.write.dispensation import DispensedItem, Prescribed, write_dispensation
from healthspace.cda.write.embedded import write_unstructured
from healthspace.cda.write.entries import ORAL, Allergy, Problem, Treatment
from healthspace.cda.write.imaging import Examination, write_imaging_report
from healthspace.cda.write.laboratory import Chapter, write_laboratory_report
from healthspace.cda.write.measures import Measure
from healthspace.cda.write.medico_social import Residence, write_medico_social_letter
from healthspace.cda.write.prescription import PrescribedItem, write_prescription
from healthspace.cda.write.products import Product
from healthspace.cda.write.sections import Act
from healthspace.cda.write.summary import Summary, write_summary
from healthspace.cda.write.vaccination import DELTOID, Immunization, write_vaccination_note
from healthspace.cda.write.values import TREATING, Address, Guardian, Header, Organization, Patient, Professional

PARIS = timezone(timedelta(hours=1))
DAY = date(2025, 3, 10)
NOON = datetime(2025, 3, 10, 12, 30, tzinfo=PARIS)
OID = "2.25.31415926535"

PLACE = Organization(
    "1990000011",
    "Cabinet « L’Épi & Fils »",
    "Angers",
    Code("SA07", FACILITY, "Cabinet individuel"),
    Code("AMBULATOIRE", SETTING, "Ambulatoire"),
)
DOCTOR = Professional(
    "881000000011",
    "MOREL",
    "Hélène",
    "MME",
    "DR",
    Code("G15_10/SM26", PROFESSION, "Médecin - Qualifié en Médecine Générale (SM)"),
    PLACE,
)
COLLEAGUE = Professional("881000000029", "BENALI", "Karim", "M", "DR", Code("G15_10/SM04", PROFESSION, "Médecin - Cardiologie"), PLACE)
PATIENT = Patient(
    ins=Identifier("1.2.250.1.213.1.4.10", "218062B03320255"),
    local=Identifier("2.25.2718281828", "0011000001"),
    birth_family="D’HÉROUVILLE",
    used_family="D’HÉROUVILLE-O’BRIEN",
    givens=("Anne-Sophie", "Zoé"),
    used_given="Zoé",
    sex="female",
    birth_date=date(2018, 6, 2),
    birth_place="2B033",
    birth_place_name="Bastia",
    address=Address("7 bis", "rue de l’Évêché", "49000", "Angers", "FRANCE"),
    phone="0639980000",
    guardian=Guardian("O’BRIEN", "Élodie", "MME", "0639980001"),
)
DRUG = Product(
    "PARACÉTAMOL MYLAN 500 mg, comprimé",
    Code("N02BE01", ATC, "paracétamol"),
    Code("63107752", CIS, "PARACÉTAMOL MYLAN 500 mg, comprimé"),
    Code("3400933516390", CIP, "PARACÉTAMOL MYLAN 500 mg, comprimé"),
)
PAIN = Code("M17.9", ICD10, "Gonarthrose, sans précision")
TAKEN = Treatment(DRUG, "1 comprimé si douleur", DAY, DAY + timedelta(days=5), 8, "1", "{tbl}", ORAL, PAIN, "med-1")
ITEM = "4D3A3A5E-0B0E-4F60-9E63-0D5F3F6C4C11"
ALLERGY = Allergy(Product("Amoxicilline", Code("J01CA04", ATC, "amoxicilline")), date(2019, 5, 4), "Éruption", "allergie-1")
PROBLEM = Problem(PAIN, date(2020, 1, 15), None, "pathologie-1")
PAST = Problem(Code("K35.8", ICD10, "Appendicite aiguë"), date(2015, 2, 3), date(2015, 2, 6), "antecedent-1")
DONE = Act(Code("HHFA016", CCAM, "Appendicectomie, par cœlioscopie"), date(2015, 2, 3), "acte-1")
GIVEN = Immunization(
    Product("VAXIGRIP", Code("J07BB02", ATC, "vaccin grippal")), "Grippe", date(2024, 10, 21), "A1234", 1, DELTOID, DOCTOR, "vaccin-1"
)
STATE = Summary(
    when=DAY,
    ongoing=(PROBLEM,),
    past=(PAST,),
    acts=(DONE,),
    allergies=(ALLERGY,),
    treatments=(TAKEN,),
    vital_signs=(Measure(Code("29463-7", LOINC, "Poids"), "Poids", "24.5", "kg", None, None, "N", "poids"),),
    immunizations=(GIVEN,),
    points=("À revoir dans un an.",),
)


def header(kind: str, **changes: object) -> Header:
    """A header whose identifiers end with the name's letters as numbers, so that each kind has its own."""
    number = "".join(str(ord(letter)) for letter in kind)
    facts: dict[str, object] = {
        "unique_id": f"{OID}.{number}",
        "set_id": f"{OID}.1.{number}",
        "title": f"Document d’essai <{kind}> & suite",
        "created": NOON,
        "patient": PATIENT,
        "author": DOCTOR,
        "service_start": NOON - timedelta(hours=3),
        "service_stop": NOON - timedelta(hours=1),
        "function": TREATING,
        "treating_doctor": COLLEAGUE,
        "recipients": (COLLEAGUE,),
    }
    return Header(**{**facts, **changes})  # type: ignore[arg-type]


def laboratory() -> bytes:
    measures = (
        Measure(Code("4548-4", LOINC, "HbA1c"), "Hémoglobine glyquée", "7.2", "%", "4.0", "6.0", "H", "resultat-1"),
        Measure(Code("14682-9", LOINC, "Créatinine"), "Créatinine", "72", "umol/L", "45", "84", "N", "resultat-2"),
        Measure(Code("62238-1", LOINC, "DFG"), "Débit de filtration", "88", "mL/min/{1.73_m2}", "60", None, "N", "resultat-3"),
    )
    chapter = Chapter(Code("18719-5", LOINC, "Biochimie"), measures, "Résultat contrôlé.")
    second = header("laboratory", version=2, replaces=f"{OID}.99", orders=(Identifier(f"{OID}.5", "12"),), prescriber=COLLEAGUE)
    return write_laboratory_report(second, (chapter,))


def imaging() -> bytes:
    examination = Examination(
        act=Code("36643-5", LOINC, "Radiographie du thorax", (Code("ZBQK002", CCAM, "Radiographie du thorax"),)),
        modality=Code("DX", DCM, "Radiographie numérique"),
        region=Code("51185008", SNOMED, "thorax"),
        reason="Toux.",
        technique="Face et profil.",
        findings=("Pas d’épanchement.", "Silhouette normale."),
        comparison="Pas d’examen antérieur.",
        conclusion="Examen normal.",
    )
    return write_imaging_report(header("imaging"), examination)


def discharge() -> bytes:
    stay = Stay(DAY, DAY, "Douleur.", PROBLEM, "Évolution simple.", (DONE,), (TAKEN,), (), (), ("Revoir le médecin.",))
    return write_discharge_letter(header("discharge"), stay)


def prescription() -> bytes:
    return write_prescription(header("prescription"), (PrescribedItem(ITEM, TAKEN, 2, 1, "Pendant le repas", True),))


def dispensation() -> bytes:
    answered = Prescribed(header("prescription").unique_id, DOCTOR, NOON)
    order = Identifier(header("prescription").unique_id)
    return write_dispensation(header("dispensation", orders=(order,)), answered, (DispensedItem(ITEM, TAKEN, 2, "B777"),))


def vaccination() -> bytes:
    return write_vaccination_note(header("vaccination"), (GIVEN,))


def summary() -> bytes:
    return write_summary(header("summary"), STATE)


def medico_social() -> bytes:
    residence = Residence("Consultation.", "GIR 4", (("Repas", "Seule"),), ("Se lève tôt.",), ("Risque de chute.",))
    return write_medico_social_letter(header("medico-social"), residence, STATE)


def unstructured() -> bytes:
    type_code = Code("11488-4", LOINC, "CR ou fiche de consultation ou de visite")
    return write_unstructured(header("unstructured", service_stop=None), type_code, b"Bonjour.\n", "text/plain")


SAMPLES: dict[str, Callable[[], bytes]] = {
    "laboratory": laboratory,
    "imaging": imaging,
    "discharge": discharge,
    "prescription": prescription,
    "dispensation": dispensation,
    "vaccination": vaccination,
    "summary": summary,
    "medico-social": medico_social,
    "unstructured": unstructured,
}
TYPES = {
    "laboratory": "11502-2",
    "imaging": "18748-4",
    "discharge": "11490-0",
    "prescription": "57833-6",
    "dispensation": "60593-1",
    "vaccination": "87273-9",
    "summary": "60591-5",
    "medico-social": "83981-1",
    "unstructured": "11488-4",
}
