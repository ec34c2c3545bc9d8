"""Who is asking, once proven."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from healthspace.identity.modes import ORDINARY, Modes, modes_of
from healthspace.identity.modes import Purpose as Purpose
from healthspace.identity.personas import Agent, Professional, Role, Structure


class Kind(StrEnum):
    """What kind of caller this is; the access rules start from it."""

    CITIZEN = "citizen"
    PROFESSIONAL = "professional"
    STRUCTURE = "structure"
    AGENCY = "agency"
    SYSTEM = "system"
    TECHNICAL = "technical"
    """A program that may do every interaction on everything, in demo mode only."""
    UNKNOWN = "unknown"


GIVE_CARE = frozenset({Kind.PROFESSIONAL, Kind.STRUCTURE})
"""Who opens a secret connection."""


@dataclass(frozen=True, slots=True)
class Caller:
    """A caller: a citizen (with the id of their own Patient), a professional in one structure, a structure, or the service itself."""

    kind: Kind
    role: Role | None = None
    name: str = ""
    rpps: str | None = None
    finess: str | None = None
    structure: str = ""
    patient: UUID | None = None
    profession: str = ""
    """Code of TRE_G15: the row of the profession matrix."""
    modes: Modes = ORDINARY
    """Which modes this professional may declare in the structure they act in, and whether their access needs express consent."""
    purpose: Purpose = Purpose.TREAT
    why: str = ""
    """The reason that they wrote for breaking the glass."""
    secret: bool = False
    """A professional or a structure in a secret connection: care that a minor keeps from who represents them (L1111-5, R1111-50)."""
    account: str | None = None
    """A person of an organisation who is no professional, as it names them."""
    session: UUID | None = None
    """The token, so that one emergency is told once."""

    @property
    def regulation(self) -> bool:
        """Whether this professional regulates emergency calls."""
        return Purpose.ETREAT in self.modes.purposes

    @property
    def key(self) -> str:
        """What names this caller in access facts and in the trail (always hashed there)."""
        if self.patient is not None:
            return f"patient|{self.patient}"
        if self.rpps is not None:
            return f"rpps|{self.rpps}"
        if self.account is not None:
            return f"account|{self.finess}|{self.account}"
        return f"finess|{self.finess}" if self.finess is not None else self.kind.value

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys under which access facts may tie this caller to a citizen: their own, and their structure's."""
        own = self.key
        return (own, f"finess|{self.finess}") if self.finess is not None and self.rpps is not None else (own,)

    @property
    def depositor_key(self) -> str:
        """What names this caller as the source of documents: a structure answers for those who work in it."""
        return f"finess|{self.finess}" if self.finess is not None else self.key


UNKNOWN = Caller(Kind.UNKNOWN)
TECHNICAL = Caller(Kind.TECHNICAL, Role.SYSTEM, "Healthspace /fhir")
SERVICE = Caller(Kind.SYSTEM, name="Healthspace")


def caller_of_citizen(patient: UUID, role: Role = Role.CITIZEN) -> Caller:
    return Caller(Kind.CITIZEN, role, patient=patient)


def caller_of_professional(role: Role | None, person: Professional) -> Caller:
    name = f"{person.given} {person.family}"
    place = person.structure
    return Caller(
        Kind.PROFESSIONAL,
        role,
        name,
        rpps=person.rpps,
        finess=place.finess,
        structure=place.name,
        profession=person.profession,
        modes=modes_of(person),
    )


def caller_of_agent(role: Role, person: Agent) -> Caller:
    place = person.structure
    name = f"{person.given} {person.family}"
    return Caller(Kind.AGENCY, role, name, finess=place.finess, structure=place.name, account=person.account)


def caller_of_structure(role: Role, place: Structure) -> Caller:
    kind = Kind.AGENCY if role is Role.AGENCY else Kind.STRUCTURE
    return Caller(kind, role, place.name, finess=place.finess, structure=place.name)
