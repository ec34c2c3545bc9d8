"""What a professional would see of the documents, shown to the citizen before they confirm a choice."""

from dataclasses import dataclass

from healthspace.access.permit import Permit
from healthspace.access.preview import permit_as
from healthspace.access.rules import Action, Reason, Tie
from healthspace.base.errors import Invalid
from healthspace.identity.caller import caller_of_professional
from healthspace.identity.directory import professional_of
from healthspace.resources.query import Query, Sort
from healthspace.resources.reach import Reach
from healthspace.resources.reading import is_shown
from healthspace.resources.search import search
from healthspace.resources.stored import Stored

MOST = 1000


@dataclass(frozen=True, slots=True)
class Preview:
    """The documents that would be seen, newest first, and the reason of the verdict."""

    reason: Reason
    documents: tuple[Stored, ...]


async def preview_access(p: Permit, rpps: str, *, authorised: bool) -> Preview:
    """What the professional sees now or, with `authorised`, what they would see once authorised. Invalid when nobody has that number."""
    p.must_be_for(Action.PREVIEW_ACCESS)
    person = professional_of(rpps)
    if person is None:
        raise Invalid("the directory knows no professional with this RPPS number", place="professional")
    assumed = frozenset({Tie.AUTHORISED, Tie.EXPRESS}) if authorised else frozenset[str]()
    reason, seen = await permit_as(p, caller_of_professional(None, person), assumed)
    if seen is None:
        return Preview(reason, ())
    query = Query("DocumentReference", sort=(Sort("date", descending=True),), count=MOST, total=False)
    page = await search(Reach(seen), query, Reach(seen).scope("DocumentReference"))
    return Preview(reason, tuple(one for one in page.entries if is_shown(p, one.json())))
