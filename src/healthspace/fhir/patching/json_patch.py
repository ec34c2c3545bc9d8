"""JSON Patch (RFC 6902) with JSON Pointers (RFC 6901). A patch is applied whole or not at all; its input is never changed."""

import re
from collections.abc import Callable
from typing import Any

from healthspace.base.errors import Invalid, Malformed
from healthspace.fhir.exact_json import DEEPEST, ExactNumber, copy_json
from healthspace.fhir.patching.emptied import drop_emptied

MOST_OPERATIONS = 1000
MOST_COPIED = 1_000_000
"""Values that the copies of one patch may make: a short patch must not become a huge resource."""
INDEX = re.compile(r"0|[1-9]\d{0,8}", re.ASCII)
WRONG_ESCAPE = re.compile(r"~(?![01])")
NEEDS = {"add": ("value",), "replace": ("value",), "test": ("value",), "move": ("from",), "copy": ("from",), "remove": ()}

Resource = dict[str, Any]


def apply_json_patch(resource: Any, operations: Any) -> Any:
    """What `operations` make of `resource`. Malformed when they are no patch, Invalid when one cannot be done or a test fails.

    The place of an error is `patch[n]` with the member at fault.
    """
    if not isinstance(operations, list):
        raise Malformed("a JSON Patch is a list of operations", place="patch")
    if len(operations) > MOST_OPERATIONS:
        raise Malformed(f"a patch may have {MOST_OPERATIONS} operations at most", place="patch")
    checked = [_check(operation, f"patch[{number}]") for number, operation in enumerate(operations)]
    patched, copied, emptied = copy_json(resource), 0, []
    for number, operation in enumerate(checked):
        place = f"patch[{number}]"
        copied += _weigh(patched, operation, place)
        if copied > MOST_COPIED:
            raise Invalid("this patch copies too much", place=place)
        losing = _get(patched, split_pointer(_lost(operation), place)[:-1], place) if _lost(operation) else None
        patched = _OPERATIONS[operation["op"]](patched, operation, place)
        if losing is not None and not losing:
            emptied.append(losing)
    return drop_emptied(patched, emptied)


def _lost(operation: dict[str, Any]) -> str:
    """The place that an operation takes something from."""
    return str(operation["path"] if operation["op"] == "remove" else operation["from"] if operation["op"] == "move" else "")


def _weigh(document: Any, operation: dict[str, Any], place: str) -> int:
    """How many values an operation copies; Invalid when what it puts somewhere would nest deeper than any JSON that is read."""
    if operation["op"] in {"remove", "test"}:
        return 0
    known = "value" in NEEDS[operation["op"]]
    value = operation["value"] if known else _get(document, split_pointer(operation["from"], place), f"{place}.from")
    size, depth = _measure(value)
    if depth + operation["path"].count("/") > DEEPEST:
        raise Invalid(f"objects and lists are nested more than {DEEPEST} deep", place=f"{place}.path")
    return size if operation["op"] == "copy" else 0


def split_pointer(pointer: str, place: str) -> list[str]:
    """The reference tokens of a JSON Pointer; Malformed when it is none."""
    if pointer and not pointer.startswith("/"):
        raise Malformed("a JSON Pointer is empty or begins with /", place=place)
    if WRONG_ESCAPE.search(pointer):
        raise Malformed("in a JSON Pointer, ~ is followed by 0 or 1", place=place)
    return [token.replace("~1", "/").replace("~0", "~") for token in pointer.split("/")[1:]]


def equal(one: Any, other: Any) -> bool:
    """RFC 6902 §4.6: the same type and value; numbers by their value, objects whatever their order."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, int | float) and isinstance(other, int | float):
        return float(one) == float(other) if isinstance(one, ExactNumber) or isinstance(other, ExactNumber) else one == other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(equal(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(equal(left, right) for left, right in zip(one, other, strict=True))
    return type(one) is type(other) and bool(one == other)


def _check(operation: Any, place: str) -> dict[str, Any]:
    if not isinstance(operation, dict):
        raise Malformed("an operation is an object", place=place)
    op = operation.get("op")
    if not isinstance(op, str) or op not in NEEDS:
        raise Malformed(f"op is one of {', '.join(sorted(NEEDS))}", place=f"{place}.op")
    for name in ("path", *(name for name in NEEDS[op] if name == "from")):
        if not isinstance(operation.get(name), str):
            raise Malformed(f"this operation needs {name}, a JSON Pointer", place=f"{place}.{name}")
        split_pointer(operation[name], f"{place}.{name}")
    if "value" in NEEDS[op] and "value" not in operation:
        raise Malformed("this operation needs a value", place=f"{place}.value")
    return operation


def _add(document: Any, operation: dict[str, Any], place: str) -> Any:
    return _put(document, split_pointer(operation["path"], place), copy_json(operation["value"]), f"{place}.path")


def _put(document: Any, tokens: list[str], value: Any, place: str) -> Any:
    if not tokens:
        return value
    parent, last = _get(document, tokens[:-1], place), tokens[-1]
    if isinstance(parent, dict):
        parent[last] = value
    elif isinstance(parent, list):
        index = len(parent) if last == "-" else _index(last, place)
        if index > len(parent):
            raise Invalid("there is no such place in the list", place=place)
        parent.insert(index, value)
    else:
        raise Invalid("nothing can be added to a value", place=place)
    return document


def _remove(document: Any, operation: dict[str, Any], place: str) -> Any:
    return _take(document, split_pointer(operation["path"], place), f"{place}.path")


def _take(document: Any, tokens: list[str], place: str) -> Any:
    if not tokens:
        raise Invalid("the whole resource cannot be removed", place=place)
    parent, last = _get(document, tokens[:-1], place), tokens[-1]
    _get(parent, [last], place)
    if isinstance(parent, dict):
        del parent[last]
    else:
        del parent[_index(last, place)]
    return document


def _replace(document: Any, operation: dict[str, Any], place: str) -> Any:
    tokens, value = split_pointer(operation["path"], place), copy_json(operation["value"])
    if not tokens:
        return value
    parent, last = _get(document, tokens[:-1], f"{place}.path"), tokens[-1]
    _get(parent, [last], f"{place}.path")
    if isinstance(parent, dict):
        parent[last] = value
    else:
        parent[_index(last, place)] = value
    return document


def _move(document: Any, operation: dict[str, Any], place: str) -> Any:
    source, target = operation["from"], operation["path"]
    if target.startswith(f"{source}/"):
        raise Invalid("nothing can be moved into itself", place=f"{place}.path")
    tokens = split_pointer(source, place)
    value = _get(document, tokens, f"{place}.from")
    if source == target:
        return document
    return _put(_take(document, tokens, f"{place}.from"), split_pointer(target, place), value, f"{place}.path")


def _copy(document: Any, operation: dict[str, Any], place: str) -> Any:
    value = copy_json(_get(document, split_pointer(operation["from"], place), f"{place}.from"))
    return _put(document, split_pointer(operation["path"], place), value, f"{place}.path")


def _test(document: Any, operation: dict[str, Any], place: str) -> Any:
    if not equal(_get(document, split_pointer(operation["path"], place), f"{place}.path"), operation["value"]):
        raise Invalid("the test of the patch fails", place=f"{place}.value")
    return document


def _get(document: Any, tokens: list[str], place: str) -> Any:
    value = document
    for token in tokens:
        if isinstance(value, dict) and token in value:
            value = value[token]
        elif isinstance(value, list) and token != "-" and (index := _index(token, place)) < len(value):
            value = value[index]
        else:
            raise Invalid("there is nothing at this path", place=place)
    return value


def _index(token: str, place: str) -> int:
    if INDEX.fullmatch(token) is None:
        raise Invalid("a place in a list is a whole number without leading zeros", place=place)
    return int(token)


def _measure(value: Any) -> tuple[int, int]:
    """How many values there are in `value`, and how deep they nest."""
    count, depth, level = 0, 0, [value]
    while level:
        count, depth = count + len(level), depth + 1
        held = (inner.values() if isinstance(inner, dict) else inner for inner in level if isinstance(inner, dict | list))
        level = [one for inner in held for one in inner]
    return count, depth


_OPERATIONS: dict[str, Callable[[Any, dict[str, Any], str], Any]] = {
    "add": _add,
    "remove": _remove,
    "replace": _replace,
    "move": _move,
    "copy": _copy,
    "test": _test,
}
