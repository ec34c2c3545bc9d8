"""Every page of the portal against the rules of WCAG 2.2 A and AA that a machine can check, on both screens and in both colours."""

from pathlib import Path

import axe_playwright_python
import pytest
from playwright.sync_api import Browser, Page

from tests.journeys.browsing import DESKTOP, MOBILE, NARROWEST, a_page
from tests.journeys.every_page import walk

pytestmark = pytest.mark.browser

AXE = next(Path(axe_playwright_python.__file__).parent.glob("**/axe.min.js")).read_text()
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
EVERYTHING = {"runOnly": RULES, "resultTypes": ["violations"]}
COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast"]}, "resultTypes": ["violations"]}
"""All that changes in the dark."""
VIOLATIONS = """async (options) => (await axe.run(options)).violations.map(
    (one) => one.id + " " + one.nodes.map((node) => node.html.slice(0, 120)).join(" | "))"""
OVERFLOW = "document.documentElement.scrollWidth - innerWidth"
ROUNDING = 1
"""Pixel: what fractions of pixels add up to is no scrolling."""
SPACED = """() => {
    for (const element of document.body.querySelectorAll('*')) {
        const spaces = {lineHeight: '1.5', letterSpacing: '.12em', wordSpacing: '.16em'};
        Object.assign(element.style, spaces, element.matches('p') ? {marginBottom: '2em'} : {});
    }
}"""


def violations(page: Page) -> list[str]:
    """What axe finds on the page, on a small and a large screen, in light and dark colours."""
    page.evaluate(AXE)
    found = []
    for width, height in (MOBILE, DESKTOP):
        page.set_viewport_size({"width": width, "height": height})
        for scheme, options in (("light", EVERYTHING), ("dark", COLOURS)):
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            found += [f"{width} px, {scheme}: {one}" for one in page.evaluate(VIOLATIONS, options)]
    page.emulate_media(color_scheme="light")
    return found


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_page_is_accessible_on_both_screens_in_light_and_dark(browser: Browser, address: str, language: str) -> None:
    wrong: list[str] = []
    with a_page(browser, address, language=language) as page:
        for kind in walk(page):
            wrong += [f"{kind}: {one}" for one in violations(page)]
            if page.evaluate("document.documentElement.lang") != language or page.locator("h1").count() != 1:
                wrong.append(f"{kind}: its language or its heading")
    assert not wrong, "\n".join(wrong)


def test_no_page_scrolls_sideways_when_narrow_enlarged_or_spaced(browser: Browser, address: str) -> None:
    """WCAG 1.4.10, 1.4.4 and 1.4.12."""
    wide: list[str] = []
    with a_page(browser, address, size=NARROWEST) as page:
        for kind in walk(page):
            if page.evaluate(OVERFLOW) > ROUNDING:
                wide.append(f"{kind} at 320 px")
            page.set_viewport_size({"width": 1280, "height": 900})
            page.evaluate("document.documentElement.style.fontSize = '200%'")
            if page.evaluate(OVERFLOW) > ROUNDING:
                wide.append(f"{kind} at 200 %")
            page.evaluate("document.documentElement.style.fontSize = ''")
            page.evaluate(SPACED)
            if page.evaluate(OVERFLOW) > ROUNDING:
                wide.append(f"{kind} with wide spacing")
            page.set_viewport_size({"width": NARROWEST[0], "height": NARROWEST[1]})
    assert not wide, "\n".join(wide)
