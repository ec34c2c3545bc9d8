"""A citizen with hundreds of documents, and the pages of the portal on their record, asked of the application itself."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

from starlette.types import ASGIApp, Message

from healthspace.access.opening import Service
from healthspace.edge.cli.intake import Intake
from healthspace.edge.cli.settle import population, settle
from healthspace.edge.portal.session import SESSION
from healthspace.identity.ins import Ins
from healthspace.identity.personas import Role
from healthspace.identity.tokens import caller_of_role
from healthspace.population.model import SyntheticDocument
from healthspace.record.demonstration import Plan
from healthspace.record.draft import Reading
from healthspace.record.spaces import locate

PLAN = Plan(seed=7, today=date(2026, 11, 27))
LARGEST = 1 << 24
YEAR = re.compile(rb'value="(20\d\d)')
UNIQUE = re.compile(rb'"2\.25\.\d{20,}(?=")')

HEALTH_PAGES = (
    *("/summary", "/results", "/results/hba1c", "/measures", "/vaccination", "/wishes", "/access"),
    *("/treatments", "/treatments?show=past", "/treatments?show=prescribed", "/treatments?show=dispensed"),
    *("/timeline", "/timeline?until=2010", "/timeline?kind=results"),
)
CITIZEN_PAGES = (
    "/",
    "/documents",
    "/documents?after={middle}",
    "/documents?q=cholesterol",
    "/documents?type=laboratory",
    "/documents/{newest}",
    "/documents/add",
    *HEALTH_PAGES,
    "/privacy",
    "/relatives",
    "/notifications",
    "/settings",
    "/settings/print",
    "/settings/print?page=2",
    "/settings/print?documents=1",
    "/help",
    "/menu",
)
RECORD_PAGES = (
    "",
    "?q=cholesterol",
    "/documents/{newest}",
    *HEALTH_PAGES,
    "/add",
)
DOCTOR_PAGES = ("/", *(f"/patients/{{patient}}{page}" for page in RECORD_PAGES), "/my-accesses", "/notifications")


async def fill_record(service: Service, documents: int) -> UUID:
    """The Patient of the first citizen of the population, whose record holds `documents` documents: copies are of earlier years."""
    person = next(population(PLAN, 1))
    ins = Ins(person.traits.ins_system, person.traits.ins_value)
    if (known := await locate(service.door, ins)) is not None:
        return known
    await settle(service.door, PLAN, 1, LARGEST, lambda: None)
    for copy, _ in zip(_earlier(person.documents), range(documents - len(person.documents)), strict=False):
        answer = await Intake(service.door, caller_of_role(Role(copy.depositor)), Reading(LARGEST, lenient=True)).take(copy.data)
        if answer.error is not None:
            raise answer.error
    patient = await locate(service.door, ins)
    assert patient is not None
    return patient


def _earlier(documents: tuple[SyntheticDocument, ...]) -> Iterator[SyntheticDocument]:
    """The clinical documents again and again, each time a year earlier, under other unique ids."""
    originals, years = [one for one in documents if one.replaces is None], 0
    while True:
        years += 1
        yield from (replace(one, data=_make_older(one.data, years)) for one in originals)


def _make_older(data: bytes, years: int) -> bytes:
    dated = YEAR.sub(lambda found: b'value="%d' % (int(found[1]) - years), data)
    return UNIQUE.sub(lambda found: found[0] + b".%d" % years, dated)


async def ask(app: ASGIApp, address: str, token: str) -> tuple[int, bytes]:
    """Status and body of a page: no client and no network between."""
    path, _, query = address.partition("?")
    headers = {"host": "localhost", "cookie": f"{SESSION}={token}", "accept-language": "fr"}
    scope: dict[str, Any] = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 1),
        "server": ("localhost", 80),
    }
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, send)
    return int(sent[0]["status"]), b"".join(message.get("body", b"") for message in sent[1:])
