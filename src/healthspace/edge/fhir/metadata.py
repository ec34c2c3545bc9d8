"""The CapabilityStatement: what is really there, from the same tables that serve it."""

import orjson
from starlette.requests import Request
from starlette.responses import Response

from healthspace.edge.fhir.act import base_url
from healthspace.edge.fhir.answer import answer
from healthspace.fhir.search_parameters import PARAMETERS

PDSM = "https://interop.esante.gouv.fr/ig/fhir/pdsm/StructureDefinition"
INTERACTIONS = {
    "Patient": ("read", "search-type"),
    "DocumentReference": ("read", "vread", "create", "search-type"),
    "List": ("read", "vread", "search-type"),
    "Binary": ("read",),
}
PROFILES = {
    "DocumentReference": [f"{PDSM}/pdsm-comprehensive-document-reference", f"{PDSM}/pdsm-simplified-publish"],
    "List": [f"{PDSM}/pdsm-submissionset-comprehensive", f"{PDSM}/pdsm-folder-comprehensive"],
}
PATIENT_SEARCH = ("identifier",)
RECORD_DATE = "2026-11-24"


async def metadata(request: Request) -> Response:
    """`GET /metadata` (R4 http.html#capabilities)."""
    statement = {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": RECORD_DATE,
        "kind": "instance",
        "software": {"name": "Healthspace"},
        "implementation": {"description": "Shared health record", "url": base_url(request)},
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json", "json"],
        "rest": [
            {
                "mode": "server",
                "security": {"cors": False, "description": "Bearer tokens (RFC 6750)"},
                "resource": [_resource(type_, interactions) for type_, interactions in INTERACTIONS.items()],
                "interaction": [{"code": "transaction", "documentation": "ITI-65 Provide Document Bundle"}],
            }
        ],
    }
    return answer(orjson.dumps(statement))


def _resource(type_: str, interactions: tuple[str, ...]) -> dict[str, object]:
    names = [parameter for parameter in PARAMETERS[type_] if type_ != "Patient" or parameter.name in PATIENT_SEARCH]
    stated: dict[str, object] = {
        "type": type_,
        "interaction": [{"code": interaction} for interaction in interactions],
        "versioning": "versioned",
    }
    if type_ in PROFILES:
        stated["supportedProfile"] = PROFILES[type_]
    if names and "search-type" in interactions:
        stated["searchParam"] = [{"name": parameter.name, "type": parameter.kind.value} for parameter in names]
    return stated
