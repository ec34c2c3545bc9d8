"""One line of the trail: who did what, to whose data, when, with which outcome and why; and its place in a chain."""

import hmac
import itertools
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from uuid import UUID

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
START = b"\x00" * 32
FRAMED = b"%d:%s" * 11


class Outcome(StrEnum):
    """How an act ended."""

    DONE = "done"
    REFUSED = "refused"
    REJECTED = "rejected"
    """The input could not be accepted: nothing was stored."""
    FAILED = "failed"
    """The service failed: nothing was stored."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line before it is chained. `caller` is a keyed hash; names and targets are sealed in `detail`."""

    owner: int
    at: datetime
    id: UUID
    action: str
    outcome: str
    reason: str
    caller: int
    detail: bytes


def chain(key: bytes, writer: UUID, seq: int, before: bytes, line: Line) -> bytes:
    """The MAC of `line` as the `seq`-th of `writer`, after a line whose MAC is `before` (HMAC-SHA-256).

    Every field is length-prefixed, so that no two lines are written alike.
    """
    fields = (
        before,
        writer.bytes,
        b"%d" % seq,
        b"%d" % line.owner,
        b"%d" % ((line.at - EPOCH) // timedelta(microseconds=1)),
        line.id.bytes,
        line.action.encode(),
        line.outcome.encode(),
        line.reason.encode(),
        b"%d" % line.caller,
        line.detail,
    )
    return hmac.digest(key, FRAMED % tuple(itertools.chain.from_iterable(zip(map(len, fields), fields, strict=True))), "sha256")


def prove_head(key: bytes, writer: UUID, seq: int, mac: bytes) -> bytes:
    """What a head row must carry: only the holder of the key can say that a chain ends here."""
    return hmac.digest(key, b"head:%s:%d:%s" % (writer.bytes, seq, mac), "sha256")


def prove_birth(key: bytes, number: int, writer: UUID, before: bytes) -> bytes:
    """What ties the `number`-th writer to the one before it."""
    return hmac.digest(key, b"birth:%d:%s:%s" % (number, writer.bytes, before), "sha256")


def prove_cut(key: bytes, writer: UUID, first: int, last: int, mac: bytes) -> bytes:
    """What tells that the lines `first` to `last` of a chain, the last of which had `mac`, were dropped when their time was over."""
    return hmac.digest(key, b"cut:%s:%d:%d:%s" % (writer.bytes, first, last, mac), "sha256")
