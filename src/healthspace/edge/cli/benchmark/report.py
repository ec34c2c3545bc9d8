"""The result of a benchmark as a table for a terminal."""

from typing import Any

COLUMNS = ("", "per s", "p50 ms", "p95 ms", "p99 ms", "CPU ms service", "CPU ms PostgreSQL", "per CPU s")
NAMES = ("name", "per_second", "p50", "p95", "p99", "service", "database", "per_processor_second")


def as_table(result: dict[str, Any]) -> str:
    """The measures, then what they are held to, then what the run was about."""
    rows = [COLUMNS, *([str(line[name]) for name in NAMES] for line in result["measured"])]
    lines = _align(rows)
    if "limits" in result:
        limits = [("", "measured", "limit"), *((row["measure"], str(row["measured"]), str(row["limit"])) for row in result["limits"])]
        sizes = result["bytes_per_resource"]
        lines += ["", *_align(limits), "", f"{sizes['resources']:,} resources; with trail and history {sizes['everything']:,} bytes each."]
    return "\n".join([*lines, f"{result['clients']} connections; the clients run on the same machine.", ""])


def _align(rows: list[Any]) -> list[str]:
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    return [
        "  ".join([row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]) for row in rows
    ]
