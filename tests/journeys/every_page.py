"""Every page of the portal, taken from its router: a route that no line here can open makes the tests fail."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from playwright.sync_api import Page
from starlette.routing import Route

from healthspace.edge import portal
from tests.journeys.browsing import read_number, sign_in, sign_out

CITIZEN, DOCTOR = "citizen", "treating-doctor"
RECORD = "/patients/{patient}"

NO_PAGES = frozenset(
    {
        "/language",
        "/settings/export",
        *(
            f"{prefix}/documents/{{id}}/{part}"
            for prefix in ("", "/patients/{patient}")
            for part in ("newest", "original", "attachments/{number:int}")
        ),
        "/measures/{key}/csv",
        "/patients/{patient}/measures/{key}/csv",
        "/access/export.csv",
        "/access/export.json",
        "/reviews/{id}",  # a demonstration begins without any
        # Nor with an invitation (walked through in test_relatives.py).
        *(f"/relatives/{{id}}/{part}" for part in ("answer", "change", "end")),
        *(f"{RECORD}/{file}" for file in ("settings/export", "access/export.csv", "access/export.json")),
    }
)
"""Routes that answer with a file or lead elsewhere, and those that a demonstration has nothing for."""
REPRESENTED = frozenset(
    f"{RECORD}/{path}"
    for path in (
        "access/{id}/question",
        "corrections/new",
        "documents/{id}/change/{change}",
        "entries/{kind}",
        "notifications",
        "notifications/choices",
        "privacy",
        "privacy/end/{id}",
        "privacy/team",
        "relatives",
        "relatives/invite",
        "relatives/{id}/change",
        "relatives/{id}/end",
        "settings",
        "settings/close",
        "settings/erase",
        "settings/print",
    )
)
"""What of a patient's record is for who represents them: `acting_pages.py` opens it."""
PROFESSIONAL = frozenset(f"{RECORD}/{path}" for path in ("emergency", "confidential", "vaccination/add"))
"""What of it is for professionals alone."""

OPENED: dict[str, tuple[str, str]] = {
    "/my-accesses": ("specialist", "/my-accesses"),
    "/reviews": ("auditor", "/reviews"),
    "/sessions": ("specialist", "/sessions"),
    "/sign-in": ("", "/sign-in"),
    "/documents/{id}/change/{change}": (CITIZEN, "/documents/{id}/change/hide"),
    "/statistics": ("agency", "/statistics"),
    "/directory": ("agency", "/directory"),
    "/patients": ("specialist", "/patients"),
    "/patients/{patient}/emergency": ("specialist", "/patients/{patient}/emergency"),
    "/patients/{patient}/confidential": ("specialist", "/patients/{patient}/confidential"),
    "/patients/{patient}/add": ("laboratory", "/patients/{patient}/add"),
    "/results/{key}": (CITIZEN, "/results/hba1c"),
    "/patients/{patient}/results/{key}": (DOCTOR, "/patients/{patient}/results/hba1c"),
    "/entries/{kind}": (CITIZEN, "/entries/measure"),
    "/corrections/new": (CITIZEN, "/corrections/new?about=MedicationStatement/{id}"),
}
"""Who opens a route, and at which address, where the rule of `opening_of` does not say it."""

MORE = (
    (CITIZEN, "/documents?q=zzzz"),
    (CITIZEN, "/documents?type=laboratory"),
    (CITIZEN, "/privacy?rpps=12"),
    (CITIZEN, "/privacy?block=12"),
    (CITIZEN, "/entries/contact"),
    (CITIZEN, "/results?only=out"),
    (CITIZEN, "/timeline?kind=results"),
    (CITIZEN, "/timeline?until=1900"),
    (CITIZEN, "/treatments?show=prescribed"),
    (CITIZEN, "/access?name=zzzz"),
    (DOCTOR, "/notifications"),
    (CITIZEN, "/nothing"),
    ("", "/sign-in?done=signed-out"),
    ("", "/help"),
    ("agency", "/"),
    ("regulator", "/"),
    ("specialist", "/"),
    ("hospital", "/"),
)
"""States of pages that are routes already: empty, wrong, seen by others."""


DOCUMENTS, ALIKE = 6, 2
"""Pages of one route that are opened: of documents, and of what looks alike."""


@dataclass(frozen=True, slots=True)
class Opening:
    """A page to open: as whom ("" is nobody), where."""

    persona: str
    address: str


def opening_of(route: str) -> Opening:
    """How the page of a route is opened. Addresses hold {patient} and {id}: the ids of one citizen and of one of their things."""
    if route in OPENED:
        return Opening(*OPENED[route])
    return Opening(DOCTOR if route.startswith("/patients/") else CITIZEN, route)


def pages() -> list[str]:
    """The routes of the router that show a page."""
    shown = {route.path for route in portal.routes() if isinstance(route, Route) and "GET" in (route.methods or ())}
    return sorted(path for path in shown - NO_PAGES - REPRESENTED if not path.endswith("csv"))


def walk(page: Page) -> Iterator[str]:
    """Opens every page, as those who see it; yields the address after each."""
    sign_in(page, CITIZEN)
    known = learn(page)
    openings = [*(opening_of(route) for route in pages()), *(Opening(*one) for one in MORE)]
    for persona in dict.fromkeys(one.persona for one in openings):
        sign_out(page)
        if persona:
            sign_in(page, persona)
        for one in openings:
            if one.persona == persona:
                yield from _open(page, one.address, known)
        if persona == "specialist":
            yield from _search(page)
        if persona == DOCTOR:
            yield _vaccinate_wrongly(page, known["{patient}"][0])
        if not persona:
            sign_in(page, CITIZEN)


def learn(page: Page) -> dict[str, list[str]]:
    """The ids of a citizen and of what is theirs, as their own pages and their doctor's show them: addresses by route."""
    number = read_number(page)
    found: dict[str, list[str]] = {}
    for start in ("/documents", "/privacy", "/summary", "/access?who=others"):
        page.goto(start)
        _collect(page, found)
    sign_out(page)
    sign_in(page, DOCTOR)
    page.fill("#ins", number)
    page.locator("main form button").first.click()
    page.wait_for_url(re.compile(r"/patients/"))
    _collect(page, found)
    found["{patient}"] = [re.findall(r"/patients/([0-9a-f-]{36})", page.url)[0]]
    return found


def _collect(page: Page, found: dict[str, list[str]]) -> None:
    for href in page.locator("a[href]").evaluate_all("links => links.map(link => link.getAttribute('href'))"):
        route = re.sub(r"^/patients/[0-9a-f-]{36}", "/patients/{patient}", href)
        found.setdefault(re.sub(r"[0-9a-f-]{36}", "{id}", route), []).append(href)


def _open(page: Page, address: str, known: dict[str, list[str]]) -> Iterator[str]:
    """A page, or several of one route: documents of several kinds look different."""
    one = known["/documents/{id}"][0].rpartition("/")[2]
    most = DOCUMENTS if address == "/documents/{id}" else ALIKE
    links = list(dict.fromkeys(known.get(address, [address.replace("{id}", one)])))[:most]
    for link in links:
        answer = page.goto(link.replace("{patient}", known["{patient}"][0]))
        assert answer is not None
        assert answer.status == 404 if address == "/nothing" else answer.status in {200, 422}, f"{link}: {answer.status}"
        yield link


def _vaccinate_wrongly(page: Page, patient: str) -> str:
    """The form of a vaccination with everything to correct."""
    page.goto(f"/patients/{patient}/vaccination/add")
    form = page.locator("form[action$='/vaccination/add']")
    form.evaluate("form => { form.noValidate = true }")
    form.locator("button").click()
    page.wait_for_load_state()
    return "a vaccination, all wrong"


def _search(page: Page) -> Iterator[str]:
    for typed in ("1 23", "155081416802538"):
        page.goto("/")
        page.fill("#ins", typed)
        page.locator("main form button").first.click()
        page.wait_for_load_state()
        yield f"search for {typed}"
    for family in ("", "Personne"):
        page.goto("/")
        for name, typed in {"family": family, "given": "Anne", "birth": "1979-03-28", "place": "49007"}.items():
            page.fill(f"#{name}", typed)
        page.check("#sex-female")
        page.locator("form:has(#family)").evaluate("form => { form.noValidate = true }")
        page.locator("form:has(#family) button").first.click()
        page.wait_for_load_state()
        yield f"search for traits, {family or 'one missing'}"
