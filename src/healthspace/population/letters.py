"""Letters as PDF: one or two A4 pages with the standard fonts, the same bytes for the same letter."""

from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING

from healthspace.cda.write.values import Header

if TYPE_CHECKING:
    from reportlab.pdfgen.canvas import Canvas

MARGIN = 62
"""Points left free on each side of the page."""
LINE = 15
FOOT = 74
BODY = ("Helvetica", 10.5)
STRONG = ("Helvetica-Bold", 10.5)
SMALL = ("Helvetica", 8)


@dataclass(frozen=True, slots=True)
class Letter:
    """What a letter says under its head: to whom, about what, the paragraphs, the closing words. `own` is by the patient's hand."""

    addressee: str
    subject: str
    paragraphs: tuple[str, ...]
    closing: str
    points: tuple[str, ...] = ()
    own: bool = False


@dataclass(slots=True)
class _Page:
    """A pen that goes down the page and turns it when it is full."""

    canvas: "Canvas"
    width: float
    height: float
    y: float
    foot: str

    def write(self, text: str, font: tuple[str, float] = BODY, *, indent: float = 0, gap: float = 0, right: bool = False) -> None:
        from reportlab.lib.utils import simpleSplit

        for line in simpleSplit(text, font[0], font[1], self.width - 2 * MARGIN - indent):
            if self.y < FOOT + LINE:
                self.turn()
            self.canvas.setFont(*font)
            if right:
                self.canvas.drawRightString(self.width - MARGIN, self.y, line)
            else:
                self.canvas.drawString(MARGIN + indent, self.y, line)
            self.y -= LINE
        self.y -= gap

    def rule(self) -> None:
        self.canvas.setStrokeGray(0.6)
        self.canvas.line(MARGIN, self.y + 6, self.width - MARGIN, self.y + 6)
        self.y -= LINE / 2

    def turn(self) -> None:
        self.sign()
        self.canvas.showPage()
        self.y = self.height - MARGIN

    def sign(self) -> None:
        self.canvas.setFont(*SMALL)
        self.canvas.drawCentredString(self.width / 2, FOOT - 34, self.foot)
        self.canvas.drawRightString(self.width - MARGIN, FOOT - 34, str(self.canvas.getPageNumber()))


def write_letter(header: Header, letter: Letter) -> bytes:
    """The PDF of a letter by the header's author about its patient, or by the patient."""
    from reportlab.lib.pagesizes import A4
    from reportlab.pdfgen.canvas import Canvas

    stream = BytesIO()
    # invariant: no date of making and no random identifier, so that the same letter has the same bytes.
    canvas = Canvas(stream, pagesize=A4, invariant=1, pageCompression=1, lang="fr-FR")
    name = _signature(header, letter)
    canvas.setTitle(header.title)
    canvas.setAuthor(name)
    place = header.author.organization
    foot = header.title if letter.own else f"{place.name} – {place.city}"
    page = _Page(canvas, A4[0], A4[1], A4[1] - MARGIN, foot)
    if letter.own:
        page.write(name, STRONG)
    else:
        page.write(place.name, STRONG)
        page.write(name)
        page.write(header.author.role.display, SMALL)
    _subject(page, header, letter)
    for paragraph in letter.paragraphs:
        page.write(paragraph, gap=7)
    for point in letter.points:
        page.write(f"–  {point}", indent=14, gap=2)
    page.y -= 8
    page.write(letter.closing, gap=20)
    page.write(name, STRONG, right=True)
    page.sign()
    canvas.save()
    return stream.getvalue()


def _signature(header: Header, letter: Letter) -> str:
    if letter.own:
        return f"{header.patient.used_given} {header.patient.used_family}"
    author = header.author
    return f"Dr {author.given} {author.family}" if author.suffix == "DR" else f"{author.given} {author.family}"


def _subject(page: _Page, header: Header, letter: Letter) -> None:
    patient = header.patient
    city = patient.address.city if letter.own else header.author.organization.city
    page.write(f"{city}, le {header.created:%d/%m/%Y}", right=True, gap=4)
    page.write(letter.addressee, right=True, gap=10)
    page.rule()
    born = "né le" if patient.sex == "male" else "née le"
    civil = "" if patient.birth_family == patient.used_family else f" (nom de naissance {patient.birth_family})"
    page.write(f"{patient.used_family} {patient.used_given}{civil}, {born} {patient.birth_date:%d/%m/%Y}", STRONG)
    page.write(f"{patient.address.house_number} {patient.address.street}, {patient.address.postal_code} {patient.address.city}", SMALL)
    page.write(f"Objet : {letter.subject}", STRONG, gap=10)
