"""Where I am signed in: the sessions of the visitor, each ended from here, or all the others at once."""

import re
from dataclasses import dataclass
from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response

from healthspace.access.opening import Service
from healthspace.audit.origin import current_origin
from healthspace.base import clock
from healthspace.base.errors import Refused
from healthspace.edge.portal.pages import go_back, go_to
from healthspace.edge.portal.session import remember
from healthspace.edge.portal.visit import Visit, read_form
from healthspace.identity.caller import Kind

# What a User-Agent (RFC 9110, section 10.1.5) tells of a browser: most say several names, the most particular one first here.
BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))
SYSTEMS = (("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"), ("Mac OS", "macOS"), ("Linux", "Linux"))


@dataclass(frozen=True, slots=True)
class SessionRow:
    """One session in words; `here` is the one of this visit."""

    id: str
    software: str
    network: str
    started: datetime
    here: bool


async def begin_session(request: Request, service: Service, token: str) -> None:
    """Keeps a session that was just opened with a browser."""
    proof = service.tokens.prove(token, clock.now())
    software = name_browser(request.headers.get("user-agent", ""))
    await service.sessions.begin(proof, software=software, network=current_origin().network)


async def show_sessions(visit: Visit) -> Response:
    """GET /sessions: of those who have no settings; a citizen's are on that page."""
    if visit.caller.kind is Kind.CITIZEN:
        return go_to("/settings#session")
    return visit.render("sessions.html", current="/sessions", sessions=await list_sessions(visit))


async def end_one(visit: Visit) -> Response:
    """POST /sessions/{id}/end: by the next request nobody uses it any more."""
    await visit.service.sessions.end(visit.caller, visit.identifier(), clock.now())
    await visit.service.sessions.settle()
    return go_to(f"{_page_of(visit)}?done=session-ended")


async def end_others(visit: Visit) -> Response:
    """POST /sessions/others/end: every other session of the visitor, also those that are in no list."""
    if visit.caller.session is not None:
        await visit.service.sessions.end(visit.caller, visit.caller.session, clock.now(), others=True)
        await visit.service.sessions.settle()
    return go_to(f"{_page_of(visit)}?done=sessions-ended")


async def extend(visit: Visit) -> Response:
    """POST /sessions/extend: this session lasts its full length from now, so that nobody is cut off (WCAG 2.2.1)."""
    form = await read_form(visit.request)
    if visit.caller.role is None:
        raise Refused("only who has signed in stays signed in")
    caller = visit.caller
    token = visit.service.tokens.issue(visit.caller.role, clock.now(), patient=caller.patient, prolongs=caller.session)
    await begin_session(visit.request, visit.service, token)
    return remember(go_back(form.get("back", "/")), token, visit.request)


async def list_sessions(visit: Visit) -> list[SessionRow]:
    """The visitor's open sessions, the latest first."""
    return [
        SessionRow(str(one.id), one.software, one.network, one.started, one.id == visit.caller.session)
        for one in await visit.service.sessions.open_of(visit.caller, clock.now())
    ]


def name_browser(agent: str) -> str:
    """A browser and its system in a few words: "Firefox, Windows"; the first word of what it says when it is none that is known."""
    browser = next((name for mark, name in BROWSERS if re.search(rf"\b{mark}\w*/", agent)), agent.partition("/")[0][:20])
    system = next((name for mark, name in SYSTEMS if mark in agent), "")
    return ", ".join(part for part in (browser, system) if part)


def _page_of(visit: Visit) -> str:
    return "/settings" if visit.caller.kind is Kind.CITIZEN else "/sessions"
