"""The documents of one record, for pages that show them all; and which of them a professional is not shown unasked."""

from collections.abc import Collection, Iterable, Sequence
from uuid import UUID

from healthspace.access.permit import Permit
from healthspace.access.rules import Action
from healthspace.base.fhirjson import ARCHIVED
from healthspace.identity.caller import Caller, Kind
from healthspace.record.clinical.keep import is_archived
from healthspace.resources.query import Condition, Named, Query, Sort
from healthspace.resources.reach import Reach
from healthspace.resources.search import search
from healthspace.resources.stored import Stored

SHOWN = 5000
"""Documents that a portal page gathers at most; the oldest beyond it are found by search."""

BY_NAME = frozenset({"_id", "identifier", "related"})
"""Whoever names a document finds it, archived or not: else nobody could take it out of the archive (TD3.1b, TD3.3d)."""


def leave_out_archived(caller: Caller, type_: str, terms: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """The terms of a search, with `isArchived:not=true` when a professional asks nothing about the archive (decision 36)."""
    named = {name.partition(":")[0] for name, _ in terms}
    if type_ != "DocumentReference" or caller.kind is not Kind.PROFESSIONAL or named & {*BY_NAME, "isArchived"}:
        return [*terms]
    return [*terms, ("isArchived:not", "true")]


def without_archived(caller: Caller, documents: Iterable[Stored]) -> list[Stored]:
    """What the pages of `caller` list of these documents: an archived one is on no page of a professional."""
    if caller.kind is not Kind.PROFESSIONAL:
        return [*documents]
    # Few are archived: only what names the archive is worth parsing.
    return [one for one in documents if ARCHIVED.encode() not in one.body or not is_archived(one.json())]


async def list_documents(p: Permit, *, most: int = SHOWN, only: Collection[UUID] | None = None) -> tuple[Stored, ...]:
    """The DocumentReferences that the permit shows, current and superseded, newest first; `most` of them, or `only` some.

    They come unparsed: a page that keeps little of each parses one after the other, a third of the work of holding all at once.
    """
    p.must_be_for(Action.READ_RECORD, Action.SEARCH_DOCUMENTS, Action.READ_TRAIL)
    if only is not None and not only:
        return ()
    conditions: list[Condition] = [] if only is None else [Named(tuple(only))]
    query = Query("DocumentReference", conditions=conditions, sort=(Sort("date", descending=True),), count=most, total=False)
    return (await search(Reach(p), query, Reach(p).scope("DocumentReference"))).entries
