"""The embedded server, with real processes that are really killed."""

import asyncio
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import asyncpg
import pytest

from healthspace.base.errors import Misconfigured, Unavailable
from healthspace.database import binaries, embedded, process
from healthspace.database.embedded import EmbeddedPostgres
from healthspace.database.process import Account

ROOT = os.geteuid() == 0
root_only = pytest.mark.skipif(not ROOT, reason="only root starts the server as another user")

OWNER = """
import sys, time
from pathlib import Path
from healthspace.database.embedded import EmbeddedPostgres
EmbeddedPostgres(Path(sys.argv[1]), durable=False).attach_or_start()
print("ready", flush=True)
time.sleep(60)
"""
"""A command that owns a server and does not end by itself."""


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder whose server was once started, shared by the tests: making a new one each time would take most of the time."""
    data = tmp_path_factory.mktemp("data")
    server = EmbeddedPostgres(data, durable=False)
    server.attach_or_start()
    server.stop()
    yield data
    shutil.rmtree(data)


@pytest.fixture
def new(tmp_path: Path) -> Iterator[Path]:
    """A folder where no server was ever started."""
    yield tmp_path / "new"
    shutil.rmtree(tmp_path / "new")


@pytest.fixture
def start() -> Iterator[Callable[..., EmbeddedPostgres]]:
    """Starts the server of a folder, or attaches to it."""
    started: list[EmbeddedPostgres] = []

    def start(folder: Path, *, durable: bool = False) -> EmbeddedPostgres:
        started.append(EmbeddedPostgres(folder, durable=durable))
        started[-1].attach_or_start()
        return started[-1]

    yield start
    for server in reversed(started):
        server.stop()


@pytest.fixture
def own_elsewhere() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Runs a command that owns the server of a folder."""
    commands: list[subprocess.Popen[str]] = []

    def own(folder: Path, *, wait: bool = True) -> subprocess.Popen[str]:
        command = subprocess.Popen([sys.executable, "-c", OWNER, str(folder)], stdout=subprocess.PIPE, text=True)
        commands.append(command)
        assert command.stdout
        if wait:
            assert command.stdout.readline() == "ready\n"
        return command

    yield own
    for command in commands:
        with command:
            command.kill()


def processes_in(folder: Path) -> set[int]:
    """The processes that work in the cluster's folder: the postmaster, its children, and initdb's."""
    cluster, found = (folder / "postgres").resolve(), set()
    for link in Path("/proc").glob("[0-9]*/cwd"):
        with suppress(OSError):
            if link.readlink().is_relative_to(cluster):
                found.add(int(link.parent.name))
    return found


def postmaster(folder: Path) -> int:
    return int((folder / "postgres" / "cluster" / "postmaster.pid").read_text().split()[0])


def wait_until(condition: Callable[[], object], *, seconds: float = 5.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not true after {seconds} seconds"
        time.sleep(0.01)


async def ask(server: EmbeddedPostgres, sql: str) -> object:
    connection = await asyncpg.connect(**server.connection())
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


async def remember(server: EmbeddedPostgres, number: int) -> None:
    await ask(server, "DROP TABLE IF EXISTS kept")
    await ask(server, f"CREATE TABLE kept AS SELECT {number} AS number")


async def remembered(server: EmbeddedPostgres) -> object:
    return await ask(server, "SELECT number FROM kept")


async def answers(server: EmbeddedPostgres) -> bool:
    try:
        return await ask(server, "SELECT 1") == 1
    except (OSError, asyncpg.PostgresError):
        return False


async def answers_within(server: EmbeddedPostgres, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not await answers(server):
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(0.02)
    return True


@asynccontextmanager
async def supervised(server: EmbeddedPostgres) -> AsyncIterator[None]:
    task = asyncio.create_task(server.supervise())
    yield
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def test_data_is_kept_from_one_start_to_the_next(new: Path, start: Callable[..., EmbeddedPostgres]) -> None:
    server = start(new, durable=True)
    assert server.owned
    assert re.fullmatch(r"18\.\d+", server.version)
    await remember(server, 1)
    server.stop()
    assert (server.owned, processes_in(new)) == (False, set())
    began = time.monotonic()
    again = start(new, durable=True)
    assert time.monotonic() - began < 2  # 0.1 s on a quiet machine
    assert await remembered(again) == 1


async def test_the_server_is_private_durable_and_ours_is_no_superuser(data: Path, start: Callable[..., EmbeddedPostgres]) -> None:
    server = start(data, durable=True)
    expected = {
        "listen_addresses": "",
        "unix_socket_permissions": "0700",
        "fsync": "on",
        "synchronous_commit": "on",
        "full_page_writes": "on",
        "data_checksums": "on",
        "jit": "off",
        "server_encoding": "UTF8",
        "TimeZone": "UTC",
    }
    assert {name: await ask(server, f"SHOW {name}") for name in expected} == expected
    assert await ask(server, "SELECT current_user || ' ' || current_database()") == "healthspace healthspace"
    assert await ask(server, "SELECT rolsuper OR rolcreaterole OR rolcreatedb FROM pg_roles WHERE rolname = current_user") is False
    assert await ask(server, "SELECT datlocprovider::text || datlocale FROM pg_database WHERE datname = current_database()") == "bC.UTF-8"


async def test_no_value_reaches_the_log(data: Path, start: Callable[..., EmbeddedPostgres]) -> None:
    server = start(data)
    await ask(server, "CREATE TABLE IF NOT EXISTS t (a text PRIMARY KEY)")
    for wrong in ("SELECT 'DUPONT'::int", "INSERT INTO t VALUES ('DUPONT'), ('DUPONT')", "DUPONT"):
        with pytest.raises(asyncpg.PostgresError):
            await ask(server, wrong)
    assert "DUPONT" not in (data / "postgres" / "log").read_text()


async def test_a_second_command_attaches_and_leaves_the_server_when_it_ends(data: Path, start: Callable[..., EmbeddedPostgres]) -> None:
    first, second = start(data), start(data)
    assert (first.owned, second.owned) == (True, False)
    assert first.version == second.version
    second.stop()
    assert await answers(first)


async def test_of_commands_that_start_together_one_owns_the_server(new: Path) -> None:
    servers = [EmbeddedPostgres(new, durable=False) for _ in range(4)]
    threads = [threading.Thread(target=server.attach_or_start) for server in servers]
    for thread in threads:
        thread.start()
    for thread in threads:
        await asyncio.to_thread(thread.join)
    try:
        assert sorted(server.owned for server in servers) == [False, False, False, True]
        assert [await answers(server) for server in servers] == [True] * 4
    finally:
        for server in servers:
            server.stop()


async def test_the_server_dies_with_its_killed_parent_and_starts_again(
    data: Path, start: Callable[..., EmbeddedPostgres], own_elsewhere: Callable[..., subprocess.Popen[str]]
) -> None:
    owner = own_elsewhere(data)
    attached = start(data)
    await remember(attached, 2)
    owner.kill()
    wait_until(lambda: not processes_in(data))
    again = start(data)
    assert again.owned
    assert await remembered(again) == 2


async def test_a_start_does_not_wait_for_the_killed_server_to_be_gone_by_itself(
    data: Path, start: Callable[..., EmbeddedPostgres], own_elsewhere: Callable[..., subprocess.Popen[str]]
) -> None:
    owner = own_elsewhere(data)
    attached = start(data)
    await remember(attached, 3)
    idle = await asyncpg.connect(**attached.connection())
    os.kill(postmaster(data), signal.SIGKILL)
    owner.kill()
    again = start(data)
    assert again.owned
    assert await remembered(again) == 3
    idle.terminate()


def test_a_first_start_that_was_killed_is_begun_again(
    new: Path, start: Callable[..., EmbeddedPostgres], own_elsewhere: Callable[..., subprocess.Popen[str]]
) -> None:
    starting = own_elsewhere(new, wait=False)
    wait_until(lambda: (new / "postgres" / "cluster.unfinished" / "base").exists())
    starting.kill()
    assert not (new / "postgres" / "cluster").exists()
    assert start(new).owned
    assert not (new / "postgres" / "cluster.unfinished").exists()


async def test_a_killed_server_is_started_again_under_the_same_address(data: Path, start: Callable[..., EmbeddedPostgres]) -> None:
    server = start(data)
    arguments = server.connection()
    await remember(server, 4)
    async with supervised(server):
        for _ in range(2):
            os.kill(postmaster(data), signal.SIGKILL)
            await asyncio.sleep(0.05)
            assert await answers_within(server, 5)
    assert (server.owned, server.connection()) == (True, arguments)
    assert await remembered(server) == 4


async def test_who_is_attached_takes_over_when_the_owner_ends(
    data: Path, start: Callable[..., EmbeddedPostgres], own_elsewhere: Callable[..., subprocess.Popen[str]]
) -> None:
    owner = own_elsewhere(data)
    attached = start(data)
    assert not attached.owned
    async with supervised(attached):
        owner.kill()
        await asyncio.to_thread(owner.wait)
        await asyncio.to_thread(wait_until, lambda: attached.owned)
        assert await answers_within(attached, 5)


async def test_supervision_goes_on_after_a_start_that_failed(data: Path, start: Callable[..., EmbeddedPostgres]) -> None:
    server = start(data)
    version = data / "postgres" / "cluster" / "PG_VERSION"
    async with supervised(server):
        version.write_text("9.6\n")
        os.kill(postmaster(data), signal.SIGKILL)
        await asyncio.sleep(0.4)
        assert not await answers(server)
        version.write_text("18\n")
        assert await answers_within(server, 5)


def test_a_pid_that_now_belongs_to_another_program_does_not_block(data: Path, start: Callable[..., EmbeddedPostgres]) -> None:
    server = start(data)
    cluster = data / "postgres" / "cluster"
    account = Account.owning(cluster)
    notes = {name: (cluster / name).read_text() for name in ("postmaster.pid", ".s.PGSQL.5432.lock")}
    server.stop()
    user = {"user": account.uid} if ROOT else {}
    with subprocess.Popen(["sleep", "60"], cwd="/", **user) as other:
        for name, text in notes.items():
            (cluster / name).write_text(re.sub(r"^\d+", str(other.pid), text))
        assert start(data).owned
        other.kill()


async def test_folders_may_be_deep_and_private_and_keep_their_permissions(new: Path, start: Callable[..., EmbeddedPostgres]) -> None:
    new.mkdir(mode=0o700)
    data = new / ("deep" * 30) / "data"
    modes = {folder: (folder.stat().st_mode, folder.stat().st_uid) for folder in new.parents}
    assert len(str(data)) > 107 + len(".s.PGSQL.5432")
    assert await answers(start(data))
    assert {folder: (folder.stat().st_mode, folder.stat().st_uid) for folder in new.parents} == modes
    for folder in (new, data, data / "postgres", data / "postgres" / "cluster"):
        assert folder.stat().st_mode & 0o777 == 0o700
    assert data.stat().st_uid == os.geteuid()


@root_only
def test_root_starts_the_server_as_an_unprivileged_user(data: Path, start: Callable[..., EmbeddedPostgres]) -> None:
    start(data)
    owners = {(Path("/proc") / str(pid)).stat().st_uid for pid in processes_in(data)}
    assert owners == {Account.named("nobody").uid}


@root_only
def test_programs_that_the_unprivileged_user_cannot_reach_are_copied_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nobody, wheel = Account.named("nobody"), binaries._wheel()
    hidden = tmp_path / "hidden"
    hidden.mkdir(mode=0o700)
    for name in (binaries.WHEEL, f"{binaries.WHEEL}.libs"):
        (hidden / name).symlink_to(wheel / name)
    monkeypatch.setattr(binaries, "_wheel", lambda: hidden)
    with tempfile.TemporaryDirectory() as public:
        Path(public).chmod(0o755)
        taken, place = Path(public, "taken"), Path(public, "place")
        taken.mkdir(mode=0o755)
        taken.chmod(0o777)  # others could have put their own programs there
        programs = binaries.find_programs(nobody, places=(taken, place))
        assert (programs.is_relative_to(place), list(taken.iterdir())) == (True, [])
        assert "18." in process.run([programs / "postgres", "--version"], nobody)
        made = (programs / "initdb").stat().st_mtime_ns
        assert binaries.find_programs(nobody, places=(taken, place)) == programs
        assert (programs / "initdb").stat().st_mtime_ns == made
        (programs / "initdb").write_bytes(b"half")
        binaries.find_programs(nobody, places=(taken, place))
        assert (programs / "initdb").stat().st_size > 100_000
        with pytest.raises(Misconfigured, match="no folder where PostgreSQL can run"):
            binaries.find_programs(nobody, places=(taken,))


@pytest.mark.skipif(ROOT, reason="root may use every folder")
def test_a_folder_of_somebody_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir(mode=0o500)
    with pytest.raises(Misconfigured, match="may not use the folder"):
        EmbeddedPostgres(tmp_path).attach_or_start()


def test_a_cluster_of_another_version_is_refused_and_left_alone(data: Path, start: Callable[..., EmbeddedPostgres]) -> None:
    start(data).stop()
    (data / "postgres" / "cluster" / "PG_VERSION").write_text("16\n")
    with pytest.raises(Misconfigured, match="written by PostgreSQL 16; this is PostgreSQL 18"):
        start(data)
    (data / "postgres" / "cluster" / "PG_VERSION").write_text("18\n")
    assert start(data).owned


def test_a_server_that_does_not_start_says_where_to_look(data: Path, start: Callable[..., EmbeddedPostgres]) -> None:
    start(data).stop()
    control = data / "postgres" / "cluster" / "global" / "pg_control"
    control.rename(control.with_suffix(".away"))
    with pytest.raises(Misconfigured, match=re.escape(str(data / "postgres" / "log"))):
        start(data)
    assert not processes_in(data)
    control.with_suffix(".away").rename(control)
    assert start(data).owned


def test_a_server_that_neither_answers_nor_ends_is_not_waited_for_for_ever(
    data: Path, start: Callable[..., EmbeddedPostgres], monkeypatch: pytest.MonkeyPatch
) -> None:
    start(data)
    monkeypatch.setattr(embedded, "PATIENCE", 0.2)
    monkeypatch.setattr(EmbeddedPostgres, "_answers", lambda self: False)
    with pytest.raises(Unavailable, match="neither answers nor ends"):
        start(data)


def test_a_start_can_be_given_up(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(EmbeddedPostgres, "_answers", lambda self: False)
    server = EmbeddedPostgres(data, durable=False)
    giving_up = threading.Timer(0.5, server.stop)
    giving_up.start()
    with pytest.raises(Unavailable, match="stopped before it was ready"):
        server.attach_or_start()
    giving_up.join()
    assert not processes_in(data)
