"""A form that is sent twice (a second click, a reload, an answer that was lost on its way) makes one thing.

A form that creates carries a key, made when the page was. The id of what it makes is derived from the key, from who sends it, from where,
and from all that was typed: the same form again finds what it made; another form, or this one with another word in it, makes another thing.
A key names the record of its form, as every id there does, and counts in that record alone, for whoever may write there.
"""

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

from starlette.requests import Request

from healthspace.access.permit import Permit
from healthspace.base import clock
from healthspace.base.ids import REGISTRY, derived_id, made_at, new_id, owner_of, parse_id
from healthspace.database.keys import KeyRing
from healthspace.identity.caller import Caller
from healthspace.resources.store import find, last_version
from healthspace.resources.stored import Resource

FIELD = "once"
LASTS = timedelta(days=7)
"""How long a key counts: a form may wait in a tab until its sender is signed in again."""
AHEAD = timedelta(minutes=1)
"""How far the clocks of two processes may be apart."""


def key_for(request: Request, owner: int | None) -> str:
    """The key of the forms on a page about a record: a new one, or that of the form which the page shows again."""
    return getattr(request.state, FIELD, "") or str(new_id(owner or REGISTRY))


def remember_key(request: Request, form: Mapping[str, str]) -> None:
    """Keeps the key of a form that was received, for the page that shows it again."""
    if parse_id(key := form.get(FIELD, "")):
        setattr(request.state, FIELD, key)


def id_of(keys: KeyRing, caller: Caller, owner: int, path: str, form: Mapping[str, str], *parts: str, lasts: timedelta = LASTS) -> UUID:
    """The id of what a form makes, or of one of its `parts`; a new one each time when the form has no key that counts here."""
    key = parse_id(form.get(FIELD, ""))
    made = made_at(key) if key else None
    if key is None or made is None or owner_of(key) != owner or not clock.now() - lasts <= made <= clock.now() + AHEAD:
        return new_id(owner)
    # Hashed with our key: an id tells nothing of what was typed.
    typed = (f"{name}={value}" for name, value in sorted(form.items()))
    return derived_id(key, keys.hash64("form", caller.key, path, *parts, *typed))


async def to_make(p: Permit, type_: str, identifier: UUID) -> UUID | None:
    """The id under which a form makes what it says; None when that stands already.

    What was taken back or ended since is made anew: nobody is told that something is done which does not hold any more.
    """
    stored = await find(p.tx, p.cipher, type_, identifier)
    if stored is not None and _holds(stored.json()):
        return None
    spent = stored is not None or await last_version(p.tx, p.cipher, type_, identifier) is not None
    return new_id(p.owner) if spent else identifier


def _holds(resource: Resource) -> bool:
    return resource.get("status") != "inactive" and resource.get("active") is not False
