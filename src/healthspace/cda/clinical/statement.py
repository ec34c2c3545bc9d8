"""One clinical statement (act, observation, organizer…), with what it inherits from the places around it (CDA R2 §4.4)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from lxml import etree

from healthspace.base.fhirjson import Resource
from healthspace.cda.clinical.model import Fact, Unread
from healthspace.cda.parse import HL7
from healthspace.cda.times import Time, offset_of, read_time
from healthspace.cda.values import Element, attribute, child, children, tidy, truth, words

STATEMENTS = frozenset(
    "act encounter observation observationMedia organizer procedure regionOfInterest substanceAdministration supply".split()
)
_PREFIX = f"{{{HL7}}}"


@dataclass(frozen=True)
class Source:
    """The document as its statements need it: who reads which statement, its narrative by ID, its time, the zone it lends."""

    root: Element
    reader_of: "Callable[[Statement], Reader | None]"

    @cached_property
    def zone(self) -> int | None:
        return offset_of(read_time(attribute(child(self.root, "effectiveTime"), "value")))

    @cached_property
    def narrative(self) -> dict[str, Element]:
        """Elements of the narrative by ID; the first of two equal ones keeps it."""
        found: dict[str, Element] = {}
        for block in self.root.iter(_PREFIX + "text"):
            for element in block.iter(etree.Element):
                if identifier := element.get("ID"):
                    found.setdefault(identifier, element)
        return found

    @cached_property
    def references(self) -> dict[Element, Resource | None]:
        """References to those whom participations name, once they have been read: most statements have the same author."""
        return {}

    @cached_property
    def time(self) -> Time:
        return read_time(attribute(child(self.root, "effectiveTime"), "value"))

    def text_of(self, element: Element | None) -> str:
        """What a `text` or `originalText` says: the narrative it refers to, else its own words; "" when its reference dangles."""
        if element is None:
            return ""
        target = attribute(child(element, "reference"), "value").removeprefix("#")
        named = self.narrative.get(target) if target else None
        return narrated(named) if named is not None else words(element)


_APART = frozenset(_PREFIX + name for name in "br caption item list paragraph table tbody td th thead tr".split())
"""Elements of a narrative that stand apart from the words around them."""


def narrated(element: Element | None) -> str:
    """The words of an element of the narrative, with a space wherever it starts a line or a cell."""
    if element is None:
        return ""
    return tidy("".join(_pieces(element))) if len(element) else tidy(element.text)


def _pieces(element: Element) -> Iterator[str]:
    yield element.text or ""
    for inner in element:
        apart = " " if inner.tag in _APART else ""
        if isinstance(inner.tag, str):
            yield apart
            yield from _pieces(inner)
        yield apart + (inner.tail or "")


@dataclass(frozen=True)
class Statement:
    """A statement in its place. `subject` is the relation of the person it is about when that is not the patient (MTH, CHILD…)."""

    source: Source
    element: Element
    key: str
    place: str
    section: str = ""
    subject: str = ""
    author: Element | None = None
    """The nearest `author` around it, below the document's own."""

    @property
    def kind(self) -> str:
        """observation, act, organizer…"""
        return str(self.element.tag).removeprefix(_PREFIX)

    @cached_property
    def templates(self) -> frozenset[str]:
        """The templates that it follows, those of the entry or link that holds it included: IHE laboratory names its acts there."""
        holders = (self.element, self.element.getparent())
        return frozenset(attribute(template, "root") for holder in holders for template in children(holder, "templateId"))

    @property
    def mood(self) -> str:
        return attribute(self.element, "moodCode") or "EVN"

    @property
    def negated(self) -> bool:
        """True when the statement denies, or the link to what it stands in: "not for this reason"."""
        return any(truth(element, "negationInd") for element in (self.element, self.element.getparent()))

    @property
    def status(self) -> str:
        """The statusCode; "" when there is none."""
        return attribute(child(self.element, "statusCode"), "code")

    @property
    def text(self) -> str:
        """The narrative that belongs to the statement."""
        return self.source.text_of(child(self.element, "text"))

    def related(self, *kinds: str) -> Iterator["Statement"]:
        """The statements inside this one, by entryRelationship (of one of the `kinds` of typeCode; any when none is given) or component."""
        return (inner for kind, inner in self._inner if not kinds or kind in kinds)

    @cached_property
    def _inner(self) -> list[tuple[str, "Statement"]]:
        """The statements inside this one, each with the typeCode of its link."""
        links = self.element.iterchildren(_PREFIX + "entryRelationship", _PREFIX + "component")
        inside = [
            (link, inner)
            for link in links
            for inner in link.iterchildren(etree.Element)
            if str(inner.tag).removeprefix(_PREFIX) in STATEMENTS
        ]
        return [(attribute(link, "typeCode"), self._enter(link, inner, position)) for position, (link, inner) in enumerate(inside, 1)]

    def find(self, *templates: str) -> Iterator["Statement"]:
        """The statements directly inside this one that follow one of `templates`."""
        return (inner for inner in self.related() if inner.templates & set(templates))

    def _enter(self, link: Element, inner: Element, position: int) -> "Statement":
        name, step = (str(element.tag).removeprefix(_PREFIX) for element in (inner, link))
        index = 1 + sum(1 for _ in link.itersiblings(link.tag, preceding=True))
        return situate(
            replace(self, element=inner, key=f"{self.key}.{position}", place=f"{self.place}/{step}[{index}]/{name}"),
        )


Found = Iterator[Fact | Unread]
Reader = Callable[[Statement], Found]
"""Reads one statement and all that belongs to it; the statements inside it that it does not know, it gives to `read`."""


def read(statement: Statement) -> Found:
    """What a statement says, by the reader of its template; without one, what the statements inside it say."""
    reader = statement.source.reader_of(statement)
    if reader is not None:
        return reader(statement)
    return read_inside(statement) if any(statement.related()) else _unknown(statement)


def _unknown(statement: Statement) -> Found:
    """A statement of which we know no template, and that holds no other: all that can be told is that it is there."""
    if not statement.subject and not attribute(statement.element, "nullFlavor"):
        yield Unread(statement.place, "unknown-template")


def read_inside(statement: Statement) -> Found:
    """What the statements inside this one say."""
    for inner in statement.related():
        yield from read(inner)


def situate(statement: Statement) -> Statement:
    """`statement` with what it says itself of its subject and its author in the place of what it inherited."""
    subject = relation_of(child(statement.element, "subject")) or statement.subject
    author = child(statement.element, "author")
    return replace(statement, subject=subject, author=author if author is not None else statement.author)


def relation_of(subject: Element | None) -> str:
    """The relation of a `subject` to the patient (MTH, FTH, CHILD…); "OTHER" when it does not say which; "" for the patient."""
    if subject is None:
        return ""
    related = child(subject, "relatedSubject")
    if related is None:
        return ""
    code = attribute(child(related, "code"), "code")
    return "" if code in {"SELF", "ONESELF", "PAT"} else code or "OTHER"


def statements(source: Source) -> Iterator[Statement]:
    """The statements of every entry of every section, in the document's order."""
    body = child(source.root, "component", "structuredBody")
    for number, link in enumerate(children(body, "component"), 1):
        yield from _of_section(source, link, str(number), f"ClinicalDocument/component/structuredBody/component[{number}]", "", None)


def _of_section(source: Source, link: Element, key: str, place: str, subject: str, author: Element | None) -> Iterator[Statement]:
    section = child(link, "section")
    if section is None:
        return
    place += "/section"
    code = tidy(attribute(child(section, "code"), "code"))
    subject = relation_of(child(section, "subject")) or subject
    own = child(section, "author")
    author = own if own is not None else author
    for number, entry in enumerate(children(section, "entry"), 1):
        names = ((inner, str(inner.tag).removeprefix(_PREFIX)) for inner in entry.iterchildren(etree.Element))
        for position, (inner, name) in enumerate((inner, name) for inner, name in names if name in STATEMENTS):
            # The schema allows one statement in an entry; the same place twice would be one fact.
            entry_key = f"{key}.e{number}" + (f"+{position}" if position else "")
            yield situate(Statement(source, inner, entry_key, f"{place}/entry[{number}]/{name}", code, subject, author))
    for number, nested in enumerate(children(section, "component"), 1):
        yield from _of_section(source, nested, f"{key}.{number}", f"{place}/component[{number}]", subject, author)
