"""The data types of a CDA header (HL7 v3) as frozen values, and their readers.

nullFlavors: a reader returns None, or leaves the part out, where the document says that it has nothing to say. MSK (masked) is
kept by `Code.absent`, because "hidden" must never be shown as "unknown".
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lxml import etree

from healthspace.cda.parse import HL7

Element = etree._Element
_PREFIX = f"{{{HL7}}}"


@dataclass(frozen=True, slots=True)
class Identifier:
    """An instance identifier: `root` is an OID or a UUID, `extension` the value inside it ("" when the root is all)."""

    root: str
    extension: str = ""


@dataclass(frozen=True, slots=True)
class Code:
    """A concept. `system` is an OID; `absent` is the nullFlavor when there is no main code ("" otherwise)."""

    code: str = ""
    system: str = ""
    display: str = ""
    text: str = ""
    absent: str = ""
    translations: tuple["Code", ...] = ()


@dataclass(frozen=True, slots=True)
class NamePart:
    """A family or given name; `qualifier` is BR (birth), CL (used), SP (married) or ""."""

    value: str
    qualifier: str = ""


@dataclass(frozen=True, slots=True)
class Name:
    """A name of a person. `text` holds what the sender wrote without saying which part is which."""

    families: tuple[NamePart, ...] = ()
    givens: tuple[NamePart, ...] = ()
    prefixes: tuple[str, ...] = ()
    suffixes: tuple[str, ...] = ()
    text: str = ""

    def family(self, *qualifiers: str) -> str:
        """The first family name with one of `qualifiers`, tried in order; ""."""
        return _first_part(self.families, qualifiers)

    def given(self, *qualifiers: str) -> str:
        """The given names with one of `qualifiers`, tried in order, joined by spaces; ""."""
        for qualifier in qualifiers:
            found = [part.value for part in self.givens if part.qualifier == qualifier]
            if found:
                return " ".join(found)
        return ""


@dataclass(frozen=True, slots=True)
class Address:
    """A postal address; `lines` are in reading order. `county` of a birthplace is its INSEE code."""

    lines: tuple[str, ...] = ()
    postal_code: str = ""
    city: str = ""
    county: str = ""
    state: str = ""
    country: str = ""
    use: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Telecom:
    """A way to reach somebody: `value` is a URI such as tel:… or mailto:…; `use` an HL7 v3 code (H, WP, MC…)."""

    value: str
    use: str = ""


def children(element: Element | None, name: str) -> list[Element]:
    """The child elements `name` of the HL7 namespace; none of None."""
    return [] if element is None else list(element.iterchildren(_PREFIX + name))


def child(element: Element | None, *path: str) -> Element | None:
    """The first element at `path` (child, its child…), or None."""
    for name in path:
        if element is None:
            return None
        element = next(element.iterchildren(_PREFIX + name), None)
    return element


def texts(element: Element) -> list[str]:
    """The text nodes inside `element`, in order."""
    return [str(node) for node in element.itertext()]


def words(element: Element | None) -> str:
    """All the text inside `element`, runs of spaces as one; "" for None."""
    if element is None:
        return ""
    return tidy("".join(texts(element)) if len(element) else element.text)


def tidy(text: str | None) -> str:
    return " ".join(text.split()) if text else ""


def attribute(element: Element | None, name: str) -> str:
    text = None if element is None else element.get(name)
    return " ".join(text.split()) if text else ""


def truth(element: Element | None, name: str) -> bool | None:
    """An xs:boolean, which may be written "1" and "0" (XML Schema 2, §3.2.2); None when it is none."""
    return {"true": True, "1": True, "false": False, "0": False}.get(attribute(element, name).lower())


def read_identifiers(parent: Element | None, name: str = "id") -> tuple[Identifier, ...]:
    """The identifiers that say something: a root, and no nullFlavor alone."""
    found = (read_identifier(element) for element in children(parent, name))
    return tuple(identifier for identifier in found if identifier is not None)


def read_identifier(element: Element | None) -> Identifier | None:
    root = attribute(element, "root")
    if not root or (attribute(element, "nullFlavor") and not attribute(element, "extension")):
        return None
    return Identifier(root, attribute(element, "extension"))


def read_code(element: Element | None) -> Code | None:
    """A concept with its translations; None when the element is absent or holds nothing but a plain "unknown"."""
    if element is None:
        return None
    translations = tuple(code for code in map(read_code, children(element, "translation")) if code is not None)
    code = Code(
        code=attribute(element, "code"),
        system=attribute(element, "codeSystem"),
        display=attribute(element, "displayName"),
        text=words(child(element, "originalText")),
        absent="" if attribute(element, "code") else attribute(element, "nullFlavor"),
        translations=translations,
    )
    return code if code.code or code.display or code.text or translations or code.absent == "MSK" else None


def every_code(code: Code) -> Iterator[Code]:
    """The concept's own code, then those of its translations; only real codes."""
    if code.code:
        yield code
    for translation in code.translations:
        yield from every_code(translation)


def read_name(elements: Iterable[Element]) -> Name | None:
    """One name out of all the `name` elements of a person: the French framework splits birth and used names differently."""
    families: list[NamePart] = []
    givens: list[NamePart] = []
    prefixes: list[str] = []
    suffixes: list[str] = []
    loose: list[str] = []
    for element in elements:
        families += _read_parts(element, "family")
        givens += _read_parts(element, "given")
        prefixes += filter(None, map(words, children(element, "prefix")))
        suffixes += filter(None, map(words, children(element, "suffix")))
        loose.append(_loose_text(element))
    text = tidy(" ".join(loose))
    return Name(tuple(families), tuple(givens), tuple(prefixes), tuple(suffixes), text) if families or givens or text else None


def _read_parts(element: Element, name: str) -> list[NamePart]:
    parts = ((words(part), attribute(part, "qualifier")) for part in children(element, name))
    # A part may carry several qualifiers ("BR CL"): it is then each of them.
    return [NamePart(value, each) for value, qualifier in parts if value for each in qualifier.split() or [""]]


def _first_part(parts: tuple[NamePart, ...], qualifiers: tuple[str, ...]) -> str:
    return next((part.value for qualifier in qualifiers for part in parts if part.qualifier == qualifier), "")


_STREET = ("houseNumber", "houseNumberNumeric", "streetNameType", "streetName", "streetNameBase")
_MORE_LINES = ("streetAddressLine", "additionalLocator", "unitID", "unitType", "postBox", "precinct", "deliveryAddressLine")


def read_addresses(parent: Element | None) -> tuple[Address, ...]:
    found = (read_address(element) for element in children(parent, "addr"))
    return tuple(address for address in found if address is not None)


def read_address(element: Element | None) -> Address | None:
    """An address; None when nothing is said (nullFlavor)."""
    if element is None:
        return None
    parts: dict[str, list[str]] = {}
    for part in element.iterchildren(_PREFIX + "*"):
        if said := words(part):
            parts.setdefault(part.tag.removeprefix(_PREFIX), []).append(said)
    street = " ".join(word for name in _STREET for word in parts.get(name, ()))
    address = Address(
        lines=tuple(filter(None, (street, *(line for name in _MORE_LINES for line in parts.get(name, ()))))),
        postal_code=" ".join(parts.get("postalCode", ())),
        city=" ".join(parts.get("city", ())),
        county=" ".join(parts.get("county", ())),
        state=" ".join(parts.get("state", ())),
        country=" ".join(parts.get("country", ())),
        use=attribute(element, "use"),
        text=_loose_text(element),
    )
    return None if address == Address(use=address.use) else address


def _loose_text(element: Element) -> str:
    """The text beside the parts of a name or an address: all of it when the sender used no parts."""
    return tidy(" ".join(filter(None, (element.text, *(part.tail for part in element)))))


def read_telecoms(parent: Element | None) -> tuple[Telecom, ...]:
    found = ((attribute(element, "value"), attribute(element, "use")) for element in children(parent, "telecom"))
    return tuple(Telecom(value, use) for value, use in found if value)
