"""Runs the programs of PostgreSQL as children that die with this process, under an ordinary user."""

import os
import pwd
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from healthspace.base.errors import Misconfigured
from healthspace.database import launch

FAST, IMMEDIATE = signal.SIGINT, signal.SIGQUIT
"""PostgreSQL's words for ways to stop: https://www.postgresql.org/docs/18/server-shutdown.html"""


@dataclass(frozen=True, slots=True)
class Account:
    """The user that PostgreSQL runs as. PostgreSQL refuses to run as root."""

    uid: int
    gid: int

    @classmethod
    def current(cls) -> "Account":
        return cls(os.geteuid(), os.getegid())

    @classmethod
    def named(cls, name: str) -> "Account":
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            raise Misconfigured(
                f"root cannot run PostgreSQL, and this machine has no user {name}; create it, or set DATABASE_URL"
            ) from None
        return cls(entry.pw_uid, entry.pw_gid)

    @classmethod
    def owning(cls, folder: Path) -> "Account":
        status = folder.stat()
        return cls(status.st_uid, status.st_gid)


def run(program: Sequence[str | Path], account: Account, *, inherit: Sequence[int] = (), text: str = "") -> str:
    """Runs `program` to its end with `text` as its input; returns its output. Misconfigured, with its last line, when it fails."""
    done = subprocess.run(
        _command(program, account),
        check=False,
        input=text,
        capture_output=True,
        text=True,
        errors="replace",
        pass_fds=tuple(inherit),
        cwd="/",
        env=_environment(),
        start_new_session=True,
    )
    if done.returncode:
        raise Misconfigured(f"{Path(program[0]).name} failed: {_last_line(done.stderr)}")
    return done.stdout


class Child:
    """A program that runs until it is stopped, or until this process ends in whatever way."""

    def __init__(self, program: Sequence[str | Path], account: Account, *, inherit: Sequence[int], output: int) -> None:
        self._ended = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._failure: OSError | None = None
        started = threading.Event()
        # The thread that starts the program must outlive it: the kernel sends the parent's death signal at the thread's end.
        threading.Thread(target=self._run, args=(program, account, tuple(inherit), output, started), name="postgresql", daemon=True).start()
        started.wait()
        if self._failure:
            raise self._failure

    @property
    def running(self) -> bool:
        return not self._ended.is_set()

    def stop(self, *, patience: float) -> None:
        """Fast shutdown; without the final checkpoint, which recovery then replaces, when it takes more than `patience` seconds."""
        for way in (FAST, IMMEDIATE, signal.SIGKILL):
            if self._process and self.running:
                self._process.send_signal(way)
            if self._ended.wait(patience):
                return

    def _run(
        self, program: Sequence[str | Path], account: Account, inherit: tuple[int, ...], output: int, started: threading.Event
    ) -> None:
        try:
            self._process = subprocess.Popen(
                _command(program, account),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                pass_fds=inherit,
                cwd="/",
                env=_environment(),
                # A Ctrl-C in the terminal is for us: we stop the database when the last request is answered.
                start_new_session=True,
            )
        except OSError as failure:
            self._failure = failure
            return
        finally:
            started.set()
        self._process.wait()
        self._ended.set()


def _command(program: Sequence[str | Path], account: Account) -> list[str]:
    step = [sys.executable, "-I", "-S", launch.__file__, str(os.getpid()), str(account.uid), str(account.gid)]
    return step + [str(part) for part in program]


def _environment() -> dict[str, str]:
    """Nothing of ours: no settings, no secrets, no PG* variables. The library path only where the system needs one."""
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
    return kept | {"TZ": "UTC", "LC_ALL": "C"}


def _last_line(output: str) -> str:
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    return lines[-1] if lines else "it said nothing"
