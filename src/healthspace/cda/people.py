"""The people, places and machines of a CDA header."""

from dataclasses import dataclass

from healthspace.cda.times import UNKNOWN_PERIOD, Interval, Time
from healthspace.cda.values import (
    Address,
    Code,
    Element,
    Identifier,
    Name,
    Telecom,
    attribute,
    child,
    children,
    read_addresses,
    read_code,
    read_identifiers,
    read_name,
    read_telecoms,
    words,
)
from healthspace.terminology.code_systems import INS_OIDS

_ENTITIES = ("assignedAuthor", "assignedEntity", "associatedEntity", "relatedEntity", "intendedRecipient")
_PERSONS = ("assignedPerson", "associatedPerson", "relatedPerson", "informationRecipient", "guardianPerson")
_ORGANIZATIONS = ("representedOrganization", "scopingOrganization", "receivedOrganization", "guardianOrganization")


@dataclass(frozen=True, slots=True)
class Organization:
    """A structure; `industry` is its practice setting (TRE_A01)."""

    ids: tuple[Identifier, ...] = ()
    name: str = ""
    industry: Code | None = None
    addresses: tuple[Address, ...] = ()
    telecoms: tuple[Telecom, ...] = ()


@dataclass(frozen=True, slots=True)
class Device:
    """A machine or a program that writes documents."""

    software: str = ""
    model: str = ""


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody or something with a part in the document.

    `part` is the element it comes from (author, informant…), `kind` its typeCode, `relation` the classCode of its role (ECON: to
    be called in an emergency; NOK: trusted person), `code` its profession and speciality, `function` what it did here.
    """

    part: str
    kind: str = ""
    relation: str = ""
    ids: tuple[Identifier, ...] = ()
    code: Code | None = None
    function: Code | None = None
    name: Name | None = None
    device: Device | None = None
    organization: Organization | None = None
    addresses: tuple[Address, ...] = ()
    telecoms: tuple[Telecom, ...] = ()
    time: Time | None = None
    period: Interval = UNKNOWN_PERIOD
    signature: str = ""


@dataclass(frozen=True, slots=True)
class Patient:
    """The citizen a document is about. `ins` is None when the document gives no national health identity."""

    ids: tuple[Identifier, ...] = ()
    ins: Identifier | None = None
    ambiguous_ins: bool = False
    name: Name | None = None
    gender: str = ""
    birth: Time | None = None
    birth_place: Address | None = None
    birth_place_name: str = ""
    deceased: bool | None = None
    deceased_at: Time | None = None
    addresses: tuple[Address, ...] = ()
    telecoms: tuple[Telecom, ...] = ()
    guardians: tuple[Party, ...] = ()


def read_organization(element: Element | None) -> Organization | None:
    """A structure; None when nothing is said of it."""
    if element is None:
        return None
    organization = Organization(
        ids=read_identifiers(element),
        name=" ".join(filter(None, map(words, children(element, "name")))),
        industry=read_code(child(element, "standardIndustryClassCode")),
        addresses=read_addresses(element),
        telecoms=read_telecoms(element),
    )
    return None if organization == Organization() else organization


def read_party(element: Element, part: str, time: Time | None = None, period: Interval = UNKNOWN_PERIOD) -> Party:
    """The party of a participation element such as `author`, `legalAuthenticator` or `performer`."""
    entity = _first_child(element, _ENTITIES)
    role = element if entity is None else entity
    person = _first_child(role, _PERSONS)
    organization = _first_child(role, _ORGANIZATIONS)
    return Party(
        part=part,
        kind=attribute(element, "typeCode"),
        relation=attribute(role, "classCode"),
        ids=read_identifiers(role),
        code=read_code(child(role, "code")),
        function=read_code(child(element, "functionCode")),
        name=read_name(children(person, "name")),
        device=_read_device(child(role, "assignedAuthoringDevice")),
        organization=read_organization(organization),
        addresses=read_addresses(role),
        telecoms=read_telecoms(role),
        time=time,
        period=period,
        signature=attribute(child(element, "signatureCode"), "code"),
    )


def _first_child(element: Element, names: tuple[str, ...]) -> Element | None:
    return next((found for name in names if (found := child(element, name)) is not None), None)


def _read_device(element: Element | None) -> Device | None:
    if element is None:
        return None
    model = words(child(element, "manufacturerModelName"))
    # The framework makes the model mandatory: senders who have none write a dot.
    return Device(software=words(child(element, "softwareName")), model="" if model == "." else model)


def choose_ins(ids: tuple[Identifier, ...]) -> tuple[Identifier | None, bool]:
    """The national health identity among `ids`, and whether the document gives two different ones of the same kind."""
    for oid in INS_OIDS:
        values = {identifier.extension for identifier in ids if identifier.root == oid and identifier.extension}
        if values:
            return Identifier(oid, min(values)), len(values) > 1
    return None, False
