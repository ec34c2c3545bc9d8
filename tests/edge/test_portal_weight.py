"""How heavy the pages of a large record are: what a visitor with an empty cache receives."""

import gzip

from healthspace.access.opening import Service
from healthspace.access.rules import Action
from healthspace.app import create_app
from healthspace.base import clock
from healthspace.edge.portal.pages import STATIC
from healthspace.identity.caller import caller_of_citizen
from healthspace.identity.personas import Role
from healthspace.record.find import list_documents
from healthspace.record.spaces import owner_of_patient
from tests.harness import client_of
from tests.large_record import CITIZEN_PAGES, DOCTOR_PAGES, ask, fill_record

DOCUMENTS = 170
"""Enough that every list has a second page, and results eight years."""
PAGE, HTML, SCRIPT = 60_000, 10_000, 4_000
"""Octets: everything that one page makes a browser fetch; its HTML, compressed; our own JavaScript."""


async def test_every_page_of_a_large_record_is_light(service: Service) -> None:
    """Pages travel as they are (`VersionedFiles` says why), what they refer to compressed."""
    patient = await fill_record(service, DOCUMENTS)
    async with service.door.permit(caller_of_citizen(patient), Action.READ_RECORD, owner_of_patient(patient)) as p:
        current = [one.name for one in await list_documents(p) if one.json()["status"] == "current"]
    app, now = create_app(service), clock.now()
    known = {"patient": str(patient), "newest": current[0], "middle": current[len(current) // 2]}
    shared = sum(len(gzip.compress(file.read_bytes())) for file in STATIC.iterdir())
    heavy = []
    for token, paths in (
        (service.tokens.issue(Role.CITIZEN, now, patient=patient), CITIZEN_PAGES),
        (service.tokens.issue(Role.TREATING_DOCTOR, now), DOCTOR_PAGES),
    ):
        for path in paths:
            status, page = await ask(app, path.format(**known), token)
            assert status == 200, path
            if len(page) + shared > PAGE or len(gzip.compress(page)) > HTML:
                heavy.append(f"{path}: {len(page):,} octets, {len(gzip.compress(page)):,} compressed, {shared:,} beside it")
    assert not heavy, "\n".join(heavy)


async def test_files_travel_compressed_to_whoever_reads_that_and_pages_never_do(service: Service) -> None:
    async with client_of(create_app(service)) as client:
        packed = await client.get("/static/app.css", headers={"accept-encoding": "gzip"})
        plain = await client.get("/static/app.css", headers={"accept-encoding": "identity"})
        page = await client.get("/sign-in", headers={"accept-encoding": "gzip"})
    assert packed.headers["content-encoding"] == "gzip"
    assert int(packed.headers["content-length"]) < len(plain.content) / 3
    assert packed.text == plain.text == (STATIC / "app.css").read_text(encoding="utf-8")
    assert "content-encoding" not in plain.headers
    assert "content-encoding" not in page.headers


def test_our_own_javascript_is_small() -> None:
    assert sum(len(file.read_bytes()) for file in STATIC.glob("*.js")) <= SCRIPT
