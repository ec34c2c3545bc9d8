"""The people and places of demo mode: one persona per role that the system knows.

Their numbers are invented: RPPS beginning with 810 and FINESS beginning with 99 are in no real directory.
"""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a caller is, as the access rules see it."""

    CITIZEN = "citizen"
    PARENT = "parent"
    TREATING_DOCTOR = "treating-doctor"
    SPECIALIST = "specialist"
    PHARMACIST = "pharmacist"
    NURSE = "nurse"
    DENTIST = "dentist"
    PHYSIOTHERAPIST = "physiotherapist"
    OCCUPATIONAL_DOCTOR = "occupational-doctor"
    LABORATORY = "laboratory"
    HOSPITAL = "hospital"
    IMAGING_CENTRE = "imaging-centre"
    CARE_HOME = "care-home"
    REGULATOR = "regulator"
    FIRE_BRIGADE_DOCTOR = "fire-brigade-doctor"
    AGENCY = "agency"
    AUDITOR = "auditor"
    SECOND_AUDITOR = "second-auditor"
    SYSTEM = "system"
    """A technical caller, for conformance suites and benches."""


@dataclass(frozen=True, slots=True)
class Structure:
    """An establishment of the directory. `facility` is its kind in TRE_R02, `setting` its practice setting in TRE_A01."""

    finess: str
    name: str
    facility: str
    setting: str
    city: str


@dataclass(frozen=True, slots=True)
class Professional:
    """A professional of the directory. `profession` and `speciality` are codes of TRE_G15 and TRE_R38."""

    rpps: str
    family: str
    given: str
    prefix: str
    profession: str
    speciality: str
    structure: Structure


@dataclass(frozen=True, slots=True)
class Agent:
    """A person who works for an organisation and is no health professional; `account` names them there."""

    account: str
    family: str
    given: str
    structure: Structure


PRACTICE = Structure("990000011", "Cabinet médical des Tilleuls", "SA07", "AMBULATOIRE", "Angers")
HEART_PRACTICE = Structure("990000029", "Cabinet de cardiologie du Mail", "SA07", "AMBULATOIRE", "Angers")
PHARMACY = Structure("990000037", "Pharmacie de la Mairie", "SA33", "AMBULATOIRE", "Angers")
NURSES = Structure("990000045", "Cabinet infirmier des Ponts", "SA08", "AMBULATOIRE", "Angers")
LABORATORY = Structure("990000052", "Laboratoire de biologie du Centre", "SA25", "AMBULATOIRE", "Angers")
DENTISTS = Structure("990000110", "Cabinet dentaire du Ralliement", "SA08", "AMBULATOIRE", "Angers")
PHYSIOTHERAPISTS = Structure("990000128", "Cabinet de kinésithérapie des Justices", "SA08", "AMBULATOIRE", "Angers")
OCCUPATIONAL_HEALTH = Structure("990000136", "Service de santé au travail de l’Anjou", "SA07", "AMBULATOIRE", "Angers")
HOSPITAL = Structure("990000060", "Centre hospitalier de la Loire", "SA01", "ETABLISSEMENT", "Angers")
IMAGING = Structure("990000078", "Centre d’imagerie Saint-Laud", "SA08", "AMBULATOIRE", "Angers")
CARE_HOME = Structure("990000086", "EHPAD Les Glycines", "SA17", "ESSMS", "Angers")
REGULATION = Structure("990000094", "SAMU de Maine-et-Loire, centre 15", "SA01", "SAMU_SMUR", "Angers")
FIRE_BRIGADE = Structure("990000144", "Service d’incendie et de secours de Maine-et-Loire", "SA68", "AMBULATOIRE", "Angers")
AGENCY = Structure("990000102", "Agence du numérique en santé (démonstration)", "SA01", "AMO", "Paris")

STRUCTURES = (
    PRACTICE,
    HEART_PRACTICE,
    PHARMACY,
    NURSES,
    DENTISTS,
    PHYSIOTHERAPISTS,
    OCCUPATIONAL_HEALTH,
    LABORATORY,
    HOSPITAL,
    IMAGING,
    CARE_HOME,
    REGULATION,
    FIRE_BRIGADE,
    AGENCY,
)

PROFESSIONALS: dict[Role, Professional] = {
    Role.TREATING_DOCTOR: Professional("81000000011", "MOREL", "Hélène", "MME", "10", "SM26", PRACTICE),
    Role.SPECIALIST: Professional("81000000029", "BENALI", "Karim", "M", "10", "SM04", HEART_PRACTICE),
    Role.PHARMACIST: Professional("81000000037", "LEROUX", "Sophie", "MME", "21", "", PHARMACY),
    Role.NURSE: Professional("81000000045", "GUÉRIN", "Thomas", "M", "60", "", NURSES),
    Role.DENTIST: Professional("81000000102", "ROUSSEL", "Inès", "MME", "40", "", DENTISTS),
    Role.PHYSIOTHERAPIST: Professional("81000000110", "MARTY", "Paul", "M", "70", "", PHYSIOTHERAPISTS),
    Role.OCCUPATIONAL_DOCTOR: Professional("81000000128", "NGUYEN", "Linh", "MME", "10", "SM25", OCCUPATIONAL_HEALTH),
    Role.REGULATOR: Professional("81000000052", "PETIT", "Claire", "MME", "10", "SM26", REGULATION),
    Role.FIRE_BRIGADE_DOCTOR: Professional("81000000136", "CARON", "Luc", "M", "10", "SM26", FIRE_BRIGADE),
}
"""Roles that a person holds; the structures' roles are in `STRUCTURE_ROLES`."""

STRUCTURE_ROLES: dict[Role, Structure] = {
    Role.LABORATORY: LABORATORY,
    Role.HOSPITAL: HOSPITAL,
    Role.IMAGING_CENTRE: IMAGING,
    Role.CARE_HOME: CARE_HOME,
    Role.AGENCY: AGENCY,
}

HOSPITAL_DOCTORS = (
    Professional("81000000060", "FAURE", "Antoine", "M", "10", "SM02", HOSPITAL),
    Professional("81000000078", "DIALLO", "Aminata", "MME", "10", "SM44", IMAGING),
    Professional("81000000086", "ROBIN", "Julie", "MME", "10", "SM03", LABORATORY),
    Professional("81000000094", "LAMBERT", "Yves", "M", "10", "SM26", CARE_HOME),
)
"""Authors of the synthetic documents who have no persona of their own."""

AGENTS: dict[Role, Agent] = {
    Role.AUDITOR: Agent("auditor-1", "ROUSSEL", "Nadia", AGENCY),
    Role.SECOND_AUDITOR: Agent("auditor-2", "GIRARD", "Paul", AGENCY),
}
"""Persons of the agency: a review of the trail is closed by two of them."""
