"""What a DocumentReference (FHIR R4) says of its document: its title, its authors, where it is; pure readings of the resource, a dict."""

from dataclasses import dataclass
from typing import Any

from healthspace.base.text import fold

Resource = dict[str, Any]

TITLES = {"pr": "Pr", "dr": "Dr", "me": "Me"}
"""Titles that are shown with a name; civilities ("M", "MME") are not."""


@dataclass(frozen=True, slots=True)
class Author:
    """Who wrote a document, as the document says: a person (or a device) and where they work. Either may be empty."""

    name: str
    place: str


def searched_words(reference: Resource) -> str:
    """What a search by words looks into: title, kind as the resource names it, authors and their places, folded.

    The address of the file comes first, on a line of its own: what the file says is kept beside it.
    """
    kind = reference.get("type") or {}
    kinds = [str(kind.get("text", "")), *(str(coding.get("display", "")) for coding in kind.get("coding") or ())]
    said = [part for author in authors_of(reference) for part in (author.name, author.place)]
    return f"{attachment_of(reference).get('url', '')}\n{fold(' '.join((read_title(reference), *kinds, *said)))}"


def read_title(reference: Resource) -> str:
    """The title that the document gives itself, or its description; empty when it has neither."""
    return str(attachment_of(reference).get("title") or reference.get("description") or "").strip()


def attachment_of(reference: Resource) -> Resource:
    """The attachment of the first content; empty when there is none."""
    content = first_of(reference.get("content"))
    attachment: Resource = content.get("attachment") or {}
    return attachment


def first_of(resources: Any) -> Resource:
    """The first of a list of elements that may be missing; empty when there is none."""
    first: Resource = next(iter(resources or ()), {})
    return first


def authors_of(reference: Resource) -> list[Author]:
    """Every author, in the order of the resource, without repeats."""
    contained = {f"#{resource.get('id')}": resource for resource in reference.get("contained") or ()}
    return list(dict.fromkeys(_author(author, contained) for author in reference.get("author") or ()))


def read_name(names: Any) -> str:
    """A person's name (HumanName, the usual one first) as it is written: "Dr Hélène MOREL"; of what has one name only, that one."""
    if isinstance(names, str):
        return names
    listed = {name.get("use", ""): name for name in reversed(names or ())}
    name = {**listed.get("official", {}), **(listed.get("usual") or listed.get("official") or first_of(listed.values()))}
    if name.get("text"):
        return str(name["text"])
    titles = {part.strip(".").casefold() for part in (*(name.get("prefix") or ()), *(name.get("suffix") or ()))}
    title = next((written for known, written in TITLES.items() if known in titles), "")
    return " ".join(part for part in (title, " ".join(name.get("given") or ()), name.get("family", "")) if part)


def _author(author: Resource, contained: dict[str, Resource]) -> Author:
    resource = contained.get(str(author.get("reference", "")), {})
    kind = resource.get("resourceType")
    if kind == "PractitionerRole":
        person = contained.get(str((resource.get("practitioner") or {}).get("reference", "")), {})
        name = read_name(person.get("name")) or str((resource.get("practitioner") or {}).get("display", ""))
        return Author(name or str(author.get("display", "")), _place(resource.get("organization") or {}, contained))
    if kind == "Organization":
        return Author("", str(resource.get("name", "")))
    if kind == "Device":
        name = " ".join(str(part.get("name", "")) for part in resource.get("deviceName") or ())
        return Author(name, _place(resource.get("owner") or {}, contained))
    return Author(read_name(resource.get("name")) or str(author.get("display", "")), "")


def _place(organization: Resource, contained: dict[str, Resource]) -> str:
    return str(contained.get(str(organization.get("reference", "")), {}).get("name") or organization.get("display", ""))
