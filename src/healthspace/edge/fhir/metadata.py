"""The CapabilityStatement (R4 http.html#capabilities): what is really there, from the same tables that serve it."""

from functools import cache
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from healthspace.edge.fhir.act import base_url
from healthspace.edge.fhir.answer import answer
from healthspace.edge.fhir.formats import rewrite, wanted_form
from healthspace.fhir.resource_types import NAMES
from healthspace.fhir.searching.model import Kind
from healthspace.fhir.searching.parameters import parameters_of

PDSM = "https://interop.esante.gouv.fr/ig/fhir/pdsm/StructureDefinition"
INTERACTIONS = ("read", "vread", "update", "patch", "delete", "history-instance", "history-type", "create", "search-type")
SYSTEM_INTERACTIONS = ("transaction", "batch", "search-system", "history-system")
PROFILES = {
    "DocumentReference": [f"{PDSM}/pdsm-comprehensive-document-reference", f"{PDSM}/pdsm-simplified-publish"],
    "List": [f"{PDSM}/pdsm-submissionset-comprehensive", f"{PDSM}/pdsm-folder-comprehensive"],
}
DEFINITION = "http://hl7.org/fhir/OperationDefinition/"
OPERATIONS = {
    "Patient": {
        "everything": "Patient-everything",
        "summary": "http://hl7.org/fhir/uv/ips/OperationDefinition/summary",
        **{name: f"urn:healthspace:operation:{name}" for name in ("open", "object", "confirm", "close", "reopen", "erase")},
        **{name: f"urn:healthspace:operation:{name}" for name in ("suspend", "resume", "preview-access")},
    },
    "RelatedPerson": {name: f"urn:healthspace:operation:{name}" for name in ("mine", "accept", "refuse")},
    "Observation": {"lastn": "Observation-lastn"},
    "CodeSystem": {"lookup": "CodeSystem-lookup", "validate-code": "CodeSystem-validate-code"},
    "ValueSet": {"expand": "ValueSet-expand", "validate-code": "ValueSet-validate-code"},
}
OPERATIONS_OF_ALL = {"validate": "Resource-validate", "meta": "Resource-meta"}
PARAMETERS_OF_ALL = {"_filter": "special", "_list": "special", "_has": "special"}
SYSTEM_OPERATIONS = {"convert": "Resource-convert"}
RECORD_DATE = "2026-11-26"
WHO = (
    "Every interaction is for the technical caller of demo mode. Citizens and professionals read and search what the access rules show "
    "them; documents are deposited by ITI-65 and ITI-105, their attributes changed by TD3.3; Consent, CareTeam and RelatedPerson hold the "
    "choices of the citizen."
)


async def metadata(request: Request) -> Response:
    """`GET /metadata`."""
    statement = {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": RECORD_DATE,
        "kind": "instance",
        "software": {"name": "Healthspace"},
        "implementation": {"description": "Shared health record", "url": base_url(request)},
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json", "application/fhir+xml", "json", "xml"],
        "patchFormat": ["application/json-patch+json", "application/fhir+json", "application/fhir+xml"],
        "rest": [
            {
                "mode": "server",
                "documentation": WHO,
                "security": {"cors": False, "description": "Bearer tokens (RFC 6750)"},
                "resource": list(_resources()),
                "interaction": [{"code": code} for code in SYSTEM_INTERACTIONS],
                "searchParam": [{"name": name, "type": kind} for name, kind in PARAMETERS_OF_ALL.items()],
                "operation": _operations(SYSTEM_OPERATIONS),
            }
        ],
    }
    return rewrite(answer(orjson.dumps(statement)), wanted_form(request))


@cache
def _resources() -> tuple[dict[str, Any], ...]:
    return tuple(_resource(type_) for type_ in NAMES)


def _resource(type_: str) -> dict[str, Any]:
    parameters = parameters_of(type_)
    references = sorted(parameter.name for parameter in parameters.values() if parameter.kind is Kind.REFERENCE)
    stated: dict[str, Any] = {
        "type": type_,
        "interaction": [{"code": interaction} for interaction in INTERACTIONS],
        "versioning": "versioned-update",
        "readHistory": True,
        "updateCreate": True,
        "conditionalCreate": True,
        "conditionalRead": "full-support",
        "conditionalUpdate": True,
        "conditionalDelete": "single",
        "referencePolicy": ["literal", "logical"],
    }
    if type_ in PROFILES:
        stated["supportedProfile"] = PROFILES[type_]
    if references:
        stated["searchInclude"] = ["*", *(f"{type_}:{name}" for name in references)]
    stated["searchParam"] = [
        {"name": parameter.name, "type": parameter.kind.value} for parameter in parameters.values() if parameter.kind is not Kind.SPECIAL
    ]
    stated["operation"] = _operations(OPERATIONS_OF_ALL | OPERATIONS.get(type_, {}))
    return stated


def _operations(named: dict[str, str]) -> list[dict[str, str]]:
    return [
        {"name": name, "definition": definition if ":" in definition else DEFINITION + definition} for name, definition in named.items()
    ]
