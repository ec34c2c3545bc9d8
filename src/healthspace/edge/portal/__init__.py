"""The web pages: server-made, one module per family of screens, in French and English by the same path."""

from collections.abc import Callable

from starlette.routing import BaseRoute, Mount, Route

from healthspace.access.rules import Action
from healthspace.edge.portal import (
    adding,
    agency,
    care_team,
    confidential,
    document,
    document_changes,
    documents,
    emergency,
    health_routes,
    home,
    information,
    life,
    patients,
    printing,
    privacy,
    privacy_choices,
    relative_routes,
    sessions,
    settings,
    sign_in,
)
from healthspace.edge.portal.error_pages import error_page
from healthspace.edge.portal.pages import VersionedFiles
from healthspace.edge.portal.trail_pages import trail_routes
from healthspace.edge.portal.visit import Handler, visiting

__all__ = ["error_page", "routes"]


Get = Callable[[str, Action, Handler], Route]


def routes() -> list[BaseRoute]:
    """Every page. A record is reached as one's own, or by the id of its Patient; the INS is in no address."""
    get, post = _method("GET"), _method("POST")
    return [
        Route("/sign-in", sign_in.show_sign_in, methods=["GET"]),
        Route("/sign-in", sign_in.sign_in, methods=["POST"]),
        Route("/sign-out", sign_in.sign_out, methods=["POST"]),
        Route("/language", sign_in.choose, methods=["GET", "POST"]),
        get("/", Action.READ_RECORD, home.show_home),
        *_settings(get, post),
        *_privacy(get, post),
        *relative_routes.routes(get, post),
        *_patients(get, post),
        *_documents(get, post),
        *trail_routes(get, post),
        *health_routes.routes(get, post),
        get("/statistics", Action.READ_STATISTICS, agency.show_statistics),
        get("/directory", Action.READ_STATISTICS, agency.show_directory),
        *(Route(path, information.showing(template), methods=["GET"]) for path, template in information.PAGES.items()),
        Mount("/static", VersionedFiles()),
    ]


def _settings(get: Get, post: Get) -> list[Route]:
    """The settings of a record and the steps of its life, also under the address of a patient, and one's sessions."""
    one = [
        (get, "", Action.READ_PATIENT, settings.show_settings),
        (get, "/export", Action.SEARCH_RESOURCES, settings.export_record),
        (get, "/print", Action.READ_RECORD, printing.print_record),
        (get, "/close", Action.READ_PATIENT, life.ask_to_close),
        (post, "/close", Action.CLOSE_SPACE, life.close),
        (get, "/erase", Action.READ_PATIENT, life.ask_to_erase),
        (post, "/erase", Action.ERASE_SPACE, life.erase),
        (post, "/reopen", Action.REOPEN_SPACE, life.reopen),
        (post, "/confirm", Action.CONFIRM_SPACE, life.confirm),
        (post, "/object", Action.OBJECT_TO_SPACE, life.object_to),
    ]
    return [
        *(method(f"{prefix}/settings{path}", action, handler) for prefix in RECORDS for method, path, action, handler in one),
        get("/sessions", Action.READ_SESSIONS, sessions.show_sessions),
        post("/sessions/extend", Action.READ_SESSIONS, sessions.extend),
        post("/sessions/others/end", Action.END_SESSIONS, sessions.end_others),
        post("/sessions/{id}/end", Action.END_SESSIONS, sessions.end_one),
    ]


def _privacy(get: Get, post: Get) -> list[Route]:
    """Who may read: shown, and changed; under the address of a patient, by who represents them."""
    one = [
        (get, "", Action.READ_ACCESS, privacy.show_privacy),
        (post, "", Action.GRANT_ACCESS, privacy.authorise_professional),
        (post, "/preview", Action.PREVIEW_ACCESS, privacy_choices.preview_professional),
        (post, "/authorise", Action.GRANT_ACCESS, privacy_choices.authorise_for),
        (post, "/block/ask", Action.GRANT_ACCESS, privacy_choices.ask_to_block),
        (post, "/block", Action.GRANT_ACCESS, privacy_choices.block_reader),
        (post, "/unblock/{id}", Action.END_ACCESS, privacy_choices.unblock),
        (post, "/choices", Action.GRANT_ACCESS, privacy_choices.save_choices),
        (get, "/team", Action.READ_ACCESS, care_team.show_form),
        (post, "/team", Action.GRANT_ACCESS, care_team.add_member),
        (get, "/end/{id}", Action.READ_ACCESS, privacy.ask_to_end),
        (post, "/end/{id}", Action.END_ACCESS, privacy.end_access),
    ]
    return [method(f"{prefix}/privacy{path}", action, handler) for prefix in RECORDS for method, path, action, handler in one]


def _patients(get: Get, post: Get) -> list[Route]:
    """Finding a patient, and opening their record in an emergency or for confidential care."""
    return [
        get("/patients", Action.READ_RECORD, patients.show_search),
        post("/patients", Action.READ_RECORD, patients.open_patient),
        get("/patients/{patient}/emergency", Action.FIND_PATIENT, emergency.show_emergency),
        post("/patients/{patient}/emergency", Action.READ_RECORD, emergency.open_in_emergency),
        post("/patients/{patient}/emergency/end", Action.READ_RECORD, emergency.leave_emergency),
        get("/patients/{patient}/confidential", Action.FIND_PATIENT, confidential.show_confidential),
        post("/patients/{patient}/confidential", Action.FIND_PATIENT, confidential.begin),
        post("/patients/{patient}/confidential/end", Action.FIND_PATIENT, confidential.leave),
    ]


def _documents(get: Get, post: Get) -> list[Route]:
    """The documents of one's own record and, at the same addresses below it, of a patient's."""
    one = [
        ("/{id}", Action.READ_DOCUMENT, document.show_document),
        ("/{id}/change/{change}", Action.READ_DOCUMENT, document_changes.ask),
        ("/{id}/newest", Action.READ_RECORD, documents.show_newest),
        ("/{id}/original", Action.READ_CONTENT, document.send_original),
        ("/{id}/attachments/{number:int}", Action.READ_CONTENT, document.send_attachment),
    ]
    return [
        get("/documents", Action.READ_RECORD, documents.show_documents),
        get("/documents/add", Action.DEPOSIT_DOCUMENT, adding.show_form),
        post("/documents/add", Action.DEPOSIT_DOCUMENT, adding.add_document),
        get("/patients/{patient}", Action.READ_RECORD, documents.show_documents),
        get("/patients/{patient}/add", Action.DEPOSIT_DOCUMENT, adding.show_form),
        post("/patients/{patient}/add", Action.DEPOSIT_DOCUMENT, adding.add_document),
        *(get(f"{prefix}/documents{path}", action, handler) for prefix in RECORDS for path, action, handler in one),
        *(post(f"{prefix}/documents/{{id}}/change/{{change}}", Action.CHANGE_DOCUMENT, document_changes.carry_out) for prefix in RECORDS),
    ]


RECORDS = ("", "/patients/{patient}")
"""What the addresses of a record begin with: of one's own, and of a patient's."""


def _method(name: str) -> Callable[[str, Action, Handler], Route]:
    return lambda path, action, handler: Route(path, visiting(action, handler), methods=[name])
