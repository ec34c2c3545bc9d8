"""Every page of the portal against the rules of WCAG 2.2 A and AA that a machine can check, opened once for all of them: on both screens,
in both colours, and where it is narrow, enlarged or spaced out (1.4.10, 1.4.4, 1.4.12)."""

from pathlib import Path

import axe_playwright_python
from playwright.sync_api import Browser, Page

from tests.journeys.acting_pages import walk_for_a_child
from tests.journeys.browsing import DESKTOP, MOBILE, NARROWEST, a_page, sign_in
from tests.journeys.every_page import CITIZEN, walk

AXE = next(Path(axe_playwright_python.__file__).parent.glob("**/axe.min.js")).read_text()
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
QUICK = {"resultTypes": ["violations"], "selectors": False, "preload": False, "iframes": False}
"""Nothing is asked of the network, no frame is looked for, and no selector is made of what is right."""
EVERYTHING = {"runOnly": RULES, **QUICK}
COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast"]}, **QUICK}
"""All that changes in the dark."""
VIOLATIONS = """async (options) => (await axe.run(options)).violations.map(
    (one) => one.id + " " + one.nodes.map((node) => node.html.slice(0, 120)).join(" | "))"""

OVERFLOW = "document.documentElement.scrollWidth - innerWidth"
ROUNDING = 1
"""Pixel: what fractions of pixels add up to is no scrolling."""
ENLARGED = "document.documentElement.style.fontSize = '200%'"
SPACED = """() => {
    document.documentElement.style.fontSize = '';
    for (const element of document.body.querySelectorAll('*')) {
        const spaces = {lineHeight: '1.5', letterSpacing: '.12em', wordSpacing: '.16em'};
        Object.assign(element.style, spaces, element.matches('p') ? {marginBottom: '2em'} : {});
    }
}"""


def violations(page: Page) -> list[str]:
    """What axe finds on the page, on a small and a large screen, in light and dark colours."""
    page.evaluate(AXE)
    found = []
    for size in (MOBILE, DESKTOP):
        resize(page, size)
        for scheme, options in (("light", EVERYTHING), ("dark", COLOURS)):
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            found += [f"{size[0]} px, {scheme}: {one}" for one in page.evaluate(VIOLATIONS, options)]
    page.emulate_media(color_scheme="light")
    return found


def overflows(page: Page) -> list[str]:
    """Where the page scrolls sideways. It is left spaced out, on a large screen."""
    found = []
    for name, size, change in (
        ("at 320 px", NARROWEST, None),
        ("at 200 %", DESKTOP, ENLARGED),
        ("with wide spacing", DESKTOP, SPACED),
        ("with wide spacing at 390 px", MOBILE, None),
    ):
        resize(page, size)
        if change:
            page.evaluate(change)
        if page.evaluate(OVERFLOW) > ROUNDING:
            found.append(f"scrolls sideways {name}")
    resize(page, DESKTOP)
    return found


def faults(page: Page) -> list[str]:
    """All that is wrong with the page, on any screen."""
    return [*violations(page), *overflows(page)]


def glance(page: Page) -> list[str]:
    """What is wrong on a small screen with a page that was looked at whole as somebody else."""
    page.evaluate(AXE)
    resize(page, NARROWEST)
    found = [f"{NARROWEST[0]} px: {one}" for one in page.evaluate(VIOLATIONS, EVERYTHING)]
    found += ["scrolls sideways"] if page.evaluate(OVERFLOW) > ROUNDING else []
    resize(page, DESKTOP)
    return found


def audit(browser: Browser, address: str, language: str) -> list[str]:
    """What is wrong on any page of the router in one language."""
    wrong: list[str] = []
    with a_page(browser, address, language=language) as page:
        for kind in walk(page):
            wrong += [f"{kind}: {one}" for one in (*faults(page), *_wrong_frame(page, language))]
    return wrong


def audit_acting(browser: Browser, address: str, language: str) -> list[str]:
    """What is wrong on any page of a child's record, as who represents them sees it."""
    wrong: list[str] = []
    with a_page(browser, address, language=language) as page:
        sign_in(page, CITIZEN)
        for kind, new in walk_for_a_child(page):
            wrong += [f"{kind}: {one}" for one in (*(faults(page) if new else glance(page)), *_wrong_frame(page, language))]
    return wrong


def _wrong_frame(page: Page, language: str) -> list[str]:
    right = page.evaluate("document.documentElement.lang") == language and page.locator("h1").count() == 1
    return [] if right else ["its language or its heading"]


def resize(page: Page, size: tuple[int, int]) -> None:
    page.set_viewport_size({"width": size[0], "height": size[1]})
