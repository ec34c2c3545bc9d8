"""The verb: the International Patient Summary of a citizen, of what the caller may see of them."""

import re
from collections.abc import Iterable
from uuid import UUID

import orjson

from healthspace.access.permit import Permit
from healthspace.access.rules import Action, Reason
from healthspace.base.errors import NotFound, Refused
from healthspace.base.fhirjson import Resource
from healthspace.base.ids import new_id
from healthspace.fhir.exact_json import write_json
from healthspace.record.summary.assemble import assemble
from healthspace.record.summary.narrow import Read, narrow
from healthspace.record.summary.select import TYPES
from healthspace.record.summary.words import Words
from healthspace.resources.including import fetch_named
from healthspace.resources.reach import Reach
from healthspace.resources.store import find
from healthspace.resources.stored import Stored
from healthspace.resources.whole import read_types

REGISTERED = ("Practitioner", "PractitionerRole", "Organization", "Medication")
NAMED = rb'"reference":"(?:%s/)?((?:%s)/[A-Za-z0-9.-]{1,64})"'
"""What a reference to one of them looks like in a stored body; it may begin with our own URL."""
ROUNDS = 2
"""A role leads to a person and a structure: references are followed that often."""


async def summarise(p: Permit, patient: UUID, language: str, base: str = "") -> bytes:
    """The summary Bundle as JSON, in `language` ("fr" or "en").

    NotFound when the permit is not about `patient`, Refused when it is for a part of the record only. `base` is our own URL, which
    references in resources may begin with.
    """
    p.must_be_for(Action.SEARCH_RESOURCES)
    if p.only_own_deposits:
        # Who sees a part would be told that nothing is known of the rest; and a summary names its citizen.
        raise Refused(Reason.NO_RIGHT)
    holder = await find(p.tx, p.cipher, "Patient", patient)
    if holder is None:
        raise NotFound
    shown = _read(await read_types(p, TYPES))
    stored_of = {id(resource): stored for stored, resource in shown}

    def exact(resource: Resource) -> Resource:
        # What orjson writes again as it was read has no number that it would change: that is nearly everything, and quickly seen.
        stored = stored_of.get(id(resource))
        return resource if stored is None or orjson.dumps(resource) == stored.body else stored.exact()

    registry = await _registry(Reach(p, base), shown)
    resources = [resource for _, resource in shown]
    bundle = assemble(holder.exact(), resources, new_id(p.owner), p.now, Words(language), exact=exact, registry=registry, base=base)
    p.note(f"Patient/{holder.name}", *(f"{stored.type}/{stored.name}" for stored in _told(bundle, shown)))
    return write_json(bundle)


def _read(listed: list[Stored]) -> list[Read]:
    """The resources with their JSON; of Observations, those that a summary can need."""
    others = [(stored, stored.json()) for stored in listed if stored.type != "Observation"]
    reports = (resource for _, resource in others if resource["resourceType"] == "DiagnosticReport")
    return others + narrow([stored for stored in listed if stored.type == "Observation"], reports)


async def _registry(reach: Reach, shown: list[Read]) -> dict[str, Resource]:
    """The professionals and structures that the resources refer to, by `Type/name`, as far as the caller may see them."""
    found: dict[str, Resource] = {}
    named = re.compile(NAMED % (re.escape(reach.base.encode()), "|".join(REGISTERED).encode()))
    wanted = {name.decode() for stored, _ in shown for name in named.findall(stored.body)}
    further: set[str] = set()
    for _ in range(ROUNDS):
        for type_ in REGISTERED:
            names = [name.removeprefix(f"{type_}/") for name in wanted - found.keys() if name.startswith(f"{type_}/")]
            met = await fetch_named(reach, type_, names) if names else []
            found |= {f"{type_}/{one.name}": one.json() for one in met}
            further |= {name.decode() for one in met for name in named.findall(one.body)}
        wanted, further = further, set()
    return found


def _told(bundle: Resource, shown: list[Read]) -> Iterable[Stored]:
    """The resources that the document tells of, for the trail."""
    ids = {entry["resource"]["id"] for entry in bundle["entry"]}
    return (stored for stored, _ in shown if str(stored.id) in ids)
