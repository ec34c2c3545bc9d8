"""Deposits of one document at the same moment, on a real pool: one is stored, the others recognise it."""

import asyncio
from uuid import UUID

import asyncpg
import pytest

from healthspace.access.opening import Service
from healthspace.access.rules import Action
from healthspace.base.errors import Conflict
from healthspace.identity.personas import Role
from healthspace.identity.tokens import caller_of_role
from healthspace.record.deposit import Deposited, Submission, deposit
from healthspace.record.draft import Reading, read_draft
from healthspace.record.find import list_documents
from healthspace.record.spaces import owner_of_patient
from tests.documents import a_cda, a_root
from tests.harness import a_citizen


async def bring(service: Service, patient: UUID, content: bytes) -> Deposited:
    draft = read_draft(content, Reading(10**7, lenient=True))
    async with service.door.permit(caller_of_role(Role.LABORATORY), Action.DEPOSIT_DOCUMENT, owner_of_patient(patient)) as p:
        return (await deposit(p, Submission((draft,)))).documents[0]


@pytest.fixture
async def patient(busy: Service) -> UUID:
    return await a_citizen(busy)


async def test_of_identical_deposits_at_once_one_is_stored(busy: Service, pool: asyncpg.Pool, patient: UUID) -> None:
    content = a_cda()
    deposited = await asyncio.gather(*(bring(busy, patient, content) for _ in range(6)))
    assert sum(one.created for one in deposited) == 1
    assert len({one.reference.id for one in deposited}) == 1
    assert await pool.fetchval("SELECT count(*) FROM blob") == 1


async def test_of_different_bytes_under_one_id_one_is_stored_and_the_others_conflict(
    busy: Service, pool: asyncpg.Pool, patient: UUID
) -> None:
    root = a_root()
    contents = [a_cda(root=root, words=f"Version {number}") for number in range(5)]
    outcomes = await asyncio.gather(*(bring(busy, patient, content) for content in contents), return_exceptions=True)
    assert sum(isinstance(outcome, Conflict) for outcome in outcomes) == 4
    assert await pool.fetchval("SELECT count(*) FROM blob") == 1


async def test_versions_that_arrive_at_once_leave_the_last_one_current(busy: Service, patient: UUID) -> None:
    roots = [a_root() for _ in range(4)]
    contents = [a_cda(root=root, replaces=before) for root, before in zip(roots, [None, *roots], strict=False)]
    deposited = await asyncio.gather(*(bring(busy, patient, content) for content in reversed(contents)))
    owner = owner_of_patient(patient)
    async with busy.door.permit(caller_of_role(Role.LABORATORY), Action.SEARCH_DOCUMENTS, owner) as p:
        states = {one.name: one.json()["status"] for one in await list_documents(p)}
    assert [states[str(one.reference.id)] for one in reversed(deposited)] == ["superseded"] * 3 + ["current"]


async def test_deposits_to_different_records_go_on_together(busy: Service, pool: asyncpg.Pool) -> None:
    patients = await asyncio.gather(*(a_citizen(busy, number) for number in range(2, 7)))
    await asyncio.gather(*(bring(busy, patient, a_cda(number)) for number, patient in enumerate(patients, 2) for _ in range(4)))
    assert await pool.fetchval("SELECT count(*) FROM blob") == 20
