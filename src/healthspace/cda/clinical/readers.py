"""Which reader reads which template (IHE and French OIDs; table of CI-SIS models)."""

from healthspace.cda.clinical.adverse import read_adverse_event
from healthspace.cda.clinical.allergies import read_allergy
from healthspace.cda.clinical.dispensations import DISPENSATION, read_dispensation
from healthspace.cda.clinical.encounters import read_encounter
from healthspace.cda.clinical.family import read_family_history
from healthspace.cda.clinical.immunizations import read_immunization, read_recommendation
from healthspace.cda.clinical.laboratory import BATTERY, ISOLATE, RESULT, is_chapter, read_alone, read_chapter
from healthspace.cda.clinical.medications import read_medication
from healthspace.cda.clinical.observations import observed_as, read_observation
from healthspace.cda.clinical.parts import FRENCH, IHE
from healthspace.cda.clinical.plans import REQUEST, read_request
from healthspace.cda.clinical.prescriptions import ITEM, read_prescription
from healthspace.cda.clinical.problems import read_problem
from healthspace.cda.clinical.procedures import read_procedure
from healthspace.cda.clinical.statement import Found, Reader, Statement


def read_nothing(statement: Statement) -> Found:
    """What is told elsewhere: the attachments of a document belong to the document."""
    yield from ()


READERS: dict[str, Reader] = {
    **dict.fromkeys(sorted(RESULT | BATTERY | ISOLATE), read_alone),
    IHE + "13.2": observed_as("vital-signs"),
    FRENCH + "50": observed_as("vital-signs"),
    IHE + "13.4": observed_as("social-history"),
    FRENCH + "52": observed_as("social-history"),
    IHE + "13.5": observed_as(""),
    FRENCH + "53": observed_as(""),
    FRENCH + "18": read_nothing,
    # Vaccines, medicines.
    IHE + "12.2": read_recommendation,
    FRENCH + "47": read_recommendation,
    IHE + "12": read_immunization,
    FRENCH + "45": read_immunization,
    **dict.fromkeys(DISPENSATION, read_dispensation),
    **dict.fromkeys(ITEM, read_prescription),
    IHE + "7": read_medication,
    FRENCH + "42": read_medication,
    FRENCH + "13": read_medication,
    # Allergies, problems, relatives.
    FRENCH + "210": read_adverse_event,
    IHE + "6": read_allergy,
    FRENCH + "41": read_allergy,
    IHE + "15": read_family_history,
    FRENCH + "59": read_family_history,
    IHE + "5": read_problem,
    FRENCH + "37": read_problem,
    # Acts, visits, plans.
    IHE + "19": read_procedure,
    FRENCH + "62": read_procedure,
    IHE + "14": read_encounter,
    FRENCH + "58": read_encounter,
    **dict.fromkeys(REQUEST, read_request),
}
"""Reader by templateId. The most particular template comes first: a statement is read by the first one that it has, in this order."""


def reader_of(statement: Statement) -> Reader | None:
    """The reader of a statement; None when we know none of its templates, and it is no observation that says something by itself."""
    known = next((reader for template, reader in READERS.items() if template in statement.templates), None)
    if known is None and is_chapter(statement):
        return read_chapter
    return known or (read_observation if statement.kind == "observation" else None)
