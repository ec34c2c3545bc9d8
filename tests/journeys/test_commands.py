"""What every command has in common."""

import json
import subprocess
import sys
from pathlib import Path

from tests.journeys.processes import environment_of, healthspace

HEAVY = ("asyncpg", "starlette", "uvicorn", "lxml", "jinja2", "structlog", "cryptography", "reportlab")


def test_help_names_every_command_and_imports_nothing_heavy(tmp_path: Path) -> None:
    told = healthspace(tmp_path, "--help")
    assert told.code == 0
    for command in ("serve", "demo", "deposit", "token", "audit", "space", "migrate", "reindex", "extract", "bench"):
        assert f"  {command} " in told.out
    look = "import sys, healthspace.__main__; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", look], check=True, capture_output=True, text=True, env=environment_of(tmp_path)).stdout
    assert not [name for name in HEAVY if name in loaded.split()]


def test_a_setting_that_is_no_number_is_named(tmp_path: Path) -> None:
    ended = healthspace(tmp_path, "serve", HEALTHSPACE_PORT="many")
    assert ended.code == 2
    assert "HEALTHSPACE_PORT" in ended.err
    assert "Traceback" not in ended.err


def test_the_picture_of_a_record_is_measured_on_documents_of_our_own(tmp_path: Path) -> None:
    done = healthspace(tmp_path, "bench", "--picture", "--rounds", "1", "--output", tmp_path / "picture.json")
    assert done.code == 0, done.err
    result = json.loads(done.out)
    assert result == json.loads((tmp_path / "picture.json").read_text())
    assert result["documents"]["documents"] > 50
    assert result["documents"]["facts_ms"] > 0
    assert 1900 < result["record"]["resources"] < 2100
    assert all(asked["ms"] > 0 and asked["bytes"] > 1000 for asked in result["record"]["requests"].values())


def test_the_benchmarks_measure_the_work_and_its_floors_and_hold_them_to_limits(tmp_path: Path) -> None:
    done = healthspace(tmp_path, "bench", "--resources", "200", "--seconds", "0.3", "--json", "--output", tmp_path / "result.json")
    assert done.code == 0, done.err
    result = json.loads(done.out)
    assert result == json.loads((tmp_path / "result.json").read_text())
    measured = {line["name"]: line for line in result["measured"]}
    assert {"read", "vread", "create", "update", "bare route: read", "bare route: search", "one raw INSERT of the same rows"} <= set(
        measured
    )
    assert all(line["requests"] > 0 and 0 < line["p50"] <= line["p95"] <= line["p99"] for line in measured.values())
    assert all(row["measured"] > 0 and row["limit"] > 0 for row in result["limits"])
    assert result["service_memory_mb"] < 250
