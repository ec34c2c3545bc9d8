"""FHIRPath Patch (R4 fhirpatch.html): a Parameters resource of operations. The resource that is given is never changed."""

from collections.abc import Callable
from typing import Any

from healthspace.base.errors import Invalid, Malformed
from healthspace.fhir.definitions import Element
from healthspace.fhir.exact_json import copy_json
from healthspace.fhir.patching.emptied import drop_emptied
from healthspace.fhir.patching.locations import Location, find_locations, keys_of

MOST_OPERATIONS = 1000

Resource = dict[str, Any]
Parts = dict[str, Resource]


def apply_fhirpath_patch(resource: Resource, parameters: Resource) -> Resource:
    """What the operations in `parameters` make of `resource`.

    Malformed when it is no patch, Invalid when an operation cannot be done; places are `Parameters.parameter[n]` with the part at fault.
    """
    operations = parameters.get("parameter", [])
    if not isinstance(operations, list) or len(operations) > MOST_OPERATIONS:
        raise Malformed(f"a patch has {MOST_OPERATIONS} operations at most", place="Parameters.parameter")
    patched: Resource = copy_json(resource)
    emptied: list[Any] = []
    for number, operation in enumerate(operations):
        place = f"Parameters.parameter[{number}]"
        parts = _read_parts(operation, place)
        kind = parts.get("type", {}).get("valueCode") or parts.get("type", {}).get("valueString")
        if kind not in _OPERATIONS:
            raise Malformed(f"type is one of {', '.join(sorted(_OPERATIONS))}", place=f"{place}.part")
        try:
            emptied.append(_OPERATIONS[kind](patched, parts))
        except (Invalid, Malformed) as error:
            error.place = f"{place}.{error.place or 'part'}"
            raise
    dropped: Resource = drop_emptied(patched, emptied)
    return dropped


def _read_parts(operation: Any, place: str) -> Parts:
    if not isinstance(operation, dict) or operation.get("name") != "operation" or not isinstance(operation.get("part"), list):
        raise Malformed("each parameter is an operation with parts", place=place)
    return {part["name"]: part for part in operation["part"] if isinstance(part, dict) and isinstance(part.get("name"), str)}


def _add(resource: Resource, parts: Parts) -> None:
    """Adds to the one element that the path leads to: at the end of a list, or where there is nothing yet."""
    name, target = _text(parts, "name"), _one(resource, _text(parts, "path"))
    if not isinstance(target.value, dict):
        raise Invalid("nothing can be added to a value", place="path")
    element, key, value = _valued(_type_of(target), name, parts.get("value"))
    if element.repeats:
        _append(target.value, key, value)
        return
    if any(other in target.value for _, other, _ in keys_of(_type_of(target), element.name)):
        raise Invalid("there is one already, and there may be no more", place="name")
    target.value[key] = value


def _insert(resource: Resource, parts: Parts) -> None:
    parent, name = _parent_and_name(resource, _text(parts, "path"))
    element, key, value = _valued(_type_of(parent), name, parts.get("value"))
    if not element.repeats:
        raise Invalid("only a list takes an insertion", place="path")
    listed, index = parent.value.get(key, []), _number(parts, "index")
    if index > len(listed):
        raise Invalid("there is no such place in the list", place="index")
    parent.value[key] = [*listed[:index], value, *listed[index:]]
    if isinstance(siblings := parent.value.get(f"_{key}"), list):
        siblings.insert(index, None)


def _delete(resource: Resource, parts: Parts) -> Resource | None:
    """Deletes the one element; one that is not there is deleted already. What it was taken from, which it may leave empty."""
    found = find_locations(resource, _text(parts, "path"))
    if len(found) > 1:
        raise Invalid("the path leads to several elements", place="path")
    if found:
        _remove(found[0])
    return found[0].parent if found else None


def _replace(resource: Resource, parts: Parts) -> None:
    target = _one(resource, _text(parts, "path"))
    if target.parent is None or target.element is None:
        raise Invalid("the whole resource cannot be replaced", place="path")
    value, kind = _value_of(parts.get("value"), target.type, target.element)
    key = target.element.name + kind[0].upper() + kind[1:] if target.element.choice and kind else target.key
    if target.index is not None:
        target.parent[key][target.index] = value
        return
    target.parent.pop(target.key, None)
    target.parent.pop(f"_{target.key}", None)
    target.parent[key] = value


def _move(resource: Resource, parts: Parts) -> None:
    parent, name = _parent_and_name(resource, _text(parts, "path"))
    key = next((key for _, key, _ in keys_of(_type_of(parent), name)), name)
    listed = parent.value.get(key)
    source, destination = _number(parts, "source"), _number(parts, "destination")
    if not isinstance(listed, list) or source >= len(listed) or destination >= len(listed):
        raise Invalid("there is no such place in the list", place="source")
    listed.insert(destination, listed.pop(source))
    if isinstance(siblings := parent.value.get(f"_{key}"), list):
        siblings += [None] * (len(listed) - len(siblings))
        siblings.insert(destination, siblings.pop(source))


def _remove(target: Location) -> None:
    if target.parent is None:
        raise Invalid("the whole resource cannot be deleted", place="path")
    if target.index is None:
        target.parent.pop(target.key, None)
        target.parent.pop(f"_{target.key}", None)
        return
    for key in (target.key, f"_{target.key}"):
        listed = target.parent.get(key)
        if isinstance(listed, list) and target.index < len(listed):
            del listed[target.index]
            if all(one is None for one in listed):
                del target.parent[key]


def _append(parent: Resource, key: str, value: Any) -> None:
    listed = parent.setdefault(key, [])
    if not isinstance(listed, list):
        raise Invalid("this is no list", place="name")
    listed.append(value)
    if isinstance(siblings := parent.get(f"_{key}"), list):
        siblings.append(None)


def _one(resource: Resource, path: str) -> Location:
    found = find_locations(resource, path)
    if len(found) != 1:
        raise Invalid("the path must lead to exactly one element", place="path")
    return found[0]


def _parent_and_name(resource: Resource, path: str) -> tuple[Location, str]:
    """The object that holds a list, and the name of the list: what a path without an index leads to."""
    above, dot, name = path.rpartition(".")
    if not dot or not name.strip().isidentifier():
        raise Invalid("the path must lead to a list by its name", place="path")
    parent = _one(resource, above)
    if not isinstance(parent.value, dict):
        raise Invalid("the path must lead to a list", place="path")
    return parent, name.strip()


def _valued(type_: str, name: str, part: Resource | None) -> tuple[Element, str, Any]:
    """The element `name` of a type, the JSON key for the value of `part`, and that value."""
    candidates = keys_of(type_, name)
    if not candidates:
        raise Invalid("there is no such element", place="name")
    element = candidates[0][0]
    value, kind = _value_of(part, candidates[0][2], element)
    if not element.choice:
        return element, candidates[0][1], value
    key = next((key for _, key, each in candidates if each == kind), None)
    if key is None:
        raise Invalid("the element cannot have a value of this type", place="value")
    return element, key, value


def _value_of(part: Resource | None, type_: str, element: Element) -> tuple[Any, str]:
    """The value in a part, and its type: `value[x]`, a resource, or parts that name the members of an object."""
    if part is None:
        raise Malformed("this operation needs a value", place="value")
    for key, value in part.items():
        if key.startswith("value") and len(key) > 5:
            kind = key[5].lower() + key[6:]
            names = {allowed.name for allowed in element.types}
            return copy_json(value), kind if kind in names or key[5:] not in names else key[5:]
    if "resource" in part:
        return copy_json(part["resource"]), type_
    if isinstance(part.get("part"), list):
        return _build(type_, part["part"]), type_
    raise Malformed("this operation needs a value", place="value")


def _build(type_: str, parts: list[Any]) -> Resource:
    """An object from parts that name its members."""
    built: Resource = {}
    for part in parts:
        if not isinstance(part, dict) or not isinstance(part.get("name"), str):
            raise Malformed("each part has a name", place="value")
        element, key, value = _valued(type_, part["name"], part)
        if element.repeats:
            _append(built, key, value)
        else:
            built[key] = value
    return built


def _type_of(location: Location) -> str:
    return str(location.value.get("resourceType", location.type)) if isinstance(location.value, dict) else location.type


def _text(parts: Parts, name: str) -> str:
    part = parts.get(name, {})
    value = next((value for key, value in part.items() if key.startswith("value")), None)
    if not isinstance(value, str):
        raise Malformed(f"this operation needs {name}", place=name)
    return value


def _number(parts: Parts, name: str) -> int:
    part = parts.get(name, {})
    value = next((value for key, value in part.items() if key.startswith("value")), None)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise Malformed(f"this operation needs {name}, a whole number", place=name)
    return value


_OPERATIONS: dict[str, Callable[[Resource, Parts], Resource | None]] = {
    "add": _add,
    "insert": _insert,
    "delete": _delete,
    "replace": _replace,
    "move": _move,
}
