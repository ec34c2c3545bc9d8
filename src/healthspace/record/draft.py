"""From bytes to a draft: what kind of document this is, what it says about itself, whom it is about."""

from dataclasses import dataclass, replace

from healthspace.base.documents import Traits as DocumentTraits
from healthspace.base.errors import Invalid, TooLarge, UnsupportedMedia
from healthspace.base.fhirjson import describe_bytes
from healthspace.base.media import MEDIA_TYPES, sniff
from healthspace.cda import active
from healthspace.cda.clinical import Extraction
from healthspace.cda.header import patient_traits, read_header
from healthspace.cda.metadata import document_reference
from healthspace.cda.parse import parse_document
from healthspace.fhir import document
from healthspace.fhir.active import refuse_active_content
from healthspace.fhir.validate import validate
from healthspace.identity.ins import Ins, check_key, read_ins
from healthspace.record.clinical.reading import read_bundle_facts, read_cda_facts
from healthspace.record.metadata import Described, describe
from healthspace.record.spaces import Traits
from healthspace.record.words import Text, read_words, text_of, text_of_bundle, text_of_cda
from healthspace.resources.stored import Resource

INS_PLACES = {"cda": "ClinicalDocument/recordTarget/patientRole/id", "fhir": "Bundle.entry.resource.ofType(Patient).identifier"}
SELF_DESCRIBING = frozenset(INS_PLACES)
NOTHING, NO_TEXT = Extraction(), Text()


@dataclass(frozen=True, slots=True)
class Draft:
    """A document that was read and not yet deposited: its DocumentReference, its bytes as received, whom it is about.

    `ins` is None when the sender named the patient by our own id. `traits` are those the document states (None for a PDF, an image
    or a text). `warnings` are for the depositor. `extraction` is what its entries say, `text` where a search
    inside it looks.
    """

    reference: Resource
    content: bytes
    media_type: str
    ins: Ins | None
    traits: Traits | None = None
    warnings: tuple[str, ...] = ()
    extraction: Extraction = NOTHING
    text: Text = NO_TEXT

    @property
    def unique_id(self) -> str:
        return str(self.reference["masterIdentifier"]["value"])


@dataclass(frozen=True, slots=True)
class Reading:
    """How documents are read here: the largest, in bytes, and whether wrong INS keys are tolerated (demo mode)."""

    limit: int
    lenient: bool


def read_draft(content: bytes, reading: Reading, described: Described | None = None) -> Draft:
    """The draft of a document; `described` is what the depositor says of a document that cannot say it itself.

    Raises TooLarge, UnsupportedMedia, Malformed or Invalid, with the place.
    """
    if len(content) > reading.limit:
        raise TooLarge(f"a document may have {reading.limit // (1 << 20)} MiB at most")
    if not content:
        raise Invalid("the document is empty")
    kind = sniff(content)
    if kind == "cda":
        draft = _read_cda(content, reading)
    elif kind == "fhir":
        draft = _read_fhir(content, reading)
    elif kind is None:
        raise UnsupportedMedia("this is none of: CDA R2, FHIR document Bundle, PDF, JPEG, TIFF, RTF, plain text")
    else:
        if described is None:
            raise Invalid("a document that is neither CDA nor FHIR needs its type and its patient's INS")
        draft = Draft(describe(described, content, MEDIA_TYPES[kind]), content, MEDIA_TYPES[kind], described.ins, text=text_of(content))
    warning = check_key(draft.ins, lenient=reading.lenient, place=INS_PLACES.get(kind or "")) if draft.ins else None
    return replace(draft, warnings=(*draft.warnings, warning)) if warning else draft


async def complete_words(draft: Draft) -> Draft:
    """`draft` with the words of its PDFs: before the door, so that no record waits for them."""
    return replace(draft, text=Text(await read_words(draft.text))) if draft.text.pdfs else draft


def attach_facts(reference: Resource, content: bytes, media_type: str) -> Resource:
    """`reference` with the size and SHA-1 of the bytes received (XDS hash and size)."""
    attachment = {"contentType": media_type, **reference["content"][0]["attachment"], **describe_bytes(content)}
    return {**reference, "content": [{**reference["content"][0], "attachment": attachment}]}


def _read_cda(content: bytes, reading: Reading) -> Draft:
    parsed = parse_document(content, limit=reading.limit)
    active.refuse_active_content(parsed.root)
    header = read_header(parsed.root)
    reference = document_reference(header, content, self_presenting=parsed.self_presenting)
    traits = _traits(patient_traits(header), INS_PLACES["cda"])
    media_type = reference["content"][0]["attachment"]["contentType"]
    facts, text = read_cda_facts(parsed.root), text_of_cda(parsed.root)
    return Draft(reference, content, media_type, traits.ins, traits, header.warnings, facts, text)


def _read_fhir(content: bytes, reading: Reading) -> Draft:
    bundle = document.read_document_bundle(content, limit=reading.limit)
    refuse_active_content(bundle)
    traits = _traits(document.patient_traits(bundle), INS_PLACES["fhir"])
    reference = document.document_reference(bundle, content)
    if faults := validate(reference):  # parts of it are the document's own
        raise Invalid(faults[0].message, place=faults[0].expression)
    facts, text = read_bundle_facts(bundle), text_of_bundle(bundle)
    return Draft(reference, content, MEDIA_TYPES["fhir"], traits.ins, traits, extraction=facts, text=text)


def _traits(told: DocumentTraits, place: str) -> Traits:
    return Traits(
        ins=read_ins(told.ins_system, told.ins_value, place),
        family=told.birth_family,
        given=tuple(told.given_names.split()),
        gender=told.sex,
        birth_date=told.birth_date,
        birthplace=told.birth_place or None,
        used_family=told.used_family or None,
        used_given=told.used_given or None,
    )
