"""The header block of one document, and the ways its content can be shown."""

from dataclasses import dataclass
from datetime import datetime

from healthspace.access import labels
from healthspace.edge.portal.language import Language, Moment, mark, read_moment
from healthspace.edge.portal.views import DocumentRow, Resource, show_row
from healthspace.fhir.document_reference import attachment_of, authors_of, first_of, read_name
from healthspace.record.chain import version_of
from healthspace.record.clinical.keep import unread_of

FORMATS = {
    "application/pdf": mark("PDF"),
    "text/plain": mark("text"),
    "image/jpeg": mark("JPEG image"),
    "image/png": mark("PNG image"),
    "image/gif": mark("GIF image"),
    "image/tiff": mark("TIFF image"),
    "text/xml": mark("CDA"),
    "application/xml": mark("CDA"),
    "application/xslt+xml": mark("CDA"),
    "application/rtf": mark("RTF"),
    "text/rtf": mark("RTF"),
    "application/fhir+json": mark("FHIR"),
    "application/dicom": mark("DICOM image"),
}
EXTENSIONS = {
    "application/pdf": "pdf",
    "text/plain": "txt",
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/gif": "gif",
    "image/tiff": "tif",
    "text/xml": "xml",
    "application/xml": "xml",
    "application/xslt+xml": "xml",
    "application/rtf": "rtf",
    "text/rtf": "rtf",
    "application/fhir+json": "json",
    "application/dicom": "dcm",
}


OWN_SEERS = mark("You, its author, your treating doctor, and the professionals you authorised who read this kind of document.")
OWN_SEERS_ONLY = mark("You alone, and who represents you by law. No professional and no carer sees it.")
SEERS_ONLY = mark("The person, and who represents them by law. No professional and no carer sees it.")
OWN_SEERS_SECRET = mark("You, its author and the professionals whom you let read it. Hidden from your legal representatives and carers.")
OWN_SEERS_MASKED = mark("You, its author and your treating doctor. It is hidden from other professionals.")
SEERS = mark("The patient, its author, their treating doctor, and the professionals they authorised.")
SEERS_MASKED = mark("The patient, its author and their treating doctor. It is hidden from other professionals.")

SEERS_SECRET = mark("The patient, its author and the professionals who may read it. Hidden from the legal representatives and carers.")


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of a header block, in words."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class DocumentView:
    """A document's header block; `format` names what its original is, `size` is in octets. `unread` of its entries could not be read."""

    row: DocumentRow
    facts: tuple[Fact, ...]
    format: str
    size: int
    unread: int = 0


@dataclass(frozen=True, slots=True)
class ShownPage:
    """A page of a PDF in a page of the portal; `image` is a data: address."""

    number: int
    width: int
    height: int
    image: str
    text: str


@dataclass(frozen=True, slots=True)
class Content:
    """What is shown of a document. `kind` is narrative, text, image, pages or nothing; a narrative may come with pages too."""

    kind: str
    html: str = ""
    text: str = ""
    image: str = ""
    language: str = ""
    pages: tuple[ShownPage, ...] = ()
    last: int = 0
    earlier: int = 1


@dataclass(frozen=True, slots=True)
class AttachedFile:
    """A file inside a document."""

    title: str
    format: str
    size: int


def view_document(reference: Resource, language: Language, now: datetime, *, size: int, own: bool = True) -> DocumentView:
    """The header block of `reference`, whose original has `size` octets."""
    row = show_row(reference, language, now, own=own)
    names = ", ".join(dict.fromkeys(author.name for author in authors_of(reference) if author.name))
    places = ", ".join(dict.fromkeys(author.place for author in authors_of(reference) if author.place))
    version, period = version_of(reference), _name_period(reference, row.when, language)
    told = (
        (mark("Patient"), read_patient_name(reference)),
        (mark("Date of the document"), language.at(row.when)),
        (mark("Care given"), period),
        (mark("Type"), row.type),
        (mark("Author"), row.source if row.mine else names),
        (mark("Organisation"), places or str((reference.get("custodian") or {}).get("display", ""))),
        (mark("Version"), str(version) if version and version > 1 else ""),
        (mark("Received"), language.at(read_moment((reference.get("meta") or {}).get("lastUpdated")))),
    )
    facts = tuple(Fact(language.say(name), value) for name, value in told if value)
    format_ = name_format(str(attachment_of(reference).get("contentType", "")), language)
    return DocumentView(row, facts, format_, size, unread_of(reference))


def explain_seers(reference: Resource, language: Language, *, own: bool, masked: bool) -> str:
    """Who may see a document, by its visibility labels, in one sentence. `masked`: by its own, or as all others are."""
    codes = labels.codes_of(reference)
    if labels.NOT_ANNOUNCED in codes:
        return language.say("The patient does not see it yet: a professional tells them first.")
    if labels.HOLDER_ONLY in codes:
        return language.say(OWN_SEERS_ONLY if own else SEERS_ONLY)
    if labels.HIDDEN_FROM_REPRESENTATIVES in codes:
        return language.say(OWN_SEERS_SECRET if own else SEERS_SECRET)
    if masked:
        return language.say(OWN_SEERS_MASKED if own else SEERS_MASKED)
    return language.say(OWN_SEERS if own else SEERS)


def read_patient_name(reference: Resource) -> str:
    """The patient as the document names them (`sourcePatientInfo`: kept as it was written on that day)."""
    link = ((reference.get("context") or {}).get("sourcePatientInfo") or {}).get("reference")
    patient = first_of(one for one in reference.get("contained") or () if f"#{one.get('id')}" == link)
    return read_name(patient.get("name"))


def name_format(media_type: str, language: Language) -> str:
    """A media type in a word."""
    known = FORMATS.get(media_type.partition(";")[0].strip())
    return language.say(known) if known else language.say("file")


def name_file(identifier: str, media_type: str) -> str:
    """A file name that says nothing of anyone's health: "document-{id}.pdf"."""
    return f"document-{identifier}.{EXTENSIONS.get(media_type.partition(';')[0].strip(), 'bin')}"


def _name_period(reference: Resource, written: Moment | None, language: Language) -> str:
    """When the care that the document tells took place; empty when that is the day of the document."""
    period = (reference.get("context") or {}).get("period") or {}
    start, end = read_moment(period.get("start")), read_moment(period.get("end"))
    if start is None:
        return ""
    first, last = language.on(start), language.on(end) if end else ""
    if last and last != first:
        return language.say("from %(start)s to %(end)s", start=first, end=last)
    return "" if first == language.on(written) else first
