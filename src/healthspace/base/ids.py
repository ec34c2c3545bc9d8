"""Ids that carry their owner (RFC 9562, UUID version 8).

Layout, high bits first: 48 bits of Unix milliseconds, version, 12 bits of counter, variant, 48 bits of owner, 14 random
bits. `owner_of` is a pure function, so that a read by id alone goes straight to the owner's rows.
"""

import hashlib
import re
import secrets
import time
from datetime import UTC, datetime
from uuid import UUID

OWNER_BITS = 48
REGISTRY = 0
"""The owner of what belongs to nobody in particular: refusals without a citizen, the service's own lines."""


class _Counter:
    """Orders the ids made within one millisecond of one process."""

    def __init__(self) -> None:
        self.millisecond, self.count = 0, 0

    def next(self, millisecond: int) -> tuple[int, int]:
        if millisecond > self.millisecond:
            self.millisecond, self.count = millisecond, secrets.randbelow(1 << 10)
        else:
            self.count += 1
            if self.count >> 12:
                self.millisecond, self.count = self.millisecond + 1, 0
        return self.millisecond, self.count


_counter = _Counter()


def new_owner() -> int:
    """A random 48-bit number, never `REGISTRY`: it says nothing about the citizen."""
    return secrets.randbelow((1 << OWNER_BITS) - 1) + 1


def new_id(owner: int) -> UUID:
    """A new id of something that belongs to `owner`; later ids of one process are greater."""
    millisecond, count = _counter.next(time.time_ns() // 1_000_000)
    high = (millisecond & (1 << 48) - 1) << 80 | 8 << 76 | count << 64
    return UUID(int=high | 0b10 << 62 | owner << 14 | secrets.randbits(14))


def derived_id(origin: UUID, h: int) -> UUID:
    """The id of what follows from `origin`, an id of ours: always the same for one `h`, a hash that says which thing it is.

    It has the owner of `origin`, and its time less up to 17 minutes.
    """
    return _told_by(h, origin.int >> 80, owner_of(origin))


def event_id(owner: int, moment: datetime, *parts: str) -> UUID:
    """The id of what is one thing however often it is told: the same for the same owner, millisecond and parts.

    Its time is that of `moment`, less up to 17 minutes.
    """
    millisecond = int(moment.timestamp() * 1000)
    h = int.from_bytes(hashlib.blake2b("\x1f".join((str(millisecond), *parts)).encode(), digest_size=6).digest(), "big")
    return _told_by(h, millisecond, owner)


def _told_by(h: int, millisecond: int, owner: int) -> UUID:
    """An id in which 46 bits of `h` stand in the place of chance: in the counter, the random bits and the time.

    The time is therefore up to 2²⁰ ms (17 minutes) before `millisecond`: near enough to say when the thing came.
    """
    earlier, counter, rest = h >> 26 & (1 << 20) - 1, h >> 14 & (1 << 12) - 1, h & (1 << 14) - 1
    return UUID(int=(millisecond - earlier) << 80 | 8 << 76 | counter << 64 | 0b10 << 62 | owner << 14 | rest)


def owner_of(identifier: UUID) -> int:
    """The owner that `new_id` put into `identifier`; `REGISTRY` for an id that we did not make."""
    bits = identifier.int
    # Version 8 and the variant of RFC 9562, read here: the properties of UUID cost more than all the rest.
    return bits >> 14 & (1 << OWNER_BITS) - 1 if bits >> 76 & 15 == 8 and bits >> 62 & 3 == 2 else REGISTRY


def made_at(identifier: UUID) -> datetime | None:
    """When `new_id` made `identifier`; None for an id that we did not make."""
    return datetime.fromtimestamp((identifier.int >> 80) / 1000, UTC) if identifier.version == 8 else None


CANONICAL = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
"""A UUID as it is written (RFC 9562, 4): lower case, hyphens."""


def parse_id(text: str) -> UUID | None:
    """The UUID written as `text` in its canonical form, or None."""
    return UUID(text) if CANONICAL.fullmatch(text) else None
