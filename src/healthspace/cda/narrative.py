"""The narrative of a section (CDA R2 NarrativeBlock) as our own HTML.

Thirteen elements are all that French senders use; the few others of the schema are known too. What is not known keeps its words
and loses its markup. No attribute is copied: each is read, checked, and written again under our own names and classes.
"""

from collections.abc import Callable, Iterator

from healthspace.base import html
from healthspace.cda.parse import HL7
from healthspace.cda.values import Element, attribute, texts, tidy, words

_PREFIX = f"{{{HL7}}}"
_BLOCKS = tuple(_PREFIX + name for name in ("table", "list", "paragraph", "renderMultiMedia", "caption"))
_DEPTH_LIMIT = 60
"""Deeper than any real narrative. Below, words are kept as plain text, so that no document can exhaust the stack."""

STYLES = {
    "Bold": "narrative-bold",
    "Italics": "narrative-italics",
    "BoldItalics": "narrative-bold narrative-italics",
    "Underline": "narrative-underline",
    "Emphasis": "narrative-emphasis",
    "Lrule": "narrative-rule-left",
    "Rrule": "narrative-rule-right",
    "Toprule": "narrative-rule-top",
    "Botrule": "narrative-rule-bottom",
    "Arabic": "narrative-list-arabic",
    "LittleRoman": "narrative-list-little-roman",
    "BigRoman": "narrative-list-big-roman",
    "LittleAlpha": "narrative-list-little-alpha",
    "BigAlpha": "narrative-list-big-alpha",
    "Disc": "narrative-list-disc",
    "Circle": "narrative-list-circle",
    "Square": "narrative-list-square",
}
ALIGNMENTS = {each: f"narrative-{each}" for each in ("left", "center", "right", "justify")}

ShowMedia = Callable[[str, str], str]
"""Given the `referencedObject` of a renderMultiMedia and its caption (HTML), the HTML that shows or links to it."""


class NarrativeWriter:
    """Writes the narratives of one document: identifiers get `prefix`, and the first of two equal ones keeps it."""

    def __init__(self, prefix: str, show_media: ShowMedia) -> None:
        self._prefix, self._show_media = prefix, show_media
        self._used: set[str] = set()
        self._holding_blocks: set[Element] = set()
        self._depth = 0
        self._writers: dict[str, Callable[[Element], str]] = {
            "content": self._write_content,
            "paragraph": self._write_paragraph,
            "caption": self._write_caption,
            "linkHtml": self._write_link,
            "renderMultiMedia": self._write_media,
            "list": self._write_list,
            "table": self._write_table,
            "br": self._write_break,
            "sub": lambda element: html.element("sub", self._flow(element), self._common(element)),
            "sup": lambda element: html.element("sup", self._flow(element), self._common(element)),
            "footnote": lambda element: html.element("small", self._flow(element), self._common(element, "narrative-footnote")),
            "footnoteRef": self._write_footnote_mark,
        }

    def write(self, narrative: Element) -> str:
        """The HTML of a section's `text` element."""
        self._holding_blocks = _find_holders(narrative)
        return html.element("div", self._flow(narrative), self._common(narrative, "narrative"))

    def identify(self, identifier: str | None) -> str | None:
        """`identifier` with our prefix, once; None when it is unusable or already taken."""
        safe = html.safe_id(identifier)
        if safe is None or safe in self._used:
            return None
        self._used.add(safe)
        return self._prefix + safe

    def _flow(self, element: Element) -> str:
        """The content of `element`: its words, and its children each by its own writer."""
        if self._depth >= _DEPTH_LIMIT:
            return html.text(" ".join(texts(element)))
        self._depth += 1
        parts = [html.text(element.text or "")]
        for each in element:
            parts += (self._write_child(each), html.text(each.tail or ""))
        self._depth -= 1
        return "".join(parts)

    def _write_child(self, element: Element) -> str:
        writer = self._writers.get(element.tag.removeprefix(_PREFIX))
        return writer(element) if writer else self._flow(element)

    def _common(self, element: Element, *classes: str) -> dict[str, str | None]:
        """The identifier and classes of `element`."""
        styles = [STYLES[style] for style in attribute(element, "styleCode").split() if style in STYLES]
        alignment = ALIGNMENTS.get(attribute(element, "align").lower(), "")
        revision = {"delete": "narrative-deleted", "insert": "narrative-inserted"}.get(attribute(element, "revised"), "")
        said = " ".join(filter(None, (*classes, *styles, alignment, revision)))
        return {"id": self.identify(element.get("ID")), "class": said or None}

    def _write_content(self, element: Element) -> str:
        name = "div" if element in self._holding_blocks else "span"
        attributes, content = self._common(element), self._flow(element)
        return html.element(name, content, attributes) if any(attributes.values()) or name == "div" else content

    def _write_paragraph(self, element: Element) -> str:
        # A <p> that holds a table or a list is closed by the browser before it: only a <div> can hold one.
        if element in self._holding_blocks:
            return html.element("div", self._flow(element), self._common(element, "narrative-paragraph"))
        return html.element("p", self._flow(element), self._common(element))

    def _write_caption(self, element: Element) -> str:
        return html.element("div", self._flow(element), self._common(element, "narrative-caption"))

    def _write_break(self, element: Element) -> str:
        return html.element("br") + self._flow(element)

    def _write_link(self, element: Element) -> str:
        target = element.get("href") or ""
        if target.startswith("#"):
            target = f"#{self._prefix}{target[1:]}"
        return html.link(self._flow(element), target, self.identify(element.get("ID")))

    def _write_footnote_mark(self, element: Element) -> str:
        mark = self._flow(element) or "*"
        return html.element("sup", html.link(mark, f"#{self._prefix}{element.get('IDREF') or ''}"), self._common(element))

    def _write_media(self, element: Element) -> str:
        return self._show_media(attribute(element, "referencedObject"), self._flow(element))

    def _write_list(self, element: Element) -> str:
        name = "ol" if attribute(element, "listType") == "ordered" else "ul"
        strays: list[str] = []
        items = [self._write_item(item) for item in self._pick(element, ("item",), strays)]
        return _write_strays(strays) + html.element(name, "".join(items), self._common(element))

    def _write_item(self, element: Element) -> str:
        return html.element("li", self._flow(element), self._common(element))

    def _write_table(self, element: Element) -> str:
        """A table. Words outside its cells, which a browser would move anyway, come before it."""
        strays: list[str] = []
        caption, groups = "", []
        for part in self._pick(element, ("caption", "thead", "tbody", "tfoot", "tr"), strays):
            name = part.tag.removeprefix(_PREFIX)
            if name == "caption" and not caption:
                caption = html.element("caption", self._flow(part), self._common(part))
            elif name == "caption":
                strays.append(self._write_caption(part))
            elif name == "tr":
                groups.append(self._write_row(part, "tbody", strays))
            else:
                rows = "".join(self._write_row(row, name, strays) for row in self._pick(part, ("tr",), strays))
                groups.append(html.element(name, rows, self._common(part)))
        table = html.element("table", caption + "".join(groups), self._common(element))
        return _write_strays(strays) + html.element("div", table, {"class": "narrative-table"})

    def _write_row(self, row: Element, group: str, strays: list[str]) -> str:
        cells = list(self._pick(row, ("th", "td"), strays))
        all_headers = all(cell.tag == _PREFIX + "th" for cell in cells)
        written = []
        for position, cell in enumerate(cells):
            header = group == "thead" or cell.tag == _PREFIX + "th"
            scope = (
                None if not header else "col" if group == "thead" or (all_headers and len(cells) > 1) else "row" if position == 0 else "col"
            )
            attributes = {
                **self._common(cell),
                "colspan": html.safe_span(cell.get("colspan")),
                "rowspan": html.safe_span(cell.get("rowspan")),
                "scope": scope,
            }
            written.append(html.element("th" if header else "td", self._flow(cell), attributes))
        return html.element("tr", "".join(written), self._common(row))

    def _pick(self, element: Element, names: tuple[str, ...], strays: list[str]) -> Iterator[Element]:
        """The children that belong in `element`; everything else in it is written to `strays`."""
        if words_before := (element.text or "").strip():
            strays.append(html.text(words_before) + " ")
        for each in element:
            if each.tag.removeprefix(_PREFIX) in names:
                yield each
            else:
                strays.append(self._write_child(each))
            if words_after := (each.tail or "").strip():
                strays.append(html.text(words_after) + " ")


def _write_strays(strays: list[str]) -> str:
    written = "".join(strays)
    return html.element("div", written) if written else ""


def _find_holders(narrative: Element) -> set[Element]:
    """Every element with a block inside it, found in one pass."""
    holders: set[Element] = set()
    for block in narrative.iter(*_BLOCKS):
        for ancestor in block.iterancestors():
            if ancestor in holders:
                break
            holders.add(ancestor)
    return holders


def narrative_words(narrative: Element) -> list[str]:
    """The text nodes of a narrative that say something, each with its spaces tidied: what a rendering must not lose."""
    return [tidied for node in texts(narrative) if (tidied := tidy(node))]


def title_of(section: Element) -> str:
    """The title of a section, else the name of its code, else ""."""
    return words(section.find(_PREFIX + "title")) or attribute(section.find(_PREFIX + "code"), "displayName")
