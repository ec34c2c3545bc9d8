"""Who is behind a statement: professionals and structures that a resource only names, made into entries of the summary.

The record keeps people as logical references (identifier and name). A document must stand alone, so each becomes a Practitioner or an
Organization (Practitioner-uv-ips, Organization-uv-ips: a name is required), once.
"""

from typing import Any

from healthspace.base.fhirjson import Resource, compact
from healthspace.identity.directory import FINESS, FINESS_OID
from healthspace.record.summary.sections import IPS

PEOPLE = frozenset(
    "performer actor recorder asserter requester informationSource author resultsInterpreter generalPractitioner source collector".split()
)
"""Elements that name people or structures."""
PERSON_ONLY = frozenset({"recorder", "asserter", "collector"})
"""R4 does not let these be an Organization, whatever resource they stand in."""
ORGANIZATION_ONLY = frozenset({"managingOrganization", "onBehalfOf", "custodian", "organization", "manufacturer"})
STRUCTURES = frozenset({FINESS_OID, FINESS, "http://finess.esante.gouv.fr"})
"""Systems of French identifiers of structures."""


def person_of(element: str, reference: Resource) -> Resource | None:
    """The Practitioner or Organization that a logical reference under `element` tells of; None when it names nobody, or cannot be one."""
    name = reference.get("display") or reference.get("identifier", {}).get("value")
    if not name:
        return None
    kind = _kind_of(element, reference)
    if kind == "Organization":
        return None if element in PERSON_ONLY else organization(str(name), reference.get("identifier"))
    return practitioner({"text": str(name)}, reference.get("identifier")) if kind == "Practitioner" else None


def practitioner(name: Resource, identifier: Resource | None) -> Resource:
    identifiers = [identifier] if identifier else None
    profiled = {"profile": [f"{IPS}Practitioner-uv-ips"]}
    return compact({"resourceType": "Practitioner", "meta": profiled, "identifier": identifiers, "name": [name]})


def organization(name: str, identifier: Resource | None = None) -> Resource:
    identifiers = [identifier] if identifier else None
    return compact(
        {"resourceType": "Organization", "meta": {"profile": [f"{IPS}Organization-uv-ips"]}, "identifier": identifiers, "name": name}
    )


def of_registry(resource: Resource) -> Resource | None:
    """A Practitioner, PractitionerRole or Organization of the registry as the summary shows it; None without the name that it must have."""
    type_ = resource["resourceType"]
    if type_ in {"Practitioner", "Organization"} and not resource.get("name"):
        return None
    return {**resource, "meta": {"profile": [f"{IPS}{type_}-uv-ips"]}}


def _kind_of(element: str, reference: Resource) -> str:
    if element in ORGANIZATION_ONLY:
        return "Organization"
    stated: Any = reference.get("type")
    if stated:
        return str(stated) if stated in {"Organization", "Practitioner"} else ""
    return "Organization" if reference.get("identifier", {}).get("system") in STRUCTURES else "Practitioner"
