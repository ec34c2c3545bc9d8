"""Pages that hold no health data: the site map, help, accessibility, personal data. They are shown to whoever comes, signed in or not."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from healthspace.edge.portal.error_pages import frame_of
from healthspace.edge.portal.pages import find_language, load_pages

PAGES = {"/menu": "menu.html", "/help": "help.html", "/accessibility": "accessibility.html", "/personal-data": "personal_data.html"}
"""Each page by its address."""


def showing(template: str) -> Callable[[Request], Awaitable[Response]]:
    """The endpoint of the page `template`."""

    async def show(request: Request) -> Response:
        pages = load_pages()
        frame = frame_of(request, find_language(pages, request))
        return pages.render(frame, template)

    return show
