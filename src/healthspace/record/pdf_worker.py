"""Turns pages of a PDF into pictures and text, in a process of its own that can do nothing else.

    python -I -m healthspace.record.pdf_worker FIRST COUNT  <  document.pdf
    python -I -m healthspace.record.pdf_worker FIRST COUNT text  <  document.pdf

Answers on standard output with frames: four bytes of length (big-endian), then that many bytes. The first frame is JSON,
{"pages": total}; then three frames a page: JSON {"number", "width", "height"}, the PNG, the text in UTF-8; or one, the text,
where it alone is asked for. Exit code 3 when the PDF cannot be read. A reader that was taken over by a hostile file finds no
environment, no network, no file to open or write, and little time.
"""

import codecs
import json
import resource
import sys
from io import BytesIO
from typing import Any, BinaryIO

# Loaded before the process closes itself: after that, not even a module can be opened.
import pypdfium2

UNREADABLE = 3
WIDTH = 1000
"""Pixels across a page: sharp on a telephone, readable on a screen."""
TALLEST = 2400
MEMORY = 1 << 30
SECONDS = 20
LONGEST_TEXT = 20_000
"""Characters of one page's text."""


def main(arguments: list[str]) -> int:
    """Reads up to COUNT pages from page FIRST (1 is the first)."""
    first, count, pictures = int(arguments[0]), int(arguments[1]), arguments[2:] != ["text"]
    content = sys.stdin.buffer.read()
    load_everything(pictures=pictures)
    close_the_process()
    try:
        answer(content, first, count, sys.stdout.buffer, pictures=pictures)
    except (pypdfium2.PdfiumError, MemoryError, ValueError, RuntimeError):
        return UNREADABLE
    return 0


def load_everything(*, pictures: bool = True) -> None:
    """What Pillow and pypdfium2 would import at their first use."""
    if pictures:
        from PIL import Image

        Image.preinit()
    codecs.lookup("utf-16-le")


def close_the_process() -> None:
    """No new file, socket or process; nothing written to a file; a limit on memory and on time."""
    for limit, value in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, SECONDS),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_NOFILE, 3),
    ):
        resource.setrlimit(limit, (value, value))


def answer(content: bytes, first: int, count: int, output: BinaryIO, *, pictures: bool = True) -> None:
    """Writes the frames."""
    document = pypdfium2.PdfDocument(content)
    total = len(document)
    if not total:
        raise ValueError("a PDF without pages")
    write_frame(output, json.dumps({"pages": total}).encode())
    for index in range(max(first - 1, 0), min(first - 1 + count, total)):
        if not pictures:
            write_frame(output, read(document[index]).encode("utf-8", "replace"))
            continue
        image, text = render(document[index])
        write_frame(output, json.dumps({"number": index + 1, "width": image.width, "height": image.height}).encode())
        write_frame(output, encode(image))
        write_frame(output, text.encode("utf-8", "replace"))


def render(page: Any) -> tuple[Any, str]:
    """One page as a picture and as text. A page of absurd proportions is reduced until it fits."""
    width, height = page.get_size()
    scale = min(WIDTH / max(width, 1), TALLEST / max(height, 1))
    image = page.render(scale=scale, rev_byteorder=True).to_pil()
    return image.convert("RGB"), read(page)


def read(page: Any) -> str:
    """The text of a page."""
    text: str = page.get_textpage().get_text_bounded()[:LONGEST_TEXT]
    return text.replace("\r\n", "\n").strip()


def encode(image: Any) -> bytes:
    """The picture as PNG. A page of text has few colours: in grey or by a palette, the same picture has a tenth of the size."""
    colours = image.getcolors(256)
    if colours is not None:
        grey = all(red == green == blue for _, (red, green, blue) in colours)
        image = image.convert("L") if grey else image.quantize(256, dither=0)
    written = BytesIO()
    image.save(written, "PNG")
    return written.getvalue()


def write_frame(output: BinaryIO, content: bytes) -> None:
    output.write(len(content).to_bytes(4, "big") + content)
    output.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
