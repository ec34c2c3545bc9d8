"""The master key: made once, recognised ever after, never overwritten."""

from pathlib import Path

import asyncpg
import pytest

from healthspace.base.errors import Misconfigured
from healthspace.database.database import Database
from healthspace.database.keys import KeyRing, open_key_ring
from tests.harness import OneConnection


@pytest.fixture
async def database(connection: asyncpg.Connection) -> Database:
    await connection.execute("DELETE FROM installation")
    return Database(OneConnection(connection))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys" / "master.key"


def same(one: KeyRing, other: KeyRing) -> bool:
    return one.hash64("a") == other.hash64("a") and one.check_value() == other.check_value()


async def test_the_first_start_makes_a_key_that_only_its_user_may_read(database: Database, path: Path) -> None:
    await open_key_ring(database, path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert len(path.read_bytes()) == 32


async def test_later_starts_find_the_same_key(database: Database, path: Path) -> None:
    first = await open_key_ring(database, path)
    assert same(first, await open_key_ring(database, path))


async def test_two_installations_have_two_keys(database: Database, tmp_path: Path, connection: asyncpg.Connection) -> None:
    first = await open_key_ring(database, tmp_path / "one")
    await connection.execute("DELETE FROM installation")
    assert not same(first, await open_key_ring(database, tmp_path / "other"))


async def test_a_key_made_beforehand_is_used(database: Database, tmp_path: Path) -> None:
    path = tmp_path / "given"
    path.write_bytes(b"g" * 32)
    assert same(await open_key_ring(database, path), KeyRing(b"g" * 32))
    assert path.read_bytes() == b"g" * 32


@pytest.mark.parametrize("content", [b"", b"short", b"x" * 31, b"x" * 33, b"x" * 32 + b"\n"])
async def test_a_file_that_is_no_key_is_refused_and_left_alone(database: Database, path: Path, content: bytes) -> None:
    await open_key_ring(database, path)
    path.write_bytes(content)
    with pytest.raises(Misconfigured, match="exactly 32 bytes"):
        await open_key_ring(database, path)
    assert path.read_bytes() == content


async def test_another_key_is_refused_and_left_alone(database: Database, path: Path) -> None:
    ring = await open_key_ring(database, path)
    path.write_bytes(b"w" * 32)
    with pytest.raises(Misconfigured, match="not the one"):
        await open_key_ring(database, path)
    assert path.read_bytes() == b"w" * 32
    async with database.reading() as tx:
        assert await tx.fetchval("SELECT value FROM installation WHERE name = 'key-check'") == ring.check_value()


async def test_a_missing_key_is_never_made_anew_for_a_database_that_was_sealed(database: Database, path: Path) -> None:
    await open_key_ring(database, path)
    path.unlink()
    with pytest.raises(Misconfigured, match="missing"):
        await open_key_ring(database, path)
    assert not path.exists()


async def test_no_message_shows_a_key(database: Database, path: Path) -> None:
    await open_key_ring(database, path)
    path.write_bytes(b"secret!!" * 4)
    with pytest.raises(Misconfigured) as refused:
        await open_key_ring(database, path)
    assert "secret" not in refused.value.message


async def test_a_broken_key_before_the_first_start_is_not_replaced(database: Database, path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"half")
    with pytest.raises(Misconfigured):
        await open_key_ring(database, path)
    async with database.reading() as tx:
        assert await tx.fetchval("SELECT count(*) FROM installation") == 0
