"""The pages of the trail, of notifications and of reviews, with what is traced of an attempt at each."""

from collections.abc import Callable

from starlette.routing import Route

from healthspace.access.rules import Action
from healthspace.edge.portal import access, notifications, reviews
from healthspace.edge.portal.visit import Handler

Make = Callable[[str, Action, Handler], Route]


def trail_routes(get: Make, post: Make) -> list[Route]:
    """`get` and `post` make a route of a path, an action and a handler."""
    of_a_record = [
        route
        for prefix in ("", "/patients/{patient}")
        for route in (
            get(f"{prefix}/access", Action.READ_TRAIL, access.show_access),
            get(f"{prefix}/access/export.csv", Action.READ_TRAIL, access.export_access),
            get(f"{prefix}/access/export.json", Action.READ_TRAIL, access.export_access),
            get(f"{prefix}/access/{{id}}/question", Action.READ_TRAIL, access.ask_about),
            post(f"{prefix}/access/{{id}}/question", Action.REPORT_ACCESS, access.question),
            get(f"{prefix}/notifications", Action.READ_NOTIFICATIONS, notifications.show_centre),
            post(f"{prefix}/notifications", Action.CHANGE_NOTIFICATIONS, notifications.change),
            get(f"{prefix}/notifications/choices", Action.READ_NOTIFICATIONS, notifications.show_choices),
            post(f"{prefix}/notifications/choices", Action.CHANGE_NOTIFICATIONS, notifications.keep_choices),
        )
    ]
    return [
        *of_a_record,
        get("/my-accesses", Action.READ_TRAIL, access.show_own_acts),
        get("/reviews", Action.READ_REVIEWS, reviews.show_reviews),
        get("/reviews/{id}", Action.READ_REVIEWS, reviews.show_review),
        post("/reviews/{id}", Action.CLOSE_REVIEW, reviews.give),
    ]
