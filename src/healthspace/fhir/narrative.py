"""The XHTML of FHIR narratives, written again from a list of what is allowed (R4: narrative.html#xhtml).

The parser may be lenient because nothing it keeps is trusted: only listed elements come out, and of attributes only those that
are checked here. Scripts, styles, forms and frames lose even their content.
"""

import re
from collections.abc import Callable
from html import unescape

from lxml import etree

from healthspace.base import html
from healthspace.base.media import INLINE_IMAGES, decode_base64, magic_type

KEPT = html.ELEMENTS - {"figcaption", "figure", "h1", "h2", "h3", "h4", "h5", "h6", "img", "section"}
RENAMED = {
    "b": "strong",
    "i": "em",
    "tt": "code",
    "big": "strong",
    "var": "em",
    "dfn": "em",
    "kbd": "code",
    "samp": "code",
    "address": "div",
}
DROPPED = frozenset(
    {
        *("applet", "audio", "base", "canvas", "embed", "form", "frame", "frameset", "head", "iframe", "input", "link", "math"),
        *("meta", "noscript", "object", "script", "style", "svg", "template", "title", "video"),
    }
)
_HEADINGS = re.compile(r"h[1-6]")
_ENTITY = re.compile(r"&(?!(?:amp|lt|gt|quot|apos);)[A-Za-z][A-Za-z0-9]*;", re.ASCII)
_DATA_IMAGE = re.compile(r"data:image/(?:png|jpeg|gif);base64,(.*)", re.DOTALL)
_DEPTH_LIMIT = 100

FindImage = Callable[[str], tuple[bytes, str] | None]
"""Given the `src` of an image, its bytes and media type when the document carries it."""


class XhtmlWriter:
    """Writes the narratives of one document. `level` is that of the first heading inside a narrative."""

    def __init__(self, prefix: str, find_image: FindImage) -> None:
        self._prefix, self._find_image = prefix, find_image
        self._used: set[str] = set()
        self._shown: set[str] = set()
        self._depth = 0
        self._level = 3
        self.warnings: list[str] = []

    def write(self, div: str, level: int) -> str:
        """Safe HTML of `div`, the text of a narrative; "" when it cannot be read at all."""
        self._level = level
        root = self._parse(div)
        return "" if root is None else html.element("div", self._flow(root), {"class": "narrative", **self._common(root)})

    def _parse(self, div: str) -> etree._Element | None:
        source = _ENTITY.sub(lambda match: html.text(unescape(match[0])), div).encode("utf-8", "replace")
        try:
            if b"<!DOCTYPE" not in source:
                return etree.fromstring(
                    source, etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True)
                )
        except etree.XMLSyntaxError:
            pass
        self.warnings.append("a narrative is not well-formed XHTML")
        parser = etree.HTMLParser(no_network=True, remove_comments=True, remove_pis=True, encoding="utf-8")
        try:
            return etree.fromstring(source, parser)
        except etree.XMLSyntaxError:
            return None

    def _flow(self, element: etree._Element) -> str:
        if self._depth >= _DEPTH_LIMIT:
            return html.text(" ".join(map(str, element.itertext())))
        self._depth += 1
        parts = [html.text(element.text or "")]
        for each in element:
            parts += (self._write_child(each), html.text(each.tail or ""))
        self._depth -= 1
        return "".join(parts)

    def _write_child(self, element: etree._Element) -> str:
        name = _name(element)
        name = RENAMED.get(name, name)
        if name in DROPPED:
            self.warnings.append("a narrative holds something that runs or loads: it is left out")
            return ""
        if name == "img":
            return self._write_image(element)
        if name == "a":
            return html.link(self._flow(element), self._target(element), self._identify(element.get("id") or element.get("name")))
        if _HEADINGS.fullmatch(name):
            return html.heading(self._level + int(name[1]) - 1, self._flow(element), self._identify(element.get("id")))
        if name in html.VOID and name in KEPT:
            return html.element(name) + self._flow(element)
        return html.element(name, self._flow(element), self._common(element)) if name in KEPT else self._flow(element)

    def _common(self, element: etree._Element) -> dict[str, str | None]:
        attributes = {
            "id": self._identify(element.get("id")),
            "lang": html.safe_language(element.get("lang") or element.get("{http://www.w3.org/XML/1998/namespace}lang")),
        }
        if _name(element) in ("td", "th"):
            attributes["colspan"] = html.safe_span(element.get("colspan"))
            attributes["rowspan"] = html.safe_span(element.get("rowspan"))
            attributes["scope"] = self._scope(element)
        return attributes

    def _scope(self, element: etree._Element) -> str | None:
        """Which cells a header is about, so that a screen reader can say it; the writer's word first."""
        if _name(element) != "th":
            return None
        said = element.get("scope")
        if said in ("col", "row", "colgroup", "rowgroup"):
            return said
        group = next((name for each in element.iterancestors() if (name := _name(each)) in ("thead", "tbody")), "")
        return "row" if group == "tbody" and element.getprevious() is None and element.getnext() is not None else "col"

    def _identify(self, identifier: str | None) -> str | None:
        safe = html.safe_id(identifier)
        if safe is None or safe in self._used:
            return None
        self._used.add(safe)
        return self._prefix + safe

    def _target(self, element: etree._Element) -> str:
        target = element.get("href") or ""
        return f"#{self._prefix}{target[1:]}" if target.startswith("#") else target

    def _write_image(self, element: etree._Element) -> str:
        """A picture that the document carries, each shown once; the words that stand for it otherwise."""
        source, words = element.get("src") or "", element.get("alt") or ""
        found = _read_data_image(source) or self._find_image(source)
        if found is None or found[1] not in INLINE_IMAGES or source in self._shown:
            return html.text(words)
        self._shown.add(source)
        return html.picture(*found, words)


def _name(element: etree._Element) -> str:
    """The local name, in lower case; lxml's QName refuses names that its own HTML parser makes up."""
    return str(element.tag).rpartition("}")[2].lower()


def _read_data_image(source: str) -> tuple[bytes, str] | None:
    match = _DATA_IMAGE.fullmatch(source.strip())
    data = decode_base64(match[1]) if match else None
    media_type = magic_type(data) if data else None
    return (data, media_type) if data and media_type else None
