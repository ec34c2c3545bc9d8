"""What a document that is written here says of its patient: the holder, as their own Patient tells them."""

from datetime import date

from healthspace.base.errors import Invalid
from healthspace.base.fhirjson import BIRTH_PLACE, INSEE_CODE
from healthspace.cda.write.codes import Identifier
from healthspace.cda.write.values import NOWHERE, Patient
from healthspace.resources.stored import Resource
from healthspace.resources.traits import SEXES


def describe_holder(patient: Resource) -> Patient:
    """The holder as their own Patient tells them. Invalid when it lacks a trait."""
    name: Resource = next((one for one in patient.get("name", []) if one.get("use") == "official"), {})
    usual: Resource = next((one for one in patient.get("name", []) if one.get("use") == "usual"), name)
    number: Resource = next((one for one in patient.get("identifier", []) if one.get("use") == "official"), {})
    named = name.get("family") and name.get("given") and number.get("value")
    if not named or patient.get("gender") not in SEXES or len(patient.get("birthDate", "")) != len("2000-01-01"):
        raise Invalid("the holder of this record lacks a trait of identity")
    place = _extended(patient, BIRTH_PLACE).get("valueAddress") or {}
    return Patient(
        ins=Identifier(number["system"].removeprefix("urn:oid:"), number["value"]),
        local=None,
        birth_family=name["family"],
        used_family=usual.get("family") or name["family"],
        givens=tuple(name["given"]),
        used_given=(usual.get("given") or name["given"])[0],
        sex=patient["gender"],
        birth_date=date.fromisoformat(patient["birthDate"]),
        birth_place=(_extended(place, INSEE_CODE).get("valueCoding") or {}).get("code", ""),
        birth_place_name=place.get("city", ""),
        address=NOWHERE,
    )


def _extended(element: Resource, url: str) -> Resource:
    return next((one for one in element.get("extension", []) if one.get("url") == url), {})
