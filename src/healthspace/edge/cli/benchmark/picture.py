"""What documents cost to read, and a long record to look at: in this process, by processor time, the least of several rounds."""

import os
import tempfile
import time
from collections.abc import Callable, Iterator, MutableMapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from statistics import median
from typing import Any
from uuid import UUID
from zlib import crc32

from healthspace.access.opening import Service, open_service
from healthspace.access.rules import Action
from healthspace.base import clock
from healthspace.base.errors import HealthspaceError
from healthspace.cda.header import patient_traits, read_header
from healthspace.cda.parse import parse_document
from healthspace.edge.cli.benchmark.dossier import long_record
from healthspace.edge.cli.benchmark.processor import spent_by
from healthspace.edge.cli.intake import Intake
from healthspace.edge.cli.running import say
from healthspace.edge.cli.serve import settle_memory
from healthspace.edge.cli.settle import population
from healthspace.fhir.resource_types import NAMES
from healthspace.identity.caller import caller_of_citizen
from healthspace.identity.ins import TEST, Ins, control_key
from healthspace.identity.personas import Role
from healthspace.identity.tokens import caller_of_role
from healthspace.record.clinical.reading import read_cda_facts
from healthspace.record.demonstration import Plan
from healthspace.record.deposit import Submission, deposit
from healthspace.record.draft import NOTHING, Draft, Reading, read_draft
from healthspace.record.spaces import locate, owner_of_patient
from healthspace.resources.whole import read_types
from healthspace.settings import read_settings

OWN_DOCUMENTS = 94
SESSION = "healthspace_session"
"""The cookie of the portal, as a browser knows it: an edge imports no other."""
LIMIT = 64 << 20
SESSION = "healthspace_session"
"""The cookie of the portal."""
PAGES = ("/summary", "/results", "/timeline", "/vaccination", "/treatments", "/measures", "/wishes", "/documents")
SEED, TODAY = 20_240, date(2026, 1, 5)


@dataclass(slots=True)
class Cost:
    """Seconds of processor time of this process for one document: `base` is parsing, hashing, sealing and storing it, `facts` what its
    extraction adds (reading, shaping, checking, indexing, sealing and storing its facts)."""

    base: float
    facts: float


async def measure_picture(create_app: Callable[[Service], Any], folder: Path | None, rounds: int) -> dict[str, Any]:
    """Documents of the synthetic population, or the CDA files of `folder`; then the summary and the pages of a long record."""
    documents = [path.read_bytes() for path in sorted(folder.glob("*.xml"))] if folder else list(_own_documents())
    with tempfile.TemporaryDirectory(prefix="healthspace-bench-") as data:
        async with open_service(read_settings({"HEALTHSPACE_DATA": data}, demo=True)) as service:
            settle_memory()
            say(f"Measuring: {len(documents)} documents")
            costs, whole = await _measure_documents(service, documents, rounds)
            say("Measuring: a record of 2,000 resources")
            return {"documents": _told(costs, whole), "record": await _measure_record(service, create_app, rounds)}


def _own_documents() -> Iterator[bytes]:
    found = (each.data for citizen in population(Plan(SEED, TODAY), 8) for each in citizen.documents)
    clinical = (content for content in found if content.lstrip().startswith(b"<?xml"))
    return (content for content, _ in zip(clinical, range(OWN_DOCUMENTS), strict=False))


# Documents.


async def _measure_documents(service: Service, documents: list[bytes], rounds: int) -> tuple[list[Cost], tuple[float, float]]:
    """The least cost of each, and what depositing all of them took once: seconds of this process, and of PostgreSQL."""
    costs = [Cost(float("inf"), float("inf")) for _ in documents]
    taken = []
    for turn in range(rounds):
        for place, content in enumerate(documents):
            base, facts = await _cost_of(service, content, 2 * turn)
            costs[place] = Cost(min(costs[place].base, base), min(costs[place].facts, facts))
        intake = Intake(service.door, caller_of_role(Role.HOSPITAL), Reading(LIMIT, lenient=True), open_missing=True)
        addressed = [_readdress(content, 1000 + turn) for content in documents]
        before, began = spent_by(os.getpid()), time.process_time()
        for content in addressed:
            answer = await intake.take(content)
            if answer.error is not None:
                raise answer.error
        taken.append((time.process_time() - began, spent_by(os.getpid()).database - before.database))
    return costs, min(taken)


async def _cost_of(service: Service, content: bytes, number: int) -> tuple[float, float]:
    """One document, deposited with its facts into one record and without them into another."""
    told, plain = (_readdress(content, number + place) for place in (0, 1))
    reading = Reading(LIMIT, lenient=True)
    bare, root = replace(read_draft(plain, reading), extraction=NOTHING), parse_document(told, limit=LIMIT).root
    began = time.process_time()
    draft = read_draft(told, reading)
    read = time.process_time() - began
    read_cda_facts(root)
    extracted = time.process_time() - began - read
    with_facts, without = await _deposit(service, draft), await _deposit(service, bare)
    return read - extracted + without, extracted + with_facts - without


async def _deposit(service: Service, draft: Draft) -> float:
    intake = Intake(service.door, caller_of_role(Role.HOSPITAL), Reading(LIMIT, lenient=True), open_missing=True)
    patient = await intake.find_space(draft)
    began = time.process_time()
    async with service.door.permit(intake.caller, Action.DEPOSIT_DOCUMENT, owner_of_patient(patient)) as p:
        await deposit(p, Submission((draft,)))
    return time.process_time() - began


def _readdress(content: bytes, number: int) -> bytes:
    """The document, about the citizen `number` instead of its own."""
    own = patient_traits(read_header(parse_document(content, limit=LIMIT).root)).ins_value
    return content.replace(own.encode(), invented_ins(number, own).encode())


def invented_ins(number: int, like: str = "") -> str:
    """An identity that nobody has; another for each `number`, and for each identity that it takes the place of."""
    thirteen = f"18001750{(crc32(like.encode()) + number) % 100_000:05d}"
    return thirteen + control_key(thirteen)


def _told(costs: list[Cost], whole: tuple[float, float]) -> dict[str, Any]:
    ratios = [cost.facts / cost.base for cost in costs]
    base, facts = sum(cost.base for cost in costs), sum(cost.facts for cost in costs)
    return {
        "documents": len(costs),
        "base_ms": _ms(base / len(costs)),
        "facts_ms": _ms(facts / len(costs)),
        "ratio_of_all": round(facts / base, 2),
        "ratio_median": round(median(ratios), 2),
        "ratio_worst": round(max(ratios), 2),
        "all_deposited_seconds": round(whole[0], 2),
        "all_deposited_seconds_postgresql": round(whole[1], 2),
    }


# A long record.


async def _measure_record(service: Service, create_app: Callable[[Service], Any], rounds: int) -> dict[str, Any]:
    ins = invented_ins(0, "long")
    intake = Intake(service.door, caller_of_role(Role.LABORATORY), Reading(LIMIT, lenient=True), open_missing=True)
    owner = await _open(service, ins, intake)
    token = service.tokens.issue(Role.CITIZEN, clock.now(), patient=owner)
    app, held = create_app(service), {"authorization": f"Bearer {token}", "cookie": f"{SESSION}={token}"}
    found = {}
    for path in (f"/fhir/Patient/{owner}/$summary", *PAGES):
        taken = []
        for _ in range(rounds + 1):
            began = time.process_time()
            size = await ask(app, path, held)
            taken.append((time.process_time() - began, size))
        found[path.replace(str(owner), "{id}")] = {"ms": _ms(min(taken)[0]), "bytes": taken[0][1]}
    async with service.door.permit(caller_of_citizen(owner), Action.READ_RECORD, owner_of_patient(owner)) as p:
        resources = len(await read_types(p, NAMES))
    return {"resources": resources, "requests": found}


async def _open(service: Service, ins: str, intake: Intake) -> UUID:
    """The Patient of a record with the documents of `dossier.py`."""
    for content in long_record(ins):
        answer = await intake.take(content)
        if answer.error is not None:
            raise answer.error
    patient = await locate(service.door, Ins(TEST, ins))
    if patient is None:
        raise HealthspaceError("the record of the benchmark is not there")
    return patient


async def ask(app: Any, path: str, headers: dict[str, str]) -> int:
    """Bytes of the answer to a GET, asked of the application without a network. HealthspaceError when it is not 200."""
    said: list[MutableMapping[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: MutableMapping[str, Any]) -> None:
        said.append(message)

    raw = [(name.encode(), value.encode()) for name, value in {"host": "bench.test", **headers}.items()]
    scope = {"type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http", "path": path}
    more: dict[str, Any] = {
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": raw,
        "client": None,
        "server": None,
        "state": {},
    }
    await app({**scope, **more}, receive, send)
    if said[0]["status"] != 200:
        raise HealthspaceError(f"the service answered {said[0]['status']} to {path.split('/')[1]}")
    return sum(len(message.get("body", b"")) for message in said[1:])


def _ms(seconds: float) -> float:
    return round(1000 * seconds, 1)
