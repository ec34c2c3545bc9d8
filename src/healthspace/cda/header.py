"""The header of a clinical document as a frozen value: everything that describes it, and nothing of what it says."""

from dataclasses import dataclass

from healthspace.base.documents import Traits
from healthspace.base.errors import Invalid
from healthspace.cda.parse import CLINICAL_DOCUMENT, HL7
from healthspace.cda.people import Organization, Party, Patient, choose_ins, read_organization, read_party
from healthspace.cda.times import UNKNOWN_PERIOD, Interval, Time, offset_of, read_time
from healthspace.cda.values import (
    Code,
    Element,
    Identifier,
    Name,
    attribute,
    child,
    children,
    read_address,
    read_addresses,
    read_code,
    read_identifier,
    read_identifiers,
    read_name,
    read_telecoms,
    truth,
    words,
)

_LABORATORY = "{urn:oid:1.3.6.1.4.1.19376.1.3.2}"
_IMAGING = "{urn:dicom-org:ps3-20}"
_EXTENSIONS = "{urn:hl7-org:sdtc}"
_BODY = f"{{{HL7}}}component"
SIZE_LIMIT = 20_000
"""Elements of a header. Real ones have a few hundred; reading this many takes half a second."""
_GENDERS = {"M": "male", "F": "female", "UN": "other"}


@dataclass(frozen=True, slots=True)
class ServiceEvent:
    """An act that the document reports. `status` is the laboratory's (active: partial results; completed)."""

    ids: tuple[Identifier, ...]
    code: Code | None
    period: Interval
    performers: tuple[Party, ...]
    status: str


@dataclass(frozen=True, slots=True)
class Encounter:
    """The stay or visit during which the document was made."""

    ids: tuple[Identifier, ...] = ()
    code: Code | None = None
    period: Interval = UNKNOWN_PERIOD
    facility_type: Code | None = None
    facility_ids: tuple[Identifier, ...] = ()
    place: str = ""
    parties: tuple[Party, ...] = ()


@dataclass(frozen=True, slots=True)
class RelatedDocument:
    """An earlier document; `kind` is RPLC (replaced), APND (completed) or XFRM (transformed)."""

    kind: str
    ids: tuple[Identifier, ...]
    set_id: Identifier | None
    version: str


@dataclass(frozen=True, slots=True)
class Consent:
    """What the patient agreed to, as the sender states it."""

    code: Code | None
    status: str


@dataclass(frozen=True, slots=True)
class Header:
    """Everything in the header. Times: see `Time`. `warnings` are in English, for developers, without health data."""

    id: Identifier | None
    set_id: Identifier | None
    version: str
    type: Code | None
    templates: tuple[Identifier, ...]
    file_type: str | None
    title: str
    time: Time | None
    language: str
    confidentiality: tuple[Code, ...]
    patient: Patient
    authors: tuple[Party, ...]
    legal_authenticator: Party | None
    authenticators: tuple[Party, ...]
    data_enterers: tuple[Party, ...]
    custodian: Organization | None
    informants: tuple[Party, ...]
    recipients: tuple[Party, ...]
    participants: tuple[Party, ...]
    events: tuple[ServiceEvent, ...]
    encounter: Encounter
    related: tuple[RelatedDocument, ...]
    orders: tuple[Identifier, ...]
    accession_numbers: tuple[Identifier, ...]
    consents: tuple[Consent, ...]
    warnings: tuple[str, ...]

    @property
    def service(self) -> Interval:
        """When the main act took place: the first event that says when it began, else the first that says anything."""
        periods = [event.period for event in self.events]
        dated = [period for period in periods if period.low] or [period for period in periods if period.high]
        return dated[0] if dated else UNKNOWN_PERIOD

    @property
    def setting(self) -> Code | None:
        """The practice setting: of who performed the act, else of an author's structure, else of the signatory's."""
        parties = [*(party for event in self.events for party in event.performers), *self.authors]
        parties += [self.legal_authenticator] if self.legal_authenticator else []
        codes = (party.organization.industry for party in parties if party.organization and party.organization.industry)
        return next(codes, None)

    @property
    def status(self) -> str:
        """What the laboratory says of its report: `active` as soon as one act is not finished; "" when it says nothing."""
        statuses = [event.status for event in self.events if event.status]
        return next((status for status in statuses if status != "completed"), statuses[0] if statuses else "")


class _Reader:
    """Reads one document: lends its zone to the times that have none, and notes what it had to tolerate."""

    def __init__(self, root: Element) -> None:
        self.root, self.warnings = root, list[str]()
        self.zone: int | None = None
        self.document_time = self.time(child(root, "effectiveTime"), "effectiveTime")
        self.zone = offset_of(self.document_time)

    def time(self, element: Element | None, place: str) -> Time | None:
        raw = attribute(element, "value")
        if not raw:
            return None
        time = read_time(raw, self.zone)
        if time.problem:
            self.warnings.append(f"{place}: {time.problem}")
        return time

    def interval(self, element: Element | None, place: str) -> Interval:
        low = self.time(child(element, "low"), place) or self.time(element, place)
        return Interval(low, self.time(child(element, "high"), place))

    def parties(self, parent: Element | None, name: str) -> tuple[Party, ...]:
        return tuple(self.party(element, name) for element in children(parent, name))

    def party(self, element: Element, name: str) -> Party:
        moment = child(element, "time")
        period = self.interval(moment, f"{name}/time")
        return read_party(element, name, period.low, period)

    def events(self) -> tuple[ServiceEvent, ...]:
        acts = [act for event in children(self.root, "documentationOf") for act in children(event, "serviceEvent")]
        return tuple(
            ServiceEvent(
                ids=read_identifiers(act),
                code=read_code(child(act, "code")),
                period=self.interval(child(act, "effectiveTime"), "documentationOf/serviceEvent/effectiveTime"),
                performers=self.parties(act, "performer"),
                status=attribute(act.find(_LABORATORY + "statusCode"), "code"),
            )
            for act in acts
        )

    def encounter(self) -> Encounter:
        stay = child(self.root, "componentOf", "encompassingEncounter")
        facility = child(stay, "location", "healthCareFacility")
        if stay is None:
            return Encounter()
        return Encounter(
            ids=read_identifiers(stay),
            code=read_code(child(stay, "code")),
            period=self.interval(child(stay, "effectiveTime"), "componentOf/encompassingEncounter/effectiveTime"),
            facility_type=read_code(child(facility, "code")),
            facility_ids=read_identifiers(facility),
            place=words(child(facility, "location", "name")),
            parties=self.parties(stay, "responsibleParty") + self.parties(stay, "encounterParticipant"),
        )

    def patient(self) -> Patient:
        role = child(self.root, "recordTarget", "patientRole")
        person = child(role, "patient")
        ids = read_identifiers(role)
        ins, ambiguous = choose_ins(ids)
        deceased = truth(None if person is None else person.find(_EXTENSIONS + "deceasedInd"), "value")
        return Patient(
            ids=ids,
            ins=ins,
            ambiguous_ins=ambiguous,
            name=read_name(children(person, "name")),
            gender=attribute(child(person, "administrativeGenderCode"), "code"),
            birth=self.time(child(person, "birthTime"), "recordTarget/patientRole/patient/birthTime"),
            birth_place=read_address(child(person, "birthplace", "place", "addr")),
            birth_place_name=words(child(person, "birthplace", "place", "name")),
            deceased=deceased,
            deceased_at=self.time(None if person is None else person.find(_EXTENSIONS + "deceasedTime"), "sdtc:deceasedTime"),
            addresses=read_addresses(role),
            telecoms=read_telecoms(role),
            guardians=self.parties(person, "guardian"),
        )


def read_header(root: Element) -> Header:
    """The header of the ClinicalDocument `root`. Whatever is missing is empty.

    Raises Invalid for a document about several people, and for a header that is too large to be one.
    """
    _check_shape(root)
    reader = _Reader(root)
    legal = reader.parties(root, "legalAuthenticator")
    return Header(
        id=read_identifier(child(root, "id")),
        set_id=read_identifier(child(root, "setId")),
        version=attribute(child(root, "versionNumber"), "value"),
        type=read_code(child(root, "code")),
        templates=read_identifiers(root, "templateId"),
        file_type=_read_file_type(root),
        title=words(child(root, "title")),
        time=reader.document_time,
        language=attribute(child(root, "languageCode"), "code"),
        confidentiality=tuple(code for code in map(read_code, children(root, "confidentialityCode")) if code),
        patient=reader.patient(),
        authors=reader.parties(root, "author"),
        legal_authenticator=legal[0] if legal else None,
        authenticators=reader.parties(root, "authenticator"),
        data_enterers=reader.parties(root, "dataEnterer"),
        custodian=read_organization(child(root, "custodian", "assignedCustodian", "representedCustodianOrganization")),
        informants=reader.parties(root, "informant"),
        recipients=reader.parties(root, "informationRecipient"),
        participants=reader.parties(root, "participant"),
        events=reader.events(),
        encounter=reader.encounter(),
        related=_read_related(root),
        orders=_read_orders(root),
        accession_numbers=_read_accession_numbers(root),
        consents=_read_consents(root),
        warnings=tuple(dict.fromkeys(reader.warnings)),
    )


def _check_shape(root: Element) -> None:
    if root.tag != CLINICAL_DOCUMENT:
        raise Invalid("This element is no clinical document.", place="/")
    if len(children(root, "recordTarget")) > 1:
        raise Invalid("The document is about several patients.", place="ClinicalDocument/recordTarget")
    size = sum(1 for part in root if part.tag != _BODY for _ in part.iter())
    if size > SIZE_LIMIT:
        raise Invalid(f"The header has {size:,} elements; at most {SIZE_LIMIT:,} are read.", place="ClinicalDocument")


def _read_file_type(root: Element) -> str | None:
    """The declared media type of an unstructured body; None when the body is structured."""
    text = child(root, "component", "nonXMLBody", "text")
    # HL7's default media type of encapsulated data is text/plain.
    return None if text is None else attribute(text, "mediaType") or "text/plain"


def _read_related(root: Element) -> tuple[RelatedDocument, ...]:
    pairs = ((relation, child(relation, "parentDocument")) for relation in children(root, "relatedDocument"))
    return tuple(
        RelatedDocument(
            kind=attribute(relation, "typeCode"),
            ids=read_identifiers(parent),
            set_id=read_identifier(child(parent, "setId")),
            version=attribute(child(parent, "versionNumber"), "value"),
        )
        for relation, parent in pairs
        if parent is not None
    )


def _read_orders(root: Element) -> tuple[Identifier, ...]:
    orders = (child(link, "order") for link in children(root, "inFulfillmentOf"))
    return tuple(identifier for order in orders for identifier in read_identifiers(order))


def _read_accession_numbers(root: Element) -> tuple[Identifier, ...]:
    orders = (child(link, "order") for link in children(root, "inFulfillmentOf"))
    numbers = (number for order in orders if order is not None for number in order.findall(_IMAGING + "accessionNumber"))
    found = (read_identifier(number) for number in numbers)
    return tuple(identifier for identifier in found if identifier is not None)


def _read_consents(root: Element) -> tuple[Consent, ...]:
    consents = (child(link, "consent") for link in children(root, "authorization"))
    return tuple(
        Consent(read_code(child(consent, "code")), attribute(child(consent, "statusCode"), "code"))
        for consent in consents
        if consent is not None
    )


def patient_traits(header: Header) -> Traits:
    """The citizen's identity, enough to open a space. Raises Invalid when the document gives no national health identity."""
    patient, name = header.patient, header.patient.name or Name()
    ins = require_ins(patient)
    return Traits(
        ins_system=ins.root,
        ins_value=ins.extension,
        birth_family=name.family("BR", "", "CL", "SP"),
        given_names=name.given("", "BR", "CL"),
        first_given=name.given("BR") or name.given("", "CL").partition(" ")[0],
        used_family=name.family("CL", "SP", "", "BR"),
        used_given=name.given("CL"),
        sex=gender_of(patient),
        birth_date=patient.birth.fhir[:10] if patient.birth else "",
        birth_place=patient.birth_place.county if patient.birth_place else "",
    )


def require_ins(patient: Patient) -> Identifier:
    """The citizen's national health identity. Raises Invalid when there is none, or two that contradict each other."""
    place = "ClinicalDocument/recordTarget/patientRole/id"
    if patient.ins is None:
        raise Invalid("The document gives no national health identity (INS) of its patient.", place=place)
    if patient.ambiguous_ins:
        raise Invalid("The document gives two different national health identities (INS) of its patient.", place=place)
    return patient.ins


def gender_of(patient: Patient) -> str:
    """The FHIR administrative gender."""
    return _GENDERS.get(patient.gender, "unknown")
