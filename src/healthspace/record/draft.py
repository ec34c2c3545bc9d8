"""From bytes to a draft: what kind of document this is, what it says about itself, whom it is about."""

import base64
import hashlib
from dataclasses import dataclass, replace
from typing import Any

from healthspace.base.errors import Invalid, TooLarge, UnsupportedMedia
from healthspace.cda.header import patient_traits as cda_traits
from healthspace.cda.header import read_header
from healthspace.cda.metadata import document_reference as cda_reference
from healthspace.cda.parse import is_self_presenting, parse_cda, sniff
from healthspace.fhir.document import document_reference as fhir_reference
from healthspace.fhir.document import patient_traits as fhir_traits
from healthspace.fhir.document import read_document_bundle
from healthspace.identity.ins import Ins, check_key, read_ins
from healthspace.record.metadata import Described, describe
from healthspace.record.spaces import Traits
from healthspace.resources.indexing import Resource

SELF_DESCRIBING = ("cda", "fhir")
MEDIA_TYPES = {"pdf": "application/pdf", "jpeg": "image/jpeg", "text": "text/plain", "fhir": "application/fhir+json", "cda": "text/xml"}


@dataclass(frozen=True, slots=True)
class Draft:
    """A document that was read and not yet deposited: its DocumentReference, its bytes as received, whom it is about.

    `traits` are those the document states (None for a PDF, an image or a text). `warnings` are for the depositor.
    """

    reference: Resource
    content: bytes
    media_type: str
    ins: Ins
    traits: Traits | None = None
    warnings: tuple[str, ...] = ()

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
        draft = _read_fhir(content)
    elif kind is None:
        raise UnsupportedMedia("this is none of: CDA R2, FHIR document Bundle, PDF, JPEG, plain text")
    else:
        if described is None:
            raise Invalid("a document that is neither CDA nor FHIR needs its type and its patient's INS")
        draft = Draft(describe(described, content, MEDIA_TYPES[kind]), content, MEDIA_TYPES[kind], described.ins)
    warning = check_key(draft.ins, lenient=reading.lenient)
    return replace(draft, warnings=(*draft.warnings, warning)) if warning else draft


def attach_facts(reference: Resource, content: bytes, media_type: str) -> Resource:
    """`reference` with the size and SHA-1 of the bytes received (XDS hash and size)."""
    attachment = {
        **reference["content"][0]["attachment"],
        "size": len(content),
        "hash": base64.b64encode(hashlib.sha1(content, usedforsecurity=False).digest()).decode(),
    }
    attachment.setdefault("contentType", media_type)
    return {**reference, "content": [{**reference["content"][0], "attachment": attachment}, *reference["content"][1:]]}


def _read_cda(content: bytes, reading: Reading) -> Draft:
    root = parse_cda(content, limit=reading.limit)
    header = read_header(root)
    self_presenting = is_self_presenting(content)
    reference = cda_reference(header, content, self_presenting=self_presenting)
    traits = _traits(cda_traits(header))
    media_type = reference["content"][0]["attachment"]["contentType"]
    return Draft(reference, content, media_type, traits.ins, traits, tuple(header.warnings))


def _read_fhir(content: bytes) -> Draft:
    bundle = read_document_bundle(content)
    traits = _traits(fhir_traits(bundle))
    return Draft(fhir_reference(bundle, content), content, MEDIA_TYPES["fhir"], traits.ins, traits)


def _traits(told: Any) -> Traits:
    return Traits(
        ins=read_ins(told.ins_system, told.ins_value),
        family=told.family,
        given=tuple(told.given),
        gender=told.gender,
        birth_date=told.birth_date,
        birthplace=told.birthplace,
        used_family=told.used_family,
        used_given=told.used_given,
    )


