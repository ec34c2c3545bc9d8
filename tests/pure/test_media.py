"""What some bytes are, whatever their sender says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from healthspace.base.media import checked_type, decode_base64, sniff, text_of
from tests.pure.cda_documents import JPEG, PDF, PNG, a_document, encoded


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (PDF, "pdf"),
        (JPEG, "jpeg"),
        (encoded(a_document(body="")), "cda"),
        (encoded(a_document(body=""), "UTF-16"), "cda"),
        (a_document().encode("utf-16-be"), "cda"),
        (b"\xef\xbb\xbf \n<?xml version='1.0'?><a/>", "cda"),
        (b"<!DOCTYPE html><script>x</script>", "cda"),
        (b'\n{"id": 1, "resourceType" : "Bundle"}', "fhir"),
        ("Cher confrère,\n\tmerci.".encode(), "text"),
        ("Cher confrère, l’état s’améliore.".encode("windows-1252"), "text"),
        ("\ufeffCher confrère".encode("utf-16-le"), "text"),
        (b"<5 mmol/L", "text"),
        (b"{ accolade }", "text"),
        (b'{"resourceType": "Patient"}', None),
        (PNG, None),
        (b"", None),
        (b" \n", None),
        (b"PK\x03\x04zip", None),
        (b"MZ\x90\x00", None),
        (b"{\\rtf1 bonjour}", "rtf"),
        (b"II*\x00\x08\x00", "tiff"),
        (b"MM\x00*\x00", "tiff"),
        (b"%!PS-Adobe", None),
        (b"texte\x00cache", None),
        (bytes(range(128, 256)), None),
        (b"junk %PDF-1.4", "text"),
    ],
)
def test_bytes_say_what_they_are(data: bytes, kind: str | None) -> None:
    assert sniff(data) == kind


@given(st.binary(max_size=200))
def test_no_bytes_break_the_guess(data: bytes) -> None:
    sniff(data), text_of(data), checked_type(data, "text/plain")


def test_a_declared_type_is_believed_only_of_what_has_no_magic() -> None:
    assert checked_type(PNG, "image/jpeg") == "image/png"
    assert checked_type(b"<html>", "application/pdf") == "application/octet-stream"
    assert checked_type(b"<html>", "text/html") == "application/octet-stream"
    assert checked_type(b"bonjour", "text/plain; charset=utf-8") == "text/plain"
    assert checked_type(b"<a/>", "text/xml") == "application/xml"
    assert checked_type(bytes(128) + b"DICM", "application/dicom") == "application/dicom"


def test_base64_may_be_broken_into_lines_and_must_be_base64() -> None:
    assert decode_base64(" QU\nJD ") == b"ABC"
    assert decode_base64("QUJ") is None
    assert decode_base64("é") is None
    assert decode_base64("") is None
