"""Counters for operators: what could not be read out of documents. Never what it said, whose it was or where it stood."""

from collections.abc import Iterable

from prometheus_client import Counter

from healthspace.cda.clinical import Unread

UNREAD = Counter("healthspace_unread_entries", "Entries of deposited documents that could not be read", ["reason"], registry=None)
"""Registered by whoever serves /metrics."""


def count_unread(unread: Iterable[Unread]) -> None:
    for entry in unread:
        UNREAD.labels(entry.reason).inc()
