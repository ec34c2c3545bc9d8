"""Writing HTML that is safe by construction: names from our own lists, everything else escaped.

Documents come from anywhere. Their renderers never copy markup: they read a tree and call these functions, which refuse any
element or attribute that is not listed. No list holds an element or an attribute that runs, loads, embeds or submits anything,
and no `style`: the content security policy of the portal forbids it.
"""

import base64
import re
from collections.abc import Mapping
from html import escape

VOID = frozenset({"br", "hr", "img"})
ELEMENTS = frozenset(
    {
        *("a", "abbr", "blockquote", "br", "caption", "cite", "code", "dd", "div", "dl", "dt", "em", "figcaption", "figure"),
        *("h1", "h2", "h3", "h4", "h5", "h6", "hr", "img", "li", "ol", "p", "pre", "q", "section", "small", "span", "strong"),
        *("sub", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "u", "ul"),
    }
)
ATTRIBUTES = frozenset({"alt", "class", "colspan", "href", "id", "lang", "rel", "rowspan", "scope", "src"})

_LINK = re.compile(r"(?:https?://|mailto:|tel:)[^\s\\<>\"']+|#[A-Za-z][\w.:-]*", re.ASCII)
_LINK_KEPT_SPACES = re.compile(r"[\t\r\n]")
_IDENTIFIER = re.compile(r"[A-Za-z0-9_][\w.:-]{0,199}", re.ASCII)
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,3}", re.ASCII)
_SPAN = re.compile(r"[1-9]\d{0,2}", re.ASCII)


def text(value: str) -> str:
    """`value` as HTML text."""
    return escape(value, quote=False)


def element(name: str, content: str = "", attributes: Mapping[str, str | None] | None = None) -> str:
    """An element holding `content`, which is HTML already; attributes whose value is None are left out.

    Raises ValueError for a name that is not in our lists: a renderer that asks for one has a defect.
    """
    if name not in ELEMENTS:
        raise ValueError(f"{name} is not an element that documents may use.")
    opening = name + "".join(_attribute(key, value) for key, value in (attributes or {}).items() if value is not None)
    return f"<{opening}>" if name in VOID else f"<{opening}>{content}</{name}>"


def _attribute(name: str, value: str) -> str:
    if name not in ATTRIBUTES:
        raise ValueError(f"{name} is not an attribute that documents may use.")
    return f' {name}="{escape(value, quote=True)}"'


def safe_link(target: str | None) -> str | None:
    """`target` when following it can only open a page, a mail or a call; None for every other scheme and for relative links.

    Spaces are written as %20: they are common in links to images (WADO).
    """
    cleaned = _LINK_KEPT_SPACES.sub(" ", target or "").strip().replace(" ", "%20")
    return cleaned if _LINK.fullmatch(cleaned) else None


def safe_id(value: str | None) -> str | None:
    """`value` when it can be the identifier of an element; None otherwise."""
    return value if value and _IDENTIFIER.fullmatch(value) else None


def safe_span(value: str | None) -> str | None:
    """A number of columns or rows from 2 to 999; None for anything else."""
    return value if value and value != "1" and _SPAN.fullmatch(value) else None


def safe_language(value: str | None) -> str | None:
    """`value` when it looks like a language tag."""
    return value if value and _LANGUAGE.fullmatch(value) else None


def link(content: str, target: str | None, identifier: str | None = None) -> str:
    """A link to a target that `safe_link` accepts; the content alone when it does not."""
    safe = safe_link(target)
    if safe is None:
        return element("span", content, {"id": identifier}) if identifier else content
    outside = None if safe.startswith("#") else "noopener noreferrer nofollow"
    return element("a", content, {"href": safe, "rel": outside, "id": identifier})


def picture(data: bytes, media_type: str, description: str, identifier: str | None = None) -> str:
    """A picture inside the page. The caller has checked that `data` is one of `media.INLINE_IMAGES`."""
    source = f"data:{media_type};base64,{base64.b64encode(data).decode('ascii')}"
    return element("img", "", {"src": source, "alt": description, "class": "document-image", "id": identifier})


def heading(level: int, content: str, identifier: str | None = None) -> str:
    """A heading; levels below 6 stay at 6."""
    return element(f"h{min(max(level, 1), 6)}", content, {"id": identifier})
