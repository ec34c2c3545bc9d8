"""A list of documents as a page asks for it: words, one family, a page at a time.

What decides is read of every document (its date, its family, what a search looks into); only those shown are told in full.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from urllib.parse import urlencode

from healthspace.base.text import fold
from healthspace.edge.portal.families import FAMILIES, Family, family_of
from healthspace.edge.portal.language import Language
from healthspace.edge.portal.views import (
    NEVER,
    Filter,
    Month,
    Resource,
    attachment_of,
    code_of,
    count_families,
    first_of,
    group_by_month,
    read_date,
    searched_text,
    show_row,
)
from healthspace.resources.stored import Stored

PAGE = 30
"""Documents of one page."""
NOTHING_INSIDE: Mapping[str, Collection[str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of a list: words, the code of a family, the id of the document after which the page begins."""

    words: str = ""
    family: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of a list: what was asked, how many documents there are (`total`) and match (`found`), and those shown by month.

    `newer` and `older` are the documents after which those pages begin; None when there is no such page, "" for the first page.
    """

    words: str
    family: str
    number: int
    last: int
    total: int
    found: int
    newer: str | None
    older: str | None
    filters: tuple[Filter, ...]
    months: tuple[Month, ...]

    @property
    def name(self) -> str:
        """The name of the family; empty when it is all of them."""
        return next((family.name for family in FAMILIES if family.code == self.family), "")

    def link(self, path: str, *, family: str | None = None, after: str = "") -> str:
        """The address of this list with another family, or of its page that begins after a document."""
        asked = {"q": self.words, "type": self.family if family is None else family, "after": after}
        query = urlencode({name: value for name, value in asked.items() if value})
        return f"{path}?{query}" if query else path


@dataclass(frozen=True, slots=True)
class Entry:
    """What decides whether and where a document stands in a list; `matches` what was looked for."""

    at: datetime
    family: Family
    document: Stored
    matches: bool


def lay_out(
    documents: Iterable[Stored],
    language: Language,
    now: datetime,
    asked: Question,
    *,
    inside: Mapping[str, Collection[str]] = NOTHING_INSIDE,
    own: bool = True,
) -> Listing:
    """The page that is asked for, of the documents that are in force. `inside` are the words that files hold, by address.

    The counts of the filters are those of the words.
    """
    wanted = fold(asked.words).split()
    read = (read_entry(one, wanted, inside, language) for one in documents)
    entries = sorted((entry for entry in read if entry is not None), key=lambda one: one.at, reverse=True)
    known = asked.family if asked.family in {one.code for one in FAMILIES} else ""
    matching = [entry for entry in entries if entry.matches]
    found = [entry for entry in matching if not known or entry.family.code == known]
    start = _place(found, asked.after)
    rows = [show_row(entry.document.json(), language, now, own=own) for entry in found[start : start + PAGE]]
    number = -(-start // PAGE) + 1
    return Listing(
        words=asked.words,
        family=known,
        number=number,
        last=number + max(0, -(-(len(found) - start) // PAGE) - 1),
        total=len(entries),
        found=len(found),
        newer=None if not start else _id(found, start - PAGE - 1),
        older=_id(found, start + PAGE - 1) if start + PAGE < len(found) else None,
        filters=tuple(count_families(entry.family for entry in matching)),
        months=tuple(group_by_month(rows, language)),
    )


def read_entry(document: Stored, wanted: Sequence[str], inside: Mapping[str, Collection[str]], language: Language) -> Entry | None:
    """The date and family of a document, and whether it holds every word of `wanted` in title, type, author or place, whatever the
    accents and capitals, or in its text; None when another has replaced it. Nothing else of it is kept."""
    reference = document.json()
    if reference.get("status") == "superseded":
        return None
    when = read_date(reference)
    type_code = str(first_of((reference.get("type") or {}).get("coding")).get("code", ""))
    held = inside.get(str(attachment_of(reference).get("url")), ())
    others = [word for word in wanted if word not in held]
    matches = not others or _says(reference, others, language)
    return Entry(when.at if when else NEVER, family_of(type_code, code_of(reference.get("category"))), document, matches)


def _says(reference: Resource, words: Sequence[str], language: Language) -> bool:
    text = searched_text(reference, language)
    return all(word in text for word in words)


def _place(found: Sequence[Entry], after: str) -> int:
    """Where the page after a document begins; the first page when it is not in the list."""
    return next((place for place, entry in enumerate(found, 1) if entry.document.name == after), 0) if after else 0


def _id(found: Sequence[Entry], place: int) -> str:
    return found[place].document.name if place >= 0 else ""
