"""Whose a new resource is: the citizen's that it is about, or nobody's in particular.

A Patient opens a citizen's space. A reference to a Patient that is not there yet reserves their space, so that what arrives first is
theirs when they come (R4 http.html#update, "servers may accept references that cannot be resolved").
"""

from collections.abc import Iterator
from uuid import UUID

from healthspace.access.wide import WidePermit
from healthspace.base.errors import Conflict, Contended
from healthspace.base.ids import REGISTRY, new_id, owner_of
from healthspace.database.seal import Cipher
from healthspace.fhir.searching.extract import Extracted, extract_branch
from healthspace.fhir.searching.parameters import compartment_parameters, parameters_of
from healthspace.identity.ins import SYSTEMS
from healthspace.resources.names import claim, claim_name, locate_name
from healthspace.resources.stored import Resource

INS_SYSTEMS = frozenset(f"urn:oid:{oid}" for oid in SYSTEMS)


async def place(p: WidePermit, resource: Resource) -> Cipher:
    """The cipher of the owner whose `resource`, not stored yet, is to be; the owner is entered."""
    if resource["resourceType"] == "Patient":
        cipher = await p.found()
        await claim_ins(p, resource, cipher.owner)
        return cipher
    for name in patients_of(resource):
        located = await locate_name(p.tx, p.keys, "Patient", name)
        if located is None or located[0] == REGISTRY:
            return await _reserve(p, name)
        entered = await p.enter(located[0])
        if entered is None:
            await p.require_unknown(located[0])
            return await _reserve(p, name)
        return entered
    registry = await p.enter(REGISTRY)
    assert registry is not None  # noqa: S101 - the registry is always open
    return registry


def patients_of(resource: Resource) -> Iterator[str]:
    """The names of the Patients that `resource` is about, the one that decides first."""
    type_ = resource["resourceType"]
    if type_ == "Binary":
        yield from _patient_in(resource.get("securityContext", {}).get("reference", ""))
        return
    names = compartment_parameters(type_)
    if not names:
        return
    for name in names:
        found = Extracted()
        for branch in parameters_of(type_)[name].branches:
            extract_branch(found, branch, resource)
        for _, text, _ in found.references:
            yield from _patient_in(text)


def owner_told_by(resource: Resource) -> set[int]:
    """The owners that references of `resource` name by our own ids; a check that an update stays where it is."""
    names = [UUID(name) for name in patients_of(resource) if len(name) == 36 and _is_uuid(name)]
    return {owner_of(name) for name in names[:1]} - {REGISTRY}


async def claim_ins(p: WidePermit, patient: Resource, owner: int) -> None:
    """A national health identity names one citizen. Conflict when another has it."""
    for identifier in patient.get("identifier", []):
        if identifier.get("system") in INS_SYSTEMS and identifier.get("value"):
            oid = identifier["system"].removeprefix("urn:oid:")
            if not await claim(p.tx, p.keys, "Patient", oid, identifier["value"], owner):
                raise Conflict("a citizen with this national health identity has a health space already", place="Patient.identifier")


def _patient_in(text: str) -> Iterator[str]:
    if text.startswith("Patient/") and "/" not in text[8:] and "?" not in text:
        yield text[8:]


def _is_uuid(name: str) -> bool:
    try:
        UUID(name)
    except ValueError:
        return False
    return True


async def _reserve(p: WidePermit, name: str) -> Cipher:
    """A space for a Patient who is referred to and not there."""
    cipher = await p.found()
    if not await claim_name(p.tx, p.keys, "Patient", name, (cipher.owner, new_id(cipher.owner))):
        raise Contended
    return cipher
