"""The service as an operator starts, stops and misuses it."""

import os
import shutil
import signal
import socket
import stat
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from healthspace.database.embedded import EmbeddedPostgres
from tests.journeys.processes import PATIENCE, environment_of, healthspace, letter, processes_in, serving, some_citizen, write_files

INS = "279035121518989"


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The data folder of an installation that is no demonstration."""
    data = tmp_path_factory.mktemp("real") / "data"
    assert healthspace(data, "migrate").code == 0
    with serving(data) as service:
        assert service.stop() == 0
    return data


@pytest.fixture(scope="module")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("demonstration") / "data"
    with serving(data, "--demo") as service:
        assert service.stop() == 0
    return data


def test_the_service_says_on_which_database_it_is_and_stops_cleanly(demonstration: Path) -> None:
    with serving(demonstration) as service:
        answer = httpx.get(f"{service.address}/healthz", timeout=PATIENCE)
        assert answer.status_code == 200
        assert "server" not in answer.headers
        assert httpx.get(f"{service.address}/readyz", timeout=PATIENCE).status_code == 200
        assert service.database.startswith("embedded PostgreSQL 18")
        assert str(demonstration) in service.database
        began = time.monotonic()
        assert service.stop() == 0
        assert time.monotonic() - began < 10  # 0.2 s on a quiet machine
    assert "stopped" in service.told[-1]
    assert not processes_in(demonstration)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_request_that_runs_is_answered_before_the_end(demonstration: Path, how: signal.Signals) -> None:
    with serving(demonstration) as service, httpx.Client(timeout=PATIENCE) as client:
        host, port = service.address.removeprefix("http://").split(":")
        assert client.get(f"{service.address}/healthz", timeout=PATIENCE).status_code == 200
        with socket.create_connection((host, int(port))) as slow:
            slow.sendall(b"GET /readyz HTTP/1.1\r\nHost: here\r\n\r\n")
            assert service.stop(how) == 0
            assert slow.recv(1000).startswith(b"HTTP/1.1 200")


def test_what_is_asked_is_not_in_the_log(demonstration: Path) -> None:
    token = healthspace(demonstration, "token", "hospital").out.strip()
    with serving(demonstration) as service:
        address = f"{service.address}/fhir/Patient?identifier=urn:oid:1.2.250.1.213.1.4.10|{INS}"
        assert httpx.get(address, headers={"authorization": f"Bearer {token}"}, timeout=PATIENCE).status_code == 200
        assert service.stop() == 0
    assert INS not in "".join(service.told)
    assert token not in "".join(service.told)


@pytest.mark.parametrize(("reason", "warned"), [((), True), (("--reason", "Unconscious after a fall"), False)], ids=["none", "one"])
def test_who_breaks_the_glass_without_a_reason_is_told_that_it_opens_nothing(
    demonstration: Path, reason: tuple[str, ...], warned: bool
) -> None:
    made = healthspace(demonstration, "token", "nurse", "--purpose", "BTG", *reason)
    assert (made.code, len(made.lines()), "--reason" in made.err) == (0, 1, warned)


def test_two_services_share_one_database(demonstration: Path) -> None:
    with serving(demonstration) as first, serving(demonstration) as second:
        assert "started" in first.database
        assert "already running" in second.database
        assert first.stop() == 0
        for _ in range(100):  # the second starts the server again
            if httpx.get(f"{second.address}/readyz", timeout=PATIENCE).status_code == 200:
                break
            time.sleep(0.1)
        else:
            pytest.fail("the second service did not take over")
        assert second.stop() == 0


def test_a_port_that_is_taken_is_named_and_nothing_is_started(demonstration: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ended = healthspace(demonstration, "serve", "--port", port)
    assert ended.code == 2
    assert f"port {port}" in ended.err
    assert "HEALTHSPACE_PORT" in ended.err
    assert not processes_in(demonstration)


@pytest.mark.parametrize("change", ["missing", "wrong", "short"])
def test_another_master_key_is_refused_and_nothing_is_overwritten(demonstration: Path, change: str) -> None:
    key = demonstration / "keys" / "master.key"
    right = key.read_bytes()
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    key.unlink()
    if change != "missing":
        key.write_bytes(os.urandom(32 if change == "wrong" else 31))
    before = key.read_bytes() if key.exists() else None
    try:
        others = (("audit", "verify"), ("token", "hospital"), ("deposit", "--open-missing", str(key))) if change == "missing" else ()
        for arguments in (("serve", "--port", "0"), *others):
            ended = healthspace(demonstration, *arguments)
            assert ended.code == 2
            assert "master key" in ended.err
            assert str(key) in ended.err
            assert "Traceback" not in ended.err
            assert not ended.out
        assert (key.read_bytes() if key.exists() else None) == before
    finally:
        key.unlink(missing_ok=True)
        key.write_bytes(right)
        key.chmod(0o600)
    assert healthspace(demonstration, "audit", "verify").code == 0


def test_a_real_folder_never_becomes_a_demonstration(real: Path, tmp_path: Path) -> None:
    file = tmp_path / "letter.xml"
    file.write_bytes(letter().data)
    for arguments in (("serve", "--demo", "--port", "0"), ("demo", "--port", "0"), ("deposit", "--open-missing", str(file))):
        ended = healthspace(real, *arguments)
        assert ended.code == 2
        assert "never becomes one" in ended.err
    for arguments in (("token", "hospital"), ("token", "citizen", "--ins", INS), ("deposit", "--as", "hospital", str(file))):
        ended = healthspace(real, *arguments)
        assert ended.code == 1
        assert "demo mode only" in ended.err
        assert not ended.out


def test_outside_demo_mode_a_structure_of_the_directory_deposits(real: Path, tmp_path: Path) -> None:
    file = tmp_path / "letter.xml"
    file.write_bytes(letter().data)
    assert "--finess" in healthspace(real, "deposit", file).err
    assert "FINESS" in healthspace(real, "deposit", "--finess", "123456789", file).err
    refused = healthspace(real, "deposit", "--finess", "990000060", file)
    assert refused.code == 1
    assert "no open health space" in refused.out


def test_a_token_of_a_demonstration_is_none_elsewhere(real: Path, demonstration: Path) -> None:
    token = healthspace(demonstration, "token", "hospital").out.strip()
    ins = some_citizen().traits
    for data, status in ((demonstration, 200), (real, 401)):
        with serving(data) as service:
            address = f"{service.address}/fhir/Patient?identifier=urn:oid:{ins.ins_system}|{ins.ins_value}"
            assert httpx.get(address, headers={"authorization": f"Bearer {token}"}, timeout=PATIENCE).status_code == status
            service.stop()


def test_a_question_makes_no_installation(tmp_path: Path) -> None:
    nowhere = tmp_path / "nowhere"
    for arguments in (("token", "hospital"), ("audit", "verify"), ("deposit", str(tmp_path / "a.xml"))):
        ended = healthspace(nowhere, *arguments)
        assert ended.code == 1
        assert str(nowhere) in ended.err
        assert not ended.out
    assert not nowhere.exists()


def test_migrate_says_what_it_applied(tmp_path: Path) -> None:
    first = healthspace(tmp_path / "data", "migrate")
    assert first.code == 0
    assert first.lines()[0] == "0001_foundation"
    again = healthspace(tmp_path / "data", "migrate")
    assert again.code == 0
    assert not again.out
    assert "Nothing to apply" in again.err


def test_a_server_that_does_not_answer_is_named(tmp_path: Path) -> None:
    ended = healthspace(tmp_path / "data", "serve", "--port", "0", DATABASE_URL="postgresql://nobody@127.0.0.1:1/nothing")
    assert ended.code == 2
    assert "DATABASE_URL" in ended.err
    assert "127.0.0.1" in environment_of(tmp_path, {"DATABASE_URL": "127.0.0.1"})["DATABASE_URL"]


def test_a_server_of_ones_own_is_used_instead_of_the_embedded_one(tmp_path: Path) -> None:
    """`DATABASE_URL` leads to a server that we start here; nothing of the database is then in the data folder."""
    folder = Path(tempfile.mkdtemp())  # short: the path of a socket may have 107 characters
    server = EmbeddedPostgres(folder, durable=False)
    server.attach_or_start()
    url = f"postgresql://healthspace@/healthspace?host={folder / 'postgres' / 'cluster'}"
    try:
        with serving(tmp_path / "data", "--demo", DATABASE_URL=url) as service:
            assert "embedded" not in service.database
            assert httpx.get(f"{service.address}/readyz", timeout=PATIENCE).status_code == 200
            assert service.stop() == 0
        (file,) = write_files(tmp_path, [letter().data])
        assert healthspace(tmp_path / "data", "deposit", "--open-missing", file, DATABASE_URL=url).code == 0
        assert healthspace(tmp_path / "data", "audit", "verify", DATABASE_URL=url).code == 0
        assert not (tmp_path / "data" / "postgres").exists()
    finally:
        server.stop()
        shutil.rmtree(folder)
