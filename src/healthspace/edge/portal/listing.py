"""A list of documents as a page asks for it: words, one family, fifty at a time."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from healthspace.edge.portal.families import FAMILIES
from healthspace.edge.portal.language import Language
from healthspace.edge.portal.views import DocumentRow, Filter, Month, count_families, group_by_month, search_rows

PAGE = 50
"""Documents of one page."""


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of a list: what was asked, how many documents there are (`total`) and match (`found`), and those shown by month."""

    words: str
    family: str
    number: int
    last: int
    total: int
    found: int
    filters: tuple[Filter, ...]
    months: tuple[Month, ...]

    @property
    def name(self) -> str:
        """The name of the family; empty when it is all of them."""
        return next((family.name for family in FAMILIES if family.code == self.family), "")

    def link(self, path: str, *, family: str | None = None, number: int = 1) -> str:
        """The address of this list with another family, or of another of its pages."""
        asked = {"q": self.words, "type": self.family if family is None else family, "page": str(number) if number > 1 else ""}
        query = urlencode({name: value for name, value in asked.items() if value})
        return f"{path}?{query}" if query else path


def lay_out(
    rows: Sequence[DocumentRow], language: Language, *, words: str = "", inside: Collection[str] = (), family: str = "", number: int = 1
) -> Listing:
    """The page `number` of the documents of `family` that hold `words`, or whose file is in `inside`.

    The counts of the filters are those of the words.
    """
    known = family if family in {one.code for one in FAMILIES} else ""
    matching = search_rows(rows, words, inside)
    found = [row for row in matching if not known or row.family.code == known]
    last = max(1, -(-len(found) // PAGE))
    shown = min(max(number, 1), last)
    months = group_by_month(found[(shown - 1) * PAGE : shown * PAGE], language)
    return Listing(
        words=words,
        family=known,
        number=shown,
        last=last,
        total=len(rows),
        found=len(found),
        filters=tuple(count_families(matching)),
        months=tuple(months),
    )
