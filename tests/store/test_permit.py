"""The door: a permit is for one act, dies with its transaction, and what fails inside it leaves nothing but its line."""

import asyncio
from uuid import UUID

import anyio
import asyncpg
import pytest

from healthspace.access.opening import Service
from healthspace.access.permit import Permit
from healthspace.access.preview import permit_as
from healthspace.access.rules import HOLDER_ACTIONS, WRITES, Action, Reason, Tie
from healthspace.base.errors import Refused
from healthspace.identity.caller import SERVICE, UNKNOWN, caller_of_citizen
from healthspace.identity.personas import Role
from healthspace.identity.tokens import caller_of_role
from healthspace.record.authorise import authorise, list_access, name_treating_doctor
from healthspace.record.consents import Switch, turn_on
from healthspace.record.controls import create_control, end_control
from healthspace.record.deposit import Submission, deposit
from healthspace.record.find import list_documents
from healthspace.record.life import close_space
from healthspace.record.read import read_content, read_document, read_reference, read_submission
from healthspace.record.spaces import find_patient, open_space, owner_of_patient, read_patient
from healthspace.record.trail import read_trail
from tests.harness import a_citizen, authorised, lines_of, rpps_of, some_traits, treated

A = Action
OPERATIONS = {
    "deposit": ({A.DEPOSIT_DOCUMENT}, lambda p: deposit(p, Submission(()))),
    "list_documents": ({A.READ_RECORD, A.SEARCH_DOCUMENTS, A.READ_TRAIL}, list_documents),
    "read_reference": ({A.READ_DOCUMENT}, lambda p: read_reference(p, UUID(int=1))),
    "read_submission": ({A.READ_DOCUMENT}, lambda p: read_submission(p, UUID(int=1))),
    "read_document": ({A.READ_DOCUMENT, A.READ_CONTENT}, lambda p: read_document(p, UUID(int=1))),
    "read_content": ({A.READ_CONTENT}, lambda p: read_content(p, UUID(int=1))),
    "open_space": ({A.OPEN_SPACE}, lambda p: open_space(p, some_traits(9))),
    "close_space": ({A.CLOSE_SPACE}, lambda p: close_space(p, "1")),
    "find_patient": ({A.FIND_PATIENT}, find_patient),
    "read_patient": ({A.READ_PATIENT}, read_patient),
    "authorise": ({A.GRANT_ACCESS}, lambda p: authorise(p, rpps_of(Role.NURSE))),
    "name_treating_doctor": ({A.GRANT_ACCESS}, lambda p: name_treating_doctor(p, rpps_of(Role.NURSE))),
    "create_control": ({A.GRANT_ACCESS}, lambda p: create_control(p, turn_on(Switch.MASK_ALL))),
    "end_control": ({A.END_ACCESS}, lambda p: end_control(p, "Consent", UUID(int=1))),
    "list_access": ({A.READ_ACCESS}, list_access),
    "read_trail": ({A.READ_TRAIL, A.READ_RECORD}, read_trail),
}


@pytest.fixture
async def patient(service: Service) -> UUID:
    return await a_citizen(service)


async def permit_of(service: Service, patient: UUID, action: Action) -> Permit:
    """A permit of the citizen, still inside its block when it is used by `asyncio` turns of the same task."""
    async with service.door.permit(caller_of_citizen(patient), action, owner_of_patient(patient)) as p:
        return p


@pytest.mark.parametrize("name", OPERATIONS)
async def test_a_permit_for_one_act_is_none_for_another(service: Service, patient: UUID, name: str) -> None:
    meant, operation = OPERATIONS[name]
    for action in HOLDER_ACTIONS - meant - {A.OBJECT_TO_SPACE}:
        with pytest.raises(Refused, match="no permit for"):
            async with service.door.permit(caller_of_citizen(patient), action, owner_of_patient(patient)) as p:
                await operation(p)


@pytest.mark.parametrize("action", [A.READ_PATIENT, A.GRANT_ACCESS])
async def test_a_permit_dies_with_its_transaction(service: Service, patient: UUID, action: Action) -> None:
    p = await permit_of(service, patient, action)
    with pytest.raises(RuntimeError, match="over"):
        await (read_patient(p) if action is A.READ_PATIENT else authorise(p, rpps_of(Role.NURSE)))


async def test_a_permit_to_open_is_of_the_service_in_a_demonstration(service: Service) -> None:
    for caller in (UNKNOWN, caller_of_role(Role.HOSPITAL), caller_of_citizen(UUID(int=1))):
        with pytest.raises(Refused):
            async with service.door.permit_to_open(caller):
                raise AssertionError
    async with service.door.permit_to_open(SERVICE) as p:
        assert p.reason is Reason.DEMONSTRATION


async def test_opening_that_fails_leaves_no_owner_and_one_line(service: Service, connection: asyncpg.Connection) -> None:
    with pytest.raises(KeyError):
        async with service.door.permit_to_open(SERVICE) as p:
            await open_space(p, some_traits())
            raise KeyError
    assert await connection.fetchval("SELECT count(*) FROM owner WHERE kind = 'citizen'") == 0
    assert await lines_of(connection) == [("space:open", "failed", "failure")]


async def test_a_crash_undoes_the_write_and_leaves_one_failed_line(service: Service, patient: UUID, connection: asyncpg.Connection) -> None:
    with pytest.raises(KeyError):
        async with service.door.permit(caller_of_citizen(patient), A.GRANT_ACCESS, owner_of_patient(patient)) as p:
            await authorise(p, rpps_of(Role.NURSE))
            raise KeyError
    assert await connection.fetchval("SELECT count(*) FROM access_fact") == 0
    assert (await lines_of(connection))[1:] == [("access:grant", "failed", "failure")]


@pytest.mark.parametrize("action", [A.READ_PATIENT, A.GRANT_ACCESS])
async def test_an_act_that_is_cancelled_is_traced(busy: Service, pool: asyncpg.Pool, action: Action) -> None:
    patient, inside = await a_citizen(busy), asyncio.Event()

    async def act() -> None:
        async with busy.door.permit(caller_of_citizen(patient), action, owner_of_patient(patient)):
            inside.set()
            await asyncio.sleep(60)

    task = asyncio.create_task(act())
    await inside.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await lines_of(pool))[1:] == [(action, "failed", "failure")]


@pytest.mark.parametrize("action", [A.READ_PATIENT, A.GRANT_ACCESS])
async def test_an_act_cancelled_by_a_scope_is_traced(busy: Service, pool: asyncpg.Pool, action: Action) -> None:
    patient = await a_citizen(busy)
    with anyio.move_on_after(0.05):
        async with busy.door.permit(caller_of_citizen(patient), action, owner_of_patient(patient)):
            await anyio.sleep(60)
    assert (await lines_of(pool))[1:] == [(action, "failed", "failure")]


async def test_a_read_cancelled_while_its_line_is_written_has_one_line(busy: Service, pool: asyncpg.Pool) -> None:
    patient = await a_citizen(busy)

    async def act() -> None:
        async with busy.door.permit(caller_of_citizen(patient), A.READ_PATIENT, owner_of_patient(patient)) as p:
            await read_patient(p)

    task = asyncio.create_task(act())
    while not busy.door.trail._waiting:
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await busy.door.trail.close()
    assert (await lines_of(pool))[1:] == [("patient:read", "done", "own-record")]


async def test_a_read_decides_without_a_lock_and_a_write_with_one() -> None:
    reads = {A.PREVIEW_ACCESS, *(action for action in A if action.endswith((":find", ":read", ":search", "document:open", ":history")))}
    assert set(A) - reads == WRITES


async def test_an_authorisation_opens_and_its_end_closes(service: Service, patient: UUID) -> None:
    doctor, me, owner = caller_of_role(Role.SPECIALIST), caller_of_citizen(patient), owner_of_patient(patient)

    async def reads() -> bool:
        try:
            async with service.door.permit(doctor, A.READ_DOCUMENT, owner) as p:
                return p.reason is Reason.AUTHORISED
        except Refused:
            return False

    assert not await reads()
    await authorised(service, patient, Role.SPECIALIST)
    assert await reads()
    async with service.door.permit(me, A.READ_ACCESS, owner) as p:
        [consent], _ = await list_access(p)
    async with service.door.permit(me, A.END_ACCESS, owner) as p:
        await end_control(p, "Consent", UUID(consent["id"]))
    assert not await reads()


async def test_the_treating_doctor_of_one_citizen_is_a_stranger_to_another(service: Service, patient: UUID) -> None:
    other = await a_citizen(service, 2)
    await treated(service, patient)
    with pytest.raises(Refused):
        async with service.door.permit(caller_of_role(Role.TREATING_DOCTOR), A.READ_RECORD, owner_of_patient(other)):
            raise AssertionError


async def test_a_closed_record_is_fed_and_read_no_more_but_its_trail_is(service: Service, patient: UUID) -> None:
    me, owner = caller_of_citizen(patient), owner_of_patient(patient)
    async with service.door.permit(me, A.CLOSE_SPACE, owner) as p:
        await close_space(p, "1")
    for action in (A.DEPOSIT_DOCUMENT, A.READ_DOCUMENT, A.SEARCH_DOCUMENTS, A.GRANT_ACCESS, A.CLOSE_SPACE):
        with pytest.raises(Refused, match="record-closed"):
            async with service.door.permit(me, action, owner):
                raise AssertionError
    async with service.door.permit(me, A.READ_TRAIL, owner) as p:
        assert len(await read_trail(p)) == 7


async def test_writes_to_one_record_follow_each_other(busy: Service, pool: asyncpg.Pool) -> None:
    patient, order = await a_citizen(busy), list[str]()

    async def act(name: str) -> None:
        async with busy.door.permit(caller_of_citizen(patient), A.GRANT_ACCESS, owner_of_patient(patient)):
            order.append(name)
            await asyncio.sleep(0.02)
            order.append(name)

    await asyncio.gather(*(act(name) for name in "abc"))
    assert [order[place] for place in (0, 2, 4)] == [order[place] for place in (1, 3, 5)]


async def test_a_permit_as_another_judges_by_their_facts_and_not_by_those_of_who_asks(service: Service, patient: UUID) -> None:
    await authorised(service, patient, Role.NURSE)
    async with service.door.permit(caller_of_citizen(patient), A.PREVIEW_ACCESS, owner_of_patient(patient)) as p:
        _, seen = await permit_as(p, caller_of_role(Role.NURSE))
        assert seen is not None
        assert seen.allows(A.READ_DOCUMENT)
        assert not seen.allows(A.READ_TRAIL, whole=True)
        _, assumed = await permit_as(p, caller_of_role(Role.SPECIALIST), frozenset({Tie.AUTHORISED}))
        assert assumed is not None
        assert assumed.allows(A.READ_DOCUMENT)
