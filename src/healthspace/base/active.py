"""What would run or load something if a page showed it: the elements, attributes and links that no clinical narrative needs."""

import re
from collections.abc import Mapping

ELEMENTS = frozenset({"applet", "base", "embed", "form", "frame", "iframe", "link", "meta", "object", "script", "style", "svg"})
"""Neither the narrative of CDA R2 (NarrativeBlock.xsd) nor that of FHIR R4 (narrative.html#xhtml) has any of them."""
LINKS = frozenset({"action", "formaction", "href", "src", "url"})

_SPACES = re.compile(r"[\s\x00-\x20]+")
"""Browsers drop line breaks and tabs inside the scheme of a link."""
_RUNNING = re.compile(r"(?:javascript|vbscript|livescript):|data:(?!image/(?:png|jpeg|gif);)", re.IGNORECASE)


def is_active(name: str, attributes: Mapping[str, str]) -> bool:
    """Whether an element of this local name, with these attributes, would run or load something."""
    if name.lower() in ELEMENTS:
        return True
    for attribute, value in attributes.items():
        local = attribute.rpartition("}")[2].lower()
        if (local.startswith("on") and len(local) > 3) or (local in LINKS and _RUNNING.match(_SPACES.sub("", value))):
            return True
    return False
