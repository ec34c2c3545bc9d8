"""A list of documents as a page asks for it: words, one family, a page at a time.

What decides is known of every document without opening it (its place in time, its family); only those shown are read, and told in full.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urlencode
from uuid import UUID

from healthspace.base.text import fold
from healthspace.edge.portal.families import FAMILIES, TELLING, family_among
from healthspace.edge.portal.language import Language
from healthspace.edge.portal.views import Filter, Month, count_families, group_by_month, show_row
from healthspace.record.find import Outline
from healthspace.resources.stored import Stored
from healthspace.terminology.labels import label_of_type
from healthspace.terminology.type_labels import TYPES

PAGE = 30
"""Documents of one page."""


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
    shown: tuple[UUID, ...]
    months: tuple[Month, ...] = ()

    @property
    def name(self) -> str:
        """The name of the family; empty when it is all of them."""
        return next((family.name for family in FAMILIES if family.code == self.family), "")

    def link(self, path: str, *, family: str | None = None, after: str = "") -> str:
        """The address of this list with another family, or of its page that begins after a document."""
        asked = {"q": self.words, "type": self.family if family is None else family, "after": after}
        query = urlencode({name: value for name, value in asked.items() if value})
        return f"{path}?{query}" if query else path


def lay_out(documents: Sequence[Outline], asked: Question, matching: Collection[UUID] | None = None) -> Listing:
    """The page that is asked for, of the documents in force, newest first; `matching` are those that hold the words (None: no words).

    The counts of the filters are those of the words. What is shown is still to be told (`tell`).
    """
    known = asked.family if asked.family in {one.code for one in FAMILIES} else ""
    held = [(one.id, family_among(one.codes)) for one in documents if matching is None or one.id in matching]
    found = [identifier for identifier, family in held if not known or family.code == known]
    start = _place(found, asked.after)
    number = -(-start // PAGE) + 1
    return Listing(
        words=asked.words,
        family=known,
        number=number,
        last=number + max(0, -(-(len(found) - start) // PAGE) - 1),
        total=len(documents),
        found=len(found),
        newer=None if not start else _id(found, start - PAGE - 1),
        older=_id(found, start + PAGE - 1) if start + PAGE < len(found) else None,
        filters=tuple(count_families(family for _, family in held)),
        shown=tuple(found[start : start + PAGE]),
    )


def tell(listing: Listing, documents: Iterable[Stored], language: Language, now: datetime, *, own: bool = True) -> Listing:
    """The page with its rows by month; `documents` are those that it shows."""
    by_id = {one.id: one for one in documents}
    rows = [show_row(by_id[one].json(), language, now, own=own) for one in listing.shown if one in by_id]
    return replace(listing, months=tuple(group_by_month(rows, language)))


def find_matching(documents: Iterable[Outline], words: str, held: Mapping[UUID, Collection[str]], language: Language) -> set[UUID]:
    """The documents that hold every one of `words`, whatever the accents and capitals: `held` are those that each says of itself or in
    its text; the others may be in the name of its kind or of its family."""
    wanted = fold(words).split()
    return {one.id for one in documents if _holds(one, [word for word in wanted if word not in held.get(one.id, ())], language)}


def _holds(document: Outline, wanted: Sequence[str], language: Language) -> bool:
    if not wanted:
        return True
    names = language.say(family_among(document.codes).name), *(label_of_type(code, language.code) for _, code in document.codes)
    text = fold(" ".join(names))
    return all(word in text for word in wanted)


def telling(words: str, language: Language) -> dict[str, frozenset[str]]:
    """The codes to be known of documents, by where they carry them: what tells a family, and the kinds whose names hold one of `words`."""
    wanted = fold(words).split()
    kinds = {code for code in TYPES if any(word in fold(label_of_type(code, language.code)) for word in wanted)} if wanted else set()
    return {**TELLING, "type": TELLING["type"] | kinds}


def _place(found: Sequence[UUID], after: str) -> int:
    """Where the page after a document begins; the first page when it is not in the list."""
    return next((place for place, identifier in enumerate(found, 1) if str(identifier) == after), 0) if after else 0


def _id(found: Sequence[UUID], place: int) -> str:
    return str(found[place]) if place >= 0 else ""
