"""What a patch leaves empty goes with what it takes away: FHIR has no empty objects and lists (R4 json.html, datatypes.html#ele-1)."""

from collections.abc import Iterable
from typing import Any

_GONE = object()


def drop_emptied(document: Any, emptied: Iterable[Any]) -> Any:
    """`document` without those of `emptied` (objects and lists in it) that are still empty, nor what holds nothing else.

    Other empty values stay, to be refused: a patch that brings one is wrong.
    """
    places = {id(one) for one in emptied if not one}
    left = _drop(document, places) if places else document
    return document if left is _GONE else left


def _drop(value: Any, places: set[int]) -> Any:
    if isinstance(value, dict):
        kept: Any = {name: left for name, inner in value.items() if (left := _drop(inner, places)) is not _GONE}
    elif isinstance(value, list):
        kept = [left for inner in value if (left := _drop(inner, places)) is not _GONE]
    else:
        return value
    return _GONE if not kept and (value or id(value) in places) else kept
