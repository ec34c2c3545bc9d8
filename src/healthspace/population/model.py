"""What the synthetic population is made of, and what it needs to know of the world: a directory of people and places."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol

from healthspace.terminology.code_systems import INS_OIDS

_, _, TEST_SYSTEM, _ = INS_OIDS
"""The OID of test identities (INS de test): no number of the population can be taken for a real one."""


class Structure(Protocol):
    """An establishment: FINESS number, kind (TRE_R02) and practice setting (TRE_A01)."""

    @property
    def finess(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def facility(self) -> str: ...
    @property
    def setting(self) -> str: ...
    @property
    def city(self) -> str: ...


class Professional(Protocol):
    """A person of the directory: RPPS number, profession (TRE_G15) and speciality (TRE_R38)."""

    @property
    def rpps(self) -> str: ...
    @property
    def family(self) -> str: ...
    @property
    def given(self) -> str: ...
    @property
    def prefix(self) -> str: ...
    @property
    def profession(self) -> str: ...
    @property
    def speciality(self) -> str: ...
    @property
    def structure(self) -> Structure: ...


@dataclass(frozen=True, slots=True)
class Directory:
    """Who writes the documents. The last four are the doctors in charge at the structures that deposit."""

    treating_doctor: Professional
    specialist: Professional
    pharmacist: Professional
    nurse: Professional
    hospital_doctor: Professional
    radiologist: Professional
    biologist: Professional
    care_home_doctor: Professional


@dataclass(frozen=True, slots=True)
class Traits:
    """A civil identity. `birth_place` is the INSEE code of the commune or country of birth, `sex` "male" or "female"."""

    ins_system: str
    ins_value: str
    birth_family: str
    used_family: str
    givens: tuple[str, ...]
    used_given: str
    sex: str
    birth_date: date
    birth_place: str
    birth_place_name: str


@dataclass(frozen=True, slots=True)
class Home:
    """A postal address."""

    house_number: str
    street: str
    postal_code: str
    city: str


@dataclass(frozen=True, slots=True)
class SyntheticDocument:
    """One document ready to be deposited. `depositor` names a role, such as "laboratory" or "citizen".

    `unique_id` is the document's OID; `replaces` that of the version it replaces. A PDF on its own has no place for them inside:
    they go with its deposit.
    """

    data: bytes
    media_type: str
    type_code: str
    title: str
    date: datetime
    depositor: str
    unique_id: str
    replaces: str | None = None


@dataclass(frozen=True, slots=True)
class SyntheticCitizen:
    """One person with the documents of their life. `index` counts from 0; `parents` are indexes of earlier citizens."""

    index: int
    traits: Traits
    home: Home
    phone: str
    household: int
    parents: tuple[int, ...]
    conditions: tuple[str, ...]
    treating_doctor: bool
    authorised: tuple[str, ...]
    documents: tuple[SyntheticDocument, ...] = field(repr=False)
