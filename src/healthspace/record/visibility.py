"""Which documents a permit shows: its scope and hidden labels, as conditions of a query and as a test of one document."""

from typing import Any

from healthspace.access.permit import Permit
from healthspace.access.rules import Scope
from healthspace.identity.caller import Caller
from healthspace.resources.indexing import Resource
from healthspace.resources.search import Query

DEPOSITOR = "urn:healthspace:depositor"
SYSTEMS = {"rpps": "https://rpps.esante.gouv.fr", "finess": "https://finess.esante.gouv.fr"}


def restrict(p: Permit, query: Query) -> Query:
    """`query`, narrowed in place to what the permit shows."""
    if p.scope is Scope.OWN_DEPOSITS:
        query.hashes.append([p.depositor])
    query.hidden = [p.keys.hash32(query.type, "security-label", label) for label in p.hidden]
    query.unless = p.depositor
    return query


def is_visible(p: Permit, resource: Resource) -> bool:
    """Whether the permit shows this one DocumentReference or List."""
    if depositor_of(resource) == p.caller.depositor_key:
        return True
    return p.scope is Scope.ALL and not (labels_of(resource) & p.hidden)


def labels_of(resource: Resource) -> set[str]:
    """Codes of the security labels, of a document or of the submission that brought it."""
    concepts = resource.get("securityLabel", [])
    codings = [coding for concept in concepts for coding in concept.get("coding", [])]
    return {coding["code"] for coding in [*codings, *resource.get("meta", {}).get("security", [])] if "code" in coding}


def depositor_extension(caller: Caller) -> dict[str, Any]:
    """Who brought a document, as kept in it."""
    kind, _, value = caller.depositor_key.partition("|")
    if kind == "patient":
        return {"url": DEPOSITOR, "valueReference": {"reference": f"Patient/{value}"}}
    display = caller.structure or caller.name
    reference = {"identifier": {"system": SYSTEMS.get(kind, kind), "value": value}, **({"display": display} if display else {})}
    return {"url": DEPOSITOR, "valueReference": reference}


def depositor_of(resource: Resource) -> str | None:
    """The `Caller.depositor_key` of who brought a document."""
    for extension in resource.get("extension", []):
        if extension.get("url") == DEPOSITOR:
            reference = extension["valueReference"]
            if "reference" in reference:
                return "patient|" + str(reference["reference"]).removeprefix("Patient/")
            system, value = reference["identifier"]["system"], reference["identifier"]["value"]
            return next((f"{kind}|{value}" for kind, url in SYSTEMS.items() if url == system), None)
    return None
