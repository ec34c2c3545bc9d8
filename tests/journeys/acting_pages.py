"""Every page that opens when a citizen acts for a child, taken from the router: a route that opens for nobody there needs a line here."""

import re
from collections.abc import Iterator

from playwright.sync_api import Page
from starlette.routing import Route

from healthspace.edge import portal
from tests.journeys.browsing import sign_in, sign_out
from tests.journeys.every_page import NO_PAGES, PROFESSIONAL, RECORD

ID = "[0-9a-f-]{36}"
STARTS = ("", "/summary", "/results", "/measures", "/wishes", "/privacy", "/relatives", "/access?who=others")
"""Where the links to pages of one thing stand."""
MADE = {
    "/documents/{id}/change/{change}": "/documents/{id}/change/hide",
    "/entries/{kind}": "/entries/measure",
    "/corrections/new": "/corrections/new?about=DocumentReference/{id}",
}
"""Addresses of pages that one must know something to ask for."""
WITHOUT_RESULTS = frozenset({"/results/{key}"})
"""A healthy child may have had no analysis; the page is opened as a doctor."""
SOMEBODY = {"ins": "279035110812367", "family": "DUPONT", "given": "Anne", "birth": "1979-03-28"}


def walk_for_a_child(page: Page) -> Iterator[tuple[str, bool]]:
    """Opens every page of a child's record as who represents them; yields each address, and whether nobody has looked at such a page."""
    record = _open_record(page)
    made = _invite(page, record), _authorise(page, record)
    known = _learn(page, record)
    for route in _routes():
        address = _address_of(route, record, known)
        if address is None:
            assert route in WITHOUT_RESULTS, f"nothing leads to {route} of a child"
            continue
        answer = page.goto(address)
        assert answer is not None
        assert answer.status == 200, f"{address}: {answer.status}"
        assert page.get_by_label(re.compile("Dossier ouvert|Whose record is open")).count() == 1, address
        yield address, False
    for address in made:
        page.goto(f"{record}{address}")
        _send(page, address)
    yield from _close(page, record)


def _open_record(page: Page) -> str:
    """The address of the record of a child whom a persona represents, who is signed in."""
    for persona in ("parent", "citizen"):
        sign_out(page)
        sign_in(page, persona)
        page.goto("/relatives")
        record = page.locator('main a[href^="/patients/"]')
        if record.count():
            return str(record.first.get_attribute("href"))
    raise AssertionError("nobody represents a child in this demonstration")


def _invite(page: Page, record: str) -> str:
    """Where an invitation is ended that leads to nobody: it waits like any other."""
    page.goto(f"{record}/relatives/invite")
    for name, typed in SOMEBODY.items():
        page.fill(f"#{name}", typed)
    page.select_option("#relation", "FRND")
    _send(page, "/relatives/invite")
    page.goto(f"{record}/relatives")
    return str(page.locator('main a[href$="/end"]').first.get_attribute("href")).removeprefix(record)


def _authorise(page: Page, record: str) -> str:
    """Where an authorisation is ended that was given for the occasion."""
    page.goto(f"{record}/privacy")
    page.fill("#rpps", "81000000045")
    _send(page, "/privacy")
    return str(page.locator('main a[href*="/privacy/end/"]').first.get_attribute("href")).removeprefix(record)


def _learn(page: Page, record: str) -> list[str]:
    """The addresses below the record that its pages lead to."""
    found: list[str] = []
    for start in STARTS:
        page.goto(record + start)
        found += page.locator("main a[href]").evaluate_all("links => links.map(link => link.getAttribute('href'))")
    return [href.removeprefix(record) for href in found if href.startswith(record)]


def _routes() -> list[str]:
    """Below the address of a patient, the pages that are not for professionals alone."""
    shown = {route.path for route in portal.routes() if isinstance(route, Route) and "GET" in (route.methods or ())}
    return sorted(path.removeprefix(RECORD) for path in shown - NO_PAGES - PROFESSIONAL if path.startswith(RECORD))


def _address_of(route: str, record: str, known: list[str]) -> str | None:
    """An address of a route; None when nothing that is known leads there."""
    if route in MADE:
        document = next(re.findall(ID, href)[0] for href in known if href.startswith("/documents/"))
        return record + MADE[route].replace("{id}", document)
    if "{" not in route:
        return record + route
    pattern = re.compile(re.sub(r"\{[^}]+\}", "[^/?]+", route))
    return next((record + href for href in known if pattern.fullmatch(href.partition("?")[0])), None)


def _close(page: Page, record: str) -> Iterator[tuple[str, bool]]:
    """The pages of a record that is closed, which is open again afterwards."""
    page.goto(f"{record}/settings/close")
    page.check("#sure")
    _send(page, "/settings/close")
    yield f"{record}/settings, closed", True
    page.goto("/relatives")
    yield "/relatives, with a record that is closed", True
    page.goto(f"{record}/settings")
    _send(page, "/settings/reopen")


def _send(page: Page, action: str) -> None:
    """Sends a form, and is on the page that follows."""
    with page.expect_navigation():
        page.locator(f'main form[action$="{action}"] button[type=submit]').first.click()
    assert page.locator('[role="status"] strong').count() == 1, f"{action} was not accepted: {page.url}"
