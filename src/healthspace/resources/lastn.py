"""The last observations of each kind (R4 observation-operation-lastn.html), read in the order of the index.

One code that is asked for is one kind: its last ones are the first of a page, and no more is read. Where codes are not said, what matches
is read the latest first, and observations that share a coding are of one kind: translations count.
"""

from collections.abc import Iterator
from dataclasses import replace

from healthspace.base.errors import Malformed
from healthspace.resources.grammar import Asked, Term
from healthspace.resources.planning import plan
from healthspace.resources.query import Sort
from healthspace.resources.reach import Reach
from healthspace.resources.search import MOST_READ, search
from healthspace.resources.stored import Resource, Stored

LATEST_FIRST = (Sort("date", descending=True),)
BATCH = 200


async def read_last(reach: Reach, asked: Asked, most: int) -> list[Stored]:
    """Of each kind of the Observations that `asked` finds, the last `most`, the latest first; Malformed when too many would be read."""
    codes = [term for term in asked.terms if isinstance(term, Term) and term.parameter.name == "code" and term.modifier == ""]
    if len(codes) == 1:
        found: dict[str, Stored] = {}
        for value in codes[0].values:
            terms = [replace(term, values=(value,)) if term is codes[0] else term for term in asked.terms]
            one = replace(asked, terms=terms, sort=LATEST_FIRST, count=most, total=False, cursor=None)
            page = await search(reach, *await plan(reach, one))
            found |= {stored.name: stored for stored in page.entries}
        return list(found.values())
    return await _read_kinds(reach, asked, most)


async def _read_kinds(reach: Reach, asked: Asked, most: int) -> list[Stored]:
    kinds: dict[object, list[Stored]] = {}
    query, scope = await plan(reach, replace(asked, sort=LATEST_FIRST, count=BATCH, total=False, cursor=None))
    read = 0
    while True:
        page = await search(reach, query, scope)
        for stored in page.entries:
            _put(kinds, stored, most)
        read += len(page.entries)
        if page.next is None:
            listed = {id(kind): kind for kind in kinds.values()}
            return [stored for kind in listed.values() for stored in kind]
        if read >= MOST_READ:
            raise Malformed("answering this would take reading too many observations; name the codes that are wanted", place="code")
        query.after = page.next


def _put(kinds: dict[object, list[Stored]], stored: Stored, most: int) -> None:
    keys = list(keys_of(stored.json()))
    kind = next((kinds[key] for key in keys if key in kinds), None)
    if kind is None:
        kind = []
    for key in keys:
        kinds.setdefault(key, kind)
    if len(kind) < most:
        kind.append(stored)


def keys_of(observation: Resource) -> Iterator[object]:
    """What tells the kind of an Observation: each coding; its words where there is none; itself where there are no words."""
    code = observation.get("code", {})
    codings = [(one.get("system", ""), one["code"]) for one in code.get("coding", ()) if "code" in one]
    yield from codings or [code.get("text", "").casefold() or observation["id"]]
