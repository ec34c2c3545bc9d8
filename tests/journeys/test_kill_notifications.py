"""kill -9 of the service while it tells of what happened: each document that was deposited is told exactly once.

Part of `make torture` only: a letter whose worker was killed waits two minutes for its lease to run out.
"""

import os
import random
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from healthspace.database.outbox import LEASE
from tests.journeys.processes import PATIENCE, copies, healthspace, letter, publication, some_citizen
from tests.journeys.test_kill import Installation, installation

__all__ = ["installation"]

DEPOSITS, KILLS = 30, 6
pytestmark = pytest.mark.skipif("HEALTHSPACE_KILL_DEPOSITS" not in os.environ, reason="takes minutes: make torture")


def notifications_of(address: str, token: str) -> Iterator[str]:
    """The document of each notification of an added document."""
    url = f"{address}/fhir/Communication?_count=500"
    found = httpx.get(url, headers={"authorization": f"Bearer {token}"}, timeout=PATIENCE).raise_for_status().json()
    for entry in found.get("entry", []):
        if entry["resource"]["topic"]["coding"][0]["code"] == "AJOUT_DOCUMENT":
            yield from (one["reference"] for one in entry["resource"]["about"] if one["reference"].startswith("DocumentReference/"))


def test_each_document_is_told_once_however_often_the_worker_is_killed(installation: Installation, tmp_path: Path) -> None:
    chance = random.Random(seed := random.randrange(1 << 32))
    hospital = healthspace(installation.data, "token", "hospital").out.strip()
    traits = some_citizen().traits
    citizen = healthspace(installation.data, "token", "citizen", "--ins", traits.ins_value).out.strip()
    deposited = []
    for number, (_, content) in enumerate(copies(letter(), DEPOSITS), 1):
        answer = httpx.post(
            f"{installation.service.address}/fhir/DocumentReference",
            json=publication(content),
            headers={"authorization": f"Bearer {hospital}"},
            timeout=PATIENCE,
        )
        assert answer.status_code == 201, answer.text
        deposited.append(f"DocumentReference/{answer.json()['id']}")
        if number % (DEPOSITS // KILLS) == 0:
            time.sleep(chance.uniform(0.3, 0.8))  # the worker is somewhere in the middle of telling
            installation.kill("the service")
    until = time.monotonic() + LEASE.total_seconds() + PATIENCE
    while set(told := Counter(notifications_of(installation.service.address, citizen))) < set(deposited) and time.monotonic() < until:
        time.sleep(2)
    assert {one: told[one] for one in deposited} == dict.fromkeys(deposited, 1), f"seed {seed}"
