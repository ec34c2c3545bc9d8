"""FHIR answers: resources, Bundles joined from stored bytes, OperationOutcomes."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from email.utils import format_datetime
from typing import Any
from uuid import uuid4

import orjson
from starlette.responses import Response

from healthspace.base.errors import HealthspaceError, InvalidResource, NotAllowed
from healthspace.edge.errors import message_of, status_of
from healthspace.edge.fhir.formats import FHIR_JSON
from healthspace.fhir.resource_types import NUMBER
from healthspace.resources.stored import Stored

PRIVATE = {"cache-control": "no-store", "x-content-type-options": "nosniff"}
ROOT = re.compile(r"[A-Za-z]+")
ROOTS = frozenset({*NUMBER, "Resource", "ClinicalDocument"})
"""What a place in a document begins with; any other place is a parameter or a header of the request."""

# R4 valueset-issue-type.
ISSUE_CODES = {
    400: "structure",
    401: "login",
    403: "forbidden",
    404: "not-found",
    405: "not-supported",
    406: "not-supported",
    409: "conflict",
    410: "deleted",
    412: "conflict",
    413: "too-long",
    415: "not-supported",
    422: "invalid",
    503: "transient",
}


def answer(body: bytes, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A FHIR JSON answer from bytes."""
    return Response(body, status, {"content-type": FHIR_JSON, **PRIVATE, **(headers or {})})


def answer_resource(stored: Stored, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A stored version with its ETag and Last-Modified (R4 http.html#versioning)."""
    return answer(stored.body, status, {**version_headers(stored), **(headers or {})})


def version_headers(stored: Stored) -> dict[str, str]:
    return {"etag": etag_of(stored), "last-modified": format_datetime(stored.updated, usegmt=True)}


def etag_of(stored: Stored) -> str:
    return f'W/"{stored.version}"'


def answer_error(error: HealthspaceError) -> Response:
    """An OperationOutcome that says what is wrong and where; a refusal reads like an absence."""
    status = status_of(error)
    headers = {"retry-after": "2"} if status == 503 else {"www-authenticate": 'Bearer realm="healthspace"'} if status == 401 else {}
    if isinstance(error, NotAllowed) and error.allow:
        headers = {"allow": error.allow}
    return answer(orjson.dumps(outcome_of(error)), status, headers)


def outcome_of(error: HealthspaceError) -> dict[str, Any]:
    """The OperationOutcome of an error: one issue for each fault."""
    if isinstance(error, InvalidResource):
        return outcome(*(issue(code, message, place) for code, message, place in error.faults))
    status = status_of(error)
    return outcome(issue(ISSUE_CODES.get(status, "exception"), message_of(error), error.place))


def outcome(*issues: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "OperationOutcome", "issue": list(issues)}


def issue(code: str, diagnostics: str, place: str | None, severity: str = "error") -> dict[str, Any]:
    """One issue; `place` is a FHIRPath expression, or else a parameter, header or line (R4: "http." and its name)."""
    made: dict[str, Any] = {"severity": severity, "code": code, "diagnostics": diagnostics}
    root = ROOT.match(place or "")
    if root is not None and root[0] in ROOTS:
        made["expression"] = [place]
    else:
        made["location"] = [place if place and place.startswith("line ") else f"http.{place or 'url'}"]
    return made


@dataclass(frozen=True, slots=True)
class Entries:
    """What a searchset holds: matches, what is included with them, and warnings about what was left out."""

    matches: Sequence[tuple[str, str, bytes]]
    """Type, name and body of each."""
    included: Sequence[tuple[str, str, bytes]] = ()
    warnings: Sequence[str] = ()
    notices: Sequence[str] = ()


def entries_of(found: Iterable[Stored]) -> list[tuple[str, str, bytes]]:
    return [(stored.type, stored.name, stored.body) for stored in found]


def searchset(base: str, entries: Entries, total: int | None, links: Mapping[str, str]) -> bytes:
    """A searchset Bundle; the stored bytes are joined as they are."""
    head: dict[str, Any] = {"resourceType": "Bundle", "type": "searchset"}
    if total is not None:
        head["total"] = total
    head["link"] = [{"relation": relation, "url": url} for relation, url in links.items()]
    parts = [_entry(base, entry, "match") for entry in entries.matches]
    parts += [_entry(base, entry, "include") for entry in entries.included]
    if entries.warnings or entries.notices:
        told = outcome(
            *(issue("not-supported", "this parameter was left out", name, "warning") for name in entries.warnings),
            *(issue("incomplete", notice, None, "warning") for notice in entries.notices),
        )
        parts.append(b'{"fullUrl":"%s","resource":%s,"search":{"mode":"outcome"}}' % (uuid4().urn.encode(), orjson.dumps(told)))
    if not parts:
        return orjson.dumps(head)
    return orjson.dumps(head)[:-1] + b',"entry":[' + b",".join(parts) + b"]}"


def _entry(base: str, entry: tuple[str, str, bytes], mode: str) -> bytes:
    type_, name, body = entry
    return b"".join((f'{{"fullUrl":"{base}/{type_}/{name}","resource":'.encode(), body, f',"search":{{"mode":"{mode}"}}}}'.encode()))
