"""A newer version of the program reads again what an older one has read, without losing or doubling anything."""

from uuid import UUID

import asyncpg
import pytest

from healthspace.access.opening import Service
from healthspace.access.rules import Action
from healthspace.cda.clinical import Extraction, Unread
from healthspace.identity.caller import caller_of_citizen
from healthspace.record.clinical import again
from healthspace.record.clinical.keep import unread_of
from healthspace.record.deposit import Deposited
from healthspace.record.life import close_space
from healthspace.resources.store import read
from tests.clinical_documents import a_clinical_document, a_result, an_allergy
from tests.documents import a_cda
from tests.harness import a_citizen
from tests.store.test_clinical_facts import WHOLE, Record


@pytest.fixture
async def record(service: Service) -> Record:
    return Record(service, await a_citizen(service))


@pytest.fixture
def newer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes this version of the reading a newer one."""
    monkeypatch.setattr(again, "READER", again.READER + 1)


async def run(service: Service) -> int:
    done = [progress.done async for progress in again.read_again(service.door)]
    return done[-1] if done else 0


async def reference_of(record: Record, brought: Deposited) -> dict:
    async with record.permit() as p:
        return (await read(p.tx, p.cipher, "DocumentReference", brought.reference.id)).json()


async def test_what_this_version_has_read_is_not_read_again(record: Record) -> None:
    await record.bring(a_clinical_document())
    assert (await again.count_stale(record.service.door), await run(record.service)) == (0, 0)


@pytest.mark.usefixtures("newer")
async def test_reading_again_changes_nothing_that_is_still_said(record: Record, connection: asyncpg.Connection) -> None:
    brought = [await record.bring(a_clinical_document()), await record.bring(a_cda())]
    before = await record.facts()
    assert await again.count_stale(record.service.door) == 2
    assert await run(record.service) == 2
    assert (await again.count_stale(record.service.door), await run(record.service)) == (0, 0)
    assert await record.facts() == before
    assert [(await reference_of(record, one))["meta"]["versionId"] for one in brought] == ["1", "1"]


async def test_what_a_newer_version_reads_takes_the_place_of_what_the_older_one_read(
    record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nothing(_: object) -> Extraction:
        return Extraction(unread=(Unread("Bundle", "unknown"),) * 3)

    content = a_clinical_document(a_result(), an_allergy())
    with monkeypatch.context() as older:
        older.setattr("healthspace.record.draft.read_bundle_facts", nothing)
        older.setattr("healthspace.record.deposit.READER", again.READER - 1)
        brought = await record.bring(content)
    assert (await record.counts(), unread_of(brought.reference.json())) == ({}, 3)
    assert await run(record.service) == 1
    assert await record.counts() == {"AllergyIntolerance": 1, "Observation": 1, "Provenance": 1}
    reference = await reference_of(record, brought)
    assert (unread_of(reference), reference["meta"]["versionId"]) == (0, "2")


@pytest.mark.usefixtures("newer")
async def test_a_replaced_document_is_read_again_and_has_no_facts_all_the_same(record: Record) -> None:
    one = a_clinical_document(identifier="urn:uuid:7b1f6a52-6b0c-4d0c-9d2b-0c5e2c5b7a01")
    await record.bring(one)
    await record.bring(a_clinical_document(replaces="urn:uuid:7b1f6a52-6b0c-4d0c-9d2b-0c5e2c5b7a01"))
    assert await run(record.service) == 2
    assert await record.counts() == WHOLE


@pytest.mark.usefixtures("newer")
async def test_a_closed_record_and_a_lost_file_wait(service: Service, record: Record) -> None:
    closed = Record(service, await a_citizen(service, 2))
    await closed.bring(a_clinical_document(number=2))
    lost = await record.bring(a_clinical_document())
    service.door.blobs.delete(lost.binary)
    await record.bring(a_clinical_document())
    me: UUID = closed.patient
    async with service.door.permit(caller_of_citizen(me), Action.CLOSE_SPACE, closed.owner) as p:
        await close_space(p, "1")
    assert await again.count_stale(service.door) == 2
    await run(service)
    assert await again.count_stale(service.door) == 1
    assert (await record.counts())["Observation"] == 2


@pytest.mark.usefixtures("newer")
async def test_the_holder_finds_the_reading_in_the_trail(record: Record, connection: asyncpg.Connection) -> None:
    await record.bring(a_clinical_document())
    await run(record.service)
    assert [tuple(row) for row in await connection.fetch("SELECT action, outcome, reason FROM audit ORDER BY writer, seq")][-1] == (
        "facts:read-again",
        "done",
        "upkeep",
    )
