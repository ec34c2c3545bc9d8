"""docs/rgaa.csv: every criterion of RGAA 4.1 once, an honest status, and evidence that exists."""

import csv
import re
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CRITERIA = {1: 9, 2: 2, 3: 3, 4: 13, 5: 8, 6: 2, 7: 5, 8: 10, 9: 4, 10: 14, 11: 13, 12: 11, 13: 12}
"""How many criteria each theme of RGAA 4.1 has: 106 together."""
STATUSES = {"tested", "reviewed", "not checked", "not applicable", "failed"}


def rows() -> list[dict[str, str]]:
    with (ROOT / "docs" / "rgaa.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_every_criterion_stands_there_once() -> None:
    assert Counter(row["criterion"] for row in rows()) == {
        f"{theme}.{number}": 1 for theme, last in CRITERIA.items() for number in range(1, last + 1)
    }


def test_every_status_is_known_and_says_why() -> None:
    assert [row for row in rows() if row["status"] not in STATUSES or not row["evidence"]] == []


def test_what_is_tested_names_a_test_that_exists() -> None:
    for row in rows():
        if row["status"] == "tested":
            assert [name for name in re.findall(r"tests/[\w/]+\.py", row["evidence"]) if (ROOT / name).is_file()], row
