"""Terminology operations (R4 terminology-service.html): $expand, $validate-code on ValueSet; $lookup, $validate-code on CodeSystem."""

from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from healthspace.access.opening import Service
from healthspace.access.rules import Action
from healthspace.base import clock
from healthspace.base.errors import Malformed, NotFound
from healthspace.base.ids import REGISTRY
from healthspace.edge.fhir.act import Handler
from healthspace.edge.fhir.answer import answer
from healthspace.edge.fhir.operations import Values, parameters_of, read_values
from healthspace.fhir.codes.services import Verdict, lookup, validate_code
from healthspace.fhir.codes.services import expand as expand_value_set
from healthspace.identity.caller import Caller
from healthspace.resources.stored import instant

LARGEST_EXPANSION = 1000


async def expand(request: Request, service: Service, caller: Caller) -> Response:
    """`ValueSet/$expand?url=…`, with `filter`, `offset`, `count` and `displayLanguage`."""
    values = await _values(request, service, caller)
    url = _required(values, "url")
    offset, count = _number(values, "offset", 0), _number(values, "count", LARGEST_EXPANSION)
    found = expand_value_set(url, filter=str(values.get("filter", "")), offset=offset, count=count, language=_language(values))
    expansion: dict[str, Any] = {"timestamp": instant(clock.now()), "total": found.total, "offset": offset}
    listed = [{"system": one.system, "code": one.code, **({"display": one.display} if one.display else {})} for one in found.contains]
    if listed:
        expansion["contains"] = listed
    return answer(orjson.dumps({"resourceType": "ValueSet", "url": url, "status": "active", "expansion": expansion}))


async def look_up(request: Request, service: Service, caller: Caller) -> Response:
    """`CodeSystem/$lookup?system=…&code=…`, or a `coding`."""
    values = await _values(request, service, caller)
    system, code = _coding(values)
    found = lookup(system, code, language=_language(values))
    if found is None:
        raise NotFound("the code is not one of those of this system that are kept here")
    told = {"name": ("valueString", system), "display": ("valueString", found.display or code)}
    return answer(parameters_of(told))


async def validate_in_value_set(request: Request, service: Service, caller: Caller) -> Response:
    """`ValueSet/$validate-code?url=…&code=…&system=…`."""
    values = await _values(request, service, caller)
    url = _required(values, "url")
    return _tell(*((validate_code(url, *coding, _text(values, "display"), language=_language(values))) for coding in _codings(values)))


async def validate_in_code_system(request: Request, service: Service, caller: Caller) -> Response:
    """`CodeSystem/$validate-code?url=…&code=…`."""
    values = await _values(request, service, caller)
    url = _text(values, "url") or _text(values, "system")
    codings = _codings(values)
    known = url or codings[0][0]
    if not known:
        raise Malformed("say which code system: url", place="url")
    return _tell(*(validate_code(known, known, code, _text(values, "display"), language=_language(values)) for _, code in codings))


async def _values(request: Request, service: Service, caller: Caller) -> Values:
    async with service.door.permit(caller, Action.READ_RESOURCE, REGISTRY):
        pass
    return await read_values(request, service)


def _tell(*verdicts: Verdict) -> Response:
    """One right coding of a concept is enough."""
    verdict = next((one for one in verdicts if one.result), verdicts[0])
    told = {
        "result": ("valueBoolean", verdict.result),
        "message": ("valueString", verdict.message or None),
        "display": ("valueString", verdict.display or None),
    }
    return answer(parameters_of(told))


def _codings(values: Values) -> list[tuple[str | None, str]]:
    """(system, code) of what is asked about: code and system, a coding, or the codings of a concept."""
    concept = values.get("codeableConcept")
    if isinstance(concept, dict):
        found = [(one.get("system"), one["code"]) for one in concept.get("coding", []) if "code" in one]
        if found:
            return found
    system, code = _coding(values)
    return [(system or None, code)]


def _coding(values: Values) -> tuple[str, str]:
    coding = values.get("coding")
    if isinstance(coding, dict):
        return str(coding.get("system", "")), str(coding.get("code", ""))
    return _text(values, "system") or "", _required(values, "code")


def _required(values: Values, name: str) -> str:
    text = _text(values, name)
    if not text:
        raise Malformed(f"this operation needs {name}", place=name)
    return text


def _text(values: Values, name: str) -> str | None:
    value = values.get(name)
    return value if isinstance(value, str) else None


def _number(values: Values, name: str, default: int) -> int:
    text = str(values.get(name, default))
    if not text.isascii() or not text.isdecimal() or len(text) > 9:
        raise Malformed(f"{name} must be a whole number", place=name)
    return int(text)


def _language(values: Values) -> str:
    return _text(values, "displayLanguage") or "fr"


OPERATIONS: tuple[tuple[str, str, Handler], ...] = tuple(
    (method, path, handler)
    for path, handler in (
        ("/ValueSet/$expand", expand),
        ("/ValueSet/$validate-code", validate_in_value_set),
        ("/CodeSystem/$lookup", look_up),
        ("/CodeSystem/$validate-code", validate_in_code_system),
    )
    for method in ("GET", "POST")
)
