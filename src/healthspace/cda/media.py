"""The files carried inside a clinical document: pictures, attached documents, and bodies that are files."""

from dataclasses import dataclass

from healthspace.base.media import UNKNOWN, checked_type, decode_base64
from healthspace.cda.parse import HL7
from healthspace.cda.values import Element, attribute, child, texts, words

_PREFIX = f"{{{HL7}}}"
_NAMING = tuple(_PREFIX + name for name in ("content", "td", "paragraph"))
_TITLE_LIMIT = 200
"""Characters of a title: what a hostile document could repeat for each of its files."""


@dataclass(frozen=True, slots=True)
class EmbeddedFile:
    """A file: `ids` are the XML identifiers it can be referred to by, `media_type` what its bytes really are."""

    ids: tuple[str, ...]
    title: str
    media_type: str
    data: bytes


def read_files(root: Element, warnings: list[str]) -> list[EmbeddedFile]:
    """Every observationMedia that holds bytes, in document order; what cannot be read is told in `warnings`."""
    titles: _Titles | None = None
    files = []
    for media in root.iter(_PREFIX + "observationMedia"):
        data = decode_value(child(media, "value"), warnings)
        if data is None:
            continue
        titles = titles or _Titles(root)
        media_type = _check(data, attribute(child(media, "value"), "mediaType"), warnings)
        files.append(EmbeddedFile(_read_ids(media), titles.find(media), media_type, data))
    return files


def read_body(root: Element, warnings: list[str]) -> EmbeddedFile | None:
    """The body of a document that is a file (level 1); None when the body is structured, absent or unreadable."""
    text = child(root, "component", "nonXMLBody", "text")
    data = decode_value(text, warnings)
    if data is None:
        return None
    media_type = _check(data, attribute(text, "mediaType") or "text/plain", warnings)
    return EmbeddedFile((), words(child(root, "title")), media_type, data)


def decode_value(value: Element | None, warnings: list[str]) -> bytes | None:
    """The bytes of encapsulated data (HL7 v3 ED). A reference to somewhere else is never followed."""
    if value is None:
        return None
    content = "".join(text for text in (value.text, *(each.tail for each in value)) if text)
    if not content.strip():
        if child(value, "reference") is not None:
            warnings.append("a file is referred to and not included: it is not fetched")
        return None
    media_type = attribute(value, "mediaType") or "text/plain"
    if attribute(value, "representation") != "B64" and media_type.startswith("text/"):
        return "".join(texts(value)).encode()
    data = decode_base64(content)
    if data is None:
        warnings.append("a file is not valid base64")
    return data


def _check(data: bytes, declared: str, warnings: list[str]) -> str:
    found = checked_type(data, declared)
    if found == UNKNOWN:
        warnings.append("a file is not of the media type it is said to be, or of a kind that is not known")
    return found


def _read_ids(media: Element) -> tuple[str, ...]:
    """Its own identifier, and that of the region of interest around it, by which pictures are also referred to."""
    region = next(media.iterancestors(_PREFIX + "regionOfInterest"), None)
    return tuple(filter(None, (media.get("ID"), None if region is None else region.get("ID"))))


class _Titles:
    """Finds the titles of files. The words of an element are read once, however many files it names."""

    def __init__(self, root: Element) -> None:
        self._named = {each.get("ID"): each for each in root.iter() if each.get("ID")}
        self._words: dict[Element, str] = {}

    def find(self, media: Element) -> str:
        """What the narrative or the entry around calls this file; the title of its section when neither names it."""
        around = next(media.iterancestors(_PREFIX + "organizer", _PREFIX + "observation"), None)
        observation = _observation_of(around)
        value = child(observation, "value")
        section = next(media.iterancestors(_PREFIX + "section"), None)
        return (
            self._referenced(observation)
            or attribute(value, "displayName")[:_TITLE_LIMIT]
            or self._said(value)
            or attribute(child(around, "code") if around is observation else None, "displayName")[:_TITLE_LIMIT]
            or self._said(child(section, "title"))
            or attribute(child(section, "code"), "displayName")[:_TITLE_LIMIT]
        )

    def _referenced(self, observation: Element | None) -> str:
        """The words that the observation refers to. A reference to the file itself, or to a whole table, names nothing."""
        target = self._named.get(attribute(child(observation, "text", "reference"), "value").removeprefix("#"))
        return self._said(target) if target is not None and target.tag in _NAMING else ""

    def _said(self, element: Element | None) -> str:
        if element is None:
            return ""
        if element not in self._words:
            self._words[element] = words(element)[:_TITLE_LIMIT]
        return self._words[element]


def _observation_of(around: Element | None) -> Element | None:
    """The observation beside a file in its organizer, or around it, which says what it is."""
    if around is None or around.tag == _PREFIX + "observation":
        return around
    beside = (child(part, "observation") for part in around.iterchildren(_PREFIX + "component"))
    return next((each for each in beside if each is not None), None)
