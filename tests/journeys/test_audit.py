"""The trail, checked by an operator."""

import json
from pathlib import Path

import pytest

from tests.journeys.databases import change
from tests.journeys.processes import clinical_documents, healthspace, write_files

LAST = "(SELECT id FROM audit WHERE action = 'document:deposit' ORDER BY at DESC LIMIT 1)"
CHANGES = {
    "a reason that was changed": f"UPDATE audit SET reason = 'treating-doctor' WHERE id = {LAST}",
    "a line that was removed": f"DELETE FROM audit WHERE id = {LAST}",
    "a line given to somebody else": f"UPDATE audit SET owner = owner + 1 WHERE id = {LAST}",
    "a line that was moved in time": f"UPDATE audit SET at = at - interval '1 minute' WHERE id = {LAST}",
    "names that were changed": f"UPDATE audit SET detail = detail || '\\x00' WHERE id = {LAST}",
    "a chain that was removed": "DELETE FROM audit_head WHERE number = 1",
}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("trail") / "data"
    files = write_files(tmp_path_factory.mktemp("documents"), [document.data for document in clinical_documents()[:3]])
    assert healthspace(data, "deposit", "--open-missing", *files).code == 0
    return data


def test_a_whole_trail_has_a_line_for_each_act(data: Path) -> None:
    verified = healthspace(data, "audit", "verify")
    assert verified.code == 0
    assert verified.out.startswith("4 lines in ")  # one space opened, three documents
    assert verified.out.endswith(" 0 faults\n")


def test_the_trail_is_exported_sealed_and_what_is_young_is_kept(data: Path, tmp_path: Path) -> None:
    archive = tmp_path / "trail.ndjson"
    exported = healthspace(data, "audit", "export", "--output", archive)
    assert (exported.code, exported.err) == (0, "4 lines\n")
    lines = [json.loads(line) for line in archive.read_text().splitlines()]
    assert [line["action"] for line in lines] == ["space:open", *["document:deposit"] * 3]
    assert {line["outcome"] for line in lines} == {"done"}
    assert healthspace(data, "audit", "export", "--until", "2020-01-01").out == ""
    assert healthspace(data, "audit", "export", "--output", archive).code != 0  # an archive is never written over
    retired = healthspace(data, "audit", "retire")
    assert (retired.code, retired.out) == (0, "0 months dropped\n")
    refused = healthspace(data, "audit", "retire", HEALTHSPACE_TRAIL_MONTHS="12")
    assert refused.code != 0
    assert "36 or more" in refused.err + refused.out


@pytest.mark.parametrize("what", CHANGES)
def test_a_trail_that_was_touched_is_found(data: Path, what: str) -> None:
    tables = ("audit", "audit_head")
    change(data, "; ".join(f"CREATE TABLE kept_{table} AS TABLE {table}" for table in tables))
    change(data, CHANGES[what])
    try:
        verified = healthspace(data, "audit", "verify")
        assert verified.code == 1
        assert "chain " in verified.out
    finally:
        for table in tables:
            change(data, f"TRUNCATE {table}; INSERT INTO {table} SELECT * FROM kept_{table}; DROP TABLE kept_{table}")
    assert healthspace(data, "audit", "verify").code == 0
