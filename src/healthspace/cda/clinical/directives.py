"""Advance directives (CI-SIS FR-Directive-anticipee 54; IHE PCC 6.3.4.28): what the citizen wants done, and not done, as Consent."""

from healthspace.base.fhirjson import Resource, compact
from healthspace.cda.clinical.absence import about_the_citizen, fact, is_denied, is_void, says_nothing
from healthspace.cda.clinical.details import named
from healthspace.cda.clinical.model import PATIENT, Unread
from healthspace.cda.clinical.observations import read_observation
from healthspace.cda.clinical.parts import FRENCH, IHE, identifiers_of, period_of, remaining
from healthspace.cda.clinical.statement import Found, Statement
from healthspace.cda.clinical.values import code_or_text, note_of, time_at
from healthspace.cda.contained import identifier
from healthspace.cda.values import child, read_identifier, truth
from healthspace.terminology.uris import CONSENT_SCOPES, LOINC

DIRECTIVE = (IHE + "13.7", FRENCH + "54")
_WRITTEN = "42348-3"
"""LOINC "Advance directives": that they exist, and no wish in particular."""
_DIRECTIVES = {"coding": [{"system": LOINC, "code": _WRITTEN, "display": "Directives anticipées"}]}
_LAW = "https://www.legifrance.gouv.fr/codes/id/LEGISCTA000006185976/"
"""Code de la santé publique, L. 1111-11: they bind the doctor. R4 wants the rule that a consent stands under (ppc-1)."""


@about_the_citizen
def read_directive(statement: Statement) -> Found:
    """A wish: a care that is wanted or refused (yes or no); directives that exist. Any other answer is an observation."""
    if says_nothing(statement) or is_void(statement):
        return
    code, answer = code_or_text(statement), _answer(statement)
    written = any(each.get("code") == _WRITTEN for each in (code or {}).get("coding", ()))
    if code is None:
        yield Unread(statement.place, "no-code")
    elif is_denied(statement):
        yield Unread(statement.place, "negated")
    elif statement.mood == "EVN" and (answer is not None or written) and not (written and answer is False):
        yield fact(statement, _consent(statement, code, None if written else answer))
        yield from remaining(statement)
    else:
        yield from read_observation(statement)


def _answer(statement: Statement) -> bool | None:
    return truth(child(statement.element, "value"), "value")


def _consent(statement: Statement, code: Resource, wanted: bool | None) -> Resource:
    provision = {"type": "permit" if wanted else "deny", "period": period_of(statement), "code": [code]}
    signed = time_at(statement.source, child(statement.author, "time"))
    return compact(
        {
            "resourceType": "Consent",
            "identifier": identifiers_of(statement),
            "status": "inactive" if statement.status in {"aborted", "cancelled"} else "active",
            "scope": {"coding": [{"system": CONSENT_SCOPES, "code": "adr"}]},
            "category": [code] if wanted is None else [_worded(code, wanted), _DIRECTIVES],
            "patient": {"reference": PATIENT},
            "dateTime": (signed or statement.source.time).fhir,
            "sourceReference": _document(statement),
            "policy": [{"uri": _LAW}],
            "provision": compact(provision) if wanted is not None else compact({"period": period_of(statement)}),
            "extension": [{"url": "urn:healthspace:comment", "valueAnnotation": note} for note in note_of(statement)],
        }
    )


def _worded(code: Resource, wanted: bool) -> Resource:
    """What the wish is about, with the answer in its words: nobody must read the care without it."""
    return {**code, "text": f"{named(code)} : {'souhaité' if wanted else 'refusé'}"}


def _document(statement: Statement) -> Resource | None:
    """The document that holds them, by its identifier: its address is never followed."""
    number = read_identifier(child(statement.element, "reference", "externalDocument", "id"))
    return {"identifier": identifier(number)} if number else None
