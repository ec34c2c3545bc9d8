"""The demonstration: made once, kept, gone on with after an interruption."""

import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from healthspace.edge.cli.settle import population
from healthspace.identity.personas import Role
from healthspace.record.demonstration import Plan
from tests.journeys.databases import blobs_of, counts_in
from tests.journeys.processes import HEALTHSPACE, PATIENCE, environment_of, healthspace, wait_until

CITIZENS = 12


@contextmanager
def demonstrating(data: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    command = [*HEALTHSPACE, "demo", "--port", "0", "--citizens", str(CITIZENS), *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment_of(data)) as process:
        try:
            yield process
        finally:
            process.kill()


def sign_ins(process: subprocess.Popen[str]) -> dict[str, str]:
    """The address of each persona's sign-in, once they are printed."""
    assert process.stdout is not None
    found = {}
    for line in process.stdout:
        if "/sign-in?persona=" in line:
            persona, address, name = line.split(maxsplit=2)
            assert name
            found[persona] = address
        if "Ctrl-C" in line:
            return found
    pytest.fail("the demonstration ended by itself")


def test_a_demonstration_goes_on_where_it_was_interrupted_and_is_kept(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with demonstrating(data) as interrupted:
        wait_until(lambda: (data / "blobs").is_dir() and len(blobs_of(data)) > 10)
        interrupted.send_signal(signal.SIGTERM)
        assert interrupted.wait(PATIENCE) == 128 + signal.SIGTERM
    with demonstrating(data) as demonstration:
        addresses = sign_ins(demonstration)
        # The technical caller has a token and no screen (decision 17).
        assert set(addresses) == {role.value for role in Role} - {Role.SYSTEM.value}
        for persona, address in addresses.items():
            with httpx.Client(follow_redirects=True) as browser:
                assert browser.get(address).status_code == 200, persona
        demonstration.send_signal(signal.SIGINT)
        assert demonstration.wait(PATIENCE) == 0
    documents = sum(len(person.documents) for person in population(Plan(1, datetime.now(UTC).date()), CITIZENS))
    assert counts_in(data)["blob"] == documents
    began = time.monotonic()
    with demonstrating(data) as again:
        assert sign_ins(again)
        assert time.monotonic() - began < 10
    assert counts_in(data)["blob"] == documents
    assert healthspace(data, "audit", "verify").code == 0
    assert all(healthspace(data, "token", persona).out.count(".") == 2 for persona in ("parent", "system"))
    refused = healthspace(data, "demo", "--seed", "2", "--port", "0")
    assert refused.code == 2
    assert "seed 1" in refused.err
