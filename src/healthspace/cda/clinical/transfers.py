"""Transports and transfers (CI-SIS FR-Transport-du-patient 28, FR-Etablissement-de-preference 97): to where, when, done or wanted."""

from healthspace.base.fhirjson import compact
from healthspace.cda.clinical.absence import about_the_citizen, fact, is_denied, is_void, says_nothing
from healthspace.cda.clinical.model import Unread
from healthspace.cda.clinical.observations import not_said, observation
from healthspace.cda.clinical.parts import FRENCH, remaining
from healthspace.cda.clinical.procedures import service_request
from healthspace.cda.clinical.statement import Found, Statement
from healthspace.cda.clinical.values import code_or_text
from healthspace.cda.contained import identifier
from healthspace.cda.values import attribute, child, children, read_identifiers, words

TRANSFER = ("1.3.6.1.4.1.19376.1.5.3.1.1.25.1.4.1", FRENCH + "28", "1.3.6.1.4.1.19376.1.5.3.1.1.10.4.2", FRENCH + "97")
_DESTINATIONS = frozenset({"DST", "RCV", "LOC"})


@about_the_citizen
def read_transfer(statement: Statement) -> Found:
    """A ServiceRequest when it is planned or wished for; an Observation that names the destination when it took place."""
    if says_nothing(statement) or is_void(statement):
        return
    place, code = _destination(statement), code_or_text(statement)
    if is_denied(statement) or code is None:
        yield Unread(statement.place, "negated" if is_denied(statement) else "no-code")
    elif statement.mood != "EVN":
        request = service_request(statement)
        yield fact(statement, compact({**request, "locationReference": [place] if place else request.get("locationReference")}))
    else:
        shown = (place or {}).get("display") or statement.text
        yield fact(statement, observation(statement, code, {"valueString": shown} if shown else not_said(), ""))
    yield from remaining(statement)


def _destination(statement: Statement) -> dict[str, object] | None:
    """Where to: the structure by its identifiers and its name."""
    for participant in children(statement.element, "participant"):
        role = child(participant, "participantRole")
        ids, name = read_identifiers(role), words(child(role, "playingEntity", "name"))
        if attribute(participant, "typeCode") in _DESTINATIONS and (ids or name):
            return compact({"identifier": identifier(ids[0]) if ids else None, "display": name})
    return None
