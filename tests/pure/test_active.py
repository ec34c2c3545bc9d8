"""Documents that carry something to run are refused before anything is kept."""

import pytest
from lxml import etree

from healthspace.base.active import is_active
from healthspace.base.errors import Invalid
from healthspace.cda.active import refuse_active_content as refuse_in_cda
from healthspace.fhir.active import refuse_active_content as refuse_in_fhir

RUNNING = [
    "<script>1</script>",
    '<x:script xmlns:x="http://www.w3.org/1999/xhtml"/>',
    "<IFRAME/>",
    '<content onclick="1">a</content>',
    '<linkHtml href="javascript:1">a</linkHtml>',
    '<linkHtml href=" JaVa&#10;ScRiPt :1">a</linkHtml>',
    '<linkHtml href="data:text/html,1">a</linkHtml>',
    "<style>a</style>",
    '<object data="a"/>',
]
HARMLESS = [
    '<content styleCode="Bold">on 10/10, javascript: a language</content>',
    '<linkHtml href="https://example.org/a?b=javascript:">a</linkHtml>',
    '<linkHtml href="#data:">a</linkHtml>',
    '<renderMultiMedia referencedObject="on1"/>',
    '<content ID="on2">a</content>',
    "<table><tbody><tr><td>&lt;script&gt;</td></tr></tbody></table>",
]


def a_document(narrative: str) -> etree._Element:
    return etree.fromstring(f'<ClinicalDocument xmlns="urn:hl7-org:v3">\n<section><text>a {narrative}</text></section></ClinicalDocument>')


@pytest.mark.parametrize("narrative", RUNNING)
def test_a_cda_with_something_to_run_is_refused_at_its_line(narrative: str) -> None:
    with pytest.raises(Invalid) as refused:
        refuse_in_cda(a_document(narrative))
    assert refused.value.place in {"line 2", "line 3"}


@pytest.mark.parametrize("narrative", HARMLESS)
def test_a_cda_without_is_left_alone(narrative: str) -> None:
    refuse_in_cda(a_document(narrative))


def test_a_script_outside_the_narrative_is_refused_too() -> None:
    with pytest.raises(Invalid):
        refuse_in_cda(etree.fromstring('<ClinicalDocument xmlns="urn:hl7-org:v3"><title>a<script/></title></ClinicalDocument>'))


@pytest.mark.parametrize(
    "div", ["<div><script>1</script></div>", '<div><a href="javascript:1">a</a></div>', "<div onload='1'>a</div>", "<div><svg/>"]
)
def test_a_fhir_document_with_something_to_run_is_refused_at_its_narrative(div: str) -> None:
    bundle = {"resourceType": "Bundle", "entry": [{"resource": {"section": [{"text": {"div": div}}]}}]}
    with pytest.raises(Invalid) as refused:
        refuse_in_fhir(bundle)
    assert refused.value.place == "Bundle.entry[0].resource.section[0].text.div"


def test_a_fhir_document_with_pictures_and_links_is_left_alone() -> None:
    div = '<div xmlns="http://www.w3.org/1999/xhtml"><img src="data:image/png;base64,AA"/><a href="https://example.org">a</a></div>'
    refuse_in_fhir({"resourceType": "Bundle", "entry": [{"resource": {"text": {"div": div}}}]})


def test_an_attribute_named_on_alone_runs_nothing() -> None:
    assert not is_active("content", {"on": "a", "ID": "x"})
    assert is_active("content", {"onfocus": "a"})
