"""What the entries of a clinical document say, as FHIR R4 resources: `extract` reads them, and invents nothing."""

from healthspace.cda.clinical.extract import extract
from healthspace.cda.clinical.model import FACT, PATIENT, Extraction, Fact, Unread

__all__ = ["FACT", "PATIENT", "Extraction", "Fact", "Unread", "extract"]
