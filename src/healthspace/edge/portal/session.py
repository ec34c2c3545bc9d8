"""Who is signed in with this browser."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from starlette.requests import Request
from starlette.responses import Response

from healthspace.access.opening import Service
from healthspace.base import clock
from healthspace.base.errors import Unauthenticated
from healthspace.edge.portal.frame import SessionEnd, Visitor, initials_of, name_role
from healthspace.edge.portal.language import Language
from healthspace.identity.caller import Caller
from healthspace.identity.sessions import LIFETIME

SESSION = "healthspace_session"
"""The cookie that holds the token of the one who is signed in: the same token as for the API."""


NOTICE = timedelta(minutes=30)
"""How long before its end a session is said to end."""

EMERGENCY = "healthspace_emergency"
"""The cookie that holds the token of an emergency access; browsers send it below the address of one record only."""


CONFIDENTIAL = "healthspace_confidential"
"""The cookie that holds the token of a secret connection; browsers send it below the address of one record only."""


def identify(request: Request, service: Service) -> Caller:
    """Who is signed in; Unauthenticated when nobody is, or not any more. With them comes the mode that they declared for a record."""
    token = request.cookies.get(SESSION)
    if not token:
        raise Unauthenticated("nobody is signed in", place="Cookie")
    caller = service.tokens.read(token, clock.now())
    if not request.url.path.startswith("/patients/"):
        return caller
    urgent, secret = (_declared(request, service, caller, name) for name in (EMERGENCY, CONFIDENTIAL))
    return replace(urgent or caller, secret=secret is not None and secret.secret)


def _declared(request: Request, service: Service, caller: Caller, name: str) -> Caller | None:
    """The caller of the token in a cookie. What another person declared with this browser is not theirs, nor what is over."""
    try:
        declared = service.tokens.read(request.cookies.get(name, ""), clock.now())
    except Unauthenticated:
        return None
    return declared if declared.key == caller.key else None


def remember(
    response: Response, token: str, request: Request, *, name: str = SESSION, path: str = "/", lasts: timedelta = LIFETIME
) -> Response:
    """`response`, which also begins the session of `token` in this browser, or the mode that it declares for the record below `path`."""
    secure, seconds = request.url.scheme == "https", int(lasts.total_seconds())
    response.set_cookie(name, token, max_age=seconds, path=path, secure=secure, httponly=True, samesite="lax")
    return response


def show_session(request: Request, service: Service) -> SessionEnd:
    """When the session of this browser ends."""
    now = clock.now()
    expires = service.tokens.prove(request.cookies.get(SESSION, ""), now).expires
    ends = datetime.fromtimestamp(expires, UTC)
    return SessionEnd(ends, ends - now < NOTICE)


def forget(response: Response, *, name: str = SESSION, path: str = "/") -> Response:
    """`response`, which also ends the session in this browser, or the mode that was declared for the record below `path`."""
    response.delete_cookie(name, path=path, httponly=True, samesite="lax")
    return response


def show_visitor(caller: Caller, language: Language, name: str = "") -> Visitor:
    """Who is signed in, as the top bar shows them; `name` is a citizen's, which no caller carries."""
    role = name_role(caller.role, language)
    shown = caller.name or name or role
    place = caller.structure if caller.structure != shown else ""
    named = caller.name or name
    return Visitor(shown, ", ".join(part for part in (role if role != shown else "", place) if part), initials_of(named))
