"""What the relatives have or had: FamilyMemberHistory (CI-SIS 59, observations 51, subject 60; IHE PCC 6.3.4.23)."""

from healthspace.base.fhirjson import Resource, compact
from healthspace.cda.clinical.absence import (
    code_of,
    fact,
    is_denied,
    is_void,
    none_known,
    reason_of,
    says_nothing,
    value_code_of,
    why_no_finding,
)
from healthspace.cda.clinical.model import PATIENT, Unread
from healthspace.cda.clinical.parts import FRENCH, IHE, authored_on, began, finding_of, identifiers_of, notes_of, time_of, unread_values
from healthspace.cda.clinical.statement import Found, Statement
from healthspace.cda.clinical.values import concept_of
from healthspace.cda.times import read_time
from healthspace.cda.values import Element, attribute, child, read_name, truth

OBSERVED = (IHE + "13.3", FRENCH + "51", "2.16.840.1.113883.10.20.1.22")
_GENDERS = {"M": "male", "F": "female", "UN": "other"}
_EXTENSION = "{urn:hl7-org:sdtc}"


def read_family_history(statement: Statement) -> Found:
    """What is known of one relative: one resource with all the conditions."""
    if says_nothing(statement) or is_void(statement) or statement.negated:
        return
    if reason := why_no_finding(statement):
        yield Unread(statement.place, reason)
        return
    subject = child(statement.element, "subject", "relatedSubject")
    observed = [inner for inner in statement.find(*OBSERVED) if not is_void(inner) and not why_no_finding(inner)]
    absences = [none_known((value_code_of(inner), code_of(inner)), "problem") for inner in observed]
    conditions = [said for inner, absent in zip(observed, absences, strict=True) if not absent and (said := _condition(inner))]
    known = [absent for absent in absences if absent and absent["coding"][0]["code"] == "no-known-problems"]
    if not conditions and known:
        conditions = [{"code": known[0]}]
    notes = [note for inner in observed for note in notes_of(inner)]
    yield from (unread for inner in observed for unread in unread_values(inner))
    person = _person(statement, subject)
    yield fact(
        statement,
        compact(
            {
                "resourceType": "FamilyMemberHistory",
                "identifier": identifiers_of(statement),
                "status": "completed" if conditions else "health-unknown",
                "patient": {"reference": PATIENT},
                "date": authored_on(statement),
                **person,
                "note": [*notes_of(statement), *notes],
                "condition": conditions,
            }
        ),
    )


def _person(statement: Statement, subject: Element | None) -> Resource:
    relation = concept_of(statement, child(subject, "code"))
    person = child(subject, "subject")
    sex = child(person, "administrativeGenderCode")
    name = read_name(person.iterchildren("{urn:hl7-org:v3}name")) if person is not None else None
    birth, death = _time(statement, child(person, "birthTime")), _time(statement, _more(person, "deceasedTime"))
    deceased = truth(_more(person, "deceasedInd"), "value")
    return compact(
        {
            "name": " ".join([*(part.value for part in name.givens), *(part.value for part in name.families)]) if name else "",
            "relationship": relation or reason_of(attribute(child(subject, "code"), "nullFlavor")),
            "sex": _sex(concept_of(statement, sex), attribute(sex, "code")),
            "bornDate": birth[:10],
            "deceasedDate": death[:10],
            "deceasedBoolean": deceased if not death else None,
        }
    )


def _sex(said: Resource | None, code: str) -> Resource | None:
    word = _GENDERS.get(code)
    return {"coding": [{"system": "http://hl7.org/fhir/administrative-gender", "code": word}]} if word else said


def _more(person: Element | None, name: str) -> Element | None:
    return None if person is None else next(person.iterchildren(_EXTENSION + name), None)


def _time(statement: Statement, element: Element | None) -> str:
    raw = attribute(element, "value")
    return read_time(raw, statement.source.zone).fhir if raw else ""


def _condition(observed: Statement) -> Resource | None:
    """One condition; None when it is denied or says nothing."""
    said = finding_of(observed)
    if said is None or is_denied(observed):
        return None
    onset, end = began(observed), time_of(observed, "effectiveTime", "high")
    period = compact({"start": onset.fhir if onset else None, "end": end.fhir if end else None})
    return compact({"code": said, "onsetPeriod": period})
