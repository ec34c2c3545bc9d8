"""What reading a document gives, whatever the standard it is written in (CDA, FHIR)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Traits:
    """The identity of a citizen as a document states it, enough to open a space.

    `ins_system` is an OID ("1.2.250.1.213.1.4.8"); `sex` is a FHIR administrative gender; `birth_date` is a FHIR date, of
    any precision; `birth_place` is an INSEE code. `given_names` are all the names of the birth certificate, in one text.
    Texts that the document does not say are "".
    """

    ins_system: str
    ins_value: str
    birth_family: str
    given_names: str
    first_given: str
    used_family: str
    used_given: str
    sex: str
    birth_date: str
    birth_place: str


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file carried inside a document, byte for byte.

    `media_type` is what the bytes are ("application/octet-stream" when they are not what the sender says or not a kind we
    know), so that it is safe to serve with `nosniff`. `shown` is true when the rendered sections already show it.
    """

    title: str
    media_type: str
    data: bytes
    shown: bool = False


@dataclass(frozen=True, slots=True)
class Rendered:
    """A document ready to be read by a person.

    `sections_html` is safe by construction: our own markup, everything that comes from the document escaped. It links to the
    attachments as `#attachment-1`, `#attachment-2`… in their order. `warnings` are in English, without health data.
    """

    sections_html: str
    attachments: tuple[Attachment, ...]
    warnings: tuple[str, ...]
