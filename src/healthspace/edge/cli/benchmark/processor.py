"""Processor time and memory of the service and of its database, read from /proc (proc(5))."""

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
UTIME, STIME, CUTIME, CSTIME = 11, 12, 13, 14
"""Places in /proc/PID/stat after the name of the command."""


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds of processor time."""

    service: float
    database: float


def spent_by(service: int | None, database: int | None = None) -> Spent:
    """What the service has used since it began, and the PostgreSQL server `database` or, when none is said, those among its children."""
    used, server = _fields(service) if service else [], 0.0
    for child in [database] if database else _children(service) if service else []:
        own = _fields(child)
        # Backends that have ended are in the postmaster's cumulative fields.
        server += _seconds(own, UTIME, STIME, CUTIME, CSTIME)
        server += sum(_seconds(_fields(backend), UTIME, STIME) for backend in _children(child))
    return Spent(_seconds(used, UTIME, STIME), server)


def peak_memory(process: int) -> int:
    """The most bytes of memory that a process has held at once."""
    for line in (PROC / str(process) / "status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0


def _fields(process: int) -> list[str]:
    with suppress(OSError):
        return (PROC / str(process) / "stat").read_text().rpartition(")")[2].split()
    return []


def _children(process: int) -> list[int]:
    found = []
    for task in (PROC / str(process) / "task").glob("*"):
        with suppress(OSError):
            found += [int(child) for child in (task / "children").read_text().split()]
    return found


def _seconds(fields: list[str], *places: int) -> float:
    return sum(int(fields[place]) for place in places) / os.sysconf("SC_CLK_TCK") if fields else 0.0
