"""The documents of one record, for pages that show them all; and which of them a professional is not shown unasked."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from healthspace.access.permit import Permit
from healthspace.access.rules import Action
from healthspace.fhir.searching.parameters import parameters_of
from healthspace.identity.caller import Caller, Kind
from healthspace.resources.compile import BY_DATE, compile_tokens
from healthspace.resources.query import Condition, Hashed, Named, Not, Query, Sort
from healthspace.resources.reach import Reach, hashes_of
from healthspace.resources.search import search
from healthspace.resources.stored import Stored

SHOWN = 5000
"""Documents that a portal page gathers at most; the oldest beyond it are found by search."""

DOCUMENT = "DocumentReference"
SUPERSEDED, TRUE = frozenset({"superseded"}), frozenset({"true"})
(IN_ARCHIVE,) = (branch.key for branch in parameters_of(DOCUMENT)["isArchived"].branches)

BY_NAME = frozenset({"_id", "identifier", "related"})
"""Whoever names a document finds it, archived or not: else nobody could take it out of the archive (TD3.1b, TD3.3d)."""


Terms = Sequence[tuple[str, str]]


def as_meant(caller: Caller, type_: str, terms: Terms) -> list[tuple[str, str]]:
    """The terms of a search of documents, with what the guides mean where it says nothing.

    Documents in force, where it says nothing of `status` (TD3.1a); and those out of the archive, where a professional asks nothing about
    that (decision 36). A document that says nothing of the archive is not in it.
    """
    asked = [meant for term in terms if (meant := _of_the_archive(*term)) is not None]
    named = {name.partition(":")[0] for name, _ in terms}
    if type_ != DOCUMENT or named & BY_NAME or caller.kind is Kind.TECHNICAL:
        return asked if type_ in {DOCUMENT, "List"} else [*terms]
    if caller.kind is Kind.PROFESSIONAL and "isArchived" not in named:
        asked.append(("isArchived:not", "true"))
    if not named & {"status", "_filter"}:
        asked.append(("status", "current"))
    return asked


def _of_the_archive(name: str, value: str) -> tuple[str, str] | None:
    """One term, where `isArchived=false` asks for what is not in the archive, and both values for everything (None)."""
    values = {*value.split(",")}
    if name == "isArchived" and values == {"true", "false"}:
        return None
    return ("isArchived:not", "true") if (name, values) == ("isArchived", {"false"}) else (name, value)


@dataclass(frozen=True, slots=True)
class Outline:
    """A document as the index knows it: its id, and which of the codes that were asked about it carries (where it stands, code)."""

    id: UUID
    codes: frozenset[tuple[str, str]]


async def outline_documents(p: Permit, asked: Mapping[str, frozenset[str]]) -> list[Outline]:
    """The documents in force that the permit shows, newest first, each with its codes among `asked` (by where they stand): none is opened.

    Those of a professional are without the archive, as in searches (decision 36).
    """
    p.must_be_for(Action.READ_RECORD)
    left_out = hashes_of(p.keys, DOCUMENT, ("status",), SUPERSEDED)
    if p.caller.kind is Kind.PROFESSIONAL:
        left_out += hashes_of(p.keys, DOCUMENT, (IN_ARCHIVE,), TRUE)
    query = Query(DOCUMENT, conditions=[Not(Hashed(left_out))])
    statement, values = compile_tokens(query, Reach(p).scope(DOCUMENT), BY_DATE[True], SHOWN)
    rows = await p.tx.fetch(statement, *values)
    known = {
        h: (path, code) for path, codes in asked.items() for code in codes for h in hashes_of(p.keys, DOCUMENT, (path,), frozenset({code}))
    }
    return [Outline(row["id"], frozenset(known[h] for h in known.keys() & row["tokens"])) for row in rows]


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
