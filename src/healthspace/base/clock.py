"""The one place that reads the clock, so that a test can pass its own time."""

import time
from datetime import UTC, datetime


def now() -> datetime:
    """The present instant in UTC, at the millisecond: the precision FHIR and our ids keep."""
    return datetime.fromtimestamp(time.time_ns() // 1_000_000 / 1000, UTC)
