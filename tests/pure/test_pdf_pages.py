"""PDFs are opened in a process apart, which survives nothing that it should not."""

import asyncio
import os
import subprocess
import sys
import zlib
from io import BytesIO

import pytest
from PIL import Image
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas

from healthspace.base.errors import Invalid
from healthspace.record import pdf_pages
from healthspace.record.pdf_pages import PAGES_READ, PdfViewer


def a_pdf(pages: int = 1, *, size: tuple[float, float] = (595, 842)) -> bytes:
    written = BytesIO()
    canvas = Canvas(written, pagesize=size, invariant=True)
    for number in range(1, pages + 1):
        canvas.drawString(72, size[1] - 72, f"Page {number} : glycémie à jeun")
        canvas.showPage()
    canvas.save()
    return written.getvalue()


def a_raw_pdf(*objects: bytes) -> bytes:
    """A PDF written by hand; objects are numbered from 1, the first is the catalogue."""
    body = b"%PDF-1.4\n" + b"".join(b"%d 0 obj\n%s\nendobj\n" % (number, text) for number, text in enumerate(objects, 1))
    return body + b"trailer\n<< /Root 1 0 R >>\n%%EOF"


async def test_a_page_becomes_a_picture_and_its_text() -> None:
    view = await PdfViewer().open(a_pdf())
    assert view.total == 1
    page = view.pages[0]
    assert (page.number, page.text) == (1, "Page 1 : glycémie à jeun")
    with Image.open(BytesIO(page.png)) as picture:
        assert picture.size == (page.width, page.height)
        assert page.width == 1000
        assert picture.convert("L").getextrema() == (0, 255)


async def test_a_view_holds_ten_pages_and_says_how_many_there_are() -> None:
    content = a_pdf(23)
    view = await PdfViewer().open(content, count=1000)
    assert [page.number for page in view.pages] == list(range(1, 11))
    view = await PdfViewer().open(content, first=21)
    assert [page.number for page in view.pages] == [21, 22, 23]
    assert view.total == 23
    assert (await PdfViewer().open(content, first=99)).pages == ()


async def test_the_text_alone_is_read_of_fifty_pages() -> None:
    texts = await PdfViewer().read_text(a_pdf(60))
    assert len(texts) == PAGES_READ == 50
    assert texts[0] == "Page 1 : glycémie à jeun"
    with pytest.raises(Invalid):
        await PdfViewer().read_text(b"%PDF-1.4 broken")


async def test_a_page_of_absurd_size_is_reduced() -> None:
    page = (await PdfViewer().open(a_pdf(size=(10, 14_000)))).pages[0]
    assert page.height <= 2400
    page = (await PdfViewer().open(a_pdf(size=(14_000, 14_000)))).pages[0]
    assert (page.width, page.height) == (1000, 1000)


@pytest.mark.parametrize(
    "content",
    [b"", b"%PDF-1.7", b"not a PDF", a_pdf()[:300], os.urandom(50_000), b"%PDF-1.4\n" + b"<<" * 100_000],
    ids=["empty", "a header only", "a text", "cut short", "noise", "nested without end"],
)
async def test_a_broken_pdf_is_refused_clearly(content: bytes) -> None:
    with pytest.raises(Invalid, match="cannot be read"):
        await PdfViewer().open(content)


async def test_a_pdf_locked_with_a_password_is_refused_clearly() -> None:
    written = BytesIO()
    canvas = Canvas(written, encrypt=StandardEncryption("secret"))
    canvas.drawString(72, 72, "closed")
    canvas.save()
    with pytest.raises(Invalid, match="cannot be read"):
        await PdfViewer().open(written.getvalue())


async def test_pages_that_refer_to_themselves_end() -> None:
    loop = a_raw_pdf(b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [2 0 R 2 0 R] /Count 1000000 >>")
    with pytest.raises(Invalid):
        await PdfViewer(seconds=10).open(loop)


async def test_a_picture_larger_than_the_memory_does_no_harm() -> None:
    deflated = zlib.compress(bytes(1 << 20))
    image = b"<< /Type /XObject /Subtype /Image /Width 30000 /Height 30000 /BitsPerComponent 8 /ColorSpace /DeviceRGB "
    image += b"/Filter /FlateDecode /Length %d >>\nstream\n" % len(deflated) + deflated + b"\nendstream"
    draw = b"<< /Length 26 >>\nstream\n500 0 0 500 0 0 cm /X Do  \nendstream"
    bomb = a_raw_pdf(
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 500 500] /Contents 4 0 R /Resources << /XObject << /X 5 0 R >> >> >>",
        draw,
        image,
    )
    opened = PdfViewer(seconds=10).open(bomb)
    # PDFium may draw the page without the picture, or give up: either way it ends, and this process is unharmed.
    view = (await asyncio.gather(opened, return_exceptions=True))[0]
    assert isinstance(view, Invalid) or len(view.pages) == 1


async def test_a_pdf_that_takes_too_long_is_stopped() -> None:
    with pytest.raises(Invalid, match="too long"):
        await PdfViewer(seconds=0.01).open(a_pdf(10))


async def test_an_answer_that_is_too_large_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf_pages, "LARGEST_ANSWER", 1000)
    with pytest.raises(Invalid, match="too large"):
        await PdfViewer().open(a_pdf(3))


@pytest.mark.parametrize(
    "answer", [b"", b"\x00\x00\x00\x02{}", b"\x00\x00\x00\x0d" + b'{"pages": 1}x', b"\xff\xff\xff\xff", b"\x00\x00\x00\x01x" * 4]
)
def test_an_answer_of_a_worker_that_was_taken_over_is_not_believed(answer: bytes) -> None:
    with pytest.raises(Invalid):
        pdf_pages._read_view(answer)


def test_the_worker_can_open_no_file_and_no_socket() -> None:
    attempt = """
import socket, sys
from healthspace.record.pdf_worker import close_the_process, load_everything
load_everything()
close_the_process()
for act in (lambda: open("/etc/hostname"), socket.socket, lambda: open("/tmp/healthspace-test", "w")):
    try:
        act()
    except OSError:
        continue
    sys.exit(1)
"""
    done = subprocess.run([sys.executable, "-I", "-c", attempt], env={}, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
