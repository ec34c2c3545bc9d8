"""Finding documents and submissions of one record (ITI-66, ITI-67; TD3.1)."""

from healthspace.access.permit import Permit
from healthspace.access.rules import Action
from healthspace.record.visibility import restrict
from healthspace.resources.indexing import Resource
from healthspace.resources.search import Page, Query, search

SHOWN = 5000
"""Documents that a portal page gathers at most; the oldest beyond it are found by search."""


async def find_documents(p: Permit, query: Query) -> Page:
    """The page of DocumentReferences that `query` asks for, narrowed to what the permit shows."""
    p.must_be_for(Action.SEARCH_DOCUMENTS)
    return await search(p.tx, p.cipher, restrict(p, query))


async def find_submissions(p: Permit, query: Query) -> Page:
    """The page of Lists (SubmissionSets) that `query` asks for."""
    p.must_be_for(Action.SEARCH_SUBMISSIONS)
    return await search(p.tx, p.cipher, restrict(p, query))


async def list_documents(p: Permit) -> list[Resource]:
    """Every DocumentReference that the permit shows, current and superseded, newest first."""
    p.must_be_for(Action.READ_RECORD, Action.SEARCH_DOCUMENTS, Action.READ_TRAIL)
    page = await search(p.tx, p.cipher, restrict(p, Query("DocumentReference", count=SHOWN)))
    return [stored.json() for stored in page.entries]
