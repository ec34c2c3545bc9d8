"""What a statement is about when it does not say so itself: the device in use, the medication taken (R4 wants exactly one)."""

from collections.abc import Callable, Mapping

from healthspace.base.fhirjson import Resource, compact
from healthspace.record.summary.values import absence

REFERRED = {"DeviceUseStatement": "device", "MedicationStatement": "medicationReference", "MedicationRequest": "medicationReference"}


def settle(resource: Resource, known: Mapping[str, Resource], exact: Callable[[Resource], Resource]) -> tuple[Resource, Resource | None]:
    """`resource` with its reference in place, and the Device or Medication that this leads to; None when there is none.

    A contained one comes out; one that is only named becomes a Device, or the medication's name.
    """
    element = REFERRED.get(resource["resourceType"], "")
    if element not in resource and resource["resourceType"] != "DeviceUseStatement":
        return resource, None
    reference = resource.get(element) or {}
    target = reference.get("reference", "")
    inside = next((one for one in resource.get("contained", ()) if target == f"#{one.get('id')}"), None)
    if inside is not None:
        rest = [one for one in resource["contained"] if one is not inside]
        found: Resource = {**inside, "id": f"{resource['id']}.{inside['id']}"}
        return _refer(compact({**resource, "contained": rest}), element, found), found
    if target in known:
        found = exact(known[target])
        return _refer(resource, element, found), found
    said = {"text": reference["display"]} if "display" in reference else absence()
    if element == "medicationReference":
        kept = {key: value for key, value in resource.items() if key != element}
        return {**kept, "medicationCodeableConcept": said}, None
    identifiers = [reference["identifier"]] if "identifier" in reference else None
    made = compact({"resourceType": "Device", "id": f"{resource['id']}.device", "identifier": identifiers, "type": said})
    return _refer(resource, element, made), made


def _refer(resource: Resource, element: str, found: Resource) -> Resource:
    return {**resource, element: {"reference": f"{found['resourceType']}/{found['id']}"}}
