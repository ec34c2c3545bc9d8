"""The trail: one line an act, chained, and what `verify` finds when somebody touched it."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import asyncpg
import orjson
import pytest

from healthspace.access.opening import Service
from healthspace.access.rules import Action
from healthspace.audit.archive import export_lines
from healthspace.audit.line import Outcome
from healthspace.audit.reading import Wanted
from healthspace.audit.retain import retire_months
from healthspace.audit.verify import Verdict, verify_trail
from healthspace.base import clock
from healthspace.base.errors import Invalid, NotFound, Refused, Unavailable
from healthspace.database.audit_partitions import ensure_audit_partitions
from healthspace.database.keys import KeyRing
from healthspace.identity.caller import caller_of_citizen
from healthspace.identity.personas import Role
from healthspace.identity.tokens import caller_of_role
from healthspace.record.find import list_documents
from healthspace.record.spaces import owner_of_patient, read_patient
from healthspace.record.trail import read_trail
from tests.harness import a_citizen, lines_of, open_test_service

SPECIALIST = caller_of_role(Role.SPECIALIST)
LAST_LINE = "ORDER BY seq DESC LIMIT 1"


async def look(service: Service, patient: UUID, times: int = 1) -> None:
    """The citizen reads their own record."""
    for _ in range(times):
        async with service.door.permit(caller_of_citizen(patient), Action.READ_PATIENT, owner_of_patient(patient)) as p:
            await read_patient(p)


async def verify(service: Service) -> Verdict:
    return await verify_trail(service.door.database, service.door.keys)


@pytest.fixture
async def told(busy: Service) -> Service:
    """A trail of six lines in one chain."""
    await look(busy, await a_citizen(busy), 5)
    return busy


async def test_an_untouched_trail_has_no_fault(told: Service) -> None:
    verdict = await verify(told)
    assert (verdict.lines, verdict.faults) == (6, ())


async def test_an_empty_trail_has_no_fault(busy: Service) -> None:
    assert (await verify(busy)).faults == ()


@pytest.mark.parametrize(
    "change",
    [
        "action = 'document:open'",
        "outcome = 'refused'",
        "reason = 'authorised'",
        "caller = caller + 1",
        "owner = owner + 1",
        "at = at + interval '1 microsecond'",
        "detail = detail || '\\x00'",
        "mac = sha256(mac)",
        "id = gen_random_uuid()",
        "seq = 99",
    ],
)
async def test_a_changed_line_is_found(told: Service, pool: asyncpg.Pool, change: str) -> None:
    await pool.execute(f"UPDATE audit SET {change} WHERE seq = 3")
    assert (await verify(told)).faults


async def test_the_fault_says_where(told: Service, pool: asyncpg.Pool) -> None:
    writer = await pool.fetchval("UPDATE audit SET reason = 'authorised' WHERE seq = 3 RETURNING writer")
    assert [(fault.writer, fault.seq) for fault in (await verify(told)).faults] == [(writer, 3)]


@pytest.mark.parametrize("seq", [1, 3, 6])
async def test_a_removed_line_is_found_also_at_the_ends(told: Service, pool: asyncpg.Pool, seq: int) -> None:
    await pool.execute("DELETE FROM audit WHERE seq = $1", seq)
    assert (await verify(told)).faults


async def test_two_lines_that_changed_places_are_found(told: Service, pool: asyncpg.Pool) -> None:
    await pool.execute("UPDATE audit SET seq = 7 - seq WHERE seq IN (3, 4)")
    assert (await verify(told)).faults


async def test_a_line_that_stands_twice_is_found(told: Service, pool: asyncpg.Pool) -> None:
    copied = "owner, at, gen_random_uuid(), writer, seq, action, outcome, reason, caller, detail, mac"
    await pool.execute(f"INSERT INTO audit SELECT {copied} FROM audit WHERE seq = 3")
    assert (await verify(told)).faults


async def test_a_line_added_at_the_end_is_found(told: Service, pool: asyncpg.Pool) -> None:
    copied = "owner, at, gen_random_uuid(), writer, seq + 1, action, outcome, reason, caller, detail, mac"
    await pool.execute(f"INSERT INTO audit SELECT {copied} FROM audit {LAST_LINE}")
    assert (await verify(told)).faults


async def test_a_cut_end_is_found_even_when_the_head_is_set_back(told: Service, pool: asyncpg.Pool) -> None:
    await pool.execute("DELETE FROM audit WHERE seq = 6")
    await pool.execute("UPDATE audit_head SET seq = 5, mac = (SELECT mac FROM audit WHERE seq = 5) WHERE seq = 6")
    assert (await verify(told)).faults


@pytest.mark.parametrize(
    "change", ["seq = seq + 1", "mac = sha256(mac)", "proof = sha256(proof)", "birth = sha256(birth)", "number = number + 5"]
)
async def test_a_changed_head_is_found(told: Service, pool: asyncpg.Pool, change: str) -> None:
    await pool.execute(f"UPDATE audit_head SET {change}")
    assert (await verify(told)).faults


async def test_lines_without_their_head_are_found(told: Service, pool: asyncpg.Pool) -> None:
    await pool.execute("DELETE FROM audit_head")
    assert (await verify(told)).faults


async def test_a_whole_chain_that_vanished_from_the_middle_is_found(told: Service, pool: asyncpg.Pool, tmp_path: Path) -> None:
    for number in (2, 3):  # each process begins chains of its own
        process = await open_test_service(pool, tmp_path)
        await a_citizen(process, number)
        await process.door.trail.close()
    assert (await verify(told)).faults == ()
    second = await pool.fetchval("DELETE FROM audit_head WHERE number = 2 RETURNING writer")
    await pool.execute("DELETE FROM audit WHERE writer = $1", second)
    assert (await verify(told)).faults


async def test_a_trail_of_another_key_is_no_trail(told: Service) -> None:
    assert (await verify_trail(told.door.database, KeyRing(b"x" * 32))).faults


async def test_verifying_changes_nothing_and_leaves_no_line(told: Service, pool: asyncpg.Pool) -> None:
    await verify(told)
    assert await pool.fetchval("SELECT count(*) FROM audit") == 6


async def test_reads_that_come_together_share_a_commit(busy: Service, pool: asyncpg.Pool) -> None:
    patient = await a_citizen(busy)
    before = await pool.fetchval("SELECT count(DISTINCT xmin::text) FROM audit")
    await asyncio.gather(*(look(busy, patient) for _ in range(40)))
    after = await pool.fetchval("SELECT count(DISTINCT xmin::text) FROM audit")
    assert await pool.fetchval("SELECT count(*) FROM audit WHERE action = 'patient:read'") == 40
    assert after - before < 30


async def test_reads_and_writes_at_once_leave_one_line_each_and_an_unbroken_trail(busy: Service, pool: asyncpg.Pool) -> None:
    patients = await asyncio.gather(*(a_citizen(busy, number) for number in range(1, 6)))

    async def refused(patient: UUID) -> None:
        with pytest.raises(Refused):
            async with busy.door.permit(SPECIALIST, Action.READ_DOCUMENT, owner_of_patient(patient)):
                raise AssertionError

    async def broken(patient: UUID) -> None:
        with pytest.raises(Invalid):
            async with busy.door.permit(SPECIALIST, Action.DEPOSIT_DOCUMENT, owner_of_patient(patient)):
                raise Invalid

    acts = [act(patient) for _ in range(10) for patient in patients for act in (lambda patient: look(busy, patient), refused, broken)]
    await asyncio.gather(*acts)
    verdict = await verify(busy)
    assert verdict.faults == ()
    assert verdict.lines == 5 + len(acts)


async def test_a_write_that_fails_leaves_its_failure_only(service: Service, connection: asyncpg.Connection) -> None:
    patient = await a_citizen(service)
    with pytest.raises(ZeroDivisionError):
        async with service.door.permit(SPECIALIST, Action.DEPOSIT_DOCUMENT, owner_of_patient(patient)) as p:
            await p.tx.execute("UPDATE owner SET state = 'closed' WHERE owner = $1", p.owner)
            raise ZeroDivisionError
    assert await connection.fetchval("SELECT state FROM owner WHERE kind = 'citizen'") == "open"
    assert (await lines_of(connection))[-2:] == [("space:open", "done", "demonstration"), ("document:deposit", "failed", "failure")]


@pytest.mark.parametrize(
    ("error", "outcome", "reason"),
    [
        (NotFound(), "refused", "not-found"),
        (Unavailable(), "failed", "failure"),
        (OSError(), "failed", "failure"),
        (Refused(), "refused", "no-right"),
    ],
)
async def test_each_kind_of_failure_has_its_word(
    service: Service, connection: asyncpg.Connection, error: Exception, outcome: str, reason: str
) -> None:
    patient = await a_citizen(service)
    with pytest.raises(type(error)):
        async with service.door.permit(caller_of_citizen(patient), Action.READ_PATIENT, owner_of_patient(patient)):
            raise error
    assert (await lines_of(connection))[1:] == [("patient:read", outcome, reason)]


async def test_a_failure_is_traced_once_however_often_it_is_told(service: Service, connection: asyncpg.Connection) -> None:
    for error in (Invalid(), KeyError("x")):
        for _ in range(3):
            await service.door.trace_failure(SPECIALIST, Action.FIND_PATIENT, None, error)
    assert len(await lines_of(connection)) == 2


async def test_a_read_whose_line_cannot_be_written_has_no_answer(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    patient = await a_citizen(service)

    async def fail(*_: object) -> None:
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(service.door.trail, "append", fail)
    with pytest.raises(Unavailable):
        await look(service, patient)


async def test_closing_waits_for_the_lines_under_way(busy: Service, pool: asyncpg.Pool) -> None:
    patient = await a_citizen(busy)
    reads = [asyncio.create_task(look(busy, patient)) for _ in range(20)]
    while not busy.door.trail._waiting:
        await asyncio.sleep(0)
    pending = len(busy.door.trail._waiting)
    await busy.door.trail.close()
    assert await pool.fetchval("SELECT count(*) FROM audit WHERE action = 'patient:read'") >= pending
    await asyncio.gather(*reads)


async def test_who_looked_is_read_newest_first_and_paged_without_loss(service: Service) -> None:
    patient = await a_citizen(service)
    await look(service, patient, 7)
    me, owner = caller_of_citizen(patient), owner_of_patient(patient)
    found, before = [], None
    for _ in range(3):
        async with service.door.permit(me, Action.READ_TRAIL, owner) as p:
            page = await read_trail(p, Wanted(before=before, limit=3))
        found += page
        before = (page[-1].at, page[-1].id)
    identifiers = [line.id for line in found if line.action in {"patient:read", "space:open"}]
    assert len(identifiers) == len(set(identifiers)) == 8
    assert [line.at for line in found] == sorted((line.at for line in found), reverse=True)
    assert found[-1].outcome == Outcome.DONE


async def test_a_citizen_reads_who_asked_and_was_refused(service: Service) -> None:
    patient = await a_citizen(service)
    with pytest.raises(Refused):
        async with service.door.permit(SPECIALIST, Action.SEARCH_DOCUMENTS, owner_of_patient(patient)) as p:
            await list_documents(p)
    async with service.door.permit(caller_of_citizen(patient), Action.READ_TRAIL, owner_of_patient(patient)) as p:
        newest = (await read_trail(p))[0]
    assert (newest.name, newest.role, newest.outcome, newest.reason) == ("Karim BENALI", "specialist", "refused", "no-right")


async def test_lines_that_concern_nobody_known_are_sealed_by_the_registry(service: Service, connection: asyncpg.Connection) -> None:
    with pytest.raises(Refused):
        async with service.door.permit(SPECIALIST, Action.FIND_PATIENT, 12345):
            raise AssertionError
    assert await connection.fetchval("SELECT owner FROM audit") == 0


async def test_names_are_never_in_clear_in_the_trail(service: Service, connection: asyncpg.Connection) -> None:
    patient = await a_citizen(service)
    with pytest.raises(Refused):
        async with service.door.permit(SPECIALIST, Action.READ_DOCUMENT, owner_of_patient(patient)):
            raise AssertionError
    detail = b"".join(row["detail"] for row in await connection.fetch("SELECT detail FROM audit"))
    assert not any(word in detail for word in (b"BENALI", b"specialist", b"81000000029"))


async def test_a_line_is_dated_by_the_clock_of_the_service(service: Service, connection: asyncpg.Connection) -> None:
    before = clock.now()
    await a_citizen(service)
    assert before <= await connection.fetchval("SELECT at FROM audit") <= clock.now()


# Keeping


OCTOBER, NOVEMBER = datetime(2021, 10, 31, 23, 59, 59, 999000, tzinfo=UTC), datetime(2021, 11, 1, tzinfo=UTC)
FUTURE = datetime(2024, 12, 2, tzinfo=UTC)


@pytest.fixture
async def aged(busy: Service, pool: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch) -> tuple[Service, UUID]:
    """A trail of two months of 2021 and of now, whose lines went over the turn of the month out of order."""
    patient = await a_citizen(busy)
    async with pool.acquire() as connection:
        await ensure_audit_partitions(connection, now=OCTOBER)
    for moment in (OCTOBER, NOVEMBER, OCTOBER, NOVEMBER):
        with monkeypatch.context() as patched:
            patched.setattr(clock, "now", lambda moment=moment: moment)
            await look(busy, patient)
    await look(busy, patient, 2)
    return busy, patient


async def test_months_that_are_over_are_dropped_and_the_chains_still_hold(aged: tuple[Service, UUID], pool: asyncpg.Pool) -> None:
    service, _ = aged
    before = (await verify(service)).lines
    door = service.door
    done = await retire_months(door.database, door.keys, now=FUTURE, months=36)
    assert (done.partitions, done.broken) == (("audit_2021_10", "audit_2021_11"), False)
    after = await verify(service)
    assert (after.lines, after.faults) == (before - 4, ())
    assert (await retire_months(door.database, door.keys, now=FUTURE, months=36)).partitions == ()
    await pool.execute("UPDATE audit_cut SET last = last + 1")
    assert (await verify(service)).faults != ()


async def test_a_month_is_kept_until_all_of_it_is_old_enough(aged: tuple[Service, UUID]) -> None:
    service, _ = aged
    door = service.door
    done = await retire_months(door.database, door.keys, now=datetime(2024, 11, 30, tzinfo=UTC), months=36)
    assert done.partitions == ("audit_2021_10",)
    assert (await verify(service)).faults == ()
    await look(service, aged[1])
    assert (await verify(service)).faults == ()


async def test_what_is_removed_by_hand_is_still_found_after_a_cut(aged: tuple[Service, UUID], pool: asyncpg.Pool) -> None:
    service, _ = aged
    await retire_months(service.door.database, service.door.keys, now=FUTURE, months=36)
    await pool.execute("DELETE FROM audit WHERE ctid IN (SELECT ctid FROM audit ORDER BY seq LIMIT 1)")
    assert (await verify(service)).faults != ()


async def test_a_trail_that_is_not_whole_is_not_cut(aged: tuple[Service, UUID], pool: asyncpg.Pool) -> None:
    service, _ = aged
    await pool.execute("UPDATE audit SET action = 'x' WHERE at < '2021-11-01T00:00:00Z'")
    done = await retire_months(service.door.database, service.door.keys, now=FUTURE, months=36)
    assert (done.partitions, done.broken) == ((), True)
    assert await pool.fetchval("SELECT to_regclass('audit_2021_10') IS NOT NULL")


async def test_the_archive_has_every_line_sealed_and_in_its_chain(aged: tuple[Service, UUID]) -> None:
    service, _ = aged
    lines = [orjson.loads(line) async for line in export_lines(service.door.database, OCTOBER, FUTURE)]
    assert len(lines) == 4
    assert {line["outcome"] for line in lines} == {"done"}
    assert "DUPR" not in str(lines)
    assert [line["at"] for line in lines] == sorted(line["at"] for line in lines)
