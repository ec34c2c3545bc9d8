"""The values of a CDA header as FHIR R4 datatypes and contained resources (plain dicts)."""

from collections.abc import Iterable
from typing import Any

from healthspace.base import fhirjson
from healthspace.base.fhirjson import Contained, Resource, compact, extension
from healthspace.cda.header import Header, gender_of
from healthspace.cda.people import Organization, Party, Patient
from healthspace.cda.times import Interval, Time
from healthspace.cda.values import Address, Code, Identifier, Name, Telecom, every_code
from healthspace.terminology.code_systems import INS_OIDS, system_of, uri_of
from healthspace.terminology.uris import URIS

PATIENT = "#patient-1"
"""The patient is always the first contained resource."""

_TELECOM_SYSTEMS = {"tel": "phone", "mailto": "email", "fax": "fax", "http": "url", "https": "url"}
_TELECOM_USES = {"MC": "mobile", "H": "home", "HP": "home", "HV": "home", "WP": "work", "DIR": "work", "PUB": "work", "TMP": "temp"}
_ADDRESS_USES = {"H": "home", "HP": "home", "HV": "home", "WP": "work", "DIR": "work", "PUB": "work", "TMP": "temp", "BAD": "old"}


def unique_id(identifier: Identifier) -> str:
    """The identifier of a document as a URI, the way XDS writes its uniqueId: urn:oid:<root>^<extension>, or urn:uuid:<root>."""
    return uri_of(identifier.root) + (f"^{identifier.extension}" if identifier.extension else "")


def identifier(value: Identifier, **more: Any) -> Resource:
    """An Identifier in the system of its root, or a URI when the root is all there is."""
    if not value.extension:
        return compact({**more, "system": URIS, "value": uri_of(value.root)})
    return compact({**more, "system": uri_of(value.root), "value": value.extension})


def coding(code: Code) -> Resource:
    return compact({"system": system_of(code.system) if code.system else None, "code": code.code, "display": code.display})


def concept(code: Code | None) -> Resource | None:
    """A CodeableConcept with the code and every translation; None when nothing is said."""
    if code is None:
        return None
    text = code.text or ("" if code.code else code.display)
    return compact({"coding": [coding(each) for each in every_code(code)], "text": text}) or None


def concepts(*codes: Code | None) -> list[Resource]:
    return [said for said in map(concept, codes) if said is not None]


def raw_time(time: Time | None) -> list[Resource]:
    """The extension that keeps what the sender wrote, when FHIR says it otherwise."""
    return [] if time is None or time.exact else extension(fhirjson.RAW_TIME, "valueString", time.raw)


def dated(name: str, time: Time | None, *, instant: bool = False) -> Resource:
    """The element `name` holding `time`, and beside it what the sender wrote when that is not the same; nothing for None."""
    if time is None:
        return {}
    value = time.instant if instant else time.fhir
    kept = extension(fhirjson.RAW_TIME, "valueString", time.raw) if instant and "T" not in time.fhir else raw_time(time)
    return compact({name: value, f"_{name}": {"extension": kept} if kept else None})


def period(interval: Interval) -> Resource | None:
    return {**dated("start", interval.low), **dated("end", interval.high)} or None


def telecoms(values: Iterable[Telecom]) -> list[Resource]:
    """ContactPoints; the scheme of the URI tells the system."""
    points = []
    for telecom in values:
        scheme, _, rest = telecom.value.partition(":")
        system = _TELECOM_SYSTEMS.get(scheme.lower()) if rest else None
        value = telecom.value if system in (None, "url") else rest.strip()
        use = next((_TELECOM_USES[each] for each in telecom.use.split() if each in _TELECOM_USES), None)
        if value:
            points.append(compact({"system": system or "other", "value": value, "use": use}))
    return points


def addresses(values: Iterable[Address]) -> list[Resource]:
    return [address(value) for value in values]


def address(value: Address) -> Resource:
    return compact(
        {
            "use": next((_ADDRESS_USES[each] for each in value.use.split() if each in _ADDRESS_USES), None),
            "text": value.text,
            "line": list(value.lines),
            "city": value.city,
            "district": value.county,
            "state": value.state,
            "postalCode": value.postal_code,
            "country": value.country,
        }
    )


def birth_place(patient: Patient) -> list[Resource]:
    """The birthplace extension; its `county` is an INSEE code, which the French core guide has a place for."""
    place = patient.birth_place
    if place is None:
        return []
    insee = extension(
        fhirjson.INSEE_CODE, "valueCoding", {"system": fhirjson.MUNICIPALITIES, "code": place.county} if place.county else None
    )
    written = {key: value for key, value in address(place).items() if key != "district"}
    text = patient.birth_place_name or written.get("text")
    return extension(fhirjson.BIRTH_PLACE, "valueAddress", compact({"extension": insee, **written, "text": text}))


def human_name(name: Name) -> Resource:
    """The name of a professional or a relative: one family name, all the given names."""
    return compact(
        {
            "text": name.text,
            "family": name.family("", "CL", "SP", "BR") or next((part.value for part in name.families), ""),
            "given": list(dict.fromkeys(part.value for part in name.givens)),
            "prefix": list(name.prefixes),
            "suffix": list(name.suffixes),
        }
    )


def patient_names(name: Name | None) -> list[Resource]:
    """The official (birth) and usual names of a citizen (French core guide), each part with the qualifier it was sent with."""
    if name is None:
        return []
    married, first = name.family("SP"), name.given("BR") or name.given("", "CL").partition(" ")[0]
    official = _qualified("official", (name.family("BR", ""), "BR"), (first, "BR"))
    every = extension(fhirjson.BIRTH_GIVEN_NAMES, "valueString", name.given(""))
    usual_family = (name.family("CL"), "CL") if name.family("CL") else (married, "SP")
    usual = _qualified("usual", usual_family, (name.given("CL"), "CL"), partner=married)
    official = compact({"extension": every, **official, "prefix": list(name.prefixes), "suffix": list(name.suffixes), "text": name.text})
    return [said for said in (official, usual) if len(said) > 1]


def _qualified(use: str, family: tuple[str, str], given: tuple[str, str], partner: str = "") -> Resource:
    notes = extension(fhirjson.NAME_QUALIFIER, "valueCode", family[1]) + extension(fhirjson.PARTNER_NAME, "valueString", partner)
    return compact(
        {
            "use": use,
            "family": family[0],
            "_family": {"extension": notes} if family[0] else None,
            "given": [given[0]] if given[0] else None,
            "_given": [{"extension": extension(fhirjson.NAME_QUALIFIER, "valueCode", given[1])}] if given[0] else None,
        }
    )


def contain_patient(contained: Contained, header: Header) -> str:
    """The identity of the patient as the sender knows it (sourcePatientInfo), never updated."""
    patient = header.patient
    deceased: Resource = dated("deceasedDateTime", patient.deceased_at)
    if not deceased and patient.deceased is not None:
        deceased = {"deceasedBoolean": patient.deceased}
    resource = compact(
        {
            "resourceType": "Patient",
            "extension": birth_place(patient),
            "identifier": [_patient_identifier(each) for each in patient.ids],
            "name": patient_names(patient.name),
            "telecom": telecoms(patient.telecoms),
            "gender": gender_of(patient),
            "birthDate": patient.birth.fhir[:10] if patient.birth else None,
            **deceased,
            "address": addresses(patient.addresses),
        }
    )
    return contained.add(resource, "patient")


def _patient_identifier(value: Identifier) -> Resource:
    if value.root in INS_OIDS:
        return identifier(value, use="official", type=fhirjson.ins_type(value.root))
    return identifier(value, use="secondary", type={"coding": [{"system": fhirjson.IDENTIFIER_TYPES, "code": "PI"}]})


def contain_organization(contained: Contained, organization: Organization | None) -> str | None:
    """A structure; None when it has neither name nor identifier (FHIR rule org-1)."""
    if organization is None or not (organization.ids or organization.name):
        return None
    resource = compact(
        {
            "resourceType": "Organization",
            "identifier": [identifier(each) for each in organization.ids],
            "type": concepts(organization.industry),
            "name": organization.name,
            "telecom": telecoms(organization.telecoms),
            "address": addresses(organization.addresses),
        }
    )
    return contained.add(resource, "organization")


def contain_author(contained: Contained, party: Party, patient: Patient) -> str | None:
    """Whoever wrote the document: the patient, a relative, a machine, or a professional. None when nothing at all is said."""
    roots = {each.root for each in party.ids}
    if patient.ins is not None and patient.ins in party.ids:
        return PATIENT
    if roots & set(INS_OIDS):
        return _contain_relative(contained, party)
    if party.device is not None:
        return _contain_device(contained, party)
    return contain_professional(contained, party)


def contain_professional(contained: Contained, party: Party) -> str | None:
    """A professional in a role, or the structure alone when it is all that is said."""
    organization = contain_organization(contained, party.organization)
    person = compact(
        {
            "resourceType": "Practitioner",
            "identifier": [identifier(each) for each in party.ids],
            "name": [human_name(party.name)] if party.name else None,
            "address": addresses(party.addresses),
        }
    )
    role = compact(
        {
            "resourceType": "PractitionerRole",
            "practitioner": {"reference": contained.add(person, "practitioner")} if len(person) > 1 else None,
            "organization": {"reference": organization} if organization else None,
            "code": concepts(party.function),
            "specialty": concepts(party.code),
            "telecom": telecoms(party.telecoms),
        }
    )
    return contained.add(role, "role") if len(role) > 1 else None


def _contain_device(contained: Contained, party: Party) -> str:
    organization = contain_organization(contained, party.organization)
    device = party.device
    names = {} if device is None else {"user-friendly-name": device.software, "model-name": device.model}
    resource = compact(
        {
            "resourceType": "Device",
            "identifier": [identifier(each) for each in party.ids],
            "deviceName": [{"name": name, "type": kind} for kind, name in names.items() if name],
            "type": concept(party.code),
            "owner": {"reference": organization} if organization else None,
            "contact": telecoms(party.telecoms),
        }
    )
    return contained.add(resource, "device")


def _contain_relative(contained: Contained, party: Party) -> str:
    resource = compact(
        {
            "resourceType": "RelatedPerson",
            "identifier": [_patient_identifier(each) for each in party.ids],
            "patient": {"reference": PATIENT},
            "relationship": concepts(party.code),
            "name": [human_name(party.name)] if party.name else None,
            "telecom": telecoms(party.telecoms),
            "address": addresses(party.addresses),
        }
    )
    return contained.add(resource, "relative")
