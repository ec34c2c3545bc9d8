"""The verb: the International Patient Summary of a citizen, of what the caller may see of them."""

from collections.abc import Iterable
from uuid import UUID

from healthspace.access.permit import Permit
from healthspace.access.rules import Action
from healthspace.base.errors import NotFound
from healthspace.base.fhirjson import Resource
from healthspace.base.ids import new_id
from healthspace.fhir.exact_json import write_json
from healthspace.fhir.searching.extract import extract
from healthspace.record.summary.assemble import assemble
from healthspace.record.summary.select import TYPES
from healthspace.record.summary.words import Words
from healthspace.resources.including import fetch_named
from healthspace.resources.reach import Reach
from healthspace.resources.store import find
from healthspace.resources.stored import Stored
from healthspace.resources.whole import Shown, read_types

REGISTERED = ("Practitioner", "PractitionerRole", "Organization")
ROUNDS = 2
"""A role leads to a person and a structure: references are followed that often."""


async def summarise(p: Permit, patient: UUID, language: str, base: str = "") -> bytes:
    """The summary Bundle as JSON, in `language` ("fr" or "en"); NotFound when the permit is not about `patient`.

    `base` is our own URL, which references in resources may begin with.
    """
    p.must_be_for(Action.SEARCH_RESOURCES)
    holder = await find(p.tx, p.cipher, "Patient", patient)
    if holder is None:
        raise NotFound
    shown = await read_types(p, TYPES)
    stored_of = {id(resource): stored for stored, resource in shown}

    def exact(resource: Resource) -> Resource:
        stored = stored_of.get(id(resource))
        return resource if stored is None else stored.exact()

    registry = await _registry(Reach(p, base), shown)
    resources = [resource for _, resource in shown]
    bundle = assemble(holder.exact(), resources, new_id(p.owner), p.now, Words(language), exact=exact, registry=registry, base=base)
    p.note(f"Patient/{holder.name}", *(f"{stored.type}/{stored.name}" for stored in _told(bundle, shown)))
    return write_json(bundle)


async def _registry(reach: Reach, shown: Shown) -> dict[str, Resource]:
    """The professionals and structures that the resources refer to, by `Type/name`, as far as the caller may see them."""
    found: dict[str, Resource] = {}
    wanted = {name for _, resource in shown for name in _references(resource)}
    for _ in range(ROUNDS):
        for type_ in REGISTERED:
            names = [name.removeprefix(f"{type_}/") for name in wanted - found.keys() if name.startswith(f"{type_}/")]
            if names:
                found |= {f"{type_}/{one.name}": one.json() for one in await fetch_named(reach, type_, names)}
        wanted = {name for resource in found.values() for name in _references(resource)}
    return found


def _references(resource: Resource) -> Iterable[str]:
    return (text for _, text, _ in extract(resource).references)


def _told(bundle: Resource, shown: Shown) -> Iterable[Stored]:
    """The resources that the document tells of, for the trail."""
    ids = {entry["resource"]["id"] for entry in bundle["entry"]}
    return (stored for stored, _ in shown if str(stored.id) in ids)
