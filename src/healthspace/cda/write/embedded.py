"""Unstructured document, level 1: any type of the framework, around a PDF, a text or an image (IHE XDS-SD)."""

from healthspace.cda.write.body import write_embedded
from healthspace.cda.write.codes import Code
from healthspace.cda.write.header import AMBULATORY, write_header
from healthspace.cda.write.values import Header

MODEL = ("1.3.6.1.4.1.19376.1.2.20",)


def write_unstructured(header: Header, type_code: Code, content: bytes, media_type: str, encounter: Code = AMBULATORY) -> bytes:
    """The document's bytes: the header and the file, whole."""
    return write_embedded(
        write_header(header, model=MODEL, type_code=type_code, events=(type_code,), encounter=encounter), content, media_type
    )
