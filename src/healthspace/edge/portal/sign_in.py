"""Signing in as a persona of demo mode, signing out, and choosing a language."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from healthspace.access.opening import Service
from healthspace.base import clock
from healthspace.base.errors import HealthspaceError, NotFound, Refused, Unauthenticated
from healthspace.edge.portal.error_pages import error_page
from healthspace.edge.portal.frame import ROLE_NAMES, Frame
from healthspace.edge.portal.language import Language, mark
from healthspace.edge.portal.pages import LANGUAGE, find_language, go_back, go_to, load_pages
from healthspace.edge.portal.session import forget, identify, remember
from healthspace.edge.portal.sessions import begin_session
from healthspace.edge.portal.visit import read_form, require_same_site
from healthspace.identity.personas import AGENTS, PROFESSIONALS, STRUCTURE_ROLES, Role
from healthspace.record.personas import persona_patient

YEAR = 365 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Card:
    """One persona to sign in as: its name and place, and what it can see."""

    persona: str
    name: str
    about: str
    sees: str
    icon: str


@dataclass(frozen=True, slots=True)
class Group:
    """Personas of one kind."""

    name: str
    cards: tuple[Card, ...]


AUTHORISED_ONLY = mark("Reads a record once its holder has authorised them; may add documents to any open record.")
EXPRESS_ONLY = mark("Reads a record once its holder has authorised them in person, and never otherwise.")
OWN_DEPOSITS = mark("Adds documents to records; sees only those it added.")

SIGHTS = {
    Role.CITIZEN: (mark("Reads their documents, sees who opened their record, decides who may read it."), "user"),
    Role.PARENT: (mark("Reads their own record, and decides for the children they represent."), "users"),
    Role.TREATING_DOCTOR: (mark("Reads the whole record of the citizens who chose them."), "stethoscope"),
    Role.SPECIALIST: (AUTHORISED_ONLY, "heart"),
    Role.PHARMACIST: (AUTHORISED_ONLY, "pill"),
    Role.NURSE: (AUTHORISED_ONLY, "syringe"),
    Role.DENTIST: (AUTHORISED_ONLY, "stethoscope"),
    Role.PHYSIOTHERAPIST: (AUTHORISED_ONLY, "stethoscope"),
    Role.OCCUPATIONAL_DOCTOR: (EXPRESS_ONLY, "stethoscope"),
    Role.FIRE_BRIGADE_DOCTOR: (EXPRESS_ONLY, "phone"),
    Role.LABORATORY: (OWN_DEPOSITS, "flask"),
    Role.HOSPITAL: (OWN_DEPOSITS, "hospital"),
    Role.IMAGING_CENTRE: (OWN_DEPOSITS, "scan"),
    Role.CARE_HOME: (OWN_DEPOSITS, "bed"),
    Role.REGULATOR: (mark("Answers emergency calls, and may open a record for one."), "phone"),
    Role.AGENCY: (mark("Watches over the service; never opens a record."), "building"),
    Role.AUDITOR: (mark("Reviews emergency accesses and citizens’ questions."), "shield"),
    Role.SECOND_AUDITOR: (mark("Closes reviews together with another auditor."), "shield"),
}
"""What each persona can see, and its picture."""

GROUPS = (
    (mark("Citizens"), (Role.CITIZEN, Role.PARENT)),
    (
        mark("Health professionals"),
        (
            Role.TREATING_DOCTOR,
            Role.SPECIALIST,
            Role.PHARMACIST,
            Role.NURSE,
            Role.DENTIST,
            Role.PHYSIOTHERAPIST,
            Role.OCCUPATIONAL_DOCTOR,
            Role.REGULATOR,
            Role.FIRE_BRIGADE_DOCTOR,
        ),
    ),
    (mark("Structures"), (Role.LABORATORY, Role.HOSPITAL, Role.IMAGING_CENTRE, Role.CARE_HOME)),
    (mark("Agency"), (Role.AGENCY, Role.AUDITOR, Role.SECOND_AUDITOR)),
)


async def show_sign_in(request: Request) -> Response:
    """GET /sign-in; with ?persona= that one comes first. Only a form signs in: a link may be followed without wanting it."""
    service: Service = request.app.state.service
    pages = load_pages()
    language = find_language(pages, request)
    frame = Frame(language, path="/sign-in", demo=service.door.demo, done=request.query_params.get("done", ""))
    if not service.door.demo:
        return pages.render(frame, "sign_in_closed.html")
    populated = await persona_patient(service.door, Role.CITIZEN) is not None
    groups = [show_group(name, roles, language) for name, roles in GROUPS if populated or Role.CITIZEN not in roles]
    asked = request.query_params.get("persona", "")
    chosen = next((card for group in groups for card in group.cards if card.persona == asked), None)
    return pages.render(frame, "sign_in.html", groups=groups, populated=populated, chosen=chosen)


async def sign_in(request: Request) -> Response:
    """POST /sign-in: nobody's data is touched, so that there is nothing to trace."""
    service: Service = request.app.state.service
    try:
        require_same_site(request)
        form = await read_form(request)
        if form.get("persona") not in set(Role):
            raise NotFound
        role = Role(form["persona"])
        patient = await persona_patient(service.door, role) if role in {Role.CITIZEN, Role.PARENT} else None
        if patient is None and role in {Role.CITIZEN, Role.PARENT}:
            raise NotFound
        token = service.tokens.issue(role, clock.now(), patient=patient)
        await begin_session(request, service, token)
    except Refused:
        return go_to("/sign-in")
    except HealthspaceError as error:
        return error_page(request, error)
    return remember(go_to("/"), token, request)


async def sign_out(request: Request) -> Response:
    """POST /sign-out: the session is over, also for a copy of its token."""
    service: Service = request.app.state.service
    try:
        require_same_site(request)
        caller = identify(request, service)
        if caller.session is not None:
            await service.sessions.end(caller, caller.session, clock.now())
    except Unauthenticated:
        pass  # it was over before
    except HealthspaceError as error:
        return error_page(request, error)
    return forget(go_to("/sign-in?done=signed-out"))


async def choose(request: Request) -> Response:
    """GET or POST /language?to=en&back=/documents: remembers the language and shows the same page again."""
    asked, pages = request.query_params, load_pages()
    response = go_back(asked.get("back", "/"))
    if asked.get("to") in pages.languages:
        response.set_cookie(LANGUAGE, asked["to"], max_age=YEAR, path="/", httponly=True, samesite="lax")
    return response


def show_group(name: str, roles: tuple[Role, ...], language: Language) -> Group:
    """The personas of `roles` in words."""
    return Group(name, tuple(show_card(role, language) for role in roles))


def show_card(role: Role, language: Language) -> Card:
    """One persona in words: citizens have no name here, since showing it would be a look at their record."""
    sees, icon = SIGHTS[role]
    role_name = language.say(ROLE_NAMES[role])
    person, place = PROFESSIONALS.get(role) or AGENTS.get(role), STRUCTURE_ROLES.get(role)
    if person is not None:
        name, about = f"{person.given} {person.family}", f"{role_name}, {person.structure.name}"
    elif place is not None:
        name, about = place.name, f"{role_name}, {place.city}"
    else:
        name, about = role_name, language.say("An invented person")
    return Card(role.value, name, about, language.say(sees), icon)
