"""FHIR document Bundles: read, described and rendered with the same guarantees as clinical documents in XML."""

import base64
import copy
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from healthspace.base.errors import Invalid, Malformed, TooLarge
from healthspace.base.fhirjson import ASSUMED, BIRTH_GIVEN_NAMES, BIRTH_PLACE, INSEE_CODE, PART_TIME
from healthspace.fhir.document import document_reference, patient_traits, read_document_bundle, render
from healthspace.fhir.validate import validate
from tests.pure.cda_documents import PDF, PNG
from tests.pure.markup import check_html
from tests.pure.test_cda_metadata import check_structure, codes, contained, extended

Json = dict[str, Any]

COMPOSITION: Json = {
    "resourceType": "Composition",
    "id": "c",
    "language": "fr-FR",
    "status": "final",
    "type": {"coding": [{"system": "http://loinc.org", "code": "60591-5", "display": "Synthèse"}]},
    "subject": {"reference": "urn:uuid:00000000-0000-4000-8000-000000000001"},
    "date": "2024-07-02T10:15:00+02:00",
    "author": [{"reference": "PractitionerRole/r"}, {"display": "Un autre"}],
    "title": "Synthèse médicale",
    "confidentiality": "R",
    "attester": [
        {"mode": "professional", "party": {"reference": "#o"}},
        {"mode": "legal", "time": "2024-07-02", "party": {"reference": "Practitioner/p"}},
    ],
    "custodian": {"reference": "https://example.org/fhir/Organization/o"},
    "relatesTo": [{"code": "replaces", "targetIdentifier": {"system": "urn:ietf:rfc:3986", "value": "urn:oid:1.2.3"}}],
    "event": [{"code": [{"coding": [{"system": "http://loinc.org", "code": "34117-2"}]}], "period": {"start": "2024-07-01"}}],
    "section": [
        {
            "title": "Allergies",
            "text": {
                "status": "generated",
                "div": '<div xmlns="http://www.w3.org/1999/xhtml"><p>P&eacute;nicilline&nbsp;: <b>oui</b></p></div>',
            },
            "section": [{"code": {"text": "Détail"}}],
        }
    ],
}
PATIENT: Json = {
    "resourceType": "Patient",
    "extension": [
        {"url": BIRTH_PLACE, "valueAddress": {"extension": [{"url": INSEE_CODE, "valueCoding": {"code": "2A004"}}], "city": "AJACCIO"}},
        {"url": "http://example.org/other", "valueString": "x"},
    ],
    "identifier": [
        {"system": "urn:oid:1.2.250.1.999.7", "value": "IPP"},
        {"system": "urn:oid:1.2.250.1.213.1.4.10", "value": "150062A00412345"},
    ],
    "name": [
        {"use": "usual", "family": "MARTIN", "given": ["Jo"]},
        {"use": "official", "family": "LECA", "given": ["JOSEPH"], "extension": [{"url": BIRTH_GIVEN_NAMES, "valueString": "JOSEPH PAUL"}]},
    ],
    "gender": "male",
    "birthDate": "1950-06",
}
BUNDLE: Json = {
    "resourceType": "Bundle",
    "type": "document",
    "identifier": {"system": "urn:ietf:rfc:3986", "value": "urn:uuid:90E1C8EC-F951-4B26-A305-A34848818DD6"},
    "timestamp": "2024-07-02T10:15:00Z",
    "entry": [
        {"fullUrl": "https://example.org/fhir/Composition/c", "resource": COMPOSITION},
        {"fullUrl": "urn:uuid:00000000-0000-4000-8000-000000000001", "resource": PATIENT},
        {
            "fullUrl": "https://example.org/fhir/PractitionerRole/r",
            "resource": {
                "resourceType": "PractitionerRole",
                "id": "r",
                "practitioner": {"reference": "Practitioner/p"},
                "organization": {"reference": "Organization/o"},
                "specialty": [{"coding": [{"code": "SM26"}]}],
            },
        },
        {"resource": {"resourceType": "Practitioner", "id": "p", "name": [{"family": "MOREL", "given": ["Hélène"]}]}},
        {"fullUrl": "https://example.org/fhir/Organization/o", "resource": {"resourceType": "Organization", "id": "o", "name": "Cabinet"}},
        {
            "fullUrl": "urn:uuid:b",
            "resource": {"resourceType": "Binary", "contentType": "image/png", "data": base64.b64encode(PNG).decode()},
        },
        {
            "resource": {
                "resourceType": "DocumentReference",
                "content": [
                    {"attachment": {"contentType": "application/pdf", "title": "Courrier", "data": base64.b64encode(PDF).decode()}}
                ],
            }
        },
    ],
}


def a_bundle(composition: Json | None = None, patient: Json | None = None, **changes: Any) -> bytes:
    """The sample as bytes, with some elements changed; None takes an element away."""
    bundle = copy.deepcopy(BUNDLE)
    for target, changed in (
        (bundle, changes),
        (bundle["entry"][0]["resource"], composition or {}),
        (bundle["entry"][1]["resource"], patient or {}),
    ):
        target.update(changed)
        for name in [name for name, value in changed.items() if value is None]:
            del target[name]
    return orjson.dumps(bundle)


def described(**changes: Any) -> Json:
    """The DocumentReference of the sample, which is valid whatever was changed."""
    data = a_bundle(**changes)
    reference = document_reference(read_document_bundle(data), data)
    assert validate(reference) == []
    return reference


def shown(div: str) -> str:
    """The HTML of one narrative."""
    section = [{"text": {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{div}</div>'}}]
    markup = render(read_document_bundle(a_bundle(composition={"section": section}))).sections_html
    check_html(markup)
    return markup.removeprefix('<section class="document-section"><div class="narrative">').removesuffix("</div></section>")


def test_a_summary_is_described_whole() -> None:
    reference = described()
    check_structure({**reference, "author": reference["author"][:1]})
    assert reference["masterIdentifier"]["value"] == "urn:uuid:90e1c8ec-f951-4b26-a305-a34848818dd6"
    assert (reference["status"], reference["docStatus"], reference["date"]) == ("current", "final", "2024-07-02T10:15:00+02:00")
    assert codes(reference["category"][0]) == ["11"]
    assert codes(reference["securityLabel"][0]) == ["R"]
    assert reference["subject"]["identifier"] == {"system": "urn:oid:1.2.250.1.213.1.4.10", "value": "150062A00412345"}
    role = contained(reference, reference["author"][0])
    assert contained(reference, role["practitioner"])["name"][0]["family"] == "MOREL"
    assert contained(reference, role["organization"])["name"] == contained(reference, reference["custodian"])["name"] == "Cabinet"
    assert reference["author"][1] == {"display": "Un autre"}
    assert contained(reference, reference["authenticator"])["resourceType"] == "Practitioner"
    assert extended(reference["authenticator"], PART_TIME) == "2024-07-02"
    assert reference["relatesTo"][0]["target"]["identifier"]["value"] == "urn:oid:1.2.3"
    assert codes(reference["context"]["event"][0]) == ["34117-2"]
    assert reference["context"]["period"] == {"start": "2024-07-01"}
    patient = contained(reference, reference["context"]["sourcePatientInfo"])
    assert patient["birthDate"] == "1950-06"
    assert [each["url"] for each in patient["extension"]] == [BIRTH_PLACE]
    attachment = reference["content"][0]["attachment"]
    assert (attachment["contentType"], attachment["language"], attachment["title"]) == (
        "application/fhir+json",
        "fr-FR",
        "Synthèse médicale",
    )


def test_the_traits_of_the_citizen_are_read() -> None:
    traits = patient_traits(read_document_bundle(a_bundle()))
    assert (traits.ins_system, traits.ins_value) == ("1.2.250.1.213.1.4.10", "150062A00412345")
    assert (traits.birth_family, traits.given_names, traits.first_given) == ("LECA", "JOSEPH PAUL", "JOSEPH")
    assert (traits.used_family, traits.used_given) == ("MARTIN", "Jo")
    assert (traits.sex, traits.birth_date, traits.birth_place) == ("male", "1950-06", "2A004")


@pytest.mark.parametrize(
    "party",
    [{"reference": "urn:uuid:00000000-0000-4000-8000-000000000001"}, {"type": "Patient", "display": "Joseph"}],
)
def test_a_patient_who_attests_their_document_is_not_its_authenticator(party: Json) -> None:
    """R4 DocumentReference.authenticator: a professional or a structure."""
    assert "authenticator" not in described(composition={"attester": [{"mode": "personal", "party": party}]})


def test_the_identifier_of_the_composition_is_the_second_choice() -> None:
    composition = {"identifier": {"system": "urn:oid:1.2.3", "value": "X"}}
    assert described(identifier=None, composition=composition)["masterIdentifier"]["value"] == "urn:oid:1.2.3^X"


def test_a_type_that_is_not_known_gets_a_class_that_is_marked_as_assumed() -> None:
    category = described(composition={"type": {"coding": [{"code": "zzz"}]}})["category"][0]
    assert codes(category) == ["10"]
    assert extended(category["coding"][0], ASSUMED) is True


def test_a_date_alone_is_its_first_moment() -> None:
    assert described(composition={"date": "2024-07"})["date"] == "2024-07-01T00:00:00Z"


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"resourceType": "Patient"}, "Bundle"),
        ({"type": "collection"}, "Bundle.type"),
        ({"entry": None}, "Bundle.entry"),
        ({"entry": ["x"]}, "Bundle.entry"),
        ({"entry": []}, "Bundle.entry[0].resource"),
        ({"entry": [{"resource": PATIENT}]}, "Bundle.entry[0].resource"),
        ({"identifier": None}, "Bundle.identifier"),
        ({"composition": {"type": None}}, "Bundle.entry[0].resource.type"),
        ({"composition": {"type": {"text": "x"}}}, "Bundle.entry[0].resource.type"),
        ({"composition": {"date": "demain"}}, "Bundle.entry[0].resource.date"),
        ({"composition": {"date": "2024-07-02T10:15:00"}}, "Bundle.entry[0].resource.date"),
        ({"composition": {"subject": None}}, "Bundle.entry[0].resource.subject"),
        ({"composition": {"subject": {"reference": "Patient/elsewhere"}}}, "Bundle.entry[0].resource.subject"),
        ({"patient": {"identifier": [{"system": "urn:oid:1.2.3", "value": "x"}]}}, "Bundle.entry.resource.ofType(Patient).identifier"),
        (
            {"patient": {"identifier": [{"system": "urn:oid:1.2.250.1.213.1.4.8", "value": value} for value in ("1", "2")]}},
            "Bundle.entry.resource.ofType(Patient).identifier",
        ),
    ],
)
def test_what_is_missing_is_asked_for_by_its_place(changes: Json, place: str) -> None:
    with pytest.raises(Invalid) as caught:
        described(**changes)
    assert caught.value.place == place


@pytest.mark.parametrize("data", [b"", b"{", b'{\n"a": }', b"\xff\xfe", b"[" * 5000, b'{"a": "\xe9"}'])
def test_what_is_no_json_is_refused_with_its_place(data: bytes) -> None:
    with pytest.raises(Malformed) as caught:
        read_document_bundle(data)
    assert caught.value.place is not None
    assert caught.value.place.startswith("line ")


def test_a_bundle_over_the_limit_is_refused() -> None:
    with pytest.raises(TooLarge):
        read_document_bundle(a_bundle(), limit=100)


def test_sections_are_rendered_with_their_titles_and_entities() -> None:
    rendered = render(read_document_bundle(a_bundle()))
    check_html(rendered.sections_html)
    assert rendered.sections_html == (
        '<section class="document-section"><h2>Allergies</h2><div class="narrative"><p>Pénicilline\xa0: <strong>oui</strong></p></div>'
        '<section class="document-section"><h3>Détail</h3></section></section>'
    )
    image, letter = rendered.attachments
    assert (image.media_type, image.data) == ("image/png", PNG)
    assert (letter.title, letter.media_type, letter.data) == ("Courrier", "application/pdf", PDF)


def test_tables_keep_their_shape_and_headers_their_scope() -> None:
    table = (
        '<table border="1" style="x"><thead><tr><th>A</th></tr></thead>'
        '<tbody><tr><th>b</th><td colspan="2" onclick="x()">c</td></tr></tbody></table>'
    )
    assert shown(table) == (
        '<table><thead><tr><th scope="col">A</th></tr></thead><tbody><tr><th scope="row">b</th><td colspan="2">c</td></tr></tbody></table>'
    )


def test_what_runs_or_loads_is_left_out() -> None:
    assert (
        shown("a<script>x()</script><style>b{}</style><iframe src='x'/><svg onload='x'><title>t</title></svg><form><input/></form>b")
        == "ab"
    )
    assert shown("<p onclick='x()' style='y' class='button'>a</p><a href='javascript:x()'>b</a>") == "<p>a</p>b"
    assert shown("<img src='https://evil.example/x.png' alt='mots'/><img src='data:image/svg+xml;base64,PHN2Zy8+' alt='!'/>") == "mots!"


def test_pictures_that_the_document_carries_are_shown() -> None:
    source = base64.b64encode(PNG).decode()
    assert shown(f"<img src='data:image/png;base64,{source}' alt='x'/>").startswith(f'<img src="data:image/png;base64,{source}" alt="x"')
    assert f"data:image/png;base64,{source}" in shown("<img src='urn:uuid:b'/>")


def test_a_narrative_that_is_no_xhtml_keeps_its_words() -> None:
    assert shown("<p>un<br>deux<b>trois</p>&foo; & 5 < 6") == ("<div><p>un<br>deux<strong>trois</strong></p>&amp;foo; &amp; 5 &lt; 6</div>")


def test_identifiers_and_links_stay_inside_the_document() -> None:
    assert (
        shown("<a name='x'>1</a><span id='x'>2</span><a href='#x'>3</a>")
        == '<span id="document-x">1</span><span>2</span><a href="#document-x">3</a>'
    )


PIECES = st.sampled_from(
    [*"<>/&;'\"= abpi!-[]#", "script", "<p>", "</p>", "<table>", "<td ", "onx=", "href=", "&lt;", "<!--", "<![CDATA[", "<img src="]
)


@settings(max_examples=200, deadline=None)
@given(st.lists(PIECES, max_size=40).map("".join))
def test_no_narrative_escapes(div: str) -> None:
    check_html(render(read_document_bundle(a_bundle(composition={"section": [{"text": {"div": div}}]}))).sections_html)


KEYS = st.sampled_from(
    [*COMPOSITION, *PATIENT, "given", "family", "use", "system", "value", "reference", "coding", "code", "url", "div", "period"]
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=10,
)


@settings(max_examples=100, deadline=None)
@given(ANYTHING)
def test_whatever_its_elements_hold_a_document_is_described_or_refused(content: Any) -> None:
    changes = [{"composition": {name: content}} for name in COMPOSITION] + [{"patient": {name: content}} for name in PATIENT]
    for change in changes:
        try:
            data = a_bundle(**change)
            bundle = read_document_bundle(data)
            render(bundle)
            patient_traits(bundle)
            document_reference(bundle, data)
        except (Invalid, Malformed):
            continue
