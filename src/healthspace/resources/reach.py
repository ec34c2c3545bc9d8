"""How far a permit reaches into the store: whose resources, of which types, but which labels."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache
from typing import Protocol

from healthspace.access.labels import SHOWN_CODE, spelt
from healthspace.access.matrix import ALWAYS_OPEN, Admission
from healthspace.access.origin import CONTACTS, DOCUMENT_CLASS, DOCUMENT_TYPE, SAID_BY_DOCUMENTS
from healthspace.access.rules import PUBLIC_TYPES
from healthspace.base.fhirjson import CITIZEN, DOCUMENT, ORIGIN
from healthspace.base.ids import REGISTRY
from healthspace.database.database import Row, Tx
from healthspace.database.keys import KeyRing
from healthspace.database.owners import Ciphers
from healthspace.database.seal import Cipher
from healthspace.fhir.searching.parameters import compartment_parameters
from healthspace.resources.hashing import hash_code, hash_token
from healthspace.resources.query import Admitted, Hidden, Scope
from healthspace.resources.stored import Stored, open_row

LABELS = ("securityLabel", "meta.security")
"""Where a resource carries the labels that hide it."""
WITHDRAWN = frozenset({"entered-in-error"})
"""Status of a document that its author took back (TD3.3c): nobody finds it any more."""
TAKEN_BACK = frozenset({"DocumentReference", "List"})
"""Types that are gone with that status: documents, and the Lists that brought no other."""
DOCUMENT_TYPES = frozenset({"Binary"})
"""Types outside the Patient compartment that a citizen owns all the same: the bytes of their documents."""


class Granted(Protocol):
    """What a permit of any kind has."""

    @property
    def tx(self) -> Tx: ...
    @property
    def keys(self) -> KeyRing: ...
    @property
    def ciphers(self) -> Ciphers: ...
    @property
    def entered(self) -> dict[int, Cipher]: ...
    @property
    def now(self) -> datetime: ...
    @property
    def owners(self) -> tuple[int, ...] | None: ...
    @property
    def hidden(self) -> frozenset[str]: ...
    @property
    def withheld(self) -> frozenset[str]: ...
    @property
    def concerned(self) -> frozenset[str]: ...
    @property
    def only(self) -> frozenset[str] | None: ...
    @property
    def admission(self) -> Admission | None: ...
    @property
    def concern(self) -> tuple[int, ...]: ...
    @property
    def only_shown(self) -> bool: ...
    @property
    def unbounded(self) -> bool: ...
    @property
    def depositor(self) -> int: ...
    @property
    def only_own_deposits(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Reach:
    """What searches and reads need of a permit, and our own base URL, which references may begin with."""

    permit: Granted
    base: str = ""

    @property
    def tx(self) -> Tx:
        return self.permit.tx

    @property
    def keys(self) -> KeyRing:
        return self.permit.keys

    def scope(self, type_: str) -> Scope:
        """Whose resources of one type the permit shows. Totals, inclusions and pages are made of these, and of no others."""
        permit = self.permit
        if not belongs_to_citizens(type_):
            return Scope((REGISTRY,) if permit.unbounded or type_ in PUBLIC_TYPES else ())
        if permit.unbounded:
            return Scope(permit.owners)
        if not self._opens(type_):
            return Scope(())
        depositor, required = permit.depositor, list[int]()
        hidden = hashes_of(self.keys, type_, LABELS, spelt(permit.hidden))
        if type_ == "List" and permit.admission is not None:
            hidden += hashes_of(self.keys, type_, ("meta.tag",), permit.admission.denied_contents)
        if permit.only_own_deposits or permit.only_shown:
            required.append(depositor)
        if permit.only_shown and type_ not in ALWAYS_OPEN:
            required += hashes_of(self.keys, type_, ("meta.tag",), frozenset({SHOWN_CODE}))
        elif permit.only_shown:
            required.clear()
            # A team that a document tells of is no team that the citizen has made.
            hidden += said_by_documents(self.keys, type_)
        if type_ == CONTACTS and permit.admission is not None:
            required += tags_of(self.keys, type_, ORIGIN, frozenset({CITIZEN}))
        if type_ in permit.concerned:
            required = [*permit.concern, *self._said(type_)]
        gone = hashes_of(self.keys, type_, ("status",), WITHDRAWN) if type_ in TAKEN_BACK else ()
        return Scope(permit.owners, Hidden(hidden, depositor) if hidden else Hidden(), tuple(required), gone, self._admitted(type_))

    def _opens(self, type_: str) -> bool:
        """Whether anything of a citizen's type may be shown at all."""
        permit = self.permit
        # What is about a citizen and belongs to none, because nobody knows whom, is for those who run the service.
        if type_ in permit.withheld or permit.owners == (REGISTRY,):
            return False
        # The bytes of a document are read through their document, whose labels and class decide.
        if type_ == "Binary":
            return False
        if permit.only is not None and type_ not in permit.only:
            return False
        admission = permit.admission
        if type_ == CONTACTS and admission is not None:
            return bool(admission.classes or admission.types) and not permit.only_shown
        if admission is None or type_ in permit.concerned or type_ in admission.resource_types:
            return True
        return type_ in SAID_BY_DOCUMENTS and bool(admission.classes or admission.types)

    def _admitted(self, type_: str) -> Admitted | None:
        """What the profession matrix lets through: documents by their class and type, and by these what documents say."""
        admission, keys, depositor = self.permit.admission, self.keys, self.permit.depositor
        if admission is None:
            return None
        if type_ == "DocumentReference":
            return Admitted(
                hashes_of(keys, type_, ("category",), admission.classes),
                hashes_of(keys, type_, ("type",), admission.but),
                hashes_of(keys, type_, ("type",), admission.types),
                depositor,
            )
        if type_ not in SAID_BY_DOCUMENTS or (type_ in self.permit.concerned and not self._said(type_)):
            return None
        return Admitted(
            tags_of(keys, type_, DOCUMENT_CLASS, admission.classes),
            tags_of(keys, type_, DOCUMENT_TYPE, admission.but),
            tags_of(keys, type_, DOCUMENT_TYPE, admission.types),
            depositor,
            said_by_documents(keys, type_) if type_ in admission.resource_types or type_ in self.permit.concerned else (),
        )

    def _said(self, type_: str) -> tuple[int, ...]:
        """What marks that a document says it, of a type that otherwise only those whom it names may read: wishes, in a directive."""
        permit = self.permit
        readable = permit.admission is not None and not permit.only_shown and type_ in SAID_BY_DOCUMENTS
        return said_by_documents(self.keys, type_) if readable else ()

    async def open_rows(self, rows: Iterable[Row]) -> list[Stored]:
        """The versions in rows of the store, each opened with its owner's key."""
        listed, known = list(rows), self.permit.entered
        missing = set[int]()
        for row in listed:
            owner = row["owner"]
            if owner not in known:
                if (wrapped := row.get("wrapped_key")) is not None:
                    known[owner] = self.permit.ciphers.open(owner, wrapped)
                else:
                    missing.add(owner)
        if missing:
            known |= await self.permit.ciphers.of_all(self.tx, missing)
        return [open_row(known[row["owner"]], row) for row in listed if row["owner"] in known]


@lru_cache(maxsize=4096)
def hashes_of(keys: KeyRing, type_: str, paths: tuple[str, ...], codes: frozenset[str]) -> tuple[int, ...]:
    """The hashes under which the index holds any of `codes` at any of `paths`."""
    return tuple(hash_code(keys, type_, path, code) for path in paths for code in sorted(codes))


@lru_cache(maxsize=4096)
def tags_of(keys: KeyRing, type_: str, system: str, codes: frozenset[str]) -> tuple[int, ...]:
    """The hashes under which the index holds any of `codes` of `system` among the tags."""
    return tuple(hash_token(keys, type_, "meta.tag", system, code) for code in sorted(codes))


def said_by_documents(keys: KeyRing, type_: str) -> tuple[int, ...]:
    """The hash that everything carries that was read out of a document."""
    return tags_of(keys, type_, ORIGIN, frozenset({DOCUMENT}))


@cache
def belongs_to_citizens(type_: str) -> bool:
    """Whether resources of this type can be a citizen's; the others belong to nobody in particular (`docs/decisions/0013`)."""
    return type_ == "Patient" or bool(compartment_parameters(type_)) or type_ in DOCUMENT_TYPES
