"""The command `healthspace` in processes of its own, as an operator runs it."""

import base64
import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from healthspace.edge.cli.settle import population
from healthspace.population.model import SyntheticCitizen, SyntheticDocument
from healthspace.record.demonstration import Plan

HEALTHSPACE = [sys.executable, "-m", "healthspace"]
PATIENCE = 60.0
"""Seconds for anything that a process is waited for: several suites may share a machine."""


@dataclass(frozen=True)
class Done:
    """A command that ended."""

    code: int
    out: str
    err: str

    def lines(self) -> list[str]:
        return self.out.splitlines()

    def json(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.lines()]


def healthspace(data: Path, *arguments: str | Path, **environment: str) -> Done:
    """Runs a command on the data folder to its end."""
    command = [*HEALTHSPACE, *(str(argument) for argument in arguments)]
    done = subprocess.run(
        command,
        check=False,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        env=environment_of(data, environment),
        stdin=subprocess.DEVNULL,
    )
    return Done(done.returncode, done.stdout, done.stderr)


def environment_of(data: Path, more: dict[str, str] | None = None) -> dict[str, str]:
    """The environment without the settings of whoever runs the tests."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HEALTHSPACE_") and name != "DATABASE_URL"}
    return kept | {"HEALTHSPACE_DATA": str(data)} | (more or {})


@dataclass
class Served:
    """A service that runs. `told` are the lines of its standard error."""

    process: subprocess.Popen[str]
    told: list[str] = field(default_factory=list)
    address: str = ""
    database: str = ""
    _reader: threading.Thread | None = None

    def read(self) -> None:
        """Follows the log to its end; the address is in it."""
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.told.append(line)
            if '"serving"' in line:
                event = json.loads(line)
                self.database, self.address = event["database"], event["address"]

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Asks the service to end; its exit code."""
        self.process.send_signal(how)
        return self.wait()

    def wait(self) -> int:
        code = self.process.wait(PATIENCE)
        if self._reader is not None:
            self._reader.join(PATIENCE)
        return code

    def __enter__(self) -> "Served":
        self._reader = threading.Thread(target=self.read, daemon=True)
        self._reader.start()
        wait_until(lambda: self.address or self.process.poll() is not None)
        assert self.address, f"the service did not start: {''.join(self.told)}"
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.wait()
        if self.process.stderr:
            self.process.stderr.close()


def serving(data: Path, *arguments: str, **environment: str) -> Served:
    """`healthspace serve`, entered with `with` once it answers. A free port unless one is named."""
    port = () if "--port" in arguments else ("--port", "0")
    return Served(
        subprocess.Popen(
            [*HEALTHSPACE, "serve", *port, *arguments],
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
            env=environment_of(data, environment),
        )
    )


def wait_until(condition: Any, *, seconds: float = PATIENCE) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not true after {seconds} seconds"
        time.sleep(0.01)


def processes_in(data: Path) -> set[int]:
    """The processes of the embedded server: those that work in the cluster's folder."""
    cluster, found = (data / "postgres").resolve(), set()
    for link in Path("/proc").glob("[0-9]*/cwd"):
        with contextlib.suppress(OSError):
            if link.readlink().is_relative_to(cluster):
                found.add(int(link.parent.name))
    return found


def postmaster_of(data: Path) -> int:
    return int((data / "postgres" / "cluster" / "postmaster.pid").read_text().split()[0])


def lines_of_trail(data: Path) -> int:
    """How many lines the trail has; it must be whole."""
    verified = healthspace(data, "audit", "verify")
    assert verified.code == 0, verified.out
    return int(verified.out.split()[0])


@cache
def some_citizen() -> SyntheticCitizen:
    """An invented woman and her documents."""
    return next(population(Plan(seed=7, today=date(2026, 3, 2)), 1))


def clinical_documents() -> Sequence[SyntheticDocument]:
    return [document for document in some_citizen().documents if document.media_type.endswith("xml")]


def letter() -> SyntheticDocument:
    """A document that replaces none and is not replaced."""
    replaced = {document.replaces for document in some_citizen().documents}
    return next(one for one in clinical_documents() if one.replaces is None and one.unique_id not in replaced)


def copies(document: SyntheticDocument, number: int) -> Iterator[tuple[str, bytes]]:
    """That many documents that differ in their unique id and their set id only: (unique id, bytes)."""
    for copy in range(1, number + 1):
        identifier = f"{document.unique_id}.{copy}"
        another = re.sub(rb'<setId root="[^"]*"', f'<setId root="{identifier}.1"'.encode(), document.data)
        yield identifier, another.replace(f'"{document.unique_id}"'.encode(), f'"{identifier}"'.encode())


def publication(content: bytes, media_type: str = "text/xml") -> dict[str, Any]:
    """An ITI-105 request about the citizen."""
    traits = some_citizen().traits
    return {
        "resourceType": "DocumentReference",
        "status": "current",
        "subject": {"identifier": {"system": f"urn:oid:{traits.ins_system}", "value": traits.ins_value}},
        "content": [{"attachment": {"contentType": media_type, "data": base64.b64encode(content).decode()}}],
    }


def write_files(folder: Path, contents: Sequence[bytes], suffix: str = ".xml") -> list[Path]:
    files = [folder / f"document-{number}{suffix}" for number in range(len(contents))]
    for file, content in zip(files, contents, strict=True):
        file.write_bytes(content)
    return files


def sentences_of(data: bytes) -> list[str]:
    """Pieces of text that a person would recognise: what stands between tags, from two words on."""
    pieces = data.decode().replace(">", "<").split("<")
    return [text.strip() for (_, text) in pairwise(pieces) if len(text.split()) > 1]
