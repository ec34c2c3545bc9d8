"""What a pharmacist handed over: MedicationDispense (CI-SIS FR-Dispensation 204; IHE Pharmacy DIS)."""

from healthspace.base.fhirjson import Resource, compact, extension
from healthspace.cda.clinical.absence import about_the_citizen, fact, is_void, says_nothing
from healthspace.cda.clinical.dosage import INSTRUCTIONS, dosages, unread_dosages
from healthspace.cda.clinical.model import PATIENT
from healthspace.cda.clinical.parts import FRENCH, IHE, began, identifiers_of, notes_of, reasons_of, remaining
from healthspace.cda.clinical.products import Product, consumed, medication
from healthspace.cda.clinical.statement import Found, Statement
from healthspace.cda.clinical.values import author_of, concept_of, performer_of, quantity_of, time_at
from healthspace.cda.contained import identifier
from healthspace.cda.times import Time
from healthspace.cda.values import Element, Identifier, attribute, child, children, read_identifiers

DISPENSATION = ("1.3.6.1.4.1.19376.1.9.1.3.4", FRENCH + "204")
ANSWERED = ("1.3.6.1.4.1.19376.1.9.1.3.11", FRENCH + "90")
"""The item of a prescription that is answered."""
SUBSTITUTED = ("1.3.6.1.4.1.19376.1.9.1.3.9.2", FRENCH + "206")
PHARMACIST = (IHE + "3.1", FRENCH + "207")
SUPPLIED = (IHE + "7.3", FRENCH + "44")
"""A supply of the medicine of a treatment."""
PRESCRIBER = "urn:healthspace:prescriber"
"""On a MedicationStatement or MedicationDispense, valueReference: who prescribed it, for which R4 has no place."""
PRESCRIPTION = "urn:healthspace:prescription"
"""On MedicationDispense.authorizingPrescription, valueIdentifier: the document that holds the item."""
_TREATMENT = (IHE + "7", FRENCH + "42")
_STATUSES = {"aborted": "stopped", "cancelled": "cancelled", "suspended": "on-hold", "held": "on-hold", "active": "in-progress"}


def read_supply(statement: Statement) -> Found:
    """A supply of a medicine (IHE PCC 6.3.4.18): handed over when it says which one and reports it; else part of a treatment."""
    if statement.mood == "EVN" and child(statement.element, "product") is not None:
        yield from read_dispensation(statement)


def read_supplies(treatment: Statement) -> Found:
    """What was handed over of the medicine of a treatment (FR-Prescription 44, in the history of reimbursements)."""
    for supply in treatment.find(*SUPPLIED):
        if supply.mood == "EVN" and not says_nothing(supply) and not is_void(supply):
            yield fact(supply, _dispense(supply, consumed(treatment)))


def prescribers_of(treatment: Statement) -> list[Resource]:
    """Who prescribed it: the authors of its supplies, as extensions."""
    authors = (child(supply.element, "author") for supply in treatment.find(*SUPPLIED))
    people = [who for author in authors if author is not None and (who := performer_of(treatment, author))]
    return [{"url": PRESCRIBER, "valueReference": who} for position, who in enumerate(people) if who not in people[:position]]


@about_the_citizen
def read_dispensation(statement: Statement) -> Found:
    """One product handed over."""
    if says_nothing(statement) or is_void(statement):
        return
    yield fact(statement, _dispense(statement, consumed(statement)))
    yield from (unread for inner in statement.find(*_TREATMENT) for unread in unread_dosages(inner))
    answered = (item.key for item in _answered(statement))
    yield from remaining(statement, *INSTRUCTIONS, *PHARMACIST, *answered, *SUBSTITUTED, *_TREATMENT)


def _dispense(statement: Statement, product: Product) -> Resource:
    handed_over, named = _handed_over(statement), medication(product)
    prescriber = performer_of(statement, own) if (own := _prescriber(statement)) is not None else None
    return compact(
        {
            "resourceType": "MedicationDispense",
            **named,
            "extension": [*named.get("extension", ()), *extension(PRESCRIBER, "valueReference", prescriber)],
            "identifier": identifiers_of(statement),
            "status": _status(statement),
            "subject": {"reference": PATIENT},
            "performer": [{"actor": who} for who in _performers(statement)],
            "authorizingPrescription": _prescriptions(statement),
            "quantity": quantity_of(child(statement.element, "quantity")),
            "whenHandedOver": handed_over.fhir if handed_over else None,
            "note": notes_of(statement, *PHARMACIST),
            "dosageInstruction": _dosages(statement),
            "substitution": _substitution(statement),
        }
    )


def _status(statement: Statement) -> str:
    if statement.negated:
        return "declined"
    if statement.mood != "EVN":
        return "preparation"
    return _STATUSES.get(statement.status, "completed")


def _prescriber(statement: Statement) -> Element | None:
    """The author of a supply inside a treatment is who prescribed it; that of a dispensation is who wrote it."""
    is_dispensation = bool(statement.templates & set(DISPENSATION))
    return None if is_dispensation else child(statement.element, "author")


def _handed_over(statement: Statement) -> Time | None:
    """When the entry says that it was handed over; a dispensation that does not, when the act that its document reports took place."""
    source = statement.source
    performed = (time_at(source, child(each, "time")) for each in children(statement.element, "performer"))
    own = began(statement) or next(filter(None, performed), None)
    if own or statement.mood != "EVN" or not statement.templates & set(DISPENSATION):
        return own if statement.mood == "EVN" else None
    events = [child(each, "serviceEvent", "effectiveTime") for each in children(source.root, "documentationOf")]
    times = (time_at(source, child(each, "low")) or time_at(source, each) for each in events)
    return next(filter(None, times), None)


def _performers(statement: Statement) -> list[Resource]:
    said = [who for element in children(statement.element, "performer") if (who := performer_of(statement, element))]
    author = author_of(statement) if statement.templates & set(DISPENSATION) else None
    return said or ([author] if author else [])


def _answered(statement: Statement) -> list[Statement]:
    """The items of prescriptions that it answers: by template, else whatever is asked and it refers to."""
    asked = (inner for inner in statement.related("REFR") if inner.mood != "EVN" and inner.kind in {"substanceAdministration", "supply"})
    return list(statement.find(*ANSWERED)) or list(asked)


def _prescriptions(statement: Statement) -> list[Resource]:
    """The items that it answers, each with the document that holds it; the references of the entry itself when it has no such part.

    The order that the header answers (inFulfillmentOf) is the prescription, where an entry names none.
    """
    orders = [number for link in children(statement.source.root, "inFulfillmentOf") for number in read_identifiers(child(link, "order"))]
    order = orders[0] if len(orders) == 1 and statement.templates & set(DISPENSATION) else None
    named = [said for each in _answered(statement) or [statement] if (said := _prescription(each, order))]
    return named if named or order is None else [_refer(None, order)]


def _prescription(answered: Statement, order: Identifier | None) -> Resource | None:
    """One item by its identifier, and the document that holds it; None when neither is named."""
    links = [link for link in children(answered.element, "reference") if attribute(link, "typeCode") in {"", "REFR", "XCRPT", "SPRT"}]
    acts = [number for link in links for number in read_identifiers(child(link, "externalAct"))]
    documents = [number for link in links for number in read_identifiers(child(link, "externalDocument"))]
    own = () if answered.templates & set(DISPENSATION) or answered.mood == "EVN" else read_identifiers(answered.element)
    item, document = next(iter((*own, *acts)), None), next(iter(documents), None)
    return _refer(item, document or order) if item or document else None


def _refer(item: Identifier | None, document: Identifier | None) -> Resource:
    holder = [{"url": PRESCRIPTION, "valueIdentifier": identifier(document)}] if document else None
    return compact({"extension": holder, "type": "MedicationRequest", "identifier": identifier(item) if item else None})


def _dosages(statement: Statement) -> list[Resource]:
    """The advice to the patient and how to take it: both stand in entries of their own."""
    advice = "\n".join(filter(None, (inner.text for inner in statement.find(*INSTRUCTIONS))))
    found = [said for inner in statement.find(*_TREATMENT) for said in dosages(inner, bounded=True)]
    if advice and not found:
        return [{"patientInstruction": advice}]
    return [{"patientInstruction": advice, **said} if advice else said for said in found]


def _substitution(statement: Statement) -> Resource | None:
    """What was done about another product: none given (N), or one of a kind (G, generic…)."""
    act = next(statement.find(*SUBSTITUTED), None)
    code = attribute(child(act.element, "code"), "code") if act else ""
    if act is None or not code:
        return None
    done = code != "N" and not act.negated
    return compact({"wasSubstituted": done, "type": concept_of(act, child(act.element, "code")), "reason": reasons_of(act)})
