"""Reading bytes as a clinical document, and refusing what XML can hide."""

import pytest
from lxml import etree

from healthspace.base.errors import Invalid, Malformed, TooLarge
from healthspace.cda.header import read_header
from healthspace.cda.parse import CLINICAL_DOCUMENT, LIMIT, parse_cda, parse_document
from tests.pure.cda_documents import a_document, a_file_body, a_narrative, encoded

SECRET = "/etc/passwd"


def wrapped(*documents: str) -> bytes:
    inside = "".join(documents)
    return encoded(
        '<?xml-stylesheet type="text/xsl" href="#"?><xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">'
        f'<data:Contenu xmlns:data="urn:asip-sante:ci-sis">{inside}</data:Contenu>'
        '<xsl:template match="/"><html/></xsl:template></xsl:stylesheet>'
    )


@pytest.mark.parametrize("encoding", ["UTF-8", "UTF-16", "ISO-8859-1", "ISO-8859-15", "windows-1252"])
def test_a_document_is_read_in_the_encoding_it_declares(encoding: str) -> None:
    document = a_document(title="<title>Évolution à 3 mois, déjà là</title>", body="")
    assert read_header(parse_cda(encoded(document.replace("’", "'"), encoding))).title == "Évolution à 3 mois, déjà là"


def test_a_byte_order_mark_is_no_obstacle() -> None:
    assert parse_cda(b"\xef\xbb\xbf" + encoded(a_document())).tag == CLINICAL_DOCUMENT


def test_prefixed_namespaces_are_the_same_names() -> None:
    plain = etree.fromstring(a_document().encode())
    prefixed = etree.Element(plain.tag, nsmap={"c": "urn:hl7-org:v3"})
    prefixed.extend(list(plain))
    data = etree.tostring(prefixed)
    assert data.startswith(b"<c:ClinicalDocument")
    assert read_header(parse_cda(data)).title == "Lettre de sortie"


def test_comments_and_instructions_never_cut_a_text() -> None:
    document = a_document(title="<title>Lettre <!-- x -->de <?y z?>sor<!-- -->tie</title>")
    assert read_header(parse_cda(encoded(document))).title == "Lettre de sortie"


def test_latin_bytes_declared_as_utf8_are_refused_with_their_place() -> None:
    data = b'<?xml version="1.0" encoding="UTF-8"?>\n' + a_document(title="<title>\nÉté</title>", body="").encode("latin-1")
    with pytest.raises(Malformed) as caught:
        parse_cda(data)
    assert caught.value.place is not None
    assert caught.value.place.startswith("line 3, column ")
    assert "encoding" in caught.value.message


@pytest.mark.parametrize("kept", [0.1, 0.5, 0.99])
def test_a_truncated_document_is_refused_with_its_place(kept: float) -> None:
    data = encoded(a_document())
    with pytest.raises(Malformed) as caught:
        parse_cda(data[: int(len(data) * kept)])
    assert caught.value.place is not None
    assert caught.value.place.startswith("line ")


@pytest.mark.parametrize(
    "data", [b"", b"  \n", b"\x00\x00", b"hello", b"{}", b"<a", b"\xff\xfe", b"<?xml version='1.0' encoding='klingon'?><a/>"]
)
def test_what_is_no_xml_is_refused(data: bytes) -> None:
    with pytest.raises(Malformed):
        parse_cda(data)


def test_a_nul_byte_is_refused() -> None:
    with pytest.raises(Malformed):
        parse_cda(encoded(a_document()).replace(b"Lettre de sortie", b"Lettre\x00"))


def test_an_entity_that_nobody_declared_is_refused() -> None:
    with pytest.raises(Malformed, match="entity"):
        parse_cda(encoded(a_document(title="<title>caf&eacute;</title>")))


def test_other_xml_is_no_clinical_document() -> None:
    with pytest.raises(Invalid) as caught:
        parse_cda(b'<Bundle xmlns="http://hl7.org/fhir"/>')
    assert caught.value.place == "/"


def test_a_clinical_document_of_no_namespace_is_refused() -> None:
    with pytest.raises(Invalid):
        parse_cda(b"<ClinicalDocument/>")


@pytest.mark.parametrize("encoding", ["UTF-8", "UTF-16", "ISO-8859-1"])
@pytest.mark.parametrize(
    "doctype",
    [
        "<!DOCTYPE ClinicalDocument>",
        '<!DOCTYPE ClinicalDocument SYSTEM "http://evil.example/x.dtd">',
        "<!-- a --><?b c?>\n<!DOCTYPE ClinicalDocument [<!ENTITY e 'x'>]>",
        f'<!DOCTYPE ClinicalDocument [<!ENTITY e SYSTEM "file://{SECRET}">]>',
        "<!-- " + "a" * 40_000 + " --><!DOCTYPE ClinicalDocument>",
    ],
)
def test_a_doctype_is_refused_wherever_it_hides(doctype: str, encoding: str) -> None:
    with pytest.raises(Malformed, match="DOCTYPE"):
        parse_cda(encoded(doctype + a_document(title="<title>x</title>", body=""), encoding))


def test_entity_bombs_stop_at_once() -> None:
    levels = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12))
    laughs = f'<!DOCTYPE a [<!ENTITY a0 "ha">{levels}]>' + a_document(title="<title>&a11;</title>")
    quadratic = f'<!DOCTYPE a [<!ENTITY a "{"x" * 50_000}">]>' + a_document(title=f"<title>{'&a;' * 50_000}</title>")
    parameter = "<!DOCTYPE a [<!ENTITY % a \"<!ENTITY b 'x'>\"> %a; %a; %a;]>" + a_document()
    for bomb in (laughs, quadratic, parameter):
        with pytest.raises(Malformed):
            parse_cda(encoded(bomb))


def test_nothing_is_fetched_or_included() -> None:
    include = f'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file://{SECRET}" parse="text"/>'
    stylesheet = f'<?xml-stylesheet type="text/xsl" href="file://{SECRET}"?>'
    root = parse_cda(encoded(stylesheet + a_document(title=f"<title>{include}</title>")))
    assert read_header(root).title == ""


def test_elements_nested_too_deeply_are_refused() -> None:
    deep = "<content>" * 300 + "x" + "</content>" * 300
    with pytest.raises(Malformed):
        parse_cda(a_narrative(deep))


def test_depth_is_limited_even_when_a_large_file_lifts_the_other_limits() -> None:
    large = "A" * 10_500_000
    deep = "<content>" * 300 + large + "</content>" * 300
    with pytest.raises(Malformed):
        parse_cda(a_narrative(deep))


def test_a_large_embedded_file_is_read_up_to_the_limit() -> None:
    body = a_file_body(b"%PDF-" + b"x" * 8_000_000, "application/pdf")
    assert len(body) > 10_000_000
    assert read_header(parse_cda(encoded(a_document(body=body)))).file_type == "application/pdf"


def test_a_document_over_the_limit_is_refused_before_it_is_read() -> None:
    with pytest.raises(TooLarge):
        parse_cda(b"x" * (LIMIT + 1))
    with pytest.raises(TooLarge):
        parse_cda(encoded(a_document()), limit=100)
    with pytest.raises(TooLarge):
        parse_cda(a_narrative("y" * 20_000_000))


def test_a_self_presenting_document_is_taken_out_of_its_stylesheet() -> None:
    parsed = parse_document(wrapped(a_document()))
    assert parsed.self_presenting
    assert parsed.root.getroottree().getroot() is parsed.root
    assert read_header(parsed.root).title == "Lettre de sortie"
    assert not parse_document(encoded(a_document())).self_presenting


def test_several_documents_in_one_file_are_refused() -> None:
    with pytest.raises(Invalid, match="2 clinical documents"):
        parse_cda(wrapped(a_document(), a_document()))


def test_no_error_repeats_what_the_document_says() -> None:
    for data in (
        encoded(a_document()).replace(b"</title>", b"</LE_GOFF>"),
        a_document(title="<title>MOREL é", body="").encode("latin-1"),
        encoded(a_document(title="<title>&MOREL;</title>")),
    ):
        with pytest.raises(Malformed) as caught:
            parse_cda(data)
        assert "MOREL" not in str(caught.value)
        assert "GOFF" not in str(caught.value)
