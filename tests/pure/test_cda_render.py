"""A clinical document as a person reads it: nothing lost, nothing that runs."""

import base64
import hashlib
from collections import Counter
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from healthspace.base.documents import Rendered
from healthspace.cda.parse import parse_cda
from healthspace.cda.render import narrative_text, render
from tests.pure.cda_documents import JPEG, PDF, PNG, a_body, a_document, a_file_body, a_media, a_narrative, encoded
from tests.pure.lent_documents import EXPECTED
from tests.pure.markup import check_html, words_of
from tests.shared import CDA, needs_shared


def shown(narrative: str, entries: str = "") -> Rendered:
    rendered = render(parse_cda(a_narrative(narrative, entries)))
    check_html(rendered.sections_html)
    return rendered


def inside(narrative: str, entries: str = "") -> str:
    """The HTML of a narrative, without what is around it."""
    markup = shown(narrative, entries).sections_html
    start = '<section class="document-section"><h2>Section</h2><div class="narrative">'
    assert markup.startswith(start)
    assert markup.endswith("</div></section>")
    return markup.removeprefix(start).removesuffix("</div></section>")


def test_the_narrative_keeps_its_shape() -> None:
    assert inside("<paragraph>Un <content styleCode='Bold'>mot</content> fort.<br/>Fin</paragraph>") == (
        '<p>Un <span class="narrative-bold">mot</span> fort.<br>Fin</p>'
    )
    assert inside("<list listType='ordered'><caption>Ordre</caption><item>a</item><item>b</item></list>") == (
        '<div><div class="narrative-caption">Ordre</div></div><ol><li>a</li><li>b</li></ol>'
    )
    assert inside("H<sub>2</sub>O, 10<sup>3</sup>") == "H<sub>2</sub>O, 10<sup>3</sup>"


def test_tables_say_which_header_is_for_which_cells() -> None:
    table = (
        "<table border='1' width='100%'><caption>Bilan</caption><col width='5'/>"
        "<thead align='left'><tr><th>Analyse</th><td>Valeur</td></tr></thead>"
        "<tbody><tr><th>Na</th><td align='right' colspan='2'>140</td></tr></tbody></table>"
    )
    assert inside(table) == (
        '<div class="narrative-table"><table><caption>Bilan</caption><thead class="narrative-left"><tr><th scope="col">Analyse</th>'
        '<th scope="col">Valeur</th></tr></thead><tbody><tr><th scope="row">Na</th>'
        '<td class="narrative-right" colspan="2">140</td></tr></tbody></table></div>'
    )


def test_words_outside_of_cells_come_before_their_table() -> None:
    markup = inside("<table>avant<tr>dans<td>ici</td></tr><paragraph>après</paragraph></table>")
    assert markup == '<div>avant dans <p>après</p></div><div class="narrative-table"><table><tr><td>ici</td></tr></table></div>'


def test_unknown_elements_lose_their_markup_and_keep_their_words() -> None:
    script = "<script>alert(1)</script><x:b xmlns:x='urn:x' onclick='y()'>gras</x:b><img src='x' onerror='z()'/><td>seul</td>"
    assert inside(script) == "alert(1)grasseul"


def test_everything_is_escaped() -> None:
    assert inside('&lt;script&gt;alert(1)&lt;/script&gt; &amp;amp; "x"') == '&lt;script&gt;alert(1)&lt;/script&gt; &amp;amp; "x"'
    titled = a_document(body=a_body("<title>&lt;img src=x onerror=y&gt;</title><text/>"))
    assert "<h2>&lt;img src=x onerror=y&gt;</h2>" in render(parse_cda(encoded(titled))).sections_html


@pytest.mark.parametrize(
    "target",
    [
        "javascript:alert(1)",
        " JaVaScRiPt:alert(1)",
        "java\nscript:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "//evil.example",
        "a/b.pdf",
        "",
        "\\\\evil\\x",
        "file:///x",
    ],
)
def test_links_that_could_run_or_go_astray_keep_only_their_words(target: str) -> None:
    assert inside(f"<linkHtml href={quoteattr(target)}>ici</linkHtml>") == "ici"


def test_links_to_pages_and_inside_the_document_work() -> None:
    assert inside("<linkHtml href='https://www.example.org/a?b=c&amp;d=e f'>ici</linkHtml>") == (
        '<a href="https://www.example.org/a?b=c&amp;d=e%20f" rel="noopener noreferrer nofollow">ici</a>'
    )
    assert inside("<linkHtml href='#n1'>ici</linkHtml><content ID='n1'>là</content>") == (
        '<a href="#document-n1">ici</a><span id="document-n1">là</span>'
    )


def test_an_identifier_is_used_once_and_never_our_own() -> None:
    assert (
        inside("<content ID='a'>1</content><content ID='a'>2</content><content ID='b\"c'>3</content>") == '<span id="document-a">1</span>23'
    )


def test_pictures_are_shown_once_and_other_files_are_linked() -> None:
    entries = a_media("img", PNG, "image/jpeg") + a_media("doc", PDF, "application/pdf")
    multimedia = "<renderMultiMedia referencedObject='img'><caption>Radio</caption></renderMultiMedia>"
    rendered = shown(f"<paragraph>{multimedia}</paragraph>{multimedia}<renderMultiMedia referencedObject='doc'/>", entries)
    image, document = rendered.attachments
    assert (image.media_type, image.shown, image.data) == ("image/png", True, PNG)
    assert (document.media_type, document.shown, document.data) == ("application/pdf", False, PDF)
    assert rendered.sections_html.count(base64.b64encode(PNG).decode()) == 1
    assert '<a href="#document--media-1">' in rendered.sections_html
    assert '<a href="#attachment-2">Section</a>' in rendered.sections_html


def test_a_picture_that_is_none_is_never_shown() -> None:
    rendered = shown("<renderMultiMedia referencedObject='img'/>", a_media("img", b"<svg onload='x'/>", "image/svg+xml"))
    assert "<img" not in rendered.sections_html
    assert rendered.attachments[0].media_type == "application/octet-stream"
    assert rendered.warnings


def test_a_file_that_is_referred_to_is_never_fetched() -> None:
    value = '<entry><observationMedia ID="x"><value mediaType="image/png"><reference value="http://evil.example/x.png"/></value></observationMedia></entry>'
    rendered = shown("<renderMultiMedia referencedObject='x'/>", value)
    assert rendered.attachments == ()
    assert "evil" not in rendered.sections_html
    assert len(rendered.warnings) == 2


def test_a_file_is_named_by_the_entry_around_it() -> None:
    media = a_media("d", PDF, "application/pdf").removeprefix("<entry>").removesuffix("</entry>")
    organizer = (
        "<entry><organizer><component><observation><text><reference value='#t'/></text><value xsi:type='CD' displayName='Copie'/>"
        f"</observation></component><component>{media}</component></organizer></entry>"
    )
    assert shown("<content ID='t'>Compte rendu signé</content>", organizer).attachments[0].title == "Compte rendu signé"
    assert shown("rien", organizer).attachments[0].title == "Copie"


def test_sections_nest_as_headings() -> None:
    innermost = "<component><section><code displayName='Sans titre'/></section></component>"
    inner = f"<component><section><title>Dedans</title><text>b</text>{innermost}</section></component>"
    rendered = render(parse_cda(encoded(a_document(body=a_body(f"<title>Dehors</title><text>a</text>{inner}")))), level=3)
    assert [part in rendered.sections_html for part in ("<h3>Dehors</h3>", "<h4>Dedans</h4>", "<h5>Sans titre</h5>")] == [True] * 3


def test_sections_without_text_show_their_title() -> None:
    markup = render(parse_cda(encoded(a_document(body=a_body("<title>Seul</title>"))))).sections_html
    assert markup == '<section class="document-section"><h2>Seul</h2></section>'


@pytest.mark.parametrize(
    ("data", "media_type", "shown_as"),
    [(PDF, "application/pdf", ""), (JPEG, "image/jpeg", "<img"), ("Réponse : 5 < 6".encode(), "text/plain", "5 &lt; 6")],
)
def test_a_body_that_is_a_file_is_an_attachment_byte_for_byte(data: bytes, media_type: str, shown_as: str) -> None:
    rendered = render(parse_cda(encoded(a_document(body=a_file_body(data, media_type)))))
    check_html(rendered.sections_html)
    (attachment,) = rendered.attachments
    assert (attachment.data, attachment.media_type, attachment.title, attachment.shown) == (
        data,
        media_type,
        "Lettre de sortie",
        bool(shown_as),
    )
    assert shown_as in rendered.sections_html


def test_a_body_of_plain_text_needs_no_base64() -> None:
    body = "<component><nonXMLBody><text>Ligne 1\nLigne 2 &lt;b&gt;</text></nonXMLBody></component>"
    rendered = render(parse_cda(encoded(a_document(body=body))))
    assert rendered.sections_html == '<pre class="document-text">Ligne 1\nLigne 2 &lt;b&gt;</pre>'


def test_a_body_that_cannot_be_read_is_told() -> None:
    assert render(parse_cda(encoded(a_document(body="")))).warnings == ("the document has no body",)
    broken = "<component><nonXMLBody><text mediaType='application/pdf' representation='B64'>@@@</text></nonXMLBody></component>"
    assert render(parse_cda(encoded(a_document(body=broken)))).warnings == ("a file is not valid base64",)
    misnamed = render(parse_cda(encoded(a_document(body=a_file_body(b"<html><script>", "application/pdf")))))
    assert misnamed.attachments[0].media_type == "application/octet-stream"
    assert misnamed.warnings


def test_no_depth_exhausts_the_renderer() -> None:
    deep = "<list><item>" * 115 + "<content>au fond</content>" + "</item></list>" * 115
    assert "au fond" in " ".join(check_html(shown(deep).sections_html).texts)
    nested = "<component><section><title>x</title>" * 110 + "</section></component>" * 110
    assert (
        render(
            parse_cda(encoded(a_document(body=f"<component><structuredBody>{nested}</structuredBody></component>")))
        ).sections_html.count("<h6>")
        == 106
    )


TAGS = st.sampled_from(
    (
        "table thead tbody tfoot tr th td caption content br paragraph list item linkHtml renderMultiMedia sub sup footnote footnoteRef "
        "col script style svg iframe a form object html body p"
    ).split()
)
HOSTILE = st.sampled_from(
    [
        '"><script>alert(1)</script>',
        "javascript:alert(1)",
        "' onload='x",
        "#a",
        "https://example.org/",
        "Bold",
        "a",
        "2",
        "99999",
        "center",
        "-->",
        "]]>",
        "\u2028",
        "x y",
    ]
) | st.text(alphabet=st.characters(min_codepoint=32, exclude_categories=("Cs", "Cc", "Cn")), max_size=8).filter(
    lambda text: "\ufffe" not in text
)
ATTRIBUTE_NAMES = st.sampled_from(
    [
        "ID",
        "styleCode",
        "href",
        "align",
        "colspan",
        "rowspan",
        "border",
        "width",
        "onclick",
        "style",
        "referencedObject",
        "IDREF",
        "listType",
        "src",
    ]
)


def an_element(children: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    def write(tag: str, attributes: dict[str, str], content: list[str]) -> str:
        said = "".join(f" {name}={quoteattr(value)}" for name, value in attributes.items())
        return f"<{tag}{said}>{''.join(content)}</{tag}>"

    return st.builds(write, TAGS, st.dictionaries(ATTRIBUTE_NAMES, HOSTILE, max_size=3), st.lists(children, max_size=4))


TREES = st.lists(st.recursive(HOSTILE.map(escape), an_element, max_leaves=25), max_size=6).map("".join)


@settings(max_examples=300, deadline=None)
@given(TREES)
def test_no_narrative_says_more_or_less_than_its_words(tree: str) -> None:
    root = parse_cda(a_narrative(tree, a_media("a", PNG, "image/png")))
    rendered = render(root)
    said = check_html(rendered.sections_html)
    # Letter by letter: words that touch ("a<sub/>b") are one for a browser.
    assert not Counter("".join(narrative_text(root))) - Counter("".join(said.texts) + " " * len(tree))


@needs_shared
@pytest.mark.parametrize("facts", EXPECTED, ids=[facts["file"] for facts in EXPECTED])
def test_nothing_of_the_lent_documents_is_lost(facts: dict[str, Any]) -> None:
    root = parse_cda((CDA / facts["file"]).read_bytes())
    rendered = render(root)
    said = check_html(rendered.sections_html)
    assert not words_of(narrative_text(root)) - words_of(said.texts)
    assert rendered.sections_html.count("<section") >= facts["counts"]["sections"]
    digests = {hashlib.sha1(attachment.data).hexdigest(): attachment for attachment in rendered.attachments}
    for media in facts["entries"].get("media") or []:
        assert len(digests[media["sha1"]].data) == media["bytes"]
    if facts["nonXMLBody"]:
        assert digests[facts["nonXMLBody"]["sha1"]].media_type == facts["nonXMLBody"]["mediaType"]
