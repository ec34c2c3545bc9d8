"""A document that arrives with metadata of its sender (ITI-65, ITI-105): the metadata checked against the document itself.

The sender's elements stand; what is missing is filled from the CDA or FHIR document; what contradicts it is refused.
"""

import base64
import binascii
import hashlib
import re
from typing import Any
from urllib.parse import parse_qs, unquote
from uuid import UUID

from healthspace.base.errors import Invalid, TooLarge
from healthspace.base.ids import parse_id
from healthspace.base.media import MEDIA_TYPES, Kind, sniff
from healthspace.identity.ins import Ins, read_ins
from healthspace.record.draft import SELF_DESCRIBING, Draft, Reading, attach_facts, read_draft
from healthspace.record.metadata import class_coding, derive_unique_id
from healthspace.resources.indexing import Resource

XML_TYPES = frozenset({"text/xml", "application/xml", "application/xslt+xml", "application/hl7-cda+xml"})
JSON_TYPES = frozenset({"application/fhir+json", "application/json"})
ACCEPTED = {"cda": XML_TYPES, "fhir": JSON_TYPES, "pdf": {"application/pdf"}, "jpeg": {"image/jpeg"}, "text": {"text/plain"}}
REFERENCE = re.compile(r"(?:.*/)?Patient/([0-9a-f-]{36})")


def read_provided(reference: Resource, content: bytes, reading: Reading, place: str) -> Draft:
    """The draft of a document sent with its DocumentReference; `place` is the FHIRPath of that resource, for errors."""
    _check_shape(reference, place)
    media_type = str(reference["content"][0]["attachment"].get("contentType", "")).partition(";")[0].strip()
    kind = sniff(content)
    if kind in SELF_DESCRIBING:
        told = read_draft(content, reading)
        media_type = media_type or told.media_type
    else:
        told = _read_opaque(reference, content, kind, reading, place)
    if kind is not None and media_type and media_type not in ACCEPTED[kind]:
        raise Invalid("the document is not of the content type that is said", place=f"{place}.content[0].attachment.contentType")
    _check_facts(reference["content"][0]["attachment"], content, place)
    _check_agreement(reference, told, place)
    merged = _merge(told.reference, reference)
    return Draft(attach_facts(merged, content, media_type), content, media_type or told.media_type, told.ins, told.traits, told.warnings)


def subject_of(reference: Resource, place: str) -> Ins | UUID:
    """Whom a DocumentReference or List is about: an INS, or the id of a Patient here. Invalid when it says neither."""
    subject = reference.get("subject")
    if not isinstance(subject, dict):
        raise Invalid("the patient is missing", place=f"{place}.subject")
    written = str(subject.get("reference", ""))
    identifier = subject.get("identifier") or _contained_identifier(reference, written)
    if "Patient?" in written:
        system, _, value = unquote(parse_qs(written.partition("?")[2]).get("identifier", [""])[0]).partition("|")
        return read_ins(system, value)
    if match := REFERENCE.fullmatch(written):
        named = parse_id(match[1])
        if named is not None:
            return named
    if isinstance(identifier, dict) and identifier.get("value"):
        return read_ins(str(identifier.get("system", "")), str(identifier["value"]))
    raise Invalid("the patient is named by an INS: subject.identifier, or subject.reference Patient?identifier=", place=f"{place}.subject")


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


def _check_shape(reference: Resource, place: str) -> None:
    content = reference.get("content")
    if not isinstance(content, list) or len(content) != 1 or not isinstance(content[0], dict):
        raise Invalid("one content is expected", place=f"{place}.content")
    if not isinstance(content[0].get("attachment"), dict):
        raise Invalid("the attachment is missing", place=f"{place}.content[0].attachment")
    if reference.get("status", "current") != "current":
        raise Invalid("a document is deposited as current", place=f"{place}.status")


def _read_opaque(reference: Resource, content: bytes, kind: Kind | None, reading: Reading, place: str) -> Draft:
    """A PDF, an image, a text: only the sender can say what it is."""
    codes = [coding.get("code") for coding in _codings(reference.get("type"))]
    if not codes or not codes[0]:
        raise Invalid("the type of the document is missing", place=f"{place}.type")
    if kind is None or len(content) > reading.limit:
        read_draft(content, reading)  # says what is wrong with it
    subject = subject_of(reference, place)
    unique = {"masterIdentifier": {"system": "urn:ietf:rfc:3986", "value": derive_unique_id(str(subject), content)}}
    category = {"category": [{"coding": [class_coding(codes[0])]}]}
    base = {"resourceType": "DocumentReference", **unique, **category, "content": reference["content"]}
    return Draft(base, content, MEDIA_TYPES[kind or "text"], subject if isinstance(subject, Ins) else None)


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


def _check_agreement(reference: Resource, told: Draft, place: str) -> None:
    subject = subject_of(reference, place)
    if isinstance(subject, Ins) and told.ins is not None and subject != told.ins:
        raise Invalid("the document is about another patient than its metadata", place=f"{place}.subject")
    said = reference.get("masterIdentifier", {}).get("value")
    if said and told.traits is not None and said.lower() != told.unique_id.lower():
        raise Invalid("the unique id is not the one in the document", place=f"{place}.masterIdentifier")


def _merge(told: Resource, said: Resource) -> Resource:
    """What the sender said, completed by what the document says, down to the attachment and the context."""
    content = {**told["content"][0], **said["content"][0]}
    content["attachment"] = {**told["content"][0]["attachment"], **said["content"][0]["attachment"]}
    merged = {**told, **said, "content": [content]}
    if "context" in told or "context" in said:
        merged["context"] = {**told.get("context", {}), **said.get("context", {})}
    merged["masterIdentifier"] = told["masterIdentifier"] if "masterIdentifier" not in said else said["masterIdentifier"]
    for name in ("contained", "extension", "relatesTo"):
        if joined := _join(told.get(name, []), said.get(name, [])):
            merged[name] = joined
    return merged


def _join(told: list[dict[str, Any]], said: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Both lists; of two contained resources with one id, the sender's."""
    ids = {item["id"] for item in said if "id" in item}
    return [*said, *(item for item in told if item.get("id") not in ids and item not in said)]


def _codings(concept: object) -> list[dict[str, Any]]:
    return [coding for coding in concept.get("coding", []) if isinstance(coding, dict)] if isinstance(concept, dict) else []


def _contained_identifier(reference: Resource, written: str) -> object:
    if not written.startswith("#"):
        return None
    found = [item for item in reference.get("contained", []) if item.get("id") == written[1:]]
    return next(iter(found[0].get("identifier", [])), None) if found else None
