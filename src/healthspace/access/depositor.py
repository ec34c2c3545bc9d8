"""Who brought a document: kept in it as an extension, and hashed in its index, so that its depositor always finds it."""

from typing import Any

from healthspace.identity.caller import Caller
from healthspace.identity.directory import FINESS, RPPS

DEPOSITOR = "urn:healthspace:depositor"
SYSTEMS = {"rpps": RPPS, "finess": FINESS}


def depositor_extension(caller: Caller) -> dict[str, Any]:
    """Who brought a document, as kept in it."""
    kind, _, value = caller.depositor_key.partition("|")
    if kind == "patient":
        return {"url": DEPOSITOR, "valueReference": {"reference": f"Patient/{value}"}}
    display = caller.structure or caller.name
    if kind not in SYSTEMS:
        return {"url": DEPOSITOR, "valueReference": {"display": display or kind}}  # the service itself
    reference = {"identifier": {"system": SYSTEMS[kind], "value": value}, **({"display": display} if display else {})}
    return {"url": DEPOSITOR, "valueReference": reference}


def is_by_citizen(resource: dict[str, Any]) -> bool:
    """Whether the citizen, or another citizen for them, brought a document or entered a fact: no professional answers for it."""
    return (depositor_of(resource) or "").startswith("patient|")


def depositor_of(resource: dict[str, Any]) -> str | None:
    """The `Caller.depositor_key` of who brought a document."""
    for extension in resource.get("extension", []):
        if extension.get("url") == DEPOSITOR:
            reference = extension.get("valueReference", {})
            if "reference" in reference:
                return "patient|" + str(reference["reference"]).removeprefix("Patient/")
            identifier = reference.get("identifier", {})
            return next((f"{kind}|{identifier.get('value')}" for kind, url in SYSTEMS.items() if url == identifier.get("system")), None)
    return None
