"""The trail, checked by an operator."""

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
