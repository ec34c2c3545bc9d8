"""Transactions (R4 http.html#transaction): all entries or none, in the order that the specification gives. Reads come last, and one
that finds nothing undoes the whole too.

Ids are given before anything is written, so that entries may refer to each other in any order; then deletions, creations, updates and
patches are done, and written together. A transaction may be about several citizens: it is one transaction of the database.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

from healthspace.access.rules import Action
from healthspace.base.errors import HealthspaceError, Invalid, PreconditionFailed
from healthspace.base.ids import new_id, owner_of
from healthspace.fhir.resource_types import NUMBER
from healthspace.resources.grammar import read_search
from healthspace.resources.names import locate_names
from healthspace.resources.placing import patients_of, place
from healthspace.resources.planning import find_all
from healthspace.resources.stored import Resource, Stored
from healthspace.resources.work import Done, Work

ORDER = {"DELETE": 0, "POST": 1, "PUT": 2, "PATCH": 3, "GET": 4, "HEAD": 4}
REFERENCES = frozenset({"reference", "url", "uri", "valueUri", "valueUrl", "valueUuid", "valueCanonical"})
"""Elements in which the fullUrl of another entry is replaced (R4 bundle.html#references)."""
LINK = re.compile(r'(?<=href=")urn:[^"]+|(?<=src=")urn:[^"]+')
"""Links of a narrative to other entries, which are replaced too (R4 http.html#trules)."""
Terms = list[tuple[str, str]]


@dataclass(slots=True)
class Entry:
    """One entry as it was sent; `place` is its FHIRPath. `terms` are the conditions of its address, or of ifNoneExist."""

    place: str
    full_url: str
    method: str
    type: str
    name: str | None
    resource: Resource | None
    terms: Terms | None = None
    if_match: int | None = None
    only_new: bool = False
    edit: Callable[[Resource], Resource] | None = None
    identifier: UUID | None = None
    known: Stored | None = None
    done: Done | None = field(default=None)


async def transact(work: Work, entries: list[Entry]) -> None:
    """Does all entries but the reads, which are only foreseen; each says afterwards what became of it. Errors name the entry at fault."""
    work.p.must_be_for(Action.WRITE_RESOURCES)
    _refuse_twice(entries)
    await _lock_owners(work, entries)
    for entry in entries:
        await _at(entry, _match(work, entry))
    names = await _name(work, entries)
    for entry in entries:
        if entry.resource is not None and entry.known is None:
            entry.resource = await _at(entry, _resolve(work, entry.resource, names))
    for entry in sorted(entries, key=lambda each: ORDER[each.method]):
        entry.done = await _at(entry, _do(work, entry))
    _refuse_same(entries)
    await work.flush()


async def _lock_owners(work: Work, entries: list[Entry]) -> None:
    """Locks whose data are named in an order that all transactions share, so that two of them do not wait for each other."""
    names = {(entry.type, entry.name) for entry in entries if entry.name}
    names |= {("Patient", name) for entry in entries if entry.resource is not None for name in patients_of(entry.resource)}
    places = await locate_names(work.p.tx, work.p.keys, names) if names else {}
    for owner in sorted({owner for owner, _ in places.values()}):
        await work.p.enter(owner)


async def _at(entry: Entry, act: Any) -> Any:
    """What `act` gives; its error tells the entry."""
    try:
        return await act
    except HealthspaceError as error:
        if not (error.place or "").startswith("Bundle"):
            error.place = entry.place
        raise


async def _match(work: Work, entry: Entry) -> None:
    """Finds what the conditions of an entry mean, before anything is changed."""
    if entry.terms is None or entry.method in {"GET", "HEAD"}:
        return
    entry.known = await work.match(entry.type, entry.terms)
    if entry.known is not None and entry.method != "POST":
        entry.name = entry.known.name
        if entry.resource is not None and entry.method == "PUT":
            entry.resource = {**entry.resource, "id": entry.name}
        entry.known = None


async def _name(work: Work, entries: list[Entry]) -> dict[str, str]:
    """Gives every entry that creates its id; fullUrl, or condition → `Type/id` for all that other entries may refer to.

    Patients come first, then what is created under a condition.
    """
    names: dict[str, str] = {}
    for entry in sorted(entries, key=lambda each: (each.type != "Patient", each.terms is None)):
        if entry.method not in {"POST", "PUT"} or entry.resource is None:
            continue
        if entry.known is not None:
            name = entry.known.name
        elif entry.method == "PUT" and (entry.name or entry.resource.get("id")):
            name = entry.name = entry.name or str(entry.resource["id"])
        else:
            entry.identifier = await _at(entry, _give_id(work, entry.resource, names))
            name = str(entry.identifier)
        for meaning in (entry.full_url, _spell(entry.type, entry.terms)):
            names[meaning] = f"{entry.type}/{name}"
    names.pop("", None)
    return names


def _spell(type_: str, terms: Terms | None) -> str:
    """A condition in one spelling."""
    return f"{type_}?{urlencode(sorted(terms))}" if terms else ""


async def _give_id(work: Work, resource: Resource, names: dict[str, str]) -> UUID:
    """An id that says whose the resource will be, by the Patient that it refers to."""
    if resource["resourceType"] == "Patient":
        return new_id((await work.p.found()).owner)
    # Whose it is can be seen when its references are those of the record.
    resolved = await _resolve(work, resource, names)
    return new_id((await place(work.p, resolved)).owner)


async def _resolve(work: Work, resource: Resource, names: dict[str, str]) -> Resource:
    """`resource` with references to other entries, and conditional ones, as references to what they mean."""
    waiting: list[str] = []
    _collect(resource, waiting)
    meant = {text: names[text] for text in waiting if text in names}
    for text in waiting:
        if text not in meant and _is_conditional(text):
            meant[text] = await _find_one(work, text, names)
    if not meant:
        return resource
    replaced: Resource = _replace(resource, meant)
    return replaced


def _is_conditional(text: str) -> bool:
    type_, mark, _ = text.partition("?")
    return bool(mark) and type_ in NUMBER


async def _find_one(work: Work, text: str, names: dict[str, str]) -> str:
    """`Type/id` of the one resource that a conditional reference means (R4 http.html#trules): of the transaction, or stored already."""
    type_, _, query = text.partition("?")
    terms = parse_qsl(query, keep_blank_values=True, max_num_fields=20)
    if (promised := names.get(_spell(type_, terms))) is not None:
        return promised
    asked = read_search(type_, terms)
    found = await find_all(work.reach, asked, 2) if asked.terms else []
    if len(found) != 1:
        raise PreconditionFailed("a conditional reference must mean exactly one resource", place=f"{type_}.reference")
    work.p.note(owner_of(found[0].id), f"{type_}/{found[0].name}")
    return f"{type_}/{found[0].name}"


def _collect(value: Any, found: list[str]) -> None:
    if isinstance(value, dict):
        for name, inner in value.items():
            if isinstance(inner, str):
                if name in REFERENCES:
                    found.append(inner)
                elif name == "div":
                    found += LINK.findall(inner)
            elif isinstance(inner, dict | list):
                _collect(inner, found)
    elif isinstance(value, list):
        for inner in value:
            _collect(inner, found)


def _replace(value: Any, meant: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {
            name: _replace_text(name, inner, meant) if isinstance(inner, str) else _replace(inner, meant) for name, inner in value.items()
        }
    if isinstance(value, list):
        return [_replace(inner, meant) for inner in value]
    return value


def _replace_text(name: str, text: str, meant: dict[str, str]) -> str:
    if name in REFERENCES:
        return meant.get(text, text)
    return LINK.sub(lambda link: meant.get(link[0], link[0]), text) if name == "div" else text


async def _do(work: Work, entry: Entry) -> Done | None:
    if entry.method in {"GET", "HEAD"}:
        await _foresee(work, entry)
        return None
    if entry.method == "DELETE":
        return await work.delete(entry.type, entry.name, if_match=entry.if_match) if entry.name else Done(None)
    if entry.known is not None:
        return Done(entry.known)
    if entry.method == "PATCH":
        if entry.name is None or entry.edit is None:
            raise PreconditionFailed("nothing meets the conditions of the patch", place=entry.place)
        return await work.change(entry.type, entry.name, entry.edit, if_match=entry.if_match)
    assert entry.resource is not None  # noqa: S101 - a POST or PUT has been read with its resource
    if entry.identifier is not None:
        return await work.create(entry.resource, identifier=entry.identifier)
    assert entry.name is not None  # noqa: S101 - what has no id was given one
    return await work.update(entry.type, entry.name, entry.resource, if_match=entry.if_match, only_new=entry.only_new)


async def _foresee(work: Work, entry: Entry) -> None:
    """Refuses a reading that would fail when all is done: NotFound, Gone, or Malformed for a search that cannot be meant."""
    if entry.name is not None:
        await work.flush()
        await work.must_exist(entry.type, entry.name)
    elif entry.terms is not None:
        read_search(entry.type, entry.terms)


def _refuse_twice(entries: list[Entry]) -> None:
    """No two entries may be about one resource, or have one fullUrl (R4 http.html#trules)."""
    urls = [entry.full_url for entry in entries if entry.full_url and entry.method in {"POST", "PUT"}]
    if len(set(urls)) != len(urls):
        raise Invalid("two entries have the same fullUrl", place="Bundle.entry.fullUrl")
    names = [(entry.type, entry.name) for entry in entries if entry.name and entry.method in {"PUT", "PATCH", "DELETE"}]
    if len(set(names)) != len(names):
        raise Invalid("two entries are about the same resource", place="Bundle.entry")


def _refuse_same(entries: list[Entry]) -> None:
    """Conditions may lead two entries to one resource: that is found when they have been matched."""
    changed = [
        (entry.type, entry.done.stored.id)
        for entry in entries
        if entry.done is not None and entry.done.changed and entry.done.stored is not None
    ]
    if len(set(changed)) != len(changed):
        raise Invalid("two entries are about the same resource", place="Bundle.entry")
