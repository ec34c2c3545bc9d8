"""The words of a document, for searching inside its text."""

import re
from base64 import b64encode
from io import BytesIO

import orjson
import pytest
from reportlab.pdfgen.canvas import Canvas

from healthspace.base.text import fold
from healthspace.record.words import LONGEST, MOST_FILES, Text, read_words, strip_html, strip_rtf, text_of, words_in
from tests.documents import JPEG, a_cda, a_fhir_document


def test_a_clinical_document_gives_the_words_of_its_sections_and_not_of_its_header() -> None:
    words = text_of(a_cda(words="Glycémie à jeun : 1,05 g/L", title="Bilan")).words.split()
    assert {"glycemie", "jeun"} <= set(words)
    assert words == sorted(set(words))
    assert fold("Julie") not in words


def test_a_fhir_document_gives_the_words_of_its_narratives_without_its_tags() -> None:
    words = text_of(orjson.dumps(a_fhir_document())).words.split()
    assert "section" in words
    assert "div" not in words


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("Douleur à l’épaule".encode(), "douleur epaule l"),
        (b"{\\rtf1\\ansi\\deff0 Bonjour {\\b Ren\\'e9}\\par}", "bonjour rene"),
        (JPEG, ""),
        (b"%PDF-1.4 x", ""),
    ],
)
def test_other_files_give_what_they_say(content: bytes, found: str) -> None:
    assert set(found.split()) <= set(text_of(content).words.split())
    assert bool(text_of(content).words) == bool(found)


def test_a_very_long_text_is_cut() -> None:
    assert len(words_in([" ".join(str(number) for number in range(50_000))])) <= LONGEST


def test_rtf_without_words_is_empty() -> None:
    assert strip_rtf("{\\rtf1\\ansi\\par}").split() == []


def a_pdf(said: str) -> bytes:
    written = BytesIO()
    canvas = Canvas(written, invariant=True)
    canvas.drawString(72, 700, said)
    canvas.save()
    return written.getvalue()


def with_body(data: bytes, media_type: str) -> bytes:
    """A document of level 1, whose body is one file."""
    body = f'<nonXMLBody><text mediaType="{media_type}" representation="B64">{b64encode(data).decode()}</text></nonXMLBody>'
    return re.sub(rb"<structuredBody>.*</structuredBody>", body.encode(), a_cda(), flags=re.DOTALL)


def with_files(*files: tuple[bytes, str]) -> bytes:
    """A document with files beside its text."""
    entries = "".join(
        f'<entry><observationMedia classCode="OBS" moodCode="EVN"><value mediaType="{kind}" representation="B64">'
        f"{b64encode(data).decode()}</value></observationMedia></entry>"
        for data, kind in files
    )
    return a_cda(words="Voir les fichiers joints").replace(b"</section>", entries.encode() + b"</section>")


@pytest.mark.parametrize(
    ("file", "media_type"),
    [
        ("Une épicondylite".encode(), "text/plain"),
        (b"{\\rtf1 Une \\'e9picondylite}", "application/rtf"),
        (b"<p title='tu'>Une &eacute;picondylite<script>var cachee</script></p>", "text/html"),
        (a_pdf("Une epicondylite"), "application/pdf"),
    ],
)
async def test_the_files_in_a_clinical_document_are_read_as_body_and_beside_it(file: bytes, media_type: str) -> None:
    for document in (with_body(file, media_type), with_files((JPEG, "image/jpeg"), (file, media_type))):
        words = (await read_words(text_of(document))).split()
        assert {"une", "epicondylite"} <= set(words)
        assert not {"cachee", "tu", "rtf1"} & set(words)


async def test_the_files_in_a_fhir_document_are_read() -> None:
    document = a_fhir_document()
    binary = {"resourceType": "Binary", "contentType": "application/pdf", "data": b64encode(a_pdf("Une epicondylite")).decode()}
    document["entry"].append({"fullUrl": "urn:uuid:7b0f5a0e-5f0e-4f64-9a3e-3f2f0c8f0a11", "resource": binary})
    assert "epicondylite" in await read_words(text_of(orjson.dumps(document)))


async def test_a_pdf_that_cannot_be_read_or_takes_too_long_gives_no_word_and_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    assert await read_words(Text("autre", (b"%PDF-1.4 broken", a_pdf("lisible")))) == "autre lisible"
    monkeypatch.setattr("healthspace.record.words.PATIENCE", 0.01)
    assert await read_words(Text("autre", (a_pdf("lisible"),))) == "autre"


def test_only_the_first_files_of_a_document_are_looked_into() -> None:
    assert len(text_of(with_files(*[(a_pdf("x"), "application/pdf")] * (MOST_FILES + 5))).pdfs) == MOST_FILES


def test_html_says_what_it_shows() -> None:
    assert strip_html("<style>a{}</style>Bras<br>droit<!-- caché --> &lt;3").split() == ["Bras", "droit", "<3"]
