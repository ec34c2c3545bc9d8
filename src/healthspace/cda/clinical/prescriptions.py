"""Prescriptions and treatments that are meant: MedicationRequest (CI-SIS 83, and 42 in another mood than EVN; IHE Pharmacy PRE)."""

from healthspace.base.fhirjson import Resource, compact, extension
from healthspace.cda.clinical.absence import about_the_citizen, fact, is_void, says_nothing
from healthspace.cda.clinical.dosage import INSTRUCTIONS, STEPS, dosages, unread_dosages
from healthspace.cda.clinical.flags import flag_extensions, flags
from healthspace.cda.clinical.model import PATIENT
from healthspace.cda.clinical.parts import FRENCH, IHE, authored_on, ended, identifiers_of, notes_of, period_of, reasons_of, remaining
from healthspace.cda.clinical.products import consumed, medication
from healthspace.cda.clinical.statement import Found, Statement
from healthspace.cda.clinical.values import author_of, concept_of, quantity_of
from healthspace.cda.contained import identifier
from healthspace.cda.values import attribute, child, read_identifier

ITEM = ("1.3.6.1.4.1.19376.1.9.1.3.2", FRENCH + "83")
PRESCRIPTION = "57828-6"
"""Section (LOINC) of the medicines of a prescription; older documents give its items the template of a treatment."""
SUPPLY = ("1.3.6.1.4.1.19376.1.9.1.3.8", FRENCH + "86", IHE + "7.3", FRENCH + "44")
SUBSTITUTION = ("1.3.6.1.4.1.19376.1.9.1.3.9.1", FRENCH + "87")
PHARMACIST = (IHE + "3.1", FRENCH + "34")
"""Instructions to the pharmacist."""
PERIOD = "urn:healthspace:treatment-period"
"""On a MedicationRequest whose dosage has steps, valuePeriod: from when to when all of them go."""

_STATUSES = {"aborted": "stopped", "cancelled": "cancelled", "suspended": "on-hold", "held": "on-hold", "nullified": "entered-in-error"}
_INTENTS = {"RQO": "order", "PRP": "proposal", "PRMS": "plan", "INT": "plan"}


@about_the_citizen
def read_prescription(statement: Statement) -> Found:
    """An item of a prescription."""
    if not says_nothing(statement) and not is_void(statement):
        yield from request(statement)


def request(statement: Statement) -> Found:
    """The MedicationRequest of a treatment that is meant, asked or proposed."""
    yield fact(statement, _request(statement))
    yield from unread_dosages(statement)
    answered = (answer.key for answer in flags(statement))
    yield from remaining(statement, STEPS, *INSTRUCTIONS, *PHARMACIST, *SUPPLY, *SUBSTITUTION, *answered)


def _request(statement: Statement) -> Resource:
    is_item = bool(statement.templates & set(ITEM)) or statement.section == PRESCRIPTION
    group = read_identifier(child(statement.source.root, "id")) if is_item else None
    answers = list(flags(statement))
    named = medication(consumed(statement))
    said = {
        "resourceType": "MedicationRequest",
        **named,
        "extension": [
            *named.get("extension", ()),
            *_whole_period(statement),
            *flag_extensions(answers),
        ],
        "identifier": identifiers_of(statement),
        "status": _status(statement),
        "intent": "order" if is_item else _INTENTS.get(statement.mood, "plan"),
        "category": [answer.code for answer in answers if answer.value],
        "doNotPerform": statement.negated or None,
        "subject": {"reference": PATIENT},
        "authoredOn": authored_on(statement),
        "requester": author_of(statement),
        "reasonCode": reasons_of(statement),
        "groupIdentifier": identifier(group) if group else None,
        "note": notes_of(statement, *PHARMACIST),
        "dosageInstruction": dosages(statement, bounded=True),
        "dispenseRequest": _dispense_request(statement),
        "substitution": _substitution(statement),
    }
    return compact(said)


def _whole_period(statement: Statement) -> list[Resource]:
    """The period of a treatment in steps: a Dosage has room for that of its step only."""
    in_steps = any(inner.kind == "substanceAdministration" for inner in statement.related("COMP"))
    return extension(PERIOD, "valuePeriod", period_of(statement)) if in_steps else []


def _status(statement: Statement) -> str:
    """The French models always say `completed` of an item that is written: it ends with its period."""
    return _STATUSES.get(statement.status) or ("completed" if ended(statement) else "active")


def _dispense_request(statement: Statement) -> Resource | None:
    renewals = attribute(child(statement.element, "repeatNumber"), "value")
    supply = next(statement.find(*SUPPLY), None)
    allowed = int(renewals) if renewals.isascii() and renewals.isdigit() and len(renewals) < 6 else None
    quantity = quantity_of(child(supply.element, "quantity")) if supply else None
    return compact({"numberOfRepeatsAllowed": allowed, "quantity": quantity}) or None


def _substitution(statement: Statement) -> Resource | None:
    """Whether the pharmacist may give another product (HL7 v3 SubstanceAdminSubstitution)."""
    act = next(statement.find(*SUBSTITUTION), None)
    allowed = concept_of(act, child(act.element, "code")) if act else None
    if act is None or not allowed:
        return None
    return compact({"allowedCodeableConcept": allowed, "reason": next(iter(reasons_of(act)), None)})
