"""What a page shows of a DocumentReference (FHIR R4): pure functions from the resource, a plain dict, to frozen values."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from healthspace.access.depositor import depositor_of
from healthspace.access.labels import HIDDEN_FROM_REPRESENTATIVES, MASKED, codes_of
from healthspace.edge.portal.families import FAMILIES, Family, family_of
from healthspace.edge.portal.language import Language, Moment, read_moment
from healthspace.fhir.document_reference import Author, attachment_of, authors_of, first_of, read_title
from healthspace.record.chain import replaced_identifiers, set_id_of, version_of
from healthspace.record.clinical.keep import is_archived
from healthspace.terminology.labels import label_of_type

Resource = dict[str, Any]

NEW_FOR = timedelta(days=7)
"""How long a document that has just arrived is shown as new."""
NEVER = datetime.min.replace(tzinfo=UTC)
"""Where documents without a date stand."""
NEWS_UNTIL = timedelta(days=30)
"""An older document that has just arrived was taken over from somewhere else: it is no news."""


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """A document in a list. `replaces` marks a newer version, `hidden` one that its holder masked from professionals."""

    id: str
    title: str
    type: str
    family: Family
    when: Moment | None
    source: str
    new: bool
    mine: bool
    superseded: bool
    replaces: bool
    hidden: bool
    secret: bool
    """Whether it is hidden from who represents its holder."""
    archived: bool = False


@dataclass(frozen=True, slots=True)
class Month:
    """The documents of one month, under its heading."""

    heading: str
    anchor: str
    rows: tuple[DocumentRow, ...]


@dataclass(frozen=True, slots=True)
class Filter:
    """One filter of a list: a family that has documents, and how many."""

    family: Family
    count: int


def show_row(reference: Resource, language: Language, now: datetime, *, own: bool = True) -> DocumentRow:
    """`reference` as a row of a list; `now` decides what is new, `own` is true of the reader's own record."""
    kind = read_type(reference, language.code)[1]
    authors, mine = authors_of(reference), is_from_citizen(reference)
    family, title = family_of(reference), read_title(reference) or kind
    when = read_date(reference)
    return DocumentRow(
        id=str(reference.get("id", "")),
        title=title,
        type=kind,
        family=family,
        when=when,
        source=_name_source(authors, language, mine=mine, own=own),
        new=not mine and _is_new(reference, when, now),
        mine=mine,
        superseded=reference.get("status") == "superseded",
        replaces=bool(replaced_identifiers(reference)),
        hidden=MASKED in codes_of(reference),
        secret=HIDDEN_FROM_REPRESENTATIVES in codes_of(reference),
        archived=is_archived(reference),
    )


def show_rows(references: Iterable[Resource], language: Language, now: datetime, *, own: bool = True) -> list[DocumentRow]:
    """Rows, the latest document first; those without a date last."""
    rows = [show_row(reference, language, now, own=own) for reference in references]
    return sorted(rows, key=lambda row: row.when.at if row.when else NEVER, reverse=True)


def count_families(families: Iterable[Family]) -> list[Filter]:
    """Each of `families` once, in the order of `FAMILIES`, with the number of times that it stands there."""
    counts = Counter(families)
    return [Filter(family, counts[family]) for family in FAMILIES if counts[family]]


def group_by_month(rows: Sequence[DocumentRow], language: Language) -> list[Month]:
    """`rows` under one heading a month, in the order given."""
    headings: dict[str, list[DocumentRow]] = {}
    for row in rows:
        heading = language.month(row.when) if row.when else language.say("Without a date")
        headings.setdefault(heading, []).append(row)
    return [Month(heading, f"m{number}", tuple(group)) for number, (heading, group) in enumerate(headings.items(), 1)]


def read_type(reference: Resource, language: str) -> tuple[str, str]:
    """Code and name of the kind of document, in `language` where our tables know it, else as the resource says."""
    concept = reference.get("type") or {}
    coding = first_of(concept.get("coding"))
    code = str(coding.get("code", ""))
    return code, label_of_type(code, language) or str(coding.get("display") or concept.get("text") or code)


def read_date(reference: Resource) -> Moment | None:
    """When the document was made."""
    return read_moment(reference.get("date")) or read_moment(attachment_of(reference).get("creation"))


def is_from_citizen(reference: Resource) -> bool:
    """Whether the citizen, not a professional, brought the document or is its first author."""
    author = first_of(reference.get("author"))
    if (depositor_of(reference) or "").startswith("patient|"):
        return True
    contained = {f"#{resource.get('id')}": resource for resource in reference.get("contained") or ()}
    link = str(author.get("reference", ""))
    return link.startswith("Patient/") or contained.get(link, {}).get("resourceType") == "Patient"


def newest_version(reference: Resource, others: Sequence[Resource]) -> str | None:
    """The id of the latest version of a document among `others`; None when nothing there replaces it."""
    latest, seen = reference, {reference["id"]}
    while newer := next((other for other in others if other["id"] not in seen and _replaces(other, latest)), None):
        latest = newer
        seen.add(newer["id"])
    return None if latest is reference else str(latest["id"])


def read_given_name(names: Any) -> str:
    """The name by which to greet a person; empty when there is none."""
    by_use = {name.get("use", ""): name for name in names or ()}
    given = (by_use.get("usual") or {}).get("given") or (by_use.get("official") or first_of(names)).get("given") or [""]
    return str(given[0]).title()


def _name_source(authors: Sequence[Author], language: Language, *, mine: bool, own: bool) -> str:
    if not mine:
        return ", ".join(part for author in authors[:1] for part in (author.name, author.place) if part)
    writer = next((author.name for author in authors[1:] if author.name), "")
    if own:
        return language.say("%(name)s, added by you", name=writer) if writer else language.say("Added by you")
    return language.say("%(name)s, added by the citizen", name=writer) if writer else language.say("Added by the citizen")


def _replaces(newer: Resource, older: Resource) -> bool:
    """By the unique id that the newer one names, or by a higher version of the same set (`record.chain`)."""
    unique_id = (older.get("masterIdentifier") or {}).get("value")
    if unique_id and unique_id in {identifier["value"] for identifier in replaced_identifiers(newer)}:
        return True
    before, after, same = version_of(older), version_of(newer), set_id_of(older)
    return bool(same) and same == set_id_of(newer) and before is not None and after is not None and after > before


def _is_new(reference: Resource, when: Moment | None, now: datetime) -> bool:
    arrived = read_moment((reference.get("meta") or {}).get("lastUpdated"))
    first = (reference.get("meta") or {}).get("versionId", "1") == "1"
    recent = when is not None and now - when.at < NEWS_UNTIL
    return first and recent and arrived is not None and now - arrived.at < NEW_FOR
