"""The documents of one record, for pages that show them all."""

from healthspace.access.permit import Permit
from healthspace.access.rules import Action
from healthspace.resources.query import Query, Sort
from healthspace.resources.reach import Reach
from healthspace.resources.search import search
from healthspace.resources.stored import Resource

SHOWN = 5000
"""Documents that a portal page gathers at most; the oldest beyond it are found by search."""


async def list_documents(p: Permit, *, most: int = SHOWN) -> list[Resource]:
    """The DocumentReferences that the permit shows, current and superseded, newest first; `most` of them."""
    p.must_be_for(Action.READ_RECORD, Action.SEARCH_DOCUMENTS, Action.READ_TRAIL)
    query = Query("DocumentReference", sort=(Sort("date", descending=True),), count=most, total=False)
    page = await search(Reach(p), query, Reach(p).scope("DocumentReference"))
    return [stored.json() for stored in page.entries]
