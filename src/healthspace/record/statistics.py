"""Figures of the whole service for its agency: counts only, of nobody in particular, and never a small one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from healthspace.access.permit import Permit
from healthspace.access.rules import Action

RECORDS = "SELECT state AS name, count(*) AS number FROM owner WHERE kind = 'citizen' GROUP BY state"
DOCUMENTS = """
    SELECT to_char(created, 'YYYY-MM') AS name, count(*) AS number FROM blob WHERE created >= $1 GROUP BY 1
"""
ACTS = "SELECT outcome AS name, count(*) AS number FROM audit WHERE at >= $1 GROUP BY outcome"

FLOOR = 10
"""A count below this could tell of somebody: it is shown as "fewer than 10"."""
MONTHS = 12
RECENT = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Statistics:
    """Counts by name; None where a count is under the floor. `documents` holds each of the last twelve months ("2026-11")."""

    records: Mapping[str, int | None]
    documents: Mapping[str, int | None]
    acts: Mapping[str, int | None]


async def count_service(p: Permit) -> Statistics:
    """The figures of today."""
    p.must_be_for(Action.READ_STATISTICS)
    first = months_until(p.now.date())[0]
    months = {
        row["name"]: row["number"] for row in await p.tx.fetch(DOCUMENTS, p.now.replace(year=int(first[:4]), month=int(first[5:]), day=1))
    }
    records = {row["name"]: row["number"] for row in await p.tx.fetch(RECORDS)}
    acts = {row["name"]: row["number"] for row in await p.tx.fetch(ACTS, p.now - RECENT)}
    return Statistics(
        _hide_small(records), _hide_small({month: months.get(month, 0) for month in months_until(p.now.date())}), _hide_small(acts)
    )


def months_until(today: date) -> list[str]:
    """The last twelve months, oldest first, this one included: "2026-11"."""
    count = today.year * 12 + today.month - 1
    return [f"{month // 12}-{month % 12 + 1:02d}" for month in range(count - MONTHS + 1, count + 1)]


def _hide_small(counts: Mapping[str, int]) -> dict[str, int | None]:
    """Zero tells of nobody; a few do."""
    return {name: number if number == 0 or number >= FLOOR else None for name, number in counts.items()}
