"""A document that arrives with metadata of its sender (ITI-65, ITI-105): the metadata checked against the document itself.

The sender's elements stand; what is missing is filled from the CDA or FHIR document; what contradicts it is refused.
"""

import base64
import binascii
import hashlib
import re
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

from healthspace.base.errors import HealthspaceError, Invalid, TooLarge
from healthspace.base.ids import parse_id
from healthspace.base.media import MEDIA_TYPES, Kind, sniff
from healthspace.fhir.bundle import dicts
from healthspace.identity.ins import SYSTEMS, Ins, check_key, read_ins
from healthspace.record.draft import SELF_DESCRIBING, Draft, Reading, attach_facts, read_draft
from healthspace.record.metadata import class_coding, derive_unique_id
from healthspace.record.words import text_of
from healthspace.resources.stored import Resource
from healthspace.terminology.formats import format_of
from healthspace.terminology.uris import URIS

XML_TYPES = frozenset({"text/xml", "application/xml", "application/xslt+xml", "application/hl7-cda+xml"})
JSON_TYPES = frozenset({"application/fhir+json", "application/json"})
ACCEPTED = {"cda": XML_TYPES, "fhir": JSON_TYPES, "pdf": {"application/pdf"}, "jpeg": {"image/jpeg"}, "text": {"text/plain"}} | {
    "tiff": {"image/tiff"},
    "rtf": {"application/rtf", "text/rtf"},
}
REFERENCE = re.compile(r"(?:.*/)?Patient/([0-9a-f-]{36})")


def read_provided(reference: Resource, content: bytes, reading: Reading, place: str) -> Draft:
    """The draft of a document sent with its DocumentReference, whose shape was checked; `place` is its FHIRPath, for errors."""
    _check_deposit(reference, place)
    stated = _ins_stated(reference, place)
    media_type = reference["content"][0]["attachment"].get("contentType", "").partition(";")[0].strip().lower()
    kind = sniff(content)
    told = _read_told(reference, content, kind, reading, stated, place)
    if kind in SELF_DESCRIBING:
        media_type = media_type or told.media_type
    if kind is not None and media_type and media_type not in ACCEPTED[kind]:
        raise Invalid("the document is not of the content type that is said", place=f"{place}.content[0].attachment.contentType")
    _check_facts(reference["content"][0]["attachment"], content, place)
    _check_agreement(reference, told, stated, place)
    merged = _merge(told.reference, reference, told_by_sender=told.traits is None)
    return replace(told, reference=attach_facts(merged, content, media_type), media_type=media_type or told.media_type)


def subject_of(reference: Resource, place: str) -> Ins | UUID:
    """Whom a DocumentReference or List is about: the id of a Patient here, else an INS. Invalid when it says neither."""
    stated = _ins_stated(reference, place)
    match = REFERENCE.fullmatch(reference.get("subject", {}).get("reference", ""))
    named = parse_id(match[1]) if match else None
    if named is None and stated is None:
        raise Invalid(
            "the patient is named by an INS: subject.identifier, or subject.reference Patient?identifier=", place=f"{place}.subject"
        )
    return named or stated  # type: ignore[return-value]


def decode_data(data: object, limit: int, place: str) -> bytes:
    """The bytes of a base64Binary; Invalid when it is none, TooLarge beyond `limit`."""
    if not isinstance(data, str):
        raise Invalid("the content is missing", place=place)
    if len(data) > limit * 4 // 3 + limit // 16:
        raise TooLarge(f"a document may have {limit // (1 << 20)} MiB at most", place=place)
    try:
        content = base64.b64decode("".join(data.split()), validate=True)
    except (binascii.Error, ValueError):
        raise Invalid("the content is not base64", place=place) from None
    if not content:
        raise Invalid("the content is empty", place=place)
    return content


def _check_deposit(reference: Resource, place: str) -> None:
    content = reference.get("content", [])
    if len(content) != 1:
        raise Invalid("one content is expected", place=f"{place}.content")
    if "attachment" not in content[0]:
        raise Invalid("the attachment is missing", place=f"{place}.content[0].attachment")
    if reference.get("status", "current") != "current":
        raise Invalid("a document is deposited as current", place=f"{place}.status")


def _read_told(reference: Resource, content: bytes, kind: Kind | None, reading: Reading, stated: Ins | None, place: str) -> Draft:
    """What the document says of itself, or what its sender says of one that cannot."""
    try:
        if kind is None or kind in SELF_DESCRIBING or len(content) > reading.limit:
            return read_draft(content, reading)
        if stated is not None:
            check_key(stated, lenient=reading.lenient, place=f"{place}.subject")
    except HealthspaceError as error:
        error.place = error.place or f"{place}.content[0].attachment"
        raise
    return _read_opaque(reference, content, MEDIA_TYPES[kind], stated, place)


def _read_opaque(reference: Resource, content: bytes, media_type: str, stated: Ins | None, place: str) -> Draft:
    """A PDF, an image, a text: only the sender can say what it is."""
    code = next((coding["code"] for coding in reference.get("type", {}).get("coding", []) if "code" in coding), None)
    if code is None:
        raise Invalid("the type of the document is missing", place=f"{place}.type")
    unique_id, format_ = derive_unique_id(str(subject_of(reference, place)), content), format_of((), media_type)
    base = {
        "resourceType": "DocumentReference",
        "masterIdentifier": {"system": URIS, "value": unique_id},
        "category": [{"coding": [class_coding(code)]}],
        "content": [{"format": {"system": f"urn:oid:{format_.scheme}", "code": format_.code}, **reference["content"][0]}],
    }
    return Draft(base, content, media_type, stated, text=text_of(content))


def _check_facts(attachment: dict[str, Any], content: bytes, place: str) -> None:
    size, digest = attachment.get("size"), attachment.get("hash")
    if size is not None and size != len(content):
        raise Invalid("the size is not that of the document", place=f"{place}.content[0].attachment.size")
    if digest is not None and digest not in _sha1_forms(content):
        raise Invalid("the hash (SHA-1) is not that of the document", place=f"{place}.content[0].attachment.hash")


def _sha1_forms(content: bytes) -> tuple[str, str]:
    """R4 asks for base64 of the digest; senders of XDS habit write its hexadecimal form, or the base64 of that."""
    sha1 = hashlib.sha1(content, usedforsecurity=False)
    return base64.b64encode(sha1.digest()).decode(), base64.b64encode(sha1.hexdigest().encode()).decode()


def _check_agreement(reference: Resource, told: Draft, stated: Ins | None, place: str) -> None:
    if stated is not None and told.ins is not None and stated != told.ins:
        raise Invalid("the document is about another patient than its metadata", place=f"{place}.subject")
    said = reference.get("masterIdentifier", {}).get("value")
    if said and told.traits is not None and said.lower() != told.unique_id.lower():
        raise Invalid("the unique id is not the one in the document", place=f"{place}.masterIdentifier")


def _merge(told: Resource, said: Resource, *, told_by_sender: bool) -> Resource:
    """What the sender said, completed by what the document says, down to the attachment and the context."""
    content = {**told["content"][0], **said["content"][0]}
    content["attachment"] = {**told["content"][0]["attachment"], **said["content"][0]["attachment"]}
    merged = {**told, **said, "content": [content]}
    if "context" in told or "context" in said:
        merged["context"] = {**told.get("context", {}), **said.get("context", {})}
    # Where the document names itself, both agree but for capitals, and one document must always have one name.
    says_another = told_by_sender and "value" in said.get("masterIdentifier", {})
    merged["masterIdentifier"] = said["masterIdentifier"] if says_another else told["masterIdentifier"]
    for name in ("contained", "extension", "relatesTo"):
        if joined := _join(told.get(name, []), said.get(name, [])):
            merged[name] = joined
    return merged


def _join(told: list[dict[str, Any]], said: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Both lists; of two contained resources with one id, the sender's."""
    ids = {item["id"] for item in said if "id" in item}
    return [*said, *(item for item in told if item.get("id") not in ids and item not in said)]


def _ins_stated(reference: Resource, place: str) -> Ins | None:
    """The INS that `subject` states in whatever way, or None. Invalid when it states two, or what looks like one and is none."""
    subject, place = reference.get("subject", {}), f"{place}.subject"
    written = subject.get("reference", "")
    stated = [(subject.get("identifier", {})), *_contained_identifiers(reference, written)]
    found = {
        read_ins(identifier["system"], identifier.get("value", ""), place)
        for identifier in stated
        if identifier.get("system", "").removeprefix("urn:oid:") in SYSTEMS
    }
    if "Patient?" in written:
        system, _, value = parse_qs(written.partition("?")[2]).get("identifier", [""])[0].partition("|")
        found.add(read_ins(system, value, place))
    if len(found) > 1:
        raise Invalid("the subject states two different national health identities (INS)", place=place)
    return next(iter(found), None)


def _contained_identifiers(reference: Resource, written: str) -> list[dict[str, str]]:
    """The identifiers of the contained Patient that `written` (#id) points to."""
    found = [item for item in reference.get("contained", []) if written.startswith("#") and item.get("id") == written[1:]]
    identifiers = [
        identifier for item in found for identifier in dicts(item.get("identifier")) if isinstance(identifier.get("system"), str)
    ]
    return [identifier for identifier in identifiers if isinstance(identifier.get("value"), str)]
