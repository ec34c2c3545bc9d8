"""The addresses of the health pages: of one's own record, and under `/patients/{patient}` of another's."""

from collections.abc import Callable

from starlette.routing import Route

from healthspace.access.rules import Action
from healthspace.edge.portal import corrections, entries, measures, results, summary, timeline, treatments, vaccination, vaccination_entry
from healthspace.edge.portal.visit import Handler

Make = Callable[[str, Action, Handler], Route]

PAGES: tuple[tuple[str, Handler], ...] = (
    ("/summary", summary.show_summary),
    ("/results", results.show_results),
    ("/results/{key}", results.show_analyte),
    ("/measures", measures.show_measures),
    ("/measures/{key}/csv", measures.export_measures),
    ("/treatments", treatments.show_treatments),
    ("/vaccination", vaccination.show_card),
    ("/wishes", summary.show_wishes),
    ("/timeline", timeline.show_timeline),
    ("/corrections", corrections.show_corrections),
)


def routes(get: Make, post: Make) -> list[Route]:
    """Every route of the health pages. Holders, and who represents them, enter and ask; whoever brought a thing answers for it."""
    entered = [route for prefix in ("", "/patients/{patient}") for route in _entered(prefix, get, post)]
    return [
        *entered,
        *(get(path, Action.READ_RECORD, handler) for path, handler in PAGES),
        *(get(f"/patients/{{patient}}{path}", Action.READ_RECORD, handler) for path, handler in PAGES),
        get("/patients/{patient}/vaccination/add", Action.DEPOSIT_DOCUMENT, vaccination_entry.show_form),
        post("/patients/{patient}/vaccination/add", Action.DEPOSIT_DOCUMENT, vaccination_entry.add_vaccination),
        post("/patients/{patient}/corrections/{id}", Action.ANSWER_CORRECTION, corrections.answer),
    ]


def _entered(prefix: str, get: Make, post: Make) -> list[Route]:
    return [
        get(f"{prefix}/corrections/new", Action.READ_RECORD, corrections.show_new),
        post(f"{prefix}/corrections/new", Action.WRITE_OWN_ENTRY, corrections.ask),
        get(f"{prefix}/entries/{{kind}}", Action.READ_RECORD, entries.show_form),
        post(f"{prefix}/entries/{{kind}}", Action.WRITE_OWN_ENTRY, entries.add_entry),
        post(f"{prefix}/entries/{{type}}/{{id}}/remove", Action.WRITE_OWN_ENTRY, entries.remove),
        post(f"{prefix}/entries/{{type}}/{{id}}/share", Action.WRITE_OWN_ENTRY, entries.share),
    ]
