"""Reading the facts of a document, whatever it is written in. A document whose reading fails is a document all the same."""

from collections.abc import Callable

import structlog

from healthspace.base.fhirjson import Resource
from healthspace.base.media import sniff
from healthspace.cda.clinical import Extraction, Unread
from healthspace.cda.clinical import extract as extract_cda
from healthspace.cda.parse import parse_cda
from healthspace.cda.values import Element
from healthspace.fhir.exact_json import read_json
from healthspace.record.clinical.bundle import extract_bundle

READER = 3
"""The version of the reading. Raised when other facts are read out of the same documents: `healthspace extract` then reads them again."""

log = structlog.get_logger(__name__)


def read_facts(content: bytes) -> Extraction:
    """What is said by a document that was deposited before; nothing when it is neither CDA nor FHIR."""
    kind = sniff(content)
    if kind == "cda":
        return _read(lambda: extract_cda(parse_cda(content, limit=len(content))), "ClinicalDocument")
    return read_bundle_facts(read_json(content)) if kind == "fhir" else Extraction()


def read_cda_facts(root: Element) -> Extraction:
    """What a ClinicalDocument says."""
    return _read(lambda: extract_cda(root), "ClinicalDocument")


def read_bundle_facts(bundle: Resource) -> Extraction:
    """What a FHIR document says."""
    return _read(lambda: extract_bundle(bundle), "Bundle")


def _read(extract: Callable[[], Extraction], place: str) -> Extraction:
    try:
        return extract()
    except Exception as error:
        # A mistake of ours in reading its entries is no reason to refuse a document. What the error says may be health data.
        log.error("facts_not_read", error=type(error).__name__)
        return Extraction(unread=(Unread(place, "failure"),))
