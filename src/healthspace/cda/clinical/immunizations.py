"""Vaccinations done, refused and recommended: Immunization, ImmunizationRecommendation (CI-SIS 45 and 47, rank 82; IHE PCC 6.3.4.17)."""

from healthspace.base.fhirjson import Resource, compact
from healthspace.cda.clinical.absence import (
    about_the_citizen,
    absent_reason,
    code_of,
    fact,
    is_planned,
    is_void,
    none_known,
    reason_of,
    says_nothing,
)
from healthspace.cda.clinical.model import FACT, PATIENT, Unread
from healthspace.cda.clinical.parts import (
    FRENCH,
    authored_on,
    began,
    identifiers_of,
    meaning_of,
    notes_of,
    place_of,
    reasons_of,
    remaining,
    said_when,
    site_of,
    time_of,
)
from healthspace.cda.clinical.products import Product, consumed
from healthspace.cda.clinical.statement import Found, Statement
from healthspace.cda.clinical.values import concept_of, performer_of, quantity_of
from healthspace.cda.contained import dated
from healthspace.cda.values import attribute, child, children, words
from healthspace.terminology.uris import LOINC

RANK = ("2.16.840.1.113883.10.20.1.46", FRENCH + "82")
FORECAST = "http://terminology.hl7.org/CodeSystem/immunization-recommendation-status"
EARLIEST, LATEST, DUE = "30981-5", "59777-3", "30980-7"
"""LOINC codes of the dates of a recommendation."""
_NOT_DONE = frozenset({"cancelled", "aborted", "held", "suspended", "new"})
_REACTIONS = ("CAUS", "MFST")


@about_the_citizen
def read_immunization(statement: Statement) -> Found:
    """A vaccination: done, not done, none known, or meant."""
    product = consumed(statement)
    if absent := none_known((code_of(statement), product.code), "immunization"):
        yield fact(statement, _not_done(statement, absent))
    elif says_nothing(statement) or is_void(statement):
        return
    elif is_planned(statement):
        yield from read_recommendation(statement)
    elif statement.negated or statement.status in _NOT_DONE:
        yield fact(statement, _refused(statement, product))
    else:
        reactions = [(inner, said) for inner in statement.related(*_REACTIONS) if (said := _observation(inner))]
        yield fact(statement, _given(statement, product, [_reaction(inner) for inner, _ in reactions]))
        yield from (fact(inner, said) for inner, said in reactions)
        yield from remaining(statement, *RANK, *_REACTIONS)


@about_the_citizen
def read_recommendation(statement: Statement) -> Found:
    """A vaccination that is recommended or planned. One that is advised against cannot be told from other refusals: a note."""
    if says_nothing(statement) or is_void(statement) or statement.status in {"cancelled", "aborted"}:
        return
    if statement.negated:
        yield Unread(statement.place, "denied-recommendation")
        return
    product = consumed(statement)
    if none_known((code_of(statement), product.code), "immunization"):
        return
    recommendation = {
        "vaccineCode": [product.concept],
        "forecastStatus": {"coding": [{"system": FORECAST, "code": "due"}]},
        "dateCriterion": _criteria(statement),
        "series": _series(statement),
        "doseNumberPositiveInt": _rank(statement),
        "description": "\n".join(note["text"] for note in notes_of(statement)),
    }
    yield fact(
        statement,
        compact(
            {
                "resourceType": "ImmunizationRecommendation",
                "identifier": identifiers_of(statement),
                "patient": {"reference": PATIENT},
                **({"date": when} if (when := authored_on(statement)) else {"_date": reason_of("")}),
                "recommendation": [compact(recommendation)],
            }
        ),
    )
    yield from remaining(statement, *RANK)


def _not_done(statement: Statement, vaccine: Resource) -> Resource:
    occurrence = said_when(statement, "occurrence") or {"_occurrenceDateTime": absent_reason(statement, "effectiveTime")}
    return {
        "resourceType": "Immunization",
        "status": "not-done",
        "vaccineCode": vaccine,
        "patient": {"reference": PATIENT},
        **occurrence,
    }


def _refused(statement: Statement, product: Product) -> Resource:
    return compact(
        {
            **_not_done(statement, product.concept),
            "identifier": identifiers_of(statement),
            "statusReason": next(iter(reasons_of(statement)), None),
            "note": notes_of(statement),
        }
    )


def _given(statement: Statement, product: Product, reactions: list[Resource]) -> Resource:
    element = statement.element
    rank, series = _rank(statement), _series(statement)
    protocol = compact({"series": series, "doseNumberPositiveInt": rank}) if rank else None
    said = {
        **_not_done(statement, product.concept),
        "identifier": identifiers_of(statement),
        "status": "completed",
        "recorded": authored_on(statement) if statement.author is not None else None,
        "location": place_of(statement),
        "manufacturer": product.maker,
        "lotNumber": product.lot,
        "expirationDate": product.expires[:10],
        "site": site_of(statement, child(element, "approachSiteCode")),
        "route": concept_of(statement, child(element, "routeCode")),
        "doseQuantity": quantity_of(child(element, "doseQuantity")),
        "performer": [{"actor": who} for each in children(element, "performer") if (who := performer_of(statement, each))],
        "note": notes_of(statement),
        "reasonCode": reasons_of(statement),
        "reaction": reactions,
        "protocolApplied": [protocol] if protocol else None,
    }
    return compact(said)


def _rank(statement: Statement) -> int | None:
    """The rank of the dose in its series (LOINC 30973-2), from 1."""
    for inner in statement.find(*RANK):
        value = child(inner.element, "value")
        raw = attribute(value, "value") or words(value)
        if raw.isascii() and raw.isdigit() and 0 < len(raw) < 4 and int(raw) > 0:
            return int(raw)
    return None


def _series(statement: Statement) -> str:
    """First series or booster, in the sender's words; "" when it only says that it is a vaccination."""
    code = child(statement.element, "code")
    return "" if attribute(code, "code") in {"", "IMMUNIZ"} else attribute(code, "displayName")


def _observation(reaction: Statement) -> Resource | None:
    """A reaction as an Observation: Immunization.reaction can only refer to one."""
    if reaction.kind != "observation" or reaction.negated or (value := meaning_of(reaction)) is None:
        return None
    return compact(
        {
            "resourceType": "Observation",
            "identifier": identifiers_of(reaction),
            "status": "final",
            "code": concept_of(reaction, child(reaction.element, "code")) or reason_of(""),
            "subject": {"reference": PATIENT},
            **dated("effectiveDateTime", began(reaction)),
            "valueCodeableConcept": value,
            "note": notes_of(reaction),
        }
    )


def _reaction(reaction: Statement) -> Resource:
    return {**dated("date", began(reaction)), "detail": {"reference": FACT + reaction.key}}


def _criteria(statement: Statement) -> list[Resource]:
    bounds = ((EARLIEST, ("effectiveTime", "low")), (LATEST, ("effectiveTime", "high")), (DUE, ("effectiveTime",)))
    times = ((code, time_of(statement, *path)) for code, path in bounds)
    return [{"code": {"coding": [{"system": LOINC, "code": code}]}, **dated("value", time)} for code, time in times if time]
