"""Who changed a control or an attribute, kept beside it as a Provenance that only the holder, and who represents them, reads."""

from collections.abc import Collection
from typing import Any

from healthspace.access.labels import HIDDEN_FROM_REPRESENTATIVES, HOLDER_ONLY, SYSTEM
from healthspace.access.permit import Permit
from healthspace.base.ids import new_id
from healthspace.identity.caller import Caller
from healthspace.identity.directory import FINESS, RPPS
from healthspace.resources.store import insert
from healthspace.resources.stored import Stored, instant

ACTIVITIES = "http://terminology.hl7.org/CodeSystem/v3-DataOperation"
LABELS = "urn:healthspace:label"


async def prove(p: Permit, changed: Stored, activity: str, hidden: Collection[str] = ()) -> None:
    """Keeps who did `activity` (CREATE, UPDATE, DELETE of v3-DataOperation) to this version, and notes it for the trail.

    `hidden` are the visibility labels of a document before and after: the proof is kept from whom the document is kept from. So is that
    of what was done in a secret connection.
    """
    hidden = {*hidden, HIDDEN_FROM_REPRESENTATIVES} if p.caller.secret else hidden
    provenance = {
        "resourceType": "Provenance",
        "meta": {"security": [{"system": LABELS, "code": HOLDER_ONLY}, *({"system": SYSTEM, "code": code} for code in sorted(hidden))]},
        "target": [{"reference": f"{changed.type}/{changed.id}/_history/{changed.version}"}, {"reference": f"{changed.type}/{changed.id}"}],
        "recorded": instant(p.now),
        "activity": {"coding": [{"system": ACTIVITIES, "code": activity}]},
        "agent": [{"who": who_is(p.caller)}],
    }
    await insert(p.tx, p.cipher, p.keys, new_id(p.owner), provenance, p.now)
    p.note(f"{changed.type}/{changed.id}")


def who_is(caller: Caller) -> dict[str, Any]:
    """A caller as a Reference: a citizen by their Patient, a professional or a structure by their number."""
    if caller.patient is not None:
        return {"reference": f"Patient/{caller.patient}"}
    if caller.rpps is not None:
        return {"identifier": {"system": RPPS, "value": caller.rpps}, "display": caller.name}
    if caller.finess is not None:
        return {"identifier": {"system": FINESS, "value": caller.finess}, "display": caller.structure}
    return {"display": caller.name or caller.kind.value}
