"""From a clinical document to its facts: each statement goes to the reader of its template, wherever it stands."""

from healthspace.cda.clinical.contacts import contacts
from healthspace.cda.clinical.imaging import header_studies
from healthspace.cda.clinical.model import Extraction, Fact, Unread
from healthspace.cda.clinical.plans import care_plans
from healthspace.cda.clinical.readers import reader_of
from healthspace.cda.clinical.reports import whole_report
from healthspace.cda.clinical.statement import Source, read, statements
from healthspace.cda.clinical.team import care_team
from healthspace.cda.values import Element


def extract(root: Element) -> Extraction:
    """The facts of the ClinicalDocument `root`, and what could not be read. The same bytes give the same facts, in the same order."""
    source = Source(root, reader_of)
    found = [item for statement in statements(source) for item in read(statement)]
    facts = [item for item in found if isinstance(item, Fact)]
    facts += [*care_plans(facts), *care_team(source), *contacts(source), *header_studies(source)]
    facts += whole_report(source, facts)
    return Extraction(tuple(facts), tuple(item for item in found if isinstance(item, Unread)))
