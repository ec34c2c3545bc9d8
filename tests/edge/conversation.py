"""Talking to the FHIR edge in tests: who asks, what was answered, what it left in the database."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg
import httpx

from healthspace.access.opening import Service
from healthspace.identity.personas import Role
from tests.documents import a_cda, a_reference
from tests.harness import Urgent, as_caller, lines_of

FHIR = {"content-type": "application/fhir+json"}
STORED = """
    SELECT (SELECT count(*) FROM resource), (SELECT count(*) FROM resource_history),
           (SELECT count(*) FROM blob), (SELECT count(*) FROM ix_token)
"""


@dataclass(frozen=True, slots=True)
class Desk:
    """The client, the service behind it and the connection below."""

    client: httpx.AsyncClient
    service: Service
    connection: asyncpg.Connection

    async def get(self, path: str, who: Role | UUID | Urgent | None, **headers: str) -> httpx.Response:
        return await self.client.get(f"/fhir/{path}", headers={**self.of(who), **headers})

    async def post(self, path: str, who: Role | UUID | Urgent | None, body: Any, **headers: str) -> httpx.Response:
        sent = {"content": body} if isinstance(body, bytes) else {"json": body}
        return await self.client.post(f"/fhir/{path}".rstrip("/"), headers={**FHIR, **self.of(who), **headers}, **sent)

    async def deposit(self, content: bytes | None = None, who: Role | UUID | Urgent = Role.LABORATORY, **changes: Any) -> dict[str, Any]:
        """The DocumentReference of a document that was accepted."""
        answer = await self.post("DocumentReference", who, a_reference(a_cda() if content is None else content, **changes))
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    def of(self, who: Role | UUID | Urgent | None) -> dict[str, str]:
        return as_caller(self.service, who) if who is not None else {}

    async def stored(self) -> tuple[int, ...]:
        """How much is stored: resources, earlier versions, files, index rows."""
        return tuple(await self.connection.fetchrow(STORED))

    async def lines(self) -> list[tuple[str, str, str]]:
        return await lines_of(self.connection)


def binary_of(reference: dict[str, Any]) -> str:
    return str(reference["content"][0]["attachment"]["url"])


def ids_of(answer: httpx.Response) -> list[str]:
    """The ids of the resources of a searchset."""
    assert answer.status_code == 200, answer.text
    return [entry["resource"]["id"] for entry in answer.json().get("entry", [])]


def fault_of(answer: httpx.Response) -> str:
    """The place that an OperationOutcome names first."""
    issues = answer.json()["issue"]
    assert answer.json()["resourceType"] == "OperationOutcome"
    for issue in issues:
        assert issue["severity"] == "error"
        assert issue["diagnostics"]
    issue = issues[0]
    return str([*issue.get("expression", []), *issue.get("location", [])][0])


async def refuse(desk: Desk, body: Any, path: str = "DocumentReference", **headers: str) -> httpx.Response:
    """The answer to a deposit that must be refused: it stores nothing, and leaves one line."""
    before, lines = await desk.stored(), len(await desk.lines())
    answer = await desk.post(path, Role.LABORATORY, body, **headers)
    assert 400 <= answer.status_code < 500, answer.text
    assert fault_of(answer)
    assert await desk.stored() == before
    assert len(await desk.lines()) == lines + 1
    assert (await desk.lines())[-1][0] == "document:deposit"
    return answer
