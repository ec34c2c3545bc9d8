"""Which reader reads which template (IHE and French OIDs; table of CI-SIS models)."""

from healthspace.cda.clinical.adverse import read_adverse_event
from healthspace.cda.clinical.allergies import read_allergy
from healthspace.cda.clinical.devices import DEVICE, read_device
from healthspace.cda.clinical.directives import DIRECTIVE, read_directive
from healthspace.cda.clinical.dispensations import DISPENSATION, read_dispensation, read_supply
from healthspace.cda.clinical.encounters import read_encounter
from healthspace.cda.clinical.family import read_family_history
from healthspace.cda.clinical.imaging import PRODUCT, RADIATION, STUDY, TECHNIQUE, read_product, read_radiation, read_study, read_technique
from healthspace.cda.clinical.immunizations import read_immunization, read_recommendation
from healthspace.cda.clinical.laboratory import BATTERY, ISOLATE, RESULT, is_chapter, read_alone, read_chapter
from healthspace.cda.clinical.medications import read_medication
from healthspace.cda.clinical.observations import observed_as, read_comment, read_group, read_observation
from healthspace.cda.clinical.parts import COMMENT, FRENCH, IHE, REFERENCES
from healthspace.cda.clinical.plans import REQUEST, read_request
from healthspace.cda.clinical.prescriptions import ITEM, read_prescription
from healthspace.cda.clinical.problems import read_problem
from healthspace.cda.clinical.procedures import read_procedure
from healthspace.cda.clinical.specimens import SPECIMEN, read_specimen
from healthspace.cda.clinical.statement import Found, Reader, Statement
from healthspace.cda.clinical.transfers import TRANSFER, read_transfer
from healthspace.cda.clinical.values import type_of, values_in

FUNCTIONAL = "1.3.6.1.4.1.19376.1.5.3.1.1.12.3."


def read_nothing(statement: Statement) -> Found:
    """What is told elsewhere, or is no fact of health: attachments belong to the document, links to what they lead to; who pays."""
    yield from ()


READERS: dict[str, Reader] = {
    **dict.fromkeys(sorted(RESULT | BATTERY | ISOLATE), read_alone),
    **dict.fromkeys(sorted(SPECIMEN), read_specimen),
    IHE + "13.2": observed_as("vital-signs"),
    FRENCH + "50": observed_as("vital-signs"),
    IHE + "13.4": observed_as("social-history"),
    FRENCH + "52": observed_as("social-history"),
    IHE + "13.5": observed_as(""),
    FRENCH + "53": observed_as(""),
    FRENCH + "18": read_nothing,
    **dict.fromkeys(DIRECTIVE, read_directive),
    **dict.fromkeys(DEVICE, read_device),
    **dict.fromkeys(TRANSFER, read_transfer),
    # Imaging.
    **dict.fromkeys(STUDY, read_study),
    **dict.fromkeys(TECHNIQUE, read_technique),
    **dict.fromkeys(PRODUCT, read_product),
    **dict.fromkeys(RADIATION, read_radiation),
    # Scores and functional status.
    **dict.fromkeys((FRENCH + number for number in ("6", "8", "25", "89", "110")), observed_as("survey")),
    **dict.fromkeys((FUNCTIONAL + number for number in ("1", "4", "6")), observed_as("survey")),
    FRENCH + "150": observed_as(""),
    FRENCH + "154": observed_as("imaging"),
    # Vaccines, medicines.
    IHE + "12.2": read_recommendation,
    FRENCH + "47": read_recommendation,
    IHE + "12": read_immunization,
    FRENCH + "45": read_immunization,
    **dict.fromkeys(DISPENSATION, read_dispensation),
    IHE + "7.3": read_supply,
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
    # What stands alone, and completes nothing.
    **dict.fromkeys(COMMENT, read_comment),
    **dict.fromkeys(REFERENCES, read_nothing),
    IHE + "17": read_nothing,
    FRENCH + "61": read_nothing,
}
"""Reader by templateId. The most particular template comes first: a statement is read by the first one that it has, in this order."""


_RANKS = {template: rank for rank, template in enumerate(READERS)}
_BY_KIND: dict[str, Reader] = {"observation": read_observation, "organizer": read_group, "observationMedia": read_nothing}


_BY_SECTION: dict[tuple[str, str], Reader] = {
    ("11450-4", "observation"): read_problem,
    ("11348-0", "observation"): read_problem,
    ("48765-2", "observation"): read_allergy,
    ("11369-6", "substanceAdministration"): read_immunization,
    ("10160-0", "substanceAdministration"): read_medication,
    ("57828-6", "substanceAdministration"): read_prescription,
    ("47519-4", "procedure"): read_procedure,
    ("46240-8", "encounter"): read_encounter,
}
"""What an entry without any template can only be, by the section (LOINC) that it stands in and its kind."""


def _stands_alone(statement: Statement) -> bool:
    """False for what stands inside another statement, a concern apart, and for what found a number or words: it is a result."""
    around = statement.element.getparent()
    holder = around.getparent() if around is not None and around.tag.endswith("}entryRelationship") else None
    coded = all(type_of(value) in {"CD", "CE", "CV"} for value in values_in(statement))
    return (holder is None or holder.tag.endswith("}act")) and coded


def reader_of(statement: Statement) -> Reader | None:
    """The reader of a statement; None for an act of which we know no template, and which is no chapter of results."""
    known = [template for template in statement.templates if template in _RANKS]
    if known:
        return READERS[min(known, key=_RANKS.__getitem__)]
    if not statement.templates and _stands_alone(statement) and (statement.section, statement.kind) in _BY_SECTION:
        return _BY_SECTION[statement.section, statement.kind]
    return read_chapter if is_chapter(statement) else _BY_KIND.get(statement.kind)
