"""What went wrong, told to a person: one page per kind of failure. Refused and absent are the same page."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from healthspace.access.opening import Service
from healthspace.base.errors import HealthspaceError, Unauthenticated, Unavailable
from healthspace.edge.errors import status_of
from healthspace.edge.portal.frame import Frame, menu_of
from healthspace.edge.portal.language import Language, mark
from healthspace.edge.portal.pages import find_language, go_to, load_pages
from healthspace.edge.portal.session import identify, show_visitor
from healthspace.identity.caller import Kind


@dataclass(frozen=True, slots=True)
class ErrorPage:
    """A title, what happened, and what to do next."""

    title: str
    what: str
    next: str = ""


BAD_REQUEST = ErrorPage(
    mark("This request could not be understood"),
    mark("Nothing was changed."),
    mark("Go back, reload the page and try again."),
)
NOT_FOUND = ErrorPage(
    mark("This page does not exist"),
    mark("Or it is not open to you. We never say which of the two: the existence of a document is itself private."),
    mark("Check the address, or start again from the home page."),
)
CONFLICT = ErrorPage(
    mark("Something changed in the meantime"),
    mark("What you wanted to do no longer fits what is stored. Nothing was changed."),
    mark("Reload the page to see how things stand."),
)
TOO_LARGE = ErrorPage(
    mark("This is too large"),
    mark("What you sent is over the limit. Nothing was stored."),
)
NOT_ACCEPTED = ErrorPage(
    mark("This was not accepted"),
    mark("Something in what you sent is not right. Nothing was changed."),
    mark("Go back and check what you typed."),
)
FAILED = ErrorPage(
    mark("We have a problem"),
    mark("The fault is ours. Nothing was lost and nothing was changed."),
    mark("Try again in a few minutes."),
)
UNAVAILABLE = ErrorPage(
    mark("The service is briefly unavailable"),
    mark("We could not load your data. Nothing is lost."),
    mark("Try again in a few minutes."),
)

PAGES = {
    400: BAD_REQUEST,
    404: NOT_FOUND,
    405: BAD_REQUEST,
    409: CONFLICT,
    410: NOT_FOUND,
    412: CONFLICT,
    413: TOO_LARGE,
    415: NOT_ACCEPTED,
    422: NOT_ACCEPTED,
    503: UNAVAILABLE,
}


def error_page(request: Request, error: HealthspaceError) -> Response:
    """The page for `error`. Nothing of its message is shown: it is written for developers."""
    status = status_of(error)
    if status == 401:
        return go_to("/sign-in")
    if status == 410:
        # Deleted is as absent as never seen.
        status = 404
    pages = load_pages()
    return pages.render(frame_of(request, find_language(pages, request)), "error.html", status=status, page=PAGES.get(status, FAILED))


def frame_of(request: Request, language: Language) -> Frame:
    """What surrounds a page that shows nobody's data: the menu stays for whoever is signed in."""
    service: Service = request.app.state.service
    path, demo = request.url.path if request.method == "GET" else "/", service.door.demo
    try:
        caller = identify(request, service)
    except (Unauthenticated, Unavailable):
        return Frame(language, path, current=path, demo=demo)
    citizen = caller.kind is Kind.CITIZEN
    return Frame(
        language,
        path,
        show_visitor(caller, language),
        menu_of(caller.kind),
        current=path,
        search="/documents" if citizen else "",
        relatives=citizen,
        demo=demo,
    )
