"""What one request does to the store: resources are created, changed and deleted under one permit, and written together.

Each verb decides and prepares; `flush` writes what was prepared, by one statement for each owner and kind of change. What is locked
stays locked until the transaction ends, so that nothing prepared can be out of date.
"""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from uuid import UUID

from healthspace.access.facts import derive_facts
from healthspace.access.rules import Action
from healthspace.access.wide import WidePermit
from healthspace.base.errors import Contended, Gone, Invalid, Malformed, NotFound, PreconditionFailed
from healthspace.base.ids import new_id, owner_of, parse_id
from healthspace.database.seal import Cipher
from healthspace.resources.grammar import read_search
from healthspace.resources.names import claim_name, claimed_place, locate_name, wait_for_turn
from healthspace.resources.placing import claim_ins, owner_told_by, place
from healthspace.resources.planning import find_all
from healthspace.resources.reach import Reach
from healthspace.resources.store import Current, Version, delete, last_version, lock, prepare, write_changed, write_new
from healthspace.resources.stored import Resource, Stored

DERIVED = frozenset({"Consent", "CareTeam", "RelatedPerson"})
"""Types from which access facts are derived."""
Terms = list[tuple[str, str]]
Follower = Callable[[WidePermit, Stored], Awaitable[None]]
"""What is done, in the same transaction, after a DocumentReference was changed or deleted (then its version is a deletion)."""


@dataclass(frozen=True, slots=True)
class Done:
    """What became of one request: `stored` is the version that now stands; `created` and `changed` say what was done to it."""

    stored: Stored | None
    created: bool = False
    changed: bool = False


@dataclass(slots=True)
class Work:
    """The changes of one request."""

    p: WidePermit
    base: str = ""
    follow: Follower | None = None
    _new: dict[int, list[Version]] = field(default_factory=dict)
    _changed: dict[int, list[tuple[Current, Version]]] = field(default_factory=dict)

    @property
    def reach(self) -> Reach:
        return Reach(self.p, self.base)

    async def create(self, resource: Resource, *, condition: Terms | None = None, identifier: UUID | None = None) -> Done:
        """Creates `resource`; with a `condition`, only when nothing meets it (R4 http.html#ccreate).

        `identifier` is an id that was promised before (in a transaction). PreconditionFailed when several meet the condition.
        """
        type_ = resource["resourceType"]
        if condition is not None:
            known = await self.match(type_, condition)
            if known is not None:
                return Done(known)
        cipher = await self._cipher_for(resource, identifier)
        chosen = identifier or new_id(cipher.owner)
        version = self._prepare(cipher, chosen, resource, 1, None)
        self._new.setdefault(cipher.owner, []).append(version)
        return Done(version.stored, created=True, changed=True)

    async def update(self, type_: str, name: str, resource: Resource, *, if_match: int | None = None, only_new: bool = False) -> Done:
        """Puts `resource` in the place of `type_`/`name`, or creates it there (R4 http.html#upsert).

        PreconditionFailed when `if_match` is not the current version, or something is there though it is to be `only_new`.
        """
        if resource.get("id", name) != name:
            raise Malformed("the id in the resource is not that of the request", place=f"{type_}.id")
        current, cipher = await self._lock(type_, name)
        if current is None:
            if if_match is not None:
                raise PreconditionFailed("there is no such version", place="If-Match")
            return await self._create_named(type_, name, resource)
        assert cipher is not None  # noqa: S101 - what is locked has an owner
        if only_new:
            raise PreconditionFailed("there is one already", place="If-None-Match")
        return await self._change(current, cipher, resource, if_match)

    async def change(self, type_: str, name: str, edit: Callable[[Resource], Resource], *, if_match: int | None = None) -> Done:
        """Replaces `type_`/`name` by what `edit` makes of it (R4 http.html#patch). NotFound or Gone when it is not there."""
        current, cipher = await self._lock(type_, name)
        if current is None or cipher is None:
            raise await self._absence(type_, name)
        return await self._change(current, cipher, edit(current.stored.exact()), if_match)

    async def delete(self, type_: str, name: str, *, if_match: int | None = None) -> Done:
        """Deletes `type_`/`name`; nothing happens when it is not there (R4 http.html#delete)."""
        current, cipher = await self._lock(type_, name)
        if current is None or cipher is None:
            return Done(None)
        _check_version(current, if_match)
        gone = await delete(self.p.tx, cipher, self.p.keys, current, self.p.now)
        self.p.note(cipher.owner, f"{type_}/{name}")
        if type_ in DERIVED:
            await derive_facts(self.p.tx, self.p.keys, cipher.owner, current.stored.id, {"resourceType": type_})
        await self._let_follow([gone])
        return Done(gone, changed=True)

    async def must_exist(self, type_: str, name: str) -> None:
        """NotFound or Gone when there is no `type_`/`name`."""
        current, _ = await self._lock(type_, name)
        if current is None:
            raise await self._absence(type_, name)

    async def match(self, type_: str, condition: Terms) -> Stored | None:
        """The one resource that meets `condition`, or None; PreconditionFailed when there are several.

        Requests with one condition follow each other, so that two of them do not both find nothing.
        """
        asked = read_search(type_, condition)
        if not asked.terms:
            raise PreconditionFailed("a condition needs at least one search parameter", place=type_)
        await wait_for_turn(self.p.tx, self.p.keys, type_, *(f"{name}={value}" for name, value in sorted(condition)))
        await self.flush()
        found = await find_all(self.reach, asked, 2)
        if len(found) > 1:
            raise PreconditionFailed("several resources meet this condition", place=type_)
        if found:
            self.p.note(owner_of(found[0].id), f"{type_}/{found[0].name}")
        return found[0] if found else None

    async def flush(self) -> None:
        """Writes everything that was prepared."""
        new, self._new = self._new, {}
        changed, self._changed = self._changed, {}
        for owner, versions in sorted(new.items()):
            await write_new(self.p.tx, self.p.keys, owner, self.p.now, versions)
        for owner, changes in sorted(changed.items()):
            await write_changed(self.p.tx, self.p.keys, owner, self.p.now, changes)
        stored = [version.stored for versions in new.values() for version in versions]
        stored += [version.stored for changes in changed.values() for _, version in changes]
        for one in stored:
            if one.type in DERIVED:
                await derive_facts(self.p.tx, self.p.keys, owner_of(one.id), one.id, one.json())
        await self._let_follow([version.stored for changes in changed.values() for _, version in changes])

    async def _let_follow(self, changed: Iterable[Stored]) -> None:
        for stored in changed:
            if self.follow is not None and stored.type == "DocumentReference":
                await self.follow(self.p, stored)

    async def _cipher_for(self, resource: Resource, identifier: UUID | None) -> Cipher:
        if identifier is not None:
            known = await self.p.enter(owner_of(identifier))
            if known is not None:
                if resource["resourceType"] == "Patient":
                    await claim_ins(self.p, resource, known.owner)
                return known
        return await place(self.p, resource)

    async def _create_named(self, type_: str, name: str, resource: Resource) -> Done:
        """Creates under the id that a client chose; after a deletion the versions go on (R4 http.html#versioning)."""
        known = await claimed_place(self.p.tx, self.p.keys, type_, name)
        if known is None:
            mine = parse_id(name)
            known = (owner_of(mine), mine) if mine is not None and await self._was_there(type_, mine) else None
        version = 1
        if known is None:
            cipher = await place(self.p, resource)
            known = cipher.owner, new_id(cipher.owner)
            if not await claim_name(self.p.tx, self.p.keys, type_, name, known):
                raise Contended
        else:
            entered = await self.p.enter(known[0])
            if entered is None:
                raise NotFound
            cipher = entered
            if type_ == "Patient":
                await claim_ins(self.p, resource, cipher.owner)
            last = await last_version(self.p.tx, cipher, type_, known[1])
            version = last.version + 1 if last is not None else 1
        made = self._prepare(cipher, known[1], resource, version, name)
        self._new.setdefault(cipher.owner, []).append(made)
        return Done(made.stored, created=True, changed=True)

    async def _was_there(self, type_: str, identifier: UUID) -> bool:
        cipher = await self.p.enter(owner_of(identifier)) if identifier.version == 8 else None
        return cipher is not None and await last_version(self.p.tx, cipher, type_, identifier) is not None

    async def _change(self, current: Current, cipher: Cipher, resource: Resource, if_match: int | None) -> Done:
        stored = current.stored
        _check_version(current, if_match)
        others = owner_told_by(resource) - {cipher.owner}
        if others and stored.type != "Patient":
            raise Invalid(
                "a resource stays in the record that it was stored in; create it anew in the other", place=f"{stored.type}.subject"
            )
        if stored.type == "Patient":
            await claim_ins(self.p, resource, cipher.owner)
        version = self._prepare(cipher, stored.id, resource, stored.version + 1, stored.name)
        self._changed.setdefault(cipher.owner, []).append((current, version))
        return Done(version.stored, changed=True)

    def _prepare(self, cipher: Cipher, identifier: UUID, resource: Resource, version: int, name: str | None) -> Version:
        made = prepare(cipher, self.p.keys, identifier, resource, self.p.now, version=version, name=name)
        self.p.note(cipher.owner, f"{made.stored.type}/{made.stored.name}")
        return made

    async def _lock(self, type_: str, name: str) -> tuple[Current | None, Cipher | None]:
        """The resource of that name, locked, and its owner's cipher; None for what is not there."""
        self.p.must_be_for(Action.WRITE_RESOURCES)
        located = await locate_name(self.p.tx, self.p.keys, type_, name)
        found = await self._lock_at(type_, located)
        if found[0] is None and located is not None and str(located[1]) == name:
            found = await self._lock_at(type_, await claimed_place(self.p.tx, self.p.keys, type_, name))
        return found

    async def _lock_at(self, type_: str, located: tuple[int, UUID] | None) -> tuple[Current | None, Cipher | None]:
        cipher = await self.p.enter(located[0]) if located is not None else None
        if cipher is None or located is None:
            return None, None
        return await lock(self.p.tx, cipher, type_, located[1]), cipher

    async def _absence(self, type_: str, name: str) -> NotFound:
        """Gone for what was deleted, else NotFound."""
        located = await claimed_place(self.p.tx, self.p.keys, type_, name) or await locate_name(self.p.tx, self.p.keys, type_, name)
        cipher = await self.p.enter(located[0]) if located is not None else None
        if cipher is not None and located is not None and await last_version(self.p.tx, cipher, type_, located[1]) is not None:
            return Gone()
        return NotFound()


def _check_version(current: Current, if_match: int | None) -> None:
    if if_match is not None and if_match != current.stored.version:
        raise PreconditionFailed("this is not the current version", place="If-Match")
