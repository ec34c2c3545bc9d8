"""The directory as authors of documents: identifiers with their prefixes, professions and places in words."""

from dataclasses import dataclass

from healthspace.cda.write.codes import FACILITY, FRENCH_FUNCTION, PROFESSION, SETTING, Code
from healthspace.cda.write.values import TREATING, Organization
from healthspace.cda.write.values import Professional as Author
from healthspace.population.model import Directory, Professional, Structure

# TRE_R02, the kinds of establishments that the directory has.
FACILITIES = {
    "SA01": "Établissement public de santé",
    "SA07": "Cabinet individuel",
    "SA08": "Cabinet de groupe",
    "SA17": "Établissement pour personnes âgées",
    "SA25": "Laboratoire de biologie médicale",
    "SA33": "Pharmacie d’officine",
}
# TRE_A01
SETTINGS = {"AMBULATOIRE": "Ambulatoire", "ETABLISSEMENT": "Établissement de santé", "ESSMS": "Établissement médico-social"}
# TRE_G15 and TRE_R38
PROFESSIONS = {"10": "Médecin", "21": "Pharmacien", "60": "Infirmier"}
SPECIALITIES = {
    "SM02": "Anesthésie-réanimation (SM)",
    "SM03": "Biologie médicale (SM)",
    "SM04": "Cardiologie et maladies vasculaires (SM)",
    "SM26": "Qualifié en Médecine Générale (SM)",
    "SM44": "Radio-diagnostic (SM)",
}
DOCTOR = "10"
CORRESPONDENT = Code("CORRE", FRENCH_FUNCTION, "Correspondant")


@dataclass(frozen=True, slots=True)
class Staff:
    """Those who write, in the words of a document."""

    treating_doctor: Author
    specialist: Author
    pharmacist: Author
    nurse: Author
    hospital_doctor: Author
    radiologist: Author
    biologist: Author
    care_home_doctor: Author


def staff_of(directory: Directory) -> Staff:
    """The directory, ready to sign."""
    return Staff(
        treating_doctor=author(directory.treating_doctor),
        specialist=author(directory.specialist),
        pharmacist=author(directory.pharmacist),
        nurse=author(directory.nurse),
        hospital_doctor=author(directory.hospital_doctor),
        radiologist=author(directory.radiologist),
        biologist=author(directory.biologist),
        care_home_doctor=author(directory.care_home_doctor),
    )


def author(person: Professional) -> Author:
    """A professional as the author of a document: `8` before the RPPS number, `1` before the FINESS number."""
    profession = PROFESSIONS.get(person.profession, "Professionnel de santé")
    code = f"G15_{person.profession}"
    display = profession
    if person.speciality:
        code = f"{code}/{person.speciality}"
        display = f"{profession} - {SPECIALITIES.get(person.speciality, person.speciality)}"
    return Author(
        identifier=f"8{person.rpps}",
        family=person.family,
        given=person.given,
        prefix=person.prefix,
        suffix="DR" if person.profession == DOCTOR else "",
        role=Code(code, PROFESSION, display),
        organization=_organization(person.structure),
    )


def _organization(structure: Structure) -> Organization:
    return Organization(
        identifier=f"1{structure.finess}",
        name=structure.name,
        city=structure.city,
        facility=Code(structure.facility, FACILITY, FACILITIES.get(structure.facility, structure.facility)),
        setting=Code(structure.setting, SETTING, SETTINGS.get(structure.setting, structure.setting)),
    )


def function_of(writer: Author, staff: Staff) -> Code | None:
    """What the author of a document is to the patient, where the framework has a word for it."""
    if writer == staff.treating_doctor:
        return TREATING
    return CORRESPONDENT if writer == staff.specialist else None
