"""Conditions of a request: the headers of RFC 9110 §13 and RFC 7240, and the searches of conditional interactions (R4 http.html)."""

import asyncio
import random
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar
from urllib.parse import parse_qsl

from starlette.requests import Request

from healthspace.base.errors import Contended, Malformed, PreconditionFailed
from healthspace.resources.stored import Stored

ETAG = re.compile(r'(?:W/)?"([1-9]\d{0,8})"', re.ASCII)
PREFERENCES = frozenset({"minimal", "representation", "OperationOutcome"})
TRIES = 12
"""Attempts at a write that others contend for."""
PAUSE = 0.02
"""Seconds, more with each attempt."""

Result = TypeVar("Result")


def if_match(request: Request) -> int | None:
    """The version that `If-Match` asks for; PreconditionFailed for one that we never gave."""
    return version_of(request.headers.get("if-match"))


def version_of(etag: str | None) -> int | None:
    """The version that an ETag names; None when none is said."""
    if etag is None or etag.strip() == "*":
        return None
    match = ETAG.fullmatch(etag.strip())
    if match is None:
        raise PreconditionFailed("this is not an ETag of ours", place="If-Match")
    return int(match[1])


def is_only_new(known: str | None) -> bool:
    """Whether a write is to be a creation only: `If-None-Match: *` (RFC 9110 13.1.2)."""
    return known is not None and known.strip() == "*"


def is_unmodified(request: Request, stored: Stored, etag: str) -> bool:
    """Whether the client has this version already (If-None-Match, else If-Modified-Since)."""
    if not any(name.startswith(b"if-") for name, _ in request.scope["headers"]):
        return False
    known = request.headers.get("if-none-match")
    if known is not None:
        return known.strip() == "*" or etag in {one.strip() for one in known.split(",")}
    since = request.headers.get("if-modified-since")
    if since is None:
        return False
    try:
        moment = parsedate_to_datetime(since)
    except (ValueError, TypeError):
        return False
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return stored.updated.replace(microsecond=0) <= moment


def preferred_return(request: Request) -> str:
    """What a write is to answer (RFC 7240 `return=`): representation unless another one is asked for."""
    return next((value for name, value in _preferences(request) if name == "return" and value in PREFERENCES), "representation")


def is_lenient(request: Request) -> bool:
    """`Prefer: handling=lenient`: what is not supported is left out with a warning."""
    return ("handling", "lenient") in _preferences(request)


def read_condition(text: str, place: str) -> list[tuple[str, str]]:
    """The search of `If-None-Exist`, or of a conditional address, without a `?` and a type before it."""
    query = text.strip().rpartition("?")[2]
    terms = parse_qsl(query, keep_blank_values=True, max_num_fields=50) if query else []
    if not terms:
        raise Malformed("a condition needs at least one search parameter", place=place)
    return terms


async def retry(attempt: Callable[[], Awaitable[Result]]) -> Result:
    """What `attempt` gives; tried again while others contend for the same resources."""
    for turn in range(1, TRIES):
        try:
            return await attempt()
        except Contended:
            # Not all at once again, and later each time.
            await asyncio.sleep(random.random() * turn * PAUSE)  # noqa: S311 - a pause, not a secret
    return await attempt()


def moment_in(text: str, place: str) -> datetime:
    """An instant of a query (`_since`, `_at`)."""
    try:
        moment = datetime.fromisoformat(text.strip().replace(" ", "+"))
    except ValueError:
        raise Malformed(f"{place} is an instant", place=place) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _preferences(request: Request) -> list[tuple[str, str]]:
    header = ",".join(request.headers.getlist("prefer"))
    pairs = (one.strip().partition("=") for one in re.split(r"[,;]", header) if one.strip())
    return [(name.strip().lower(), value.strip().strip('"')) for name, _, value in pairs]
