"""Golden files: what a writer gave when a person last read it. HEALTHSPACE_GOLDEN=write rewrites them; review reads the diff."""

import os
from pathlib import Path

GOLDEN = Path(__file__).resolve().parent / "golden"


def same_as_golden(name: str, data: bytes) -> bool:
    """Whether `data` is the file of that name under tests/golden, after rewriting it if that is asked."""
    path = GOLDEN / name
    if os.environ.get("HEALTHSPACE_GOLDEN") == "write":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return path.exists() and path.read_bytes() == data
