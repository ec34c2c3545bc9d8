"""How far a permit reaches into the store: whose resources, of which types, but which labels."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Protocol

from healthspace.access.rules import PUBLIC_TYPES
from healthspace.base.ids import REGISTRY
from healthspace.database.database import Row, Tx
from healthspace.database.keys import KeyRing
from healthspace.database.owners import Ciphers
from healthspace.database.seal import Cipher
from healthspace.fhir.searching.parameters import compartment_parameters
from healthspace.resources.hashing import hash_code
from healthspace.resources.query import Hidden, Scope
from healthspace.resources.stored import Stored, open_row

LABELS = ("securityLabel", "meta.security")
"""Where a resource carries the labels that hide it."""
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
        owners = self.permit.owners
        if not belongs_to_citizens(type_):
            return Scope((REGISTRY,) if self.permit.unbounded or type_ in PUBLIC_TYPES else ())
        # What is about a citizen and belongs to none, because nobody knows whom, is for those who run the service.
        if type_ in self.permit.withheld or (owners == (REGISTRY,) and not self.permit.unbounded):
            return Scope(())
        labels, depositor = self.permit.hidden, self.permit.depositor
        hashes = tuple(hash_code(self.keys, type_, path, label) for path in LABELS for label in sorted(labels))
        required = (depositor,) if self.permit.only_own_deposits else ()
        return Scope(owners, Hidden(hashes, depositor) if hashes else Hidden(), required)

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


@cache
def belongs_to_citizens(type_: str) -> bool:
    """Whether resources of this type can be a citizen's; the others belong to nobody in particular (`docs/decisions/0013`)."""
    return type_ == "Patient" or bool(compartment_parameters(type_)) or type_ in DOCUMENT_TYPES
