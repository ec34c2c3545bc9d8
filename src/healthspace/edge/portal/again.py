"""A form that came after its session had ended: what was typed waits on a page until its sender is signed in again (WCAG 2.2.5)."""

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

from healthspace.edge.portal.frame import Frame
from healthspace.edge.portal.pages import find_language, load_pages


def keep_typed(request: Request, fields: Mapping[str, str], *, file: bool) -> Response:
    """The form once more, for whoever has just sent it: nothing of it is kept here. `file` when one came with it: it is chosen again."""
    pages = load_pages()
    frame = Frame(find_language(pages, request), path="/sign-in", demo=request.app.state.service.door.demo)
    return pages.render(frame, "again.html", status=401, action=request.url.path, fields=fields, file=file)
