"""A citizen's space: found by INS, opened from the strict traits, read, closed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from healthspace.access.permit import Door, Permit
from healthspace.access.rules import Action
from healthspace.base.errors import Conflict, NotFound, Refused
from healthspace.base.fhirjson import BIRTH_PLACE, INSEE_CODE, ins_type
from healthspace.base.ids import new_id, owner_of
from healthspace.identity.caller import Caller
from healthspace.identity.ins import Ins
from healthspace.resources.hashing import hash_token
from healthspace.resources.names import claim, pointed_to
from healthspace.resources.store import insert, read_all
from healthspace.resources.stored import Resource, Stored, instant
from healthspace.resources.traits import StrictTraits, hash_traits

CLOSURE = "https://interop.esante.gouv.fr/ig/fhir/dmp/StructureDefinition/dmp-fermeture"
CLOSURE_REASONS = "https://interop.esante.gouv.fr/ig/fhir/dmp/CodeSystem/dmp-motif-fermeture"


@dataclass(frozen=True, slots=True)
class Traits:
    """The INS with the strict traits of its holder (Référentiel INS). `gender` is FHIR's, `birth_date` YYYY-MM-DD."""

    ins: Ins
    family: str
    given: tuple[str, ...]
    gender: str
    birth_date: str
    birthplace: str | None = None
    """Official geographic code (COG) of the place of birth."""
    used_family: str | None = None
    used_given: str | None = None


def patient_resource(traits: Traits) -> dict[str, Any]:
    """A FHIR Patient after fr-core-patient 2.1.0."""
    patient: dict[str, Any] = {
        "resourceType": "Patient",
        "active": True,
        "identifier": [_identifier(traits.ins)],
        "name": [{"use": "official", "family": traits.family, "given": list(traits.given)}],
        "gender": traits.gender,
        "birthDate": traits.birth_date,
    }
    if traits.used_family or traits.used_given:
        given = traits.used_given or (traits.given[0] if traits.given else None)
        patient["name"].append({"use": "usual", "family": traits.used_family or traits.family, **({"given": [given]} if given else {})})
    if traits.birthplace:
        place = {"extension": [{"url": INSEE_CODE, "valueCoding": {"code": traits.birthplace}}]}
        patient["extension"] = [{"url": BIRTH_PLACE, "valueAddress": place}]
    return patient


async def locate(door: Door, ins: Ins) -> UUID | None:
    """The id of the Patient that carries `ins`, or None. A way to the door, not through it: nothing else is said."""
    async with door.database.reading() as tx:
        found = await pointed_to(tx, hash_token(door.keys, "Patient", "identifier", f"urn:oid:{ins.system}", ins.value))
    return found[0][1] if found else None


async def find_by_traits(door: Door, caller: Caller, traits: StrictTraits) -> tuple[UUID, ...]:
    """The Patients with exactly these traits whose open record `caller` may know of: each through the door, one line in its trail.

    Nobody there leaves a line as well, and looks like a record that is closed or that the rules keep from `caller`.
    """
    async with door.database.reading() as tx:
        places = await pointed_to(tx, hash_traits(door.keys, traits))
    candidates: list[tuple[int | None, UUID | None]] = [*places] or [(None, None)]
    known = []
    for owner, patient in candidates:
        try:
            async with door.permit(caller, Action.FIND_PATIENT, owner) as p:
                stored = (await patient_of(p)).json()
                p.note(f"Patient/{stored['id']}")
        except (Refused, NotFound):
            continue
        if patient and stored.get("active", True):
            known.append(patient)
    return tuple(known)


async def open_space(p: Permit, traits: Traits) -> UUID:
    """Opens the space of a citizen who has none. Conflict when the INS has one already."""
    p.must_be_for(Action.OPEN_SPACE)
    if not await claim(p.tx, p.keys, "Patient", traits.ins.system, traits.ins.value, p.owner):
        raise Conflict("this citizen has a health space already")
    identifier = new_id(p.owner)
    await insert(p.tx, p.cipher, p.keys, identifier, patient_resource(traits), p.now)
    p.note(f"Patient/{identifier}")
    return identifier


def closure(motive: str, now: datetime, reason: str = "") -> Resource:
    """The extension that tells a closure: since when, why, and in the holder's words."""
    told: list[Resource] = [
        {"url": "dateFermeture", "valueDateTime": instant(now)},
        {"url": "motifFermeture", "valueCoding": {"system": CLOSURE_REASONS, "code": motive}},
    ]
    return {"url": CLOSURE, "extension": [*told, *([{"url": "raisonFermeture", "valueString": reason}] if reason else [])]}


async def find_patient(p: Permit) -> dict[str, Any]:
    """The answer of TD02: identifier and state of a record, no trait (a client must not show any: RG_0320)."""
    p.must_be_for(Action.FIND_PATIENT)
    patient = (await patient_of(p)).json()
    p.note(f"Patient/{patient['id']}")
    return patient_state(patient)


def patient_state(patient: Resource) -> Resource:
    """What TD02 tells of a Patient: its identifier, whether the record is active and, when it is closed, since when and why."""
    closures = [extension for extension in patient.get("extension", []) if extension["url"] == CLOSURE]
    return {
        "resourceType": "Patient",
        "id": patient["id"],
        "meta": patient["meta"],
        **({"extension": closures} if closures else {}),
        "identifier": patient["identifier"],
        "active": patient["active"],
    }


async def read_patient(p: Permit, identifier: UUID | None = None) -> Stored:
    """The citizen's Patient; NotFound when `identifier` is another's."""
    p.must_be_for(Action.READ_PATIENT)
    patient = await patient_of(p)
    if identifier is not None and patient.id != identifier:
        raise NotFound
    p.note(f"Patient/{patient.id}")
    return patient


async def patient_of(p: Permit) -> Stored:
    """The Patient of the record that a permit is for."""
    patients = await read_all(p.tx, p.cipher, "Patient")
    if not patients:
        raise NotFound
    return patients[0]


def owner_of_patient(patient: UUID | None) -> int | None:
    return owner_of(patient) if patient is not None else None


def _identifier(ins: Ins) -> dict[str, Any]:
    return {"use": "official", "type": ins_type(ins.system), "system": f"urn:oid:{ins.system}", "value": ins.value}
