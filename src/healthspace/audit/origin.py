"""Where a request comes from, as its line of the trail tells it: the network, the software, and what was asked for.

The edge notes it when a request arrives; whoever writes the line, however deep, finds it. The network is kept coarse (the first 24
bits of an IPv4 address, 48 of IPv6): enough to tell a hospital from a home, not enough to find the home.
"""

import ipaddress
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache

LONGEST_QUERY = 1000
"""Characters of a search that a line keeps."""
LONGEST_SOFTWARE = 80


@dataclass(slots=True)
class Origin:
    """`network` as CIDR, `software` as its first product token (RFC 9110, section 10.1.5), `query` as it was sent."""

    network: str = ""
    software: str = ""
    query: str = ""
    told: bool = False
    """Whether a line tells the act already: what then goes wrong in answering is no second act."""


_origin: ContextVar[Origin | None] = ContextVar("origin", default=None)
NOWHERE = Origin()


def arrive(address: str, software: str, query: str) -> None:
    """Notes the origin of the request that this task answers."""
    _origin.set(Origin(coarsen(address), software.partition(" ")[0][:LONGEST_SOFTWARE], query[:LONGEST_QUERY]))


def asked_in_body(query: str) -> None:
    """Adds what a POST _search asked for in its body."""
    origin = _origin.get()
    if origin is not None:
        origin.query = "&".join(part for part in (origin.query, query) if part)[:LONGEST_QUERY]


def note_told() -> None:
    """Notes that a line of the trail tells what this request asked for."""
    origin = _origin.get()
    if origin is not None:
        origin.told = True


def current_origin() -> Origin:
    """The origin of the request that this task answers; an empty one for work that nobody asked for from outside."""
    return _origin.get() or NOWHERE


@lru_cache(maxsize=4096)
def coarsen(address: str) -> str:
    """The network of an address; empty when it is none (a local socket)."""
    try:
        version = ipaddress.ip_address(address.partition("%")[0]).version
        return str(ipaddress.ip_network((address.partition("%")[0], 24 if version == 4 else 48), strict=False))
    except ValueError:
        return ""
