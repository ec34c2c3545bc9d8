"""One visit to one page: who comes, in which language, to whose record; and what every page goes through."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from healthspace.access.opening import Service
from healthspace.access.permit import Permit, is_told, trace_stranger
from healthspace.access.rules import Action
from healthspace.base import clock
from healthspace.base.errors import HealthspaceError, Malformed, NotFound, TooLarge, Unauthenticated
from healthspace.base.ids import REGISTRY, owner_of, parse_id
from healthspace.edge.portal import once
from healthspace.edge.portal.again import keep_typed
from healthspace.edge.portal.error_pages import error_page
from healthspace.edge.portal.frame import Frame, PatientBanner, menu_of
from healthspace.edge.portal.language import Language
from healthspace.edge.portal.pages import Pages, find_language, go_to, load_pages
from healthspace.edge.portal.session import EMERGENCY, forget, identify, show_session, show_visitor
from healthspace.edge.portal.upload import read_upload
from healthspace.fhir.document_reference import read_name
from healthspace.identity.caller import Caller, Kind, Purpose

LARGEST_FORM = 1 << 15
"""Octets: the longest text that a form takes, in any script, as a browser writes it."""
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Visit:
    """A request whose caller is known."""

    request: Request
    service: Service
    caller: Caller
    pages: Pages
    language: Language

    @property
    def patient(self) -> UUID | None:
        """Whose record the address names; the visitor's own when it names none. NotFound when it names nobody."""
        named = self.request.path_params.get("patient")
        if named is None:
            return self.caller.patient
        patient = parse_id(named)
        if patient is None:
            raise NotFound
        return patient

    @property
    def owner(self) -> int | None:
        """The owner of that record; None when there is none, which the door refuses and traces."""
        return owner_of(self.patient) if self.patient else None

    @property
    def own(self) -> bool:
        """Whether the record is the visitor's."""
        return self.patient is not None and self.patient == self.caller.patient

    @property
    def prefix(self) -> str:
        """What the addresses of this record begin with."""
        return f"/patients/{self.patient}" if "patient" in self.request.path_params else ""

    @property
    def today(self) -> date:
        """The day where the visitor lives."""
        return self.language.day(clock.now())

    def identifier(self, name: str = "id") -> UUID:
        """The id that the address holds; NotFound when it is none of ours."""
        identifier = parse_id(self.request.path_params[name])
        if identifier is None:
            raise NotFound
        return identifier

    def id_of(self, form: Mapping[str, str], *parts: str, lasts: timedelta = once.LASTS) -> UUID:
        """The id of what a form makes in this record, or of one of its `parts`: the same when the form is sent twice."""
        keys, path = self.service.door.keys, self.request.url.path
        return once.id_of(keys, self.caller, self.owner or REGISTRY, path, form, *parts, lasts=lasts)

    async def new_id(self, p: Permit, type_: str, form: Mapping[str, str], *parts: str) -> UUID | None:
        """The same id; None when the form was sent before and what it made stands."""
        return await once.to_make(p, type_, self.id_of(form, *parts))

    def asked(self, name: str, longest: int = 100) -> str:
        """A parameter of the address, tidied; empty when it was not given."""
        return " ".join(self.request.query_params.get(name, "").split())[:longest]

    def number(self, name: str) -> int:
        """A parameter of the address that counts from 1."""
        said = self.asked(name, 6)
        return max(1, int(said)) if said.isascii() and said.isdecimal() else 1

    def render(
        self,
        template: str,
        *,
        status: int = 200,
        current: str = "",
        here: bool = True,
        patient: PatientBanner | None = None,
        tab: str = "",
        holder: dict[str, Any] | None = None,
        unread: int = 0,
        **values: object,
    ) -> Response:
        """The page `template`, under the entry `current` of the menu, or under `tab` of a patient's record.

        `here` when it is that entry itself. `holder` is the Patient of the record; `unread` of the visitor's notifications, where counted.
        """
        citizen = self.caller.kind is Kind.CITIZEN
        if patient and citizen:  # the menu is the visitor's own, the page is another's
            current, here = "/relatives", False
        frame = Frame(
            language=self.language,
            path=_come_back(self.request),
            visitor=show_visitor(self.caller, self.language, read_name(holder.get("name")) if holder and self.own else ""),
            menu=menu_of(self.caller.kind),
            current=current,
            here=here,
            patient=replace(patient, address=self.prefix, acting=citizen) if patient else None,
            tab=tab,
            search="/documents" if citizen and not patient and not (current == "/documents" and here) else "",
            done=self.asked("done", 20),
            demo=self.service.door.demo,
            urgent=self._urgent_until() if patient else "",
            secret=patient is not None and self.caller.secret,
            relatives=citizen,
            unread=unread,
            session=show_session(self.request, self.service),
            once=once.key_for(self.request, self.owner),
        )
        return self.pages.render(frame, template, status=status, prefix=self.prefix, unread=unread, **values)

    def _urgent_until(self) -> str:
        """Until when the record is open in an emergency, in words."""
        token = self.request.cookies.get(EMERGENCY, "")
        return self.language.time(self.service.tokens.ends(token)) if self.caller.purpose is not Purpose.TREAT else ""


Handler = Callable[[Visit], Awaitable[Response]]
Endpoint = Callable[[Request], Awaitable[Response]]


def visiting(action: Action, handler: Handler) -> Endpoint:
    """An endpoint for those who are signed in. Whatever fails before the door was reached is traced here, as an attempt at `action`."""

    async def endpoint(request: Request) -> Response:
        service: Service = request.app.state.service
        try:
            caller = identify(request, service)
        except Unauthenticated as error:
            if request.url.path != "/":
                await trace_stranger(service.door, action, error)
            return await _give_back(request) if request.method == "POST" else forget(go_to("/sign-in"))
        try:
            if request.method == "POST":
                require_same_site(request)
            pages = load_pages()
            return await handler(Visit(request, service, caller, pages, find_language(pages, request)))
        except HealthspaceError as error:
            if not is_told(error):
                await service.door.trace_failure(caller, action, None, error)
            return error_page(request, error)

    return endpoint


async def _give_back(request: Request) -> Response:
    """What was typed into a form whose session has ended meanwhile; the way to sign in when it is no form of ours."""
    try:
        require_same_site(request)
        if request.headers.get("content-type", "").startswith("multipart/form-data"):
            return keep_typed(request, (await read_upload(request, name="file", limit=0)).fields, file=True)
        return keep_typed(request, await read_form(request), file=False)
    except HealthspaceError:
        return forget(go_to("/sign-in"))


def require_same_site(request: Request) -> None:
    """Malformed when a form was sent from another site (Fetch Metadata; else the Origin that browsers add to every POST)."""
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    from_here = origin is not None and urlsplit(origin).netloc == request.headers.get("host")
    if not (from_here if site is None else site == "same-origin"):
        raise Malformed("this form was not sent from a page of this site", place="Origin")


async def read_form(request: Request) -> dict[str, str]:
    """The fields of a form, each the last one sent, tidied; Malformed when the body is no form."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        raise Malformed("a form is expected", place="Content-Type")
    received = bytearray()
    async for chunk in request.stream():
        received += chunk
        if len(received) > LARGEST_FORM:
            raise TooLarge("this form is too large", place="Content-Length")
    try:
        fields = parse_qsl(received.decode(), max_num_fields=20)
    except ValueError:
        raise Malformed("this form cannot be read") from None
    form = {name: " ".join(value.split()) for name, value in fields}
    once.remember_key(request, form)
    return form


def _come_back(request: Request) -> str:
    """The address that shows this page again; after a form, the page of the form."""
    query = request.url.query if request.method == "GET" else ""
    return f"{request.url.path}?{query}" if query else request.url.path
