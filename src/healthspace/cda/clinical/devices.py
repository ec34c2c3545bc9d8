"""Devices and implants (CI-SIS FR-Dispositif-medical 20): Device and DeviceUseStatement when used, DeviceRequest when prescribed."""

import re

from healthspace.base.fhirjson import Resource, compact
from healthspace.cda.clinical.absence import about_the_citizen, code_of, fact, is_denied, is_void, none_known, reason_of, says_nothing
from healthspace.cda.clinical.flags import flags
from healthspace.cda.clinical.model import FACT, PATIENT, Unread
from healthspace.cda.clinical.parts import (
    authored_on,
    ended,
    identifiers_of,
    meaning_of,
    notes_of,
    period_of,
    recorder_of,
    remaining,
    sites_of,
)
from healthspace.cda.clinical.statement import Found, Statement
from healthspace.cda.clinical.values import author_of, concept_of, effective_of, quantity_of
from healthspace.cda.contained import identifier
from healthspace.cda.times import read_time
from healthspace.cda.values import Code, Element, attribute, child, children, every_code, read_code, read_identifiers, words

DEVICE = ("1.2.250.1.213.1.1.3.20",)
_GS1 = "http://hl7.org/fhir/NamingSystem/gs1"
_PARTS_OF_UDI = re.compile(r"[({](\d{2,4})[)}]([^(){}]+)")
_STATUSES = {"aborted": "stopped", "cancelled": "stopped", "suspended": "on-hold", "held": "on-hold"}
_REQUESTED = {"aborted": "revoked", "cancelled": "revoked", "suspended": "on-hold", "held": "on-hold", "new": "draft"}
_INTENTS = {"INT": "order", "RQO": "order", "PRP": "proposal", "PRMS": "directive"}
"""Intent by mood. The French models write a prescribed device in the mood INT."""
_LOCATION = "39111-0"
"""LOINC "Body site": where an implant is."""


@about_the_citizen
def read_device(statement: Statement) -> Found:
    """A device that is used or worn; one that is prescribed; or that none is known."""
    role = _role(statement)
    coded = child(role, "playingDevice", "code")
    absent = none_known((read_code(coded),), "device")
    if absent is None and (says_nothing(statement) or is_void(statement)):
        return
    if absent is not None:
        # R4 has no device that is not there: it is a Device whose type says so (International Patient Summary).
        yield fact(statement, {"resourceType": "Device", "type": absent}, "#device")
        yield fact(statement, _none(statement, absent))
    elif is_denied(statement):
        yield Unread(statement.place, "negated")
    elif statement.mood != "EVN":
        yield fact(statement, _requested(statement, coded))
        yield from remaining(statement, *(answer.key for answer in flags(statement)))
    else:
        yield fact(statement, _device(statement, role, coded), "#device")
        yield fact(statement, _use(statement, coded))
        yield from remaining(statement)


def _role(statement: Statement) -> Element | None:
    found = (each for each in children(statement.element, "participant") if attribute(each, "typeCode") in {"DEV", "PRD", ""})
    return child(next(found, None), "participantRole")


def _named(statement: Statement, coded: Element | None) -> Resource:
    """What kind of device: its codes, else the words of the entry, else why neither is there."""
    words_of_it = {"text": statement.text} if statement.text else None
    return concept_of(statement, coded) or words_of_it or reason_of(attribute(coded, "nullFlavor"))


def _device(statement: Statement, role: Element | None, coded: Element | None) -> Resource:
    ids = read_identifiers(role)
    playing = child(role, "playingDevice")
    names = {"model-name": words(child(playing, "manufacturerModelName")), "other": words(child(playing, "softwareName"))}
    numbers = next((found for each in ids if (found := _read_udi(each.extension))), {})
    return compact(
        {
            "resourceType": "Device",
            "identifier": [identifier(each) for each in ids],
            **numbers,
            "deviceName": [{"name": name, "type": kind} for kind, name in names.items() if name],
            "type": _named(statement, coded),
            "manufacturer": words(child(role, "scopingEntity", "desc")),
        }
    )


def _read_udi(text: str) -> Resource:
    """A Unique Device Identifier in GS1 form, "(01)…(17)…(10)…(21)…", or with braces; empty when `text` is none."""
    parts = dict(_PARTS_OF_UDI.findall(text))
    if "01" not in parts:
        return {}
    return compact(
        {
            "udiCarrier": [{"deviceIdentifier": parts["01"], "issuer": _GS1, "carrierHRF": text}],
            "manufactureDate": _day(parts.get("11", "")),
            "expirationDate": _day(parts.get("17", "")),
            "lotNumber": parts.get("10"),
            "serialNumber": parts.get("21"),
        }
    )


def _day(digits: str) -> str:
    """A GS1 date, YYMMDD, of this century; its day 00 is the whole month."""
    if re.fullmatch(r"\d{6}", digits, re.ASCII) is None:
        return ""
    return read_time("20" + digits.removesuffix("00")).fhir


def _none(statement: Statement, absent: Resource) -> Resource:
    return {
        "resourceType": "DeviceUseStatement",
        "status": "active",
        "subject": {"reference": PATIENT},
        "device": compact({"reference": f"{FACT}{statement.key}#device", "display": absent["coding"][0].get("display")}),
    }


def _use(statement: Statement, coded: Element | None) -> Resource:
    named = _named(statement, coded)
    shown = named.get("text") or next((each["display"] for each in named.get("coding", ()) if "display" in each), None)
    return compact(
        {
            "resourceType": "DeviceUseStatement",
            "identifier": identifiers_of(statement),
            "status": _STATUSES.get(statement.status) or ("completed" if ended(statement) else "active"),
            "subject": {"reference": PATIENT},
            **effective_of(statement, "timing"),
            "recordedOn": authored_on(statement),
            "source": recorder_of(statement),
            "device": compact({"reference": f"{FACT}{statement.key}#device", "display": shown}),
            "reasonCode": [said for inner in statement.related("RSON") if inner.kind == "act" and (said := meaning_of(inner))],
            "bodySite": next(iter((*sites_of(statement, "targetSiteCode"), *_sites(statement))), None),
            "note": notes_of(statement),
        }
    )


def _sites(statement: Statement) -> list[Resource]:
    """Where an observation inside says that it is."""
    located = (inner for inner in statement.related() if any(each.code == _LOCATION for each in every_code(code_of(inner) or Code())))
    return [site for inner in located if not inner.negated for site in sites_of(inner, "value")]


def _requested(statement: Statement, coded: Element | None) -> Resource:
    period = period_of(statement)
    quantity = quantity_of(child(statement.element, "quantity"))
    return compact(
        {
            "resourceType": "DeviceRequest",
            "identifier": identifiers_of(statement),
            "status": _REQUESTED.get(statement.status) or ("completed" if ended(statement) else "active"),
            "intent": _INTENTS.get(statement.mood, "plan"),
            "codeCodeableConcept": _named(statement, coded),
            "parameter": [{"code": {"text": "Quantité"}, "valueQuantity": quantity}] if quantity else None,
            "subject": {"reference": PATIENT},
            "occurrencePeriod": period,
            "authoredOn": authored_on(statement),
            "requester": author_of(statement),
            "reasonCode": [said for inner in statement.related("RSON") if inner.kind == "act" and (said := meaning_of(inner))],
            "note": notes_of(statement),
        }
    )
