"""FHIR in XML and back: the same resource; what is not FHIR is refused with its place."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from healthspace.base.errors import HealthspaceError, Invalid, Malformed
from healthspace.fhir.exact_json import read_json, write_json
from healthspace.fhir.xml_reading import read_xml
from healthspace.fhir.xml_writing import write_xml
from tests.pure.fhir_samples import OBSERVATION, PATIENT

DIV = '<div xmlns="http://www.w3.org/1999/xhtml"><p>Bonjour</p></div>'
BUNDLE: dict[str, Any] = {
    "resourceType": "Bundle",
    "type": "collection",
    "entry": [{"fullUrl": "urn:uuid:1", "resource": {**PATIENT, "text": {"status": "generated", "div": DIV}}}, {"resource": OBSERVATION}],
}
PARAMETERS = {"resourceType": "Parameters", "parameter": [{"name": "a", "part": [{"name": "b", "valueInteger": 3}]}]}
NULLS = {
    "resourceType": "Patient",
    "name": [{"given": ["a", None, "c"], "_given": [None, {"extension": [{"url": "urn:x", "valueBoolean": True}]}, None]}],
    "_birthDate": {"id": "e1", "extension": [{"url": "urn:y", "valueDecimal": 1.5}]},
}
HEAD = '<Patient xmlns="http://hl7.org/fhir">'


@pytest.mark.parametrize("resource", [BUNDLE, PARAMETERS, OBSERVATION, NULLS], ids=["bundle", "parameters", "observation", "nulls"])
def test_a_resource_comes_back_as_it_was(resource: dict[str, Any]) -> None:
    assert read_xml(write_xml(resource)) == resource
    assert read_xml(write_xml(resource, pretty=True)) == resource


@given(
    st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=40),
    st.floats(-1e6, 1e6),
    st.booleans(),
    st.integers(0, 9),
)
def test_texts_numbers_and_booleans_come_back(text: str, number: float, active: bool, digits: int) -> None:
    sent = read_json(b'{"resourceType":"Observation","status":"final","valueQuantity":{"value":%.*f}}' % (digits + 1, number))
    sent |= {"note": [{"text": text}], "component": [{"valueBoolean": active}]}
    assert write_json(read_xml(write_xml(sent))["valueQuantity"]) == write_json(sent["valueQuantity"])
    if not text.isspace():
        assert read_xml(write_xml(sent))["note"] == sent["note"]


def test_a_decimal_keeps_its_zeros() -> None:
    read = read_xml(b'<Observation xmlns="http://hl7.org/fhir"><valueQuantity><value value="1.00"/></valueQuantity></Observation>')
    assert write_json(read["valueQuantity"]) == b'{"value":1.00}'


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (HEAD + '<foo value="x"/></Patient>', "Patient.foo"),
        (HEAD + '<name><famly value="x"/></name></Patient>', "Patient.name[0].famly"),
        (HEAD + '<birthDate value="1980"/><gender value="male"/></Patient>', "Patient.gender"),
        (HEAD + '<gender value="male"/><gender value="male"/></Patient>', "Patient.gender"),
        (HEAD + '<active value="yes"/></Patient>', "Patient.active"),
        (HEAD + "text</Patient>", "Patient"),
        (HEAD + '<active value="true" other="x"/></Patient>', "Patient.active"),
        ('<Nothing xmlns="http://hl7.org/fhir"/>', "Nothing"),
        ('<Patient xmlns="urn:other"/>', "Resource"),
    ],
)
def test_what_is_not_fhir_has_its_place_told(text: str, place: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_xml(text.encode())
    assert refused.value.place == place


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"<",
        b"<a>" * 5000,
        b'<!DOCTYPE x [<!ENTITY a "b">]><Patient xmlns="http://hl7.org/fhir"><id value="&a;"/></Patient>',
        b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><Patient xmlns="http://hl7.org/fhir"/>',
        HEAD.encode() + b"<extension>" * 300 + b"</extension>" * 300 + b"</Patient>",
    ],
)
def test_hostile_xml_is_refused(text: bytes) -> None:
    with pytest.raises(Malformed):
        read_xml(text)


@given(st.binary(max_size=60), st.integers(0, 400))
def test_damaged_xml_never_breaks(noise: bytes, place: int) -> None:
    whole = write_xml(NULLS)
    try:
        read_xml(whole[: place % len(whole)] + noise + whole[place % len(whole) :])
    except HealthspaceError as error:
        assert error.place
