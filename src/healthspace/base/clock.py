"""The one place that reads the clock, so that a test can pass its own time."""

from datetime import UTC, datetime


def now() -> datetime:
    """The present instant in UTC, at the millisecond: the precision FHIR and our ids keep."""
    instant = datetime.now(UTC)
    return instant.replace(microsecond=instant.microsecond // 1000 * 1000)
