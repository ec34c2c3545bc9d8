"""The addresses of relatives and carers: one's own, and under `/patients/{patient}` those of whom one represents."""

from collections.abc import Callable

from starlette.routing import Route

from healthspace.access.rules import Action
from healthspace.edge.portal import relative_forms, relatives
from healthspace.edge.portal.visit import Handler

Make = Callable[[str, Action, Handler], Route]


def routes(get: Make, post: Make) -> list[Route]:
    """Every route of these pages. An invitation is answered from one's own space only."""
    shown = [
        route
        for prefix in ("", "/patients/{patient}")
        for route in (
            get(f"{prefix}/relatives", Action.READ_ACCESS, relatives.show_relatives),
            get(f"{prefix}/relatives/invite", Action.READ_ACCESS, relative_forms.show_invite),
            post(f"{prefix}/relatives/invite", Action.INVITE_CARER, relative_forms.send_invite),
            get(f"{prefix}/relatives/{{id}}/change", Action.READ_ACCESS, relative_forms.show_change),
            post(f"{prefix}/relatives/{{id}}/change", Action.INVITE_CARER, relative_forms.keep_change),
            get(f"{prefix}/relatives/{{id}}/end", Action.READ_ACCESS, relatives.ask_to_end),
            post(f"{prefix}/relatives/{{id}}/end", Action.INVITE_CARER, relatives.end),
        )
    ]
    return [
        *shown,
        get("/relatives/{id}/answer", Action.READ_ACCESS, relatives.ask_to_answer),
        post("/relatives/{id}/answer", Action.ANSWER_INVITATION, relatives.give_answer),
    ]
