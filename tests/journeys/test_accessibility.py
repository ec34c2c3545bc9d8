"""Every kind of page of the portal against the rules of WCAG 2.2 A and AA that a machine can check."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.journeys.browsing import DESKTOP, MOBILE, NARROWEST, a_page, read_number, sign_in, sign_out

pytestmark = pytest.mark.browser

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast"]}}
"""All that changes in the dark."""
OVERFLOW = "document.documentElement.scrollWidth - innerWidth"


def violations(page: Page, scheme: str) -> list[str]:
    found = Axe().run(page, options={"runOnly": RULES} if scheme == "light" else COLOURS).response["violations"]
    return [f"{page.url}: {one['id']} {[node['html'][:120] for node in one['nodes']]}" for one in found]


def walk(page: Page) -> Iterator[str]:
    """Opens every kind of page, as each persona; yields after each."""
    page.goto("/sign-in")
    yield "sign-in"
    sign_in(page, "citizen")
    yield "home"
    number = read_number(page)
    yield "privacy"
    page.goto("/privacy?rpps=12")
    yield "privacy with an error"
    end = page.locator('a[href^="/privacy/end/"]').first
    if end.count():
        end.click()
        yield "end of an access"
    page.goto("/access")
    yield "access"
    page.goto("/documents?q=zzzz")
    yield "no document found"
    page.goto("/documents")
    yield "documents"
    for link in dict.fromkeys(page.locator(".row a.ttl").evaluate_all("links => links.map(link => link.getAttribute('href'))")[:9]):
        page.goto(link)
        yield "document"
    page.goto("/nothing")
    yield "error"
    sign_out(page)
    yield "signed out"
    for persona in ("agency", "specialist", "treating-doctor"):
        sign_in(page, persona)
        yield persona
        if persona == "agency":
            continue
        page.fill("#ins", "1 23")
        page.locator("main form button").click()
        yield "not a number"
        page.fill("#ins", "155081416802538")
        page.locator("main form button").click()
        yield "nothing to show"
    page.fill("#ins", number)
    page.locator("main form button").click()
    yield "patient"
    page.locator(".row a.ttl").first.click()
    yield "document of a patient"


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_page_is_accessible_on_both_screens_in_light_and_dark(browser: Browser, address: str, language: str) -> None:
    wrong: list[str] = []
    with a_page(browser, address, language=language) as page:
        for kind in walk(page):
            for size in (MOBILE, DESKTOP):
                page.set_viewport_size({"width": size[0], "height": size[1]})
                for scheme in ("light", "dark"):
                    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
                    wrong += [f"{kind}, {size[0]} px, {scheme}: {one}" for one in violations(page, scheme)]
            assert page.evaluate("document.documentElement.lang") == language
            assert page.locator("h1").count() == 1
    assert wrong == []


def test_no_page_scrolls_sideways_when_narrow_enlarged_or_spaced(browser: Browser, address: str) -> None:
    """WCAG 1.4.10, 1.4.4 and 1.4.12."""
    wide: list[str] = []
    with a_page(browser, address, size=NARROWEST) as page:
        for kind in walk(page):
            if page.evaluate(OVERFLOW) > 0:
                wide.append(f"{kind} at 320 px")
            page.set_viewport_size({"width": 1280, "height": 900})
            page.evaluate("document.documentElement.style.fontSize = '200%'")
            if page.evaluate(OVERFLOW) > 0:
                wide.append(f"{kind} at 200 %")
            page.evaluate(
                """() => {
                    document.documentElement.style.fontSize = '';
                    for (const element of document.body.querySelectorAll('*')) {
                        const spaces = {lineHeight: '1.5', letterSpacing: '.12em', wordSpacing: '.16em'};
                        Object.assign(element.style, spaces, element.matches('p') ? {marginBottom: '2em'} : {});
                    }
                }"""
            )
            if page.evaluate(OVERFLOW) > 0:
                wide.append(f"{kind} with wide spacing")
            page.set_viewport_size({"width": NARROWEST[0], "height": NARROWEST[1]})
    assert wide == []
