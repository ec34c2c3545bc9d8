"""A form with a file (RFC 7578), read into memory: no file of a citizen ever lies unsealed on a disk."""

from dataclasses import dataclass, field

from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import Request

from healthspace.base.errors import Malformed, TooLarge

MOST_PARTS = 20
LARGEST_FIELD = 4096
"""Octets of what is typed into one field."""
LARGEST_READ = 20_000_000
"""Octets of a file that are read to their end, kept or not."""
OVERHEAD = 1 << 16
"""Octets of a request beyond its file: headers of parts and fields."""


@dataclass(slots=True)
class Upload:
    """The fields of a form, tidied, and its file; `too_large` when the file was over the limit, and then its content is not kept."""

    fields: dict[str, str] = field(default_factory=dict)
    content: bytes = b""
    too_large: bool = False


async def read_upload(request: Request, *, name: str, limit: int) -> Upload:
    """Reads a form whose one file is in the field `name`. Malformed when it is no such form, TooLarge beyond any reason.

    A file somewhat over `limit` octets is read to its end, so that what was typed beside it can be shown again.
    """
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    if kind != b"multipart/form-data" or not options.get(b"boundary"):
        raise Malformed("a form with a file is expected", place="Content-Type")
    reader = _Reader(name, limit)
    parser = MultipartParser(options[b"boundary"], reader.callbacks())  # type: ignore[arg-type]
    received = 0
    try:
        async for chunk in request.stream():
            received += len(chunk)
            if received > LARGEST_READ + OVERHEAD:
                raise TooLarge("this form is too large", place="Content-Length")
            parser.write(chunk)
        parser.finalize()
    except MultipartParseError:
        raise Malformed("this form cannot be read") from None
    return reader.upload


class _Reader:
    """Collects the parts of a form as the parser meets them."""

    def __init__(self, name: str, limit: int) -> None:
        self.upload = Upload()
        self._file, self._limit = name, limit
        self._header, self._said, self._data = bytearray(), bytearray(), bytearray()
        self._part, self._parts, self._is_file = "", 0, False

    def callbacks(self) -> dict[str, object]:
        return {
            "on_part_begin": self._begin,
            "on_header_field": lambda data, start, end: self._header.extend(data[start:end]),
            "on_header_value": lambda data, start, end: self._said.extend(data[start:end]),
            "on_header_end": self._end_header,
            "on_part_data": self._add,
            "on_part_end": self._end,
        }

    def _begin(self) -> None:
        self._parts += 1
        if self._parts > MOST_PARTS:
            raise Malformed("this form has too many parts")
        self._data, self._part, self._is_file = bytearray(), "", False

    def _end_header(self) -> None:
        if self._header.lower() == b"content-disposition":
            _, options = parse_options_header(bytes(self._said))
            self._part = options.get(b"name", b"").decode("utf-8", "replace")
            self._is_file = b"filename" in options and self._part == self._file
        self._header, self._said = bytearray(), bytearray()

    def _add(self, data: bytes, start: int, end: int) -> None:
        limit = self._limit if self._is_file else LARGEST_FIELD
        if len(self._data) + end - start <= limit:
            self._data.extend(data[start:end])
        elif self._is_file:
            self.upload.too_large = True
        else:
            raise TooLarge("a field of this form is too long")

    def _end(self) -> None:
        if self._is_file:
            self.upload.content = b"" if self.upload.too_large else bytes(self._data)
        elif self._part:
            self.upload.fields[self._part] = " ".join(self._data.decode("utf-8", "replace").split())
