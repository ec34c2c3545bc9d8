"""A clinical document as a person reads it: safe HTML of all its sections, and the files it carries.

No stylesheet is run: the narrative is written again in our own markup, from lists of what is allowed. Nothing in a document is
ever fetched.
"""

from lxml import etree

from healthspace.base import html
from healthspace.base.documents import Attachment, Rendered
from healthspace.base.media import INLINE_IMAGES, text_of
from healthspace.cda.media import EmbeddedFile, read_body, read_files
from healthspace.cda.narrative import NarrativeWriter, narrative_words, title_of
from healthspace.cda.parse import HL7
from healthspace.cda.values import Element, child, children, words

_SECTION = f"{{{HL7}}}section"
_UNNAMED = {"fr": "Pièce jointe", "en": "Attachment"}


def render(root: Element, *, level: int = 2, prefix: str = "document-", language: str = "fr") -> Rendered:
    """Renders the ClinicalDocument `root`. Its first headings are of `level`; its identifiers get `prefix`.

    `language` is that of the few words of ours ("Pièce jointe"); the document keeps its own.
    """
    if child(root, "component", "nonXMLBody") is not None:
        return _render_file(root, prefix)
    return _Renderer(root, prefix, language).render(level)


def narrative_text(root: Element) -> list[str]:
    """The text nodes of all section titles and narratives: what a rendering must not lose."""
    texts = []
    for section in root.iter(_SECTION):
        texts += [words(title) for title in children(section, "title") if words(title)]
        texts += [said for text in children(section, "text") for said in narrative_words(text)]
    return texts


def _render_file(root: Element, prefix: str) -> Rendered:
    """A body that is one file: shown when it is text or a picture, an attachment in every case."""
    warnings: list[str] = []
    body = read_body(root, warnings)
    if body is None:
        return Rendered("", (), tuple(warnings) or ("the document has no readable body",))
    shown = _show_file(body, prefix)
    return Rendered(shown, (Attachment(body.title, body.media_type, body.data, shown=bool(shown)),), tuple(warnings))


def _show_file(body: EmbeddedFile, prefix: str) -> str:
    if body.media_type in INLINE_IMAGES:
        return html.element("figure", html.picture(body.data, body.media_type, body.title, f"{prefix}body"), {"class": "document-figure"})
    if body.media_type == "text/plain":
        return html.element("pre", html.text(text_of(body.data) or ""), {"class": "document-text"})
    return ""


class _Renderer:
    """Renders one structured document: which pictures are shown already, and what went wrong, are its state."""

    def __init__(self, root: Element, prefix: str, language: str) -> None:
        self._root, self._prefix, self._language = root, prefix, language
        self._warnings: list[str] = []
        self._files = read_files(root, self._warnings)
        self._number_of = {identifier: number for number, file in reversed(list(enumerate(self._files, 1))) for identifier in file.ids}
        self._shown: set[int] = set()
        self._writer = NarrativeWriter(prefix, self._show_media)

    def render(self, level: int) -> Rendered:
        body = child(self._root, "component", "structuredBody")
        if body is None:
            self._warnings.append("the document has no body")
        sections = self._render_components(body, level)
        attachments = tuple(
            Attachment(file.title, file.media_type, file.data, shown=number in self._shown) for number, file in enumerate(self._files, 1)
        )
        return Rendered(sections, attachments, tuple(dict.fromkeys(self._warnings)))

    def _render_components(self, parent: Element | None, level: int) -> str:
        sections = (section for component in children(parent, "component") for section in children(component, "section"))
        return "".join(self._render_section(section, level) for section in sections)

    def _render_section(self, section: etree._Element, level: int) -> str:
        title = title_of(section)
        identifier = self._writer.identify(section.get("ID"))
        heading = html.heading(level, html.text(title)) if title else ""
        narrative = "".join(self._writer.write(text) for text in children(section, "text"))
        inside = self._render_components(section, level + 1 if title else level)
        return html.element("section", heading + narrative + inside, {"id": identifier, "class": "document-section"})

    def _show_media(self, referenced: str, caption: str) -> str:
        """What a renderMultiMedia becomes: its pictures, each shown once, and links to its other files."""
        numbers = [self._number_of[each] for each in referenced.split() if each in self._number_of]
        if len(numbers) < len(referenced.split()) or not numbers:
            self._warnings.append("a picture or file is referred to and not included")
        return "".join(self._show_one(number, caption if number == numbers[0] else "") for number in numbers) or caption

    def _show_one(self, number: int, caption: str) -> str:
        file = self._files[number - 1]
        # No identifier of the document, prefixed, has two hyphens there.
        anchor, name = f"{self._prefix}-media-{number}", caption or html.text(file.title or self._unnamed())
        if file.media_type not in INLINE_IMAGES:
            return html.link(name, f"#attachment-{number}")
        if number in self._shown:
            # Once is enough: a small document could otherwise repeat a large picture without end.
            return html.link(name, f"#{anchor}")
        self._shown.add(number)
        shown = html.picture(file.data, file.media_type, file.title or self._unnamed(), anchor)
        legend = html.element("figcaption", caption) if caption else ""
        return html.element("figure", shown + legend, {"class": "document-figure"})

    def _unnamed(self) -> str:
        return _UNNAMED["en" if self._language.lower().startswith("en") else "fr"]
