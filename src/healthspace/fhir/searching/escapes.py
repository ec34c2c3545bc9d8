r"""Escapes of search values (R4 search.html#escaping): `\,`, `\|`, `\$` and `\\` are the characters themselves."""


def unescape(text: str) -> str:
    """A value without its escapes."""
    return "".join(split_at(text, "")) if "\\" in text else text


def split_at(text: str, separator: str, *, keep_escapes: bool = False) -> list[str]:
    """The parts of an escaped value at each `separator` that is not escaped; unescaped, unless they are to be read further."""
    if "\\" not in text:
        return text.split(separator) if separator else [text]
    parts, current, escaped = list[str](), list[str](), False
    for character in text:
        if escaped:
            current.append(f"\\{character}" if keep_escapes else character)
            escaped = False
        elif character == "\\":
            escaped = True
        elif character == separator:
            parts.append("".join(current))
            current = []
        else:
            current.append(character)
    return [*parts, "".join(current)]
