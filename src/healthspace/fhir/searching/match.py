"""Whether one resource meets one search term (R4 search.html), by looking at it.

It decides what the index can only narrow, and it is what the tests of the index compare with.
"""

from collections.abc import Callable, Collection, Sequence
from typing import Any

from healthspace.base.errors import Malformed
from healthspace.base.text import fold
from healthspace.fhir.searching.boxes import date_boxes, meets, number_boxes
from healthspace.fhir.searching.escapes import split_at, unescape
from healthspace.fhir.searching.extract import Extracted, extract_branch
from healthspace.fhir.searching.model import Branch, Kind, Parameter
from healthspace.fhir.searching.paths import systems_of
from healthspace.fhir.ucum import UCUM_SYSTEMS, canonical
from healthspace.terminology.code_systems import one_name

Resource = dict[str, Any]
Expand = Callable[[str, str], Collection[tuple[str | None, str]]]
"""(modifier, value) → the codes that :in, :above or :below stand for."""


def matches(
    resource: Resource, parameter: Parameter, modifier: str, values: Sequence[str], *, base: str = "", expand: Expand | None = None
) -> bool:
    """Whether `resource` meets any of `values` (still escaped) of `parameter` under `modifier`. Malformed when they cannot be meant."""
    if modifier == "missing":
        return has_any(resource, parameter) != (values[0] == "true")
    if modifier in {"not", "not-in"}:
        return not matches(resource, parameter, "in" if modifier == "not-in" else "", values, base=base, expand=expand)
    if parameter.kind is Kind.COMPOSITE:
        return any(_meets_composite(resource, parameter, value, base) for value in values)
    found = Extracted()
    for branch in parameter.branches:
        extract_branch(found, branch, resource)
    return any(_meets(found, resource, parameter, modifier, value, base, expand) for value in values)


def has_any(resource: Resource, parameter: Parameter) -> bool:
    """Whether the resource has any value of the parameter (:missing=false)."""
    return any(_leads(branch, node) for branch in parameter.branches for _, node in branch.walk.nodes(resource))


def _leads(branch: Branch, node: Any) -> bool:
    if branch.only is None or not isinstance(node, dict):
        return True
    return str(node.get("reference", "")).partition("/")[0] in branch.only or node.get("type") in branch.only


def _meets(found: Extracted, resource: Resource, parameter: Parameter, modifier: str, value: str, base: str, expand: Expand | None) -> bool:
    if parameter.kind is Kind.TOKEN:
        return _meets_token(found, resource, parameter, modifier, value, expand)
    if parameter.kind is Kind.REFERENCE:
        return _meets_reference(found, parameter, modifier, value, base)
    if parameter.kind is Kind.URI:
        return _meets_uri([uri for _, uri in found.uris], modifier, unescape(value))
    if parameter.kind is Kind.STRING:
        return any(_meets_string(text, modifier, unescape(value)) for _, text in found.strings)
    if parameter.kind is Kind.DATE:
        return any(meets(box, lo, hi) for box in date_boxes(unescape(value), parameter.name) for _, lo, hi in found.ranges)
    if parameter.kind is Kind.NUMBER:
        return any(meets(box, lo, hi) for box in number_boxes(unescape(value), parameter.name) for _, lo, hi in found.ranges)
    return _meets_quantity(found, parameter, value)


def _meets_token(found: Extracted, resource: Resource, parameter: Parameter, modifier: str, value: str, expand: Expand | None) -> bool:
    if modifier == "text":
        return any(fold(text).startswith(fold(unescape(value))) for text in texts_of(resource, parameter))
    if modifier == "of-type":
        system, code, number = [*split_at(value, "|"), "", ""][:3]
        return any((kind or "", told, said) == (system, code, number) for _, kind, told, said in found.token_types)
    if modifier in {"in", "above", "below"}:
        if expand is None:
            raise Malformed(f"{parameter.name} has no modifier :{modifier} here", place=parameter.name)
        codes = set(expand(modifier, unescape(value)))
        return any((system or None, code) in codes for branch, said, code in found.tokens for system in _systems(branch, said, code))
    parts = split_at(value, "|")
    if len(parts) == 1:
        return any(code == parts[0] for _, _, code in found.tokens)
    system, code = parts[0], parts[1]
    return any(one_name(system) in _systems(branch, said, told) and code in {"", told} for branch, said, told in found.tokens)


def _systems(branch: Branch, said: str | None, code: str) -> set[str]:
    """The systems that a code can be asked for under: the one it names, or none and those that its element implies."""
    return {one_name(said)} if said else {"", *systems_of(branch.walk, code)}


def texts_of(resource: Resource, parameter: Parameter) -> list[str]:
    """The texts that `:text` of a token looks in: of the concept, the displays of its codings, the type of an identifier."""
    texts: list[Any] = []
    for branch in parameter.branches:
        for _, node in branch.walk.nodes(resource):
            if isinstance(node, dict):
                concept = node.get("type") if isinstance(node.get("type"), dict) else node
                texts += [node.get("display"), node.get("text"), concept.get("text") if isinstance(concept, dict) else None]
                texts += [one.get("display") for one in (concept or {}).get("coding", []) if isinstance(one, dict)]
    return [text for text in texts if isinstance(text, str)]


def _meets_reference(found: Extracted, parameter: Parameter, modifier: str, value: str, base: str) -> bool:
    if modifier == "identifier":
        parts = split_at(value, "|")
        return any(told == parts[-1] and (len(parts) == 1 or (system or "") == parts[0]) for _, system, told in found.reference_identifiers)
    plain = unescape(value).partition("/_history/")[0]
    local = plain.removeprefix(f"{base}/") if base else plain
    for branch, text, _ in found.references:
        said = text.removeprefix(f"{base}/") if base else text
        types = {modifier} if modifier else branch.only
        if types is not None and "://" not in said and said.partition("/")[0] not in types:
            continue
        if said in {local, unescape(value)} or ("/" not in local and ":" not in local and said.partition("/")[2] == local):
            return True
    return False


def _meets_uri(uris: list[str], modifier: str, value: str) -> bool:
    if modifier == "below":
        return any(uri == value or uri.startswith(value if value.endswith(("/", ":")) else f"{value}/") for uri in uris)
    if modifier == "above":
        return any(value == uri or value.startswith(uri if uri.endswith(("/", ":")) else f"{uri}/") for uri in uris)
    return value in uris


def _meets_string(text: str, modifier: str, value: str) -> bool:
    if modifier == "exact":
        return text == value
    return fold(value) in fold(text) if modifier == "contains" else fold(text).startswith(fold(value))


def _meets_quantity(found: Extracted, parameter: Parameter, value: str) -> bool:
    parts = split_at(value, "|")
    boxes = number_boxes(parts[0], parameter.name)
    system, code = (parts[1], parts[2]) if len(parts) == 3 else ("", "")
    wanted = canonical(code) if system in UCUM_SYSTEMS and code else None
    for _, lo, hi, said_system, said_code, unit in found.quantities:
        if wanted is not None:
            said = canonical(said_code) if said_code and said_system in UCUM_SYSTEMS else None
            if said is None or said.code != wanted.code:
                continue
            first, last = (end * said.factor + said.offset for end in (lo, hi))
            if any(meets(_scaled(box, wanted.factor, wanted.offset), first, last) for box in boxes):
                return True
        elif (system and system != said_system) or (code and code not in {said_code, None if system else unit}):
            continue
        elif any(meets(box, lo, hi) for box in boxes):
            return True
    return False


def _scaled(
    box: tuple[tuple[float, float], tuple[float, float]], factor: float, offset: float
) -> tuple[tuple[float, float], tuple[float, float]]:
    (a, b), (c, d) = box
    return (a * factor + offset, b * factor + offset), (c * factor + offset, d * factor + offset)


def _meets_composite(resource: Resource, parameter: Parameter, value: str, base: str) -> bool:
    """Every component by its own value, all in the same base element (search.html#combining)."""
    parts = split_at(value, "$", keep_escapes=True)
    if len(parts) != len(parameter.components):
        raise Malformed(f"{parameter.name} has {len(parameter.components)} parts, between them $", place=parameter.name)
    bases = [node for branch in parameter.branches for node in _bases(resource, branch)]
    return any(
        all(
            matches(resource if component.from_root else node, component.parameter, "", [part], base=base)
            for component, part in zip(parameter.components, parts, strict=True)
        )
        for node in bases
    )


def _bases(resource: Resource, branch: Branch) -> list[Resource]:
    if not branch.key:
        return [resource]
    return [node for _, node in branch.walk.nodes(resource) if isinstance(node, dict)]
