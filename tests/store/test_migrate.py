"""The migration runner and the partitions of the trail, on a real server."""

import asyncio
import re
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from healthspace.base.errors import Misconfigured
from healthspace.database.audit_partitions import ensure_audit_partitions
from healthspace.database.migrate import migrate, read_migrations

NOVEMBER = datetime(2031, 11, 24, tzinfo=UTC)
ADD_LINE = "INSERT INTO audit VALUES (0, $1, $2, $2, 1, '', '', '', 0, '', '')"
HOLDER = "SELECT tableoid::regclass::text FROM audit WHERE id = $1"


@pytest.fixture
async def trial(connection: asyncpg.Connection) -> asyncpg.Connection:
    """A connection to an empty schema."""
    await connection.execute("CREATE SCHEMA trial; SET LOCAL search_path TO trial")
    return connection


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path, "0001_first", "CREATE TABLE one (a int); CREATE TABLE other (a int)")
    write(tmp_path, "0002_second", "ALTER TABLE one ADD b int")
    return tmp_path


def write(folder: Path, name: str, sql: str) -> None:
    (folder / f"{name}.sql").write_text(sql)


async def test_migrations_are_applied_once_and_in_order(trial: asyncpg.Connection, folder: Path) -> None:
    assert await migrate(trial, migrations=folder) == ["0001_first", "0002_second"]
    assert await migrate(trial, migrations=folder) == []
    write(folder, "0003_third", "INSERT INTO one (a, b) VALUES (1, 2)")
    assert await migrate(trial, migrations=folder) == ["0003_third"]
    assert await trial.fetchval("SELECT b FROM one") == 2
    assert [row["number"] for row in await trial.fetch("SELECT number FROM schema_migration ORDER BY 1")] == [1, 2, 3]


async def test_our_own_migrations_make_the_schema(connection: asyncpg.Connection) -> None:
    assert await connection.fetchval("SELECT count(*) FROM schema_migration") >= 1
    assert await connection.fetchval("SELECT to_regclass('resource') IS NOT NULL")


async def test_an_edited_migration_is_refused(trial: asyncpg.Connection, folder: Path) -> None:
    await migrate(trial, migrations=folder)
    write(folder, "0001_first", "CREATE TABLE one (a bigint)")
    write(folder, "0003_third", "CREATE TABLE three ()")
    with pytest.raises(Misconfigured, match="0001_first was edited"):
        await migrate(trial, migrations=folder)
    assert await trial.fetchval("SELECT to_regclass('trial.three') IS NULL")


async def test_a_renamed_migration_is_refused(trial: asyncpg.Connection, folder: Path) -> None:
    await migrate(trial, migrations=folder)
    (folder / "0002_second.sql").rename(folder / "0002_renamed.sql")
    with pytest.raises(Misconfigured, match="0002_second was applied, and its file is missing"):
        await migrate(trial, migrations=folder)


async def test_a_database_ahead_of_the_program_is_refused(trial: asyncpg.Connection, folder: Path) -> None:
    await migrate(trial, migrations=folder)
    (folder / "0002_second.sql").unlink()
    with pytest.raises(Misconfigured, match="ahead of this program: it has migration 0002_second"):
        await migrate(trial, migrations=folder)


async def test_a_file_that_comes_into_a_gap_is_applied_then(trial: asyncpg.Connection, folder: Path) -> None:
    write(folder, "0004_fourth", "CREATE TABLE four ()")
    assert await migrate(trial, migrations=folder) == ["0001_first", "0002_second", "0004_fourth"]
    write(folder, "0003_third", "CREATE TABLE three ()")
    assert await migrate(trial, migrations=folder) == ["0003_third"]
    assert await migrate(trial, migrations=folder) == []


async def test_a_failing_migration_leaves_nothing_and_keeps_the_ones_before(trial: asyncpg.Connection, folder: Path) -> None:
    write(folder, "0003_third", "CREATE TABLE three (); SELECT 'DUPONT'::int")
    with pytest.raises(Misconfigured, match="0003_third failed: InvalidTextRepresentationError") as refusal:
        await migrate(trial, migrations=folder)
    assert "DUPONT" not in refusal.value.message
    assert await trial.fetchval("SELECT max(number) FROM schema_migration") == 2
    assert await trial.fetchval("SELECT to_regclass('trial.three') IS NULL")


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("0002_twin", "two migrations have the number 0002"),
        ("0000_zeroth", "0000_zeroth.sql is not the name of a migration"),
        ("3_third", "3_third.sql is not the name of a migration"),
        ("0003_Third", "0003_Third.sql is not the name of a migration"),
    ],
)
def test_badly_numbered_files_are_refused(folder: Path, name: str, complaint: str) -> None:
    write(folder, name, "SELECT 1")
    with pytest.raises(Misconfigured, match=re.escape(complaint)):
        read_migrations(folder)


def test_an_installation_without_migrations_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="missing from this installation"):
        read_migrations(tmp_path)


async def test_runners_at_the_same_moment_apply_each_migration_once(migrated: dict[str, object]) -> None:
    admin = await asyncpg.connect(**migrated)
    await admin.execute("CREATE SCHEMA race")
    runners = [await asyncpg.connect(**migrated, server_settings={"search_path": "race"}) for _ in range(5)]
    try:
        done = await asyncio.gather(*(migrate(runner) for runner in runners))
        assert sorted(name for names in done for name in names) == [
            str(migration) for migration in read_migrations(files("healthspace.database") / "migrations")
        ]
    finally:
        for runner in runners:
            await runner.close()
        await admin.execute("DROP SCHEMA race CASCADE")
        await admin.close()


async def test_the_trail_has_a_partition_for_this_month_and_the_next_twelve(connection: asyncpg.Connection) -> None:
    made = await ensure_audit_partitions(connection, now=NOVEMBER)
    assert (len(made), made[0], made[1], made[2], made[-1]) == (13, "audit_2031_11", "audit_2031_12", "audit_2032_01", "audit_2032_11")
    assert await ensure_audit_partitions(connection, now=NOVEMBER) == []
    assert await ensure_audit_partitions(connection, now=NOVEMBER.replace(month=12)) == ["audit_2032_12"]


@pytest.mark.parametrize(
    ("at", "partition"),
    [
        (datetime(2031, 10, 31, 23, 59, 59, tzinfo=UTC), "audit_other"),
        (datetime(2031, 11, 1, tzinfo=UTC), "audit_2031_11"),
        (datetime(2031, 12, 31, 23, 59, 59, 999999, tzinfo=UTC), "audit_2031_12"),
        (datetime(2032, 1, 1, tzinfo=UTC), "audit_2032_01"),
    ],
)
async def test_months_begin_at_midnight_utc_whatever_the_session(connection: asyncpg.Connection, at: datetime, partition: str) -> None:
    await connection.execute("SET LOCAL timezone TO 'Pacific/Noumea'")
    await ensure_audit_partitions(connection, now=NOVEMBER)
    line = uuid4()
    await connection.execute(ADD_LINE, at, line)
    assert await connection.fetchval(HOLDER, line) == partition


async def test_a_month_with_lines_in_the_default_partition_stays_there(connection: asyncpg.Connection) -> None:
    line = uuid4()
    await connection.execute(ADD_LINE, NOVEMBER, line)
    made = await ensure_audit_partitions(connection, now=NOVEMBER)
    assert (len(made), made[0]) == (12, "audit_2031_12")
    assert await connection.fetchval(HOLDER, line) == "audit_other"
