"""PostgreSQL without an administrator: a child of this process on a private socket, kept in one folder.

One folder, one server, whatever dies when. The file `lock` is flocked through a descriptor that every process of the server
inherits, so it is free exactly when the last of them is gone: no pid is ever trusted. Whoever gets the lock starts the server
and gives the lock to it; whoever does not, waits for that server and attaches.

The cluster's folder is named by an open descriptor (`/proc/self/fd/N`) on both sides: the unprivileged user that root runs
the server as needs no right on the parent folders, and the socket's path is short however deep the folder is.
"""

import asyncio
import fcntl
import os
import shutil
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog

from healthspace.base.errors import Misconfigured, Unavailable
from healthspace.database import binaries, process
from healthspace.database.greeting import server_version
from healthspace.database.process import Account, Child

PORT = 5432
ROLE = DATABASE = "healthspace"
POLL = 0.1
"""Seconds between two looks at whether the server is still there."""
PATIENCE = 60.0
"""Seconds that another server on the folder may take to end, or to be ready."""
RECOVERY = 600.0
"""Seconds that our own server may take to be ready: after a crash it first reads its log again."""
SHUTDOWN = 10.0
"""Seconds for the final checkpoint, before the server is told to stop without."""
LOG_SIZE = 1 << 20

SETUP = f"CREATE ROLE {ROLE} LOGIN\nCREATE DATABASE {DATABASE} OWNER {ROLE}\n"
"""Run once by PostgreSQL's single-user mode, one statement a line. The service's role is no superuser."""

CONFIGURATION = {
    "cluster_name": "healthspace",
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    "max_connections": "50",
    "shared_buffers": "96MB",
    "max_wal_size": "512MB",  # bounds what a recovery has to read
    "jit": "off",
    "synchronous_commit": "on",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # No value may reach the log: neither a statement, nor its parameters, nor the text of an error that quotes them.
    "log_statement": "none",
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_min_duration_statement": "-1",
    "log_autovacuum_min_duration": "-1",
    "log_checkpoints": "off",
}
DURABLE = {"fsync": "on", "full_page_writes": "on"}
FORGETFUL = {"fsync": "off", "full_page_writes": "off", "shared_buffers": "32MB"}
"""For tests: a power cut may lose everything, a kill nothing."""

log = structlog.get_logger(__name__)


class EmbeddedPostgres:
    """The server of one data folder, owned by this process or by another one."""

    def __init__(self, data: Path, *, durable: bool = True, run_as: str = "nobody") -> None:
        """`data` is HEALTHSPACE_DATA; the cluster lives in `data`/postgres. `run_as` is the server's user when we are root."""
        self._folder = data.absolute() / "postgres"
        self._cluster = self._folder / "cluster"
        self._durable = durable
        self._run_as = run_as
        self._busy = threading.Lock()
        self._child: Child | None = None
        self._descriptor: int | None = None
        self._stopped = threading.Event()
        self.version = ""

    @property
    def owned(self) -> bool:
        """True while a server that this process started runs."""
        return self._child is not None and self._child.running

    def attach_or_start(self) -> None:
        """Returns once the server answers. Misconfigured when it cannot run here, Unavailable when an old one does not end. Blocks."""
        if sys.platform != "linux" or not Path("/proc/self/fd").is_dir():
            raise Misconfigured("the embedded database needs Linux with /proc; set DATABASE_URL to use a server")
        with self._busy:
            self._stopped.clear()
            self._attach_or_start()

    def connection(self) -> dict[str, object]:
        """Arguments of `asyncpg.connect`, good for as long as `stop` has not been called, also after a restart of the server."""
        return {"host": self._socket_folder(), "port": PORT, "user": ROLE, "database": DATABASE}

    def stop(self) -> None:
        """Stops the server if this process owns it, and waits for its end. Blocks."""
        self._stopped.set()  # ends a start that is under way
        with self._busy:
            if self._child:
                self._child.stop(patience=SHUTDOWN)
                self._child = None
            if self._descriptor is not None:
                os.close(self._descriptor)
                self._descriptor = None

    async def supervise(self) -> None:
        """For ever: when the server, ours or another's, has gone away, starts one again."""
        while True:
            await asyncio.sleep(POLL)
            try:
                if self._is_gone():
                    log.warning("embedded_postgresql_gone")
                    began = time.monotonic()
                    await asyncio.to_thread(self._restart)
                    log.info("embedded_postgresql_ready", owned=self.owned, seconds=round(time.monotonic() - began, 3))
            except (Misconfigured, Unavailable) as error:
                log.error("embedded_postgresql_not_started", error=error.message)
                await asyncio.sleep(10 * POLL)

    def _restart(self) -> None:
        with self._busy:
            if not self._stopped.is_set():  # by `stop`, while this call waited for a thread
                self._attach_or_start()

    def _is_gone(self) -> bool:
        with _clear_errors():
            lock = self._take_lock()
        if lock is not None:
            os.close(lock)
        return lock is not None

    def _attach_or_start(self) -> None:
        with _clear_errors():
            self._lock_and_start()

    def _lock_and_start(self) -> None:
        self._folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder.mkdir(mode=0o700, exist_ok=True)
        for _ in self._attempts(PATIENCE):
            lock = self._take_lock()
            if lock is not None:
                try:
                    return self._start(lock)
                finally:
                    os.close(lock)  # the server's processes hold it now
            if self._answers():
                return None
        raise Unavailable(f"the PostgreSQL server that runs on {self._folder} neither answers nor ends")

    def _take_lock(self) -> int | None:
        """The lock of the folder, as a descriptor; None while a process of a server, or one that prepares it, lives."""
        lock = self._open("lock", os.O_RDWR)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            return None
        return lock

    def _start(self, lock: int) -> None:
        account = self._account()
        programs = binaries.find_programs(account)
        if not self._cluster.is_dir():
            self._create(programs, account, lock)
        self._check_version()
        # We hold the lock, so the server that wrote these files is gone, even if another program has got its pid since.
        for trace in ("postmaster.pid", f".s.PGSQL.{PORT}.lock", f".s.PGSQL.{PORT}"):
            (self._cluster / trace).unlink(missing_ok=True)
        folder, cluster = self._socket_folder(), self._cluster_descriptor()
        settings = CONFIGURATION | (DURABLE if self._durable else FORGETFUL) | {"unix_socket_directories": folder}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        output = self._open_log()
        try:
            self._child = Child([programs / "postgres", "-D", folder, *options], account, inherit=(cluster, lock), output=output)
        finally:
            os.close(output)
        self._await_ready(self._child)

    def _await_ready(self, child: Child) -> None:
        for _ in self._attempts(RECOVERY):
            if self._answers():
                return
            if not child.running:
                raise Misconfigured(f"PostgreSQL did not start; {self._folder / 'log'} says why")
        child.stop(patience=SHUTDOWN)
        raise Unavailable(f"PostgreSQL was not ready after {RECOVERY:.0f} seconds; {self._folder / 'log'} says why")

    def _attempts(self, seconds: float) -> Iterator[None]:
        """One after another, with growing pauses (each refusal is a line in the log), until `seconds` are over."""
        deadline, pause = time.monotonic() + seconds, 0.01
        while time.monotonic() < deadline:
            yield
            if self._stopped.wait(pause):
                raise Unavailable("the embedded database was stopped before it was ready")
            pause = min(pause * 1.1, 0.2)

    def _answers(self) -> bool:
        if not self._cluster.is_dir():
            return False
        version = server_version(f"{self._socket_folder()}/.s.PGSQL.{PORT}", role=ROLE, database=DATABASE)
        self.version = version or self.version
        return version is not None

    def _account(self) -> Account:
        """Who runs the server: we do; for root, the owner of the cluster, or `run_as` for a new one."""
        if os.geteuid() != 0:
            return Account.current()
        return Account.owning(self._cluster) if self._cluster.is_dir() else Account.named(self._run_as)

    def _create(self, programs: Path, account: Account, lock: int) -> None:
        """A new cluster with our role and database, which appears under its name when it is whole."""
        unfinished = self._folder / "cluster.unfinished"
        if unfinished.exists():
            shutil.rmtree(unfinished)
        unfinished.mkdir(mode=0o700)
        if os.geteuid() == 0:
            os.chown(unfinished, account.uid, account.gid)
        descriptor = _open_folder(unfinished)
        try:
            where, inherit = f"/proc/self/fd/{descriptor}", (descriptor, lock)
            process.run([programs / "initdb", "-D", where, *self._initdb_options()], account, inherit=inherit)
            single = ["--single", "-D", where, "-c", "exit_on_error=on", "-c", "log_checkpoints=off", "postgres"]
            process.run([programs / "postgres", *single], account, inherit=inherit, text=SETUP)
        finally:
            os.close(descriptor)
        unfinished.rename(self._cluster)
        if self._durable:
            _sync_folder(self._folder)

    def _initdb_options(self) -> list[str]:
        options = ["--username=postgres", "--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        options += ["--auth-local=trust", "--auth-host=reject", "--data-checksums"]
        return options if self._durable else [*options, "--no-sync"]

    def _check_version(self) -> None:
        written = (self._cluster / "PG_VERSION").read_text().strip()
        if written != binaries.major_version():
            raise Misconfigured(f"{self._cluster} was written by PostgreSQL {written}; this is PostgreSQL {binaries.major_version()}")

    def _cluster_descriptor(self) -> int:
        # Opened once: its number is in the connection arguments that pools keep using after a restart.
        if self._descriptor is None:
            self._descriptor = _open_folder(self._cluster)
        return self._descriptor

    def _socket_folder(self) -> str:
        return f"/proc/self/fd/{self._cluster_descriptor()}"

    def _open_log(self) -> int:
        path = self._folder / "log"
        if path.exists() and path.stat().st_size > LOG_SIZE:
            path.replace(self._folder / "log.1")
        return self._open("log", os.O_WRONLY | os.O_APPEND)

    def _open(self, name: str, flags: int) -> int:
        """Opens a file beside the cluster; one that root creates belongs to the folder's owner, who may run the next server."""
        path = self._folder / name
        descriptor = os.open(path, flags | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        if os.geteuid() == 0:
            owner = Account.owning(self._folder)
            os.fchown(descriptor, owner.uid, owner.gid)
        return descriptor


@contextmanager
def _clear_errors() -> Iterator[None]:
    try:
        yield
    except PermissionError as error:
        raise Misconfigured(f"this user may not use the folder of the embedded database: {error}") from error
    except OSError as error:
        raise Misconfigured(f"the embedded database cannot use its folder: {error}") from error


def _open_folder(folder: Path) -> int:
    return os.open(folder, os.O_RDONLY | os.O_DIRECTORY)


def _sync_folder(folder: Path) -> None:
    descriptor = _open_folder(folder)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
