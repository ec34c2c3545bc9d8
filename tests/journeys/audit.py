"""Every page of the portal against the rules of WCAG 2.2 A and AA that a machine can check, on both screens and in both colours."""

from pathlib import Path

import axe_playwright_python
from playwright.sync_api import Browser, Page

from tests.journeys.browsing import DESKTOP, MOBILE, a_page
from tests.journeys.every_page import walk

AXE = next(Path(axe_playwright_python.__file__).parent.glob("**/axe.min.js")).read_text()
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
EVERYTHING = {"runOnly": RULES, "resultTypes": ["violations"]}
COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast"]}, "resultTypes": ["violations"]}
"""All that changes in the dark."""
VIOLATIONS = """async (options) => (await axe.run(options)).violations.map(
    (one) => one.id + " " + one.nodes.map((node) => node.html.slice(0, 120)).join(" | "))"""


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


def audit(browser: Browser, address: str, language: str) -> list[str]:
    """What is wrong on any page of the router in one language."""
    wrong: list[str] = []
    with a_page(browser, address, language=language) as page:
        for kind in walk(page):
            wrong += [f"{kind}: {one}" for one in violations(page)]
            if page.evaluate("document.documentElement.lang") != language or page.locator("h1").count() != 1:
                wrong.append(f"{kind}: its language or its heading")
    return wrong
