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
    for command in ("serve", "demo", "deposit", "token", "audit", "space", "migrate", "bench"):
        assert f"  {command} " in told.out
    look = "import sys, healthspace.__main__; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", look], check=True, capture_output=True, text=True, env=environment_of(tmp_path)).stdout
    assert not [name for name in HEAVY if name in loaded.split()]


def test_a_setting_that_is_no_number_is_named(tmp_path: Path) -> None:
    ended = healthspace(tmp_path, "serve", HEALTHSPACE_PORT="many")
    assert ended.code == 2
    assert "HEALTHSPACE_PORT" in ended.err
    assert "Traceback" not in ended.err


def test_the_benchmarks_measure_three_acts_and_their_floor(tmp_path: Path) -> None:
    done = healthspace(tmp_path, "bench", "--seconds", "0.3", "--json", "--output", tmp_path / "result.json")
    assert done.code == 0, done.err
    result = json.loads(done.out)
    assert result == json.loads((tmp_path / "result.json").read_text())
    assert len(result["measured"]) == 5
    assert all(line["requests"] > 0 and 0 < line["p50"] <= line["p99"] for line in result["measured"])
    assert all(line["service"] > 0 for line in result["measured"][:3])
    assert result["service_memory_mb"] < 200
