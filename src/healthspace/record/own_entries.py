"""What a citizen enters about themselves: kept as resources of their record, marked as theirs; never anything of a professional's.

By the rules of the French space (docs/decisions/0030), what a holder enters is theirs: professionals see contacts and wishes; the rest
carries the label that hides a document from professionals until its holder shares it.
"""

from typing import Any
from uuid import UUID

from healthspace.access.depositor import depositor_extension
from healthspace.access.labels import MASKED, concept_of
from healthspace.access.permit import Permit
from healthspace.access.rules import Action
from healthspace.base.errors import Invalid, NotFound
from healthspace.base.fhirjson import CITIZEN, ORIGIN
from healthspace.base.ids import new_id
from healthspace.fhir.validate import validate
from healthspace.profile.elements import is_from_citizen
from healthspace.record.spaces import patient_of
from healthspace.resources.store import delete, insert, last_version, lock, update
from healthspace.resources.stored import Resource, Stored, instant

(MASK,) = concept_of(MASKED)["coding"]
BY_PATIENT = frozenset({"AllergyIntolerance", "FamilyMemberHistory", "RelatedPerson"})
"""Types that name their citizen as `patient`; the others name them as `subject`."""
KINDS = frozenset({"Observation", "MedicationStatement", "AllergyIntolerance", "FamilyMemberHistory", "RelatedPerson"})


async def keep_entry(p: Permit, entry: Resource, *, shared: bool, identifier: UUID | None = None) -> Stored:
    """Keeps what the citizen has entered, under `identifier` when one is given. Invalid when it is no valid resource."""
    p.must_be_for(Action.WRITE_OWN_ENTRY)
    patient = await patient_of(p)
    about: dict[str, Any] = {"reference": f"Patient/{patient.name}"}
    type_ = entry["resourceType"]
    meta = {"tag": [{"system": ORIGIN, "code": CITIZEN}], **({} if shared else {"security": [MASK]})}
    resource = {**entry, "meta": meta, "extension": [depositor_extension(p.caller)], "patient" if type_ in BY_PATIENT else "subject": about}
    if type_ == "MedicationStatement":
        resource["dateAsserted"], resource["informationSource"] = instant(p.now), about
    faults = validate(resource)
    if type_ not in KINDS or faults:
        raise Invalid("this entry is no valid resource", place=faults[0].expression if faults else "resourceType")
    identifier = identifier or new_id(p.owner)
    stored = await insert(p.tx, p.cipher, p.keys, identifier, resource, p.now)
    p.note(f"{type_}/{identifier}")
    return stored


async def share_entry(p: Permit, type_: str, identifier: UUID, *, shared: bool) -> Stored:
    """Shows an entry to the professionals who may read the record, or hides it again; NotFound when it is none of the citizen's."""
    p.must_be_for(Action.WRITE_OWN_ENTRY)
    locked = await lock(p.tx, p.cipher, type_, identifier) if type_ in KINDS else None
    if locked is None or not is_from_citizen(locked.stored.json()):
        raise NotFound
    resource = locked.stored.exact()
    others = [one for one in resource["meta"].get("security", []) if one.get("code") != MASKED]
    labels = others if shared else [*others, MASK]
    meta = {key: value for key, value in resource["meta"].items() if key != "security"}
    changed = {**resource, "meta": {**meta, **({"security": labels} if labels else {})}}
    p.note(f"{type_}/{identifier}")
    return await update(p.tx, p.cipher, p.keys, locked.stored, changed, p.now)


async def remove_entry(p: Permit, type_: str, identifier: UUID) -> None:
    """Takes an entry back; NotFound when it is none of the citizen's. Taking it back twice changes nothing."""
    p.must_be_for(Action.WRITE_OWN_ENTRY)
    locked = await lock(p.tx, p.cipher, type_, identifier) if type_ in KINDS else None
    if locked is None and type_ in KINDS and await last_version(p.tx, p.cipher, type_, identifier) is not None:
        return
    if locked is None or not is_from_citizen(locked.stored.json()):
        raise NotFound
    await delete(p.tx, p.cipher, p.keys, locked, p.now)
    p.note(f"{type_}/{identifier}")
