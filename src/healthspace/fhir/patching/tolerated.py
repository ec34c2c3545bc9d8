"""Choosing the engine of a patch by its media type, and the forms that the French guides use (`../rules/french.md` §5 and §15).

TD3.3 names an extension in a pointer by its URL, which RFC 6901 does not know, and replaces `/securityLabel/0` where it means one label of
a set. Both are understood as they are meant, on DocumentReference and List, and nowhere else.
"""

import re
from collections.abc import Callable
from typing import Any

from healthspace.base.errors import Invalid, Malformed, UnsupportedMedia
from healthspace.fhir.exact_json import copy_json
from healthspace.fhir.patching.fhirpath_patch import apply_fhirpath_patch
from healthspace.fhir.patching.json_patch import apply_json_patch

JSON_PATCH = "application/json-patch+json"
FHIR_TYPES = frozenset(
    {"application/fhir+json", "application/fhir+xml", "application/xml+fhir", "application/json+fhir", "application/xml", "text/xml"}
)
DOCUMENT_TYPES = frozenset({"DocumentReference", "List"})
BY_URL = re.compile(r"/extension\[url:'(?P<url>[^']{1,300})'\]/(?P<value>value[A-Z][A-Za-z]+)")
FHIRPATH_LABEL = re.compile(r"(?:DocumentReference\.|List\.)?securityLabel(?:\[(?P<index>\d{1,3})\]|\.first\(\))?")
FHIRPATH_EXTENSION = re.compile(
    r"(?:DocumentReference\.|List\.)?extension(?:\.where\(url ?= ?'(?P<url>[^']{1,300})'\))(?:\.first\(\))?"
    r"\.value(?:\.ofType\(boolean\)|Boolean)?"
)
LABEL = re.compile(r"/securityLabel/(\d{1,3}|-)")
MASKS = frozenset({"MASQUE_PS", "INVISIBLE_PATIENT", "INVISIBLE_REPRESENTANTS_LEGAUX"})
NORMAL = "N"

Resource = dict[str, Any]
Edit = Callable[[Resource], Resource]


def read_patch(media_type: str, document: Any, resource_type: str) -> Edit:
    """The change that a patch document of this media type asks for; UnsupportedMedia or Malformed when there is no such engine."""
    if media_type == JSON_PATCH or (media_type == "application/json" and isinstance(document, list)):
        return lambda resource: _keep_identity(resource, _apply_json(resource, document, resource_type))
    if media_type in FHIR_TYPES or media_type == "application/json":
        if not isinstance(document, dict) or document.get("resourceType") != "Parameters":
            raise Malformed("a FHIRPath Patch is a Parameters resource", place="Parameters")
        return lambda resource: _keep_identity(resource, _apply_fhirpath(resource, document, resource_type))
    raise UnsupportedMedia("send application/json-patch+json, or a FHIRPath Patch as application/fhir+json", place="Content-Type")


def _keep_identity(before: Resource, after: Any) -> Resource:
    """A patch may not turn a resource into another one (R4 http.html#patch)."""
    same = isinstance(after, dict) and all(after.get(name) == before.get(name) for name in ("resourceType", "id"))
    if not same:
        raise Malformed("a patch may not change the type or the id of a resource", place="Resource.id")
    patched: Resource = after
    return patched


def _apply_json(resource: Resource, operations: Any, resource_type: str) -> Any:
    if resource_type not in DOCUMENT_TYPES or not isinstance(operations, list):
        return apply_json_patch(resource, operations)
    patched: Any = resource
    for operation in operations:
        path = operation.get("path") if isinstance(operation, dict) else None
        named = BY_URL.fullmatch(path) if isinstance(path, str) else None
        if named is not None:
            patched = _set_extension(patched, named["url"], named["value"], operation)
        elif isinstance(path, str) and LABEL.fullmatch(path) and _label_in(operation) is not None:
            patched = _set_label(patched, operation["value"], str(_label_in(operation)), path.rpartition("/")[2])
        else:
            patched = apply_json_patch(patched, [operation])
    return patched


def _apply_fhirpath(resource: Resource, parameters: Resource, resource_type: str) -> Resource:
    """As JSON Patch: a label is replaced as one of a set, and an extension that is not there yet is put there."""
    operations = parameters.get("parameter", [])
    if resource_type not in DOCUMENT_TYPES or not isinstance(operations, list):
        return apply_fhirpath_patch(resource, parameters)
    patched = resource
    for number, operation in enumerate(operations):
        meant = _as_json_operation(operation)
        if meant is not None:
            patched = _apply_json(patched, [meant], resource_type)
            continue
        try:
            patched = apply_fhirpath_patch(patched, {**parameters, "parameter": [operation]})
        except (Invalid, Malformed) as error:
            error.place = (error.place or "").replace("Parameters.parameter[0]", f"Parameters.parameter[{number}]")
            raise
    return patched


def _as_json_operation(operation: Any) -> dict[str, Any] | None:
    """The JSON Patch operation that means the same, for the two forms that the guides use; None for any other."""
    listed = operation.get("part", []) if isinstance(operation, dict) else []
    parts = {part.get("name"): part for part in listed if isinstance(part, dict)} if isinstance(listed, list) else {}
    path, kind = str(parts.get("path", {}).get("valueString", "")), parts.get("type", {}).get("valueCode")
    value = next(((key, value) for key, value in parts.get("value", {}).items() if key.startswith("value")), None)
    if kind != "replace" or value is None:
        return None
    if (label := FHIRPATH_LABEL.fullmatch(path)) is not None:
        meant = value[1] if value[0] == "valueCodeableConcept" else {"coding": [value[1]]}
        made = {"op": "replace", "path": f"/securityLabel/{label['index'] or 0}", "value": meant}
        return made if isinstance(meant, dict) and _label_in(made) is not None else None
    named = FHIRPATH_EXTENSION.fullmatch(path)
    if named is None:
        return None
    return {"op": "replace", "path": f"/extension[url:'{named['url']}']/{value[0]}", "value": value[1]}


def _set_extension(resource: Resource, url: str, key: str, operation: dict[str, Any]) -> Resource:
    """§15.3: the extension with that URL, wherever it stands; added when it is not there."""
    others = [each for each in resource.get("extension", []) if each.get("url") != url]
    if operation.get("op") == "remove":
        return {**resource, "extension": others} if others else {name: value for name, value in resource.items() if name != "extension"}
    if operation.get("op") not in {"add", "replace"} or "value" not in operation:
        raise Malformed("an extension is added, replaced or removed", place="patch.op")
    return {**resource, "extension": [*others, {"url": url, key: operation["value"]}]}


def _label_in(operation: dict[str, Any]) -> str | None:
    """The visibility code that a replacement of a label is about; None for any other operation."""
    value = operation.get("value")
    if operation.get("op") not in {"add", "replace"} or not isinstance(value, dict):
        return None
    codes = [one.get("code") for one in value.get("coding", []) if isinstance(one, dict)]
    return next((code for code in codes if code in MASKS or code == NORMAL), None)


def _set_label(resource: Resource, concept: Resource, code: str, place: str) -> Resource:
    """§15.2: labels are a set in a stable order. A mask joins the others; N takes one away, and leaves confidentiality as it is."""
    labels = copy_json(resource.get("securityLabel", []))
    if code in MASKS:
        kept = labels if any(code in _codes(label) for label in labels) else [*labels, copy_json(concept)]
    else:
        pointed = _codes(labels[int(place)]) & MASKS if place.isdecimal() and int(place) < len(labels) else set()
        # A pointer at something else than a mask means what TD3.3a is about: masking from professionals.
        gone = pointed or {"MASQUE_PS"}
        kept = [label for label in labels if not _codes(label) & gone]
        kept = kept if any(NORMAL in _codes(label) for label in kept) else [copy_json(concept), *kept]
    return {**resource, "securityLabel": kept}


def _codes(label: Resource) -> set[str]:
    return {one["code"] for one in label.get("coding", []) if isinstance(one, dict) and "code" in one}
