"""What the header of a document says, as values.

Identities follow the French framework: a person is `8` and an RPPS number, a structure is `1` and a FINESS number.
"""

from dataclasses import dataclass
from datetime import date, datetime

from healthspace.cda.write.codes import FUNCTION, Code, Identifier

TREATING = Code("PCP", FUNCTION, "Médecin traitant")


@dataclass(frozen=True, slots=True)
class Address:
    house_number: str
    street: str
    postal_code: str
    city: str
    country: str = ""


NOWHERE = Address("", "", "", "")


@dataclass(frozen=True, slots=True)
class Organization:
    """A structure. `facility` is its kind (TRE_R02), `setting` its practice setting (TRE_A01)."""

    identifier: str
    name: str
    city: str
    facility: Code
    setting: Code


@dataclass(frozen=True, slots=True)
class Professional:
    """Someone who acts in a document. `role` is a profession and speciality (TRE_A02), `suffix` a title such as DR."""

    identifier: str
    family: str
    given: str
    prefix: str
    suffix: str
    role: Code
    organization: Organization


@dataclass(frozen=True, slots=True)
class Named:
    """Somebody of whom only a name and a number are known."""

    name: str
    identifier: Identifier | None = None


@dataclass(frozen=True, slots=True)
class Guardian:
    """A parent or another legal representative."""

    family: str
    given: str
    prefix: str
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Patient:
    """The five strict traits of the national identity, its number, and what the author's own software knows.

    `local` is the number in the author's software (IPP). `birth_place` is the INSEE code of the commune or country of birth.
    `sex` is "male" or "female". What the author does not know is None, or empty: `NOWHERE` is the address of one who told none.
    """

    ins: Identifier
    local: Identifier | None
    birth_family: str
    used_family: str
    givens: tuple[str, ...]
    used_given: str
    sex: str
    birth_date: date
    birth_place: str
    birth_place_name: str
    address: Address
    phone: str = ""
    guardian: Guardian | None = None


@dataclass(frozen=True, slots=True)
class Header:
    """The facts of one document that its kind does not decide.

    `unique_id` and `set_id` are OIDs. Times carry their zone. `replaces` is the unique id of the version before this one.
    `function` is what the author is to the patient. `orders` are the prescriptions that the document answers.
    """

    unique_id: str
    set_id: str
    title: str
    created: datetime
    patient: Patient
    author: Professional
    service_start: datetime
    service_stop: datetime | None = None
    function: Code | None = None
    version: int = 1
    replaces: str | None = None
    treating_doctor: Professional | None = None
    prescriber: Professional | None = None
    recipients: tuple[Professional, ...] = ()
    orders: tuple[Identifier, ...] = ()
