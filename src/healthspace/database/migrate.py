"""Brings the schema to what this program expects: plain SQL files, in order, once each, never edited afterwards.

Numbers may have gaps: work that goes on side by side takes its numbers ahead. A file that comes into a gap later is applied then.

A file is `NNNN_name.sql` and runs in one transaction with its line in `schema_migration`, so a failure leaves nothing behind.
Statements that refuse a transaction (`CREATE INDEX CONCURRENTLY`) cannot be in one.
"""

import hashlib
import re
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from itertools import pairwise

import asyncpg

from healthspace.base.clock import now
from healthspace.base.errors import Misconfigured

FILE_NAME = re.compile(r"(?!0000)(\d{4})_([a-z0-9_]+)\.sql")

CREATE_TABLE = """
    CREATE TABLE IF NOT EXISTS schema_migration (
        number  integer     NOT NULL PRIMARY KEY,
        name    text        NOT NULL,
        sha256  text        NOT NULL,
        applied timestamptz NOT NULL
    )
"""
# Conflicts with itself and with writes, not with reads: a second runner waits here and then finds the work done.
LOCK = "LOCK TABLE schema_migration IN SHARE ROW EXCLUSIVE MODE"
APPLIED = "SELECT number, name, sha256 FROM schema_migration ORDER BY number"
REMEMBER = "INSERT INTO schema_migration (number, name, sha256, applied) VALUES ($1, $2, $3, $4)"


@dataclass(frozen=True, slots=True)
class Migration:
    number: int
    name: str
    sha256: str
    sql: str = ""
    """Empty in what the database remembers."""

    def __str__(self) -> str:
        return f"{self.number:04}_{self.name}"


async def migrate(connection: asyncpg.Connection, *, migrations: Traversable | None = None) -> list[str]:
    """Applies what is missing and returns its names. Misconfigured when files and database do not tell the same story.

    `migrations` is a folder; by default the one of this package. Several runners at once are safe.
    """
    known = read_migrations(files("healthspace.database") / "migrations" if migrations is None else migrations)
    await _create_table(connection)
    done = []
    while applied := await _apply_next(connection, known):
        done.append(str(applied))
    return done


def read_migrations(folder: Traversable) -> list[Migration]:
    """The migrations of `folder` in order; Misconfigured when two have one number."""
    found = []
    for file in folder.iterdir():
        if not file.name.endswith(".sql"):
            continue
        name = FILE_NAME.fullmatch(file.name)
        if not name:
            raise Misconfigured(f"{file.name} is not the name of a migration, such as 0001_foundation.sql")
        content = file.read_bytes()
        found.append(Migration(int(name[1]), name[2], hashlib.sha256(content).hexdigest(), content.decode()))
    if not found:
        raise Misconfigured("the migrations are missing from this installation")
    found.sort(key=lambda migration: migration.number)
    for one, next_one in pairwise(found):
        if one.number == next_one.number:
            raise Misconfigured(f"two migrations have the number {one.number:04}")
    return found


async def _create_table(connection: asyncpg.Connection) -> None:
    try:
        await connection.execute(CREATE_TABLE)
    except (asyncpg.UniqueViolationError, asyncpg.DuplicateTableError, asyncpg.DuplicateObjectError):
        pass  # IF NOT EXISTS loses a race against another runner with one of these errors
    except asyncpg.InsufficientPrivilegeError as error:
        raise Misconfigured("the database role may not create tables; make it the owner of the database") from error


async def _apply_next(connection: asyncpg.Connection, known: list[Migration]) -> Migration | None:
    """One step of one transaction: None when nothing is left to do."""
    async with connection.transaction():
        await connection.execute(LOCK)
        applied = [Migration(**row) for row in await connection.fetch(APPLIED)]
        _check(applied, known)
        done = {migration.number for migration in applied}
        migration = next((one for one in known if one.number not in done), None)
        if migration is None:
            return None
        try:
            await connection.execute(migration.sql)
        except asyncpg.PostgresError as error:
            # The server's own words may quote a value; they stay in the cause.
            raise Misconfigured(f"migration {migration} failed: {type(error).__name__}") from error
        await connection.execute(REMEMBER, migration.number, migration.name, migration.sha256, now())
        return migration


def _check(applied: list[Migration], known: list[Migration]) -> None:
    files_of = {migration.number: migration for migration in known}
    for old in applied:
        new = files_of.get(old.number)
        if new is None:
            raise Misconfigured(f"the database is ahead of this program: it has migration {old}; run the newer program")
        if old.name != new.name:
            raise Misconfigured(f"migration {old} was applied, and its file is missing: {new} has its number")
        if old.sha256 != new.sha256:
            raise Misconfigured(f"migration {new} was edited after it was applied; put its file back and add a new one")
