"""Who may read a record: the citizen authorises a professional and ends it (R1111-46); the treating doctor is in the care team."""

from typing import Any
from uuid import UUID

from healthspace.access.facts import RPPS, TREATING_DOCTOR, derive_facts
from healthspace.access.origin import is_from_document
from healthspace.access.permit import Permit
from healthspace.access.rules import Action
from healthspace.base.errors import Invalid, NotFound
from healthspace.base.ids import new_id
from healthspace.identity.directory import is_rpps, professional_of
from healthspace.record.spaces import patient_of
from healthspace.resources.store import insert, read, read_all, update
from healthspace.resources.stored import Resource, Stored, instant

SCOPES = "http://terminology.hl7.org/CodeSystem/consentscope"
CATEGORIES = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
FUNCTIONS = "http://terminology.hl7.org/CodeSystem/v3-ParticipationFunction"


async def authorise(p: Permit, rpps: str) -> Stored:
    """Lets a professional read the record, until the citizen ends it; the authorisation in force when there is one already.

    Invalid when the directory does not know the number.
    """
    p.must_be_for(Action.GRANT_ACCESS)
    actor = _professional(rpps)
    for known in await read_all(p.tx, p.cipher, "Consent"):
        if not is_from_document(known.json()) and _permits(known.json(), actor):
            return known
    patient = await patient_of(p)
    consent = {
        "resourceType": "Consent",
        "status": "active",
        "scope": {"coding": [{"system": SCOPES, "code": "patient-privacy"}]},
        "category": [{"coding": [{"system": CATEGORIES, "code": "INFA"}]}],
        "patient": {"reference": f"Patient/{patient.id}"},
        "dateTime": instant(p.now),
        "performer": [{"reference": f"Patient/{p.caller.patient or patient.id}"}],
        "policyRule": {"coding": [{"system": CATEGORIES, "code": "OPTIN"}]},
        "provision": {
            "type": "permit",
            "period": {"start": instant(p.now), "end": instant(p.now + p.policy.authorisation)},
            "actor": [{"role": _role("IRCP"), "reference": actor}],
        },
    }
    return await _keep(p, consent)


async def name_treating_doctor(p: Permit, rpps: str) -> Stored:
    """Makes a professional the treating doctor of this citizen."""
    p.must_be_for(Action.GRANT_ACCESS, Action.OPEN_SPACE)
    patient = await patient_of(p)
    team = {
        "resourceType": "CareTeam",
        "status": "active",
        "subject": {"reference": f"Patient/{patient.id}"},
        "participant": [{"role": [_role(TREATING_DOCTOR, FUNCTIONS)], "member": _professional(rpps)}],
    }
    return await _keep(p, team)


async def end_authorisation(p: Permit, identifier: UUID) -> Stored:
    """Ends one authorisation; NotFound when there is none, or it has ended."""
    p.must_be_for(Action.END_ACCESS)
    current = await read(p.tx, p.cipher, "Consent", identifier)
    consent = current.json()
    if consent["status"] != "active" or is_from_document(consent):
        raise NotFound
    consent["status"] = "inactive"
    provision = consent.setdefault("provision", {})
    provision["period"] = {**provision.get("period", {}), "end": instant(p.now)}
    ended = await update(p.tx, p.cipher, p.keys, current, consent, p.now)
    await derive_facts(p.tx, p.keys, p.owner, identifier, consent)
    p.note(f"Consent/{identifier}")
    return ended


async def list_access(p: Permit) -> tuple[list[Resource], list[Resource]]:
    """The authorisations (Consent, active and ended) and the care teams of the record."""
    p.must_be_for(Action.READ_ACCESS)
    return await _read_own(p, "Consent"), await _read_own(p, "CareTeam")


async def _read_own(p: Permit, type_: str) -> list[Resource]:
    """The resources of one type that the citizen has made: what a document tells of consents and teams opens nothing here."""
    return [one for stored in await read_all(p.tx, p.cipher, type_) if not is_from_document(one := stored.json())]


def _permits(consent: Resource, actor: Resource) -> bool:
    provision = consent.get("provision", {})
    actors = [named["reference"].get("identifier") for named in provision.get("actor", [])]
    return consent["status"] == "active" and provision.get("type") == "permit" and actor["identifier"] in actors


async def _keep(p: Permit, resource: Resource) -> Stored:
    identifier = new_id(p.owner)
    stored = await insert(p.tx, p.cipher, p.keys, identifier, resource, p.now)
    await derive_facts(p.tx, p.keys, p.owner, identifier, resource)
    p.note(f"{stored.type}/{identifier}")
    return stored


def _professional(rpps: str) -> dict[str, Any]:
    person = professional_of(rpps) if is_rpps(rpps) else None
    if person is None:
        raise Invalid("the directory knows no professional with this RPPS number", place="rpps")
    return {"identifier": {"system": RPPS, "value": rpps}, "display": f"{person.prefix.title()} {person.given} {person.family}"}


def _role(code: str, system: str = "http://terminology.hl7.org/CodeSystem/v3-RoleCode") -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}]}
