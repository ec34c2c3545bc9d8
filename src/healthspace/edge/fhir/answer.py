"""FHIR answers: resources, Bundles joined from stored bytes, OperationOutcomes."""

import re
from collections.abc import Iterable, Mapping
from email.utils import format_datetime

import orjson
from starlette.responses import Response

from healthspace.base.errors import HealthspaceError
from healthspace.edge.errors import message_of, status_of
from healthspace.fhir.resource_types import NUMBER
from healthspace.resources.store import Stored

FHIR_JSON = "application/fhir+json; charset=utf-8"
PRIVATE = {"cache-control": "no-store", "x-content-type-options": "nosniff"}
ROOT = re.compile(r"[A-Za-z]+")
ROOTS = frozenset({*NUMBER, "Resource", "ClinicalDocument"})
"""What a place in a document begins with; any other place is a parameter or a header of the request."""

# R4 valueset-issue-type.
ISSUE_CODES = {
    400: "structure",
    401: "login",
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
    return answer(outcome(ISSUE_CODES.get(status, "exception"), message_of(error), error.place), status, headers)


def outcome(code: str, diagnostics: str, place: str | None, severity: str = "error") -> bytes:
    """One issue; `place` is a FHIRPath expression, or else a parameter, header or line (R4: "http." and its name)."""
    issue: dict[str, object] = {"severity": severity, "code": code, "diagnostics": diagnostics}
    root = ROOT.match(place or "")
    if root is not None and root[0] in ROOTS:
        issue["expression"] = [place]
    else:
        issue["location"] = [place if place and place.startswith("line ") else f"http.{place or 'url'}"]
    return orjson.dumps({"resourceType": "OperationOutcome", "issue": [issue]})


def searchset(base: str, entries: Iterable[Stored], total: int, links: Mapping[str, str]) -> bytes:
    """A searchset Bundle; the stored bytes are joined as they are."""
    head = {
        "resourceType": "Bundle",
        "type": "searchset",
        "total": total,
        "link": [{"relation": relation, "url": url} for relation, url in links.items()],
    }
    parts = [
        b'{"fullUrl":%s,"resource":%s,"search":{"mode":"match"}}' % (orjson.dumps(f"{base}/{entry.type}/{entry.id}"), entry.body)
        for entry in entries
    ]
    if not parts:
        return orjson.dumps(head)
    return orjson.dumps(head)[:-1] + b',"entry":[' + b",".join(parts) + b"]}"
