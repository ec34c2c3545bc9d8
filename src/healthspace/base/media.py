"""What some bytes are, by looking at them: the sender's word is never enough to serve a file to a browser."""

import base64
import binascii
import re
from typing import Literal

Kind = Literal["cda", "pdf", "jpeg", "tiff", "rtf", "text", "fhir"]

MEDIA_TYPES: dict[Kind, str] = {
    "cda": "text/xml",
    "pdf": "application/pdf",
    "jpeg": "image/jpeg",
    "tiff": "image/tiff",
    "rtf": "application/rtf",
    "text": "text/plain",
    "fhir": "application/fhir+json",
}
UNKNOWN = "application/octet-stream"
INLINE_IMAGES = frozenset({"image/png", "image/jpeg", "image/gif"})
"""The only pictures that a page shows."""

_MAGIC = (
    (b"%PDF-", "application/pdf"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"{\\rtf", "application/rtf"),
)
_BYTE_ORDER_MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_MARKUP = re.compile(r"<[?!/A-Za-z_]")
_JSON_OBJECT = re.compile(r'\{\s*["}]')
_BUNDLE = re.compile(r'"resourceType"\s*:\s*"Bundle"')
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")
_SPACES = re.compile(rb"\s+")
_LOOKED_AT = 4096


def describe_raw(data: bytes, media_type: str, identifier: str | None = None) -> dict[str, str]:
    """The FHIR Binary of bytes that were sent as they are (R4 binary.html#rest)."""
    named = {"id": identifier} if identifier else {}
    return {"resourceType": "Binary", **named, "contentType": media_type, "data": base64.b64encode(data).decode()}


def sniff(data: bytes) -> Kind | None:
    """The kind of document these bytes claim to be by their first bytes; None when it is no kind we accept.

    "cda" means any XML and "fhir" any JSON that speaks of a Bundle: their readers say precisely what is wrong with the rest.
    """
    known = magic_type(data)
    if known is not None:
        return next((kind for kind, media_type in MEDIA_TYPES.items() if media_type == known), None)
    start = _read_start(data).lstrip()
    if _MARKUP.match(start):
        return "cda"
    text = text_of(data)
    if text is None or not text.strip() or text.startswith("%!PS"):
        return None
    if _JSON_OBJECT.match(text.lstrip()):
        return "fhir" if _BUNDLE.search(text) else None
    return "text"


def magic_type(data: bytes) -> str | None:
    """The media type that the first bytes give away; None when they give none."""
    return next((media for magic, media in _MAGIC if data.startswith(magic)), None)


def text_of(data: bytes) -> str | None:
    """The text of a plain text file: UTF-8, UTF-16 with its mark, or windows-1252; None when it is no text.

    Every byte sequence is some windows-1252 text, so that encoding is believed only of mostly plain characters.
    """
    mark = next((encoding for mark, encoding in _BYTE_ORDER_MARKS if data.startswith(mark)), None)
    for encoding in (mark,) if mark else ("utf-8", "windows-1252"):
        try:
            text = data.decode(encoding).removeprefix("\ufeff")
        except UnicodeDecodeError:
            continue
        plain = encoding != "windows-1252" or sum(character < "\x80" for character in text) >= 0.7 * len(text)
        return text if plain and not _CONTROLS.search(text) else None
    return None


def checked_type(data: bytes, declared: str) -> str:
    """The media type under which `data`, said to be `declared`, may be served; `UNKNOWN` when it is not what it is said to be."""
    found = magic_type(data)
    if found is not None:
        return found
    media = declared.partition(";")[0].strip().lower()
    if data[128:132] == b"DICM":
        return "application/dicom"
    if media == "text/plain" and text_of(data) is not None:
        return "text/plain"
    if media in {"text/xml", "application/xml"} and _MARKUP.match(_read_start(data).lstrip()):
        return "application/xml"
    return UNKNOWN


def decode_base64(text: str) -> bytes | None:
    """The bytes of a base64 text, spaces and line breaks allowed anywhere; None when it is not base64 or holds nothing."""
    try:
        return base64.b64decode(_SPACES.sub(b"", text.encode("ascii")), validate=True) or None
    except (binascii.Error, UnicodeEncodeError):
        return None


def _read_start(data: bytes) -> str:
    """The first characters, good enough to recognise markup in UTF-8, UTF-16 (with or without its mark) and 8-bit encodings."""
    start = data[:_LOOKED_AT]
    return start.removeprefix(b"\xef\xbb\xbf").replace(b"\xff\xfe", b"").replace(b"\xfe\xff", b"").replace(b"\x00", b"").decode("latin-1")
