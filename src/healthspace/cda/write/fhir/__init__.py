"""Clinical documents written from FHIR R4 resources: `write_resources` is the way back of `healthspace.cda.clinical.extract`."""

from healthspace.cda.write.fhir.document import LeftOut, Written, write_resources

__all__ = ["LeftOut", "Written", "write_resources"]
