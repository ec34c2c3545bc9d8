"""The technical caller of a demonstration, who may use the whole REST API."""

from typing import Any
from uuid import UUID

import httpx

from healthspace.base.ids import owner_of
from healthspace.identity.personas import Role
from tests.edge.conversation import Desk, ids_of

SYSTEM = Role.SYSTEM
PATIENT: dict[str, Any] = {"resourceType": "Patient", "name": [{"family": "Dupont", "given": ["Éloïse"]}], "gender": "female"}


class Bench:
    """The technical caller at the desk."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    async def send(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        sent = {"content": body} if isinstance(body, bytes) else {"json": body} if body is not None else {}
        told = {
            "content-type": "application/fhir+json",
            **self.desk.of(SYSTEM),
            **{name.replace("_", "-"): text for name, text in headers.items()},
        }
        return await self.desk.client.request(method, f"/fhir/{path}".rstrip("/"), headers=told, **sent)

    async def create(self, resource: dict[str, Any]) -> dict[str, Any]:
        answer = await self.send("POST", resource["resourceType"], resource)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    async def found(self, path: str) -> list[str]:
        return ids_of(await self.send("GET", path))


def an_observation(patient: dict[str, Any], value: float = 5, **changes: Any) -> dict[str, Any]:
    given = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "8867-4", "display": "Fréquence cardiaque"}]},
        "subject": {"reference": f"Patient/{patient['id']}"},
        "effectiveDateTime": "2024-03-05",
        "valueQuantity": {"value": value, "system": "http://unitsofmeasure.org", "code": "mg"},
    }
    return {**given, **changes}


def owner_of_name(name: str) -> int:
    """Whose the resource with this id is."""
    return owner_of(UUID(name))
