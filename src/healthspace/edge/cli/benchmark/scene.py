"""What is measured on: a service in a process of its own, with a synthetic population, and what it is asked."""

import asyncio
import base64
import itertools
import os
import re
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import orjson

from healthspace.access.opening import Service, open_service
from healthspace.access.rules import Action
from healthspace.base import clock
from healthspace.base.errors import Unavailable
from healthspace.database.keys import KEY_SIZE
from healthspace.database.seal import Cipher
from healthspace.edge.cli.benchmark.client import Request
from healthspace.edge.cli.settle import population, settle
from healthspace.identity.ins import Ins
from healthspace.identity.personas import Role
from healthspace.identity.tokens import caller_of_role
from healthspace.population.model import SyntheticCitizen
from healthspace.record.demonstration import Plan
from healthspace.record.draft import Reading, read_draft
from healthspace.record.find import list_documents
from healthspace.record.spaces import locate, owner_of_patient
from healthspace.settings import read_settings

CITIZENS = 24
SEED = 1
DOCUMENT_SIZE = 60_000
"""Bytes: about the median of the published sample documents."""
PARAGRAPH = "<paragraph>Le bilan de ce jour est sans particularité ; le traitement est poursuivi à l’identique.</paragraph>".encode()
"""A sentence that fills a document up to its size."""


@dataclass(frozen=True, slots=True)
class Scene:
    """A running service: its address and process, our own door to its database, whom and what it knows."""

    address: str
    process: int
    service: Service
    patients: tuple[UUID, ...]
    references: tuple[UUID, ...]
    people: tuple[SyntheticCitizen, ...]

    def token(self, role: Role) -> str:
        return self.service.tokens.issue(role, clock.now())

    def reads(self) -> Iterator[Request]:
        for reference in itertools.cycle(self.references):
            yield Request("GET", f"/fhir/DocumentReference/{reference}")

    def searches(self) -> Iterator[Request]:
        for patient in itertools.cycle(self.patients):
            yield Request("GET", f"/fhir/DocumentReference?patient={patient}&status=current")

    def deposits(self) -> Iterator[Request]:
        """New documents, each of another citizen than the one before."""
        for number, person in enumerate(itertools.cycle(self.people)):
            yield Request("POST", "/fhir/DocumentReference", publication(person, f"2.25.{number + 1}"))

    def stored_size(self) -> int:
        """Bytes that such a deposit leaves on the disk, sealed: the document and its DocumentReference."""
        content, cipher = _document(self.people[0], "2.25.0"), Cipher(0, os.urandom(KEY_SIZE))
        draft = read_draft(content, Reading(len(content), lenient=True))
        return sum(len(cipher.seal(plain, "", UUID(int=0), 1)) for plain in (content, orjson.dumps(draft.reference)))


@asynccontextmanager
async def set_scene(data: Path) -> AsyncIterator[Scene]:
    """Starts a service on an empty folder and settles a population in it."""
    settings = read_settings({"HEALTHSPACE_DATA": str(data)}, demo=True)
    async with _run_service(data) as (process, address), open_service(settings) as service:
        plan = Plan(SEED, clock.now().date())
        await settle(service.door, plan, CITIZENS, settings.document_limit, lambda: None)
        people = tuple(person for person in population(plan, CITIZENS) if person.treating_doctor)
        found = [await locate(service.door, Ins(person.traits.ins_system, person.traits.ins_value)) for person in people]
        patients = tuple(patient for patient in found if patient is not None)
        references = [identifier for patient in patients for identifier in await _references(service, patient)]
        yield Scene(address, process.pid, service, patients, tuple(references), people)


async def _references(service: Service, patient: UUID) -> list[UUID]:
    caller = caller_of_role(Role.TREATING_DOCTOR)
    async with service.door.permit(caller, Action.SEARCH_DOCUMENTS, owner_of_patient(patient)) as p:
        return [UUID(reference["id"]) for reference in await list_documents(p)]


@asynccontextmanager
async def _run_service(data: Path) -> AsyncIterator[tuple[Process, str]]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HEALTHSPACE_") and name != "DATABASE_URL"}
    process = await asyncio.create_subprocess_exec(
        sys.executable, *("-m", "healthspace", "serve", "--demo", "--host", "127.0.0.1", "--port", "0"),
        stdin=DEVNULL, stdout=DEVNULL, stderr=PIPE, env=kept | {"HEALTHSPACE_DATA": str(data)},
    )  # fmt: skip
    try:
        yield process, await _address_in(process)
    finally:
        process.terminate()
        await process.communicate()


async def _address_in(process: Process) -> str:
    """The address that the service tells in its log (as JSON: it has no terminal)."""
    assert process.stderr is not None  # noqa: S101 - asked for above
    async for line in process.stderr:
        if b'"serving"' in line:
            return str(orjson.loads(line)["address"])
    raise Unavailable("the service that was to be measured did not start")


def publication(person: SyntheticCitizen, unique_id: str) -> bytes:
    """An ITI-105 request with a document of DOCUMENT_SIZE about `person`."""
    content = _document(person, unique_id)
    reference = {
        "resourceType": "DocumentReference",
        "status": "current",
        "subject": {"identifier": {"system": f"urn:oid:{person.traits.ins_system}", "value": person.traits.ins_value}},
        "content": [{"attachment": {"contentType": "text/xml", "data": base64.b64encode(content).decode()}}],
    }
    return orjson.dumps(reference)


def _document(person: SyntheticCitizen, unique_id: str) -> bytes:
    largest = max((one for one in person.documents if one.media_type.endswith("xml") and not one.replaces), key=lambda one: len(one.data))
    filling = PARAGRAPH * ((DOCUMENT_SIZE - len(largest.data)) // len(PARAGRAPH))
    another = re.sub(rb'<setId root="[^"]*"', f'<setId root="{unique_id}.1"'.encode(), largest.data)
    return another.replace(largest.unique_id.encode(), unique_id.encode()).replace(b"<text>", b"<text>" + filling, 1)
