"""What documents say, kept as resources of the citizen: read at deposit, true for as long as the document is current."""

from healthspace.record.clinical.follow import follow
from healthspace.record.clinical.keep import keep_facts

__all__ = ["follow", "keep_facts"]
